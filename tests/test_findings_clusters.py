"""Tests of the whole, the likeliest clusters, and local Moran's I, past the gate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely import points
from shapely.geometry import LineString

from geo.analysis.corridors.brownian import Occurrence
from geo.findings.clusters import find_clusters
from geo.findings.methods import Methods
from geo.grid import Grid
from geo.kernels.paths import count_within
from geo.privacy import About, Findings, release
from geo.read.layers import read_layers
from geo.schema import ALL_MONTHS, VISITS
from geo.totals import add_up
from geo.write.clusters import CLUSTER_COLOURS
from geo.write.fields import describe

CRS = "+proj=laea +lat_0=8.1 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
FINE = Grid(CRS, 0, 20_000, 500, rows=40, columns=40)
CELLS = FINE.coarsened(4)
METHODS = Methods(levels=(0.5,), seasons={}, bandwidth=1_000.0, alpha=0.05, k=10)
GROUND = np.ones(CELLS.shape, bool)
RIVER = LineString([(500, 9_000), (19_500, 9_000)])


def totals_of(cube):
    """Sums of tracks that each stay in one cell and month, by month, row and column."""
    month, row, column = np.nonzero(cube)
    cell = row * CELLS.columns + column
    number = cube[month, row, column]
    table = pd.DataFrame({"cell": cell, "month": 24276 + month, "tracks": number})
    whole = table.groupby("cell", as_index=False)["tracks"].sum()
    visits = pd.concat([table, whole.assign(month=ALL_MONTHS)], ignore_index=True)
    for name in VISITS:
        visits[name] = visits.get(name, 0)
    fine = FINE.cell_of(*CELLS.centre_of(np.repeat(cell, number)))
    paths = pd.DataFrame({"track": np.arange(len(fine)), "cell": fine.astype("int32")})
    nothing = np.zeros(FINE.shape, np.int64)
    return replace(
        add_up([], FINE, seasons={}),
        visits=visits[list(VISITS)],
        paths=paths,
        movement={"all": Occurrence(FINE, nothing, nothing, nothing)},
        monthly=pd.DataFrame(
            {"month": 24276 + np.arange(len(cube)), "tracks": cube.sum(axis=(1, 2))}
        ),
    )


def clusters(cube, *, lines=(RIVER,), **options):
    """The layers."""
    return find_clusters(
        totals_of(cube),
        CELLS,
        ground=GROUND,
        lines=lines,
        methods=replace(METHODS, **options),
    )


def crowd(size=60, months=5):
    """A dozen everywhere, many in four cells, noise on both."""
    rng = np.random.default_rng(4)
    cube = rng.poisson(12, (months, *CELLS.shape))
    cube[:, 4:6, 4:6] += size
    return cube


@pytest.fixture(scope="module")
def found():
    return clusters(crowd())


def test_a_crowd_is_found_by_every_test_of_the_whole(found):
    tests = found["global_tests"].set_index("test")

    assert list(tests.index) == ["moran", "general g", "circle", "network"]
    assert (tests["p"] < 0.001).all()
    assert (tests["value"] > tests["expected"]).all()
    assert tests.loc["moran", "tracks"] == crowd().sum()


def test_noise_is_no_cluster():
    rng = np.random.default_rng(5)

    found = clusters(rng.poisson(40, (1, *CELLS.shape)))

    tests = found["global_tests"].set_index("test")
    assert (tests["p"] > 0.05).all()
    assert len(found["scan"]) == 0
    assert set(found["clusters"]["lisa"]) == {"none"}
    assert "forecast" not in found


def test_the_likeliest_circle_holds_the_crowd_and_its_distinct_tracks(found):
    scan = found["scan"]

    first = scan[(scan["window"] == "circle") & (scan["rank"] == 1)].iloc[0]
    middles = CELLS.centre_of(np.array([44, 45, 54, 55]))
    inside = [first.geometry.buffer(1).covers(p) for p in points(*middles)]
    assert all(inside)
    assert first["tracks"] == crowd()[:, _within(first.geometry)].sum()
    assert first["gumbel_p"] <= 0.05


def _within(shape):
    """Cells whose middle lies in a shape, with a little to spare."""
    x, y = CELLS.centre_of(np.arange(100))
    return np.array([shape.buffer(1).covers(p) for p in points(x, y)]).reshape(10, 10)


def test_along_the_river_the_window_keeps_to_the_river(found):
    scan = found["scan"]

    first = scan[(scan["window"] == "network") & (scan["rank"] == 1)].iloc[0]
    west, south, east, north = first.geometry.bounds
    assert (south, north) == (8_000, 10_000)  # the row of cells that the river crosses
    assert west <= 8_000
    assert east >= 12_000


def test_without_lines_only_circles_are_drawn():
    found = clusters(crowd(), lines=())

    assert set(found["scan"]["window"]) == {"circle"}
    assert "network" not in set(found["global_tests"]["test"])


def test_local_moran_tells_high_among_high_from_the_rest(found):
    kinds = found["clusters"].set_index("cell")["lisa"]

    assert (kinds[[44, 45, 54, 55]] == "high-high").all()
    assert kinds[0] == "none"
    assert set(kinds) <= {kind for kind, _, _ in CLUSTER_COLOURS}


def test_cells_below_k_change_nothing_but_their_own_absence():
    """Nobody, or nine in a cell of the north: every layer is the same."""
    cube = crowd(months=1)
    cube[:, :3] = 0
    with_few = cube.copy()
    with_few[0, 0, ::3] = 9
    with_few[0, 1, 4] = 1

    few_there = replace(totals_of(with_few), monthly=totals_of(cube).monthly)
    one = clusters(cube)
    two = find_clusters(
        few_there, CELLS, ground=GROUND, lines=(RIVER,), methods=METHODS
    )

    for name in one:
        same = [column for column in one[name] if column not in {"tracks", "geometry"}]
        pd.testing.assert_frame_equal(
            pd.DataFrame(one[name][same]), pd.DataFrame(two[name][same])
        )
    assert set(two["clusters"]["cell"]).isdisjoint(range(30))


def test_everything_passes_the_gate_and_is_described(found):
    base = read_layers({}, crs=CRS, bounds=(-77.6, 8, -77.4, 8.2), cell_m=250)

    passed = release(Findings(found, {}, base, About(region="x", crs=CRS)))

    for name, layer in passed.layers.items():
        assert passed.withheld[name] == 0
        assert (layer["tracks"] >= 10).all()
        assert (layer["tracks"] % 5 == 0).all()
        described = [column for column in layer.columns if column != "geometry"]
        assert len(describe(name, described)) == len(described)


def test_a_window_that_few_entered_is_withheld():
    """The scan itself may be about few; the gate has the last word."""
    base = read_layers({}, crs=CRS, bounds=(-77.6, 8, -77.4, 8.2), cell_m=250)
    scan = clusters(crowd())["scan"].assign(tracks=9)

    passed = release(Findings({"scan": scan}, {}, base, About(region="x", crs=CRS)))

    assert len(passed.layers["scan"]) == 0


@pytest.mark.parametrize(
    "cube",
    [
        np.zeros((2, 10, 10), int),
        np.full((1, 10, 10), 20),
        np.eye(10, dtype=int)[None] * 9,
    ],
    ids=["nobody", "all alike", "below k"],
)
def test_what_cannot_be_tested_gives_no_layer(cube):
    assert clusters(cube) == {}


def test_the_same_seed_gives_the_same_layers():
    one, two = clusters(crowd()), clusters(crowd())

    for name in one:
        pd.testing.assert_frame_equal(pd.DataFrame(one[name]), pd.DataFrame(two[name]))


def test_forecasts_are_scored_on_equal_areas_and_rounded(found):
    scores = found["forecast"]

    assert scores["method"].tolist() == ["hotspots", "last month", "density"]
    assert len(set(scores["area_pct"])) == 1
    assert (scores["months"] == 2).all()
    for name in ("area_pct", "hit_pct", "pai", "pei"):
        assert all(float(f"{v:.2g}") == v for v in scores[name])


@pytest.mark.parametrize("seed", range(5))
def test_tracks_in_cells_are_counted_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    track = np.sort(rng.integers(0, 9, 60)) * 7 - 30
    cell = rng.integers(0, 20, 60).astype(np.int32)
    inside = rng.random(20) < 0.1

    entered = {int(t) for t, c in zip(track, cell, strict=True) if inside[c]}
    assert count_within(track, cell, inside) == len(entered)
