"""Walks to time things with: as dirty as field data, the same for every reader.

Not a model of people: some tracks move faster than anyone walks.
"""

from pathlib import Path

import numpy as np
import pandas as pd

PLACES = np.array(
    [[-76.78, 8.42], [-77.28, 8.51], [-77.62, 8.05], [-77.84, 8.29], [-77.98, 8.50]]
)
FIXES_A_TRACK = 400
START_MS = 1_704_067_200_000  # the first day of 2024


def make_walks(n: int, *, seed: int = 1) -> pd.DataFrame:
    """Return about `n` fixes: device, time, lat and lon, as a logger writes them.

    Tracks of 400 fixes on average, one fix each 30 s to 5 min, with an error of 4 to
    12 m; 2 % of the steps are silences of half an hour to twelve hours, 0.3 % of the
    fixes lie 1 to 30 km off, and 1 % are the row before once more.
    """
    rng = np.random.default_rng(seed)
    tracks = max(2, n // FIXES_A_TRACK)
    sizes = (rng.gamma(4.0, FIXES_A_TRACK / 4.0, tracks) + 5).astype(int)
    first = np.concatenate([[0], sizes.cumsum()[:-1]])
    n = int(sizes.sum())

    def spread(of_track: np.ndarray) -> np.ndarray:
        return np.repeat(of_track, sizes)

    step = spread(rng.choice([30.0, 60.0, 120.0, 300.0], tracks))
    step *= rng.uniform(0.9, 1.1, n)
    walked = step.cumsum()
    walked -= spread(walked[first])
    silent = rng.random(n) < 0.02
    step[silent] += rng.uniform(1_800, 43_200, int(silent.sum()))
    seconds = step.cumsum()
    seconds -= spread(seconds[first])
    time = spread(rng.uniform(0, 180 * 86_400, tracks)) + seconds

    # One metre a second along a line of places, which begins anywhere on it.
    way = np.concatenate([[0.0], np.hypot(*np.diff(PLACES, axis=0).T).cumsum()])
    at = (spread(rng.uniform(0, way[-1], tracks)) + walked / 110_000) % (2 * way[-1])
    at = np.where(at > way[-1], 2 * way[-1] - at, at)  # and back
    lon, lat = np.interp(at, way, PLACES[:, 0]), np.interp(at, way, PLACES[:, 1])
    aside = spread(rng.normal(0, 0.02, tracks))
    error = spread(rng.uniform(4, 12, tracks)) / 111_000
    lon += rng.normal(0, 1, n) * error
    lat += rng.normal(0, 1, n) * error + aside
    off = rng.random(n) < 0.003
    angle = rng.uniform(0, 2 * np.pi, int(off.sum()))
    radius = rng.uniform(0.01, 0.27, int(off.sum()))
    lon[off] += radius * np.cos(angle)
    lat[off] += radius * np.sin(angle)

    again = np.flatnonzero(rng.random(n) < 0.01)
    again = again[~np.isin(again, first)]
    for column in (time, lon, lat):
        column[again] = column[again - 1]
    stamps = START_MS + (time * 1000).astype(np.int64)
    return pd.DataFrame(
        {
            "device": spread(np.array([f"dev{k:06d}" for k in range(tracks)])),
            "time": pd.to_datetime(stamps, unit="ms", utc=True).as_unit("ms"),
            "lat": lat.round(6),
            "lon": lon.round(6),
        }
    )


def write_walks(fixes: pd.DataFrame, path: Path) -> None:
    """Write them as Parquet or CSV, as the name of the file says."""
    if path.suffix == ".parquet":
        fixes.to_parquet(path, index=False)
    else:
        iso = fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z"
        fixes.assign(time=iso).to_csv(path, index=False)
