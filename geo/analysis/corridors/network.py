"""The route network: places and junctions, the lines between, and who walks them."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

_SNAP_M = 1500.0  # a checkpoint this near to a line, or to a node, lies on it
_NAMED_M = 2000.0  # a place this near gives a node its name

Point = tuple[float, float]
Shape = TypeVar("Shape", shapely.LineString, shapely.Point)


class Network(NamedTuple):
    """The lines, and the points where they meet.

    Parameters
    ----------
    edges
        `edge`, from 1; `from_node`, `to_node`; geometry, LineStrings.
    nodes
        `node`, from 1; `name`; `kind`: "junction", "end", "checkpoint" or "border";
        geometry, Points.
    """

    edges: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame


def make_network(
    ridges: gpd.GeoDataFrame,
    *,
    targets: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    round_m: float = 1.0,
) -> Network:
    """Cut lines at checkpoints and at the border, and name what lies between.

    Parameters
    ----------
    ridges
        Lines that meet at their ends, of `geo.analysis.corridors.ridges.trace_ridges`.
    targets
        Of `geo.analysis.crossings.targets.make_targets`; its rivers are not used.
    places
        Points with a `name`; may be empty.
    round_m
        Coordinates are multiples of this, so that lines meet exactly.

    Returns
    -------
    Network
        Edges and nodes, both sorted west to east. A node is named after the
        checkpoint or the reach of the border that made it, or after the nearest
        place within 2 km, or else by its kind and number: "junction 7".

    Notes
    -----
    A checkpoint that lies within 1.5 km of a line becomes a node there, at the point
    nearest to it, or is the end of a line that is as near. The border makes a node
    wherever a line meets it.

    Examples
    --------
    >>> ridges = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (9000, 0)])])
    >>> targets = gpd.GeoDataFrame(
    ...     {"kind": ["checkpoint"], "name": ["Paya"]},
    ...     geometry=[shapely.Point(4000, 700)],
    ... )
    >>> found = make_network(ridges, targets=targets, places=targets[:0])
    >>> found.nodes["name"].tolist()
    ['end 1', 'Paya', 'end 3']
    >>> found.edges[["from_node", "to_node"]].values.tolist()
    [[1, 2], [2, 3]]
    """
    lines = [_rounded(line, round_m) for line in ridges.geometry]
    lines = [line for line in lines if line.length > 0]
    given: dict[Point, tuple[str, str]] = {}
    cuts = [set[float]() for _ in lines]
    _at_border(lines, targets, cuts, given, round_m=round_m)
    _at_checkpoints(lines, targets, cuts, given, round_m=round_m)
    pieces = [
        _rounded(substring(line, start, end), round_m)
        for line, cut in zip(lines, cuts, strict=True)
        for start, end in pairwise(sorted({0.0, line.length} | cut))
    ]
    pieces = sorted((p for p in pieces if p.length), key=lambda p: (*p.bounds, p.wkb))
    nodes = _name_nodes(pieces, given, places)
    number = {
        (float(point.x), float(point.y)): n
        for point, n in zip(nodes.geometry, nodes["node"].tolist(), strict=True)
    }
    edges = {
        "edge": np.arange(1, len(pieces) + 1, dtype=np.int64),
        "from_node": np.array([number[_end(p, 0)] for p in pieces], dtype=np.int64),
        "to_node": np.array([number[_end(p, -1)] for p in pieces], dtype=np.int64),
    }
    shapes = gpd.GeoSeries(pieces, dtype="geometry", crs=ridges.crs)
    return Network(gpd.GeoDataFrame(edges, geometry=shapes), nodes.set_crs(ridges.crs))


def _rounded(line: Shape, round_m: float) -> Shape:
    """Return a line on multiples of a length, so that cut ends meet exactly."""
    rounded: Shape = shapely.transform(
        line, lambda corners: np.round(corners / round_m) * round_m
    )
    return rounded


def _end(line: shapely.LineString | shapely.Point, which: int) -> Point:
    x, y = line.coords[which][:2]
    return float(x), float(y)


def _of_kind(
    targets: gpd.GeoDataFrame, kind: str
) -> list[tuple[str, shapely.Geometry]]:
    """Return name and shape of the targets of a kind, by name."""
    rows = targets[targets["kind"] == kind]
    named = zip(rows["name"], rows.geometry, strict=True)
    return sorted(named, key=lambda row: (row[0], row[1].wkb))


def _place_node(
    line: shapely.LineString,
    at_m: float,
    cuts: set[float],
    *,
    near_m: float,
    round_m: float,
) -> Point:
    """Return the node at a distance along a line: one that is there, or a new cut."""
    there = sorted(
        {0.0, line.length} | cuts, key=lambda place: (abs(place - at_m), place)
    )
    if abs(there[0] - at_m) > near_m:
        cuts.add(at_m)
        there[0] = at_m
    point = line.interpolate(there[0])
    return _end(_rounded(point, round_m), 0)


def _at_border(
    lines: list[shapely.LineString],
    targets: gpd.GeoDataFrame,
    cuts: list[set[float]],
    given: dict[Point, tuple[str, str]],
    *,
    round_m: float,
) -> None:
    """Put nodes where lines meet the border."""
    for name, reach in _of_kind(targets, "border"):
        for line, cut in zip(lines, cuts, strict=True):
            met = shapely.get_coordinates(shapely.intersection(line, reach))
            for at_m in sorted(line.project(shapely.Point(*place)) for place in met):
                node = _place_node(line, at_m, cut, near_m=_SNAP_M / 2, round_m=round_m)
                given.setdefault(node, (name, "border"))


def _at_checkpoints(
    lines: list[shapely.LineString],
    targets: gpd.GeoDataFrame,
    cuts: list[set[float]],
    given: dict[Point, tuple[str, str]],
    *,
    round_m: float,
) -> None:
    """Put nodes where lines pass checkpoints."""
    if not lines:
        return
    for name, post in _of_kind(targets, "checkpoint"):
        away = shapely.distance(lines, post)
        nearest = int(np.argmin(away))
        if away[nearest] <= _SNAP_M:
            line = lines[nearest]
            at_m = line.project(post)
            node = _place_node(
                line, at_m, cuts[nearest], near_m=_SNAP_M, round_m=round_m
            )
            if given.get(node, ("", "border"))[1] == "border":
                given[node] = name, "checkpoint"


def _name_nodes(
    pieces: list[shapely.LineString],
    given: Mapping[Point, tuple[str, str]],
    places: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the ends of all lines, each once, with kind and name."""
    number = Counter(_end(piece, which) for piece in pieces for which in (0, -1))
    points = sorted(number)
    rows = zip(places["name"].fillna("").astype(str), places.geometry, strict=True)
    named = sorted(((n, p) for n, p in rows if n), key=lambda row: (row[0], row[1].wkb))
    names, kinds, taken = [], [], {name for name, _ in given.values()}
    for n, place in enumerate(points, start=1):
        plain = "end" if number[place] == 1 else "junction"
        name, kind = given.get(place, ("", plain))
        away = shapely.distance([p for _, p in named], shapely.Point(place))
        if not name and named and away.min() <= _NAMED_M:
            near = named[int(np.argmin(away))][0]
            name = "" if near in taken else near
            taken.add(near)
        names.append(name or f"{kind} {n}")
        kinds.append(kind)
    return gpd.GeoDataFrame(
        {
            "node": np.arange(1, len(points) + 1, dtype=np.int64),
            "name": pd.Series(names, dtype="str"),
            "kind": pd.Series(kinds, dtype="str"),
        },
        geometry=gpd.GeoSeries(map(shapely.Point, points), dtype="geometry"),
    )
