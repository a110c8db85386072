"""What one part contributes: clean, cut, count. Partials of parts simply add."""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import geo
from geo.analysis.brownian import Occurrence, brownian_bridge
from geo.analysis.crossings import count_crossings
from geo.clean import clean_fixes
from geo.grid import Grid
from geo.schema import REASONS, Sifted
from geo.smoothing import smooth_fixes
from geo.trajectory import number_stops, split_trips
from geo.visits import count_visits, trace_paths

Bounds = tuple[float, float, float, float]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a partial depends on, apart from its fixes and the targets.

    Parameters
    ----------
    grid, cells
        The fine grid of the surfaces, and the coarse grid of the published cells.
    bounds
        West, south, east, north of the region, in degrees.
    until_ms
        Fixes from this moment on are left out; milliseconds since 1970, UTC.
    max_speed_kmh, location_error_m, max_accuracy_m
        See `geo.clean.clean_fixes`.
    max_gap_h, min_fixes, stop_radius_m, stop_min_minutes
        See `geo.trajectory`.
    smooth
        Whether trips are smoothed; see `geo.smoothing`.
    """

    grid: Grid
    cells: Grid
    bounds: Bounds
    until_ms: int
    max_speed_kmh: float
    location_error_m: float
    max_accuracy_m: float | None
    max_gap_h: float
    min_fixes: int
    stop_radius_m: float
    stop_min_minutes: float
    smooth: bool

    def digest(self, targets: gpd.GeoDataFrame) -> str:
        """Return a digest of the settings, the targets and the program's version.

        The last moment is left out: most parts end before it and do not depend on it.
        """
        shapes = targets.geometry.to_wkb(output_dimension=2)
        rows = pd.util.hash_pandas_object(
            pd.DataFrame(targets.drop(columns="geometry")).astype(str), index=False
        )
        settings = asdict(self) | {"until_ms": None}
        known = (geo.__version__, list(REASONS), settings)
        parts = hashlib.sha256(repr(known).encode())
        parts.update(b"".join(shapes))
        parts.update(rows.to_numpy().tobytes())
        return parts.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Partial:
    """The results of one part.

    Parameters
    ----------
    month
        The part.
    tracks, kept
        Tracks and fixes that passed the cleaning.
    rejected
        Rows that the cleaning turned away, by reason.
    visits
        Table of `geo.visits.count_visits` on the coarse grid.
    paths
        Table of `geo.visits.trace_paths` on the fine grid.
    occurrence
        Where the tracks moved, on the fine grid.
    crossings
        Table of `geo.analysis.crossings.count_crossings`.
    """

    month: int
    tracks: int
    kept: int
    rejected: dict[str, int]
    visits: pd.DataFrame
    paths: pd.DataFrame
    occurrence: Occurrence
    crossings: pd.DataFrame


def analyse_part(
    month: int,
    fixes: pd.DataFrame,
    settings: Settings,
    *,
    targets: gpd.GeoDataFrame,
) -> Partial:
    """Clean one part, cut it into trips and stops, and count what it contributes.

    Parameters
    ----------
    month
        The part.
    fixes
        Its fixes as the store holds them.
    settings
        What the results depend on.
    targets
        Lines and points whose crossings are counted.
    """
    sifted, trips = clean_and_cut(fixes, settings)
    return Partial(
        month=month,
        tracks=int(sifted.fixes["track"].nunique()),
        kept=len(sifted.fixes),
        rejected=sifted.counts(),
        visits=count_visits(trips, settings.cells),
        paths=trace_paths(trips, settings.grid),
        occurrence=brownian_bridge(
            trips, settings.grid, max_bridge_h=settings.max_gap_h
        ),
        crossings=count_crossings(trips, targets),
    )


def clean_and_cut(
    fixes: pd.DataFrame, settings: Settings
) -> tuple[Sifted, pd.DataFrame]:
    """Clean fixes, and cut them into trips and stops.

    Returns
    -------
    sifted, trips
        What the cleaning kept and turned away; and the kept fixes that belong to a
        trip, with columns `trip` and `stop`, smoothed if the settings say so.
    """
    until = pd.Timestamp(settings.until_ms, unit="ms", tz="UTC")
    recent = fixes["time"] >= until
    sifted = clean_fixes(
        fixes[~recent],
        crs=settings.grid.crs,
        bounds=settings.bounds,
        max_speed_kmh=settings.max_speed_kmh,
        location_error_m=settings.location_error_m,
        max_accuracy_m=settings.max_accuracy_m,
    )
    trips = split_trips(
        sifted.fixes, max_gap_h=settings.max_gap_h, min_fixes=settings.min_fixes
    )
    if settings.smooth:
        trips = smooth_fixes(trips)
    stops = number_stops(
        trips,
        radius_m=settings.stop_radius_m,
        min_minutes=settings.stop_min_minutes,
    )
    late = pd.DataFrame(
        {
            "file": fixes.get("source", ""),
            "line": fixes.get("line", 0),
            "column": "time",
            "reason": "too recent",
        },
        index=fixes.index,
    )[recent]
    rejects = pd.concat([sifted.rejects, late], ignore_index=True)
    return replace(sifted, rejects=rejects), trips.assign(stop=stops)


def pack(partial: Partial) -> Arrays:
    """Return a partial as plain arrays, as the store keeps them."""
    surface = partial.occurrence
    reached = np.flatnonzero(surface.support.ravel() | (surface.occurrence.ravel() > 0))
    packed: Arrays = {
        "month": np.array([partial.month]),
        "tracks": np.array([partial.tracks]),
        "kept": np.array([partial.kept]),
        "rejected": np.array([partial.rejected.get(reason, 0) for reason in REASONS]),
        "cell": reached,
        "occurrence": surface.occurrence.ravel()[reached],
        "support": surface.support.ravel()[reached],
        "bridged": surface.bridged.ravel()[reached],
    }
    for name in ("visits", "paths", "crossings"):
        table: pd.DataFrame = getattr(partial, name)
        for column in table:
            values = table[column].to_numpy()
            if values.dtype == object or not np.issubdtype(values.dtype, np.number):
                values = values.astype(str).astype(np.str_)
            packed[f"{name}.{column}"] = values
    return packed


def unpack(arrays: Arrays, grid: Grid) -> Partial:
    """Return the partial that `pack` made arrays of."""
    surfaces = {}
    for name in ("occurrence", "support", "bridged"):
        flat = np.zeros(grid.rows * grid.columns, dtype=arrays[name].dtype)
        flat[arrays["cell"]] = arrays[name]
        surfaces[name] = flat.reshape(grid.shape)
    tables = {
        name: pd.DataFrame(
            {
                key.partition(".")[2]: values
                for key, values in arrays.items()
                if key.startswith(f"{name}.")
            }
        )
        for name in ("visits", "paths", "crossings")
    }
    counts = zip(REASONS, arrays["rejected"].tolist(), strict=True)
    return Partial(
        month=int(arrays["month"][0]),
        tracks=int(arrays["tracks"][0]),
        kept=int(arrays["kept"][0]),
        rejected={reason: count for reason, count in counts if count},
        visits=tables["visits"],
        paths=tables["paths"],
        occurrence=Occurrence(grid=grid, **surfaces),
        crossings=tables["crossings"],
    )
