"""How sums become findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geo.analysis.terrain.entries import Position
from geo.analysis.terrain.rules import Season, TravelRules
from geo.grid import Grid


@dataclass(frozen=True, slots=True)
class ModelMethods:
    """How the ground is asked where people would go.

    Parameters
    ----------
    entries, exits
        Names of checkpoints or places, or positions in degrees; none ask nothing.
    cell_factor, prior_factor
        Cells of the fine grid along a cell of the quickest ways and of the bands of
        hours, and along one of the likely ways.
    slower_pct
        How much longer than the quickest way those inside an outline may take.
    hours
        Upper ends of the bands of hours.
    thoroughfares
        Between how many places at most ways are outlined, all to all; 0 for none.
    rules, season
        How terrain slows travellers, and when.
    """

    entries: Sequence[str | Position] = ()
    exits: Sequence[str | Position] = ()
    cell_factor: int = 4
    prior_factor: int = 8
    slower_pct: Sequence[int] = (5, 10)
    hours: Sequence[float] = (1, 2, 3, 6, 12, 24)
    thoroughfares: int = 60
    rules: TravelRules | None = None
    season: Season = "dry"


@dataclass(frozen=True, slots=True)
class Methods:
    """How sums become corridors and hotspots.

    Parameters
    ----------
    levels
        Shares of the movement that the outlines enclose.
    seasons
        Months (1 to 12) of each named season.
    bandwidth
        Standard deviation of the density kernel, in metres, or how it is chosen:
        "cvl", "likelihood", "ppl" or "diggle".
    alpha
        False discovery rate of the hotspots.
    count
        What they are about: "tracks" or "hours".
    k
        Corridors are outlined on cells that at least so many tracks stand behind.
    travel
        Grid of modelled travel; by default that of the movement.
    round_to
        What is worked out from published counts takes them rounded to this.
    correction, chances
        As for `geo.analysis.hotspots.cells.find_hotspots`.
    model
        How the ground is asked where people would go.
    """

    levels: tuple[float, ...]
    seasons: Mapping[str, tuple[int, ...]]
    bandwidth: float | str
    alpha: float
    k: int
    count: str = "tracks"
    travel: Grid | None = None
    round_to: int = 5
    correction: str = "fdr"
    chances: str = "exact"
    model: ModelMethods = ModelMethods()

    @property
    def test(self) -> dict[str, Any]:
        """How counts are tested: the options of `find_hotspots`."""
        return {
            "correction": self.correction,
            "chances": self.chances,
            "alpha": self.alpha,
        }
