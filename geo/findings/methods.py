"""How sums become findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    round_to
        What is worked out from published counts takes them rounded to this.
    correction, chances
        As for `geo.analysis.hotspots.cells.find_hotspots`.
    """

    levels: tuple[float, ...]
    seasons: Mapping[str, tuple[int, ...]]
    bandwidth: float | str
    alpha: float
    k: int
    count: str = "tracks"
    round_to: int = 5
    correction: str = "fdr"
    chances: str = "exact"

    @property
    def test(self) -> dict[str, Any]:
        """How counts are tested: the options of `find_hotspots`."""
        return {
            "correction": self.correction,
            "chances": self.chances,
            "alpha": self.alpha,
        }
