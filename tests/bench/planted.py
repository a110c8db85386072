"""Plant hotspots of each class into months of noise, and see which are found again.

    python tests/bench/planted.py [--fields 40] [--rate 20] [--k 10]

The sample of Darién has truth for whole cells, but not for cells by month. So counts
are drawn here: Poisson noise with blocks of 3 x 3 cells that follow one of the classes
of emerging hotspots, through the same gate as the map. Prints one line of JSON: for
each class how often it was named so, and how often it was at least called hot (or
cold) in the month that matters; and the share of quiet cells that were called
anything, with and without planted blocks.
"""

import argparse
import json
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.hotspots.emerging import find_emerging
from geo.grid import Grid
from geo.privacy import rounded_counts

GRID = Grid("EPSG:32618", 0, 60_000, 2000, rows=30, columns=30)
STEPS = 12
FACTOR = 4.0
"""So many times as many tracks pass in a hot month as else."""

SERIES: dict[str, NDArray[np.float64]] = {
    "new hot": np.r_[np.ones(11), FACTOR],
    "consecutive hot": np.r_[np.ones(7), np.full(5, FACTOR)],
    "intensifying hot": np.linspace(FACTOR, 3 * FACTOR, STEPS),
    "persistent hot": np.full(STEPS, FACTOR),
    "diminishing hot": np.linspace(3 * FACTOR, FACTOR, STEPS),
    "sporadic hot": np.tile([FACTOR, 1.0, 1.0, FACTOR], 3),
    "historical hot": np.r_[np.full(11, FACTOR), 0.5],
}
"""What the rate of a block is multiplied with, month by month."""

Cube = NDArray[np.int64]


def planted(rng: np.random.Generator, *, rate: float) -> tuple[Cube, NDArray[np.str_]]:
    """Return counts by month and cell, and the class of each cell.

    The middles of blocks carry their class; what lies around them is "near", since
    its surroundings hold part of the block; all else is "none".
    """
    rates = np.full((STEPS, *GRID.shape), rate)
    kind = np.full(GRID.shape, "none", dtype="<U20")
    for n, (name, series) in enumerate(SERIES.items()):
        row, column = 3 + 9 * (n // 3), 3 + 9 * (n % 3)
        kind[row - 2 : row + 5, column - 2 : column + 5] = "near"
        kind[row + 1, column + 1] = name
        rates[:, row : row + 3, column : column + 3] = rate * series[:, None, None]
    return rng.poisson(rates), kind


def classes(cube: Cube, *, k: int) -> NDArray[np.str_]:
    """Return the class of each cell, told from what would be published."""
    month, row, column = np.nonzero(cube >= 0)
    counts = rounded_counts(cube.ravel(), k=k, round_to=5).astype(int)
    cell = row * GRID.columns + column
    visits = pd.DataFrame({"cell": cell, "month": month, "tracks": counts})
    found = find_emerging(visits, GRID)
    told = np.full(GRID.rows * GRID.columns, "none", dtype="<U20")
    told[found["cell"]] = found["kind"]
    return told.reshape(GRID.shape)


def main() -> None:
    """Plant, look, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fields", type=int, default=40, help="how many cubes")
    parser.add_argument("--rate", type=float, default=20.0, help="tracks a month")
    parser.add_argument("--k", type=int, default=10)
    options = parser.parse_args()
    named: dict[str, Counter[str]] = {name: Counter() for name in SERIES}
    quiet, alone = [], []
    for seed in range(options.fields):
        rng = np.random.default_rng(seed)
        cube, kind = planted(rng, rate=options.rate)
        told = classes(cube, k=options.k)
        for name in SERIES:
            named[name].update(told[kind == name].tolist())
        quiet.append(float((told[kind == "none"] != "none").mean()))
        noise = rng.poisson(options.rate, cube.shape)
        alone.append(float((classes(noise, k=options.k) != "none").mean()))
    print(
        json.dumps(
            {
                "fields": options.fields,
                "named": {
                    name: {
                        "right": round(seen[name] / seen.total(), 2),
                        "most": seen.most_common(3),
                    }
                    for name, seen in named.items()
                },
                "quiet_called": round(float(np.mean(quiet)), 4),
                "noise_called": round(float(np.mean(alone)), 4),
            }
        )
    )


if __name__ == "__main__":
    main()
