"""Fixes from a file to cleaned and cut trips: trocha beside its peers.

    make peers    # once: installs them, each where it disturbs nobody
    python tests/bench/bench_peers.py [--sizes 100_000 1_000_000] [--slow-up-to 100_000]

Every tool reads the same file, with one limit of speed and one longest silence, in a
process of its own (tests/bench/peers.py). What they kept is compared first. One line
of JSON for each size, format and tool:

    file_s, work_s   from the file, and the work in memory, in seconds
    file_cpu_s, work_cpu_s   the same, summed over processors: less moved by other work
    file_ratio, work_ratio   seconds over those of trocha: above 1, trocha is faster
    file_cpu_ratio, work_cpu_ratio   the same of the sums over processors
    kept, too_fast   fixes kept, and steps among them that break the limit of speed
    same, only_ours, only_theirs   fixes kept by both, and by one alone
    tracks_that_differ   in so many tracks

In memory, trocha and fastmob begin with one and the same Arrow table, as pyarrow reads
it: names of devices as text, rows as they stand in the file. From there

- fastmob looks up the names, orders the rows, filters them, and numbers the segments,
  looking up the names and ordering the rows a second time; out comes the table of what
  is left, with the numbers.
- trocha finds the columns, checks each value, hashes the names with a key, orders the
  rows, judges duplicates, speeds and spikes, projects to a plane and numbers the trips;
  out comes the table of what is left, with metres, standard errors and the numbers, and
  the reason for each row left out as a code (the table of these is made on demand).
- MovingPandas, scikit-mobility and trackintel begin with the table of pandas, with its
  times understood; they build their own collections, filter and cut.

So trocha is charged with all that its peers are, and more. From the file it has a
reader of its own, which does not write out the names; its peers read with pandas or
Arrow.

Trips of one fix are left out on both sides. Where sets differ, these are the causes:

- MovingPandas and scikit-mobility judge each fix by the one kept last. A wrong fix
  within reach of it stays (`only_theirs`), and right ones after it go, until time
  enough has passed (`only_ours`). A wrong first fix does the same.
- scikit-mobility never judges the last fix of a track.
- fastmob's "smart_greedy" keeps fixes that break the limit: see `too_fast`.
- trackintel removes nothing by speed.
- trocha alone turns away spikes that keep to the limit: one or two in 100,000.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj

from tests.bench.peers import SPEED_KMH
from tests.bench.rounds import say
from tests.bench.walks import make_walks, write_walks

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("peers.py")
HOMES = {
    "trocha": Path(sys.executable),
    "fastmob": ROOT / ".setup/peers/bin/python",
    "fastmob_speed": ROOT / ".setup/peers/bin/python",
    "skmob": ROOT / ".setup/skmob/bin/python",
    "trackintel": ROOT / ".setup/peers/bin/python",
    "movingpandas": ROOT / ".setup/peers/bin/python",
}
FAST = {"trocha", "fastmob", "fastmob_speed"}
EARTH = pyproj.Geod(ellps="WGS84")


def run(tool: str, file: Path, *, rounds: int) -> dict[str, float | str]:
    command = [HOMES[tool], RUNNER, tool, file]
    command += ["--small", file.with_stem("small"), "--rounds", str(rounds)]
    command += ["--kept", file.with_name(f"{tool}.kept")]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return json.loads(done.stdout)


def kept_by(tool: str, folder: Path) -> pd.DataFrame:
    """Return device and time of the fixes kept, without trips of one fix."""
    kept = pd.read_parquet(folder / f"{tool}.kept")
    kept = kept.drop_duplicates(["device", "time"])
    several = kept.groupby(["device", "trip"])["time"].transform("size") > 1
    kept = kept[several]
    # MovingPandas puts the number of the trip behind the name of the device.
    return kept.assign(device=kept["device"].str.slice(0, 9))[["device", "time"]]


def too_fast(kept: pd.DataFrame, fixes: pd.DataFrame) -> int:
    """Count the steps from one kept fix to the next that break the limit."""
    moments = fixes["time"].dt.tz_localize(None).astype("datetime64[ms]")
    rows = fixes.assign(time=moments.astype("int64")).drop_duplicates(
        ["device", "time"]
    )
    rows = rows.merge(kept, on=["device", "time"]).sort_values(["device", "time"])
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    _, _, metres = EARTH.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    hours = np.diff(rows["time"]) / 3_600_000
    own = rows["device"].to_numpy()[1:] == rows["device"].to_numpy()[:-1]
    # A thousandth for the difference between the plane and the ellipsoid.
    return int((own & (metres / 1000 > SPEED_KMH * 1.001 * hours)).sum())


def beside(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, int]:
    both = ours.merge(theirs, how="outer", indicator=True)
    side = both["_merge"]
    return {
        "same": int((side == "both").sum()),
        "only_ours": int((side == "left_only").sum()),
        "only_theirs": int((side == "right_only").sum()),
        "tracks_that_differ": int(both.loc[side != "both", "device"].nunique()),
    }


def measure(fixes: pd.DataFrame, file: Path, tools: list[str], turns: int) -> None:
    """Time the tools in turn, and say how each did beside trocha."""
    results: dict[str, dict[str, float | str]] = {}
    for turn in range(turns):
        for tool in tools:
            if turn and tool not in FAST:
                continue
            new = run(tool, file, rounds=3 if tool in FAST else 1)
            old = results.get(tool, new)
            results[tool] = {name: min(old[name], new[name]) for name in new}
    own, ours = results["trocha"], kept_by("trocha", file.parent)
    for tool in tools:
        kept = kept_by(tool, file.parent)
        result = results[tool]
        say(
            bench="peers",
            tool=tool,
            format=file.suffix[1:],
            fixes=len(fixes),
            **result,
            **{
                f"{name}_ratio": round(result[f"{name}_s"] / own[f"{name}_s"], 2)
                for name in ("file", "work", "file_cpu", "work_cpu")
            },
            kept=len(kept),
            too_fast=too_fast(kept, fixes),
            **beside(ours, kept),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--slow-up-to", type=int, default=100_000)
    parser.add_argument("--tools", nargs="+", default=list(HOMES), choices=list(HOMES))
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()

    wanted = ["trocha", *(tool for tool in options.tools if tool != "trocha")]
    tools = [tool for tool in wanted if HOMES[tool].exists()]
    for tool in sorted(set(wanted) - set(tools)):
        say(bench="peers", tool=tool, skipped="not installed; run: make peers")
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            fixes = make_walks(size)
            for suffix in (".parquet", ".csv"):
                file = Path(folder, "walks" + suffix)
                write_walks(fixes, file)
                write_walks(make_walks(20_000, seed=2), file.with_stem("small"))
                # What is slow is so in memory: one format is enough.
                slow = size <= options.slow_up_to and suffix == ".parquet"
                now = [tool for tool in tools if slow or tool in FAST]
                measure(fixes, file, now, options.turns)


if __name__ == "__main__":
    main()
