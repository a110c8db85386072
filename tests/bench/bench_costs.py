"""Travel times from the middle of a grid to all its cells: trocha beside its peers.

    make peers                     # once
    apt-get install grass-core     # GRASS, if it is to take part
    python tests/bench/bench_costs.py [--sides 1000 3000] [--turns 3]

Each tool runs in a process of its own (tests/bench/cost_peers.py) on the same
friction and relief, in turn, so that a busy machine slows all alike. Its costs are
compared with ours before any time is told. One line of JSON for each size, kind and
tool; `ratio` is its best time over ours, above 1 trocha is faster, and `cpu_ratio`
the same of processor time, which a busy machine changes less. Kinds: "cost" is
friction alone, "walk" Langmuir's paces, "tobler" Tobler's; "16" adds the knight's
moves. The time of GRASS includes reading and writing its own rasters, as its users
have it; ours includes checking and padding the grids, and turning seconds into hours.

`costs from sources` is of `--sources` cells to start from, each with costs of its own:
`ours_s` on all processors, `peer_s` one after the other; `ratio` is at most the number
of processors that are free.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from geo.analysis.terrain.costs import Costs, costs_of, langmuir, level
from geo.analysis.terrain.travel import Travel, accumulate, accumulate_each
from geo.grid import Grid, Surface
from tests.bench.cost_peers import CELL_M
from tests.bench.rounds import in_turn, say

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("cost_peers.py")
TERRAIN = ROOT / ".setup/terrain/bin/python"
KINDS = {
    "cost": ["grass", "skimage", "xrspatial", "whitebox", "itinera"],
    "walk": ["grass"],
    "tobler": [],
    "cost16": ["grass"],
    "walk16": ["grass"],
}
LARGEST = {"itinera": 9_000_000}  # cells: its graph of more would not fit in memory
AGREE = {"xrspatial": 1e-4}  # it returns single precision
"""Largest difference from ours, as a share; 1e-9 where nothing is said."""


def make_grids(side: int, folder: Path, *, seed: int = 5) -> None:
    """Write rough friction and a relief of hills, of which there are more if larger."""
    random = np.random.default_rng(seed)
    waves = np.fft.rfft2(random.normal(size=(side, side)))
    far = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    far[0, 0] = 1.0
    hills = np.fft.irfft2(waves / far**1.9, (side, side))
    hills = (hills - hills.min()) / np.ptp(hills) * 1.5 * side
    rough = np.fft.irfft2(waves.conj() * np.exp(1j) / far**1.2, (side, side))
    friction = np.exp(0.6 * (rough - rough.mean()) / rough.std())
    source = np.zeros((side, side))
    source[side // 2, side // 2] = 1
    np.save(folder / "friction.npy", friction)
    np.save(folder / "relief.npy", hills)
    for name, values in {"friction": friction, "source": source}.items():
        with rasterio.open(
            folder / f"{name}.tif",
            "w",
            driver="GTiff",
            height=side,
            width=side,
            count=1,
            dtype="float64",
            crs="EPSG:32618",
            transform=from_origin(0, side * CELL_M, CELL_M, CELL_M),
        ) as raster:
            raster.write(values, 1)


def run(tool: str, kind: str, folder: Path, *, rounds: int) -> dict[str, float]:
    home = sys.executable if tool in {"trocha", "grass"} else TERRAIN
    command = [home, RUNNER, tool, kind, folder, "--rounds", str(rounds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return json.loads(done.stdout)


def installed(tool: str) -> bool:
    if tool == "grass":
        return shutil.which("grass") is not None
    return tool == "trocha" or TERRAIN.exists()


def differs(tool: str, folder: Path) -> float:
    """Return the largest difference from our costs, as a share of theirs."""
    ours, theirs = (np.load(folder / f"{name}.npy") for name in ("trocha", tool))
    return float((np.abs(theirs - ours) / np.maximum(ours, 1.0)).max())


def measure(kind: str, side: int, folder: Path, *, turns: int, rounds: int) -> None:
    peers = [tool for tool in KINDS[kind] if installed(tool)]
    fit = [tool for tool in peers if side * side <= LARGEST.get(tool, side * side)]
    tools = ["trocha", *fit]
    best: dict[str, dict[str, float]] = {}
    for _ in range(turns):
        for tool in tools:
            new = run(tool, kind, folder, rounds=rounds)
            old = best.get(tool, new)
            best[tool] = {name: min(old[name], new[name]) for name in new}
    for tool in tools:
        share = differs(tool, folder)
        assert share <= AGREE.get(tool, 1e-9), f"{tool} differs by {share}"
        say(
            bench="costs",
            kind=kind,
            cells=side * side,
            tool=tool,
            **{name: round(value, 3) for name, value in best[tool].items()},
            ratio=round(best[tool]["wall_s"] / best["trocha"]["wall_s"], 2),
            cpu_ratio=round(best[tool]["cpu_s"] / best["trocha"]["cpu_s"], 2),
            differs=float(f"{share:.1e}"),
        )


def measure_sources(side: int, folder: Path, *, sources: int, rounds: int) -> None:
    """Time the costs from several cells at once, beside one after the other."""
    grid = Grid("EPSG:32618", 0, side * CELL_M, CELL_M, rows=side, columns=side)
    friction = Surface(grid, np.load(folder / "friction.npy"), "friction", "s/m")
    relief = Surface(grid, np.load(folder / "relief.npy"), "relief", "m")
    cells = np.random.default_rng(2).integers(0, side * side, sources).tolist()

    def at_once(costs: Costs) -> list[Travel]:
        return accumulate_each(costs, cells, back=[False] * sources)

    def in_a_row(costs: Costs) -> list[Travel]:
        return [accumulate(costs, cell) for cell in cells]

    for kind, walk in {"cost": level(), "walk": langmuir()}.items():
        costs = costs_of(friction, walk=walk, relief=relief, neighbours=8)
        for one, other in zip(at_once(costs), in_a_row(costs), strict=True):
            assert np.array_equal(one.seconds, other.seconds)
        say(
            bench="costs from sources",
            kind=kind,
            cells=side * side,
            sources=sources,
            **in_turn(at_once, in_a_row, costs, rounds=rounds),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[1000])
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sources", type=int, default=4)
    options = parser.parse_args()

    tools = sorted({tool for kind in options.kinds for tool in KINDS[kind]})
    for tool in tools:
        if not installed(tool):
            say(bench="costs", tool=tool, skipped="not installed; see the script")
    for side in options.sides:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_grids(side, folder)
            if options.sources:
                measure_sources(
                    side, folder, sources=options.sources, rounds=options.rounds
                )
            for kind in options.kinds:
                measure(kind, side, folder, turns=options.turns, rounds=options.rounds)


if __name__ == "__main__":
    main()
