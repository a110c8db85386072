"""How terrain slows travellers: the numbers, their ranges, and where they come from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from geo.analysis.terrain.costs import tobler
from geo.kernels.costs import Walk

Season = Literal["dry", "wet"]
Ranges = Mapping[str, tuple[float, float, str]]

COVER: Mapping[int, str] = {
    10: "forest",
    20: "shrub",
    30: "open_ground",
    40: "open_ground",
    50: "built",
    60: "open_ground",
    90: "wetland",
    95: "wetland",
}
"""The rule that slows walkers on each class of ESA WorldCover; 80 is water."""


@dataclass(frozen=True, slots=True)
class TravelRules:
    """How terrain slows travellers; RANGES says where each number comes from.

    Parameters
    ----------
    walk
        Pace by slope on open ground.
    forest, shrub, open_ground, built, wetland, unmapped
        Factors of the time on foot; `unmapped` is for ground without land cover.
    ford_large_min, ford_middle_min, ford_small_min
        Minutes to wade through a river of rank 1, of rank 2, and of a higher one.
    wet_ford_factor
        Of these minutes in the wet season.
    closed_dry, closed_wet
        Rivers up to this rank cannot be waded through; 0 closes none.
    navigable_dry, navigable_wet
        Rivers up to this rank carry boats; 0 is none.
    river_boat_kmh, current_kmh, sea_boat_kmh
        Speed of boats on still water, of the current, and of boats at sea.
    boarding_min
        Minutes from land into a boat: waiting, loading, paying.
    coast_km
        Boats keep this near to land.
    """

    walk: Walk = tobler()  # noqa: RUF009  (a tuple that does not change)
    forest: float = 2.5
    shrub: float = 1.67
    open_ground: float = 1.25
    built: float = 1.0
    wetland: float = 5.0
    unmapped: float = 1.67
    ford_large_min: float = 30.0
    ford_middle_min: float = 10.0
    ford_small_min: float = 3.0
    wet_ford_factor: float = 2.0
    closed_dry: int = 0
    closed_wet: int = 1
    navigable_dry: int = 1
    navigable_wet: int = 2
    river_boat_kmh: float = 16.0
    current_kmh: float = 4.0
    sea_boat_kmh: float = 22.0
    boarding_min: float = 15.0
    coast_km: float = 30.0

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name} is {value}; expected 0 or more")
        for name in ("forest", "shrub", "open_ground", "built", "wetland", "unmapped"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; expected a factor of at least 1"
                )
        if not self.current_kmh < self.river_boat_kmh:
            raise ValueError("no boat gets upstream: the current is as fast as it")
        if self.sea_boat_kmh == 0:
            raise ValueError("sea_boat_kmh is 0; expected more")


_ACCESSMOD = (
    "WHO AccessMod 5 manual, speeds on foot of 5 km/h on bare soil, 4, 3 and 2 in "
    "light, medium and dense vegetation"
)
_ASSUMED = "assumption: no measurement was found; vary it"

RANGES: Ranges = {
    "forest": (1.67, 5.0, f"{_ACCESSMOD}; 1 km/h in evergreen forest at the slowest"),
    "shrub": (1.25, 2.5, _ACCESSMOD),
    "open_ground": (1.0, 1.67, _ACCESSMOD),
    "built": (1.0, 1.25, _ACCESSMOD),
    "wetland": (2.5, 10.0, _ASSUMED),
    "unmapped": (1.0, 2.5, "Tobler 1993: off the path 0.6 times as fast"),
    "ford_large_min": (10.0, 120.0, _ASSUMED),
    "ford_middle_min": (3.0, 30.0, _ASSUMED),
    "ford_small_min": (1.0, 10.0, _ASSUMED),
    "wet_ford_factor": (1.0, 4.0, _ASSUMED),
    "river_boat_kmh": (10.0, 25.0, _ASSUMED),
    "current_kmh": (2.0, 7.0, _ASSUMED),
    "sea_boat_kmh": (16.0, 30.0, _ASSUMED),
    "boarding_min": (5.0, 60.0, _ASSUMED),
    "coast_km": (5.0, 50.0, _ASSUMED),
}
"""Lowest and highest plausible value of each rule, and its source."""


def draw_rules(
    rules: TravelRules, *, seed: int, ranges: Ranges | None = None
) -> TravelRules:
    """Return rules drawn at random from their ranges, for a sensitivity analysis.

    Each number on its own, evenly on a logarithmic scale; what has no range stays.

    Parameters
    ----------
    rules
        What has no range.
    seed
        Of the numbers.
    ranges
        By default RANGES; those of a region file are of `geo.recipe.travel_ranges`.

    Examples
    --------
    >>> drawn = draw_rules(TravelRules(), seed=1)
    >>> 1.67 <= drawn.forest <= 5.0, drawn.closed_wet
    (True, 1)
    >>> draw_rules(TravelRules(), seed=1, ranges={"forest": (3.0, 3.0, "")}).forest
    3.0
    """
    random = np.random.default_rng(seed)
    drawn = {
        name: low
        if low == high
        else float(np.exp(random.uniform(math.log(low), math.log(high))))
        for name, (low, high, _) in (RANGES if ranges is None else ranges).items()
    }
    return replace(rules, **drawn)  # type: ignore[arg-type]
