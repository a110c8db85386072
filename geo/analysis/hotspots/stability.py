"""Stability: whether cells stay hot or cold on other grids than the published one."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.hotspots.cells import kind_of, score_cells
from geo.frames import on_processors
from geo.grid import Grid
from geo.kernels.paths import count_entered
from geo.kernels.rows import sealed

STABLE_PCT = 75.0
"""Share of the grids, in percent, on which a cell must be hot to be called stable."""

Variant = tuple[int, int, int]


def grid_variants(side: int) -> list[Variant]:
    """Return sizes and offsets of the grids that are tried, in fine cells.

    Parameters
    ----------
    side
        Of a published cell.

    Returns
    -------
    list of (side, down, right)
        Two sizes, that of the published cells and half as large again, each with
        four offsets: none, half a cell down, half a cell to the right, and both. The
        first is the published grid. Cells of one or two fine cells have fewer.

    Examples
    --------
    >>> grid_variants(8)[:5]
    [(8, 0, 0), (8, 0, 4), (8, 4, 0), (8, 4, 4), (12, 0, 0)]
    >>> grid_variants(1)
    [(1, 0, 0), (2, 0, 0), (2, 0, 1), (2, 1, 0), (2, 1, 1)]
    """
    if side < 1:
        raise ValueError(f"side is {side}; expected at least 1")
    variants = [
        (size, down, right)
        for size in (side, side + (side + 1) // 2)
        for down in (0, size // 2)
        for right in (0, size // 2)
    ]
    return list(dict.fromkeys(variants))


def count_tracks(
    paths: pd.DataFrame, grid: Grid, *, variant: Variant
) -> tuple[Grid, NDArray[np.int64]]:
    """Return a coarser grid and how many distinct tracks entered each of its cells.

    Parameters
    ----------
    paths
        Distinct pairs of `track` and `cell` on `grid`, the rows of a track side by
        side.
    grid
        The fine grid.
    variant
        Of `grid_variants`.

    Returns
    -------
    Grid
        Its north-western corner lies outside `grid` by the offset.
    (rows, columns) int64 array

    Examples
    --------
    >>> fine = Grid("EPSG:32618", 0, 400, 100, rows=4, columns=4)
    >>> paths = pd.DataFrame({"track": [1, 1, 2], "cell": [0, 1, 5]})
    >>> coarse, tracks = count_tracks(paths, fine, variant=(2, 1, 1))
    >>> tracks.tolist(), coarse.west, coarse.north
    ([[1, 1, 0], [0, 1, 0], [0, 0, 0]], -100, 500)
    """
    side, down, right = variant
    coarse = Grid(
        crs=grid.crs,
        west=grid.west - right * grid.cell_m,
        north=grid.north + down * grid.cell_m,
        cell_m=side * grid.cell_m,
        rows=-(-(grid.rows + down) // side),
        columns=-(-(grid.columns + right) // side),
    )
    row, column = (
        ((np.arange(size, dtype=np.int32) + offset) // side)
        for size, offset in ((grid.rows, down), (grid.columns, right))
    )
    within = np.add.outer(row * np.int32(coarse.columns), column).ravel()
    tracks = np.zeros(coarse.shape, np.int64)
    count_entered(
        sealed(paths["track"], np.int64),
        sealed(paths["cell"], np.int32),
        within,
        np.full(tracks.size, -1, np.int32),
        tracks.reshape(-1),
    )
    return coarse, tracks


def stable_share(
    cell: NDArray[np.int64],
    kind: NDArray[np.str_],
    cells: Grid,
    *,
    paths: pd.DataFrame,
    grid: Grid,
    land: NDArray[np.bool_] | None = None,
    correction: str = "fdr",
    chances: str = "exact",
    alpha: float = 0.05,
) -> NDArray[np.float64]:
    """Return the share of all grids that say the same of each cell, in percent.

    Where cells begin and how large they are is a choice, and another choice would
    make other cells hot (the modifiable areal unit problem: Openshaw 1984). So the
    test is repeated on the grids of `grid_variants`. A grid says the same of a cell
    if at least half of its ground lies in cells that are hot, or cold, or neither,
    as it is.

    Parameters
    ----------
    cell, kind : (n,) arrays
        The published cells, and what they are: "hot", "cold" or "none".
    cells, grid
        The grid of the published cells, and the fine grid, whose corner is the same.
    paths
        As for `count_tracks`.
    land : (rows, columns) bool array
        Fine cells that people can reach on foot; by default all.
    correction, chances, alpha
        As for `geo.analysis.hotspots.cells.find_hotspots`.

    Returns
    -------
    (n,) float array
        Of eight grids, a multiple of 12.5. The published grid is one of them.

    Raises
    ------
    ValueError
        If the published cells are not made of whole cells of the fine grid.
    """
    side = round(cells.cell_m / grid.cell_m)
    if (cells.west, cells.north) != (grid.west, grid.north) or (
        side * grid.cell_m != cells.cell_m
    ):
        raise ValueError("the published cells do not consist of cells of the fine grid")
    variants = grid_variants(side)

    def agrees(variant: Variant) -> NDArray[np.bool_]:
        coarse, tracks = count_tracks(paths, grid, variant=variant)
        entered = np.flatnonzero(tracks)
        z, q = score_cells(
            entered,
            tracks.ravel()[entered],
            coarse,
            land=None if land is None else _ground(land, coarse, variant=variant),
            correction=correction,
            chances=chances,
        )
        found = np.full(coarse.rows * coarse.columns, "none", dtype="<U4")
        found[entered] = kind_of(z, q, alpha=alpha)
        return _agrees(found, coarse, cell=cell, kind=kind, cells=cells)

    same = np.stack(on_processors(agrees, variants)).sum(axis=0)
    share: NDArray[np.float64] = 100 * same / len(variants)
    return share


def _ground(
    land: NDArray[np.bool_], coarse: Grid, *, variant: Variant
) -> NDArray[np.bool_]:
    """Return which cells of a coarser grid hold a fine cell on land."""
    side, down, right = variant
    whole = np.zeros((coarse.rows * side, coarse.columns * side), bool)
    rows, columns = land.shape
    whole[down : down + rows, right : right + columns] = land
    blocks = whole.reshape(coarse.rows, side, coarse.columns, side)
    ground: NDArray[np.bool_] = np.any(blocks, axis=(1, 3))
    return ground


def _agrees(
    found: NDArray[np.str_],
    coarse: Grid,
    *,
    cell: NDArray[np.int64],
    kind: NDArray[np.str_],
    cells: Grid,
) -> NDArray[np.bool_]:
    """Return of which cells at least half the ground is found to be what they are."""
    x, y = cells.centre_of(cell)
    agreed = np.zeros(len(cell))
    for corner, area in _pieces(x, y, coarse, half=cells.cell_m / 2):
        agreed += np.where(found[corner] == kind, area, 0.0)
    return agreed >= cells.cell_m**2 / 2


def _pieces(
    x: NDArray[np.float64], y: NDArray[np.float64], coarse: Grid, *, half: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield the cells of a grid under the corners of squares, and the area in each.

    A square is no larger than a cell, so that it lies in four of them at most.
    """
    column = np.floor((x - half - coarse.west) / coarse.cell_m).astype(np.int64)
    row = np.floor((coarse.north - y - half) / coarse.cell_m).astype(np.int64)
    edge_x = coarse.west + (column + 1) * coarse.cell_m
    edge_y = coarse.north - (row + 1) * coarse.cell_m
    wide = np.clip(edge_x - (x - half), 0, 2 * half)
    high = np.clip(y + half - edge_y, 0, 2 * half)
    for down, tall in ((0, high), (1, 2 * half - high)):
        for right, broad in ((0, wide), (1, 2 * half - wide)):
            beside = np.minimum(column + right, coarse.columns - 1)
            below = np.minimum(row + down, coarse.rows - 1)
            yield below * coarse.columns + beside, tall * broad
