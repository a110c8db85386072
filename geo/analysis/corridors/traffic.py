"""Traffic: who walks the lines of the route network, and which way."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.corridors.network import Network
from geo.grid import Grid

_REACH = 3.0  # a path follows a line that is this near, in cells
_MIDDLE = (0.25, 0.75)  # the part of a line where its tracks are counted
_ALONG = 250  # thousandths of the way that have to go along the line

Ints = NDArray[np.int64]


def count_network(
    paths: pd.DataFrame, network: Network, *, grid: Grid
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

    Returns
    -------
    edges, monthly, nodes
        Edges: `edge`, `from_node`, `to_node`, `from_name`, `to_name`, `tracks`,
        `ahead_tracks`, `back_tracks`, `length_km`, geometry. More go ahead, from
        `from_node`, than back. The same counts by `month`, in whole months' numbers,
        for the edges and months with any. Nodes: `node`, `name`, `kind`, `tracks`,
        geometry.

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
    seen = _tracks_on(paths, network.edges, grid)
    way = np.sign(seen["along"]) * (np.abs(seen["along"]) >= _ALONG * seen["moving"])
    total = _sums(seen, way, ["edge"]).reindex(network.edges["edge"], fill_value=0)
    turned = (total["back_tracks"] > total["ahead_tracks"]).to_numpy()
    back = set(network.edges["edge"][turned])
    way = np.where(seen["edge"].isin(back), -way, way)
    total = _sums(seen, way, ["edge"]).reindex(network.edges["edge"], fill_value=0)
    monthly = _sums(seen, way, ["edge", "part"]).reset_index()
    name = network.nodes.set_index("node")["name"]
    ends = network.edges[["from_node", "to_node"]].to_numpy()
    ends = np.where(turned[:, None], ends[:, ::-1], ends)
    shapes = [
        line.reverse() if turn else line
        for line, turn in zip(network.edges.geometry, turned, strict=True)
    ]
    edges = gpd.GeoDataFrame(
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
    return (
        edges,
        monthly.rename(columns={"part": "month"}),
        _tracks_at(paths, network.nodes, grid),
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
    edge, ways = _middle_cells(edges, grid)
    cell = paths["cell"].to_numpy()
    here = np.flatnonzero(edge[cell] >= 0)
    cell = cell[here]
    east, north = (paths[way].to_numpy(np.int64)[here] for way in ("east", "north"))
    table = pd.DataFrame(
        {
            "edge": edge[cell],
            "track": paths["track"].to_numpy()[here],
            "part": paths["part"].to_numpy(np.int64)[here],
            "along": (east * ways[cell, 0] + north * ways[cell, 1]) // 1000,
            "moving": ((east != 0) | (north != 0)).astype(np.int64),
        }
    )
    sums = table.groupby(["edge", "track"], sort=True).agg(
        {"part": "min", "along": "sum", "moving": "sum"}
    )
    return sums.reset_index()


def _middle_cells(edges: gpd.GeoDataFrame, grid: Grid) -> tuple[Ints, Ints]:
    """Return, for each cell, the edge it lies at the middle of (or -1), its way."""
    every = np.arange(grid.rows * grid.columns)
    edge, ways = np.full(every.size, -1, np.int64), np.zeros((every.size, 2), np.int64)
    if edges.empty:
        return edge, ways
    reach_m = _REACH * grid.cell_m
    lines = edges.geometry.to_numpy()
    around = shapely.union_all(shapely.buffer(lines, 1.1 * reach_m))
    shapely.prepare(around)
    near = every[shapely.contains_xy(around, *grid.centre_of(every))]
    centres = shapely.points(*grid.centre_of(near))
    found, which = shapely.STRtree(lines).query_nearest(
        centres, max_distance=reach_m, all_matches=False
    )
    cell, line = near[found], lines[which]
    at_m, length = shapely.line_locate_point(line, centres[found]), shapely.length(line)
    inside = (at_m >= _MIDDLE[0] * length) & (at_m <= _MIDDLE[1] * length)
    half = np.minimum(grid.cell_m, length / 4)
    start, end = (
        shapely.get_coordinates(shapely.line_interpolate_point(line, at_m + shift))
        for shift in (-np.minimum(half, at_m), half)
    )
    run = end - start
    run /= np.maximum(np.hypot(*run.T), 1e-9)[:, None]
    edge[cell[inside]] = edges["edge"].to_numpy()[which[inside]]
    ways[cell[inside]] = np.rint(1000 * run[inside])
    return edge, ways


def _sums(
    seen: pd.DataFrame, way: NDArray[np.float64] | pd.Series, by: list[str]
) -> pd.DataFrame:
    """Return how many tracks there are, and how many each way."""
    counted = seen[by].assign(
        tracks=1,
        ahead_tracks=np.asarray(way > 0, dtype=np.int64),
        back_tracks=np.asarray(way < 0, dtype=np.int64),
    )
    return counted.groupby(by, sort=True).sum().astype(np.int64)


def _tracks_at(
    paths: pd.DataFrame, nodes: gpd.GeoDataFrame, grid: Grid
) -> gpd.GeoDataFrame:
    """Return the nodes with the tracks that come near."""
    entered = paths["cell"].to_numpy()
    cells = np.flatnonzero(np.bincount(entered, minlength=grid.rows * grid.columns))
    centres = shapely.points(*grid.centre_of(cells))
    node, near = shapely.STRtree(centres).query(
        nodes.geometry.to_numpy(), predicate="dwithin", distance=_REACH * grid.cell_m
    )
    pairs = pd.DataFrame({"at": node, "cell": cells[near]})
    close = np.zeros(grid.rows * grid.columns, dtype=bool)
    close[pairs["cell"]] = True
    here = paths.loc[close[entered], ["track", "cell"]]
    met = here.merge(pairs, on="cell")[["track", "at"]].drop_duplicates()
    tracks = np.bincount(met["at"].to_numpy(np.int64), minlength=len(nodes))
    counted: gpd.GeoDataFrame = nodes[["node", "name", "kind"]].assign(tracks=tracks)
    return counted.set_geometry(nodes.geometry)
