"""Density along a network: how much there is per kilometre of rivers or trails."""

import math

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import expm_multiply

_PRECISION_M = 0.1  # ends closer than this are one
_PIECES = 5  # pieces of the network in a bandwidth, at least
_MOST_PIECES = 2_000_000
_CHUNK = 64  # nodes whose distances are held at a time


def network_density(
    x: ArrayLike,
    y: ArrayLike,
    *,
    lines: gpd.GeoDataFrame,
    bandwidth_m: float,
    reach_m: float,
    weights: ArrayLike | None = None,
) -> gpd.GeoDataFrame:
    """Spread points along a network, through its junctions and back from its ends.

    What lies on a river or a trail spreads along it and not over the hills beside it:
    two bends that are near as the crow flies do not share.

    Parameters
    ----------
    x, y : (n,) array
        Positions in the CRS of the lines, in metres.
    lines
        LineStrings or MultiLineStrings in a CRS in metres. Where they cross or touch
        they are joined.
    bandwidth_m
        Standard deviation of the kernel along a straight line.
    reach_m
        Points farther than this from every line are left out.
    weights : (n,) array
        How much each point counts; by default 1.

    Returns
    -------
    GeoDataFrame
        A row a piece of at most a fifth of a bandwidth: `line`, the row of `lines`
        that it is part of (the first, where several lie on one another), `per_km`,
        `points`, how many lie within two bandwidths of it along the network, and the
        piece.

    Raises
    ------
    ValueError
        If there is no line, a length or weight is out of range, lengths differ, or
        the network is so long that it would have more than two million pieces.

    Notes
    -----
    The heat kernel of the network (McSwiggan, Baddeley and Nair 2017, Scandinavian
    Journal of Statistics 44:324): a Gaussian on a line, of which each of d ways that
    meet gets 2/d, and which ends send back, so that nothing is lost. Finite volumes
    in space, an exact exponential in time; sharing a point between the ends of its
    piece widens the kernel by a sixth of the squared piece, which is taken off.

    Examples
    --------
    On one long line the density is that of a Gaussian: 1 / (sqrt(2 pi) 1 km).

    >>> lines = gpd.GeoSeries([shapely.LineString([(0, 0), (20_000, 0)])])
    >>> lines = gpd.GeoDataFrame(geometry=lines, crs="EPSG:32618")
    >>> found = network_density(
    ...     [10_000], [30], lines=lines, bandwidth_m=1000, reach_m=100
    ... )
    >>> float(found["per_km"].max().round(2)), int(found["points"].max())
    (0.4, 1)
    """
    places, weight = _points(x, y, weights)
    if not 0 < bandwidth_m < math.inf or not reach_m >= 0:
        raise ValueError(
            f"bandwidth_m is {bandwidth_m} and reach_m {reach_m}; expected metres"
        )
    pieces, owner = cut_network(lines, longest_m=bandwidth_m / _PIECES)
    node, ends = _nodes(pieces)
    length = shapely.length(pieces)
    tree = shapely.STRtree(pieces)
    at, piece = tree.query_nearest(places, max_distance=reach_m, all_matches=False)
    along = shapely.line_locate_point(pieces[piece], places[at]) / length[piece]
    laid = np.zeros(len(node))
    np.add.at(laid, ends[piece, 0], weight[at] * (1 - along))
    np.add.at(laid, ends[piece, 1], weight[at] * along)
    density = _diffuse(laid, ends, length, bandwidth_m=bandwidth_m)
    return gpd.GeoDataFrame(
        {
            "line": owner,
            "per_km": 1000 * density[ends].mean(axis=1),
            "points": _count_near(
                ends[piece, 0], ends, length, reach_m=2 * bandwidth_m
            ),
        },
        geometry=pieces,
        crs=lines.crs,
    )


def cut_network(
    lines: gpd.GeoDataFrame, *, longest_m: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Cut lines where they meet, and into pieces of a bounded length.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings in a CRS in metres.
    longest_m
        Longest piece.

    Returns
    -------
    pieces : (m,) array of LineString
        Each ends where others may begin; none comes twice.
    line : (m,) int64 array
        Row of `lines` that each is part of; the first, where several are.

    Raises
    ------
    ValueError
        If there is no line of any length, or there would be too many pieces.
    """
    shapes = shapely.set_precision(lines.geometry.to_numpy(), _PRECISION_M)
    noded = shapely.get_parts(shapely.node(shapely.union_all(shapes)))
    noded = noded[shapely.length(noded) > 0]
    if not len(noded):
        raise ValueError("the network has no line of any length")
    if shapely.length(noded).sum() / longest_m > _MOST_PIECES:
        raise ValueError(
            f"the network would have more than {_MOST_PIECES:,} pieces of "
            f"{longest_m:g} m; choose a wider bandwidth"
        )
    noded = noded[np.argsort(shapely.to_wkb(shapely.normalize(noded)))]
    number = np.ceil(shapely.length(noded) / longest_m).astype(np.int64)
    whole = np.repeat(np.arange(len(noded)), number)
    step = np.arange(len(whole)) - np.repeat(np.cumsum(number) - number, number)
    span = shapely.length(noded)[whole] / number[whole]
    pieces = np.array(
        [
            _part(noded[line], begin, end)
            for line, begin, end in zip(
                whole, step * span, (step + 1) * span, strict=True
            )
        ],
        dtype=object,
    )
    middle = shapely.line_interpolate_point(noded, 0.5, normalized=True)
    at, row = shapely.STRtree(shapes).query_nearest(middle, all_matches=True)
    owner = np.full(len(noded), len(shapes), np.int64)
    np.minimum.at(owner, at, row)
    return pieces, owner[whole]


def _points(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike | None
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return points and their weights, or refuse them."""
    px, py = np.asarray(x, np.float64), np.asarray(y, np.float64)
    weight = np.ones(len(px)) if weights is None else np.asarray(weights, np.float64)
    if not px.shape == py.shape == weight.shape:
        raise ValueError("x, y and weights differ in length")
    if not (np.isfinite(px) & np.isfinite(py)).all():
        raise ValueError("a position is not a finite number")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError("a weight is negative or missing")
    return shapely.points(px, py), weight


def _part(line: shapely.LineString, begin: float, end: float) -> shapely.LineString:
    """Return the part of a line between two distances from its start."""
    places = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.hypot(*np.diff(places, axis=0).T).cumsum()])
    # Both pieces at a cut get its very coordinates, so that they share a node.
    cut = [np.interp([begin, end], along, side) for side in places.T]
    inner = places[(along > begin) & (along < end)]
    return shapely.LineString(
        np.vstack([*np.stack(cut, axis=1)[:1], inner, np.stack(cut, axis=1)[1:]])
    )


def _nodes(pieces: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return where pieces end, and the two ends of each."""
    first = shapely.get_coordinates(shapely.get_point(pieces, 0))
    last = shapely.get_coordinates(shapely.get_point(pieces, -1))
    grid = np.rint(np.concatenate([first, last]) / (_PRECISION_M / 10))
    node, number = np.unique(grid, axis=0, return_inverse=True)
    return node, number.reshape(2, -1).T


def _count_near(
    at: NDArray[np.intp],
    ends: NDArray[np.intp],
    length: NDArray[np.float64],
    *,
    reach_m: float,
) -> NDArray[np.int64]:
    """Return how many points lie within reach of each piece, along the network.

    From one end of the piece of a point to the farther end of the other: to a piece,
    that is exact enough for a number that says how much stands behind a value.
    """
    size = int(ends.max()) + 1
    graph = sparse.coo_array((length, (ends[:, 0], ends[:, 1])), shape=(size, size))
    many = np.bincount(at, minlength=size)
    sources = np.flatnonzero(many)
    near = np.zeros(size, np.int64)
    for begin in range(0, len(sources), _CHUNK):
        some = sources[begin : begin + _CHUNK]
        away = csgraph.dijkstra(
            graph.tocsr(), directed=False, indices=some, limit=reach_m
        )
        near += (np.isfinite(away) * many[some][:, None]).sum(axis=0)
    least: NDArray[np.int64] = near[ends].min(axis=1)
    return least


def _diffuse(
    laid: NDArray[np.float64],
    ends: NDArray[np.intp],
    length: NDArray[np.float64],
    *,
    bandwidth_m: float,
) -> NDArray[np.float64]:
    """Return the density at each node, per metre, after heat has spread."""
    size = len(laid)
    a, b = ends.T
    room = np.bincount(ends.ravel(), np.repeat(length / 2, 2), minlength=size)
    # Along a closed piece, which ends where it begins, nothing flows.
    flow = np.where(a == b, 0.0, 1 / length)
    scale = 1 / np.sqrt(room)
    both = flow * scale[a] * scale[b]
    out = np.bincount(ends.ravel(), np.repeat(flow, 2), minlength=size) * scale**2
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    matrix = sparse.csr_array(
        (np.concatenate([both, both]), (rows, columns)), shape=(size, size)
    ) - sparse.diags_array(out)
    widened = (length**2 * length).sum() / (6 * length.sum())
    time = max(bandwidth_m**2 - widened, 0.0) / 2
    spread = expm_multiply(matrix * time, laid * scale)
    density: NDArray[np.float64] = np.maximum(spread, 0.0) * scale
    return density
