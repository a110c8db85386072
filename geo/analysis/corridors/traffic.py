"""Traffic: who walks the lines of the route network, and which way."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.corridors.along import (
    REACH,
    at_middle,
    cells_along,
    cells_around,
)
from geo.analysis.corridors.journeys import Journeys
from geo.analysis.corridors.network import Network
from geo.engine import cut_evenly, map_parts, workers
from geo.grid import Grid
from geo.kernels.paths import count_near, follow_lines
from geo.kernels.rows import sealed

_ALONG = 250  # thousandths of the way that have to go along the line

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def count_network(
    paths: pd.DataFrame,
    network: Network,
    *,
    grid: Grid,
    journeys: Journeys | None = None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
    """Count the distinct tracks on each edge, each way, and at each node.

    Parameters
    ----------
    paths
        Distinct pairs of `track` and `cell` of the grid, with the track's mean
        direction there, `east` and `north` in thousandths, and its `part`, the month
        in which it began.
    network
        Of `make_network`, in the CRS of the grid.
    grid
        Of the cells.
    journeys
        Of `geo.analysis.corridors.journeys.read_journeys` for the same network.

    Returns
    -------
    edges, monthly, nodes
        Edges: `edge`, `from_node`, `to_node`, `from_name`, `to_name`, `tracks`,
        `ahead_tracks`, `back_tracks`, `length_km`, geometry. More go ahead, from
        `from_node`, than back. With journeys, for ``ahead`` and likewise ``back``:
        `ahead_foot_tracks` and `ahead_boat_tracks`, those of `ahead_tracks` on foot
        and by boat; `ahead_timed_tracks`, those that went all the way, the median of
        their hours `ahead_timed_h`, its quartiles `ahead_timed_low_h` and
        `ahead_timed_high_h`, and the median without stops `ahead_timed_moving_h`.
        Monthly: `tracks`, ahead and back, by `edge` and `month`, in whole months'
        numbers, for the edges and months with any. Nodes: `node`, `name`, `kind`,
        `tracks`, geometry.

    Notes
    -----
    A track is counted on an edge when its observed path enters a cell there: one in
    the middle half of the edge, whose centre lies within three cells of it and
    nearer to it than to any other. So whoever only touches a junction, or turns off
    at it, is not counted beyond. It goes ahead if its mean direction there, summed
    over the cells, has at least a quarter of its length along the edge, and back if
    against it. A track that goes there and back in equal measure, or across, or that
    has single fixes there with long silences between, counts in `tracks` alone. A
    track counts at a node when its path comes within three cells.

    A track counts in the month (UTC) in which it was first seen there; without
    journeys in that of its part.

    Long silences hide who passed; so the counts are of those seen, at least.

    Examples
    --------
    >>> from geo.analysis.corridors.network import make_network
    >>> grid = Grid("EPSG:32618", 0, 500, 500, rows=1, columns=9)
    >>> way = shapely.LineString([(0, 250), (4500, 250)])
    >>> ridges = gpd.GeoDataFrame(geometry=[way])
    >>> empty = gpd.GeoDataFrame({"kind": [], "name": []}, geometry=[])
    >>> paths = pd.DataFrame(
    ...     {"track": [1, 2, 3, 4], "cell": [4, 4, 3, 0], "north": 0, "part": 24_000}
    ... ).assign(east=[-1000, -900, 1000, 1000])
    >>> network = make_network(ridges, targets=empty, places=empty)
    >>> edges, monthly, nodes = count_network(paths, network, grid=grid)
    >>> edges[["from_name", "tracks", "ahead_tracks", "back_tracks"]].values.tolist()
    [['end 2', 3, 2, 1]]
    >>> nodes["tracks"].tolist()
    [1, 0]
    """
    seen = _seen(paths, network.edges, grid)
    if journeys:
        seen = _with_journeys(seen, journeys.ways)
    every = network.edges["edge"]
    total, turned = _each_way(seen, every)
    seen["way"] *= np.where(seen["edge"].isin(set(every[turned])), -1, 1)
    if journeys:
        total = total.join(_lasted(journeys.times, network.edges, turned))
    counts = ["edge", "part", "way"]
    monthly = _sums(seen[counts], ["edge", "part"]).reset_index()
    return (
        _drawn(network, total, turned),
        monthly.rename(columns={"part": "month"}),
        _tracks_at(paths, network.nodes, grid),
    )


def count_edges(
    paths: pd.DataFrame, network: Network, *, grid: Grid
) -> gpd.GeoDataFrame:
    """Return the edges that `count_network` returns without journeys, and no more.

    Parameters are those of `count_network`.
    """
    seen = _seen(paths, network.edges, grid)
    total, turned = _each_way(seen, network.edges["edge"])
    return _drawn(network, total, turned)


def _each_way(seen: pd.DataFrame, every: pd.Series) -> tuple[pd.DataFrame, Bools]:
    """Return what is counted on each edge, and turn edges so that most go ahead."""
    total = _sums(seen, ["edge"]).reindex(every, fill_value=0)
    turned = (total["back_tracks"] > total["ahead_tracks"]).to_numpy()
    names = [str(name).replace("ahead", "*") for name in total]
    back = [name.replace("back", "ahead").replace("*", "back") for name in names]
    total[turned] = total.loc[turned, back].to_numpy()
    return total, turned


def _drawn(network: Network, total: pd.DataFrame, turned: Bools) -> gpd.GeoDataFrame:
    """Return the edges, each from where more come from, with what was counted."""
    name = network.nodes.set_index("node")["name"]
    ends = network.edges[["from_node", "to_node"]].to_numpy()
    ends = np.where(turned[:, None], ends[:, ::-1], ends)
    shapes = [
        line.reverse() if turn else line
        for line, turn in zip(network.edges.geometry, turned, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "edge": network.edges["edge"].to_numpy(),
            "from_node": ends[:, 0],
            "to_node": ends[:, 1],
            "from_name": name.reindex(ends[:, 0]).astype("str").to_numpy(),
            "to_name": name.reindex(ends[:, 1]).astype("str").to_numpy(),
            **{column: total[column].to_numpy() for column in total},
            "length_km": np.round(network.edges.length.to_numpy() / 1000, 1),
        },
        geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=network.edges.crs),
    )


def worn_lines(edges: gpd.GeoDataFrame, *, fewest: int) -> gpd.GeoDataFrame:
    """Return the lines of the edges that enough tracks are on, joined end to end.

    Parameters
    ----------
    edges
        Of `count_network`.
    fewest
        Tracks that an edge must have.

    Returns
    -------
    GeoDataFrame
        As `geo.analysis.corridors.ridges.trace_ridges` returns them: what led only to
        an edge that is gone is no junction any more.
    """
    worn = edges.loc[edges["tracks"] >= fewest].geometry.tolist()
    joined = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(worn)))
    lines = sorted(joined, key=lambda line: (*line.bounds, line.wkb))
    return gpd.GeoDataFrame(
        {"ridge": np.arange(len(lines), dtype=np.int64)},
        geometry=gpd.GeoSeries(lines, dtype="geometry", crs=edges.crs),
    )


def _tracks_on(
    paths: pd.DataFrame, edges: gpd.GeoDataFrame, grid: Grid
) -> pd.DataFrame:
    """Return a row for each track on an edge: part, way along, cells with any."""
    line, ways = _middle_cells(edges, grid)
    track, begin, columns = _by_track(paths, ["cell", "part", "east", "north"])
    cell, month, east, north = columns

    def follow(piece: slice) -> Ints:
        rows = begin[piece.start : piece.stop + 1]
        room, count = max(1024, int(rows[-1] - rows[0]) // 16), -1
        while count < 0:
            found = np.empty((room, 5), np.int64)
            sums = np.zeros((len(edges), 4), np.int64)
            count = follow_lines(
                rows, cell, month, east, north, line, ways, sums, found
            )
            room *= 2
        return found[:count]

    with workers() as pool:
        found = map_parts(follow, cut_evenly(begin), executor=pool)
    number, first, since, along, moving = np.vstack(
        [np.zeros((0, 5), np.int64), *found]
    ).T
    table = {
        "edge": edges["edge"].to_numpy(np.int64)[number],
        "track": track[first],
        "part": since,
        "along": along,
        "moving": moving,
    }
    order = np.lexsort((table["track"], table["edge"]))
    return pd.DataFrame({name: values[order] for name, values in table.items()})


def _by_track(
    paths: pd.DataFrame, names: list[str]
) -> tuple[Ints, Ints, list[NDArray[Any]]]:
    """Return `track`, with which row each track begins, and columns in their order.

    Where the rows of a track do not lie side by side they are sorted.
    """
    track, begin = _runs(paths)
    runs = track[begin[:-1]]
    if len(np.unique(runs)) < len(runs):
        paths = paths.sort_values("track", kind="stable")
        track, begin = _runs(paths)
    kinds = {"cell": np.int32, "part": np.int32, "east": np.int16, "north": np.int16}
    return track, begin, [sealed(paths[n], kinds[n]) for n in names]


def _runs(paths: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return `track`, and with which row each run of a track begins, and the end."""
    track = paths["track"].to_numpy(np.int64)
    first = np.flatnonzero(track[1:] != track[:-1]) + 1
    start = np.zeros(min(1, track.size), np.int64)
    return track, np.concatenate([start, first, [track.size]])


def _middle_cells(
    edges: gpd.GeoDataFrame, grid: Grid
) -> tuple[NDArray[np.int32], Ints]:
    """Return the place of the edge whose middle each cell lies at (or -1), its way."""
    size = grid.rows * grid.columns
    edge, ways = np.full(size, -1, np.int32), np.zeros((size, 2), np.int64)
    along = cells_along(edges.geometry, grid, reach=REACH)
    inside = at_middle(along, edges.geometry)
    cell = along.cell[inside]
    edge[cell] = along.line[inside]
    ways[cell] = np.rint(1000 * along.run[inside])
    return edge, ways


def _seen(paths: pd.DataFrame, edges: gpd.GeoDataFrame, grid: Grid) -> pd.DataFrame:
    """Return a row for each track on an edge, with its `way`: 1 along it, or -1."""
    seen = _tracks_on(paths, edges, grid)
    along, moving = seen["along"], seen["moving"]
    return seen.assign(way=np.sign(along) * (np.abs(along) >= _ALONG * moving))


def _with_journeys(seen: pd.DataFrame, ways: pd.DataFrame) -> pd.DataFrame:
    """Add how each track moved, and the month in which it was on the edge."""
    seen = seen.merge(ways, on=["edge", "track"], how="left")
    known = seen["second"].notna()
    second = seen["second"].where(known, 0).to_numpy(np.int64)
    month = second.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return seen.assign(
        part=np.where(known, month + 12 * 1970, seen["part"]),
        foot=seen["foot"].eq(True),  # noqa: FBT003
        boat=seen["boat"].eq(True),  # noqa: FBT003
    )


def _sums(seen: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return how many tracks there are, how many each way, and by which means."""
    counted = seen[by].assign(tracks=1)
    for name, sign in (("ahead", 1), ("back", -1)):
        going = seen["way"] == sign
        counted[f"{name}_tracks"] = going.astype(np.int64)
        for means in ("foot", "boat"):
            if means in seen:
                both = going & seen[means]
                counted[f"{name}_{means}_tracks"] = both.astype(np.int64)
    return counted.groupby(by, sort=True).sum().astype(np.int64)


def _lasted(times: pd.DataFrame, edges: pd.DataFrame, turned: Bools) -> pd.DataFrame:
    """Return how long the journeys along each edge took, each way."""
    against = set(edges["edge"][turned])
    ahead = times["ahead"] ^ times["edge"].isin(against)
    found = {}
    for name, going in (("ahead", ahead), ("back", ~ahead)):
        made = times[going].groupby("edge")
        hours = made["hours"]
        found[f"{name}_timed_tracks"] = made.size()
        found[f"{name}_timed_h"] = hours.median()
        found[f"{name}_timed_low_h"] = hours.quantile(0.25)
        found[f"{name}_timed_high_h"] = hours.quantile(0.75)
        found[f"{name}_timed_moving_h"] = made["moving_hours"].median()
    table = pd.DataFrame(found).reindex(edges["edge"])
    for name in ("ahead_timed_tracks", "back_timed_tracks"):
        table[name] = table[name].fillna(0).astype(np.int64)
    return table


def _tracks_at(
    paths: pd.DataFrame, nodes: gpd.GeoDataFrame, grid: Grid
) -> gpd.GeoDataFrame:
    """Return the nodes with the tracks that come near."""
    _, begin, [cell] = _by_track(paths, ["cell"])
    near, cells = cells_around(nodes.geometry, grid, reach_m=REACH * grid.cell_m)
    first = np.zeros(grid.rows * grid.columns + 1, np.int64)
    np.cumsum(np.bincount(cells, minlength=first.size - 1), out=first[1:])
    place = near[np.argsort(cells, kind="stable")]

    def count(piece: slice) -> Ints:
        tracks = np.zeros(len(nodes), np.int64)
        rows = begin[piece.start : piece.stop + 1]
        count_near(rows, cell, first, place, tracks)
        return tracks

    with workers() as pool:
        found = map_parts(count, cut_evenly(begin), executor=pool)
    tracks = np.sum([np.zeros(len(nodes), np.int64), *found], axis=0)
    counted: gpd.GeoDataFrame = nodes[["node", "name", "kind"]].assign(tracks=tracks)
    return counted.set_geometry(nodes.geometry)
