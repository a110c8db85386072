"""The compiled loops that clean whole tracks, and cut them into trips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.cleaning import (
    Place,
    Rule,
    clean_tracks,
    error_of,
    number,
    write_errors,
)
from geo.kernels.laea import centred, project
from geo.kernels.rows import sealed
from geo.kernels.verdicts import DUPLICATE, IN_NO_TRIP, KEPT, OUTSIDE, Limits, Rows

NEVER = np.iinfo(np.int64).max
LIMITS = Limits(-79.0, 7.0, -76.0, 9.0, 50.0, NEVER)
RULE = Rule(speed=1e9, error=20.0, gap=10, fewest=2)
KINDS = (np.int64, np.int64, *[np.float64] * 4, np.int64, np.int64)


def clean(*rows, rule=RULE):
    """The tally of rows of track, time, lon, lat and accuracy, and their verdicts."""
    full = [(*row[:4], np.nan, row[4], 0, n) for n, row in enumerate(rows)]
    columns = zip(*full, strict=True) if rows else [[]] * len(KINDS)
    table = Rows(*(sealed(list(c), k) for c, k in zip(columns, KINDS, strict=True)))
    verdict = np.zeros(len(rows), np.int8)
    x, y = np.empty((2, len(rows)))
    project(table.lon, table.lat, centred(-77.5, 8.0), x, y)
    place = Place(sealed(x, np.float64), sealed(y, np.float64))
    return clean_tracks(table, LIMITS, rule, place, verdict), verdict


def test_rows_that_are_out_already_have_no_twins():
    rows = [(1, 0, lon, 8.0, 5.0) for lon in (-80.0, -77.0, -77.0)]
    tally, verdict = clean(*rows, rule=RULE._replace(fewest=1))

    assert verdict.tolist() == [OUTSIDE, KEPT, DUPLICATE]
    assert tuple(tally) == (1, 1, 1)


def test_trips_end_at_silences_and_tracks_and_lonely_fixes_are_in_none():
    rows = [(1, 0), (1, 10), (1, 21), (2, 21), (2, 22), (2, 33), (2, 34)]
    tally, verdict = clean(*[(*row, -77.0, 8.0, 5.0) for row in rows])

    assert verdict.tolist() == [KEPT, KEPT, IN_NO_TRIP, *[KEPT] * 4]
    assert tuple(tally) == (7, 2, 3)


some = st.sampled_from([-1.0, 0.0, 3.0, 5.0, np.nan])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(0, 2),
            st.sampled_from([-77.1, -77.0, -80.0]),
            st.sampled_from([8.0, 8.1]),
            some,
        ),
        max_size=12,
    )
)
def test_of_rows_of_one_moment_the_first_by_all_columns_stays(rows):
    rows = sorted(rows, key=lambda row: row[:2])

    def rank(k):
        *_, lon, lat, accuracy = rows[k]
        return not accuracy > 0, max(0, accuracy), lon, lat, k

    wanted = [OUTSIDE if row[2] < -79 else DUPLICATE for row in rows]
    for moment in {row[:2] for row in rows}:
        twins = [k for k, row in enumerate(rows) if row[:2] == moment and row[2] > -79]
        if twins:
            wanted[min(twins, key=rank)] = KEPT
    tally, verdict = clean(*rows, rule=RULE._replace(fewest=1))

    assert verdict.tolist() == wanted
    assert tally.fixes == wanted.count(KEPT)


def test_trips_are_numbered_from_the_number_that_is_given():
    trip = np.empty(5, np.int64)
    number(np.array([1, 1, 1, 2, 2]), np.array([0, 10, 21, 21, 22]), 10, 7, trip)

    assert trip.tolist() == [7, 7, 8, 9, 9]


@pytest.mark.parametrize("accuracy", [0.0, -1.0, np.inf, np.nan])
def test_an_accuracy_that_says_nothing_gives_the_usual_error(accuracy):
    error = np.empty(1)
    write_errors(np.array([accuracy]), 20.0, error)

    assert error.tolist() == [error_of(accuracy, 20.0)] == [20.0]
    assert error_of(1.515, 20.0) == 1.0
