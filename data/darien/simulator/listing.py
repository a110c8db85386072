"""People without a device, as staff and volunteers write them down at places."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.files import MARK, file_name
from simulator.routes import YEAR, Leg, Stop, tracks_by_month, unproject

SHARES = {"border": 0.35, "stop": 0.45, "way": 0.20}
"""Where people are written down: where a trail crosses the border, at gathering
places, and anywhere along a trail, as those who needed help."""
NOISE_M = {"border": 120.0, "stop": 250.0, "way": 60.0}
LAST_DAY = 28


def list_people(
    count: int, legs: Mapping[str, Leg], stops: Mapping[str, Stop], *, seed: int
) -> pd.DataFrame:
    """Draw so many people: the day and the place where each was written down.

    Parameters
    ----------
    count
        How many in the year; the months share them as the official counts do.
    legs, stops
        Of the simulated routes; only trails and the places on them.
    seed
        The same seed gives the same people.

    Returns
    -------
    DataFrame
        `date`, `latitude` and `longitude`, sorted.
    """
    rng = np.random.default_rng([seed, 1_000_000])
    trails = [leg for leg in legs.values() if leg.mode == "walk"]
    names = {leg.id for leg in trails}
    rests = [stop for stop in stops.values() if names & set(stop.legs)]
    kind = rng.choice(list(SHARES), p=list(SHARES.values()), size=count)
    x, y = np.array([_place(one, trails, rests, rng) for one in kind]).T
    noise = np.array([NOISE_M[one] for one in kind])
    lon, lat = unproject(x + rng.normal(0, noise), y + rng.normal(0, noise))
    month = np.repeat(np.arange(1, 13), tracks_by_month(count))
    day = rng.integers(1, LAST_DAY, size=count)
    table = pd.DataFrame(
        {
            "date": [
                f"{YEAR}-{m:02d}-{d:02d}" for m, d in zip(month, day, strict=True)
            ],
            "latitude": lat.round(5),
            "longitude": lon.round(5),
        }
    )
    return table.sort_values(list(table.columns), ignore_index=True)


def write_people(people: pd.DataFrame, folder: Path) -> Path:
    """Write the list as a Spanish spreadsheet does; the same bytes every time."""
    table = pd.DataFrame(
        {
            "fecha": people["date"],
            "latitud": people["latitude"],
            "longitud": people["longitude"],
            "nota": MARK,
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name("puestos", "csv")
    table.to_csv(
        path, sep=";", decimal=",", index=False, encoding="utf-8", lineterminator="\n"
    )
    return path


def _place(
    kind: str, trails: list[Leg], rests: list[Stop], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the exact place of one person."""
    if kind == "stop":
        share = np.array([stop.share for stop in rests])
        stop = rests[int(rng.choice(len(rests), p=share / share.sum()))]
        return np.array([stop.x, stop.y])
    over = [leg for leg in trails if kind == "way" or not np.isnan(leg.border_at_m)]
    leg = over[int(rng.integers(len(over)))]
    along = rng.uniform(0, leg.along[-1]) if kind == "way" else leg.border_at_m
    return np.array(
        [np.interp(along, leg.along, leg.x), np.interp(along, leg.along, leg.y)]
    )
