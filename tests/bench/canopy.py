"""Score what cleaning makes of walks under trees, whose truth is known.

    make peers    # once: installs what is compared with
    python tests/bench/canopy.py [--tracks 40] [--speed-kmh 35] [--tools trocha …]

Walkers go and rest; their devices err by 25 m an axis, a tenth of the fixes by more
(Student's t), some lie kilometres off, some drift aside for minutes together, and
almost a third are missing. All tools get the same fixes and limits. One line of JSON:

    rms_m, p95_m      error of the fixes that are kept, from where the walker was
    rms_fair_m        the same without gross errors: spikes, and drifts aside
    gross_found       share of the gross errors that are removed
    good_lost         share of the others that are removed
    length_bias       path length over the true one, less 1; none is made in a stop
    stop_precision    share of the time in stops that the walker did rest
    stop_recall       share of the time in rests of 20 min or more that is in stops
    stops_true, stops_found   share of the stops that are rests, and of the rests of 25
                      min or more of which half lies in one stop
    stay_bias         time in those stops over that of the rests, less 1

Where a peer does better, these are the causes:

- MovingPandas ends a stop with its last fix, trocha with the first fix away: so more
  of its stops is rest, but they are too short (`stay_bias`).
- One fix astray ends a stop of trocha, unless `stop_strays` allows it; scikit-mobility
  begins the next stop there, and then finds more of the rest.
- Peers allow nothing for errors in their limit of speed: they remove a little more of
  what drifted, with a low limit ten times as many good fixes too, and then err less.
- Nobody finds most of the drifts. A boat that crosses a river and comes back soon looks
  the same, so trocha does not hunt for them.
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

from tests.bench.canopy_tools import CRS, ERROR_M, MINUTES, SILENCE_MINUTES

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("canopy_tools.py")
HOMES = {
    "raw": Path(sys.executable),
    "trocha": Path(sys.executable),
    "trocha_strays": Path(sys.executable),
    "trocha_smooth": Path(sys.executable),
    "movingpandas": ROOT / ".setup/peers/bin/python",
    "skmob": ROOT / ".setup/skmob/bin/python",
    "trackintel": ROOT / ".setup/peers/bin/python",
}
STEP_S = 10
START_MS = 1_717_200_000_000
GROSS = ("spike", "drift")
to_degrees = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def walk(rng, hours):
    """Return where a walker is every ten seconds, and whether at rest."""
    size = round(hours * 3600 / STEP_S)
    still = np.zeros(size, bool)
    at = 0
    while at < size:
        at += round(rng.gamma(2.0, 1500 / STEP_S)) + 30
        minutes = rng.uniform(3, 12) if rng.random() < 0.6 else rng.uniform(20, 90)
        still[at : at + round(minutes * 60 / STEP_S)] = True
        at += round(minutes * 60 / STEP_S)
    heading, pace = np.zeros(size), np.zeros(size)
    for i in range(1, size):  # both come back: to a bearing, and to 0.9 m/s
        heading[i] = 0.98 * heading[i - 1] + rng.normal(0, 0.12)
        pace[i] = 0.95 * pace[i - 1] + rng.normal(0, 0.08)
    heading += rng.uniform(0, 2 * np.pi)
    step = np.where(still, 0.0, 0.9 * np.exp(pace) * STEP_S)
    x = rng.uniform(-30e3, 30e3) + np.cumsum(step * np.cos(heading))
    y = rng.uniform(-30e3, 30e3) + np.cumsum(step * np.sin(heading))
    return x, y, np.cumsum(step), still


def errors(rng, size):
    """Return errors in metres east and north, and what kind each is."""
    kind = np.full(size, "good", object)
    off = rng.normal(0, ERROR_M, (2, size))
    tail = rng.random(size) < 0.1
    off[:, tail] = 2 * ERROR_M * rng.standard_t(3, (2, tail.sum()))
    kind[tail] = "tail"
    spike = rng.random(size) < 0.005
    angle = rng.uniform(0, 2 * np.pi, size)
    far = np.exp(rng.uniform(np.log(500), np.log(20e3), size))
    off[:, spike] += (far * [np.cos(angle), np.sin(angle)])[:, spike]
    kind[spike] = "spike"
    for first in np.flatnonzero(rng.random(size) < 0.003):
        block = slice(first, first + rng.integers(3, 11))
        aside, where = rng.uniform(300, 1500), rng.uniform(0, 2 * np.pi)
        off[0, block] += aside * np.cos(where)
        off[1, block] += aside * np.sin(where)
        kind[block] = "drift"
    return off, kind


def make_walks(tracks, *, seed=1):
    """Return fixes with their truth, and the rests of the walkers."""
    rng = np.random.default_rng(seed)
    parts, rests = [], []
    for number in range(tracks):
        x, y, walked, still = walk(rng, hours=10)
        every = int(rng.choice([30, 60, 60, 120, 300])) // STEP_S
        seen = np.arange(rng.integers(0, every), x.size, every)
        seen = seen[rng.random(seen.size) >= 0.3]
        if rng.random() < 0.5:
            silent = rng.integers(0, x.size - 1080)  # for one to three hours
            heard = silent + rng.integers(360, 1080)
            seen = seen[(seen < silent) | (seen > heard)]
        off, kind = errors(rng, seen.size)
        lon, lat = to_degrees.transform(x[seen] + off[0], y[seen] + off[1])
        device = f"walker-{number:03d}"
        start = START_MS + 86_400_000 * number
        parts.append(
            pd.DataFrame(
                {
                    "device": device,
                    "ms": start + 1000 * STEP_S * seen,
                    "lon": lon,
                    "lat": lat,
                    "x": x[seen],
                    "y": y[seen],
                    "walked": walked[seen],
                    "kind": kind,
                }
            )
        )
        edges = np.flatnonzero(np.diff(np.r_[0, still.astype(int), 0])).reshape(-1, 2)
        rests += [(device, *(start + 1000 * STEP_S * edge)) for edge in edges]
    fixes = pd.concat(parts, ignore_index=True).rename_axis("row").reset_index()
    fixes["time"] = pd.to_datetime(fixes["ms"], unit="ms", utc=True)
    fixes["time"] = fixes["time"].astype("datetime64[ms, UTC]")
    return fixes, pd.DataFrame(rests, columns=["device", "start", "end"])


def observed(fixes):
    """Return the intervals between fixes that are no long silence."""
    later = fixes["ms"].shift(-1)
    own = fixes["device"] == fixes["device"].shift(-1)
    near = own & (later - fixes["ms"] <= SILENCE_MINUTES * 60_000)
    return pd.DataFrame(
        {"device": fixes["device"], "start": fixes["ms"], "end": later}
    )[near]


def steps_in(spans, size):
    """Return which ten-second steps of each device lie in its spans."""
    inside = {}
    for device, start, end in spans[["device", "start", "end"]].itertuples(index=False):
        begin = START_MS + 86_400_000 * int(device[-3:])
        steps = inside.setdefault(device, np.zeros(size, bool))
        first, last = (start - begin) / 10_000, (end - begin) / 10_000
        steps[int(first) : int(np.ceil(last))] = True
    return inside


def score_stops(stops, rests, fixes):
    """Return how much of the stops is rest, and how much of the rests is found."""
    size = 3600
    none = np.zeros(size, bool)
    seen = steps_in(observed(fixes), size)
    long = rests[rests["end"] - rests["start"] >= MINUTES * 60_000]
    truth, truly, found = (steps_in(spans, size) for spans in (rests, long, stops))
    total = both = wanted = got = 0
    for device in sorted(seen):
        in_stop = found.get(device, none) & seen[device]
        total += in_stop.sum()
        both += (in_stop & truth.get(device, none)).sum()
        wanted += (truly.get(device, none) & seen[device]).sum()
        got += (truly.get(device, none) & in_stop).sum()
    right = [half_in(stop, rests) for stop in stops.itertuples()]
    later = rests[rests["end"] - rests["start"] >= 25 * 60_000]
    kept = [
        rest
        for rest in later.itertuples()
        if steps_in(pd.DataFrame([rest]), size)[rest.device][seen[rest.device]].sum()
        >= 0.9 * (rest.end - rest.start) / 10_000
    ]
    hit = [half_in(rest, stops) for rest in kept]
    spans = [
        (stop.end - stop.start, rest.end - rest.start)
        for rest, found in zip(kept, hit, strict=True)
        if found
        for stop in [most_in(rest, stops)]
    ]
    stayed, rested = np.sum(spans, axis=0) if spans else (0, 1)
    return {
        "stops": len(stops),
        "rests": len(kept),
        "stop_precision": round(float(both / max(total, 1)), 3),
        "stop_recall": round(float(got / wanted), 3),
        "stops_true": round(float(np.mean(right)), 3) if right else None,
        "stops_found": round(float(np.mean(hit)), 3),
        "stay_bias": round(float(stayed / rested - 1), 3) if spans else None,
    }


def shared_with(span, others):
    """Return for how long each of the others of the device is within a span."""
    others = others[others["device"] == span.device]
    end = np.minimum(others["end"], span.end)
    return end - np.maximum(others["start"], span.start)


def half_in(span, others):
    """Whether half of a span lies in one of the others."""
    return bool((shared_with(span, others) >= 0.5 * (span.end - span.start)).any())


def most_in(span, others):
    """Return the one of the others that shares most with a span."""
    return others.loc[shared_with(span, others).idxmax()]


def score_path(kept, stops):
    """Return path length over the true one, less 1; no way is made within a stop."""
    stop = np.full(len(kept), -1)
    for number, (device, start, end) in enumerate(
        stops[["device", "start", "end"]].itertuples(index=False)
    ):
        stop[(kept["device"] == device) & kept["ms"].between(start, end - 1)] = number
    device = kept["device"].to_numpy()
    near = np.diff(kept["ms"]) <= SILENCE_MINUTES * 60_000
    own = (device[1:] == device[:-1]) & near
    way = np.hypot(np.diff(kept["seen_x"]), np.diff(kept["seen_y"]))
    way[(stop[1:] == stop[:-1]) & (stop[1:] >= 0)] = 0
    return float(way[own].sum() / np.diff(kept["walked"])[own].sum() - 1)


def score(fixes, rests, kept, stops):
    """Return all scores of one tool."""
    kept = kept.merge(fixes.drop(columns=["lon", "lat"]), on="row").sort_values("row")
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    kept["seen_x"], kept["seen_y"] = to_metres.transform(kept["lon"], kept["lat"])
    off = np.hypot(kept["seen_x"] - kept["x"], kept["seen_y"] - kept["y"]).to_numpy()
    gross = fixes["kind"].isin(GROSS)
    gone = ~fixes["row"].isin(kept["row"])
    fair = off[~kept["kind"].isin(GROSS).to_numpy()]
    return {
        "kept": len(kept),
        "rms_m": round(float(np.sqrt((off**2).mean())), 1),
        "rms_fair_m": round(float(np.sqrt((fair**2).mean())), 1),
        "p95_m": round(float(np.quantile(off, 0.95)), 1),
        **{
            f"{kind}s_found": round(float(gone[fixes["kind"] == kind].mean()), 3)
            for kind in GROSS
        },
        "gross_found": round(float(gone[gross].mean()), 3),
        "good_lost": round(float(gone[~gross].mean()), 4),
        "length_bias": round(score_path(kept, stops), 3),
        **score_stops(stops, rests, fixes),
    }


def run(tool, fixes, folder, *, speed_kmh):
    """Return what a tool keeps, and its stops."""
    paths = [folder / f"{name}.parquet" for name in ("fixes", "kept", "stops")]
    fixes[["row", "device", "time", "lon", "lat"]].to_parquet(paths[0], index=False)
    command = [HOMES[tool], RUNNER, tool, *paths, str(speed_kmh)]
    subprocess.run(command, check=True)  # noqa: S603
    return pd.read_parquet(paths[1]), pd.read_parquet(paths[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed-kmh", type=float, default=35.0)
    parser.add_argument("--tools", nargs="+", default=list(HOMES), choices=list(HOMES))
    options = parser.parse_args()
    fixes, rests = make_walks(options.tracks, seed=options.seed)
    found = {}
    for tool in options.tools:
        if not HOMES[tool].exists():
            found[tool] = "not installed; run: make peers"
            continue
        with tempfile.TemporaryDirectory() as folder:
            made = run(tool, fixes, Path(folder), speed_kmh=options.speed_kmh)
        found[tool] = score(fixes, rests, *made)
    facts = {"bench": "canopy", "fixes": len(fixes), "speed_kmh": options.speed_kmh}
    print(json.dumps({**facts, **found}))


if __name__ == "__main__":
    main()
