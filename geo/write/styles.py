"""How the layers of a Release are drawn: classes, colours and widths."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from geo.privacy import Release
from geo.write.change import CHANGE
from geo.write.clusters import CLUSTER_COLOURS
from geo.write.hatching import of_models
from geo.write.symbols import LEVEL_COLOURS, Drawn, Rule, filled, quoted, rgba

HEAT = (
    ("hot", 99, "#a3123f", "Hot, 99 % / Caliente, 99 %"),
    ("hot", 95, "#dd5a2c", "Hot, 95 % / Caliente, 95 %"),
    ("hot", 90, "#f4a73c", "Hot, 90 % / Caliente, 90 %"),
    ("cold", 90, "#9bbbe2", "Cold, 90 % / Fría, 90 %"),
    ("cold", 95, "#4a7cc4", "Cold, 95 % / Fría, 95 %"),
    ("cold", 99, "#1d4a96", "Cold, 99 % / Fría, 99 %"),
    ("none", 0, "#f7f7f7", "As expected / Lo esperado"),
)
"""Kind, confidence, colour and label of the hotspots; safe for the colour-blind."""

SIZES_MM = (0.25, 0.45, 0.7, 1.0, 1.4)
"""Width of a line, and a third of that of a point, for each class of tracks."""

CROSSING_COLOUR = "#7a2e6e"
ROUTE_COLOUR = "#0a3d4f"


def draw(release: Release) -> Iterator[Drawn]:
    """Yield the layers with their rules, the one on top first."""
    mark = "".join(f" [{mark}]" for mark in release.marks)
    yield from _of_points(release, mark)
    if "crossings" in release.layers:
        tracks = [float(n) for n in release.layers["crossings"]["tracks"].dropna()]
        for table, title, geometry in (
            ("crossings_points", "Crossings, points / Cruces, puntos", "Point"),
            ("crossings_lines", "Crossings, lines / Cruces, líneas", "Line"),
        ):
            rules = _by_quality(tracks, geometry, "tracks")
            yield Drawn(table, title + mark, geometry, rules)
    yield from _of_network(release, mark)
    if "corridors" in release.layers:
        frame = release.layers["corridors"]
        seasons = sorted({"all", *frame["season"].astype(str)} - {"all"})
        levels = sorted({int(level) for level in frame["level"]}, reverse=True)
        rules = _by_season(["all", *seasons], levels)
        title = f"Corridors / Corredores{mark}"
        yield Drawn("corridors", title, "Polygon", rules, opacity=0.7)
    if "emerging" in release.layers:
        title = f"Change over time / Cambio en el tiempo{mark}"
        rules = _by_change()
        yield Drawn("emerging", title, "Polygon", rules, opacity=0.75, shown=False)
    yield from _of_clusters(release, mark)
    if "hotspots" in release.layers:
        title = f"Hotspots / Puntos calientes{mark}"
        rules = _by_heat(stable=True)
        yield Drawn("hotspots", title, "Polygon", rules, opacity=0.75)
    yield from of_models(release)


def class_edges(tracks: Sequence[float]) -> list[int]:
    """Return where classes of tracks begin: at most five, with equally many rows.

    Examples
    --------
    >>> class_edges([10, 10, 15, 20, 40, 90])
    [10, 15, 20, 40]
    >>> class_edges([])
    [0]
    """
    if not tracks:
        return [0]
    shares = np.arange(len(SIZES_MM)) / len(SIZES_MM)
    edges = np.unique(np.quantile(tracks, shares, method="lower"))
    return [int(edge) for edge in edges]


def _of_points(release: Release, mark: str) -> Iterator[Drawn]:
    """Yield what was recorded at crossings, and where points gather, if anything."""
    if "recorded" in release.layers:
        number = [float(n) for n in release.layers["recorded"]["points"].dropna()]
        for kind, geometry in (("points", "Point"), ("lines", "Line")):
            title = f"Recorded at crossings, {kind} / Registrados en cruces{mark}"
            rules = _by_quality(number, geometry, "points")
            yield Drawn(f"recorded_{kind}", title, geometry, rules)
    if "points" in release.layers:
        title = f"Recorded points / Puntos registrados{mark}"
        yield Drawn("points", title, "Polygon", _by_heat(), opacity=0.75)


def _of_network(release: Release, mark: str) -> Iterator[Drawn]:
    """Yield the routes and the points where they meet, if any."""
    for name, title, geometry in (
        ("network_nodes", "Ends of routes / Extremos de rutas", "Point"),
        ("network", "Routes / Rutas", "Line"),
    ):
        if name in release.layers:
            tracks = [float(n) for n in release.layers[name]["tracks"].dropna()]
            rules = _by_count(
                tracks, geometry, "tracks", style="solid", colour=ROUTE_COLOUR
            )
            if "bridged_pct" in release.layers[name]:
                rules = _by_silence(rules, tracks)
            yield Drawn(name, title + mark, geometry, rules)
    if "network_tubes" in release.layers:
        title = f"Tubes of routes / Tubos de las rutas{mark}"
        rule = Rule('"tube_m" > 0', "90 %", filled(ROUTE_COLOUR, outline="#ffffff"))
        yield Drawn("network_tubes", title, "Polygon", (rule,), opacity=0.2)


def _by_silence(seen: tuple[Rule, ...], tracks: Sequence[float]) -> tuple[Rule, ...]:
    """Dash the routes on which most of the movement lies in silences."""
    guessed = _by_count(tracks, "Line", "tracks", style="dash", colour=ROUTE_COLOUR)
    silent = "Mostly in silences / Casi todo en silencios"
    return (
        Rule('"bridged_pct" < 50', "Seen / Visto", below=seen),
        Rule('"bridged_pct" >= 50', silent, below=guessed),
    )


def _by_quality(
    counts: Sequence[float], geometry: str, counted: str
) -> tuple[Rule, ...]:
    """Draw crossings by what was counted; a schematic line is dashed.

    Whole lines lie under their reaches: they are there, but not shown.
    """
    whole = "\"kind\" LIKE 'whole %'"
    rules = tuple(
        Rule(
            f"\"quality\" {sign} 'schematic' AND NOT {whole}",
            label,
            below=classes,
        )
        for sign, label, classes in (
            (
                "<>",
                "Mapped / Levantado",
                _by_count(counts, geometry, counted, style="solid"),
            ),
            (
                "=",
                "Schematic / Esquemático",
                _by_count(counts, geometry, counted, style="dash"),
            ),
        )
    )
    if geometry == "Point":
        return rules
    classes = _by_count(counts, geometry, counted, style="solid")
    return *rules, Rule(whole, "Whole / Enteros", below=classes, shown=False)


def _by_count(
    counts: Sequence[float],
    geometry: str,
    counted: str,
    *,
    style: str,
    colour: str = CROSSING_COLOUR,
) -> tuple[Rule, ...]:
    """Draw the wider, the more was counted."""
    edges = class_edges(counts)
    classes = [(f"{low} – {high}", low, high) for low, high in pairwise(edges)]  # noqa: RUF001
    classes.append((f"≥ {edges[-1]}", edges[-1], 0))
    rules = []
    for size, (label, low, high) in zip(SIZES_MM, classes, strict=False):
        where = f'"{counted}" >= {low}' + (f' AND "{counted}" < {high}' if high else "")
        if geometry == "Point":
            symbol = {"color": rgba(colour), "size": f"{3 * size:g}"}
            symbol |= {"name": "circle", "outline_color": rgba("#ffffff")}
        else:
            symbol = {"line_color": rgba(colour), "line_width": f"{size:g}"}
            symbol |= {"line_style": style, "capstyle": "flat"}
        rules.append(Rule(where, label, symbol))
    return tuple(rules)


def _by_season(seasons: Sequence[str], levels: Sequence[int]) -> tuple[Rule, ...]:
    """Draw corridors by level, the widest below; only the whole period is shown."""
    step = (len(LEVEL_COLOURS) - 1) / max(1, len(levels) - 1)
    fills = [LEVEL_COLOURS[round(n * step)] for n in range(len(levels))]
    below = tuple(
        Rule(f'"level" = {level}', f"{level} %", filled(colour, outline="#0a3d4f"))
        for level, colour in zip(levels, fills, strict=True)
    )
    return tuple(
        Rule(
            f'"season" = {quoted(season)}',
            "Whole period / Todo el período" if season == "all" else season,
            below=below,
            shown=season == "all",
        )
        for season in seasons
    )


def _by_heat(*, stable: bool = False) -> tuple[Rule, ...]:
    """Draw hotspots by kind and confidence; hatched where other grids differ."""
    rules = []
    for kind, confidence, colour, label in HEAT:
        where = f'"kind" = {quoted(kind)} AND "confidence" = {confidence}'
        fill = filled(colour, outline="#bdbdbd")
        if not stable or kind == "none":
            rules.append(Rule(where, label, fill))
            continue
        hatched = filled(colour, outline=colour) | {"style": "f_diagonal"}
        below = (
            Rule('coalesce("stable_pct", 100) >= 75', "Stable / Estable", fill),
            Rule('"stable_pct" < 75', "Unstable / Inestable", hatched),
        )
        rules.append(Rule(where, label, below=below))
    return tuple(rules)


def _of_clusters(release: Release, mark: str) -> Iterator[Drawn]:
    """Yield what is for analysts, switched off: the scan, and local Moran's I."""
    if "scan" in release.layers:
        rules = tuple(
            Rule(
                f'"window" = {quoted(window)}',
                label,
                filled("#2b2a33", outline="#2b2a33") | {"style": style},
            )
            for window, style, label in (
                ("circle", "no", "Circle / Círculo"),
                ("network", "b_diagonal", "Along rivers and routes / Por ríos y rutas"),
            )
        )
        title = f"Likeliest clusters / Agrupamientos más probables{mark}"
        yield Drawn("scan", title, "Polygon", rules, shown=False)
    if "clusters" in release.layers:
        rules = tuple(
            Rule(f'"lisa" = {quoted(kind)}', label, filled(colour, outline="#bdbdbd"))
            for kind, colour, label in CLUSTER_COLOURS
        )
        title = f"Clusters, LISA / Agrupamientos, LISA{mark}"
        yield Drawn("clusters", title, "Polygon", rules, opacity=0.75, shown=False)


def _by_change() -> tuple[Rule, ...]:
    """Draw emerging hotspots by their class."""
    return tuple(
        Rule(f'"kind" = {quoted(kind)}', label, filled(colour, outline="#bdbdbd"))
        for kind, colour, label in CHANGE
    )
