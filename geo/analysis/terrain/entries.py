"""Where people come in and go out: named places, or positions, on the ground."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.errors import ConfigError
from geo.grid import Grid

Position = tuple[float, float]


def find_entries(
    wanted: Sequence[str | Position],
    *,
    checkpoints: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    crs: str,
    key: str = "entries",
) -> gpd.GeoDataFrame:
    """Return the points that a region file names or gives.

    Parameters
    ----------
    wanted
        Names of checkpoints or places, or longitude and latitude in degrees.
    checkpoints, places
        As schema.Layers says. Where several have the name, the checkpoint counts.
    crs
        Of the result, and of the layers.
    key
        Of the section [model], for the message.

    Returns
    -------
    GeoDataFrame
        `name` and a point for each, in order. A position is called by its degrees.

    Raises
    ------
    ConfigError
        If no checkpoint or place has a name, or several places do.

    Examples
    --------
    >>> some = gpd.GeoDataFrame(
    ...     {"name": ["Paya", "Yape"]},
    ...     geometry=gpd.points_from_xy([-77.4, -77.6], [7.9, 8.1]), crs="EPSG:4326",
    ... )
    >>> found = find_entries(
    ...     ["Yape", (-77.5, 8.0)], checkpoints=some[:0], places=some, crs="EPSG:4326"
    ... )
    >>> found["name"].tolist(), found.geometry.iloc[0].wkt
    (['Yape', '-77.5, 8'], 'POINT (-77.6 8.1)')
    """
    names, points = [], []
    for one in wanted:
        if isinstance(one, str):
            names.append(one)
            points.append(_named(one, key, checkpoints, places))
        else:
            lon, lat = one
            names.append(f"{lon:g}, {lat:g}")
            spot = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326")
            points.append(spot.to_crs(crs).iloc[0])
    return gpd.GeoDataFrame(
        {"name": pd.Series(names, dtype="str")},
        geometry=gpd.GeoSeries(points, dtype="geometry", crs=crs),
    )


def cells_at(
    points: gpd.GeoDataFrame, grid: Grid, passable: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return for each point the passable cell nearest to it; -1 for one off the grid.

    Parameters
    ----------
    points
        In the CRS of the grid.
    grid, passable
        The cells, and which of them can be passed.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=4)
    >>> three = gpd.GeoDataFrame(geometry=gpd.points_from_xy([5, 25, 99], [5, 5, 5]))
    >>> cells_at(three, grid, np.array([[False, True, False, True]])).tolist()
    [1, 1, -1]
    """
    xy = shapely.get_coordinates(points.geometry.to_numpy())
    cell = grid.cell_of(xy[:, 0], xy[:, 1])
    if not passable.any():
        return np.full(cell.size, -1, np.int64)
    row, column = ndimage.distance_transform_edt(
        ~passable, return_distances=False, return_indices=True
    )
    nearest = (row * grid.columns + column).ravel().astype(np.int64)
    return np.where(cell >= 0, nearest[np.maximum(cell, 0)], -1)


def _named(
    name: str, key: str, checkpoints: gpd.GeoDataFrame, places: gpd.GeoDataFrame
) -> shapely.Point:
    """Return where the checkpoint or the place of a name lies."""
    for layer in (checkpoints, places):
        if "name" not in layer:
            continue
        found = layer.geometry[layer["name"] == name]
        if len(found) > 1:
            raise ConfigError(
                f"[model] {key} names {name!r}, and {len(found)} places are called so.",
                hint="Give its position instead: [longitude, latitude].",
            )
        if len(found):
            return shapely.centroid(found.iloc[0])
    raise ConfigError(
        f"[model] {key} names {name!r}; no checkpoint and no place is called so.",
        hint="Write it as the layers do, or give its position: [longitude, latitude].",
    )
