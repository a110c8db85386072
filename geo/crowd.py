"""Who stands behind a map: tracks or points, each with a mark of what it adds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.frames import milliseconds
from geo.kernels.draws import mixed

Ints = NDArray[np.int64]

CROWD = {"who": "int64", "mark": "int64"}
"""One row a track or point: its keyed hash, and a mark that its rows decide, 0 if it
adds nothing to a map. Sorted by `who`."""

# Odd numbers without a pattern, one a column of what is marked.
_FACTORS = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
    ],
    np.uint64,
)


@dataclass(frozen=True, slots=True)
class Turnover:
    """How many of a crowd are new, add something else, or are gone."""

    new: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def total(self) -> int:
        """How many are not as before."""
        return self.new + self.changed + self.gone


def no_crowd() -> pd.DataFrame:
    """Return a crowd of nobody."""
    return pd.DataFrame({name: np.zeros(0, kind) for name, kind in CROWD.items()})


def crowd_of_tracks(trips: pd.DataFrame) -> pd.DataFrame:
    """Return the tracks that add to a map, with what decides how much.

    That is what was measured, in the fixes that are left in trips: no setting changes
    a mark but those by which fixes come into a trip or do not.

    Parameters
    ----------
    trips
        Fixes as schema.FIXES says, in any order of rows.

    Examples
    --------
    >>> time = pd.to_datetime(["2024-06-01T06Z", "2024-06-01T07Z"]).as_unit("ms")
    >>> trips = pd.DataFrame({"track": [5, 5], "time": time, "lon": -77.5, "lat": 8.0})
    >>> one = crowd_of_tracks(trips.assign(accuracy_m=np.nan))
    >>> same = crowd_of_tracks(trips[::-1].assign(accuracy_m=np.nan))
    >>> other = crowd_of_tracks(trips.assign(accuracy_m=[np.nan, 9.0]))
    >>> one.equals(same), one.equals(other), other["who"].tolist()
    (True, False, [5])
    """
    accuracy = trips["accuracy_m"].to_numpy(np.float64) + 0.0  # zero without a sign
    bits = np.where(np.isnan(accuracy), np.nan, accuracy).view(np.int64)
    measured = [
        milliseconds(trips["time"]),
        _in_e7(trips["lon"]),
        _in_e7(trips["lat"]),
        bits,
    ]
    return _marked(trips["track"].to_numpy(np.int64), measured)


def crowd_of_points(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points that add to a map, with what decides how much.

    Parameters
    ----------
    points
        As schema.POINTS says, in any order of rows.
    """
    told = [points["month"].to_numpy(np.int64)]
    told += [_in_e7(points["lon"]), _in_e7(points["lat"])]
    return _marked(points["point"].to_numpy(np.int64), told)


def join_crowds(crowds: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the crowd of several that share nobody."""
    whole = pd.concat([no_crowd(), *crowds]).astype(CROWD)
    return whole.sort_values("who", ignore_index=True)


def among(crowd: pd.DataFrame, who: NDArray[np.int64]) -> pd.DataFrame:
    """Return all of `who`, with a mark of 0 where the crowd has none of them.

    Examples
    --------
    >>> crowd = pd.DataFrame({"who": [3, 7], "mark": [11, 12]})
    >>> among(crowd, np.array([7, 2])).to_numpy().tolist()
    [[2, 0], [7, 12]]
    """
    everybody = np.unique(np.asarray(who, np.int64))
    mark, _ = _marks(crowd, everybody)
    return pd.DataFrame({"who": everybody, "mark": mark})


def compare(before: pd.DataFrame, now: pd.DataFrame) -> Turnover:
    """Return how many of a crowd are not as before.

    Those count who add something to a map, or did. Only where none of these differs do
    those count who add nothing, but are in the one crowd and not in the other: as
    tracks that are too recent yet.

    Parameters
    ----------
    before, now
        Crowds, as CROWD says.

    Examples
    --------
    Of three, one stays, one goes, and one has moved; and somebody comes.

    >>> before = pd.DataFrame({"who": [1, 2, 3], "mark": [11, 12, 13]})
    >>> now = pd.DataFrame({"who": [1, 3, 4], "mark": [11, 99, 14]})
    >>> compare(before, now)
    Turnover(new=1, changed=1, gone=1)
    """
    everybody = np.union1d(before["who"].to_numpy(), now["who"].to_numpy())
    (old, was), (new, is_there) = (_marks(one, everybody) for one in (before, now))
    if np.array_equal(old, new):
        old, new = was.astype(np.int64), is_there.astype(np.int64)
    differ = old != new
    return Turnover(
        new=int((differ & (old == 0)).sum()),
        changed=int((differ & (old != 0) & (new != 0)).sum()),
        gone=int((differ & (new == 0)).sum()),
    )


def _marks(
    crowd: pd.DataFrame, everybody: NDArray[np.int64]
) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the mark of each, 0 for who is not in the crowd, and who is in it."""
    mark = np.zeros(everybody.size, np.int64)
    there = np.isin(everybody, crowd["who"].to_numpy())
    known = crowd[np.isin(crowd["who"].to_numpy(), everybody)].sort_values("who")
    mark[there] = known["mark"].to_numpy()
    return mark, there


def _marked(who: Ints, columns: Sequence[Ints]) -> pd.DataFrame:
    """Return a crowd whose marks are sums over rows, so that no order matters."""
    row = np.zeros(who.size, np.uint64)
    for factor, values in zip(_FACTORS, columns, strict=False):
        row += values.view(np.uint64) * factor
    begins = np.flatnonzero(np.append(who[:1] == who[:1], who[1:] != who[:-1]))
    # Rows mostly lie side by side: there are far fewer runs than rows.
    sums = np.add.reduceat(mixed(row), begins) if who.size else row
    everybody, at = np.unique(who[begins], return_inverse=True)
    mark = np.zeros(everybody.size, np.uint64)
    np.add.at(mark, at, sums)
    return pd.DataFrame({"who": everybody, "mark": mark.view(np.int64)})


def _in_e7(degrees: pd.Series) -> Ints:
    """Return degrees as the store keeps them."""
    return np.rint(degrees.to_numpy(np.float64) * 1e7).astype(np.int64)
