"""Counting what passed through each cell."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from geo.errors import SchemaError
from geo.grid import Grid
from geo.schema import ALL_MONTHS, VISITS, month_number
from geo.visits import add_visits, count_visits, trace_paths

GRID = Grid("EPSG:32618", 0, 4000, 1000, rows=4, columns=4)
START = pd.Timestamp("2024-06-10T00:00Z")
JUNE = 12 * 2024 + 5

few = settings(max_examples=30, deadline=None)  # the first call compiles


def walk(*rows, start=START):
    """Fixes from (track, trip, minute, x in km, y in km, stop)."""
    track, trip, minute, x, y, stop = np.array(rows, float).reshape(-1, 6).T
    time = start + pd.to_timedelta(minute, unit="min")
    return pd.DataFrame(
        {
            "track": track.astype(np.int64),
            "time": pd.Series(time).astype("datetime64[ms, UTC]"),
            "x_m": 1000 * x,
            "y_m": 1000 * y,
            "trip": trip.astype(np.int64),
            "stop": stop.astype(np.int64),
        }
    )


def altogether(visits, *columns):
    """Values of some columns over all months, by cell."""
    rows = visits[visits["month"] == ALL_MONTHS].set_index("cell")[list(columns)]
    if len(columns) == 1:
        return rows[columns[0]].to_dict()
    return {cell: tuple(row) for cell, row in zip(rows.index, rows.values, strict=True)}


fixes_lists = st.lists(
    st.tuples(
        st.integers(-2, 2),
        st.integers(0, 60 * 24 * 50),
        st.integers(-4, 20),
        st.integers(-4, 20),
        st.integers(-1, 1),
    ),
    max_size=40,
    unique_by=lambda row: row[:2],
)


def random_walk(rows):
    """Fixes of a few tracks, some outside the grid, with trips of three days."""
    rows = sorted(rows)
    walks = [
        (track, 100 * track + minute // 4320, minute, x / 4, y / 4, stop)
        for track, minute, x, y, stop in rows
    ]
    return walk(*walks)


def test_the_columns_are_those_of_the_schema():
    visits = count_visits(walk((1, 0, 0, 0.5, 0.5, -1)), GRID)

    assert dict(visits.dtypes.astype(str)) == dict(VISITS)


def test_no_fixes_make_no_visits():
    assert count_visits(walk(), GRID).empty
    assert trace_paths(walk(), GRID).empty


def test_two_tracks_in_one_cell_count_as_two():
    fixes = walk(
        (1, 0, 0, 0.5, 0.5, -1), (1, 0, 5, 0.6, 0.5, -1), (2, 1, 0, 0.5, 0.5, -1)
    )

    assert altogether(count_visits(fixes, GRID), "tracks", "fixes") == {12: (2, 3)}


def test_a_track_that_comes_again_counts_once():
    there_and_back = [(0, 0.5), (10, 1.5), (20, 0.5)]
    fixes = walk(*[(1, 0, minute, x, 3.5, -1) for minute, x in there_and_back])

    visits = count_visits(fixes, GRID)

    assert altogether(visits, "tracks", "minutes") == {0: (1, 10), 1: (1, 10)}


def test_a_track_of_two_months_counts_once_altogether():
    fixes = walk(
        (1, 0, 0, 0.5, 3.5, -1),
        (1, 1, 60 * 24 * 30, 0.5, 3.5, -1),
    )

    visits = count_visits(fixes, GRID)

    assert visits["month"].tolist() == [ALL_MONTHS, JUNE, JUNE + 1]
    assert visits["tracks"].tolist() == [1, 1, 1]
    assert visits["fixes"].tolist() == [2, 1, 1]


def test_a_line_across_the_end_of_a_month_belongs_to_the_month_of_its_start():
    fixes = walk(
        (1, 0, 0, 0.5, 3.5, -1),
        (1, 0, 30, 3.5, 3.5, -1),
        start=pd.Timestamp("2024-06-30T23:50Z"),
    )

    visits = count_visits(fixes, GRID)
    june, july = (visits[visits["month"] == JUNE + n] for n in (0, 1))

    assert june["minutes"].tolist() == [5, 10, 10, 5]
    assert june["fixes"].tolist() == [1, 0, 0, 0]
    assert july[["cell", "fixes", "minutes"]].to_numpy().tolist() == [[3, 1, 0]]


def test_time_is_spread_along_the_line_by_length():
    fixes = walk((1, 0, 0, 0.5, 3.5, -1), (1, 0, 50, 3.0, 3.5, -1))

    visits = count_visits(fixes, GRID)

    assert altogether(visits, "minutes") == {0: 10, 1: 20, 2: 20, 3: 0}


def test_a_silence_of_an_hour_is_followed_and_a_longer_one_is_not():
    def across(minutes):
        return walk((1, 0, 0, 0.5, 3.5, -1), (1, 0, minutes, 2.5, 3.5, -1))

    assert altogether(count_visits(across(60), GRID), "minutes") == {
        0: 15,
        1: 30,
        2: 15,
    }
    assert altogether(count_visits(across(62), GRID), "minutes") == {0: 31, 2: 31}


def test_no_line_joins_two_trips():
    fixes = walk((1, 0, 0, 0.5, 3.5, -1), (1, 1, 10, 2.5, 3.5, -1))

    assert altogether(count_visits(fixes, GRID), "minutes") == {0: 0, 2: 0}


def test_no_line_joins_two_tracks_even_of_one_trip_number():
    fixes = walk((1, 0, 0, 0.5, 3.5, -1), (2, 0, 10, 2.5, 3.5, -1))

    assert trace_paths(fixes, GRID)["cell"].tolist() == [0, 2]


def test_within_a_stop_time_stays_with_the_fixes_and_nothing_moves():
    fixes = walk(
        (1, 0, 0, 0.5, 3.5, 4), (1, 0, 30, 2.5, 3.5, 4), (1, 0, 40, 2.9, 3.5, -1)
    )

    visits = count_visits(fixes, GRID)

    columns = ("minutes", "stop_tracks", "stop_minutes", "east")
    assert altogether(visits, *columns) == {0: (15, 1, 15, 0), 2: (25, 1, 15, 1000)}


def test_a_long_silence_within_a_stop_is_time_of_the_stop():
    fixes = walk((1, 0, 0, 0.5, 3.5, 0), (1, 0, 300, 0.5, 3.5, 0))

    visits = count_visits(fixes, GRID)

    assert altogether(visits, "minutes", "stop_minutes") == {0: (300, 300)}


def test_a_line_through_a_corner_does_not_enter_the_cells_beside_it():
    fixes = walk((1, 0, 0, 0.5, 3.5, -1), (1, 0, 10, 1.5, 2.5, -1))

    assert trace_paths(fixes, GRID)["cell"].tolist() == [0, 5]


@pytest.mark.parametrize(
    ("ends", "cells"),
    [
        ([(1.0, 3.5), (0.0, 3.5)], [0, 1]),
        ([(0.0, 3.5), (1.0, 3.5)], [0, 1]),
        ([(0.5, 3.0), (0.5, 4.0)], [0, 4]),
        ([(0.2, 3.0), (0.8, 3.0)], [4]),
    ],
    ids=["west to an edge", "east to an edge", "north to an edge", "along an edge"],
)
def test_edges_belong_to_the_cell_east_or_south_of_them(ends, cells):
    fixes = walk(*[(1, 0, 9 * n, x, y, -1) for n, (x, y) in enumerate(ends)])

    assert trace_paths(fixes, GRID)["cell"].tolist() == cells


def test_what_lies_outside_the_grid_is_not_counted():
    fixes = walk((1, 0, 0, -1.5, 3.5, -1), (1, 0, 20, 0.5, 3.5, -1))

    visits = count_visits(fixes, GRID)

    assert altogether(visits, "fixes", "minutes") == {0: (1, 5)}


def test_each_track_adds_one_unit_vector_however_far_it_goes():
    fixes = walk(
        (1, 0, 0, 0.1, 3.5, -1),
        (1, 0, 9, 0.9, 3.5, -1),
        (2, 1, 0, 0.5, 3.1, -1),
        (2, 1, 9, 0.5, 3.2, -1),
    )

    visits = count_visits(fixes, GRID)

    assert altogether(visits, "east", "north") == {0: (1000, 1000)}


def test_a_way_there_and_most_of_it_back_points_weakly_in_the_trace():
    ways = [(0, 0.1), (10, 0.5), (20, 0.3)]
    fixes = walk(*[(1, 0, minute, x, 3.5, -1) for minute, x in ways])

    assert trace_paths(fixes, GRID)["east"].tolist() == [333]
    assert altogether(count_visits(fixes, GRID), "east") == {0: 1000}


def test_the_trace_is_sorted_by_track_then_cell():
    fixes = walk(
        (-5, 0, 0, 2.5, 3.5, -1), (-5, 0, 9, 0.5, 3.5, -1), (3, 1, 0, 0.5, 3.5, -1)
    )

    trace = trace_paths(fixes, GRID)

    assert trace["track"].tolist() == [-5, -5, -5, 3]
    assert trace["cell"].tolist() == [0, 1, 2, 0]
    assert trace["east"].tolist() == [-1000, -1000, -1000, 0]


def test_lines_are_cut_as_shapely_cuts_them():
    ends = np.random.default_rng(4).uniform(-0.5, 4.5, (60, 2, 2))
    whole_hour = 3600
    for first, second in ends:
        fixes = walk((1, 0, 0, *first, -1), (1, 0, 60, *second, -1))
        line = LineString(1000 * np.array([first, second]))
        cells = np.arange(16)
        lengths = np.array(
            [
                line.intersection(box(x - 500, y - 500, x + 500, y + 500)).length
                for x, y in zip(*GRID.centre_of(cells), strict=True)
            ]
        )

        minutes = altogether(count_visits(fixes, GRID), "minutes")

        assert sorted(minutes) == cells[lengths > 0].tolist()
        expected = lengths / line.length * whole_hour / 60
        found = np.array([minutes.get(cell, 0) for cell in cells])
        assert np.abs(found - expected).max() <= 0.5 + 1e-6


@few
@given(fixes_lists)
def test_tracks_can_be_counted_apart_in_any_order(rows):
    fixes = random_walk(rows)
    whole = count_visits(fixes, GRID)

    parts = [count_visits(part, GRID) for _, part in fixes.groupby("track")]

    pd.testing.assert_frame_equal(add_visits(parts[::-1]), whole)


@few
@given(fixes_lists)
def test_new_codes_for_the_tracks_change_nothing(rows):
    fixes = random_walk(rows)
    other = fixes.assign(track=-fixes["track"]).sort_values(
        ["track", "time"], ignore_index=True
    )

    pd.testing.assert_frame_equal(count_visits(other, GRID), count_visits(fixes, GRID))


@few
@given(fixes_lists)
def test_months_share_out_fixes_but_tracks_count_once_altogether(rows):
    fixes = random_walk(rows)
    visits = count_visits(fixes, GRID)
    monthly = visits[visits["month"] != ALL_MONTHS].groupby("cell")
    total = visits[visits["month"] == ALL_MONTHS].set_index("cell")
    inside = GRID.cell_of(fixes["x_m"].to_numpy(), fixes["y_m"].to_numpy()) >= 0

    assert (monthly["fixes"].sum() == total["fixes"]).all()
    assert (monthly["tracks"].sum() >= total["tracks"]).all()
    assert (monthly["tracks"].max() <= total["tracks"]).all()
    assert total["fixes"].sum() == inside.sum()
    assert (total["stop_tracks"] <= total["tracks"]).all()
    assert (total["stop_minutes"] <= total["minutes"]).all()


@few
@given(fixes_lists)
def test_the_trace_enters_the_cells_that_were_visited(rows):
    fixes = random_walk(rows)
    trace = trace_paths(fixes, GRID)
    tracks = altogether(count_visits(fixes, GRID), "tracks")

    assert not trace.duplicated(["track", "cell"]).any()
    assert trace["cell"].value_counts().to_dict() == tracks
    assert (np.hypot(trace["east"], trace["north"]) <= 1001).all()


@few
@given(fixes_lists)
def test_the_time_of_a_track_inside_the_grid_is_shared_out_whole(rows):
    fixes = random_walk(
        [(t, m, abs(x) % 16, 1 + abs(y) % 15, s) for t, m, x, y, s in rows]
    )
    same = np.diff(fixes["trip"]) == 0
    minutes = np.diff(fixes["time"].astype("int64"))[same].sum() / 60_000

    visits = count_visits(fixes, GRID)
    total = visits[visits["month"] == ALL_MONTHS]

    assert abs(total["minutes"].sum() - minutes) <= 0.5 * total["tracks"].sum()


def test_every_month_is_numbered_as_in_the_schema():
    times = pd.date_range("2019-11-15", periods=20, freq="MS", tz="UTC")
    fixes = walk(*[(1, n, 0, 0.5, 0.5, -1) for n in range(20)]).assign(
        time=times.astype("datetime64[ms, UTC]")
    )

    months = count_visits(fixes, GRID)["month"].tolist()

    assert months == [ALL_MONTHS, *month_number(fixes["time"]).tolist()]


def test_fixes_without_trips_are_refused_with_a_hint():
    with pytest.raises(SchemaError, match=r"no column 'trip'\. Clean them"):
        count_visits(walk().drop(columns=["trip"]), GRID)


def test_a_position_that_is_not_a_number_is_refused():
    with pytest.raises(SchemaError, match="not a number"):
        trace_paths(walk((1, 0, 0, np.nan, 0.5, -1)), GRID)


@pytest.mark.parametrize(
    "rows",
    [
        [(2, 0, 0, 0, 0, -1), (1, 1, 0, 0, 0, -1)],
        [(1, 0, 5, 0, 0, -1), (1, 0, 0, 0, 0, -1)],
    ],
    ids=["tracks", "times"],
)
def test_unsorted_fixes_are_refused(rows):
    with pytest.raises(SchemaError, match="sorted by track, then time"):
        count_visits(walk(*rows), GRID)
