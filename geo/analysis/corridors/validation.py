"""How well a surface tells where tracks go that it has not seen.

A surface says of each cell how likely tracks are to pass it. It is scored at the cells
that other tracks entered. Each of these has one vote, however long it is and however
often it reported, so a score is a mean over tracks, and its interval comes from
drawing tracks again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from geo.grid import Surface
from geo.kernels.draws import mixed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Words = NDArray[np.uint64]

FLOOR = 0.01
"""Share of a prediction that is spread evenly, so that no cell is impossible."""

SMOOTHING = 0.75
"""Standard deviation, in cells, of what is smoothed before corridors are outlined."""

_WINDOWS = 101  # positions of the moving window of Boyce's index
_WIDTH = 0.1  # its width, in parts of the whole range


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """Which cells some tracks entered.

    Parameters
    ----------
    track
        Number of the track, from 0 without a gap, of each pair; sorted.
    cell
        Number of the cell; a track has each of its cells once.
    """

    track: Ints
    cell: Ints

    @property
    def tracks(self) -> int:
        """How many tracks there are."""
        return int(self.track[-1]) + 1 if self.track.size else 0

    def mean_of(self, values: Floats) -> Floats:
        """Return for each track the mean of the values in its cells.

        Examples
        --------
        >>> two = Entered(np.array([0, 0, 1]), np.array([0, 1, 1]))
        >>> two.mean_of(np.array([1.0, 0.0])).tolist()
        [0.5, 0.0]
        """
        total = np.bincount(self.track, values.ravel()[self.cell], self.tracks)
        entered = np.bincount(self.track, minlength=self.tracks)
        return np.asarray(total / np.maximum(entered, 1))


def rank_cells(surface: Surface, ground: Mask) -> Floats:
    """Return for each cell the share of the ground that it surpasses, ties by halves.

    The mean of it over the cells that tracks entered is the area under the ROC curve
    (AUC): the chance that such a cell has a higher value than one of the ground.

    Parameters
    ----------
    surface
        The higher, the likelier; NaN counts as lowest.
    ground : (rows, columns) bool array
        Cells to compare with; those off it have rank 0.

    Returns
    -------
    (rows * columns,) float array
        Between 0 and 1.

    Raises
    ------
    ValueError
        If there is no ground, or it has another shape.

    Notes
    -----
    Hanley and McNeil 1982, Radiology 143:29: AUC is the statistic of Wilcoxon, in
    which a tie counts as one half.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=4)
    >>> surface = Surface(grid, np.array([[7.0, np.nan, 2, 2]]), "s", "1")
    >>> rank_cells(surface, np.ones((1, 4), bool)).tolist()
    [0.875, 0.125, 0.5, 0.5]
    """
    values, on = _on_ground(surface, ground)
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.zeros(ground.size)
    ranks[on] = ((np.cumsum(count) - count / 2) / values.size)[place]
    return ranks


def best_cells(surface: Surface, ground: Mask, *, cells: float) -> Floats:
    """Return the part of each cell that belongs to the best so many cells.

    Where cells are equal at the edge, each of them belongs in part, so that the area
    is the same for every surface.

    Parameters
    ----------
    surface, ground
        As of `rank_cells`.
    cells
        How many; more than the ground has means all of it.

    Returns
    -------
    (rows * columns,) float array
        1 inside, 0 outside, between for the equal ones.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=4)
    >>> surface = Surface(grid, np.array([[7.0, np.nan, 2, 2]]), "s", "1")
    >>> best_cells(surface, np.ones((1, 4), bool), cells=2).tolist()
    [1.0, 0.0, 0.5, 0.5]
    """
    values, on = _on_ground(surface, ground)
    number = float(np.clip(cells, 0.0, values.size))
    inside = np.zeros(ground.size)
    if number == 0:
        return inside
    last = values.size - int(np.ceil(number))
    edge = np.partition(values, last)[last]
    above, equal = values > edge, values == edge
    share = (number - np.count_nonzero(above)) / np.count_nonzero(equal)
    inside[on] = np.where(above, 1.0, np.where(equal, share, 0.0))
    return inside


def corridor_cells(
    movement: Surface, *, support: Surface, fewest: int, level: float
) -> Mask:
    """Return the smallest set of cells that holds a share of the movement.

    As `geo.analysis.corridors.outlines.outline_corridors` does before it draws: cells
    with fewer tracks are left out, and the rest is smoothed a little.

    Parameters
    ----------
    movement
        Movement in each cell.
    support, fewest
        Distinct tracks behind each cell, and the fewest that count.
    level
        The share, between 0 and 1.

    Returns
    -------
    (rows, columns) bool array
        Empty where nothing moved.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 90, 10, rows=9, columns=9)
    >>> values = np.zeros((9, 9))
    >>> values[4] = 1.0
    >>> many = Surface(grid, values * 20, "support", "tracks")
    >>> moved = Surface(grid, values, "movement", "1")
    >>> corridor_cells(moved, support=many, fewest=10, level=0.5).sum(axis=1).tolist()
    [0, 0, 0, 0, 9, 0, 0, 0, 0]
    """
    counted = (support.values >= fewest) & (movement.values > 0)
    inside = np.zeros(movement.grid.shape, bool)
    if not counted.any():
        return inside
    values = np.where(counted, movement.values, 0.0)
    rows, columns = (np.flatnonzero(counted.any(axis=axis)) for axis in (1, 0))
    # Nothing of it reaches further than four standard deviations.
    around = (
        slice(max(rows[0] - 4, 0), rows[-1] + 5),
        slice(max(columns[0] - 4, 0), columns[-1] + 5),
    )
    smooth = ndimage.gaussian_filter(values[around], SMOOTHING, mode="constant")
    falling = np.sort(smooth, axis=None)[::-1]
    running = np.cumsum(falling)
    edge = falling[np.searchsorted(running, level * running[-1])]
    inside[around] = smooth >= edge
    return inside


def log_gain(surface: Surface, ground: Mask) -> Floats:
    """Return how much likelier than by chance each cell is, as a logarithm.

    Its mean over the cells of held-out tracks is a proper score: the surface that
    knows the true shares has the highest. One that knows nothing has 0.

    Parameters
    ----------
    surface
        An amount in each cell; NaN and below 0 count as none.
    ground
        As of `rank_cells`.

    Returns
    -------
    (rows * columns,) float array
        In nats. One hundredth of the prediction is spread evenly over the ground;
        cells off it are as unlikely as the least likely on it.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=2)
    >>> ground = np.ones((1, 2), bool)
    >>> log_gain(Surface(grid, np.array([[3.0, 3.0]]), "s", "1"), ground).tolist()
    [0.0, 0.0]
    """
    values, on = _on_ground(surface, ground)
    amount = np.where(np.isfinite(values) & (values > 0), values, 0.0)
    total = amount.sum()
    share = amount / total if total > 0 else np.full(amount.size, 1 / amount.size)
    gain = np.full(ground.size, np.log(FLOOR))
    gain[on] = np.log((1 - FLOOR) * share * amount.size + FLOOR)
    return gain


def boyce_index(ranks: Floats, entered: Entered, ground: Mask) -> float:
    """Return Boyce's continuous index: whether better cells are entered more often.

    Parameters
    ----------
    ranks
        Of `rank_cells`.
    entered
        The cells of held-out tracks.
    ground
        As of `rank_cells`.

    Returns
    -------
    float
        Between -1 and 1, 0 by chance; NaN where there are too few different values.

    Notes
    -----
    Boyce et al. 2002, Ecological Modelling 157:281; with a moving window Hirzel et
    al. 2006, Ecological Modelling 199:142: the rank correlation between the value and
    the ratio of what was entered to what there is. Most of a region is never entered,
    so the window does not move along the values, but along the logarithm of the share
    of ground that is as good or better.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=500)
    >>> rising = Surface(grid, np.arange(500.0)[None], "s", "1")
    >>> ground = np.ones((1, 500), bool)
    >>> track = np.repeat(np.arange(10), 50)
    >>> entered = Entered(track, 499 - (np.arange(500) % 50) ** 2 // 6)
    >>> boyce_index(rank_cells(rising, ground), entered, ground) > 0.9
    True
    """
    on = ground.ravel()
    depth = -np.log(np.maximum(1.0 - ranks, 0.5 / np.count_nonzero(on)))
    length = np.bincount(entered.track, minlength=entered.tracks)
    weight = 1.0 / length[entered.track]
    there, seen = depth[on], depth[entered.cell]
    low, high = float(there.min()), float(there.max())
    if not (high > low and seen.size):
        return float("nan")
    half = _WIDTH * (high - low) / 2
    middles = np.linspace(low + half, high - half, _WINDOWS)
    of_ground = _in_windows(there, np.ones(there.size), middles, half) / there.size
    of_seen = _in_windows(seen, weight, middles, half) / weight.sum()
    full = of_ground > 0
    ratio, place = of_seen[full] / of_ground[full], middles[full]
    # Windows that repeat their neighbour tell nothing new.
    fresh = np.diff(ratio, prepend=np.nan) != 0
    if np.count_nonzero(fresh) < 3 or np.ptp(ratio[fresh]) == 0:
        return float("nan")
    return float(stats.spearmanr(place[fresh], ratio[fresh]).statistic)


def draw_again(keys: Words, values: Floats, *, draws: int, seed: int = 0) -> Floats:
    """Return means over tracks that were drawn again, a row a draw.

    Parameters
    ----------
    keys
        A number of each track, at random; what a track weighs in a draw depends on
        its key and the draw alone, so neither order nor names of tracks matter.
    values : (tracks, n) float array
        Scores of each track.
    draws
        How often.
    seed
        Of the draws.

    Returns
    -------
    (draws, n) float array
        A row of NaN where no track was drawn.

    Notes
    -----
    The Poisson bootstrap: each track counts as often as a Poisson number with mean 1
    says (Chamandy et al. 2012, Estimating uncertainty for massive data streams).

    Examples
    --------
    >>> keys = np.arange(400, dtype=np.uint64)
    >>> drawn = draw_again(keys, np.ones((400, 2)), draws=3)
    >>> drawn.tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """
    means = np.full((draws, values.shape[1]), np.nan)
    for draw in range(draws):
        weight = poisson_weights(keys, draw=draw, seed=seed)
        if weight.any():
            means[draw] = (weight[:, None] * values).sum(axis=0) / weight.sum()
    return means


def poisson_weights(keys: Words, *, draw: int, seed: int = 0) -> Ints:
    """Return how often each key counts in a draw: Poisson with mean 1.

    Examples
    --------
    >>> weights = poisson_weights(np.arange(100_000, dtype=np.uint64), draw=1)
    >>> [round(float(moment), 2) for moment in (weights.mean(), weights.var())]
    [1.0, 1.0]
    """
    salt = mixed(np.array([seed * 1_000_003 + draw + 1], np.uint64))
    chance = (mixed(keys ^ salt) >> np.uint64(11)) * 2.0**-53
    upto = np.cumsum(np.exp(-1) / np.array([1, 1, 2, 6, 24, 120, 720, 5040, 40320.0]))
    return np.searchsorted(upto, chance, side="right").astype(np.int64)


def jaccard(one: Mask, other: Mask) -> float:
    """Return how much two sets of cells agree: what they share of what either has.

    Examples
    --------
    >>> jaccard(np.array([True, True, False]), np.array([True, False, False]))
    0.5
    """
    either = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / either) if either else 1.0


def _on_ground(surface: Surface, ground: Mask) -> tuple[Floats, Mask]:
    """Return the values on the ground, and the ground, flat."""
    if ground.shape != surface.grid.shape or not ground.any():
        raise ValueError(
            f"the ground has shape {ground.shape} and {np.count_nonzero(ground)} "
            f"cells; expected {surface.grid.shape} and some"
        )
    on = ground.ravel()
    values = surface.values.ravel()[on].astype(np.float64)
    return np.where(np.isnan(values), -np.inf, values), on


def _in_windows(
    places: Floats, weights: Floats, middles: Floats, half: float
) -> Floats:
    """Return the weight of what lies in each window."""
    order = np.argsort(places, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(weights[order])])
    ordered = places[order]
    upto = np.searchsorted(ordered, middles + half, side="right")
    before = np.searchsorted(ordered, middles - half, side="left")
    return np.asarray(running[upto] - running[before])
