"""The map as one HTML file that opens without a network, the same bytes every time.

Folium gives the tree: a map, its layers, the figure around them. Nothing that comes
out of the data passes through a template: numbers and texts stand in a block of JSON
that the browser does not run, and one constant script draws them. So the page can
forbid every script whose text is not known, and every request.
"""

import base64
import hashlib
import html
import json
import logging
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import branca.element
import folium
from branca.element import MacroElement
from folium.template import Template

from geo.errors import OutputError
from geo.privacy import Release
from geo.write.output import replacing
from geo.write.payload import page_data

log = logging.getLogger(__name__)

LARGEST_BYTES = 3_000_000
"""A map must open on a slow phone; above this it is not written."""

LEAFLET = {
    "leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
    "leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
}
"""SHA-256 of Leaflet 1.9.4 as its authors publish it. Nothing else is let in."""

SCRIPTS = (
    "page.js",
    "marks.js",
    "ground.js",
    "found.js",
    "points.js",
    "routes.js",
    "labels.js",
    "layers.js",
    "trial.js",
    "legends.js",
    "popups.js",
    "models.js",
    "months.js",
    "tables.js",
    "evidence.js",
    "panel.js",
)
"""Our own scripts, in the order in which each needs the ones before."""

LAYERS = (
    ("relief", True),
    ("sea", True),
    ("rivers", True),
    ("provinces", True),
    ("density", False),
    ("isochrones", False),
    ("thoroughfares", False),
    ("modelled", False),
    ("fused", False),
    ("corridors", True),
    ("border", True),
    ("cells", True),
    ("arrows", True),
    ("network", False),
    ("crossings", True),
    ("points", True),
    ("places", True),
    ("checkpoints", True),
)
"""What is drawn, from the ground up, and whether it is there at first."""


class Map(folium.Map):
    """A Folium map that needs Leaflet and nothing else.

    Folium's own asks four servers for ten files, and forbids to zoom the page.
    """

    default_js = [("leaflet", "leaflet.js")]  # noqa: RUF012
    default_css = [("leaflet_css", "leaflet.css")]  # noqa: RUF012

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div id="map" class="folium-map" role="region"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            const map = trocha.map("map", {{ this.options|tojavascript }});
        {% endmacro %}
        """
    )

    def get_name(self) -> str:
        """Return the name of the map in the script; Folium's is random."""
        return "map"


class Layer(MacroElement):
    """A hook: at this place in the order, the page's script draws what it knows.

    Parameters
    ----------
    key
        One of LAYERS.
    shown
        Whether the layer is on when the map opens.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            trocha.layer(
                {{ this._parent.get_name() }}, {{ this.key|tojson }},
                {{ this.shown|tojson }}
            );
        {% endmacro %}
        """
    )

    def __init__(self, key: str, *, shown: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.key = key
        self.shown = shown

    def get_name(self) -> str:
        """Return a name that is the same every time."""
        return f"layer_{self.key}"


class Opening(MacroElement):
    """The last hook: all layers are there, show the map."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            trocha.open({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def get_name(self) -> str:
        """Return a name that is the same every time."""
        return "opening"


class Figure(branca.element.Figure):
    """The page around the map: everything inline, everything else forbidden.

    Parameters
    ----------
    data
        What the page shows, as `page_data` returns it.

    Raises
    ------
    OutputError
        On rendering, if an element asks for a file that is not in LEAFLET.
    """

    _template = Template(
        """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ this.policy(scripts) }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="trocha">
<title>{{ title }}</title>
<!--
{{ notice }}-->
{% for style in styles %}<style>{{ style }}</style>
{% endfor %}</head>
<body>
{{ body }}
<script type="application/json" id="data">{{ data }}</script>
<script type="application/json" id="words">{{ words }}</script>
{% for script in scripts %}<script>{{ script }}</script>
{% endfor %}</body>
</html>
"""
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self.data = data

    def render(self, **kwargs: Any) -> str:
        """Return the page."""
        for child in self._children.values():
            child.render(**kwargs)
        scripts, styles = self._assets()
        scripts += [asset(name) for name in SCRIPTS]
        scripts.append(_tidy(self.script.render(**kwargs)))
        body = asset("page.html").replace(
            '<div id="map"></div>', self.html.render(**kwargs).strip()
        )
        page: str = self._template.render(
            this=self,
            title=html.escape(" · ".join([self.data["region"], *self.data["marks"]])),
            notice=asset("NOTICE"),
            styles=[*styles, asset("page.css")],
            body=body,
            data=inert_json(self.data),
            words=inert_json(json.loads(asset("words.json"))),
            scripts=scripts,
        )
        return page

    def _assets(self) -> tuple[list[str], list[str]]:
        """Return the scripts and styles that the elements asked for, inline."""
        scripts: list[str] = []
        styles: list[str] = []
        for child in self.header._children.values():  # noqa: SLF001
            url = getattr(child, "url", None)
            if url is None:
                continue
            (scripts if url.endswith(".js") else styles).append(leaflet(url))
        return scripts, styles

    @staticmethod
    def policy(scripts: list[str]) -> str:
        """Return a Content-Security-Policy for these scripts and no others."""
        hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
        return (
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        )


def write_map(
    release: Release, path: Path, *, drawn: Mapping[str, Any] | None = None
) -> Path:
    """Write a release as one HTML file.

    Parameters
    ----------
    release
        What the gate let through.
    path
        Where to; folders are made, a file that is there is replaced when all of the
        new one is on the disk.
    drawn
        What `geo.write.ground.draw_ground` drew of its base layers before.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OutputError
        If the file cannot be written, or would be larger than 3 MB.

    Notes
    -----
    Two calls with the same release give the same bytes.
    """
    page = render_map(release, drawn=drawn).encode("utf-8")
    if len(page) > LARGEST_BYTES:
        raise OutputError(
            f"The map would have {len(page):,} bytes; at most {LARGEST_BYTES:,} open "
            "well on a phone.",
            hint="Use larger cells, or simpler base layers.",
        )
    with replacing(path.parent) as fresh:
        (fresh / path.name).write_bytes(page)
    log.info("wrote %s, %d bytes", path.name, len(page))
    return path


def render_map(release: Release, *, drawn: Mapping[str, Any] | None = None) -> str:
    """Return the page that `write_map` writes."""
    figure = Figure(page_data(release, drawn=drawn))
    map_ = Map(
        location=(0.0, 0.0),
        zoom_start=8,
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        max_zoom=13,
        attribution_control=False,
        world_copy_jump=False,
    )
    figure.add_child(map_)
    for key, shown in LAYERS:
        map_.add_child(Layer(key, shown=shown))
    map_.add_child(Opening())
    return figure.render()


def inert_json(value: Any) -> str:
    r"""Return JSON that cannot end the script element it stands in.

    Examples
    --------
    >>> inert_json({"name": "</script>&"})
    '{"name":"\\u003c/script\\u003e\\u0026"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", text)


@cache
def asset(name: str) -> str:
    """Return a file of ours that the page consists of."""
    return (resources.files("geo") / "assets" / name).read_text(encoding="utf-8")


@cache
def leaflet(name: str) -> str:
    """Return a file of Leaflet, checked and made to stand alone.

    Raises
    ------
    OutputError
        If it is not one of the files in LEAFLET, or not the one we know.
    """
    if name not in LEAFLET:
        raise OutputError(
            f"The map asks for {name!r}, which does not come with trocha.",
            hint="A map that opens offline holds Leaflet and nothing else.",
        )
    folder = resources.files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != LEAFLET[name]:
        raise OutputError(
            f"The installed {name} is not Leaflet 1.9.4.",
            hint="Install again: django-js-lib-leaflet==1.9.4.1",
        )
    text = content.decode("utf-8").replace("\r\n", "\n")
    if name.endswith(".css"):
        # Remarks, a rule for a browser of 2001, and pictures of unused controls.
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        text = re.sub(r"\s*behavior: url\([^)]*\);", "", text)
        return re.sub(r"url\([^)]*\)", "none", text)
    return re.sub(r"\n//# sourceMappingURL=.*\n?$", "\n", text)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _tidy(script: str) -> str:
    """Take the templates' indentation out."""
    lines = [line.strip() for line in script.splitlines()]
    return "\n".join(line for line in lines if line)
