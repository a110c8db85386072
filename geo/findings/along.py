"""How dense recorded points are along trails."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.analysis.density.network import network_density
from geo.privacy import round_significant

REACH_M = 1000.0
"""Points farther than this from every trail are on none."""


def find_along(
    points: pd.DataFrame | None, trails: gpd.GeoDataFrame | None, *, bandwidth_m: float
) -> dict[str, pd.DataFrame]:
    """Spread recorded points along the trails of the region.

    Parameters
    ----------
    points
        Of `geo.analysis.hotspots.points.clean_points`.
    trails
        Lines along which people go, in metres; without any, or without points, there
        is no layer.
    bandwidth_m
        As of the density.

    Returns
    -------
    dict
        `points_along`: `points`, how many lie within two bandwidths along the trails,
        `per_km` in two digits, and the piece of a trail.
    """
    if points is None or trails is None or trails.empty:
        return {}
    exact = points[~points["shared"].to_numpy(bool)]
    if exact.empty:
        return {}
    found = network_density(
        exact["x_m"],
        exact["y_m"],
        lines=trails,
        bandwidth_m=bandwidth_m,
        reach_m=REACH_M,
    )
    per_km = round_significant(found["per_km"].to_numpy(np.float64))
    return {"points_along": found[["points", "geometry"]].assign(per_km=per_km)}
