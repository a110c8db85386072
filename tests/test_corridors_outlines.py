"""Outlines of corridors, and who uses them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from geo.analysis.corridors.brownian import Occurrence
from geo.analysis.corridors.outlines import (
    _finer,
    bridged_share,
    corridor_support,
    outline_corridors,
)
from geo.grid import Grid, Surface

CRS = "EPSG:32618"
GRID = Grid(CRS, 1000, 20_000, 250, rows=60, columns=80)


def surface(values, grid=GRID):
    return Surface(grid, np.asarray(values, float), "movement", "%/km²")


def bump(row, column, *, spread=4.0, grid=GRID):
    """A round hill of movement."""
    rows, columns = np.mgrid[: grid.rows, : grid.columns]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * spread**2))


def box_outline(*boxes, level=90):
    return gpd.GeoDataFrame(
        {"level": level, "corridor": range(1, len(boxes) + 1)},
        geometry=[shapely.box(*box) for box in boxes],
        crs=CRS,
    )


@pytest.mark.parametrize("level", [0.5, 0.75, 0.9])
def test_the_outline_of_a_gaussian_has_the_area_of_its_volume_contour(level):
    """The circle that holds the share p has r² = -2 s² ln(1 - p)."""
    found = outline_corridors(surface(bump(30, 40, spread=6)), levels=[level])

    spread_m2 = (6 * 250) ** 2 + (0.75 * 250) ** 2
    expected = -2 * np.pi * spread_m2 * np.log(1 - level) / 1e6
    assert found["area_km2"].tolist() == [pytest.approx(expected, rel=0.02)]


@pytest.mark.parametrize("level", [0.5, 0.75, 0.9])
def test_the_outlines_hold_the_share_they_claim(level):
    rng = np.random.default_rng(2)
    values = bump(20, 20) + 2 * bump(40, 60, spread=6) + 0.02 * rng.random(GRID.shape)

    found = outline_corridors(surface(values), levels=[level])

    x, y = GRID.centre_of(np.arange(values.size))
    inside = shapely.contains_xy(shapely.union_all(found.geometry), x, y)
    held = values.ravel()[inside].sum() / values.sum()
    assert held == pytest.approx(level, abs=0.03)


seeds = st.integers(0, 10_000)


@settings(deadline=None, max_examples=40)
@given(seeds)
def test_outlines_are_valid_nested_apart_and_in_whole_metres(seed):
    rng = np.random.default_rng(seed)
    values = sum(
        rng.random() * bump(*rng.integers(5, 55, 2), spread=rng.uniform(0.5, 5))
        for _ in range(6)
    )

    found = outline_corridors(surface(values))

    assert found.geometry.is_valid.all()
    assert (found.geom_type == "Polygon").all()
    coordinates = shapely.get_coordinates(found.geometry.to_numpy())
    assert (coordinates == np.round(coordinates)).all()
    for level, group in found.groupby("level"):
        union = shapely.union_all(group.geometry)
        assert union.area == pytest.approx(group.area.sum())
        wider = found.loc[found["level"] > level, "geometry"]
        for _, outer in found.loc[wider.index].groupby("level"):
            around = shapely.union_all(outer.geometry)
            assert union.difference(around).area <= 1.0


def test_a_hole_stays_a_hole():
    ring = np.exp(-((np.hypot(*np.mgrid[-30:30, -40:40]) - 20) ** 2) / 8)

    found = outline_corridors(surface(ring), levels=[0.75])

    assert len(found) == 1
    assert len(found.geometry[0].interiors) == 1


def test_specks_are_dropped():
    """A single cell with much movement, and a hill with less than 1 % of it."""
    values = 100 * bump(30, 40)
    values[3, 3] = 40
    values += 0.5 * bump(50, 10, spread=3)

    found = outline_corridors(surface(values), levels=[0.9])

    assert len(found) == 1
    assert found.geometry[0].contains(shapely.Point(11_000, 12_500))


def test_specks_alone_are_no_corridor():
    values = np.zeros(GRID.shape)
    values[30, 40] = 1

    assert outline_corridors(surface(values), levels=[0.5]).empty


def test_the_largest_piece_of_each_level_comes_first():
    values = bump(15, 15, spread=3) + bump(40, 60, spread=5)

    found = outline_corridors(surface(values), levels=[0.9, 0.5])

    assert found["level"].is_monotonic_increasing
    assert found["corridor"].tolist() == [1, 2, 3, 4]
    for _, group in found.groupby("level"):
        assert group["area_km2"].is_monotonic_decreasing


def test_cells_that_too_few_walked_leave_no_trace():
    values = bump(30, 40, spread=6)
    support = surface(np.where(np.arange(80) < 50, 10, 9) * np.ones((60, 1)))
    other = np.where(support.values < 10, 77.0, values)

    found = outline_corridors(surface(values), support=support, fewest=10)
    same = outline_corridors(surface(other), support=support, fewest=10)

    assert found.equals(same)
    assert found.total_bounds[2] < 1000 + 51 * 250


def test_all_cells_below_the_threshold_give_no_outline():
    found = outline_corridors(
        surface(bump(30, 40)), support=surface(np.full(GRID.shape, 9)), fewest=10
    )

    assert list(found.columns) == ["level", "corridor", "area_km2", "geometry"]
    assert found.empty
    assert found.crs == CRS


def test_missing_values_count_as_none():
    values = bump(30, 40)
    holey = np.where(values < 1e-6, np.nan, values)

    found = outline_corridors(surface(holey))

    assert found.equals(outline_corridors(surface(np.nan_to_num(holey))))


def test_an_outline_may_touch_the_edge_of_the_grid():
    found = outline_corridors(surface(bump(0, 0, spread=6)), levels=[0.9])

    assert found.geometry.is_valid.all()
    assert found.total_bounds[0] == pytest.approx(1000, abs=300)


@pytest.mark.parametrize("level", [0.0, 1.0, 50, -0.1, float("nan")])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(ValueError, match="expected a share between 0 and 1"):
        outline_corridors(surface(bump(30, 40)), levels=[level])


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_impossible_values_are_refused(value):
    values = bump(30, 40)
    values[0, 0] = value

    with pytest.raises(ValueError, match="negative or infinite"):
        outline_corridors(surface(values))


def test_support_on_another_grid_is_refused():
    other = Grid(CRS, 0, 20_000, 250, rows=60, columns=80)

    with pytest.raises(ValueError, match="lies on another grid"):
        outline_corridors(
            surface(bump(30, 40)), support=surface(np.ones(other.shape), other)
        )


def paths(*rows):
    return pd.DataFrame(rows, columns=["track", "cell", "east", "north"])


def test_a_track_counts_once_however_many_cells_it_enters():
    found = corridor_support(
        paths((1, 0, 0, 1000), (1, 1, 0, 1000), (2, 1, 0, 900), (3, 79, 0, 1000)),
        box_outline((1000, 19_000, 2000, 20_000)),
        grid=GRID,
    )

    assert found["tracks"].tolist() == [2]


def test_direction_counts_each_track_once():
    """Nine go north-east; one comes back south, through many cells."""
    rows = [(track, 0, 700, 700) for track in range(9)]
    rows += [(9, cell, 0, -1000) for cell in range(4)]

    found = corridor_support(
        paths(*rows), box_outline((1000, 19_000, 2000, 20_000)), grid=GRID
    )

    bearing = np.degrees(np.arctan2(9 * 0.7071, 9 * 0.7071 - 1))
    assert found["bearing_deg"].tolist() == [5 * round(bearing / 5)]
    assert found["one_way_pct"].tolist() == [90]


@pytest.mark.parametrize(
    "rows",
    [
        [(track, 0, 1000 * (-1) ** track, 0) for track in range(10)],
        [(track, 0, 0, 0) for track in range(10)],
        [(1, 0, 1000, 0), (2, 0, 1000, 0)],
        [],
    ],
    ids=["to and fro", "standing", "two are no rule", "nobody"],
)
def test_without_a_common_direction_there_is_no_bearing(rows):
    found = corridor_support(
        paths(*rows), box_outline((1000, 19_000, 2000, 20_000)), grid=GRID
    )

    assert found["bearing_deg"].isna().all()
    assert found["one_way_pct"].isna().all()


@pytest.mark.parametrize(
    ("east", "north", "bearing"),
    [(0, 1000, 0), (-30, 999, 0), (1000, 0, 90), (0, -1000, 180), (-1000, 0, 270)],
)
def test_bearings_run_clockwise_from_north(east, north, bearing):
    found = corridor_support(
        paths(*((track, 0, east, north) for track in range(5))),
        box_outline((1000, 19_000, 2000, 20_000)),
        grid=GRID,
    )

    assert found["bearing_deg"].tolist() == [bearing]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.integers(0, 300),
            st.integers(-1000, 1000),
            st.integers(-1000, 1000),
        ),
        unique_by=lambda row: row[:2],
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_paths_does_not_matter(rows, random):
    outlines = box_outline((1000, 19_000, 6000, 20_000), (6000, 19_000, 9000, 20_000))
    shuffled = rows.copy()
    random.shuffle(shuffled)

    one = corridor_support(paths(*rows), outlines, grid=GRID)
    other = corridor_support(paths(*shuffled), outlines, grid=GRID)

    pd.testing.assert_frame_equal(one, other)


def test_the_bridged_share_is_that_of_the_movement_inside():
    occurrence = np.zeros(GRID.shape, np.int64)
    bridged = occurrence.copy()
    occurrence[0, :8] = 100
    bridged[0, :4] = 33
    bridged[0, 4:8] = 100
    found = Occurrence(GRID, occurrence, occurrence, bridged)
    outlines = box_outline(
        (1000, 19_000, 2000, 20_000),
        (2000, 19_000, 3000, 20_000),
        (9000, 9000, 9500, 9500),
    )

    assert bridged_share(found, outlines)[:2].tolist() == [35, 100]
    assert np.isnan(bridged_share(found, outlines)[2])


@pytest.mark.parametrize("shape", [(3, 40), (50, 7), (64, 64)])
def test_a_surface_smoothed_in_pieces_is_that_smoothed_at_once(shape):
    values = np.random.default_rng(3).gamma(0.2, size=shape)
    grid = Grid("EPSG:32618", 0, shape[0] * 250, 250, *shape)
    finer = np.kron(np.pad(values, 4), np.ones((3, 3)))

    whole = gaussian_filter(finer, 2.25, mode="constant")
    assert _finer(values, grid).values.tobytes() == whole.tobytes()
