"""A crowd for the benches: many tracks like those of the sample, none of them its own.

Each is a track of the shipped, simulated sample, moved as a whole by some hundred
metres and to another day, each fix shaken by some metres. The same seed gives the
same crowd.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SAMPLE = Path(__file__).parents[2] / "data" / "darien" / "fixes"
DAY_MS = 86_400_000
MOVED_DEG, SHAKEN_DEG = 3e-3, 3e-5
"""Standard deviations per axis: about 330 m a track, 3 m a fix."""


def make_crowd(
    fixes: int, *, months: int, seed: int = 2023, first: str = "2021-01-01"
) -> pa.Table:
    """Return so many fixes (device, time, latitude, longitude, accuracy_m).

    Parameters
    ----------
    fixes
        How many, to the row.
    months
        Over how many months the tracks begin.
    seed
        Crowds of other seeds share no device.
    first
        Day on which the first track may begin.
    """
    rng = np.random.default_rng(seed)
    sample = pd.concat(
        pd.read_parquet(path) for path in sorted(SAMPLE.glob("*.parquet"))
    )
    begins = np.flatnonzero((sample["device"] != sample["device"].shift()).to_numpy())
    length = np.diff(begins, append=len(sample))
    drawn = rng.integers(0, len(begins), fixes // 50 + 1)
    drawn = drawn[: np.searchsorted(np.cumsum(length[drawn]), fixes) + 1]
    count = length[drawn]
    ends = np.cumsum(count)
    within = np.arange(ends[-1]) - np.repeat(ends - count, count)
    row = (np.repeat(begins[drawn], count) + within)[:fixes]

    def moved(values: np.ndarray) -> np.ndarray:
        each = rng.normal(0, MOVED_DEG, len(drawn))
        shaken = rng.normal(0, SHAKEN_DEG, len(row))
        return np.round(values[row] + np.repeat(each, count)[:fixes] + shaken, 6)

    time = sample["time"].to_numpy("datetime64[ms]").astype(np.int64)
    last = np.datetime64(first, "M") + months - 1
    span = int((last.astype("datetime64[D]") - np.datetime64(first, "D")).astype(int))
    begin_day = np.datetime64(first, "D").astype(np.int64) + rng.integers(
        0, span + 27, len(drawn)
    )
    shift = (begin_day - time[begins[drawn]] // DAY_MS) * DAY_MS
    names = pa.array([f"crowd-{seed}-{number:06d}" for number in range(len(drawn))])
    device = np.repeat(np.arange(len(drawn), dtype=np.int32), count)[:fixes]
    moments = time[row] + np.repeat(shift, count)[:fixes]
    return pa.table(
        {
            "device": pa.DictionaryArray.from_arrays(pa.array(device), names),
            "time": pa.array(moments).cast(pa.timestamp("ms", tz="UTC")),
            "latitude": moved(sample["latitude"].to_numpy()),
            "longitude": moved(sample["longitude"].to_numpy()),
            "accuracy_m": sample["accuracy_m"].to_numpy()[row],
        }
    )


def write_crowd(path: Path, fixes: int, *, months: int, seed: int = 2023) -> None:
    """Write a crowd as a Parquet file that says that it is simulated."""
    table = make_crowd(fixes, months=months, seed=seed)
    table = table.replace_schema_metadata({"simulated": "true"})
    pq.write_table(table, path, compression="zstd")
