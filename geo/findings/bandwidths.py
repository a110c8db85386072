"""How far the density is spread: the bandwidth, and what hangs on its choice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.density.bandwidth import select_bandwidths
from geo.findings.surfaces import track_density
from geo.frames import on_processors
from geo.grid import Grid, Surface
from geo.partials import VOTE
from geo.privacy import round_significant

CHOSEN = ("cvl", "likelihood", "ppl", "diggle", "oversmoothing")
"""Methods that are asked, the last as an upper guard."""

_SAMPLE = 500  # positions; their pairs take a tenth of a second
_FEWEST = 30  # tracks that a choice can rest on
_SEED = 20_230_101

Floats = NDArray[np.float64]


def draw_positions(
    votes: NDArray[np.int64], grid: Grid, *, number: int
) -> tuple[Floats, Floats]:
    """Draw positions at which tracks are, each as likely as it has votes.

    Parameters
    ----------
    votes
        As for `geo.findings.surfaces.track_density`, of which this is a sample.
    grid
        The fine grid.
    number
        How many.

    Returns
    -------
    x, y : (n,) arrays
        In the CRS of the grid, anywhere in their cells; none without votes. The same
        for the same votes.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 400, 100, rows=4, columns=4)
    >>> votes = np.zeros((4, 4), np.int64)
    >>> votes[1, 2] = 7
    >>> x, y = draw_positions(votes, grid, number=3)
    >>> set(grid.cell_of(x, y).tolist())
    {6}
    """
    rng = np.random.default_rng(_SEED)
    # Evenly from all cells in a mixed order: no vote is drawn twice, which would look
    # like a cluster, and one vote more moves few of those drawn.
    order = rng.permutation(votes.size)
    sums = np.cumsum(votes.ravel()[order])
    if not sums[-1]:
        return np.zeros(0), np.zeros(0)
    drawn = (np.arange(number) + 0.5) * (sums[-1] / number)
    x, y = grid.centre_of(order[np.searchsorted(sums, drawn, side="right")])
    # Were all at the middles of cells, many would share one place, and methods that
    # look at the nearest of the others would ask for no width at all.
    return (
        x + grid.cell_m * (rng.random(number) - 0.5),
        y + grid.cell_m * (rng.random(number) - 0.5),
    )


def choose_bandwidth(
    wanted: float | str, votes: NDArray[np.int64], grid: Grid, *, fallback_m: float
) -> float:
    """Return the bandwidth in metres: the one given, or that which a method chooses.

    Parameters
    ----------
    wanted
        Metres, or a method of `geo.analysis.density.bandwidth.select_bandwidth`.
    votes, grid
        As for `draw_positions`.
    fallback_m
        What stands where there are too few votes for a choice.

    Notes
    -----
    A sample is asked; a bandwidth falls with the sixth root of the number, by which
    the answer is scaled. It is given in two digits, so that one track seldom changes
    it, and is at least two cells.
    """
    if not isinstance(wanted, str):
        return wanted
    return _chosen([wanted], votes, grid, fallback_m=fallback_m)[wanted]


def _chosen(
    methods: Sequence[str], votes: NDArray[np.int64], grid: Grid, *, fallback_m: float
) -> dict[str, float]:
    """Return what each method chooses; see `choose_bandwidth`."""
    number = int(votes.sum()) / VOTE
    if number < _FEWEST:
        return dict.fromkeys(methods, fallback_m)
    sample = min(_SAMPLE, int(number))
    x, y = draw_positions(votes, grid, number=sample)
    found = select_bandwidths(x, y, grid=grid, methods=methods)
    scaled = np.array(list(found.values())) * (sample / number) ** (1 / 6)
    told = round_significant(scaled).tolist()
    return {
        method: max(chosen, 2 * grid.cell_m)
        for method, chosen in zip(methods, told, strict=True)
    }


def compare_densities(
    votes: NDArray[np.int64],
    grid: Grid,
    *,
    bandwidth_m: float,
    tracks: int,
    density: Surface | None = None,
) -> pd.DataFrame:
    """Return what the density would be with other bandwidths.

    Parameters
    ----------
    votes, grid
        As for `draw_positions`.
    bandwidth_m
        That of the map.
    tracks
        How many tracks there are in all.
    density
        That of the map, if it is known.

    Returns
    -------
    DataFrame
        From narrow to wide: `method` ("map" for that of the map, "half" and "double"
        of it, and the methods of `CHOSEN`), `bandwidth_m`, `peak_per_km2` (highest
        density), `half_km2` (smallest area that holds half of it all), in two digits,
        and `tracks`. No row where there are too few tracks.
    """
    wanted: dict[str, float] = {}
    if tracks >= _FEWEST:
        wanted = _chosen(CHOSEN, votes, grid, fallback_m=bandwidth_m)
        others = {"map": 1.0, "half": 0.5, "double": 2.0}
        wanted |= {name: bandwidth_m * times for name, times in others.items()}
    # Half of a bandwidth of one cell is no bandwidth.
    wanted = {name: wide for name, wide in wanted.items() if wide >= grid.cell_m}

    def described(wide: float) -> tuple[float, float]:
        if density is not None and wide == bandwidth_m:
            return _describe(density)
        return _describe(track_density(votes, grid, bandwidth_m=wide))

    widths = sorted(set(wanted.values()))
    known = dict(zip(widths, on_processors(described, widths), strict=True))
    rows = [(method, wide, *known[wide]) for method, wide in wanted.items()]
    named = ["bandwidth_m", "peak_per_km2", "half_km2"]
    table = pd.DataFrame(rows, columns=["method", *named])
    for name in named:
        table[name] = round_significant(table[name].to_numpy(np.float64))
    table["method"] = table["method"].astype("str")
    table = table.sort_values(["bandwidth_m", "method"], ignore_index=True)
    return table.assign(tracks=np.full(len(table), tracks, np.int64))


def _describe(density: Surface) -> tuple[float, float]:
    """Return the highest density, and the smallest area with half of it all, in km²."""
    values = density.values.ravel()
    most = np.sort(np.append(values[values > 0], 0.0))[::-1]  # one, if all are none
    held = np.cumsum(most)
    cells = int(np.searchsorted(held, held[-1] / 2)) + 1
    return float(most[0]), cells * (density.grid.cell_m / 1000) ** 2
