"""What is said of fixes, and the tables of what passes and what does not."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.frames import (
    SHARE,
    milliseconds,
    on_processors,
    one_or_all,
    picked,
    room,
    same,
)
from geo.kernels.cleaning import (
    Place,
    Rule,
    Tally,
    clean_tracks,
    error_of,
    number,
    write_errors,
)
from geo.kernels.laea import project
from geo.kernels.rows import are_sorted, sealed
from geo.kernels.verdicts import IN_NO_TRIP, KEPT, TOO_RECENT, Limits, Rows
from geo.plane import plane_of
from geo.schema import REJECTS, fix_columns

log = logging.getLogger(__name__)

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

REASONS = (
    "",
    "no time",
    "no position",
    "outside the region",
    "poor accuracy",
    "duplicate",
    "impossible speed",
    "spike",
    "too recent",
)
"""What the verdicts of the kernels stand for."""

PASSENGERS = ("source", "line")
"""Columns that come from the store, and say where a row stood."""


@dataclass(frozen=True, slots=True)
class Turned:
    """Which rows were turned away: why, and where they stood.

    Parameters
    ----------
    why : (n,) int8 array
        Places in REASONS.
    source, line : (n,) arrays
        As they came; "" and 0 where they did not.
    """

    why: Codes
    source: Any
    line: Ints

    def rejects(self) -> pd.DataFrame:
        """Return them as `schema.REJECTS` says."""
        late = (self.why == TOO_RECENT).astype(np.int64)
        columns = {
            "file": self.source,
            "line": self.line,
            "column": pd.array(["", "time"], dtype="str").take(late),
            "reason": pd.array(REASONS, dtype="str").take(self.why),
        }
        return pd.DataFrame(columns).astype(dict(REJECTS))

    def counts(self) -> dict[str, int]:
        """Return how many rows each reason turned away, as `Sifted.counts` does."""
        many = np.bincount(self.why, minlength=len(REASONS)).tolist()
        counts = [(name, n) for name, n in zip(REASONS, many, strict=True) if n]
        return dict(sorted(counts, key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class Judged:
    """Sorted fixes, and what is said of each.

    Parameters
    ----------
    columns
        Those of schema.FIXES, and PASSENGERS.
    rows
        The same, as the kernels take them.
    verdict : (n,) int8 array
        Places in REASONS; 0 if a fix is clean, IN_NO_TRIP if it is, but too lonely.
    cuts, tallies
        Shares of the rows, none of which parts a track, and what each comes to.
    metres : (2, n) array
        All in metres; what lies outside the region perhaps anywhere.
    rule
        What makes a chain and a trip.
    """

    columns: Mapping[str, Any]
    rows: Rows
    verdict: Codes
    cuts: list[slice]
    tallies: list[Tally]
    metres: Floats
    rule: Rule

    def turned(self) -> Turned:
        """Return the rows that are not clean, by source, line and reason."""
        gone = (self.verdict != KEPT) & (self.verdict != IN_NO_TRIP)
        out = np.flatnonzero(gone)
        why = self.verdict[out]
        line, source = (
            np.broadcast_to(column, self.verdict.shape)[out]
            for column in (self.rows.line, self.rows.source)
        )
        by_name = np.argsort(np.argsort(REASONS))  # the place of each among the others
        order = np.lexsort((by_name[why], line, source))
        if "source" in self.columns:
            name = self.columns["source"].array.take(out[order])
        else:
            name = pd.array([""], dtype="str").take(np.zeros(out.size, np.int64))
        return Turned(why[order], name, line[order])

    def kept(self, *, trips: bool) -> pd.DataFrame:
        """Return the fixes that are clean and in a trip, in metres.

        Parameters
        ----------
        trips
            Whether to number the trips.
        """
        accuracy = self.rows.accuracy
        x, y = self.metres
        columns = dict(self.columns) | {"x_m": x, "y_m": y}
        varies = accuracy.size > 1
        one = float("nan") if varies or not accuracy.size else accuracy[0]
        error = float if varies else error_of(one, self.rule.error)
        more: dict[str, Any] = {"error_m": error}
        if trips:
            more["trip"] = int
        first = np.cumsum([0, *(tally.trips for tally in self.tallies)]).tolist()

        def fill(at: int, out: Mapping[str, NDArray[Any]]) -> None:
            if varies:
                write_errors(out["accuracy_m"], self.rule.error, out["error_m"])
            if trips:
                number(out["track"], out["time"], self.rule.gap, first[at], out["trip"])

        return picked(
            columns, self.verdict == KEPT, cuts=self.cuts, more=more, fill=fill
        )


def judged_fixes(
    fixes: pd.DataFrame,
    *,
    crs: str,
    bounds: tuple[float, float, float, float],
    limits: Limits,
    rule: Rule,
) -> Judged:
    """Say of each fix whether it is clean, and whether in a trip.

    Parameters
    ----------
    fixes, crs, bounds
        As for `geo.clean.clean_fixes`.
    limits, rule
        What a fix may be by itself, and beside the others of its track.
    """
    plane = plane_of(crs)
    columns = _sorted(fixes)
    rows = _rows(columns)
    own = plane.covers(bounds)
    size = rows.track.size
    metres = room(2, size).view(np.float64)
    verdict = room(1, size // 8 + 1)[0].view(np.int8)[:size]

    def judge(share: slice) -> Tally:
        some = Rows._make(c[share] if c.size == size else c for c in rows)
        said, (x, y) = verdict[share], metres[:, share]
        said[:] = KEPT
        if own and plane.centre:
            project(some.lon, some.lat, plane.centre, x, y)
        else:
            plane.metres(some.lon, some.lat, out=(x, y))
        place = Place(sealed(x, np.float64), sealed(y, np.float64))
        return Tally(*clean_tracks(some, limits, rule, place, said))

    cuts = _shares(rows.track)
    tallies = on_processors(judge, cuts)
    log.info("clean: kept %d of %d fixes", sum(t.fixes for t in tallies), size)
    return Judged(columns, rows, verdict, cuts, tallies, metres, rule)


def _sorted(fixes: pd.DataFrame) -> dict[str, Any]:
    """Return the columns we keep, sorted by track, then time."""
    columns = fix_columns(fixes, unknown=same(np.nan, len(fixes)))
    track, time = sealed(columns["track"], np.int64), milliseconds(columns["time"])
    if not are_sorted(track, time):
        return _sorted(fixes.take(np.lexsort((time, track))))
    return columns | {name: fixes[name] for name in PASSENGERS if name in fixes}


def _rows(columns: Mapping[str, Any]) -> Rows:
    """Return the columns of sorted fixes as the kernels take them."""
    none = np.zeros(1, np.int64)
    source = none
    if "source" in columns:
        source = pd.factorize(columns["source"], sort=True)[0]
    return Rows(
        track=sealed(columns["track"], np.int64),
        time=milliseconds(columns["time"]),
        lon=sealed(columns["lon"], np.float64),
        lat=sealed(columns["lat"], np.float64),
        elevation=one_or_all(columns["elevation_m"]),
        accuracy=one_or_all(columns["accuracy_m"]),
        source=sealed(source, np.int64),
        line=sealed(columns.get("line", none), np.int64),
    )


def _shares(track: Ints) -> list[slice]:
    """Cut rows into shares of about SHARE, none of which parts a track."""
    near = track[np.arange(SHARE, track.size, SHARE)]
    cuts = sorted({0, *np.searchsorted(track, near, "right").tolist(), track.size})
    return [slice(*cut) for cut in pairwise(cuts)]
