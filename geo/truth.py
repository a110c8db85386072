"""Corridors beside the true routes, which are known where a sample is simulated."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.corridors.rivals import VOTE, line_votes
from geo.analysis.corridors.validation import best_cells
from geo.errors import InputError
from geo.grid import Grid
from geo.trials import Trial, foretell_all
from geo.verdict import Truth

Floats = NDArray[np.float64]

ROUTES = "routes.geojson"
"""The file of true routes."""

_NEAR_M = 1000.0


def against_truth(
    folder: Path, trial: Trial, ways: Mapping[str, Sequence[shapely.LineString]]
) -> tuple[Truth, ...]:
    """Return how much of the true routes corridors and rivals hold, at equal areas.

    Here all tracks are foretold at once: nothing is held out.

    Parameters
    ----------
    folder
        Where `routes.geojson` lies: lines in degrees, each with its `mode`. Without
        it nothing is returned.
    trial, ways
        As of `geo.trials.try_surfaces`.

    Raises
    ------
    InputError
        If the file cannot be understood.
    """
    path = folder / ROUTES
    if not path.is_file():
        return ()
    routes = _read_routes(path, trial.grid.crs)
    lengths = _lengths_by_mode(routes, trial.grid)
    if not lengths:
        return ()
    near = _near_routes(lengths, trial.grid)
    inside, surfaces = foretell_all(trial, ways)
    size = float(np.count_nonzero(inside))
    found = []
    for name, surface in surfaces.items():
        best = best_cells(surface, trial.ground, cells=size)
        found.append(
            Truth(
                name=name,
                routes={
                    mode: float(best @ length / length.sum())
                    for mode, length in lengths.items()
                },
                near=float(best @ near / size) if size else 0.0,
            )
        )
    return tuple(found)


def _read_routes(path: Path, crs: str) -> gpd.GeoDataFrame:
    """Return the true routes with their mode, in the region's CRS."""
    try:
        legs = json.loads(path.read_text(encoding="utf-8"))["features"]
        lines = [
            shapely.LineString([place[:2] for place in leg["geometry"]["coordinates"]])
            for leg in legs
        ]
        modes = [str(leg["properties"]["mode"]) for leg in legs]
    except (OSError, ValueError, KeyError, TypeError, shapely.GEOSException) as error:
        raise InputError(
            f"{path} holds no routes: expected lines in GeoJSON, each with its mode.",
            hint="Set [files] truth to another folder, or to one that is not there.",
        ) from error
    routes = gpd.GeoDataFrame({"mode": modes}, geometry=lines, crs="EPSG:4326")
    projected: gpd.GeoDataFrame = routes.to_crs(crs)
    return projected


def _lengths_by_mode(routes: gpd.GeoDataFrame, grid: Grid) -> dict[str, Floats]:
    """Return the length of the routes in each cell, by how they are travelled."""
    lengths = {str(mode): np.zeros(grid.rows * grid.columns) for mode in routes["mode"]}
    votes = line_votes(routes.geometry.to_list(), grid)
    for mode, line, cells in zip(routes["mode"], routes.geometry, votes, strict=True):
        np.add.at(lengths[mode], cells[:, 0], cells[:, 1] * (line.length / VOTE))
    return {mode: length for mode, length in lengths.items() if length.any()}


def _near_routes(lengths: Mapping[str, Floats], grid: Grid) -> Floats:
    """Return 1 for each cell whose middle is about a kilometre from a route or less."""
    passed = np.any([length > 0 for length in lengths.values()], axis=0)
    away = ndimage.distance_transform_edt(~passed.reshape(grid.shape)) * grid.cell_m
    return (away <= _NEAR_M).ravel().astype(np.float64)
