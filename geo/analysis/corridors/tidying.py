"""Lines tidied before they become routes: no short dead ends, no knots of junctions."""

from collections import Counter

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Point = tuple[float, float]
Lines = list[shapely.LineString]


def tidy_lines(
    ridges: gpd.GeoDataFrame,
    *,
    kept: gpd.GeoDataFrame,
    shortest_m: float = 4000.0,
    knot_m: float = 1500.0,
    kept_m: float = 1500.0,
) -> gpd.GeoDataFrame:
    """Draw junctions that lie close together as one, and drop short dead ends.

    Parameters
    ----------
    ridges
        Lines that meet at their ends, and there only.
    kept
        Points to which a dead end may lead, however short: checkpoints.
    shortest_m
        Shorter lines from a junction to a loose end are dropped, the shortest at a
        junction first; what then goes on as one line is one, and is looked at again.
    knot_m
        Junctions joined by shorter lines are drawn as one, at their mean; the lines
        between them go.
    kept_m
        How near to a loose end such a point has to lie.

    Returns
    -------
    GeoDataFrame
        As `geo.analysis.corridors.ridges.trace_ridges` returns them.

    Notes
    -----
    Nobody's steps are taken away with a dead end: who walked there counts on the
    lines that stay, as far as they were seen on them.

    Examples
    --------
    >>> ways = [[(0, 0), (9000, 0)], [(9000, 0), (20000, 0)], [(9000, 0), (9000, 3000)]]
    >>> ridges = gpd.GeoDataFrame(geometry=[shapely.LineString(way) for way in ways])
    >>> tidy_lines(ridges, kept=ridges[:0]).geometry.to_wkt().tolist()
    ['LINESTRING (0 0, 9000 0, 20000 0)']
    >>> post = gpd.GeoDataFrame(geometry=[shapely.Point(9000, 4000)])
    >>> len(tidy_lines(ridges, kept=post))
    3
    """
    lines = [line for line in ridges.geometry if line.length > 0]
    posts = kept.geometry.to_numpy()
    while True:
        before = len(lines)
        lines = _joined(
            _without_spurs(_without_knots(lines, knot_m), posts, kept_m, shortest_m)
        )
        if len(lines) == before:
            break
    return gpd.GeoDataFrame(
        {"ridge": np.arange(len(lines), dtype=np.int64)},
        geometry=gpd.GeoSeries(lines, dtype="geometry", crs=ridges.crs),
    )


def _ends(line: shapely.LineString) -> tuple[Point, Point]:
    """Return where a line begins and ends."""
    first, last = line.coords[0], line.coords[-1]
    return (float(first[0]), float(first[1])), (float(last[0]), float(last[1]))


def _degrees(lines: Lines) -> Counter[Point]:
    """Return how many lines end at each point."""
    return Counter(end for line in lines for end in _ends(line))


def _joined(lines: Lines) -> Lines:
    """Join lines that meet two and two, drawn from the west and sorted."""
    whole = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))
    drawn = [
        line if _ends(line)[0] <= _ends(line)[1] else line.reverse() for line in whole
    ]
    return sorted(drawn, key=lambda line: (*line.bounds, line.wkb))


def _without_knots(lines: Lines, knot_m: float) -> Lines:
    """Draw junctions that short lines join as one."""
    degree = _degrees(lines)
    short = [
        line
        for line in lines
        if line.length < knot_m and min(degree[end] for end in _ends(line)) > 2
    ]
    cluster: dict[Point, set[Point]] = {}
    for line in short:
        whole = set[Point]().union(*(cluster.get(end, {end}) for end in _ends(line)))
        cluster.update(dict.fromkeys(whole, whole))
    centre = {
        end: (
            sum(x for x, _ in sorted(whole)) / len(whole),
            sum(y for _, y in sorted(whole)) / len(whole),
        )
        for end, whole in cluster.items()
    }
    gone = {line.wkb for line in short}
    moved = []
    for line in lines:
        if line.wkb not in gone:
            first, last = _ends(line)
            corners = [
                centre.get(first, first),
                *line.coords[1:-1],
                centre.get(last, last),
            ]
            if len(corners) > 2 or corners[0] != corners[1]:
                moved.append(shapely.LineString(corners))
    return moved


def _without_spurs(
    lines: Lines, posts: NDArray[np.object_], kept_m: float, shortest_m: float
) -> Lines:
    """Drop the shortest of the short dead ends at each junction."""
    degree = _degrees(lines)
    shortest: dict[Point, tuple[float, bytes]] = {}
    for line in lines:
        loose, root = sorted(_ends(line), key=lambda end: (degree[end], end))
        if line.length >= shortest_m or degree[loose] > 1 or degree[root] < 3:
            continue
        away = shapely.distance(posts, shapely.Point(loose))
        if not (away <= kept_m).any():
            this = line.length, line.wkb
            shortest[root] = min(shortest.get(root, this), this)
    gone = {wkb for _, wkb in shortest.values()}
    return [line for line in lines if line.wkb not in gone]
