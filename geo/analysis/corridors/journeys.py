"""Journeys along the route network: how long they took, and by boat or on foot."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.corridors.along import (
    REACH,
    Along,
    at_middle,
    cells_along,
    cells_around,
)
from geo.analysis.corridors.network import Network
from geo.engine import cut_evenly, map_parts, workers
from geo.grid import Grid
from geo.kernels.trails import (
    ALL_M,
    FAST_M,
    RIVER_M,
    SEA_M,
    Ground,
    Trail,
    Visits,
    follow_edges,
    read_ways,
    visit_nodes,
)
from geo.trails import PER_CELL

LONGEST_SILENCE_H = 24.0
"""A night without a word belongs to a journey, more than a day does not."""

FASTEST_FOOT_KMH = 7.0
"""Whoever covers most of a line faster than this goes by boat, or drives."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Found = TypeVar("Found")


class Journeys(NamedTuple):
    """What the trails of tracks tell about the edges of a network.

    Parameters
    ----------
    ways
        A row for each track that was seen on the middle half of an edge: `edge`,
        `track`, `second` (when it was first seen there, since 1970, UTC), `foot` and
        `boat`, whether it moved by these.
    times
        A row for each track that went along a whole edge: `edge`, `track`, `ahead`
        (whether from its first node to its last), `hours` from the one to the other,
        `moving_hours` without stops. The first journey each way.
    """

    ways: pd.DataFrame
    times: pd.DataFrame


def read_journeys(
    trails: pd.DataFrame,
    network: Network,
    *,
    grid: Grid,
    land: NDArray[np.bool_],
    rivers: gpd.GeoDataFrame,
) -> Journeys:
    """Follow trails along the edges of a network.

    Parameters
    ----------
    trails
        Of `geo.trails.make_trails`.
    network
        Of `make_network`, in the CRS of the grid.
    grid
        That of the trails.
    land : (rows, columns) bool array
        Which cells lie on land.
    rivers
        Lines, with `precision_m`.

    Notes
    -----
    *Times.* A track is at a node from the moment it comes nearest to it, within three
    cells, or begins to rest there if that is earlier, to the moment it is nearest or
    ends its rest. Between fixes at most an hour apart the straight line is followed.
    A journey leads from one node of an edge to the other, if at least half of what is
    seen of it lies nearer to that edge than to any other, and within three cells, and
    some of it on the middle half. It may hold silences of up to a day: without those
    who switch off at night, only the quick would be timed. The time between two trips
    is not spent moving; a rest in a shorter silence cannot be known as one, and is.

    *Means.* A track goes by boat on an edge if at least half of its observed way on
    the middle half of it is off land, or else is covered faster than 7 km/h within
    the precision of a mapped river, or both together; on foot if less than half is
    fast and less than half off land. Who is neither drives. A road along a river
    cannot be told from the river.

    Examples
    --------
    A boat takes 20 minutes for 10 km of sea.

    >>> from geo.analysis.corridors.network import make_network
    >>> grid = Grid("EPSG:32618", 0, 500, 500, rows=1, columns=21)
    >>> way = shapely.LineString([(0, 250), (10_000, 250)])
    >>> empty = gpd.GeoDataFrame({"kind": [], "name": []}, geometry=[])
    >>> network = make_network(
    ...     gpd.GeoDataFrame(geometry=[way]), targets=empty, places=empty
    ... )
    >>> trails = pd.DataFrame({"track": 7, "second": [0, 1200], "east": [0, 200]})
    >>> trails = trails.assign(south=5, begins=[True, False], rests=False)
    >>> sea = np.zeros(grid.shape, dtype=bool)
    >>> ways, times = read_journeys(
    ...     trails, network, grid=grid, land=sea, rivers=empty
    ... )
    >>> ways[["second", "foot", "boat"]].values.tolist()
    [[315, False, True]]
    >>> times[["ahead", "hours"]].round(2).values.tolist()
    [[True, 0.33]]
    """
    along = cells_along(network.edges.geometry, grid, reach=REACH)
    ground = _ground(along, network, grid, _water(along, grid, land, rivers))
    trail = Trail(
        trails["begins"].to_numpy(bool),
        trails["rests"].to_numpy(bool),
        trails["second"].to_numpy(np.int64),
        trails["east"].to_numpy(np.float64) / PER_CELL,
        trails["south"].to_numpy(np.float64) / PER_CELL,
    )
    track = trails["track"].to_numpy(np.int64)
    number = network.edges["edge"].to_numpy()
    ways = _ways(trail, track, ground, grid, edges=number.size)
    times = _times(trail, track, ground, grid, network)
    return Journeys(
        ways.assign(edge=number[ways["edge"]]), times.assign(edge=number[times["edge"]])
    )


def _water(
    along: Along, grid: Grid, land: NDArray[np.bool_], rivers: gpd.GeoDataFrame
) -> NDArray[np.int8]:
    """Return 2 for the cells off land, 1 for those near a river, 0 for the others."""
    water = np.where(land.ravel()[along.cell], 0, 2).astype(np.int8)
    if rivers.empty or not along.cell.size:
        return water
    centres = shapely.points(*grid.centre_of(along.cell))
    precision_m = rivers["precision_m"].to_numpy(np.float64) + grid.cell_m
    tree = shapely.STRtree(centres)
    for reach_m in np.unique(precision_m):
        shapes = rivers.geometry.to_numpy()[precision_m == reach_m]
        _, near = tree.query(shapes, predicate="dwithin", distance=reach_m)
        water[near] = np.maximum(water[near], 1)
    return water


def _ground(
    along: Along, network: Network, grid: Grid, water: NDArray[np.int8]
) -> Ground:
    """Return what lies in each cell of the grid."""
    size = grid.rows * grid.columns
    edge, near = np.full(size, -1, np.int64), np.zeros(size, np.int8)
    middle = np.zeros(size, dtype=bool)
    edge[along.cell], near[along.cell] = along.line, water
    middle[along.cell] = at_middle(along, network.edges.geometry)
    # A place within reach lies in a cell whose middle is at most half a cell off.
    centres = network.nodes.geometry
    row, cell = cells_around(centres, grid, reach_m=(REACH + 0.8) * grid.cell_m)
    order = np.lexsort((row, cell))
    first = np.searchsorted(cell[order], np.arange(size + 1)).astype(np.int64)
    return Ground(edge, middle, near, first, row[order])


def _ways(
    trail: Trail, track: Ints, ground: Ground, grid: Grid, *, edges: int
) -> pd.DataFrame:
    """Return how each track moved on each edge."""
    fastest = FASTEST_FOOT_KMH / 3.6 / grid.cell_m

    def read(rows: slice) -> tuple[Ints, Ints, Floats]:
        here = _rows_of(trail, rows)
        room, count = max(1024, here.second.size), -1
        while count < 0:
            pairs, when = np.zeros((room, 2), np.int64), np.zeros(room, np.int64)
            ways, slot = np.zeros((room, 4)), np.full(edges, -1, np.int64)
            count = read_ways(
                here, track[rows], ground, grid.shape, fastest, slot, pairs, when, ways
            )
            room *= 2
        return pairs[:count].copy(), when[:count].copy(), ways[:count].copy()

    pairs, when, ways = map(np.concatenate, zip(*_by_track(read, track), strict=True))
    half = ways[:, ALL_M] / 2
    moved = half > 0
    fast, afloat = ways[:, FAST_M] >= half, ways[:, SEA_M] >= half
    on_river = np.minimum(ways[:, RIVER_M] + ways[:, SEA_M], ways[:, ALL_M]) >= half
    return pd.DataFrame(
        {
            "edge": pairs[:, 1],
            "track": pairs[:, 0],
            "second": when,
            "foot": moved & ~fast & ~afloat,
            "boat": moved & (afloat | on_river),
        }
    )


def _rows_of(trail: Trail, rows: slice) -> Trail:
    return Trail(
        trail.begins[rows],
        trail.rests[rows],
        trail.second[rows],
        trail.u[rows],
        trail.v[rows],
    )


def _by_track(read: Callable[[slice], Found], track: Ints) -> list[Found]:
    """Return what is read of the rows of some tracks after those of others."""
    first = np.flatnonzero(np.diff(track, prepend=track[:1] ^ 1))
    begin = np.append(first, track.size)
    rows = [slice(begin[piece.start], begin[piece.stop]) for piece in cut_evenly(begin)]
    with workers() as pool:
        return map_parts(read, rows or [slice(0, 0)], executor=pool)


def _times(
    trail: Trail, track: Ints, ground: Ground, grid: Grid, network: Network
) -> pd.DataFrame:
    """Return how long each track took along each edge, the first time each way."""
    visits = _visits(trail, track, ground, grid, network.nodes)
    made = _between(visits.assign(track=track[visits["first"]]), network)
    when = made[["depart", "arrive"]].to_numpy(np.float64)
    found = np.zeros((len(made), 5))
    rows = made[["edge", "first", "last"]].to_numpy(np.int64)

    def follow(some: slice) -> None:
        follow_edges(trail, ground, grid.shape, rows[some], when[some], found[some])

    with workers() as pool:
        map_parts(follow, cut_evenly(np.arange(len(made) + 1)), executor=pool)
    seen, near, middle, rest_s, silence_s = found.T
    lasts_s = when[:, 1] - when[:, 0]
    made = made.assign(
        track=track[rows[:, 1]],
        hours=lasts_s / 3600,
        moving_hours=(lasts_s - rest_s) / 3600,
    )
    known = silence_s <= 3600 * LONGEST_SILENCE_H
    whole = made[(near >= seen / 2) & (middle > 0) & known].sort_values(
        ["edge", "track", "ahead", "depart"], ignore_index=True
    )
    whole = whole.drop_duplicates(["edge", "track", "ahead"], ignore_index=True)
    return whole[["edge", "track", "ahead", "hours", "moving_hours"]]


def _visits(
    trail: Trail, track: Ints, ground: Ground, grid: Grid, nodes: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return a row for each visit of a track to a node."""
    x, y = nodes.geometry.x.to_numpy(), nodes.geometry.y.to_numpy()
    places = np.column_stack([x - grid.west, grid.north - y]) / grid.cell_m
    many = len(nodes)

    def read(rows: slice) -> tuple[Ints, Floats]:
        here = _rows_of(trail, rows)
        room, count = max(1024, here.second.size), -1
        while count < 0:
            visits = Visits(
                rows=np.zeros((room, 3), np.int64),
                when=np.zeros((room, 2)),
                since=np.full(many, -1, np.int64),
                met=np.zeros(many, np.int64),
                best=np.zeros((many, 4)),
                going=np.zeros(many, np.int64),
                state=np.zeros(3, np.int64),
            )
            count = visit_nodes(here, ground, grid.shape, places, REACH, visits)
            room *= 2
        before = np.array([rows.start, 0, rows.start])
        return visits.rows[:count] + before, visits.when[:count]

    found, when = map(np.concatenate, zip(*_by_track(read, track), strict=True))
    last, node, first = found.T
    arrive, depart = when.T
    return pd.DataFrame(
        {"node": node, "first": first, "last": last, "arrive": arrive, "depart": depart}
    )


def _between(visits: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Return a row for each way from one node of an edge to its other node.

    Between the two visits there is none to either.
    """
    edges = network.edges
    place = {node: n for n, node in enumerate(network.nodes["node"])}
    ends = pd.DataFrame(
        {
            "edge": np.tile(np.arange(len(edges)), 2),
            "node": [place[n] for end in ("from_node", "to_node") for n in edges[end]],
            "ahead": np.repeat([False, True], len(edges)),
        }
    )
    open_ = (edges["from_node"] != edges["to_node"]).to_numpy()
    ends = ends[open_[ends["edge"]]]
    met = visits.merge(ends, on="node").sort_values(
        ["edge", "track", "arrive", "ahead"], ignore_index=True
    )
    before = met.shift(1)
    new = (
        (met["edge"] == before["edge"])
        & (met["track"] == before["track"])
        & (met["node"] != before["node"])
        & (met["arrive"] > before["depart"])
    )
    return pd.DataFrame(
        {
            "edge": met["edge"][new],
            "ahead": met["ahead"][new],
            "first": before["first"][new],
            "last": met["last"][new],
            "depart": before["depart"][new],
            "arrive": met["arrive"][new],
        }
    ).reset_index(drop=True)
