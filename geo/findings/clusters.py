"""Whether there is a cluster at all, where it is likeliest, and local Moran's I."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.hotspots.along import cells_along, distances_along
from geo.analysis.hotspots.cells import count_field
from geo.analysis.hotspots.forecast import score_forecasts
from geo.analysis.hotspots.moran import global_g, global_moran, local_moran
from geo.analysis.hotspots.scan import Cluster, scan_circles, scan_distances
from geo.analysis.hotspots.stats import false_discovery, find_islands
from geo.findings.methods import Methods
from geo.grid import Grid
from geo.kernels.paths import count_within
from geo.kernels.rows import sealed
from geo.privacy import round_significant, rounded_counts
from geo.schema import ALL_MONTHS
from geo.totals import Totals

PERMUTATIONS = 9_999
DRAWS = 199
"""Of the scan; chances below 1 / draws are told by the Gumbel law."""

MOST_CASES = 5_000
"""Of more tracks, the scan takes the shares: it would take time and say no more."""

MOST_MEMBERS = 250_000
"""Windows of the scan hold so many cells in all; large regions have smaller ones."""

RADII = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
"""Of the windows, in cells."""

QUADRANTS = {"HH": "high-high", "LL": "low-low", "HL": "high-low", "LH": "low-high"}


@dataclass(frozen=True, slots=True)
class _Field:
    """Published counts on the grid, the cells that tests are about, and all tracks."""

    grid: Grid
    cell: NDArray[np.int64]
    counts: NDArray[np.int64]
    domain: NDArray[np.bool_]
    tracks: int

    @property
    def places(self) -> NDArray[np.int64]:
        """The cells of the domain, by number."""
        return np.flatnonzero(self.domain)


def find_clusters(
    totals: Totals,
    cells: Grid,
    *,
    ground: NDArray[np.bool_],
    lines: Sequence[shapely.Geometry],
    methods: Methods,
) -> dict[str, pd.DataFrame]:
    """Return the tests of the whole, the likeliest clusters, and local Moran's I.

    Parameters
    ----------
    totals
        Sums over parts.
    cells
        Grid of the published cells.
    ground : (rows, columns) bool array
        Cells of it with land.
    lines
        Rivers and routes, along which a window of the scan may grow.
    methods
        How.

    Returns
    -------
    dict
        `global_tests`, `scan`, `clusters` (local Moran's I) and, with months enough,
        `forecast`. Nothing where too little is published for a test.

    Notes
    -----
    Counts enter as they are published, rounded, and 0 where withheld. So nothing
    here can tell of a cell in which fewer than k tracks passed; only `tracks` are
    counted anew, and pass the gate.
    """
    field = _published(totals, cells, ground=ground, methods=methods)
    try:
        local = _local(field, methods)
        tests = _whole(field, totals.tracks)
        scans = _scans(field, totals, lines=lines, methods=methods)
    except ValueError:  # a handful of cells, or all alike: nothing can be tested
        return {}
    found: dict[str, pd.DataFrame] = {
        "clusters": local,
        "global_tests": pd.concat([tests, scans["tests"]], ignore_index=True),
        "scan": scans["scan"],
    }
    scores = _forecasts(totals, cells, ground=ground, methods=methods)
    return found | ({"forecast": scores} if len(scores) else {})


def _published(
    totals: Totals, cells: Grid, *, ground: NDArray[np.bool_], methods: Methods
) -> _Field:
    """Return the counts of the cells that are published."""
    total = totals.visits[totals.visits["month"] == ALL_MONTHS].sort_values("cell")
    number = rounded_counts(
        total["tracks"].to_numpy(), k=methods.k, round_to=methods.round_to
    ).astype(np.int64)
    cell = total["cell"].to_numpy(np.int64)[number > 0]
    counts, domain = count_field(cell, number[number > 0], cells, land=ground)
    whole = rounded_counts(
        np.array([totals.tracks]), k=methods.k, round_to=methods.round_to
    )
    return _Field(
        cells, cell, counts, domain & ~find_islands(domain), tracks=int(whole[0])
    )


def _local(field: _Field, methods: Methods) -> gpd.GeoDataFrame:
    """Return local Moran's I of the published cells."""
    found = local_moran(field.counts, mask=field.domain, permutations=PERMUTATIONS)
    p = found.p
    if methods.correction != "none":
        p = false_discovery(p, method="bh" if methods.correction == "fdr" else "by")
    q = p.ravel()[field.cell]
    quadrant = found.quadrant.ravel()[field.cell]
    named = [
        QUADRANTS.get(name, "none") if chance <= methods.alpha else "none"
        for name, chance in zip(quadrant, q, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "cell": field.cell,
            "tracks": field.counts.ravel()[field.cell],
            "lisa": named,
            "lisa_q": round_significant(q),
        },
        geometry=field.grid.squares_of(field.cell),
        crs=field.grid.crs,
    )


def _whole(field: _Field, tracks: int) -> pd.DataFrame:
    """Return Moran's I and general G of the whole region."""
    found = {
        "moran": global_moran(field.counts, mask=field.domain),
        "general g": global_g(field.counts, mask=field.domain),
    }
    return pd.DataFrame(
        [
            {
                "test": name,
                "tracks": tracks,
                "value": _two(result.value),
                "expected": _two(result.expected),
                "z": round(result.z, 1),
                "p": _two(max(result.p, 1e-12)),
            }
            for name, result in found.items()
        ]
    )


def _scans(
    field: _Field,
    totals: Totals,
    *,
    lines: Sequence[shapely.Geometry],
    methods: Methods,
) -> dict[str, Any]:
    """Return the likeliest clusters in circles and along lines, and their tests."""
    found = _likeliest(field, lines)
    under = _under(field.grid, totals.movement["all"].grid)
    rows = [
        _told(
            window,
            rank,
            cluster,
            where=where,
            field=field,
            under=under,
            paths=totals.paths,
        )
        for window, (where, clusters) in found.items()
        for rank, cluster in enumerate(clusters, start=1)
    ]
    tests = [_tested(row) for row in rows if row["rank"] == 1]
    sure = [row for row in rows if row["gumbel_p"] <= methods.alpha]
    columns = ["window", "rank", "tracks", "radius_km", "ratio", "gumbel_p", "geometry"]
    table = pd.DataFrame(sure, columns=columns)
    return {
        "tests": pd.DataFrame(tests),
        "scan": gpd.GeoDataFrame(table, geometry="geometry", crs=field.grid.crs),
    }


def _likeliest(
    field: _Field, lines: Sequence[shapely.Geometry]
) -> dict[str, tuple[NDArray[np.int64], list[Cluster]]]:
    """Return the cells that are scanned and their clusters, by the kind of window."""
    places = field.places
    x, y = field.grid.centre_of(places)
    circles = scan_circles(
        _cases(field, places, field.tracks),
        np.ones(len(places)),
        x=x,
        y=y,
        **_limits(len(places), field.grid),
    )
    along = np.intersect1d(places, cells_along(lines, field.grid))
    if not _cases(field, along, field.tracks).any():
        return {"circle": (places, circles)}
    stretches = scan_distances(
        _cases(field, along, field.tracks),
        np.ones(len(along)),
        distance_m=distances_along(along, lines, grid=field.grid),
        **_limits(len(along), field.grid),
    )
    return {"circle": (places, circles), "network": (along, stretches)}


def _under(cells: Grid, grid: Grid) -> NDArray[np.int64]:
    """Return in which cell the centre of each cell of a finer grid lies."""
    return cells.cell_of(*grid.centre_of(np.arange(grid.rows * grid.columns)))


def _tested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the likeliest cluster as the test of whether there is any."""
    return {"test": row["window"], "tracks": row["tracks"], "value": row["ratio"]} | {
        "expected": 1.0,
        "z": np.nan,
        "p": row["gumbel_p"],
    }


def _limits(places: int, grid: Grid) -> dict[str, Any]:
    """Return how far windows grow, and how often tracks are strewn anew."""
    share = min(0.5, max(MOST_MEMBERS / places**2, 1.5 / places))
    radii_m = np.array(RADII) * grid.cell_m
    return {
        "largest_share": share,
        "radii_m": radii_m,
        "most": 3,
        "permutations": DRAWS,
    }


def _cases(field: _Field, places: NDArray[np.int64], tracks: int) -> NDArray[np.int64]:
    """Return counts of cells as shares of the tracks.

    A track passes many cells, but is one witness: counted in each of them, it would
    make any corridor a cluster beyond doubt.
    """
    weight = min(1.0, min(tracks, MOST_CASES) / float(field.counts.sum()))
    cases: NDArray[np.int64] = np.rint(field.counts.ravel()[places] * weight).astype(
        np.int64
    )
    return cases


def _told(
    window: str,
    rank: int,
    cluster: Cluster,
    *,
    where: NDArray[np.int64],
    field: _Field,
    under: NDArray[np.int64],
    paths: pd.DataFrame,
) -> Mapping[str, Any]:
    """Return what is said of a cluster, with the distinct tracks that were in it."""
    inside = where[cluster.members]
    if window == "circle":
        x, y = field.grid.centre_of(where[[cluster.centre]])
        reach = max(cluster.radius_m, field.grid.cell_m / 2)
        shape = shapely.Point(x[0], y[0]).buffer(reach)
    else:
        shape = shapely.union_all(field.grid.squares_of(inside))
    return {
        "window": window,
        "rank": rank,
        "tracks": _tracks_in(inside, under, paths),
        "radius_km": round(cluster.radius_m / 1000, 1),
        "ratio": _two(cluster.cases / cluster.expected),
        "gumbel_p": _two(max(cluster.gumbel_p, 1e-12)),
        "geometry": shape,
    }


def _tracks_in(
    inside: NDArray[np.int64], under: NDArray[np.int64], paths: pd.DataFrame
) -> int:
    """Return how many distinct tracks entered any of some cells.

    Fine cell c, of which paths tell, lies in cell ``under[c]``, or in none below 0.
    """
    within = np.zeros(int(max(under.max(), inside.max())) + 1, bool)
    within[inside] = True
    return count_within(
        sealed(paths["track"], np.int64),
        sealed(paths["cell"], np.int32),
        within[under] & (under >= 0),
    )


def _forecasts(
    totals: Totals, cells: Grid, *, ground: NDArray[np.bool_], methods: Methods
) -> pd.DataFrame:
    """Return how well maps of the months so far tell the next month.

    These are means over all months and cells, of all tracks: rounded, they tell of
    none of them.
    """
    began = totals.monthly["month"]
    visits = totals.visits[totals.visits["month"].between(began.min(), began.max())]
    scores = score_forecasts(
        visits, cells, land=ground, bandwidth_m=cells.cell_m, **methods.test
    )
    told = ["area_pct", "hit_pct", "pai", "pei"]
    for name in told:
        scores[name] = round_significant(scores[name].to_numpy(np.float64))
    scores.insert(1, "tracks", totals.tracks)
    return scores


def _two(value: float) -> float:
    """Return a number with two significant digits."""
    return float(f"{value:.2g}")
