"""Times that are 1024 weeks off, because a receiver's week counter rolled over.

GPS counts weeks in ten bits: after 1024 weeks, about 19.6 years, the count starts
anew (on 22 August 1999, 7 April 2019 and 21 November 2038). An old receiver then
reports a time 1024 weeks before the true one, later 2048; one that was mended wrongly
reports a time as much after it (IS-GPS-200, 20.3.3.3.1.1).
"""

from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.read.sifting import Rows
from geo.read.times import OK

Ints = NDArray[np.int64]

WEEKS = 1024
ERA_MS = WEEKS * 7 * 86_400_000
"""From one roll-over to the next: 7168 days."""

MOST_ERAS = 2
"""How many roll-overs are believed; a clock that was never set is something else."""


def eras_off(ms: Ints, *, start_ms: int, end_ms: int) -> Ints:
    """Return how many times 1024 weeks bring each time into a campaign.

    Parameters
    ----------
    ms : (n,) int64 array
        Milliseconds since 1970 UTC.
    start_ms, end_ms
        First millisecond of the campaign, and the first after it.

    Returns
    -------
    (n,) int64 array
        -2 to 2. It is 0 for a time that lies in the campaign, for one that no such
        step brings there, and for one that several do, in a campaign that is longer
        than 1024 weeks: nothing says then which is right.

    Examples
    --------
    A campaign of 2023. December 2003 is then August 2023, and May 1984 is December,
    by two steps; June 2004 is January 2024, so nothing is said of it.

    >>> def ms(*days):
    ...     return np.array(days, dtype="datetime64[ms]").astype(np.int64)
    >>> start_ms, end_ms = ms("2023-01-01", "2024-01-01")
    >>> days = ms("2023-05-01", "2003-12-18", "1984-05-01", "2004-06-01")
    >>> eras_off(days, start_ms=start_ms, end_ms=end_ms).tolist()
    [0, 1, 2, 0]
    """
    fewest = -((ms - start_ms) // ERA_MS)
    most = (end_ms - 1 - ms) // ERA_MS
    sure = (fewest == most) & (np.abs(fewest) <= MOST_ERAS)
    return np.where(sure, fewest, 0)


def judge_weeks(
    rows: Rows,
    *,
    campaign: tuple[datetime, datetime],
    rollover: bool,
    name: str,
) -> tuple[Rows, tuple[str, ...]]:
    """Move times by whole roll-overs into a campaign, or say that it may be needed.

    Parameters
    ----------
    rows
        The rows of a file, understood but not yet judged.
    campaign
        When the fixes of the region were taken: the first moment, and the first after
        it; with an offset from UTC.
    rollover
        Whether to move times. Those that whole roll-overs do not bring into the
        campaign stay as they are.
    name
        Of the file, for the error.

    Returns
    -------
    rows
        As given, or with other times.
    notes
        What was done, or could be.

    Raises
    ------
    InputError
        If more than half of the times are off by whole roll-overs, and `rollover` is
        False.
    """
    start_ms, end_ms = (int(moment.timestamp() * 1000) for moment in campaign)
    known = rows.times.state == OK
    eras = eras_off(rows.times.ms, start_ms=start_ms, end_ms=end_ms) * known
    off, timed = int(np.count_nonzero(eras)), int(np.count_nonzero(known))
    if not off:
        return rows, ()
    steps = np.unique(np.abs(eras[eras != 0])) * WEEKS
    weeks = " or ".join(str(step) for step in steps)
    if rollover:
        times = replace(rows.times, ms=rows.times.ms + eras * ERA_MS)
        moved = f"times of {off:,} of {timed:,} rows moved by {weeks} weeks, as asked"
        return replace(rows, times=times), (moved,)
    if 2 * off > timed:
        raise InputError(
            f"{name}: {off:,} of its {timed:,} times lie {weeks} weeks outside the "
            "region's campaign; the receiver's count of weeks seems to have rolled "
            "over.",
            hint="Add it with --rollover; or correct [region] since and until, if its "
            "times are right.",
        )
    note = (
        f"times of {off:,} of {timed:,} rows lie {weeks} weeks outside the region's "
        "campaign; --rollover moves them into it"
    )
    return rows, (note,)
