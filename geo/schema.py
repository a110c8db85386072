"""The tables that pass from room to room, and the doors that check them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import geopandas as gpd
import pandas as pd

from geo.errors import SchemaError
from geo.grid import Surface

FIXES: Mapping[str, str] = {
    "track": "int64",
    "time": "datetime64[ms, UTC]",
    "lon": "float64",
    "lat": "float64",
    "elevation_m": "float64",
    "accuracy_m": "float64",
}
"""One row a fix: keyed hash of the device or group, UTC time, WGS 84 degrees, and
NaN where elevation or accuracy are unknown. `accuracy_m` is the radius that holds
68 % of the errors. Sorted by track, then time."""

POINTS: Mapping[str, str] = {
    "point": "int64",
    "month": "int64",
    "lon": "float64",
    "lat": "float64",
}
"""One row a recorded point, which belongs to no track: a crossing that staff wrote
down, an incident. `point` is the keyed hash of who or what was recorded, `month` as in
VISITS, or UNDATED."""

UNDATED = -2
"""In place of a month: nobody wrote down when it was."""

VISITS: Mapping[str, str] = {
    "cell": "int64",
    "month": "int32",
    "tracks": "int64",
    "fixes": "int64",
    "minutes": "int64",
    "stop_tracks": "int64",
    "stop_minutes": "int64",
    "east": "int64",
    "north": "int64",
}
"""One row a (cell, month): distinct tracks that passed, fixes, minutes, tracks that
stopped there and for how long, and the sum over tracks of their unit direction of
travel in thousandths. `month` counts from January of year 0: 12 * year + month - 1.
Whole numbers, so that sums do not depend on the order of parts."""

ALL_MONTHS = -1
"""In place of a month: all months together, each track counted once."""

REASONS: Mapping[str, str] = {
    "unreadable": "the row could not be read",
    "no position": "latitude or longitude is missing or not a number",
    "off the globe": "latitude beyond 90 or longitude beyond 180 degrees",
    "zero position": "latitude and longitude are both zero",
    "no time": "the time is missing or could not be understood",
    "naive time": "the time has no offset, and no time zone was given",
    "before 2000": "the time lies before 2000, as a clock without a fix shows",
    "in the future": "the time lies in the future",
    "outside the region": "the position lies outside the study area",
    "duplicate": "another row has the same track and time",
    "impossible speed": "reaching it would need more than the highest speed",
    "spike": "an excursion out and straight back",
    "too recent": "its month has not been over for long enough to be published",
    "poor accuracy": "the device itself says that the position is too inexact",
    "undated": "the point has no date, and the region file names no last month (until)",
}
"""Why a row was not used; every rejected row has exactly one of these."""

REJECTS: Mapping[str, str] = {
    "file": "str",
    "line": "int64",
    "column": "str",
    "reason": "str",
}
"""One row a rejected row: where it stands, and a key of REASONS. `line` is the line
or the record number, from 1; 0 where there is none. No positions, times or ids."""


def _empty(columns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """Return a table without rows; pandas copies it before anybody writes to it."""
    return _made(columns).copy(deep=False)


@cache
def _made(columns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns})


def no_points() -> pd.DataFrame:
    """Return a table of points without rows.

    Examples
    --------
    >>> list(no_points())
    ['point', 'month', 'lon', 'lat']
    """
    return _empty(tuple(POINTS.items()))


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a reader or a cleaner returns: what is good, and what was not and why.

    Parameters
    ----------
    fixes
        The good rows, as FIXES says.
    rejects
        The others, as REJECTS says. It stays in the private store.
    notes
        What was understood or guessed about the file, a sentence each.
    simulated
        Whether the source says that it is simulated.
    points
        The good rows, as POINTS says, of a file of points; there are then no fixes.
    """

    fixes: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...] = ()
    simulated: bool = False
    points: pd.DataFrame = field(default_factory=no_points)

    def counts(self) -> dict[str, int]:
        """Return how many rows each reason turned away, most frequent first."""
        if self.rejects.empty:
            return {}
        counts = self.rejects["reason"].value_counts()
        ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
        return {str(reason): int(count) for reason, count in ordered}


@dataclass(frozen=True, slots=True)
class Layers:
    """The base layers of a region, all in the region's CRS.

    Parameters
    ----------
    land, rivers, border, provinces, places, checkpoints
        Frames with geometry, perhaps empty. Their columns: rivers `name` (empty
        where unknown), `order` (1 is the largest), `quality` ("mapped" or
        "schematic"), `precision_m`; provinces `name`, `country`; places `name`,
        `country`, `population`; checkpoints `name`, `country`, `role`, `since`,
        `until` (YYYY-MM or empty), `precision_m`.
    relief
        Height above the sea, in metres; None without a DEM.
    relief_cell_m
        Side of a cell of the DEM as it came, in metres; None without one. The relief
        may have smaller cells, and knows no more for that.
    cover
        Land cover as classes of ESA WorldCover, NaN where it is not known; None
        without one.
    waterways
        Rivers and streams in detail: `name`, `order`, `boats` (1 carries boats, -1
        must not, 0 is not known), `seasonal` (falls dry in the dry season).
    crossings
        Official monthly crossings: `year`, `month`, `crossings`, `basis`.
    nationalities
        Official crossings by nationality: `year`, `nationality`, `persons`.
    credits
        Attribution of each layer, by its name.
    effort
        Where somebody looked for people or incidents, and for how long: points, lines
        or areas with `hours`. It is not drawn.
    trails
        Lines along which recorded points are spread.
    """

    land: gpd.GeoDataFrame
    rivers: gpd.GeoDataFrame
    border: gpd.GeoDataFrame
    provinces: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    checkpoints: gpd.GeoDataFrame
    relief: Surface | None
    crossings: pd.DataFrame
    nationalities: pd.DataFrame
    credits: Mapping[str, str] = field(default_factory=dict)
    effort: gpd.GeoDataFrame | None = None
    trails: gpd.GeoDataFrame | None = None
    relief_cell_m: float | None = None
    cover: Surface | None = None
    waterways: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)


ROLES = (
    "departure town",
    "landing",
    "border post",
    "receiving community",
    "reception station",
    "former station",
    "road end",
    "town",
    "clinic",
    "water point",
)
"""What a checkpoint is for."""


COUNTRIES: Mapping[str, str] = {"CO": "Colombia", "PA": "Panama"}
"""Names of the countries that have one here, by their ISO 3166 code."""


def no_fixes() -> pd.DataFrame:
    """Return a table of fixes without rows.

    Examples
    --------
    >>> list(no_fixes())
    ['track', 'time', 'lon', 'lat', 'elevation_m', 'accuracy_m']
    """
    return _empty(tuple(FIXES.items()))


def no_rejects() -> pd.DataFrame:
    """Return a table of rejects without rows."""
    return _empty(tuple(REJECTS.items()))


def check_fixes(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of FIXES, or say what is wrong with them.

    Parameters
    ----------
    fixes
        Any frame; further columns are dropped, and missing optional columns
        (`elevation_m`, `accuracy_m`) are filled with NaN.

    Raises
    ------
    SchemaError
        If a column is missing or of another type, or rows are not sorted by track,
        then time.
    """
    unknown = pd.Series(float("nan"), index=fixes.index)
    table = pd.DataFrame(fix_columns(fixes, unknown=unknown), copy=False)
    track = table["track"].to_numpy()
    time = table["time"].dt.tz_convert(None).to_numpy()  # with a zone: slow objects
    back = (track[1:] == track[:-1]) & (time[1:] < time[:-1])
    if (back | (track[1:] < track[:-1])).any():
        raise SchemaError("Fixes must be sorted by track, then time.")
    return table


def fix_columns(fixes: pd.DataFrame, *, unknown: pd.Series) -> dict[str, pd.Series]:
    """Return the columns of FIXES by name, in whatever order the rows are.

    Parameters
    ----------
    fixes
        Any frame.
    unknown
        What stands for an optional column that is missing.

    Raises
    ------
    SchemaError
        If a column is missing or of another type.
    """
    columns = {}
    for name, kind in FIXES.items():
        if name in fixes:
            column = fixes[name]
        elif name in {"elevation_m", "accuracy_m"}:
            column = unknown
        else:
            raise SchemaError(
                f"The table of fixes has no column {name!r}; its columns are: "
                f"{', '.join(map(str, fixes.columns))}."
            )
        if str(column.dtype) != kind:
            raise SchemaError(f"Column {name!r} is {column.dtype}, expected {kind}.")
        columns[name] = column
    return columns


def month_number(time: pd.Series) -> pd.Series:
    """Return the month of each UTC time, as 12 * year + month - 1.

    Examples
    --------
    >>> month_number(pd.Series(pd.to_datetime(["2023-01-31T23:59Z"]))).tolist()
    [24276]
    """
    months: pd.Series = time.dt.year * 12 + time.dt.month - 1
    return months.astype("int32")


def month_labels(months: pd.Series) -> pd.Series:
    """Return YYYY-MM of month numbers.

    Examples
    --------
    >>> month_labels(pd.Series([24287, 24276, 24287])).tolist()
    ['2023-12', '2023-01', '2023-12']
    """
    labels = {month: month_label(int(month)) for month in months.unique()}
    return months.map(labels).astype("str")


def month_label(month: int) -> str:
    """Return YYYY-MM of a month number.

    Examples
    --------
    >>> month_label(24276), month_label(24287)
    ('2023-01', '2023-12')
    """
    year, index = divmod(month, 12)
    return f"{year:04d}-{index + 1:02d}"
