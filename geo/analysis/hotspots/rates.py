"""Rates: how many were seen for each hour that somebody looked."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import betainc, betaincc

from geo.analysis.hotspots.stats import FEWEST_CELLS, false_discovery
from geo.grid import Grid


def effort_in_cells(effort: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.float64]:
    """Spread hours of watching over the cells in which they were spent.

    Parameters
    ----------
    effort
        Column `hours`, in the CRS of the grid. The hours at a point lie in its cell;
        those of a line or an area are shared among its cells by length or area, and
        what lies off the grid is left out.
    grid
        Of the published cells.

    Returns
    -------
    (rows, columns) float array
        Hours in each cell.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 2000, 1000, rows=2, columns=2)
    >>> patrol = shapely.LineString([(500, 500), (1500, 500)])
    >>> effort = gpd.GeoDataFrame({"hours": [8.0]}, geometry=[patrol], crs=grid.crs)
    >>> effort_in_cells(effort, grid)
    array([[0., 0.],
           [4., 4.]])
    """
    hours = np.zeros(grid.rows * grid.columns)
    west, south, east, north = grid.bounds
    frame = shapely.box(west, south, east, north)
    for spent, shape in zip(effort["hours"], effort.geometry, strict=True):
        if shape is None or shape.is_empty or not shape.intersects(frame):
            continue
        size = shapely.get_dimensions(shape)
        if size == 0:
            places = shapely.get_coordinates(shape)
            cell = grid.cell_of(*places.T)
            np.add.at(hours, cell[cell >= 0], spent / len(places))
            continue
        cell = _cells_near(shape, grid)
        measure = shapely.area if size == 2 else shapely.length
        inside = measure(shapely.intersection(grid.squares_of(cell), shape))
        hours[cell] += spent * inside / measure(shape)
    return hours.reshape(grid.shape)


def score_rates(
    number: NDArray[np.int64], hours: NDArray[np.float64], *, ring: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tell around which cells more, or fewer, were seen than the watching explains.

    Parameters
    ----------
    number : (rows, columns) int64 array
        How many were seen in each cell.
    hours : (rows, columns) array
        How long somebody looked there. Cells without are not tested, and what was
        seen there is left out: nobody knows how long it took.
    ring
        Surroundings reach so many cells to each side.

    Returns
    -------
    z, q : (rows, columns) arrays
        By how many standard errors the number in the cell and around it departs from
        its share of the hours; and the chance of that, two-sided and adjusted for all
        cells (Benjamini and Hochberg). NaN where nothing can be tested: without
        hours, or if fewer than 30 cells have any.

    Notes
    -----
    If all were seen at one rate, those in a window would be binomial, with the
    window's share of all hours: the model of Kulldorff (1997) for windows of one
    size. The chance is exact, twice the smaller tail.

    Examples
    --------
    Twice as many where somebody looked twice as long are nothing special:

    >>> hours = np.ones((8, 8))
    >>> hours[:, :4] = 2
    >>> z, q = score_rates((3 * hours).astype(np.int64), hours)
    >>> float(abs(z).max()), float(q.min())
    (0.0, 1.0)
    """
    if number.shape != hours.shape:
        raise ValueError(
            f"number has shape {number.shape}, but hours have {hours.shape}"
        )
    if not (np.isfinite(hours) & (hours >= 0)).all() or (number < 0).any():
        raise ValueError("a number or an hour is negative or missing")
    watched = hours > 0
    z, q = np.full(hours.shape, np.nan), np.full(hours.shape, np.nan)
    seen = np.where(watched, number, 0)
    total = int(seen.sum())
    if watched.sum() < FEWEST_CELLS or not total:
        return z, q
    square = np.ones((2 * ring + 1, 2 * ring + 1), np.int64)
    here = ndimage.convolve(seen, square, mode="constant")[watched]
    around = ndimage.convolve(hours, square, mode="constant")[watched]
    share = np.minimum(around / hours.sum(), 1.0)
    expected = total * share
    spread = np.sqrt(expected * (1 - share))
    z[watched] = np.divide(
        here - expected, spread, out=np.zeros(len(here)), where=spread > 0
    )
    # A binomial's tails (DLMF 8.17.5); that of scipy.stats takes half a second to load.
    # At the ends, where one tail is all there is, older ones of scipy.special say NaN.
    few = betaincc(here + 1.0, np.maximum(total - here, 1), share)
    many = betainc(np.maximum(here, 1), total - here + 1.0, share)
    few, many = np.where(here < total, few, 1.0), np.where(here > 0, many, 1.0)
    q[watched] = false_discovery(np.minimum(2 * np.minimum(few, many), 1.0))
    return z, q


def _cells_near(shape: shapely.Geometry, grid: Grid) -> NDArray[np.int64]:
    """Return the cells of the grid in the box around a shape."""
    west, south, east, north = shape.bounds
    left, right = (
        int(np.clip((edge - grid.west) // grid.cell_m, 0, grid.columns - 1))
        for edge in (west, east)
    )
    top, bottom = (
        int(np.clip((grid.north - edge) // grid.cell_m, 0, grid.rows - 1))
        for edge in (north, south)
    )
    row, column = np.mgrid[top : bottom + 1, left : right + 1]
    cell: NDArray[np.int64] = (row * grid.columns + column).ravel()
    return cell
