"""Cubes of space and time, and how unusual the surroundings of each bin are."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.analysis.hotspots.permutation import in_threads
from geo.analysis.hotspots.stats import (
    chance_of_sums,
    check_field,
    false_discovery,
    score_sums,
    two_sided_p,
)
from geo.errors import SchemaError
from geo.grid import Grid
from geo.kernels import lattice
from geo.schema import ALL_MONTHS

FEWEST_STEPS = 10
"""Fewest steps of time of which classes are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Gi* of every bin of a space-time cube.

    Parameters
    ----------
    z : (steps, rows, columns) float array
        Standard score; NaN off the mask.
    q : (steps, rows, columns) float array
        Chance, adjusted for all bins of the cube.
    state : (steps, rows, columns) int8 array
        1 hot, -1 cold, 0 neither.
    """

    z: NDArray[np.float64]
    q: NDArray[np.float64]
    state: NDArray[np.int8]


def stack_visits(visits: pd.DataFrame, grid: Grid) -> NDArray[np.int64]:
    """Return how many tracks passed each cell in each month, the first to the last.

    Parameters
    ----------
    visits
        `cell`, `month` and `tracks` as schema.VISITS says, on `grid`; rows of
        ALL_MONTHS are not used.
    grid
        Of the cells.

    Returns
    -------
    (months, rows, columns) int array
        0 where there is no row.

    Raises
    ------
    SchemaError
        If a column of visits is missing.
    ValueError
        If there are fewer than ten months, or a cell lies off the grid or comes
        twice in a month.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 2000, 1000, rows=2, columns=2)
    >>> visits = pd.DataFrame({"cell": [3, 0], "month": [0, 9], "tracks": [7, 8]})
    >>> stack_visits(visits, grid)[[0, 9]].tolist()
    [[[0, 0], [0, 7]], [[8, 0], [0, 0]]]
    """
    for name in ("cell", "month", "tracks"):
        if name not in visits:
            raise SchemaError(
                f"The table of visits has no column {name!r}; its columns are: "
                f"{', '.join(map(str, visits.columns))}."
            )
    rows = visits[visits["month"] != ALL_MONTHS]
    cell = rows["cell"].to_numpy(np.int64)
    month = rows["month"].to_numpy(np.int64)
    if ((cell < 0) | (cell >= grid.rows * grid.columns)).any():
        raise ValueError("a visit lies in a cell that the grid does not have")
    if rows.duplicated(["cell", "month"]).any():
        raise ValueError("a cell comes twice in a month; add visits up first")
    steps = int(month.max() - month.min()) + 1 if len(month) else 0
    if steps < FEWEST_STEPS:
        raise ValueError(
            f"there are {steps} months; emerging hotspots need at least {FEWEST_STEPS}"
        )
    cube = np.zeros((steps, grid.rows * grid.columns), np.int64)
    cube[month - month.min(), cell] = rows["tracks"]
    return cube.reshape(steps, *grid.shape)


def score_cube(
    cube: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
    back: int = 1,
    chance: str = "counts",
    correction: str = "fdr",
    alpha: float = 0.05,
) -> Cube:
    """Return Gi* of every bin against the whole cube.

    Parameters
    ----------
    cube : (steps, rows, columns) array
        A count or amount in each cell and step of time.
    mask : (rows, columns) bool array
        The cells that exist; by default all.
    ring, back
        Neighbours of a bin reach so many cells to each side, in its own step and in
        so many steps before; those before the first do not exist.
    chance
        ``"counts"``: as `geo.analysis.hotspots.stats.getis_ord_p`, for whole numbers.
        ``"normal"``: by the normal law, for amounts that are not skewed.
    correction
        ``"fdr"``, ``"by"`` or ``"none"``, over all bins.
    alpha
        Highest adjusted chance at which a bin is hot or cold.

    Raises
    ------
    ValueError
        If there are fewer than ten steps, the shapes do not fit, a parameter is
        out of range, or as `geo.analysis.hotspots.stats.getis_ord`.

    Examples
    --------
    >>> cube = np.ones((10, 6, 6))
    >>> cube[9, 1:4, 1:4] = 20
    >>> score_cube(cube).state[8:, 2]
    array([[0, 0, 0, 0, 0, 0],
           [0, 1, 1, 1, 0, 0]], dtype=int8)
    """
    every = np.ascontiguousarray(cube, dtype=np.float64)
    exists = np.ones(every.shape[1:], bool) if mask is None else np.asarray(mask, bool)
    if every.ndim != 3 or every.shape[1:] != exists.shape:
        raise ValueError(
            f"the cube has shape {every.shape} and the mask {exists.shape}; expected "
            "(steps, rows, columns) and (rows, columns)"
        )
    _check_parameters(
        len(every), ring=ring, back=back, chance=chance, correction=correction
    )
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; expected a rate between 0 and 1")
    known = every[:, exists]
    check_field(known.ravel())
    total, count = _space_time_sums(every, exists, ring=ring, back=back)
    score = score_sums(known.ravel(), total.ravel(), count.ravel())
    if chance == "counts":
        p = chance_of_sums(known.ravel(), total.ravel(), count.ravel())
    else:
        p = two_sided_p(score)
    if correction != "none":
        p = false_discovery(p, method="bh" if correction == "fdr" else "by")
    z, q = np.full((2, *every.shape), np.nan)
    z[:, exists], q[:, exists] = score.reshape(known.shape), p.reshape(known.shape)
    state = np.where(q <= alpha, np.sign(z), 0).astype(np.int8)
    return Cube(z, q, state)


def _check_parameters(
    steps: int, *, ring: int, back: int, chance: str, correction: str
) -> None:
    """Refuse what makes no cube."""
    if steps < FEWEST_STEPS:
        raise ValueError(
            f"there are {steps} steps; emerging hotspots need at least {FEWEST_STEPS}"
        )
    if ring < 1 or not 0 <= back < steps:
        raise ValueError(
            f"ring is {ring} and back is {back}; expected at least 1, and from 0 to "
            f"{steps - 1}"
        )
    if chance not in {"counts", "normal"}:
        raise ValueError(f"chance is {chance!r}; expected 'counts' or 'normal'")
    if correction not in {"fdr", "by", "none"}:
        raise ValueError(
            f"correction is {correction!r}; expected 'fdr', 'by' or 'none'"
        )


def _space_time_sums(
    cube: NDArray[np.float64], exists: NDArray[np.bool_], *, ring: int, back: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return sum and number of the neighbours of each bin of the mask, and itself."""
    steps = len(cube)
    square, size = np.empty(cube.shape), np.empty(cube.shape, np.int64)

    def sum_steps(begin: int, end: int) -> None:
        for step in range(begin, end):
            lattice.sum_rings(cube[step], exists, ring, square[step], size[step])

    in_threads(sum_steps, steps, chunk=4)
    one, many = square[:, exists], size[:, exists]
    total, count = one.copy(), many.copy()
    for lag in range(1, back + 1):
        total[lag:] += one[:-lag]
        count[lag:] += many[:-lag]
    return total, count
