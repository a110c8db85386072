"""The section [terrain] of a region file: how the ground slows travellers."""

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Rule = float | tuple[float, float, float]
"""One number; or the lowest, the likely and the highest, where it is not known well."""

Rank = Annotated[int, Meta(ge=0, le=99)]
Classes = tuple[int, ...]


class Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which values of the land cover raster mean what; any other is unmapped."""

    forest: Classes = ()
    shrub: Classes = ()
    open_ground: Classes = ()
    built: Classes = ()
    wetland: Classes = ()
    water: Classes = ()

    def __post_init__(self) -> None:
        """Refuse a value that means two things."""
        values = [one for name in self.__struct_fields__ for one in getattr(self, name)]
        twice = sorted({one for one in values if values.count(one) > 1})
        if twice:
            raise ValueError(f"the value {twice[0]} stands in two places of cover")


WORLD_COVER = Cover(
    forest=(10,),
    shrub=(20,),
    open_ground=(30, 40, 60),
    built=(50,),
    wetland=(90, 95),
    water=(80,),
)
"""Classes of ESA WorldCover: trees; shrubs; grass, crops and bare ground; built-up;
wetland and mangroves; water."""


class Terrain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the ground slows travellers; what is a Rule may be a range."""

    walk: Literal["tobler", "irmischer_clarke", "langmuir"] = "tobler"
    """Pace by slope: Tobler 1993, Irmischer and Clarke 2018, or Naismith's rule with
    Langmuir's correction, as in GRASS r.walk."""
    on_path: bool = True
    """Of Tobler, and of Irmischer and Clarke: the pace on paths. The factors below slow
    it where there is none."""
    cell_m: Annotated[float, Meta(ge=10, le=10_000)] | None = None
    """Side of a cell of modelled travel; by default [region] cell_m."""
    season: Literal["dry", "wet"] = "dry"
    """Season of the hours to the nearest post."""
    wet_seasons: tuple[str, ...] = ("wet",)
    """Names of the seasons of [corridors] in which rivers are high."""
    forest: Rule = (1.67, 2.5, 5.0)
    shrub: Rule = (1.25, 1.67, 2.5)
    open_ground: Rule = (1.0, 1.25, 1.67)
    built: Rule = (1.0, 1.0, 1.25)
    wetland: Rule = (2.5, 5.0, 10.0)
    unmapped: Rule = (1.0, 1.67, 2.5)
    """Factors of the time on foot on each land cover, and where there is none."""
    ford_large_min: Rule = (10.0, 30.0, 120.0)
    ford_middle_min: Rule = (3.0, 10.0, 30.0)
    ford_small_min: Rule = (1.0, 3.0, 10.0)
    """Minutes to wade through a river of rank 1, of rank 2, and of a higher one."""
    wet_ford_factor: Rule = (1.0, 2.0, 4.0)
    """Of these minutes in the wet season."""
    closed_dry: Rank = 0
    closed_wet: Rank = 1
    """Rivers up to this rank cannot be waded through; 0 closes none."""
    navigable_dry: Rank = 1
    navigable_wet: Rank = 2
    """Rivers up to this rank carry boats; 0 is none."""
    river_boat_kmh: Rule = (10.0, 16.0, 25.0)
    current_kmh: Rule = (2.0, 4.0, 7.0)
    sea_boat_kmh: Rule = (16.0, 22.0, 30.0)
    """Speed of boats on still water, of the current, and of boats at sea."""
    boarding_min: Rule = (5.0, 15.0, 60.0)
    """Minutes from land into a boat."""
    coast_km: Rule = (5.0, 30.0, 50.0)
    """Boats keep this near to land."""
    cover: Cover = WORLD_COVER
    """Classes of the land cover raster; by default those of ESA WorldCover."""

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        for name in RULES:
            low, likely, high = span(getattr(self, name))
            least = 1.0 if name in FACTORS else 0.0
            if not (least <= low <= likely <= high < math.inf):
                raise ValueError(
                    f"{name} is {_shown(getattr(self, name))}; expected a number, or "
                    f"[lowest, likely, highest], from {least:g} on"
                )
            if low == 0 < high:
                raise ValueError(f"{name} begins at 0; expected a range above 0")
        if not span(self.current_kmh)[2] < span(self.river_boat_kmh)[0]:
            raise ValueError(
                f"current_kmh reaches {span(self.current_kmh)[2]:g} and river_boat_kmh "
                f"begins at {span(self.river_boat_kmh)[0]:g}; expected boats that get "
                "upstream"
            )
        if span(self.sea_boat_kmh)[0] == 0:
            raise ValueError("sea_boat_kmh is 0; expected more")


FACTORS = frozenset({"forest", "shrub", "open_ground", "built", "wetland", "unmapped"})
"""Rules that multiply the time on foot."""

RULES = (
    *("forest", "shrub", "open_ground", "built", "wetland", "unmapped"),
    *("ford_large_min", "ford_middle_min", "ford_small_min", "wet_ford_factor"),
    *("river_boat_kmh", "current_kmh", "sea_boat_kmh", "boarding_min", "coast_km"),
)
"""Keys of [terrain] that may be a range."""

RANKS = ("closed_dry", "closed_wet", "navigable_dry", "navigable_wet")
"""Keys of [terrain] that name a rank of rivers."""


def span(rule: Rule) -> tuple[float, float, float]:
    """Return the lowest, the likely and the highest value of a rule.

    Examples
    --------
    >>> span(2.5), span((1, 2, 4))
    ((2.5, 2.5, 2.5), (1, 2, 4))
    """
    return rule if isinstance(rule, tuple) else (rule, rule, rule)


def _shown(rule: Rule) -> str:
    """Return a rule as the region file writes it."""
    if isinstance(rule, tuple):
        return f"[{', '.join(f'{one:g}' for one in rule)}]"
    return f"{rule:g}"
