"""What terrain, rivers and boats cost a traveller."""

import math
from dataclasses import fields

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, MultiLineString, Point

from geo.analysis.terrain import ground
from geo.analysis.terrain.costs import langmuir, level, speed_kmh, tobler
from geo.analysis.terrain.ground import make_costs
from geo.analysis.terrain.rules import COVER, RANGES, TravelRules, draw_rules
from geo.analysis.terrain.streams import rank_rivers
from geo.analysis.terrain.travel import accumulate, trace_path
from geo.errors import SchemaError
from geo.grid import Grid, Surface
from geo.kernels.costs import LAND, list_seconds

CRS = "EPSG:32618"
GRID = Grid(CRS, 0, 500, 100, rows=5, columns=9)
FLAT = Surface(GRID, np.zeros(GRID.shape), "relief", "m")
EASY = {"walk": level(1.0), "unmapped": 1.0}


def rules(**changes):
    return TravelRules(**{**EASY, **changes})


def river(*lines, order=3):
    """A river through points given in cells: column and row, from the north-west."""
    ways = [LineString([(100 * x, 500 - 100 * y) for x, y in line]) for line in lines]
    return gpd.GeoDataFrame(
        {"order": np.resize(order, len(ways))}, geometry=ways, crs=CRS
    )


def points(*cells):
    at = [Point(100 * x, 500 - 100 * y) for x, y in cells]
    return gpd.GeoDataFrame(geometry=at, crs=CRS)


ACROSS = [(4.5, -1), (4.5, 6)]  # down the fifth column
ALONG = [(-1, 2.5), (10, 2.5)]  # along the third row


def seconds(costs, start, end, **how):
    return accumulate(costs, start, **how).hours.values.ravel()[end] * 3600


@pytest.mark.parametrize(("code", "name"), COVER.items())
def test_land_cover_slows_walkers_by_its_rule(code, name):
    cover = Surface(GRID, np.full(GRID.shape, float(code)), "cover", "1")

    costs = make_costs(FLAT, rules=TravelRules(), cover=cover)

    assert costs.friction == pytest.approx(getattr(TravelRules(), name))


def test_unknown_classes_are_unmapped_and_lakes_cannot_be_passed():
    classes = np.full(GRID.shape, math.nan)
    classes[0, 0], classes[0, 1] = 80, 77
    costs = make_costs(FLAT, cover=Surface(GRID, classes, "cover", "1"))
    assert np.isnan(costs.friction[0, 0])
    assert costs.friction[0, 1:] == pytest.approx(TravelRules().unmapped)


def test_off_the_path_it_is_as_fast_as_tobler_says():
    costs = make_costs(FLAT)
    pace = 100 * 3.6 / float(speed_kmh(tobler(on_path=False), 0.0))
    assert seconds(costs, 0, 1) == pytest.approx(pace, rel=0.003)


@pytest.mark.parametrize(
    ("order", "season", "minutes"),
    [(2, "dry", 10), (3, "dry", 3), (7, "dry", 3), (3, "wet", 6)],
)
def test_wading_takes_minutes_by_rank_and_season(order, season, minutes):
    costs = make_costs(
        FLAT, rules=rules(), rivers=river(ACROSS, order=order), season=season
    )
    bare = make_costs(FLAT, rules=rules())
    more = seconds(costs, 18, 26) - seconds(bare, 18, 26)
    assert more == pytest.approx(60 * minutes)


def test_wading_takes_as_long_where_friction_is_added():
    walk = {"rules": rules(walk=langmuir(), unmapped=2.0)}
    costs = make_costs(FLAT, rivers=river(ACROSS), **walk)
    assert costs.friction[2, 0] == pytest.approx(0.72)
    more = seconds(costs, 18, 26) - seconds(make_costs(FLAT, **walk), 18, 26)
    assert more == pytest.approx(3 * 60)


@pytest.mark.parametrize("neighbours", [8, 16])
def test_nobody_slips_through_a_slanting_river(neighbours):
    slant = river([(-1, -0.7), (10, 5.9)], order=1)
    dry = rules(closed_dry=1, navigable_dry=0)

    costs = make_costs(FLAT, rules=dry, rivers=slant, neighbours=neighbours)

    hours = accumulate(costs, 8).hours.values
    assert np.isnan(hours[4, 0])
    assert np.isfinite(hours[0, 8])


def test_a_closed_river_is_crossed_at_its_ford_only():
    closed = {
        "rules": rules(closed_wet=3, navigable_wet=0),
        "rivers": river(ACROSS),
        "season": "wet",
    }
    assert np.isnan(seconds(make_costs(FLAT, **closed), 18, 26))

    costs = make_costs(FLAT, fords=points((4.5, 0.5)), **closed)

    path = trace_path(accumulate(costs, 36), 44)
    assert set(path[path % 9 == 4].tolist()) <= {4, 13}
    assert costs.friction[:2, 4] == pytest.approx(1.0)


def test_rivers_open_and_close_with_the_seasons():
    waters = {"rules": rules(), "rivers": river(ACROSS, order=1)}
    dry = make_costs(FLAT, season="dry", **waters)
    wet = make_costs(FLAT, season="wet", **waters)
    assert (dry.ground.mode != LAND).sum() == (wet.ground.mode != LAND).sum() == 5
    second = {"rules": rules(), "rivers": river(ACROSS, order=2)}
    assert make_costs(FLAT, season="dry", **second).ground.mode.size == 0
    assert (make_costs(FLAT, season="wet", **second).ground.mode != LAND).sum() == 5


def stream(**changes):
    """A navigable river along the third row, that falls to the east."""
    fall = Surface(GRID, np.tile(np.arange(9.0)[::-1], (5, 1)), "relief", "m")
    changes = {"boarding_min": 2.0, **changes}
    return make_costs(fall, rules=rules(**changes), rivers=river(ALONG, order=1))


def test_boats_are_slower_upstream_by_the_current():
    costs = stream()
    down, up = seconds(costs, 18, 26), seconds(costs, 26, 18)
    assert down == pytest.approx(800 / (20 / 3.6))
    assert up == pytest.approx(800 / (12 / 3.6))
    assert seconds(costs, 18, 26, back=True) == pytest.approx(up)


def test_a_boat_is_waited_for_once():
    """From the north bank, along the river, and out on the south bank."""
    costs = stream()
    ride, walk, wait = seconds(costs, 18, 26), 100 + 100, 2 * 60
    assert seconds(costs, 9, 35) == pytest.approx(walk + wait + ride)


def test_boats_are_boarded_at_landings_only():
    fall = Surface(GRID, np.tile(np.arange(9.0)[::-1], (5, 1)), "relief", "m")
    costs = make_costs(
        fall, rules=rules(), rivers=river(ALONG, order=1), landings=points((1.5, 2.5))
    )
    path = trace_path(accumulate(costs, 17), 44)
    assert np.isfinite(seconds(costs, 17, 44))
    assert path[path // 9 == 2].size > 0
    assert set(path[path // 9 == 2].tolist()) <= {18, 19, 20}


def test_the_stream_flows_to_the_sea_against_what_the_relief_says():
    """The sea is in the west, and the relief falls to the east."""
    fall = Surface(GRID, np.tile(np.arange(9.0)[::-1], (5, 1)), "relief", "m")
    land = np.ones(GRID.shape, bool)
    land[:, 0] = False
    costs = make_costs(fall, rules=rules(), rivers=river(ALONG, order=1), land=land)
    assert seconds(costs, 26, 19) < seconds(costs, 19, 26)


def test_boats_at_sea_keep_to_the_coast():
    land = np.zeros(GRID.shape, bool)
    land[:, 0] = True
    near = rules(coast_km=0.3, sea_boat_kmh=36.0, boarding_min=1.0)

    costs = make_costs(FLAT, rules=near, land=land)

    hours = accumulate(costs, 0).hours.values
    assert np.isfinite(hours[0]).tolist() == [True] * 4 + [False] * 5
    assert hours[0, 3] * 3600 == pytest.approx(100 + 60 + 200 / 10)


def test_land_without_a_height_cannot_be_passed_unless_it_is_all_level():
    holes = FLAT.values.copy()
    holes[1, 1] = math.nan
    relief = Surface(GRID, holes, "relief", "m")
    assert np.isnan(make_costs(relief).friction).sum() == 1
    assert not np.isnan(make_costs(relief, rules=rules()).friction).any()


def test_a_boat_needs_no_height():
    holes = FLAT.values.copy()
    holes[:, 3:] = math.nan
    land = np.ones(GRID.shape, bool)
    land[:, 3:] = False
    costs = make_costs(Surface(GRID, holes, "relief", "m"), land=land)
    assert np.isfinite(accumulate(costs, 0).hours.values).all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    season=st.sampled_from(["dry", "wet"]),
    back=st.booleans(),
    neighbours=st.sampled_from([8, 16]),
)
def test_travel_times_are_exact_on_any_terrain(seed, season, back, neighbours):
    """Beside Dijkstra's algorithm on the list of all moves."""
    random = np.random.default_rng(seed)
    relief = Surface(GRID, random.uniform(0, 60, GRID.shape), "relief", "m")
    land = random.uniform(size=GRID.shape) < 0.85
    cover = random.choice([10.0, 20.0, 30.0, 80.0, 90.0, math.nan], GRID.shape)
    ends = random.uniform(0, 9, (4, 2, 2))
    costs = make_costs(
        relief,
        rules=draw_rules(TravelRules(), seed=seed),
        season=season,
        land=land,
        cover=Surface(GRID, cover, "cover", "1"),
        rivers=river(*ends.tolist(), order=random.integers(1, 4, 4)),
        neighbours=neighbours,
    )
    passable = np.flatnonzero(~np.isnan(costs.friction))
    if passable.size == 0:
        return
    source = int(random.choice(passable))

    found = accumulate(costs, source, back=back).seconds

    moves, size = costs.moves, costs.ground.friction.size
    cells = np.flatnonzero(~np.isnan(costs.ground.friction))
    table = np.empty((cells.size, moves.step.size))
    list_seconds(costs.ground, costs.walk, costs.boats, moves, cells, table)
    fine = np.isfinite(table)
    start = np.repeat(cells, fine.sum(axis=1))
    end = (cells[:, None] + moves.step)[fine]
    graph = csr_matrix((table[fine], (start, end)), (size, size))
    row, column = divmod(source, GRID.columns)
    flat = (row + 2) * (GRID.columns + 4) + column + 2
    exact = dijkstra(graph.T if back else graph, indices=flat)
    np.testing.assert_allclose(found, exact, rtol=1e-12)


# Rivers by Strahler


def test_strahler_numbers_grow_where_two_equal_ones_meet():
    """Four brooks, two streams, one river, and a brook that joins it."""
    lines = [
        [(0, 4), (1, 3)],
        [(2, 4), (1, 3)],
        [(4, 4), (5, 3)],
        [(6, 4), (5, 3)],
        [(1, 3), (3, 1)],
        [(5, 3), (3, 1)],
        [(3, 1), (3, 0)],
        [(9, 1), (3, 0)],
        [(3, 0), (3, -9)],
    ]
    rivers = gpd.GeoDataFrame(geometry=[LineString(line) for line in lines], crs=CRS)

    ranked = rank_rivers(rivers)

    assert ranked["strahler"].tolist() == [1, 1, 1, 1, 2, 2, 3, 1, 3]
    assert ranked["order"].tolist() == [3, 3, 3, 3, 2, 2, 1, 3, 1]
    assert rank_rivers(rivers[::-1])["strahler"].tolist()[::-1] == [*ranked["strahler"]]
    assert "strahler" not in rivers


def test_rivers_in_a_circle_are_refused():
    lines = [[(0, 0), (1, 0)], [(1, 0), (1, 1)], [(1, 1), (0, 0)]]
    rivers = gpd.GeoDataFrame(geometry=[LineString(line) for line in lines], crs=CRS)
    with pytest.raises(ValueError, match="go round in a circle"):
        rank_rivers(rivers)


def test_no_rivers_have_no_ranks():
    assert rank_rivers(gpd.GeoDataFrame(geometry=[], crs=CRS)).empty


def test_the_parts_of_a_river_are_not_joined():
    parts = MultiLineString([[(50, 450), (50, 350)], [(850, 450), (850, 350)]])
    rivers = gpd.GeoDataFrame({"order": [1]}, geometry=[parts], crs=CRS)
    costs = make_costs(FLAT, rules=rules(), rivers=rivers)
    assert set(np.flatnonzero((costs.friction != 1.0).any(axis=0)).tolist()) == {0, 8}


# The rules


def test_every_number_has_a_range_with_a_source_or_is_a_rank():
    ranks = {"closed_dry", "closed_wet", "navigable_dry", "navigable_wet"}
    names = {field.name for field in fields(TravelRules)} - {"walk"} - ranks
    assert names == set(RANGES)
    for name, (low, high, source) in RANGES.items():
        assert low <= getattr(TravelRules(), name) <= high, name
        assert source


def test_drawn_rules_differ_by_seed_and_keep_the_ranks():
    one, same, other = (draw_rules(TravelRules(), seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    assert one.closed_wet == TravelRules().closed_wet
    for name, (low, high, _) in RANGES.items():
        assert low <= getattr(one, name) <= high


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"forest": 0.5}, "forest is 0.5; expected a factor of at least 1"),
        ({"boarding_min": -1.0}, "boarding_min is -1.0"),
        ({"coast_km": math.nan}, "coast_km is nan"),
        ({"current_kmh": 16.0}, "no boat gets upstream"),
        ({"sea_boat_kmh": 0.0}, "sea_boat_kmh is 0"),
    ],
)
def test_rules_that_make_no_sense_are_refused(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        TravelRules(**changes)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="the season is 'summer'"):
        make_costs(FLAT, season="summer")
    with pytest.raises(ValueError, match="do not lie on one grid"):
        make_costs(FLAT, land=np.ones((2, 2), bool))
    with pytest.raises(SchemaError, match="no column 'order'"):
        make_costs(FLAT, rivers=river(ACROSS).drop(columns="order"))


@pytest.mark.parametrize(
    ("boats", "season", "afloat"),
    [
        (1, "dry", True),
        (1, "wet", True),
        (-1, "wet", False),
        (0, "dry", False),
        (0, "wet", True),
    ],
)
def test_a_reach_carries_boats_as_its_tags_or_else_its_rank_say(boats, season, afloat):
    ways = river(ALONG, order=2).assign(boats=boats)
    costs = make_costs(FLAT, rules=rules(closed_wet=0), rivers=ways, season=season)
    assert (costs.ground.mode != LAND).any() == afloat


def test_where_two_reaches_meet_the_larger_one_counts_and_then_the_one_with_boats():
    ways = river(ALONG, ALONG, ALONG, order=[3, 2, 2]).assign(boats=[1, -1, 0])
    costs = make_costs(FLAT, rules=rules(navigable_dry=2), rivers=ways)
    assert (costs.ground.mode != LAND).any()
    only = ways[ways["boats"] < 0]
    assert not make_costs(
        FLAT, rules=rules(navigable_dry=2), rivers=only
    ).ground.mode.size


def test_a_brook_that_falls_dry_is_waded_in_the_wet_season_only():
    ways = river(ACROSS).assign(seasonal=True)
    dry, wet = (
        make_costs(FLAT, rules=rules(), rivers=ways, season=season).friction
        for season in ("dry", "wet")
    )
    assert (dry == 1.0).all()
    assert (wet[:, 4] > 1.0).all()


@pytest.mark.parametrize("season", ["dry", "wet"])
def test_single_precision_and_strips_change_nothing_but_digits(monkeypatch, season):
    """As for a grid of tens of millions of cells."""
    random = np.random.default_rng(8)
    grid = Grid(CRS, 0, 4000, 50, rows=80, columns=60)
    height = random.uniform(0, 200, grid.shape).cumsum(axis=1) / 20
    land = np.ones(grid.shape, bool)
    land[:, :9] = False
    codes = random.choice([10.0, 20, 50, 90, np.nan], grid.shape)
    lines = [
        LineString(random.uniform(0, 3000, (6, 2))) for _ in range(5)
    ]  # fmt: skip
    ways = gpd.GeoDataFrame(
        {"order": [1, 2, 3, 2, 1], "boats": [0, 1, 0, -1, 0]}, geometry=lines, crs=CRS
    )

    def hours():
        costs = make_costs(
            Surface(grid, height, "relief", "m"),
            rules=TravelRules(coast_km=0.2), season=season, land=land,
            cover=Surface(grid, codes, "cover", "class"), rivers=ways,
        )  # fmt: skip
        source = np.flatnonzero(np.isfinite(costs.friction.ravel()))[0]
        return costs, accumulate(costs, source).hours.values

    costs, exact = hours()
    monkeypatch.setattr(ground, "SINGLE_FROM", 100)
    monkeypatch.setattr(ground, "_STRIP", 7)
    single, near = hours()

    assert costs.friction.dtype == np.float64
    assert single.friction.dtype == single.ground.height.dtype == np.float32
    assert np.array_equal(costs.ground.mode, single.ground.mode)
    assert np.isfinite(exact).sum() > 1000
    assert np.allclose(near, exact, rtol=1e-5, equal_nan=True)
