"""Where more people or incidents were seen than the tracks that pass explain."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.density.risk import relative_risk, tolerance_areas
from geo.grid import Grid
from geo.privacy import round_significant

LEVELS = (95, 99)
"""Percent of confidence at which areas are drawn."""

_FEWEST = 30  # points, and tracks, that a comparison can rest on
_ROUND_M = 100.0  # corners of areas: what one point moves is less, mostly

Floats = NDArray[np.float64]


def find_risk(
    points: pd.DataFrame | None,
    passing: tuple[Floats, Floats],
    grid: Grid,
    *,
    land: NDArray[np.bool_],
    bandwidth_m: float,
) -> dict[str, pd.DataFrame]:
    """Outline where recorded points are denser than the tracks that pass.

    Parameters
    ----------
    points
        Of `geo.analysis.hotspots.points.clean_points`.
    passing
        Positions of tracks, one for each: who could have been seen; of
        `geo.findings.bandwidths.draw_positions`.
    grid
        The fine grid.
    land
        Which of its cells are land; the sea is left out, as few look there.
    bandwidth_m
        Of both densities.

    Returns
    -------
    dict
        `risk`: a row an area: `area`, `level` (percent of confidence, corrected for
        the many places that were looked at), `points` in it, `ratio` (of the two
        densities inside, each as a share of its own total, two digits), `area_km2`
        and the polygon. Nothing with fewer than 30 points or tracks.
    """
    if points is None:
        return {}
    exact = points[~points["shared"].to_numpy(bool)]
    cases = exact["x_m"].to_numpy(np.float64), exact["y_m"].to_numpy(np.float64)
    on = grid.cell_of(*cases) >= 0
    cases = cases[0][on], cases[1][on]
    if min(len(cases[0]), len(passing[0])) < _FEWEST:
        return {}
    found = relative_risk(cases, passing, grid=grid, bandwidth_m=bandwidth_m, mask=land)
    places = [shapely.points(*pair) for pair in (cases, passing)]
    rows = []
    for level in LEVELS:
        areas = tolerance_areas(found.q, alpha=round(1 - level / 100, 2))
        for area in areas.geoms:
            shape = shapely.set_precision(area, _ROUND_M)
            if shape.is_empty:
                continue
            inside = [int(shapely.contains(shape, place).sum()) for place in places]
            shares = [n / len(place) for n, place in zip(inside, places, strict=True)]
            ratio = shares[0] / shares[1] if shares[1] else np.nan
            rows.append((level, inside[0], ratio, shape.area / 1e6, shape))
    table = gpd.GeoDataFrame(
        rows,
        columns=["level", "points", "ratio", "area_km2", "geometry"],
        geometry="geometry",
        crs=grid.crs,
    )
    table = table.sort_values(
        ["level", "area_km2"], ascending=[True, False], ignore_index=True
    )
    table.insert(0, "area", np.arange(1, len(table) + 1))
    for name in ("ratio", "area_km2"):
        table[name] = round_significant(table[name].to_numpy(np.float64))
    return {"risk": table}
