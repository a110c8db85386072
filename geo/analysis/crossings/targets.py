"""The lines and points at which crossings are counted, and the names of their sides."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from geo.errors import CRSError
from geo.schema import COUNTRIES

_LOOK_M = (500.0, 2000.0, 5000.0)
"""How far to either side of a border line we look for a country, in metres."""

_LOOKS = 200
"""At how many points along it."""

Side = tuple[str, str]
Row = dict[str, Any]


def make_targets(
    *,
    border: gpd.GeoDataFrame,
    rivers: gpd.GeoDataFrame,
    checkpoints: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    provinces: gpd.GeoDataFrame | None = None,
    reach_km: float = 20.0,
) -> gpd.GeoDataFrame:
    """Cut the border and named rivers into reaches, and put checkpoints beside.

    Parameters
    ----------
    border, rivers, checkpoints, places, provinces
        Layers as `schema.Layers` describes them, all in one CRS in metres. Each may
        be empty.
    reach_km
        Length of a reach, about: each line is cut into equal pieces.

    Returns
    -------
    GeoDataFrame
        `target` (from 0), `kind` ("border", "river" or "checkpoint"; "whole border"
        and "whole river" for all reaches of one together), `name` (each once),
        `quality` ("mapped" or "schematic", the worse of what was joined),
        `precision_m` (the coarsest; NaN if unknown), `one_side` and `other_side`
        (what lies left and right of the line as drawn; empty for points), `role` (of
        a checkpoint: "reception station", "landing" and so on), `part_of` (the target
        that is the whole line of a reach, or -1), geometry. It does not depend on the
        order of rows in the layers.

    Raises
    ------
    CRSError
        If the layers are in different CRS, or in degrees.

    Notes
    -----
    A reach is named after the place or checkpoint nearest to it. A line of one reach
    is its own whole. Each border line is taken to part two countries; points on either
    side of it, looked up in `provinces`, vote which. Where they cannot tell, and for
    rivers, sides are named by compass: a line that runs mainly east and west has a
    north and a south side. Rivers without a name are left out: nobody could say which
    one was crossed.
    """
    layers = [border, rivers, checkpoints, places]
    layers += [] if provinces is None else [provinces]
    crs = _common_crs(layers)
    both = ["name", "geometry"]
    names = _named(pd.concat([places[both], checkpoints[both]]))
    reach_m = reach_km * 1000
    rows = [
        *_with_wholes(
            _reaches(border, names=names, provinces=provinces, reach_m=reach_m),
            "border (all reaches)",
        ),
        *_rivers(rivers, names=names, reach_m=reach_m),
        *_posts(checkpoints),
    ]
    columns = ["kind", "name", "quality", "precision_m"]
    columns += ["one_side", "other_side", "role", "part_of", "geometry"]
    table = pd.DataFrame(rows, columns=columns)
    table["name"] = _unique(table["name"].tolist())
    table.insert(0, "target", np.arange(len(table), dtype=np.int64))
    # A whole stands right before its reaches, which say how far behind it they are.
    behind = table["part_of"].astype("int64")
    table["part_of"] = np.where(behind > 0, table["target"] - behind, -1)
    words = ["kind", "name", "quality", "one_side", "other_side", "role"]
    table = table.astype(dict.fromkeys(words, "str") | {"precision_m": "float64"})
    return gpd.GeoDataFrame(table, geometry="geometry", crs=crs)


def _common_crs(layers: Sequence[gpd.GeoDataFrame]) -> Any:
    known = [layer.crs for layer in layers if len(layer) and layer.crs is not None]
    known = known or [layer.crs for layer in layers if layer.crs is not None]
    if any(crs != known[0] or crs.is_geographic for crs in known):
        raise CRSError(
            "The layers of border, rivers, places and checkpoints are in different CRS "
            "or in degrees; expected all in the region's CRS, in metres.",
            hint="Read them with geo.read.layers.read_layers.",
        )
    return known[0] if known else None


def _reaches(
    border: gpd.GeoDataFrame,
    *,
    names: gpd.GeoDataFrame,
    provinces: gpd.GeoDataFrame | None,
    reach_m: float,
) -> Iterator[Row]:
    """Yield the pieces of the border, line by line."""
    lines, compass = _by_compass(_joined(border.geometry.to_numpy()), "side")
    for line in lines:
        sides = _countries_beside(line, provinces) or compass
        for reach in _cut(line, reach_m):
            name = f"border{_near(reach, names)}"
            yield _row("border", name, reach, sides=sides, source=border)


def _rivers(
    rivers: gpd.GeoDataFrame, *, names: gpd.GeoDataFrame, reach_m: float
) -> Iterator[Row]:
    """Yield the rivers that have a name, whole and by reach.

    Lines shorter than half a reach that do not meet the others, as an arm, belong
    to the reach that is nearest.
    """
    for name, lines in _named(rivers).groupby("name", sort=True):
        drawn, sides = _by_compass(_joined(lines.geometry.to_numpy()), "bank")
        long = [line for line in drawn if line.length >= reach_m / 2] or drawn[:1]
        pieces = [[reach] for line in long for reach in _cut(line, reach_m)]
        for line in drawn:
            if all(line is not one for one in long):
                away = [float(line.distance(piece[0])) for piece in pieces]
                pieces[int(np.argmin(away))].append(line)
        shapes = [shapely.MultiLineString(piece) for piece in pieces]
        if len(shapes) == 1:
            yield _row("river", str(name), shapes[0], sides=sides, source=lines)
        else:
            reaches = (
                _row(
                    "river",
                    f"{name}{_near(shape, names)}",
                    shape,
                    sides=sides,
                    source=lines,
                )
                for shape in shapes
            )
            yield from _with_wholes(reaches, str(name))


def _with_wholes(reaches: Iterable[Row], name: str) -> list[Row]:
    """Put a row for all reaches before those of lines that have the same sides.

    `part_of` says how many rows before a reach its whole stands; 0 without one.
    """
    groups: dict[Side, list[Row]] = {}
    for row in reaches:
        one, other = sorted((row["one_side"], row["other_side"]))
        groups.setdefault((one, other), []).append(row)
    out: list[Row] = []
    for rows in groups.values():
        if len(rows) > 1:
            kind, shapes = rows[0]["kind"], [row["geometry"] for row in rows]
            parts = shapely.get_parts(np.array(shapes, dtype=object))
            whole = {"kind": f"whole {kind}", "name": name}
            whole["geometry"] = shapely.MultiLineString(list(parts))
            out.append(rows[0] | whole)
            out.extend(row | {"part_of": n} for n, row in enumerate(rows, start=1))
        else:
            out.extend(rows)
    return out


def _cut(line: shapely.LineString, reach_m: float) -> list[shapely.LineString]:
    """Cut a line into equal pieces, each about so long."""
    cuts = np.linspace(0, line.length, max(1, round(line.length / reach_m)) + 1)
    return [substring(line, start, end) for start, end in pairwise(cuts)]


def _near(shape: Any, names: gpd.GeoDataFrame) -> str:
    """Return " near" and the name of the nearest place; nothing without places."""
    away = shapely.distance(names.geometry.to_numpy(), shape)
    return f" near {names['name'].iloc[np.argmin(away)]}" if len(away) else ""


def _posts(checkpoints: gpd.GeoDataFrame) -> Iterator[Row]:
    """Yield the checkpoints, stations and landings that have a name, as points."""
    posts = _named(checkpoints)
    for number, shape in enumerate(shapely.centroid(posts.geometry.to_numpy())):
        post = posts.iloc[[number]]
        name = post["name"].iloc[0]
        role = str(post["role"].iloc[0] or "") if "role" in post else ""
        row = _row("checkpoint", name, shape, sides=("", ""), source=post)
        yield row | {"role": role}


def _row(
    kind: str, name: str, shape: Any, *, sides: Side, source: gpd.GeoDataFrame
) -> Row:
    """Return one target, as good as the worst of what it was made from."""
    rough = "quality" in source and (source["quality"] == "schematic").any()
    precise = source["precision_m"].max() if "precision_m" in source else np.nan
    return {
        "kind": kind,
        "name": name,
        "quality": "schematic" if rough else "mapped",
        "precision_m": precise,
        "one_side": sides[0],
        "other_side": sides[1],
        "role": "",
        "part_of": 0,
        "geometry": shape,
    }


def _named(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows with a name and a shape, by name, then by place."""
    name = layer["name"].fillna("").astype(str).str.strip()
    shaped = ~(layer.geometry.isna() | layer.geometry.is_empty)
    chosen = layer.assign(name=name)[(name != "") & shaped]
    order = sorted(
        range(len(chosen)),
        key=lambda n: (chosen["name"].iloc[n], chosen.geometry.iloc[n].wkb),
    )
    return chosen.iloc[order]


def _joined(shapes: NDArray[np.object_]) -> list[shapely.LineString]:
    """Join lines end to end as far as they go; the order of the input is lost."""
    parts = shapely.get_parts(shapes[~shapely.is_missing(shapes)])
    parts = [_from_west(p) for p in parts if p.geom_type == "LineString" and p.length]
    parts = shapely.MultiLineString(sorted(parts, key=lambda part: part.wkb))
    whole = shapely.get_parts(shapely.line_merge(parts))
    return sorted(map(_from_west, whole), key=lambda part: part.wkb)


def _from_west(line: shapely.LineString) -> shapely.LineString:
    """Return a line drawn from its western end; a ring as it is."""
    return line.reverse() if line.coords[0] > line.coords[-1] else line


def _by_compass(
    lines: list[shapely.LineString], word: str
) -> tuple[list[shapely.LineString], Side]:
    """Draw lines the same way round, and name what lies left and right of them.

    Examples
    --------
    >>> lines = [shapely.LineString([(0, 9), (1, 0)])]
    >>> _by_compass(lines, "bank")
    ([<LINESTRING (1 0, 0 9)>], ('west bank', 'east bank'))
    """
    ends = np.array([(*line.coords[0][:2], *line.coords[-1][:2]) for line in lines])
    run = ends[:, 2:] - ends[:, :2] if lines else np.zeros((0, 2))
    across, along = np.abs(run).sum(axis=0)
    axis, sides = (0, ("north", "south")) if across >= along else (1, ("west", "east"))
    drawn = [
        line.reverse() if way < 0 else line
        for line, way in zip(lines, run[:, axis], strict=True)
    ]
    return drawn, (f"{sides[0]} {word}", f"{sides[1]} {word}")


def _countries_beside(
    line: shapely.LineString, provinces: gpd.GeoDataFrame | None
) -> Side | None:
    """Return the countries left and right of a line; None if that cannot be told."""
    if provinces is None or provinces.empty:
        return None
    at = (np.arange(_LOOKS) + 0.5) / _LOOKS * line.length
    half = line.length / _LOOKS / 2
    here, back, ahead = (
        shapely.get_coordinates(shapely.line_interpolate_point(line, at + shift))
        for shift in (0.0, -half, half)
    )
    way = ahead - back
    left = np.column_stack([-way[:, 1], way[:, 0]])
    left /= np.maximum(np.hypot(*left.T), 1e-9)[:, None]
    votes: Counter[Side] = Counter()
    for look_m in _LOOK_M:
        pair = [_country_at(here + side * look_m * left, provinces) for side in (1, -1)]
        votes.update((a, b) for a, b in zip(*pair, strict=True) if a and b and a != b)
    if not votes:
        return None
    one, other = max(sorted(votes), key=lambda side: votes[side])
    return COUNTRIES.get(one, one), COUNTRIES.get(other, other)


def _country_at(points: NDArray[np.float64], provinces: gpd.GeoDataFrame) -> list[str]:
    """Return the country under each point, empty where there is none."""
    found = np.full(len(points), "", dtype=object)
    shapes = zip(provinces["country"], provinces.geometry, strict=True)
    for country, shape in sorted(shapes, key=lambda pair: (pair[0], pair[1].wkb)):
        if shape is not None:
            found[shapely.contains_xy(shape, *points.T)] = country
    return list(map(str, found))


def _unique(names: list[str]) -> list[str]:
    """Return the names, with a number after those that come again.

    Examples
    --------
    >>> _unique(["Paya", "Paya", "Paya 2", "Turbo"])
    ['Paya', 'Paya 3', 'Paya 2', 'Turbo']
    """
    taken, seen = set(names), set()
    out = []
    for name in names:
        fresh, number = name, 1
        while fresh in seen or (number > 1 and fresh in taken):
            number += 1
            fresh = f"{name} {number}"
        seen.add(fresh)
        out.append(fresh)
    return out
