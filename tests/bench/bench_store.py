"""Fixes as the store keeps them, against plain Parquet: bytes, and speed of reading.

    python tests/bench/bench_store.py [--fixes 3000000] [--rounds 5]

Plain Parquet is what everybody writes: the same six columns, as float64 where the
store has whole numbers, with zstd. Reading is measured from the page cache to arrays
of track, time, lon and lat, in one thread. Positions are compared first: they are
those that went in, to 1e-7 degrees. Prints one line of JSON.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from geo.read import read_fixes
from geo.schema import FIXES
from geo.store import Source, open_store
from tests.bench.crowd import write_crowd

POSITIONS = ["track", "time", "lon", "lat"]


def from_store(path: Path) -> list[np.ndarray]:
    """Return track, time, lon and lat of a part of the store."""
    wanted = ["track", "time", "lon_e7", "lat_e7"]
    table = pq.ParquetFile(path).read(columns=wanted, use_threads=False)
    track, time_ms, lon, lat = (table[name].to_numpy() for name in wanted)
    return [track, time_ms, lon / 1e7, lat / 1e7]


def from_plain(path: Path) -> list[np.ndarray]:
    """Return the same of a plain file."""
    table = pq.ParquetFile(path).read(columns=POSITIONS, use_threads=False)
    return [table[name].to_numpy() for name in POSITIONS]


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the least time of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Write, compare, and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        crowd = Path(home, "crowd.parquet")
        write_crowd(crowd, options.fixes, months=12)
        with open_store(Path(home, "store")) as store:
            fixes = read_fixes(crowd, key=store.key).fixes
            source = Source("0" * 64, crowd.name, "folder", len(fixes), len(fixes))
            store.commit([(source, fixes, pd.DataFrame())])
            parts = [Path(home, "store", store.part(m).file) for m in store.months]
            plain = [Path(home, f"{month}.parquet") for month in store.months]
            for month, path in zip(store.months, plain, strict=True):
                store.load(month)[list(FIXES)].to_parquet(path, compression="zstd")
            whole = seconds(lambda: [store.load(m) for m in store.months], 2)
        told = np.concatenate([np.stack(from_store(p)[2:]) for p in parts], axis=1)
        given = fixes[["lon", "lat"]].to_numpy().T
        same = all(
            (np.asarray(one) == np.asarray(other)).all()
            for paths in zip(parts, plain, strict=True)
            for one, other in zip(
                from_store(paths[0]), from_plain(paths[1]), strict=True
            )
        ) and bool(
            np.abs(np.sort(told, axis=1) - np.sort(given, axis=1)).max() <= 0.51e-7
        )
        took = {
            "store": seconds(lambda: [from_store(p) for p in parts], options.rounds),
            "plain": seconds(lambda: [from_plain(p) for p in plain], options.rounds),
        }
        size = {
            "store": sum(path.stat().st_size for path in parts),
            "plain": sum(path.stat().st_size for path in plain),
        }
    count = len(fixes)
    rate = {name: round(count / s / 1e6) for name, s in took.items()}
    print(
        json.dumps(
            {
                "bench": "store",
                "cores": os.cpu_count(),
                "fixes": count,
                "same_positions": same,
                "bytes_a_fix": {n: round(b / count, 2) for n, b in size.items()},
                "store_to_plain": round(size["store"] / size["plain"], 3),
                "million_fixes_a_second": rate | {"load": round(count / whole / 1e6)},
            }
        )
    )


if __name__ == "__main__":
    main()
