"""Times as people and devices write them, in milliseconds of UTC."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import InputError
from geo.read.cells import as_numbers, as_text, cast_or_none, flattened, is_numeric

OK, MISSING, NAIVE = 0, 1, 2

_DAY_MS = 86_400_000
_EXCEL_EPOCH_DAYS = 25_569  # days from 1899-12-30 to 1970-01-01

_CLOCK = (
    r"(?:[T ,]+(?P<h>\d{1,2})(?:[:h.](?P<mi>\d{2})(?:[:m.](?P<s>\d{2})s?"
    r"(?:[.,](?P<f>\d{1,9}))?)?)?\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
_YEAR_FIRST = r"^(?P<y>\d{4})[-/.](?P<a>\d{1,2})[-/.](?P<b>\d{1,2})" + _CLOCK
_YEAR_LAST = r"^(?P<a>\d{1,2})[-/.\s](?P<b>\d{1,2})[-/.,\s]+(?P<y>\d{4}|\d{2})" + _CLOCK
_COMPACT = (
    r"^(?P<y>(?:19|20)\d{2})(?P<a>\d{2})(?P<b>\d{2})[T_ ]?(?P<h>\d{2})(?P<mi>\d{2})"
    r"(?P<s>\d{2})(?:\.(?P<f>\d{1,9}))?(?P<half>)(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
)
# What no date has alone: a clock, a number, or a compact date and time.
_TIME_OF_DAY = r"(?i):|\dT\d|\d\s*[ap]\.?m|\dh|^[\d.,]+$|^\d{8}[T_ ]?\d{6}"
# The commonest form of _YEAR_LAST, and where its parts stand.
_FIXED = r"^\d{2}[-/.]\d{2}[-/.]\d{4} \d{2}:\d{2}:\d{2}$"
_PLACES = {
    "a": (0, 2), "b": (3, 5), "y": (6, 10),
    "h": (11, 13), "mi": (14, 16), "s": (17, 19),
}  # fmt: skip
# Spanish and English names of months; a name may go on ("agosto", "sept.").
_MONTHS = (
    ("ene", "jan"), ("feb",), ("mar",), ("abr", "apr"), ("may",), ("jun",),
    ("jul",), ("ago", "aug"), ("sep", "set"), ("oct",), ("nov",), ("dic", "dec"),
)  # fmt: skip

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Times:
    """Times of a column.

    Parameters
    ----------
    ms : (n,) int64 array
        Milliseconds since 1970 UTC; 0 where the state is not OK.
    state : (n,) int8 array
        OK, MISSING or NAIVE.
    notes
        What was understood or guessed.
    """

    ms: Ints
    state: NDArray[np.int8]
    notes: tuple[str, ...] = ()


def known_zone(time_zone: str) -> ZoneInfo | None:
    """Return the time zone of that name, None for the empty name.

    Raises
    ------
    InputError
        If there is no such zone.
    """
    if not time_zone:
        return None
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(
            f"There is no time zone {time_zone[:40]!r}.",
            hint="Use a name such as America/Panama.",
        ) from error


def read_times(column: Any, *, time_zone: str = "") -> Times:
    """Return the times of a column in UTC.

    Takes ISO 8601, day/month/year and month/day/year (decided for the whole
    column), names of months in English and Spanish, AM and PM, seconds, milli- or
    microseconds since 1970, serial days of spreadsheets, and timestamps of Arrow.

    Parameters
    ----------
    column
        Arrow column of text, numbers or timestamps.
    time_zone
        IANA name of the zone of times that carry no offset; where it is empty they
        come out NAIVE.

    Examples
    --------
    >>> cells = ["2023-05-01T07:00:00-05:00", "2023-05-01 12:00", "soon", None]
    >>> times = read_times(pa.array(cells))
    >>> times.ms.tolist(), times.state.tolist()
    ([1682942400000, 0, 0, 0], [0, 2, 1, 1])
    """
    flat = flattened(column)
    if pa.types.is_timestamp(flat.type) or pa.types.is_date(flat.type):
        return _stamps(flat, time_zone)
    if is_numeric(flat):
        return _numbers(as_numbers(flat), time_zone)
    text = as_text(flat)
    return _fast(text, time_zone) or _patiently(text, time_zone)


def are_dates(column: Any) -> bool:
    """Return whether a column has dates only, without a time of day.

    Examples
    --------
    >>> are_dates(pa.array(["2023-05-01", None])), are_dates(pa.array(["45047.5"]))
    (True, False)
    """
    flat = flattened(column)
    if pa.types.is_date(flat.type):
        return True
    if not (pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type)):
        return False
    for some in (flat.slice(0, 100), flat):  # most columns are told by their head
        text = pc.drop_null(as_text(some))
        if pc.any(pc.match_substring_regex(text, _TIME_OF_DAY)).as_py():
            return False
    dated = pc.match_substring_regex(text, r"\d{4}|\d[-/.]\d{1,2}[-/.]\d")
    return bool(pc.any(dated).as_py())


def _stamps(stamps: Any, time_zone: str) -> Times:
    """Take times that Arrow already understands."""
    aware = pa.types.is_timestamp(stamps.type) and stamps.type.tz is not None
    if aware and stamps.type.unit == "ms" and not stamps.null_count:
        ms = pc.cast(stamps, pa.int64()).to_numpy()  # as it is, and nothing copied
        return Times(ms, np.full(ms.shape, OK, np.int8))
    there = np.asarray(pc.is_valid(stamps))
    naive = pc.cast(stamps, pa.timestamp("us", tz="UTC" if aware else None), safe=False)
    micro = pc.fill_null(pc.cast(naive, pa.int64()), 0).to_numpy()
    return _placed(np.floor_divide(micro, 1000), there, there & (not aware), time_zone)


def _fast(text: Any, time_zone: str) -> Times | None:
    """Read clean ISO columns at once; None if the column is anything else."""
    for zone in ("UTC", None):
        stamps = cast_or_none(text, pa.timestamp("us", tz=zone))
        if stamps is not None:
            return _stamps(stamps, time_zone)
    return None


def _numbers(number: NDArray[np.float64], time_zone: str) -> Times:
    """Take seconds, milli- or microseconds since 1970, or serial days."""
    there = np.isfinite(number)
    size = np.where(there, np.abs(number), 0.0)
    days = (size > 30_000) & (size < 80_000)
    scale = np.select(
        [days, (size >= 1e8) & (size < 1e11), (size >= 1e11) & (size < 1e14)],
        [float(_DAY_MS), 1000.0, 1.0],
        default=0.0,
    )
    scale = np.where((size >= 1e14) & (size < 1e17), 1e-3, scale)
    start = np.where(days, number - _EXCEL_EPOCH_DAYS, number)
    # Also before 1973 (1e8 s), where clocks without a fix start.
    seconds = there & (scale == 0) & (size < 1e8)
    scale = np.where(seconds, 1000.0, scale)
    there &= scale > 0
    ms = np.zeros(number.shape, dtype=np.int64)
    ms[there] = np.rint(start[there] * scale[there]).astype(np.int64)
    units = (
        ("serial days of a spreadsheet", days),
        ("seconds since 1970", (scale == 1000.0) & ~days),
        ("milliseconds since 1970", scale == 1.0),
        ("microseconds since 1970", scale == 1e-3),
    )
    notes = tuple(f"times are {unit}" for unit, mask in units if (mask & there).any())
    placed = _placed(ms, there, days & there, time_zone)
    return Times(placed.ms, placed.state, notes + placed.notes)


def _placed(
    ms: Ints, there: NDArray[np.bool_], naive: NDArray[np.bool_], time_zone: str
) -> Times:
    """Bring times without an offset to UTC, or mark them as naive."""
    state = np.where(there, OK, MISSING).astype(np.int8)
    ms = np.where(there, ms, 0)
    zone = known_zone(time_zone)
    if not naive.any():
        return Times(ms, state)
    state[naive] = NAIVE
    if zone is None:
        return Times(np.where(naive, 0, ms), state)
    # Far years and the hours that clocks skip or repeat have no one UTC time.
    near = naive & (np.abs(ms) < 250 * 366 * _DAY_MS)
    local = pd.DatetimeIndex(ms[near].astype("datetime64[ms]"))
    utc = local.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    known = ~np.asarray(utc.isna())
    moved = np.asarray(utc.tz_localize(None)).astype("datetime64[ms]").astype(np.int64)
    ms = np.where(naive, 0, ms)
    where = np.flatnonzero(near)[known]
    ms[where] = moved[known]
    state[where] = OK
    return Times(ms, state, (f"times without an offset were read as {time_zone}",))


def _patiently(text: Any, time_zone: str) -> Times:
    """Read a column cell by cell, in whatever form each is."""
    size = len(text)
    ms, there = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=bool)
    naive = there.copy()
    notes: list[str] = []
    text = _without_weekdays(text)
    spelt = _without_month_names(text)
    for pattern in _likely_first(spelt):
        rest = np.flatnonzero(~there)
        parts = _parts(spelt.take(pa.array(rest)), pattern)
        fits = np.asarray(pc.is_valid(parts))
        if not fits.any():
            continue
        found = parts.filter(pa.array(fits))
        month, day, note = (*_pair(found), "")
        if pattern is _YEAR_LAST and spelt is not text:
            month, day = day, month
        elif pattern is _YEAR_LAST:
            month, day, note = _order(found)
        notes += [note] if note else []
        value, good, bare = _assembled(found, month, day)
        where = rest[fits][good]
        ms[where], there[where], naive[where] = value[good], True, bare[good]
    numbers = _numbers(np.where(there, np.nan, as_numbers(text)), time_zone)
    placed = _placed(ms, there, naive, time_zone)
    state = np.where(there, placed.state, numbers.state).astype(np.int8)
    both = dict.fromkeys([*notes, *placed.notes, *numbers.notes])
    return Times(np.where(there, placed.ms, numbers.ms), state, tuple(both))


def _parts(text: Any, pattern: str) -> Any:
    """Return the parts of each time as a struct, null where the pattern fails."""
    if pattern is _YEAR_LAST and len(text):
        fixed = pc.match_substring_regex(text, _FIXED)
        if pc.all(fixed, skip_nulls=False).as_py():  # slicing is five times as fast
            slices = [pc.utf8_slice_codeunits(text, *_PLACES[name]) for name in _PLACES]
            empty = pa.repeat("", len(text))
            return pa.StructArray.from_arrays(
                [*slices, empty, empty, empty], [*_PLACES, "f", "half", "zone"]
            )
    return pc.extract_regex(text, pattern=pattern)


def _likely_first(text: Any) -> list[str]:
    """Return the patterns, first what most of some cells have; no cell fits two."""
    probe = text.take(
        pa.array(range(0, len(text), max(1, len(text) // 100)), pa.int64())
    )
    hits = {
        pattern: pc.sum(pc.match_substring_regex(probe, pattern)).as_py() or 0
        for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST)
    }
    return sorted(hits, key=lambda pattern: -hits[pattern])


def _without_weekdays(text: Any) -> Any:
    """Leave out the day of the week: Mon, 01/06/2014."""
    weekday = r"^\p{L}{3,9}\.?,\s*"
    if not pc.any(pc.match_substring_regex(text, weekday)).as_py():
        return text
    return pc.replace_substring_regex(text, weekday, "")


def _without_month_names(text: Any) -> Any:
    """Write 13-ago-07 and May 3, 2023 with numbers."""
    if not pc.any(pc.match_substring_regex(text, r"[A-Za-z]{3}")).as_py():
        return text
    text = pc.replace_substring_regex(text, r"(?i)\bde\b|\bdel\b|\bof\b", " ")
    text = pc.replace_substring_regex(
        text, r"^([A-Za-z]{3,10})\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?,?\s", r"\2 \1 "
    )
    for number, names in enumerate(_MONTHS, start=1):
        pattern = rf"(?i)([\s/.-])(?:{'|'.join(names)})[a-z]*\.?([\s/.-])"
        text = pc.replace_substring_regex(text, pattern, rf"/{number:02d}/")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"\s*/\s*", "/"))


def _pair(parts: Any) -> tuple[Ints, Ints]:
    return _whole(parts, "a"), _whole(parts, "b")


def _order(parts: Any) -> tuple[Ints, Ints, str]:
    """Decide for all dates whether the day or the month comes first."""
    a, b = _pair(parts)
    if (b > 12).any() and not (a > 12).any():
        return a, b, "dates were read as month/day/year"
    if (a > 12).any():
        return b, a, "dates were read as day/month/year"
    return b, a, "dates were read as day/month/year: a guess, no day is above 12"


def _whole(parts: Any, name: str) -> Ints:
    """Return one part of all times as whole numbers, 0 where it is missing."""
    text = parts.field(name)
    filled = pc.if_else(pc.equal(pc.binary_length(text), 0), "0", text)
    numbers: Ints = pc.fill_null(pc.cast(filled, pa.int64()), 0).to_numpy()
    return numbers


def _assembled(
    parts: Any, month: Ints, day: Ints
) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return milliseconds, whether they are a time, and whether it has no offset."""
    year, hour, minute, second = (_whole(parts, name) for name in ("y", "h", "mi", "s"))
    year = np.where(year < 100, year + 2000, year)
    half = (
        pc.utf8_lower(parts.field("half")).to_numpy(zero_copy_only=False).astype("U1")
    )
    afternoon, morning = half == "p", half == "a"
    good = (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 24) & (minute < 60)
    good &= (second <= 60) & (year >= 1900)
    good &= (hour < 24) | ((minute == 0) & (second == 0))
    good &= ~(afternoon | morning) | ((hour >= 1) & (hour <= 12))
    hour = np.where(afternoon & (hour < 12), hour + 12, hour)
    hour = np.where(morning & (hour == 12), 0, hour)
    first = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    days = first.astype("datetime64[M]").astype("datetime64[D]")
    date = days + (day - 1).astype("timedelta64[D]")
    good &= date.astype("datetime64[M]") == first.astype("datetime64[M]")
    milli = pc.utf8_slice_codeunits(pc.utf8_rpad(parts.field("f"), 3, "0"), 0, 3)
    ms = pc.cast(milli, pa.int64()).to_numpy()
    ms = ms + 1000 * (second + 60 * (minute + 60 * hour))
    zone = pc.utf8_upper(parts.field("zone"))
    ms = ms + date.astype(np.int64) * _DAY_MS - _offset_ms(zone)
    bare = np.asarray(pc.equal(pc.binary_length(zone), 0))
    return ms, good, bare


def _offset_ms(zone: Any) -> Ints:
    """Return how far a zone like -05:00 is ahead of UTC."""
    signed = pc.match_substring_regex(zone, r"^[+-]")
    digits = pc.if_else(signed, pc.replace_substring(zone, ":", ""), "+0000")
    digits = pc.utf8_rpad(digits, 5, "0")
    hours = pc.cast(pc.utf8_slice_codeunits(digits, 1, 3), pa.int64()).to_numpy()
    minutes = pc.cast(pc.utf8_slice_codeunits(digits, 3, 5), pa.int64()).to_numpy()
    sign = np.where(np.asarray(pc.starts_with(digits, "-")), -1, 1)
    offset: Ints = sign * (hours * 60 + minutes) * 60_000
    return offset
