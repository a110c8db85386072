"""Clean fixes and cut them into trips: trocha beside a plain pandas speed filter.

Run:  python tests/bench/bench_clean.py --fixes 1_000_000
Prints one line of JSON. `ratio` is the peer's time over ours, above 1 is faster;
it is taken within each round, so a busy machine slows both sides alike. For
MovingPandas and other libraries see bench_peers.py.
"""

import argparse
import statistics

import numpy as np
import pandas as pd

from geo.clean import clean_fixes
from geo.grid import Grid
from geo.schema import FIXES
from geo.trajectory import number_stops, split_trips
from geo.visits import count_visits, trace_paths
from tests.bench.rounds import in_turn, peak_mib, say, seconds

LAEA = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-79.0, 7.0, -76.0, 9.5)
GRID = Grid.covering((-160e3, -120e3, 160e3, 170e3), crs=LAEA, cell_m=250)
SPEED_KMH, GAP_H = 35.0, 6.0
EARTH_M = 6_371_000.0


def make_fixes(n: int, *, dirt: bool, seed: int = 1) -> pd.DataFrame:
    """Tracks of 400 fixes, 30 s to 5 min apart, of walkers; with leaps if dirty."""
    rng = np.random.default_rng(seed)
    tracks = max(1, n // 400)
    shape = (tracks, 400)
    seconds = rng.integers(30, 300, shape)
    seconds[rng.random(shape) < 1 / 300] += 8 * 3600
    turn = rng.normal(0, 0.3, shape).cumsum(axis=1)
    step = np.minimum(seconds, 300) / 111_000  # 1 m/s, in degrees
    lat = 8 + rng.uniform(-0.5, 0.5, (tracks, 1)) + (step * np.sin(turn)).cumsum(axis=1)
    lon = rng.uniform(-78, -77, (tracks, 1)) + (step * np.cos(turn)).cumsum(axis=1)
    start = rng.integers(0, 365 * 86_400, (tracks, 1)) + 1_700_000_000
    if dirt:
        lat += np.where(rng.random(shape) < 0.003, 0.2, 0.0)
    frame = pd.DataFrame(
        {
            "track": np.repeat(np.sort(rng.integers(-(2**62), 2**62, tracks)), 400),
            "time": pd.to_datetime((start + seconds.cumsum(axis=1)).ravel(), unit="s"),
            "lon": lon.ravel(),
            "lat": lat.ravel(),
            "elevation_m": np.nan,
            "accuracy_m": rng.choice([np.nan, 8.0, 15.0], lon.size),
        }
    )
    frame["time"] = frame["time"].dt.tz_localize("UTC")
    frame = frame.astype(dict(FIXES))
    if dirt:
        frame = pd.concat([frame, frame[::100]]).sort_values(["track", "time"])
    return frame.reset_index(drop=True)


def ours(fixes: pd.DataFrame) -> pd.DataFrame:
    sifted = clean_fixes(fixes, crs=LAEA, bounds=BOUNDS, max_speed_kmh=SPEED_KMH)
    return split_trips(sifted.fixes, max_gap_h=GAP_H)


def peer(fixes: pd.DataFrame) -> pd.DataFrame:
    """Speed from the fix before, twice over, as a user of pandas writes it."""
    fixes = fixes.drop_duplicates(["track", "time"])
    for _ in range(2):
        lat, lon = np.radians(fixes["lat"]), np.radians(fixes["lon"])
        north, east = lat.diff(), lon.diff() * np.cos(lat)
        metres = EARTH_M * np.sqrt(north**2 + east**2)
        hours = fixes["time"].diff().dt.total_seconds() / 3600
        first = fixes["track"].diff() != 0
        fixes = fixes[first | (metres / 1000 <= SPEED_KMH * hours)]
    gap = fixes["time"].diff() > pd.Timedelta(hours=GAP_H)
    trip = (gap | (fixes["track"].diff() != 0)).cumsum() - 1
    enough = trip.groupby(trip).transform("size") >= 3
    return fixes[enough].assign(trip=pd.factorize(trip[enough])[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    spotless = make_fixes(min(options.fixes, 100_000), dirt=False)
    both = ours(spotless), peer(spotless).reset_index(drop=True)
    columns = [*FIXES, "trip"]
    pd.testing.assert_frame_equal(*(side[columns] for side in both), check_dtype=False)

    fixes = make_fixes(options.fixes, dirt=True)
    times = in_turn(ours, peer, fixes, rounds=options.rounds, digits=4)
    trips = ours(fixes)
    cut = trips.assign(stop=number_stops(trips))
    extra = {
        "stops_s": lambda: number_stops(trips),
        "visits_s": lambda: count_visits(cut, GRID.coarsened(8)),
        "paths_s": lambda: trace_paths(cut, GRID),
    }
    for name, task in extra.items():
        own = [seconds(task) for _ in range(options.rounds)]
        times[name] = round(statistics.median(own), 4)
    kept = {"kept": len(trips), "peer_kept": len(peer(fixes))}
    say(bench="clean", fixes=len(fixes), **kept, **times, peak_mib=peak_mib())


if __name__ == "__main__":
    main()
