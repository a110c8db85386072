"""Make the simulated sample of the Darién: fixes, points, and the truth behind them.

    python data/darien/simulate.py --seed 2023

Walkers and boats on routes that were drawn by hand (truth/routes.geojson), as many a
month as the official counts ask for, recorded by imperfect devices. The same seed
gives the same bytes. No real person, device or movement is in it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from simulator.files import choose_format, write_fixes
from simulator.listing import list_people, write_people
from simulator.motion import DAWN_S, DUSK_S, Journey, plan_journey
from simulator.routes import (
    DRY_MONTHS,
    YEAR,
    Leg,
    Stop,
    choose_way,
    load_legs,
    load_stops,
    project,
    tracks_by_month,
)
from simulator.sensing import choose_device, sense
from simulator.truth import Tally, load_land, month_of, write_truth

HERE = Path(__file__).parent
STOPS = HERE / "truth" / "stops.csv"
LAST_START = 23
"""Day of December after which nobody sets out, so that the year holds all fixes."""


def device_name(number: int, seed: int) -> str:
    """Return a name that tells nothing, and that no other number has.

    Examples
    --------
    >>> device_name(0, 2023), device_name(1, 2023)
    ('dev-97a8a3', 'dev-35e01c')
    """
    # An odd factor makes this a permutation of the six hexadecimal digits.
    return f"dev-{(number * 0x9E3779 + seed * 0x5BD1E5) % 16**6:06x}"


def plan_track(
    month: int, legs: dict[str, Leg], stops: dict[str, Stop], rng: np.random.Generator
) -> tuple[Journey, str, str, list[Leg]]:
    """Draw who sets out in a month: the journey, its route, direction and legs."""
    route, direction, names = choose_way(month, rng)
    way = [legs[name] for name in names]
    begin = pd.Timestamp(year=YEAR, month=month, day=1)
    days = begin.days_in_month if month < 12 else LAST_START
    day = int(rng.integers(0, days))
    start_s = begin.timestamp() + day * 86400 + rng.uniform(DAWN_S, DUSK_S - 6 * 3600)
    journey = plan_journey(
        way,
        stops=stops,
        backwards=direction == "into Colombia",
        wet=month not in DRY_MONTHS,
        start_s=start_s,
        rng=rng,
    )
    return journey, route, direction, way


def simulate(
    *, seed: int, tracks: int, source: Path, fixes_to: Path, truth_to: Path
) -> list[Path]:
    """Simulate so many tracks and write their fixes and the truth.

    Parameters
    ----------
    seed
        The same seed gives the same bytes.
    tracks
        How many set out in the year.
    source
        Folder with routes.geojson, stops.csv, checkpoints.csv and land_cells.csv.
    fixes_to, truth_to
        Folders to write to.

    Returns
    -------
    list of Path
        The files of fixes.
    """
    legs = load_legs(source / "routes.geojson")
    stops = load_stops(source / "stops.csv")
    posts = pd.read_csv(source / "checkpoints.csv")
    posts["x"], posts["y"] = project(posts["lon"].to_numpy(), posts["lat"].to_numpy())
    months = np.repeat(np.arange(1, 13), tracks_by_month(tracks))
    tally, frames, kinds = Tally(), [], {}
    for number, month in enumerate(months.tolist()):
        # A generator a track: a track is the same however many there are after it.
        rng = np.random.default_rng([seed, number])
        journey, route, direction, _ = plan_track(month, legs, stops, rng)
        device = choose_device(rng)
        name = device_name(number, seed)
        kinds[name] = choose_format(device, rng)
        fixes, times = sense(journey, device, name=name, rng=rng)
        if len(times) < 3:
            continue
        frames.append(fixes.assign(month=month_of(times[0])))
        tally.add(
            journey,
            route=route,
            direction=direction,
            times=times,
            posts=posts,
        )
    fixes_all = pd.concat(frames, ignore_index=True)
    paths = write_fixes(fixes_all, kinds, fixes_to)
    truth_to.mkdir(parents=True, exist_ok=True)
    write_truth(tally, land=load_land(source / "land_cells.csv"), folder=truth_to)
    return paths


def main() -> None:
    """Read the command line, simulate, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=2023)
    parser.add_argument("--tracks", type=int, default=2240)
    parser.add_argument("--people", type=int, default=1400)
    parser.add_argument("--fixes", type=Path, default=HERE / "fixes")
    parser.add_argument("--points", type=Path, default=HERE / "points")
    parser.add_argument("--truth", type=Path, default=HERE / "truth")
    options = parser.parse_args()
    paths = simulate(
        seed=options.seed,
        tracks=options.tracks,
        source=HERE / "truth",
        fixes_to=options.fixes,
        truth_to=options.truth,
    )
    legs, stops = load_legs(HERE / "truth/routes.geojson"), load_stops(STOPS)
    people = list_people(options.people, legs, stops, seed=options.seed)
    paths.append(write_people(people, options.points))
    for path in paths:
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path.name}")


if __name__ == "__main__":
    main()
