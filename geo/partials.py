"""What one part contributes: clean, cut, count. Partials of parts simply add."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import geo
from geo.analysis.corridors.brownian import Occurrence, brownian_bridge
from geo.analysis.crossings.counts import COUNTS, count_crossings
from geo.clean import Cleaned, clean_trips
from geo.crowd import crowd_of_tracks, join_crowds
from geo.grid import Grid
from geo.schema import REASONS
from geo.smoothing import smooth_fixes
from geo.trails import join_trails, make_trails
from geo.trajectory import number_stops
from geo.visits import add_visits, count_visits, trace_paths

Bounds = tuple[float, float, float, float]

LAYOUT = 6
"""Version of what `geo.packing.pack` returns."""

VOTE = 1 << 20
"""One track's vote in one coarse cell, in whole numbers, so that sums are exact."""

MOVEMENT = ("occurrence", "support", "bridged")
"""The fields of an Occurrence that lie on the fine grid."""

PATHS = {"track": "int64", "cell": "int32", "east": "int16", "north": "int16"}
"""Columns of the paths, as narrow as they may be: they are most of what is kept."""


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
        See `geo.clean.clean_trips`.
    max_gap_h, min_fixes, stop_radius_m, stop_min_minutes, stop_strays
        See `geo.trajectory`.
    smooth
        Whether trips are smoothed; see `geo.smoothing`.
    variance
        How motion variances are told; see `geo.analysis.corridors.brownian`.
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
    stop_strays: int
    smooth: bool
    variance: str

    def digest(self, targets: gpd.GeoDataFrame) -> str:
        """Return a digest of the settings, the targets and the program's version.

        The last moment is left out: most parts end before it and do not depend on it.
        """
        shapes = targets.geometry.to_wkb(output_dimension=2)
        rows = pd.util.hash_pandas_object(
            pd.DataFrame(targets.drop(columns="geometry")).astype(str), index=False
        )
        settings = asdict(self) | {"until_ms": None}
        way = (geo.__version__, LAYOUT, list(REASONS), settings)
        parts = hashlib.sha256(repr(way).encode())
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
    trails
        Table of `geo.trails.make_trails` on the fine grid.
    votes
        Array of `coarse_votes`, on the fine grid.
    occurrence
        Where the tracks moved, on the fine grid.
    crossings
        Table of `geo.analysis.crossings.counts.count_crossings`.
    crowd
        The tracks that have a trip, as `geo.crowd.CROWD` says.
    """

    month: int
    tracks: int
    kept: int
    rejected: dict[str, int]
    visits: pd.DataFrame
    paths: pd.DataFrame
    trails: pd.DataFrame
    votes: NDArray[np.int64]
    occurrence: Occurrence
    crossings: pd.DataFrame
    crowd: pd.DataFrame


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
    cleaned, trips = clean_and_cut(fixes, settings)
    paths = trace_paths(trips, settings.grid)
    return Partial(
        month=month,
        tracks=cleaned.tracks,
        kept=cleaned.kept,
        rejected=cleaned.turned.counts(),
        visits=count_visits(trips, settings.cells),
        paths=paths,
        trails=make_trails(trips, settings.grid),
        votes=coarse_votes(paths, settings.grid, cells=settings.cells),
        occurrence=brownian_bridge(
            trips,
            settings.grid,
            variance=settings.variance,
            max_bridge_h=settings.max_gap_h,
        ),
        crossings=count_crossings(trips, targets),
        crowd=crowd_of_tracks(trips),
    )


def clean_and_cut(
    fixes: pd.DataFrame, settings: Settings
) -> tuple[Cleaned, pd.DataFrame]:
    """Clean fixes, and cut them into trips and stops.

    Returns
    -------
    cleaned, trips
        What the cleaning comes to; and the clean fixes that belong to a trip, with
        columns `trip` and `stop`, smoothed if the settings say so.
    """
    cleaned = clean_trips(
        fixes,
        crs=settings.grid.crs,
        bounds=settings.bounds,
        max_speed_kmh=settings.max_speed_kmh,
        location_error_m=settings.location_error_m,
        max_accuracy_m=settings.max_accuracy_m,
        max_gap_h=settings.max_gap_h,
        min_fixes=settings.min_fixes,
        until_ms=settings.until_ms,
    )
    trips = smooth_fixes(cleaned.trips) if settings.smooth else cleaned.trips
    stops = number_stops(
        trips,
        radius_m=settings.stop_radius_m,
        min_minutes=settings.stop_min_minutes,
        strays=settings.stop_strays,
    )
    return cleaned, trips.assign(stop=stops)


def with_change(
    partial: Partial, *, come: Partial, gone: Partial | None = None
) -> Partial:
    """Return what a part contributes when some of its tracks are others than before.

    All that a partial counts are sums of whole numbers over tracks. So what changed
    can be added and taken away, and the result is that of the whole part, to the last
    bit.

    Parameters
    ----------
    partial
        What the part contributed before.
    come, gone
        What the changed tracks contribute now, and what they contributed before, if
        they were there.
    """
    terms = [(partial, 1), (come, 1), *([(gone, -1)] if gone else [])]
    rejected = {
        reason: sum(sign * term.rejected.get(reason, 0) for term, sign in terms)
        for reason in REASONS
    }
    visits = add_visits([_times(term.visits, sign) for term, sign in terms])
    crossings = add_crossings([_times(term.crossings, sign) for term, sign in terms])
    paths, trails, crowd = partial.paths, partial.trails, partial.crowd
    if gone:
        crowd = crowd[~crowd["who"].isin(gone.crowd["who"])]
        paths = paths[~paths["track"].isin(gone.paths["track"].unique())]
        trails = trails[~trails["track"].isin(gone.trails["track"].unique())]
    paths, trails = pd.concat([paths, come.paths]), join_trails([trails, come.trails])
    moved = {
        name: sum(sign * getattr(term.occurrence, name) for term, sign in terms)
        for name in MOVEMENT
    }
    return Partial(
        month=partial.month,
        tracks=sum(sign * term.tracks for term, sign in terms),
        kept=sum(sign * term.kept for term, sign in terms),
        rejected={reason: count for reason, count in rejected.items() if count},
        visits=visits[visits["tracks"] > 0].reset_index(drop=True),
        paths=paths.sort_values(["track", "cell"], ignore_index=True),
        trails=trails.sort_values("track", kind="stable", ignore_index=True),
        votes=np.sum([sign * term.votes for term, sign in terms], axis=0),
        occurrence=Occurrence(partial.occurrence.grid, **moved),
        crossings=crossings[crossings["chances"] > 0].reset_index(drop=True),
        crowd=join_crowds([crowd, come.crowd]),
    )


def add_crossings(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Sum what is counted of each target, direction and month, sorted by these."""
    by = ["target", "direction", "month"]
    if not tables:
        return pd.DataFrame({name: [] for name in [*by, *COUNTS]})
    whole = pd.concat(tables, ignore_index=True)
    return whole.groupby(by, sort=True)[list(COUNTS)].sum().reset_index()


def _times(table: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Return a table of counts with all that is counted times a number."""
    keys = {"cell", "month", "target", "direction"}
    counts = {str(n): sign * table[n] for n in table if n not in keys}
    return table.assign(**counts)


def coarse_votes(paths: pd.DataFrame, grid: Grid, *, cells: Grid) -> NDArray[np.int64]:
    """Return the vote of each track in each coarse cell, spread over its path there.

    Parameters
    ----------
    paths
        Distinct pairs of `track` and `cell` on `grid`.
    grid, cells
        The fine and the coarse grid.

    Returns
    -------
    (rows, columns) int64 array
        On the fine grid, in units of which a vote has `VOTE`, rounded for each track
        and cell.

    Examples
    --------
    Track 1 enters two fine cells of one coarse cell, track 2 one of them.

    >>> fine = Grid("EPSG:32618", 0, 1000, 500, rows=2, columns=2)
    >>> paths = pd.DataFrame({"track": [1, 1, 2], "cell": [0, 1, 0]})
    >>> (coarse_votes(paths, fine, cells=fine.coarsened(2)) / VOTE).tolist()
    [[1.5, 0.5], [0.0, 0.0]]
    """
    cell = paths["cell"].to_numpy(dtype=np.int64)
    _, track = np.unique(paths["track"].to_numpy(), return_inverse=True)
    coarse = cells.cell_of(*grid.centre_of(cell))
    _, pair, entered = np.unique(
        track * (cells.rows * cells.columns) + coarse,
        return_inverse=True,
        return_counts=True,
    )
    vote = np.rint(VOTE / entered)[pair]
    votes = np.bincount(cell, weights=vote, minlength=grid.rows * grid.columns)
    return votes.astype(np.int64).reshape(grid.shape)
