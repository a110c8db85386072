"""Trails: fewer rows than fixes, and yet when each track was where."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.grid import Grid
from geo.packing import pack
from geo.trails import SPACING, join_trails, make_trails, pack_trails, trails_in
from tests.parts import partial_of

CELL = 250.0
GRID = Grid("EPSG:32618", 0, 10_000, CELL, rows=40, columns=40)


def fixes_of(minutes, cells_east, *, track=7, trip=0, stop=-1):
    """Fixes that lie so many cells from the west, in one row of cells."""
    east = np.asarray(cells_east, float)
    start = pd.Timestamp("2024-06-01T06:00Z").as_unit("ms")
    return pd.DataFrame(
        {
            "track": track,
            "time": start + pd.to_timedelta(np.asarray(minutes, float), unit="min"),
            "x_m": east * CELL,
            "y_m": 9_000.0,
            "trip": trip,
            "stop": stop,
        }
    )


def east_of(trails):
    return (trails["east"] / 10).tolist()


class TestThinning:
    """Hand oracles: which fixes stay."""

    def test_small_steps_are_left_out_until_they_make_half_a_cell(self):
        fixes = fixes_of([0, 1, 2, 3, 4, 5], [1, 1.2, 1.4, 1.6, 1.8, 2.0])
        assert east_of(make_trails(fixes, GRID)) == [1, 1.6, 2.0]

    def test_the_fixes_on_both_sides_of_a_long_silence_stay(self):
        fixes = fixes_of([0, 10, 90, 100], [1, 1.1, 1.3, 1.4])
        trails = make_trails(fixes, GRID)

        assert east_of(trails) == [1, 1.1, 1.3, 1.4]
        assert np.diff(trails["second"]).tolist() == [600, 4800, 600]

    def test_an_hour_with_fixes_in_it_is_no_silence(self):
        fixes = fixes_of([0, 30, 59, 80, 100], [1, 1.1, 1.1, 1.1, 1.2])
        assert np.diff(make_trails(fixes, GRID)["second"]).max() <= 3600

    def test_of_a_stop_the_first_and_last_stay_and_rest_between(self):
        stops = [-1, 0, 0, 0, 0, -1, -1]
        fixes = fixes_of(range(0, 70, 10), [1, 3, 3.1, 3, 2.9, 4, 6], stop=stops)
        trails = make_trails(fixes, GRID)

        assert east_of(trails) == [1, 3, 2.9, 4, 6]
        assert trails["rests"].tolist() == [False, True, False, False, False]

    def test_trips_begin_and_end_with_their_own_fixes(self):
        fixes = fixes_of([0, 5, 500, 505], [1, 1.1, 1.1, 1.2], trip=[0, 0, 1, 1])
        trails = make_trails(fixes, GRID)

        assert trails["begins"].tolist() == [True, False, True, False]

    def test_without_a_position_there_is_no_trail(self):
        fixes = fixes_of([0, 10], [1, np.nan])
        with pytest.raises(SchemaError, match="not a number"):
            make_trails(fixes, GRID)


@st.composite
def walks(draw):
    """Some tracks, each with trips and stops, sorted."""
    tables = []
    names = st.integers(-(2**63), 2**63 - 1)
    for track in sorted(draw(st.sets(names, max_size=3))):
        size = draw(st.integers(1, 12))
        minutes = np.cumsum(
            draw(st.lists(st.integers(1, 200), min_size=size, max_size=size))
        )
        east = draw(st.lists(st.floats(-3, 45), min_size=size, max_size=size))
        trip = np.cumsum(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
        stop = draw(st.lists(st.integers(-1, 1), min_size=size, max_size=size))
        stop = np.where(np.array(stop) < 0, -1, stop + 2 * trip)
        tables.append(fixes_of(minutes, east, track=track, trip=trip, stop=stop))
    return pd.concat(tables, ignore_index=True) if tables else fixes_of([], [])


class TestInvariants:
    """What holds for every crowd."""

    @given(walks())
    @settings(max_examples=60, deadline=None)
    def test_what_was_packed_comes_back(self, fixes):
        trails = make_trails(fixes.astype({"track": "int64", "stop": "int64"}), GRID)
        arrays = pack_trails(trails)

        pd.testing.assert_frame_equal(trails_in(arrays), trails)
        assert arrays["trail.rows"].sum() == len(trails)

    @given(walks())
    @settings(max_examples=60, deadline=None)
    def test_thinning_moves_nothing_by_more_than_it_may(self, fixes):
        fixes = fixes.astype({"track": "int64", "stop": "int64"})
        trails = make_trails(fixes, GRID)

        moving = fixes[fixes["stop"] < 0]
        second = (
            moving["time"].dt.tz_convert(None).to_numpy("datetime64[s]").astype(int)
        )
        for track, when, x_m in zip(
            moving["track"], second, moving["x_m"], strict=True
        ):
            own = trails[trails["track"] == track]
            before = own[own["second"] <= when].iloc[-1]
            assert abs(before["east"] / 10 - x_m / CELL) <= SPACING + 0.06

    def test_without_tables_there_is_an_empty_trail(self):
        assert join_trails([]).empty
        assert trails_in(pack_trails(join_trails([]))).equals(join_trails([]))


def test_a_row_takes_few_bytes_in_the_store():
    part = partial_of(range(40))
    arrays = pack(part)

    row = sum(
        arrays[f"trail.{name}"].itemsize for name in ("since", "rests", "east", "south")
    )
    assert row <= 7
    assert len(arrays["trail.since"]) == len(part.trails)
