"""What devices make of a journey: sampling, canopy, silences, and dirt."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.motion import DAWN_S, DAY_S, DUSK_S, Journey
from simulator.routes import unproject

STEP_DEG = 2.0**-17
"""Positions are rounded to this (0.8 m): as binary fractions they take a third of the
room in Parquet that decimal ones take."""


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device.

    Parameters
    ----------
    share
        Of all tracks.
    every_s
        Shortest and longest time between fixes; a track keeps to one.
    window
        Shortest and longest share of the journey that is recorded.
    night
        How many times rarer it records at night; 0 for not at all.
    sigma_m
        Smallest and largest standard error per axis under open sky.
    tells_accuracy
        Share of its fixes that come with an accuracy.
    """

    share: float
    every_s: tuple[float, float]
    window: tuple[float, float]
    night: int
    sigma_m: tuple[float, float]
    tells_accuracy: float


DEVICES: Mapping[str, Device] = {
    "phone": Device(0.42, (100, 300), (0.2, 0.45), 0, (7, 14), 0.97),
    "handheld": Device(0.08, (60, 60), (0.06, 0.2), 0, (5, 9), 0.0),
    "tracker": Device(0.32, (660, 1800), (0.5, 1.0), 4, (8, 16), 0.9),
    "messenger": Device(0.18, (3600, 7200), (0.85, 1.0), 2, (6, 12), 0.6),
}
CANOPY = {"walk": 1.6, "river": 0.9, "sea": 0.6, "road": 0.7}
"""Error against that of the device under open sky."""
SILENCES_PER_H = {"walk": 0.05, "river": 0.025, "sea": 0.02, "road": 0.01}
SPIKES, EXCURSIONS = 0.003, 0.12
"""Share of fixes that are single spikes; share of tracks with an excursion."""
COPIES, CLASHES = 0.008, 0.003
"""Share of fixes sent twice; share with another position for the same time."""
WRONG_STARTS = {"far": 0.025, "zero": 0.02, "1970": 0.01, "1980": 0.015}
DIRT = {"empty": 0.03, "beyond the pole": 0.01, "swapped": 0.015, "year 2099": 0.008}
"""Share of tracks with one to three such rows."""


def choose_device(rng: np.random.Generator) -> str:
    """Draw a kind of device."""
    shares = [device.share for device in DEVICES.values()]
    return str(rng.choice(list(DEVICES), p=shares))


def is_night(time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell whether it is night in Panama (18:00 to 05:30).

    Examples
    --------
    >>> is_night(np.array([0.0, 12 * 3600, 23 * 3600])).tolist()
    [True, False, True]
    """
    day = time_s % DAY_S
    night: NDArray[np.bool_] = (day < DAWN_S) | (day >= DUSK_S)
    return night


def sample_times(
    journey: Journey, device: Device, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw when a device records, in whole UTC seconds, silences left out."""
    first, last = journey.clock_s[0], journey.clock_s[-1]
    length = rng.uniform(*device.window) * (last - first)
    begin = first + rng.random() * (last - first - length)
    every = rng.uniform(*device.every_s)
    times = np.arange(begin, begin + length, every)
    times = np.round(times + rng.normal(0.0, 0.04 * every, len(times)))
    times = np.unique(times)
    nth = np.arange(len(times))
    kept = (nth % max(device.night, 1) == 0) & (device.night > 0)
    times = times[~is_night(times) | kept]
    return times[~_silent(times, journey, rng)]


def _silent(
    times: NDArray[np.float64], journey: Journey, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Tell which times fall into silences: half an hour to twelve, more in valleys."""
    silent = np.zeros(len(times), dtype=bool)
    if len(times) < 2:
        return silent
    _, _, height = journey.at(times)
    low = height < np.median(journey.height)
    rate = np.array([SILENCES_PER_H[mode] for mode in journey.mode_at(times)])
    gap_h = np.minimum(np.diff(times, append=times[-1]) / 3600.0, 1.0)
    chance = rate * gap_h * np.where(low, 1.5, 0.75)
    for i in np.flatnonzero(rng.random(len(times)) < chance):
        hours = float(np.clip(rng.lognormal(0.2, 0.9), 0.5, 12.0))
        silent |= (times > times[i]) & (times < times[i] + 3600.0 * hours)
    return silent


def sense(
    journey: Journey, kind: str, *, name: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Record a journey, and then spoil the record.

    Returns
    -------
    DataFrame
        device, time (UTC, whole seconds), longitude, latitude, elevation_m,
        accuracy_m, in the order in which the device wrote them.
    (n,) array
        When it truly recorded, in UTC seconds.
    """
    device = DEVICES[kind]
    times = sample_times(journey, device, rng)
    x, y, height = journey.at(times)
    sigma = rng.uniform(*device.sigma_m)
    sigma = sigma * np.array([CANOPY[mode] for mode in journey.mode_at(times)])
    east, north = (_errors(times, rng) * sigma for _ in "xy")
    lon, lat = unproject(x + east, y + north)
    told = 1.515 * sigma * rng.lognormal(0.0, 0.25, len(times))
    told[rng.random(len(times)) >= device.tells_accuracy] = np.nan
    fixes = pd.DataFrame(
        {
            "time": times,
            "longitude": lon,
            "latitude": lat,
            "elevation_m": np.round(height + rng.normal(0.0, 8.0, len(times))),
            "accuracy_m": np.round(told),
        }
    )
    fixes = _dirty(_repeat(_jump(fixes, rng), rng), rng)
    fixes["time"] = pd.to_datetime(fixes["time"], unit="s", utc=True)
    for column in ("longitude", "latitude"):
        fixes[column] = np.round(fixes[column] / STEP_DEG) * STEP_DEG
    fixes.insert(0, "device", name)
    return fixes, times


def _errors(
    times: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw errors of about unit variance: remembered for minutes, with heavy tails."""
    errors = rng.normal(size=len(times))
    keep = np.exp(-np.diff(times, prepend=0.0) / 240.0)
    for i in range(1, len(times)):
        errors[i] = keep[i] * errors[i - 1] + np.sqrt(1 - keep[i] ** 2) * errors[i]
    tails = np.sqrt(4.0 / rng.chisquare(4.0, len(times)))
    heavy: NDArray[np.float64] = errors * np.where(
        rng.random(len(times)) < 0.2, tails, 1
    )
    return heavy


def _jump(fixes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Displace single fixes (spikes) and short runs (excursions out and back)."""
    lon, lat = (
        fixes["longitude"].to_numpy(copy=True),
        fixes["latitude"].to_numpy(copy=True),
    )

    def move(rows: slice | int, km: float) -> None:
        turn = rng.uniform(0.0, 2 * np.pi)
        lon[rows] += km / 110.0 * np.cos(turn)
        lat[rows] += km / 110.6 * np.sin(turn)

    for i in np.flatnonzero(rng.random(len(fixes)) < SPIKES):
        move(int(i), 2.0 + rng.exponential(12.0))
    if rng.random() < EXCURSIONS and len(fixes) > 20:
        at = int(rng.integers(5, len(fixes) - 6))
        move(slice(at, at + int(rng.integers(2, 5))), rng.uniform(1.0, 5.0))
    return fixes.assign(longitude=lon, latitude=lat)


def _repeat(fixes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Send some fixes twice, and some with another position for the same time."""
    chance = rng.random(len(fixes))
    copies = fixes[chance < COPIES]
    clashes = fixes[chance > 1 - CLASHES]
    aside = rng.normal(0.0, 2e-4, (2, len(clashes)))
    clashes = clashes.assign(
        longitude=clashes["longitude"] + aside[0],
        latitude=clashes["latitude"] + aside[1],
    )
    return pd.concat([fixes, copies, clashes]).sort_index(
        kind="stable", ignore_index=True
    )


def _dirty(fixes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Spoil the first fix of some tracks, and a few rows of others."""
    if len(fixes) < 5:
        return fixes
    fixes = _wrong_start(fixes.copy(), rng)
    place = ["longitude", "latitude"]
    for kind, share in DIRT.items():
        if rng.random() >= share:
            continue
        rows = rng.integers(1, len(fixes), int(rng.integers(1, 4)))
        if kind == "empty":
            fixes.loc[rows, place] = np.nan
        elif kind == "beyond the pole":
            fixes.loc[rows, "latitude"] = 95.0
        elif kind == "swapped":
            fixes.loc[rows, place] = fixes.loc[rows, place[::-1]].to_numpy()
        else:
            fixes.loc[rows, "time"] += 76 * 365.25 * DAY_S
    return fixes


def _wrong_start(fixes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return fixes of which the first may come from before the device had a fix."""
    shares = [*WRONG_STARTS.values(), 1.0 - sum(WRONG_STARTS.values())]
    start = str(rng.choice([*WRONG_STARTS, "good"], p=shares))
    if start == "far":  # where the device was switched off weeks ago
        place = rng.uniform((-79.5, -1.0), (-74.0, 6.2))
        fixes.loc[0, ["longitude", "latitude"]] = place
    elif start == "zero":
        fixes.loc[0, ["longitude", "latitude"]] = 0.0
    elif start != "good":
        began = {"1970": 0.0, "1980": 315964800.0}[start]
        fixes.loc[0, "time"] = began + float(rng.integers(0, 600))
    return fixes
