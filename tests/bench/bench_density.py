"""Kernel density of points on a grid of a million cells: trocha beside its peers.

    pip install KDEpy    # if it is to take part
    apt-get install r-base-core r-cran-spatstat.explore    # spatstat, likewise
    python tests/bench/bench_density.py --points 1_000_000

Prints a line of JSON for each peer. `ratio` is the peer's time over ours, above 1 is
faster. Errors are the largest at 300 cells, against the sum over all points, as a share
of the maximum. SciPy smooths counted points. KDEpy and spatstat (in R:
tests/bench/density.R, which times itself once the points are loaded) are left out where
they are not installed.
"""

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.density.surfaces import exact_density_at, kernel_density_points
from geo.grid import Grid
from tests.bench.rounds import in_turn, peak_mib, say, seconds

GRID = Grid("EPSG:32618", 0, 100_000, 100, rows=1000, columns=1000)
BANDWIDTH_M = 1000.0
Points = NDArray[np.float64]


def make_points(n: int, *, seed: int = 1) -> tuple[Points, Points]:
    """Points along winding ways through the grid."""
    rng = np.random.default_rng(seed)
    along = rng.uniform(0, 1, n)
    way = rng.integers(0, 12, n)
    x = 6000 + 88_000 * along + rng.normal(0, 300, n)
    y = 8000 + 84_000 * (0.5 + 0.45 * np.sin(5 * along + way)) + rng.normal(0, 300, n)
    return x.clip(1, 99_999), y.clip(1, 99_999)


def ours(x: Points, y: Points) -> Points:
    return kernel_density_points(
        x, y, grid=GRID, bandwidth_m=BANDWIDTH_M, edge="none"
    ).values


def kdepy(x: Points, y: Points) -> Points:
    from KDEpy import FFTKDE

    margin = 60
    east = (np.arange(-margin, GRID.columns + margin) + 0.5) * GRID.cell_m
    north = (np.arange(-margin, GRID.rows + margin) + 0.5) * GRID.cell_m
    mesh = np.stack(np.meshgrid(east, north, indexing="ij"), -1).reshape(-1, 2)
    points = np.column_stack([x, y]) / BANDWIDTH_M
    found = FFTKDE(bw=1.0, kernel="gaussian").fit(points).evaluate(mesh / BANDWIDTH_M)
    inside = found.reshape(len(east), len(north))[margin:-margin, margin:-margin]
    return inside.T[::-1] * len(x) * 1e6 / BANDWIDTH_M**2


def scipy(x: Points, y: Points) -> Points:
    cell = GRID.cell_of(x, y)
    counts = np.bincount(cell, minlength=GRID.rows * GRID.columns).astype(float)
    sigma = BANDWIDTH_M / GRID.cell_m
    smooth = ndimage.gaussian_filter(
        counts.reshape(GRID.shape), sigma, mode="constant", truncate=5
    )
    return smooth / (GRID.cell_m / 1000) ** 2


def has_spatstat() -> bool:
    if not (found := shutil.which("Rscript")):
        return False
    asked = [found, "-e", "library(spatstat.explore)"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0  # noqa: S603


def spatstat(x: Points, y: Points, *, rounds: int) -> tuple[Points, float]:
    """Return the density, and the median of the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        facts = np.array([GRID.rows * GRID.cell_m, GRID.rows, BANDWIDTH_M], float)
        for name, values in {"x": x, "y": y, "facts": facts}.items():
            values.tofile(Path(folder, name))
        script = Path(__file__).with_name("density.R")
        command = [shutil.which("Rscript"), script, folder, str(rounds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        surface = np.fromfile(Path(folder, "surface")).reshape(GRID.shape)
    times = [float(line) for line in done.stdout.split()]
    return surface[::-1] * 1e6, statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    points = make_points(options.points)
    cell = np.random.default_rng(3).integers(0, GRID.rows * GRID.columns, 300)
    exact = exact_density_at(*points, at=GRID.centre_of(cell), bandwidth_m=BANDWIDTH_M)

    def error_of(surface: Points) -> float:
        return float(np.abs(surface.ravel()[cell] - exact).max() / exact.max())

    own = error_of(ours(*points))
    assert own < 1e-5, f"our error is {own}"
    for name, peer in {"KDEpy": kdepy, "scipy": scipy}.items():
        if not importlib.util.find_spec(name):
            continue
        theirs = error_of(peer(*points))
        assert theirs < 2e-2, "the two sides must agree first"
        say(
            bench="density",
            points=options.points,
            cells=GRID.rows * GRID.columns,
            peer=name,
            **in_turn(ours, peer, *points, rounds=options.rounds, digits=4),
            ours_error=float(f"{own:.1e}"),
            peer_error=float(f"{theirs:.1e}"),
            peak_mib=peak_mib(),
        )
    if has_spatstat():
        surface, peer_s = spatstat(*points, rounds=options.rounds)
        theirs = error_of(surface)
        assert theirs < 2e-2, "the two sides must agree first"
        ours_s = statistics.median(
            seconds(ours, *points) for _ in range(options.rounds)
        )
        say(
            bench="density",
            points=options.points,
            cells=GRID.rows * GRID.columns,
            peer="spatstat",
            ours_s=round(ours_s, 4),
            peer_s=round(peer_s, 4),
            ratio=round(peer_s / ours_s, 2),
            ours_error=float(f"{own:.1e}"),
            peer_error=float(f"{theirs:.1e}"),
        )


if __name__ == "__main__":
    main()
