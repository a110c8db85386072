"""The map as one file: complete, closed, inert, and the same every time."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import branca.element
import folium
import pytest

from geo.errors import OutputError
from geo.schema import REASONS, ROLES
from geo.write import page
from geo.write.ground import draw_ground, lasting_sheet
from geo.write.page import write_map
from tests.releases import make_release

HOSTILE = [
    "<script>window.hurt = 1</script>",
    "</script><script>window.hurt = 1</script>",
    '<img src=x onerror="window.hurt = 1">',
    "${window.hurt = 1}",
    "`);window.hurt = 1;(`",
    "\\`);window.hurt = 1;(\\`",
    "{{ 7 * 7 }}{% raw %}",
    "'\"--><svg onload=window.hurt=1>",
    "\u2028window.hurt = 1\u2029",
    "\u202eotseupmoc\u2066",
    "]]><!--",
]


class Reader(HTMLParser):
    """Collects the elements of a page, and the text of its scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.inside = [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style", "title"}:
            self.texts.append((tag, dict(attrs), ""))
            self.inside = True

    def handle_endtag(self, _tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            tag, attributes, text = self.texts[-1]
            self.texts[-1] = tag, attributes, text + data

    def scripts(self):
        return [text for tag, a, text in self.texts if tag == "script" and not a]

    def json(self, name):
        (text,) = [text for _, a, text in self.texts if a.get("id") == name]
        return json.loads(text)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "index.html"
    return write_map(make_release(), path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(text):
    return Reader(text)


def test_nothing_is_fetched_from_elsewhere(read):
    for tag, attributes in read.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "action", "srcset", "data", "poster", "ping"):
            assert name not in attributes, (tag, attributes)


def test_styles_and_scripts_name_no_other_place(read):
    named = {
        url
        for _, _, text in read.texts
        for url in re.findall(r"(?:https?:)?//[a-z][\w.-]+\.[a-z]{2,}[^\s\"'<)]*", text)
    }
    assert named <= {
        "http://www.w3.org/2000/svg",  # names of namespaces, never fetched
        "http://www.w3.org/1999/xlink",
        "https://leafletjs.com",  # in Leaflet's notice and default attribution
    }
    for _, _, style in [part for part in read.texts if part[0] == "style"]:
        assert "url(" not in style
        assert "@import" not in style


def test_the_policy_allows_the_scripts_that_are_there_and_no_others(read):
    (policy,) = [
        a["content"]
        for tag, a in read.elements
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    digests = {
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in read.scripts()
    }
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_no_element_carries_a_script_of_its_own(read):
    for _, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on")]


def test_scripts_do_not_depend_on_the_data(read, tmp_path):
    other = make_release(region="Elsewhere", text=" x", empty=True, simulated=False)
    path = write_map(other, tmp_path / "other.html")

    assert Reader(path.read_text(encoding="utf-8")).scripts() == read.scripts()


def test_ground_that_was_drawn_before_gives_the_same_bytes(text, tmp_path):
    release = make_release()
    sheet = lasting_sheet(release.base)
    drawn = json.loads(json.dumps(draw_ground(release.base, sheet)))

    again = write_map(release, tmp_path / "index.html", drawn=drawn)

    assert again.read_bytes() == text.encode()


def test_the_sheet_hangs_on_what_is_found_where_there_is_no_ground():
    base = make_release().base

    bare = replace(base, land=base.land[:0], provinces=base.provinces[:0])

    assert (lasting_sheet(base) is None, lasting_sheet(bare)) == (False, None)


def test_the_same_release_gives_the_same_bytes(text, tmp_path):
    again = write_map(make_release(), tmp_path / "again" / "index.html")

    assert again.read_bytes() == text.encode()


def test_a_map_is_small(text):
    assert len(text.encode()) < 700_000


@pytest.mark.parametrize("poison", HOSTILE)
def test_hostile_text_changes_no_element_and_no_script(read, tmp_path, poison):
    release = make_release(text=poison, region=poison)
    path = write_map(release, tmp_path / "index.html")
    hurt = Reader(path.read_text(encoding="utf-8"))

    assert [tag for tag, _ in hurt.elements] == [tag for tag, _ in read.elements]
    assert hurt.scripts() == read.scripts()
    assert hurt.json("data")["region"] == poison


def test_only_what_passed_the_gate_is_in_the_page(read):
    data = read.json("data")

    assert min(data["cells"]["tracks"]) >= data["k"]
    assert len(data["cells"]["tracks"]) == 5  # of 6; one has 4 tracks
    assert {row["tracks"] for row in data["crossings"]} == {60, 20, 35}
    assert data["withheld"]["crossings"] == 1
    assert data["cells"]["stop"] == [35, None, 15, None, 10]


def test_a_release_with_nothing_in_it_is_still_a_map(tmp_path):
    path = write_map(make_release(empty=True), tmp_path / "index.html")
    data = Reader(path.read_text(encoding="utf-8")).json("data")

    assert data["cells"]["tracks"] == []
    assert data["corridors"] == data["crossings"] == []
    assert data["density"] is None
    assert data["months"] == ["2023-08", "2023-09"]  # of the official figures


@pytest.mark.parametrize(
    ("level", "simulated", "marks"),
    [
        ("public", True, " · SIMULATED / SIMULADO"),
        ("internal", False, " · INTERNAL / INTERNO"),
        ("public", False, ""),
    ],
)
def test_the_title_carries_the_marks(tmp_path, level, simulated, marks):
    path = write_map(
        make_release(level=level, simulated=simulated), tmp_path / "index.html"
    )
    (title,) = [
        text
        for tag, _, text in Reader(path.read_text(encoding="utf-8")).texts
        if tag == "title"
    ]
    assert title == f"Darién{marks}"


def test_an_element_that_wants_another_file_is_refused():
    class Greedy(page.Map):
        default_js = [("jquery", "jquery.js")]  # noqa: RUF012

    figure = page.Figure({"region": "x", "marks": []})
    figure.add_child(Greedy(tiles=None))

    with pytest.raises(OutputError, match=r"asks for 'jquery\.js'"):
        figure.render()


def test_another_leaflet_is_refused(monkeypatch):
    monkeypatch.setitem(page.LEAFLET, "leaflet.js", "0" * 64)
    page.leaflet.cache_clear()

    with pytest.raises(OutputError, match=r"is not Leaflet 1\.9\.4"):
        page.leaflet("leaflet.js")
    page.leaflet.cache_clear()


def test_a_map_that_is_too_large_is_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr(page, "LARGEST_BYTES", 1_000)

    with pytest.raises(OutputError, match="at most 1,000 open well"):
        write_map(make_release(), tmp_path / "index.html")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")

    with pytest.raises(OutputError, match="taken could not be written"):
        write_map(make_release(), tmp_path / "taken" / "index.html")


def test_it_is_a_folium_map_in_a_branca_figure():
    assert issubclass(page.Map, folium.Map)
    assert issubclass(page.Figure, branca.element.Figure)


# ---- words ----------------------------------------------------------------------

WORDS = json.loads(page.asset("words.json"))
ENGLISH, SPANISH = WORDS["en"], WORDS["es"]


@pytest.mark.parametrize("part", ["texts", "terms"])
def test_both_languages_have_the_same_keys(part):
    assert list(ENGLISH[part]) == list(SPANISH[part])


@pytest.mark.parametrize("key", ENGLISH["texts"])
def test_both_languages_fill_in_the_same_values(key):
    holes = [set(re.findall(r"\{\w+\}", w["texts"][key])) for w in (ENGLISH, SPANISH)]
    assert holes[0] == holes[1]


def test_every_text_that_the_page_asks_for_is_there():
    sources = [page.asset(name) for name in ("page.html", *page.SCRIPTS)]
    asked = {
        key
        for source in sources
        for pattern in (r'\bt\("([\w-]+)"', r'data-t(?:-label)?="([\w-]+)"')
        for key in re.findall(pattern, source)
    }
    assert asked <= set(ENGLISH["texts"])


@pytest.mark.parametrize("term", [*REASONS, *ROLES])
def test_every_reason_and_role_is_translated(term):
    assert term in SPANISH["terms"]


def test_every_layer_has_a_name_in_the_panel():
    always_on = {"sea", "border"}
    for key, _ in page.LAYERS:
        assert key in always_on or f"layer-{key}" in ENGLISH["texts"]


def test_the_notice_comes_with_the_assets():
    notice = (resources.files("geo") / "assets" / "NOTICE").read_text(encoding="utf-8")
    assert "Leaflet 1.9.4" in notice
    assert "BSD 2-Clause" in notice
