"""Travel times, least-cost paths and corridors."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import geo.analysis.terrain.travel as travel_module
from geo.analysis.terrain.costs import (
    costs_of,
    irmischer_clarke,
    langmuir,
    level,
    tobler,
)
from geo.analysis.terrain.travel import (
    accumulate,
    accumulate_each,
    from_everywhere,
    isochrones,
    least_cost_corridor,
    trace_path,
)
from geo.grid import Grid, Surface

ORACLES = json.loads(
    (Path(__file__).parent / "fixtures" / "least_costs.json").read_text("utf-8")
)
GRASS, ITINERA = ORACLES["grass"], ORACLES["itinera"]


def grid_of(shape, *, cell_m=10.0):
    rows, columns = shape
    return Grid("EPSG:32618", 0, rows * cell_m, cell_m, rows=rows, columns=columns)


def surface(values, *, cell_m=10.0):
    values = np.array(values, float)
    return Surface(grid_of(values.shape, cell_m=cell_m), values, "friction", "1")


def even(shape=(3, 4), **how):
    return costs_of(surface(np.ones(shape)), **how)


def seconds(travel):
    return travel.hours.values * 3600


# GRASS and itinera on hills that a formula makes


def grass_scene(name):
    grid = grid_of((100, 100), cell_m=30.0)
    x, y = grid.centre_of(np.arange(10_000))
    bump = 300 * np.exp(-((x - 1600) ** 2 + (y - 1400) ** 2) / (2 * 450**2))
    height = bump + 0.03 * x + 40 * np.sin(np.radians(y / 12))
    friction = np.zeros(10_000)
    if name.startswith("wf"):
        friction[(x > 1200) & (x < 1500)] = 1.0
    if name.startswith("c"):
        friction[:] = 1 / 30  # in cells
    return costs_of(
        Surface(grid, friction.reshape(grid.shape), "friction", "s/m"),
        walk=level() if name.startswith("c") else langmuir(),
        relief=Surface(grid, height.reshape(grid.shape), "height", "m"),
        neighbours=16 if name.endswith("16") else 8,
    )


@pytest.mark.parametrize("name", ["w8", "w16", "wf8", "wf16", "c8", "c16"])
def test_costs_are_those_of_grass(name):
    costs = grass_scene(name)
    x, y = np.array(GRASS["points"], float).T
    cells = costs.grid.cell_of(x, y)

    found = seconds(accumulate(costs, cells[0]))

    np.testing.assert_allclose(found.ravel()[cells], GRASS[name], rtol=1e-12)
    if name in GRASS["mean"]:
        assert found.mean() == pytest.approx(GRASS["mean"][name], rel=1e-12)


def itinera_scene():
    column, row = np.meshgrid(np.arange(40), np.arange(40))
    x, y = 30 * column, 30 * row
    height = 120 * np.exp(-((x - 600) ** 2 + (y - 500) ** 2) / (2 * 180**2))
    costs = costs_of(
        surface(np.ones((40, 40)), cell_m=30.0),
        walk=tobler(),
        relief=surface(height, cell_m=30.0),
        neighbours=8,
    )
    return costs, 5 * 40 + 4, 34 * 40 + 36


def test_there_and_back_take_as_long_as_in_itinera():
    costs, start, end = itinera_scene()

    there = seconds(accumulate(costs, start)).ravel()[end]
    back = seconds(accumulate(costs, end)).ravel()[start]

    assert there == pytest.approx(ITINERA["lcp_cost"], rel=1e-8)
    assert back == pytest.approx(ITINERA["lcp_cost_reverse"], rel=1e-8)


def test_the_corridor_is_that_of_itinera():
    costs, start, end = itinera_scene()

    corridor = least_cost_corridor(costs, start, end).values * 3600

    least = seconds(accumulate(costs, start)).ravel()[end]
    assert corridor.min() == pytest.approx(least, abs=1e-9)
    assert (corridor <= 1.05 * corridor.min()).sum() == ITINERA["band5pct"]
    assert (corridor <= 1.10 * corridor.min()).sum() == ITINERA["band10pct"]


def test_the_path_is_as_long_as_in_itinera_and_lies_in_the_corridor():
    costs, start, end = itinera_scene()

    path = trace_path(accumulate(costs, start), end)

    corridor = least_cost_corridor(costs, start, end).values.ravel()
    assert (path[0], path[-1]) == (start, end)
    assert len(path) == ITINERA["path_len"]
    np.testing.assert_allclose(corridor[path], corridor.min(), rtol=1e-12)


def test_a_path_traced_from_the_end_costs_the_same():
    costs, start, end = itinera_scene()

    path = trace_path(accumulate(costs, end, back=True), start)

    onward = accumulate(costs, start).hours.values.ravel()[path]
    assert (path[0], path[-1]) == (start, end)
    assert (np.diff(onward) > 0).all()


# What must always hold

frictions = arrays(
    float,
    (7, 8),
    elements=st.one_of(
        st.floats(0.125, 8, width=32), st.floats(0.125, 8, width=32), st.just(np.nan)
    ),
)
heights = arrays(float, (7, 8), elements=st.floats(0, 30, width=32))
walks = st.sampled_from([level(), tobler(), langmuir(), irmischer_clarke()])
either = st.sampled_from([8, 16])


def scene(friction, height=None, *, walk=None, neighbours=8):
    friction = np.where(np.arange(56).reshape(7, 8) % 55 == 0, 1.0, friction)
    relief = None if height is None else surface(height)
    return costs_of(surface(friction), walk=walk, relief=relief, neighbours=neighbours)


@settings(max_examples=40, deadline=None)
@given(frictions, either)
def test_without_slopes_there_is_as_far_as_back(friction, neighbours):
    costs = scene(friction, neighbours=neighbours)
    there, back = (accumulate(costs, 0, back=back).seconds for back in (False, True))
    np.testing.assert_allclose(there, back, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(frictions, heights, walks, either)
def test_the_way_back_is_the_way_from_there(friction, height, walk, neighbours):
    costs = scene(friction, height, walk=walk, neighbours=neighbours)
    out = seconds(accumulate(costs, 0)).ravel()[55]
    home = seconds(accumulate(costs, 55, back=True)).ravel()[0]
    assert out == pytest.approx(home, rel=1e-12, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(frictions, heights, walks, either, st.integers(0, 55))
def test_no_detour_is_shorter(friction, height, walk, neighbours, by):
    """The triangle inequality."""
    costs = scene(friction, height, walk=walk, neighbours=neighbours)
    if np.isnan(costs.friction.ravel()[by]):
        return
    direct = accumulate(costs, 0).seconds
    first = seconds(accumulate(costs, 0)).ravel()[by]
    then = accumulate(costs, by).seconds
    if not np.isnan(first):
        assert (direct <= (first + then) * (1 + 1e-12)).all()


@settings(max_examples=40, deadline=None)
@given(frictions, heights, walks, st.integers(0, 55), st.floats(1, 4))
def test_more_friction_never_makes_a_way_shorter(friction, height, walk, cell, factor):
    before = accumulate(scene(friction, height, walk=walk), 0).seconds
    friction = friction.copy()
    friction.ravel()[cell] *= factor
    after = accumulate(scene(friction, height, walk=walk), 0).seconds
    finite = np.isfinite(before)
    assert (after[finite] >= before[finite]).all()


@settings(max_examples=30, deadline=None)
@given(frictions, heights, walks)
def test_it_does_not_matter_where_in_the_world_it_lies(friction, height, walk):
    """Ground that nobody can pass around it, and another height of the sea."""
    near = seconds(accumulate(scene(friction, height, walk=walk), 0))
    friction = np.where(np.arange(56).reshape(7, 8) % 55 == 0, 1.0, friction)
    wide = costs_of(
        surface(np.pad(friction, ((3, 1), (5, 2)), constant_values=np.nan)),
        walk=walk,
        relief=surface(np.pad(height, ((3, 1), (5, 2))) + 512.0),
        neighbours=8,
    )
    far = seconds(accumulate(wide, 3 * 15 + 5))
    np.testing.assert_allclose(far[3:-1, 5:-2], near, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(frictions, heights, walks, either, st.booleans())
def test_every_path_leads_from_the_source_by_moves(
    friction, height, walk, neighbours, back
):
    costs = scene(friction, height, walk=walk, neighbours=neighbours)
    travel = accumulate(costs, [0, 55], back=back)
    hours = travel.hours.values.ravel()
    for cell in np.flatnonzero(np.isfinite(hours)):
        path = trace_path(travel, int(cell))
        path = path[::-1] if back else path
        assert path[0] in {0, 55}
        assert path[-1] == cell
        assert hours[path[0]] == 0
        assert (np.diff(hours[path]) > 0).all()
        row, column = np.divmod(path, 8)
        far = 2 if neighbours == 16 else 1
        assert (np.abs(np.diff(row)) <= far).all()
        assert (np.abs(np.diff(column)) <= far).all()


def test_several_sources_give_the_nearest_with_their_head_start():
    costs = even((1, 5))
    hours = accumulate(costs, [0, 4], start_h=[0, 15 / 3600]).hours.values
    assert (hours[0] * 3600).round(9).tolist() == [0, 10, 20, 25, 15]


def test_a_late_source_is_passed_by():
    hours = accumulate(even((1, 3)), [0, 2], start_h=[0, 1]).hours.values
    assert (hours[0] * 3600).round(9).tolist() == [0, 10, 20]


def test_sets_of_sources_are_those_one_by_one():
    costs, start, end = itinera_scene()
    out, home = accumulate_each(costs, [[start], [end]], back=[False, True])
    assert (out.seconds == accumulate(costs, start).seconds).all()
    assert (home.seconds == accumulate(costs, end, back=True).seconds).all()


def test_what_lies_beyond_the_limit_has_no_way():
    hours = accumulate(even((1, 9)), 0, limit_h=40.5 / 3600).hours.values[0]
    assert np.isfinite(hours).tolist() == [True] * 5 + [False] * 4


def test_isochrones_are_the_hours_to_the_nearest_point():
    costs, start, end = itinera_scene()
    hours = isochrones(costs, [start, end]).values
    each = [accumulate(costs, at, back=True).hours.values for at in (start, end)]
    np.testing.assert_array_equal(hours, np.minimum(*each))


def test_paths_from_everywhere_are_counted_in_each_cell():
    """Along a line of five cells, between both ends and the middle."""
    passed = from_everywhere(even((1, 5)), [0, 2, 4])
    assert passed.ways.values.tolist() == [[4, 4, 6, 4, 4]]
    assert passed.from_each.tolist() == [2, 2, 2]


def test_paths_can_have_weights_and_may_not_exist():
    costs = costs_of(surface([[1, 1, np.nan, 1]]))
    weights = np.array([[0, 5, 9], [2, 0, 9], [9, 9, 0]])
    passed = from_everywhere(costs, [0, 1, 3], weights=weights)
    assert passed.ways.values.tolist() == [[7, 7, 0, 0]]
    assert passed.from_each.tolist() == [5, 2, 0]
    assert passed.total == 7


def test_a_way_counts_once_in_the_cells_that_it_passes_near():
    passed = from_everywhere(even((3, 6)), [6, 9], reach=1)
    assert passed.ways.values.tolist() == [[2, 2, 2, 2, 2, 0]] * 3
    far = from_everywhere(even((3, 6)), [6, 9], reach=2)
    assert (far.ways.values == 2).all()


def test_without_a_reach_paths_are_those_that_are_traced():
    costs = grass_scene("wf16")
    places = np.array([305, 4_950, 7_777, 9_090])
    expected = np.zeros(10_000)
    for start in places:
        travel = accumulate(costs, start)
        for end in places[places != start]:
            expected[trace_path(travel, int(end))] += 1
    found = from_everywhere(costs, places).ways.values
    np.testing.assert_array_equal(found.ravel(), expected)


def test_ways_are_the_same_where_no_table_of_moves_fits(monkeypatch):
    costs, places = grass_scene("w16"), [305, 4_950, 7_777, 9_090]
    tabled = from_everywhere(costs, places, reach=1)
    monkeypatch.setattr(travel_module, "_TABLED", 0)
    plain = from_everywhere(costs, places, reach=1)
    np.testing.assert_array_equal(tabled.ways.values, plain.ways.values)


@pytest.mark.parametrize("reach", [-1, 3, 0.5])
def test_a_reach_is_two_cells_at_most(reach):
    with pytest.raises(ValueError, match=f"reach is {reach}; expected 0, 1 or 2"):
        from_everywhere(even(), [0, 1], reach=reach)


def test_weights_must_be_whole_numbers_of_each_pair():
    with pytest.raises(ValueError, match=r"expected whole numbers of shape \(2, 2\)"):
        from_everywhere(even(), [0, 1], weights=[[0.0, 0.5], [0.5, 0.0]])


# What can be wrong


def test_a_single_cell_is_reached_at_once():
    travel = accumulate(even((1, 1), neighbours=16), 0)
    assert travel.hours.values.tolist() == [[0.0]]
    assert trace_path(travel, 0).tolist() == [0]


def test_nobody_travels_where_nobody_can_pass():
    nowhere = costs_of(surface(np.full((2, 2), np.nan)))
    with pytest.raises(ValueError, match="lies where nobody can pass"):
        accumulate(nowhere, 0)


@pytest.mark.parametrize(
    ("sources", "how", "complaint"),
    [
        ([], {}, "there is no cell to travel from"),
        (12, {}, "lies off the grid"),
        (-1, {}, "lies off the grid"),
        (0, {"start_h": -1.0}, "a time that is negative"),
        (0, {"start_h": math.nan}, "a time that is negative"),
        (0, {"limit_h": -1.0}, "limit_h is -1.0"),
        (0, {"limit_h": math.nan}, "limit_h is nan"),
    ],
)
def test_impossible_journeys_are_refused(sources, how, complaint):
    with pytest.raises(ValueError, match=complaint):
        accumulate(even(), sources, **how)


def test_a_path_to_an_island_is_refused():
    costs = costs_of(surface([[1, np.nan, 1]]))
    with pytest.raises(ValueError, match="no way leads to cell 2"):
        trace_path(accumulate(costs, 0), 2)
    with pytest.raises(ValueError, match="no way leads from cell 0 to cell 2"):
        least_cost_corridor(costs, 0, 2)


def test_friction_over_many_orders_of_magnitude_is_exact():
    """A road a million times as quick as the bush around it."""
    values = np.full((5, 400), 1e6)
    values[2] = 1.0
    travel = accumulate(costs_of(surface(values), neighbours=16), 2 * 400)
    assert seconds(travel)[2, 399] == pytest.approx(3990)
    assert seconds(travel)[1, 399] == pytest.approx(3990 + 10 * (1 + 1e6) / 2)
