"""Gi* of a lattice: trocha beside esda, on the same counts.

Run:  python tests/bench/bench_gistar.py --side 316
Prints one line of JSON. `ratio` is the peer's time over ours, above 1 is faster. The
peer builds its weights once, and they are timed apart; it is left out, and
`peer` is null, where esda is not installed.
"""

import argparse
import importlib.util
import statistics
import time
import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.stats import getis_ord, getis_ord_p
from tests.bench.rounds import in_turn, peak_mib, say, seconds


def make_counts(side: int, *, seed: int = 1) -> NDArray[np.int64]:
    """Counts with broad hills and hollows."""
    rng = np.random.default_rng(seed)
    hills = ndimage.gaussian_filter(rng.normal(size=(side, side)), 5)
    return rng.poisson(np.exp(12 * hills))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=316)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    counts = make_counts(options.side)
    z = getis_ord(counts)
    getis_ord_p(counts)
    line = {"bench": "gistar", "cells": counts.size, "peer": None}

    if importlib.util.find_spec("esda"):
        warnings.simplefilter("ignore")
        import esda
        import libpysal

        started = time.perf_counter()
        weights = libpysal.weights.lat2W(options.side, options.side, rook=False)
        line |= {"peer": "esda", "weights_s": round(time.perf_counter() - started, 3)}

        def peer() -> NDArray[np.float64]:
            return esda.G_Local(
                counts.ravel().astype(float),
                weights,
                transform="B",
                star=True,
                permutations=0,
            ).Zs

        furthest = float(np.abs(peer() - z.ravel()).max())
        assert furthest < 1e-9, f"the two sides differ by {furthest}"
        line["furthest"] = furthest
        rounds = options.rounds
        line |= in_turn(lambda: getis_ord(counts), peer, rounds=rounds, digits=5)
    else:
        own = [seconds(getis_ord, counts) for _ in range(options.rounds)]
        line["ours_s"] = round(statistics.median(own), 5)
    exact = [seconds(getis_ord_p, counts) for _ in range(options.rounds)]
    say(**line, ours_p_s=round(statistics.median(exact), 5), peak_mib=peak_mib())


if __name__ == "__main__":
    main()
