"""What the program should find: counts from the noise-free paths, as aggregates."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from simulator.motion import Journey

CELL_M = 2000.0
NEAR_M = 1000.0
"""A post is passed within this distance, or within its precision if that is coarser."""
LONGEST_TRIP_GAP_S = 6 * 3600.0
Cell = tuple[int, int]


@dataclass(slots=True)
class Tally:
    """Counts of distinct tracks, gathered track by track."""

    flows: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    crossings: Counter[tuple[str, str, str, int, bool]] = field(default_factory=Counter)
    cells: Counter[Cell] = field(default_factory=Counter)

    def add(
        self,
        journey: Journey,
        *,
        route: str,
        direction: str,
        times: NDArray[np.float64],
        posts: pd.DataFrame,
    ) -> None:
        """Count one track between its first and its last fix.

        Parameters
        ----------
        journey
            The noise-free path.
        route, direction
            What the person set out to do.
        times
            All times recorded, in order.
        posts
            Checkpoints: name, x, y, precision_m.
        """
        span = float(times[0]), float(times[-1])
        self.flows[month_of(span[0]), route, direction] += 1
        x, y, at = dense_path(journey, span)
        self.cells.update(touched_cells(x, y))
        for name, moved in journey.places:
            when = _clock_at(journey, moved)
            if name in ("border", "sea border") and span[0] < when < span[1]:
                seen = _within_a_trip(when, times)
                key = (name, "", direction, month_of(when), seen)
                self.crossings[key] += 1
        for post in posts.itertuples():
            away = np.hypot(x - post.x, y - post.y)
            if away.min() <= max(post.precision_m, NEAR_M):
                when = float(at[np.argmin(away)])
                seen = _within_a_trip(when, times)
                key = ("checkpoint", post.name, "past", month_of(when), seen)
                self.crossings[key] += 1


def month_of(time_s: float) -> int:
    """Return the month (1 to 12) of UTC seconds.

    Examples
    --------
    >>> month_of(1675209599.0), month_of(1675209600.0)
    (1, 2)
    """
    return int(pd.Timestamp(time_s, unit="s").month)


def dense_path(
    journey: Journey, span: tuple[float, float], *, step_m: float = 25.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return points of a path every few metres between two times, and their times."""
    moved = np.interp(span, journey.clock_s, journey.clock_moved_s)
    first, last = np.searchsorted(journey.moved_s, moved)
    inner = journey.moved_s[first:last]
    stages = np.unique(np.concatenate([[moved[0]], inner, [moved[1]]]))
    x = np.interp(stages, journey.moved_s, journey.x)
    y = np.interp(stages, journey.moved_s, journey.y)
    metres = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.append(np.arange(0.0, metres[-1], step_m), metres[-1])
    stage = np.interp(wanted, metres, stages)
    # The timetable is flat in rests: shift equal stages apart to invert it.
    clock = np.interp(
        stage,
        journey.clock_moved_s + 1e-9 * np.arange(len(journey.clock_s)),
        journey.clock_s,
    )
    return np.interp(wanted, metres, x), np.interp(wanted, metres, y), clock


def touched_cells(x: NDArray[np.float64], y: NDArray[np.float64]) -> set[Cell]:
    """Return the cells under points, as whole steps of 2 km east and north.

    Examples
    --------
    >>> x, y = np.array([-1.0, 0.0, 1999.0]), np.array([0.0, 0.0, 2000.0])
    >>> sorted(touched_cells(x, y))
    [(-1, 0), (0, 0), (0, 1)]
    """
    column = np.floor(x / CELL_M).astype(int)
    row = np.floor(y / CELL_M).astype(int)
    return set(zip(column.tolist(), row.tolist(), strict=True))


def _clock_at(journey: Journey, moved_s: float) -> float:
    """Return when a stage of the journey is first reached."""
    at = int(np.searchsorted(journey.clock_moved_s, moved_s))
    at = min(at, len(journey.clock_s) - 1)
    if journey.clock_moved_s[at] == moved_s or at == 0:
        return float(journey.clock_s[at])
    return float(
        np.interp(
            moved_s,
            journey.clock_moved_s[at - 1 : at + 1],
            journey.clock_s[at - 1 : at + 1],
        )
    )


def _within_a_trip(when: float, times: NDArray[np.float64]) -> bool:
    """Tell whether the fixes before and after a moment belong to one trip."""
    after = int(np.searchsorted(times, when))
    if after == 0 or after == len(times):
        return after < len(times) and bool(times[after] == when)
    return bool(times[after] - times[after - 1] <= LONGEST_TRIP_GAP_S)


def hot_cells(
    tracks: Mapping[Cell, int], land: set[Cell], *, alpha: float = 0.05
) -> pd.DataFrame:
    """Return visited cells and those that touch them on land, with Gi* and its test.

    Parameters
    ----------
    tracks
        Distinct tracks by cell.
    land
        Cells on land: only there does an untouched neighbour count as a zero.
    alpha
        False discovery rate (Benjamini & Hochberg 1995) of the two-sided test.

    Returns
    -------
    DataFrame
        column, row, tracks, z, q, hot. Gi* of Ord & Getis (1995), binary weights,
        three by three cells and oneself.
    """
    domain = set(tracks)
    for column, row in tracks:
        domain |= {(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & land
    cells = sorted(domain)
    value = {cell: float(tracks.get(cell, 0)) for cell in cells}
    values = np.array(list(value.values()))
    n, mean, deviation = len(values), values.mean(), values.std()
    z = np.zeros(n)
    for k, (column, row) in enumerate(cells):
        around = [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        inside = [value[cell] for cell in around if cell in value]
        w = len(inside)
        spread = deviation * np.sqrt((n * w - w * w) / (n - 1))
        z[k] = (sum(inside) - mean * w) / spread if spread > 0 else 0.0
    q = adjust(2.0 * ndtr(-np.abs(z)))
    table = pd.DataFrame(cells, columns=["column", "row"])
    return table.assign(
        tracks=values.astype(int), z=z, q=q, hot=((q <= alpha) & (z > 0)).astype(int)
    )


def adjust(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p values adjusted after Benjamini & Hochberg (1995).

    Examples
    --------
    >>> adjust(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    order = np.argsort(p)[::-1]
    rank = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(p[order] * len(p) / rank)
    return np.minimum(adjusted, 1.0)


def load_land(path: Path) -> set[Cell]:
    """Read truth/land_cells.csv: runs of cells whose centre lies on land."""
    runs = pd.read_csv(path)
    return {
        (column, int(run.row))
        for run in runs.itertuples()
        for column in range(int(run.first), int(run.last) + 1)
    }


def write_truth(tally: Tally, *, land: set[Cell], folder: Path) -> None:
    """Write flows.csv, crossings.csv and cells.csv."""
    flows = pd.DataFrame(
        [(*key, count) for key, count in sorted(tally.flows.items())],
        columns=["month", "route", "direction", "tracks"],
    )
    flows["month"] = [f"2023-{month:02d}" for month in flows["month"]]
    counted: dict[tuple[str, str, int, str], list[int]] = {}
    for (kind, name, direction, month, seen), count in tally.crossings.items():
        pair = counted.setdefault((kind, name, month, direction), [0, 0])
        pair[0] += count
        pair[1] += count if seen else 0
    crossings = pd.DataFrame(
        [
            (kind, name, direction, f"2023-{month:02d}", *pair)
            for (kind, name, month, direction), pair in sorted(counted.items())
        ],
        columns=["kind", "name", "direction", "month", "tracks", "tracks_in_trips"],
    )
    cells = hot_cells(tally.cells, land)
    cells = cells[cells["tracks"] > 0].assign(z=cells["z"].round(3))
    cells["q"] = [float(f"{q:.3g}") for q in cells["q"]]
    for name, table in (("flows", flows), ("crossings", crossings), ("cells", cells)):
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
