"""Gi* and its chances: trocha beside esda and xarray-spatial, on the same counts.

Run:  python tests/bench/bench_gistar.py --side 316
      python tests/bench/bench_gistar.py --fields 500
Prints lines of JSON. `ratio` is the peer's time over ours, above 1 is faster; times
are the best of the rounds, after one of each to warm up. `ratio_weights` counts in the
weights, which the peer needs and we do not. Results are compared first. A peer that is
not installed is left out, and `peer` is null.

xarray-spatial has no emerging hotspots; its `focal.hotspots` of each month is the
nearest it has: no neighbours in time, no correction, no trend and no classes. What it
finds in the inner cells of each month must follow from our Gi* of that month.

With `--fields`, not speed but truth: how many fields without a pattern show anything
at a false discovery rate of 5 %, and how much of a planted cluster is found.
"""

import argparse
import importlib.util
import time
import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.hotspots.cube import score_cube
from geo.analysis.hotspots.emerging import find_emerging
from geo.analysis.hotspots.permutation import permuted_p
from geo.analysis.hotspots.stats import (
    false_discovery,
    getis_ord,
    getis_ord_p,
    two_sided_p,
)
from geo.grid import Grid
from tests.bench.rounds import peak_mib, say, seconds

PERMUTATIONS = 999


def make_counts(side: int, *, seed: int = 1) -> NDArray[np.int64]:
    """Counts with broad hills and hollows."""
    rng = np.random.default_rng(seed)
    hills = ndimage.gaussian_filter(rng.normal(size=(side, side)), 5)
    return rng.poisson(np.exp(12 * hills))


def best_of(rounds: int, *tasks) -> list[float]:
    """The best time of each task; they take turns."""
    times = [[seconds(task) for task in tasks] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def tell(**line) -> None:
    short = {
        k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in line.items()
    }
    say(**short, peak_mib=peak_mib())


class Esda:
    """Gi* of esda, on weights that it builds once."""

    def __init__(self, side: int):
        import libpysal

        start = time.perf_counter()
        self.weights = libpysal.weights.lat2W(side, side, rook=False)
        self.weights_s = time.perf_counter() - start

    def run(self, counts, permutations: int):
        import esda

        return esda.G_Local(
            counts.ravel().astype(float),
            self.weights,
            transform="B",
            star=True,
            permutations=permutations,
            keep_simulations=False,
            n_jobs=1,  # two are slower
        )


def time_scores(counts, peer: Esda | None, rounds: int) -> None:
    z = getis_ord(counts)
    getis_ord_p(counts)
    line = {"bench": "gistar", "cells": counts.size, "peer": peer and "esda"}
    (line["ours_s"],) = best_of(rounds, lambda: getis_ord(counts))
    (line["ours_exact_p_s"],) = best_of(rounds, lambda: getis_ord_p(counts))
    if peer:
        found = peer.run(counts, 0).Zs
        line["furthest"] = float(np.abs(found - z.ravel()).max())
        assert line["furthest"] < 1e-9, "the two sides must agree first"
        line["ours_s"], line["peer_s"] = best_of(
            rounds, lambda: getis_ord(counts), lambda: peer.run(counts, 0)
        )
        line["weights_s"] = peer.weights_s
        line["ratio"] = line["peer_s"] / line["ours_s"]
        line["ratio_weights"] = (line["peer_s"] + peer.weights_s) / line["ours_s"]
    tell(**line)


def time_permutations(counts, peer: Esda | None, rounds: int) -> None:
    """Amounts without ties: of ties, esda counts only those in the upper tail."""
    counts = counts + np.random.default_rng(2).random(counts.shape)
    p = permuted_p(counts, permutations=PERMUTATIONS)
    line = {"bench": "permutations", "cells": counts.size, "peer": peer and "esda"}
    line["permutations"] = PERMUTATIONS
    (line["ours_s"],) = best_of(rounds, lambda: permuted_p(counts))
    many = 100 * (PERMUTATIONS + 1) - 1
    (line["ours_100_times_s"],) = best_of(
        1, lambda: permuted_p(counts, permutations=many)
    )
    if peer:
        peer.run(counts, 9)  # compiles
        found = peer.run(counts, PERMUTATIONS).p_sim
        gap = np.abs(np.minimum(2 * found, 1) - p.ravel())
        line["mean_gap"], line["furthest"] = float(gap.mean()), float(gap.max())
        assert line["mean_gap"] < 0.05, "the two sides must agree but for the draws"
        line["ours_s"], line["peer_s"] = best_of(
            max(1, rounds // 3),
            lambda: permuted_p(counts),
            lambda: peer.run(counts, PERMUTATIONS),
        )
        line["weights_s"] = peer.weights_s
        line["ratio"] = line["peer_s"] / line["ours_s"]
        line["ratio_weights"] = (line["peer_s"] + peer.weights_s) / line["ours_s"]
    tell(**line)


def confidence_of(counts) -> NDArray[np.float64]:
    """What `focal.hotspots` says of inner cells, worked out from Gi*.

    It divides the mean of nine cells, less that of all, by the standard deviation of
    all; Gi* by the standard error of such a mean.
    """
    many = counts.size
    z = getis_ord(counts)[1:-1, 1:-1] * np.sqrt((many - 9) / (many - 1) / 9)
    limits = [abs(z) > limit for limit in (2.58, 1.96, 1.65)]
    return np.sign(z) * np.select(limits, [99, 95, 90], 0)


def time_emerging(side: int, months: int, rounds: int) -> None:
    grid = Grid("EPSG:32618", 0, side * 2000, 2000, rows=side, columns=side)
    cube = np.stack([make_counts(side, seed=month) for month in range(months)])
    month, cell = np.nonzero(cube.reshape(months, -1))
    visits = pd.DataFrame(
        {"cell": cell, "month": month, "tracks": cube.reshape(months, -1)[month, cell]}
    )
    find_emerging(visits, grid)
    line = {"bench": "emerging", "cells": side * side, "months": months, "peer": None}
    (line["ours_s"],) = best_of(rounds, lambda: find_emerging(visits, grid))
    if importlib.util.find_spec("xrspatial"):
        import xarray
        from xrspatial.focal import hotspots

        slices = [xarray.DataArray(one.astype(np.float32)) for one in cube]

        def peer():
            return [hotspots(one, np.ones((3, 3))) for one in slices]

        for one, found in zip(cube, peer(), strict=True):
            inner = found.values[1:-1, 1:-1]
            assert np.array_equal(confidence_of(one), inner), "the two must agree first"
        line["peer"] = "xarray-spatial, focal.hotspots"
        line["ours_s"], line["ours_scores_s"], line["peer_s"] = best_of(
            rounds,
            lambda: find_emerging(visits, grid),
            lambda: score_cube(cube, chance="normal", correction="none"),
            peer,
        )
        line["ratio"] = line["peer_s"] / line["ours_s"]
        line["ratio_scores"] = line["peer_s"] / line["ours_scores_s"]
    tell(**line)


def tell_truth(fields: int, side: int = 30) -> None:
    rng = np.random.default_rng(1)
    row, column = np.mgrid[:side, :side]
    planted = np.hypot(row - 14, column - 9) <= 3.5
    near = ndimage.binary_dilation(planted, np.ones((3, 3)))
    tests = {
        "normal": lambda c, _: two_sided_p(getis_ord(c)),
        "exact": lambda c, _: getis_ord_p(c),
        "permutations": lambda c, k: permuted_p(c, permutations=9999, seed=k),
    }
    for kind in ("poisson", "skewed"):
        seen = {name: np.zeros(4) for name in tests}
        for k in range(fields):
            if kind == "poisson":
                null = rng.poisson(3, (side, side))
                lifted = rng.poisson(np.where(planted, 6, 3))
            else:
                null = np.floor(np.exp(rng.normal(1, 1.5, (side, side))))
                lifted = np.floor(np.exp(rng.normal(1 + planted, 1.5)))
            for name, test in tests.items():
                q = false_discovery(test(lifted, k))
                hot = (q <= 0.05) & (getis_ord(lifted) > 0)
                seen[name] += (
                    (false_discovery(test(null, k)) <= 0.05).any(),
                    (hot & planted).sum() / planted.sum(),
                    (hot & ~near).sum(),
                    hot.sum(),
                )
        for name, (alarms, found, wrong, hot) in seen.items():
            tell(
                bench="truth",
                counts=kind,
                test=name,
                fields=fields,
                null_fields_with_any=float(alarms / fields),
                planted_found=float(found / fields),
                hot_elsewhere=float(wrong / max(hot, 1)),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=316)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fields", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="leave peers out")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.fields:
        tell_truth(options.fields)
        return
    counts = make_counts(options.side)
    installed = importlib.util.find_spec("esda") and not options.alone
    peer = Esda(options.side) if installed else None
    time_scores(counts, peer, options.rounds)
    time_permutations(counts, peer, options.rounds)
    time_emerging(min(options.side, 316), options.months, min(options.rounds, 3))


if __name__ == "__main__":
    main()
