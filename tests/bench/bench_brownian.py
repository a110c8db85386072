"""Lay Brownian bridges on a grid: trocha beside the sum written with NumPy.

Run:  python tests/bench/bench_brownian.py --fixes 1_000_000 --growth
Prints one line of JSON, and with --growth one more for a tenth of the fixes, for a
cell in four, and for four cells in place of one: the time grows with the fixes, and
with the cells that the bridges touch, not with those of the grid. `cpu_s` is the
processor's time, which a busy machine changes less.

The peer adds a Gaussian over the whole grid for each of ten steps of a bridge, as one
writes it from the paper; it gets the first few fixes of one track, and `ratio` is its
time per fix over ours, above 1 is faster. The two are compared on small cells, since
the peer takes a cell for a point.
"""

import argparse
import statistics
import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import Occurrence, brownian_bridge
from geo.grid import Grid
from tests.bench.rounds import peak_mib, say

GRID = Grid("EPSG:32618", 0, 250_000, 250, rows=1000, columns=1000)
ERROR_M, VARIANCE, PER_TRACK = 15.0, 20.0, 500


def make_fixes(n: int, *, step_s: float, seed: int = 1) -> pd.DataFrame:
    """Winding walks of 500 fixes each, one every `step_s` seconds."""
    rng = np.random.default_rng(seed)
    shape = (max(1, n // PER_TRACK), PER_TRACK)
    metres = rng.uniform(0.4, 1.2, (shape[0], 1)) * step_s
    heading = rng.normal(0, 0.25, shape).cumsum(axis=1)
    heading += rng.uniform(0, 2 * np.pi, (shape[0], 1))
    east = (metres * np.cos(heading)).cumsum(axis=1)
    north = (metres * np.sin(heading)).cumsum(axis=1)
    east += rng.uniform(60e3, 160e3, (shape[0], 1)) + rng.normal(0, ERROR_M, shape)
    north += rng.uniform(60e3, 190e3, (shape[0], 1)) + rng.normal(0, ERROR_M, shape)
    seconds = np.tile(np.arange(PER_TRACK) * step_s, shape[0])
    track = np.repeat(np.arange(shape[0]), PER_TRACK)
    return pd.DataFrame(
        {
            "track": track,
            "time": pd.to_datetime(1_700_000_000 + seconds, unit="s", utc=True),
            "trip": track,
            "x_m": east.ravel(),
            "y_m": north.ravel(),
            "error_m": ERROR_M,
        }
    )


def naive(fixes: pd.DataFrame, grid: Grid) -> NDArray[np.float64]:
    """Horne's mixture at the centres of all cells, weighted by distance."""
    cells = np.arange(grid.rows * grid.columns)
    x, y = (v.reshape(grid.shape) for v in grid.centre_of(cells))
    east, north = fixes["x_m"].to_numpy(), fixes["y_m"].to_numpy()
    seconds = fixes["time"].to_numpy("datetime64[s]").astype(float)
    out = np.zeros(grid.shape)
    for i in range(len(fixes) - 1):
        dx, dy = east[i + 1] - east[i], north[i + 1] - north[i]
        for a in (np.arange(10) + 0.5) / 10:
            s2 = (seconds[i + 1] - seconds[i]) * a * (1 - a) * VARIANCE
            s2 += ((1 - a) ** 2 + a**2) * ERROR_M**2
            square = (x - east[i] - a * dx) ** 2 + (y - north[i] - a * dy) ** 2
            weight = np.sqrt(max(dx * dx + dy * dy - 4 * ERROR_M**2, 0))
            out += weight / s2 * np.exp(-square / (2 * s2))
    return out / out.sum()


def seconds_of(task, *arguments, **options) -> tuple[float, object]:
    start = time.perf_counter()
    result = task(*arguments, **options)
    return time.perf_counter() - start, result


def bridge_seconds(
    fixes: pd.DataFrame, grid: Grid, options: argparse.Namespace
) -> float:
    """Return the median time of some rounds, whose results must be the same."""
    times, whole = [], None
    for _ in range(options.rounds):
        took, again = seconds_of(
            brownian_bridge, fixes, grid, variance=options.variance
        )
        assert whole is None or np.array_equal(again.occurrence, whole.occurrence)
        times.append(took)
        whole = again
    return statistics.median(times)


def show_growth(
    fixes: pd.DataFrame, whole_s: float, options: argparse.Namespace
) -> None:
    """Print the time for fewer fixes, and for coarser and finer cells."""
    finer = Grid(GRID.crs, GRID.west, GRID.north, 125, rows=2000, columns=2000)
    for what, some, grid in (
        ("a tenth of the fixes", fixes[: len(fixes) // 10], GRID),
        ("a quarter of the cells", fixes, GRID.coarsened(2)),
        ("four times the cells", fixes, finer),
    ):
        took_s = bridge_seconds(some, grid, options)
        say(
            bench="brownian growth",
            what=what,
            fixes=len(some),
            cells=grid.rows * grid.columns,
            seconds=round(took_s, 2),
            share_of_whole=round(took_s / whole_s, 2),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=200_000)
    parser.add_argument("--step-s", type=float, default=300)
    parser.add_argument("--variance", choices=["track", "dynamic"], default="track")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()

    fixes = make_fixes(options.fixes, step_s=options.step_s)
    few = fixes[:20]
    west, south = few["x_m"].min() - 1000, few["y_m"].min() - 1000
    around = (west, south, few["x_m"].max() + 1000, few["y_m"].max() + 1000)
    close = Grid.covering(around, crs=GRID.crs, cell_m=10)
    ours: Occurrence = brownian_bridge(few, close, variance=VARIANCE)
    theirs = naive(few, close)
    elsewhere = np.abs(ours.occurrence / ours.occurrence.sum() - theirs).sum() / 2
    assert elsewhere < 0.02, f"{elsewhere:.3f} of the movement lies elsewhere"
    peer_s, _ = seconds_of(naive, few, GRID)

    began_s = time.process_time()
    took_s = bridge_seconds(fixes, GRID, options)
    cpu_s = (time.process_time() - began_s) / options.rounds
    each = took_s / len(fixes)
    say(
        bench="brownian",
        fixes=len(fixes),
        cells=GRID.rows * GRID.columns,
        seconds=round(took_s, 2),
        cpu_s=round(cpu_s, 2),
        step_s=options.step_s,
        variance=options.variance,
        ours_us_per_fix=round(each * 1e6, 3),
        numpy_us_per_fix=round(peer_s / len(few) * 1e6),
        ratio=round(peer_s / len(few) / each),
        elsewhere=round(float(elsewhere), 4),
        peak_mib=peak_mib(),
    )
    if options.growth:
        show_growth(fixes, took_s, options)


if __name__ == "__main__":
    main()
