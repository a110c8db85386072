"""Cutting tracks into trips and stops."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.trajectory import find_stops, moved_m, number_stops, number_trips, split_trips

HOUR = np.timedelta64(1, "h")
START = pd.Timestamp("2024-06-01T00:00Z")

few = settings(max_examples=25, deadline=None)  # the first call compiles


def at(*hours):
    """Times at the given whole hours of one day."""
    return np.datetime64("2024-06-01T00", "s") + np.array(hours, dtype="timedelta64[h]")


def walk(minutes, x_m, *, y_m=0.0, error_m=20.0, trip=0, track=1):
    """Fixes at these minutes and places."""
    time = START + pd.to_timedelta(np.asarray(minutes, float), unit="min")
    return pd.DataFrame(
        {
            "track": track,
            "time": time.astype("datetime64[ms, UTC]"),
            "x_m": np.asarray(x_m, float),
            "y_m": y_m,
            "error_m": error_m,
            "trip": trip,
        }
    )


def with_stops(fixes, **rule):
    return fixes.assign(stop=number_stops(fixes, **rule))


rows_of_trips = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 300), st.integers(0, 8)),
    max_size=60,
    unique_by=lambda row: row[:2],
)


def random_walk(rows):
    """Fixes of some trips on a line, 40 m apart or a multiple."""
    trip, minute, x = np.array(sorted(rows), int).reshape(-1, 3).T
    return walk(minute, 40.0 * x, trip=trip, track=trip)


def test_a_gap_of_exactly_the_limit_stays_in_the_trip():
    trips = number_trips(np.zeros(3, int), at(0, 6, 13), max_gap=6 * HOUR)
    assert trips.tolist() == [0, 0, 1]


def test_no_fixes_give_no_trips():
    assert number_trips(np.zeros(0, int), at(), max_gap=HOUR).size == 0


@pytest.mark.parametrize(
    ("track", "hours"),
    [([1, 0], [0, 1]), ([0, 0], [1, 0])],
    ids=["tracks out of order", "times out of order"],
)
def test_unsorted_fixes_are_refused(track, hours):
    with pytest.raises(ValueError, match="sorted by track, then time"):
        number_trips(np.array(track), at(*hours), max_gap=HOUR)


def test_a_time_for_every_fix_is_needed():
    with pytest.raises(ValueError, match="2 track codes but 1 times"):
        number_trips(np.zeros(2, int), at(0), max_gap=HOUR)


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 500)), max_size=60))
def test_tracks_can_be_numbered_apart(rows):
    """Numbering is additive over tracks: the incremental build rests on this."""
    rows.sort()
    track = np.array([r[0] for r in rows], int)
    time = at(*[r[1] for r in rows])
    whole = number_trips(track, time, max_gap=6 * HOUR)

    apart, offset = [], 0
    for code in np.unique(track):
        part = number_trips(track[track == code], time[track == code], max_gap=6 * HOUR)
        apart.append(part + offset)
        offset += part.max() + 1

    assert whole.tolist() == [n for part in apart for n in part]


def test_short_trips_are_left_out_and_the_others_numbered_anew():
    minutes = [0, 10, 20, 1000, 1010, 2000, 2010, 2020]

    trips = split_trips(walk(minutes, np.arange(8.0)).drop(columns="trip"))

    assert trips["trip"].tolist() == [0, 0, 0, 1, 1, 1]
    assert trips["x_m"].tolist() == [0, 1, 2, 5, 6, 7]
    assert trips["trip"].dtype == np.int64


def test_splitting_leaves_its_argument_alone():
    fixes = walk([0, 1, 2], [0, 0, 0]).drop(columns="trip")
    before = fixes.copy()

    split_trips(fixes)

    pd.testing.assert_frame_equal(fixes, before)


def test_no_fixes_can_be_split_and_searched_for_stops():
    trips = split_trips(walk([], []).drop(columns="trip"))
    stops = find_stops(with_stops(trips))

    assert trips.empty
    assert stops.empty
    columns = ["stop", "track", "trip", "start", "end", "minutes", "x_m", "y_m"]
    assert list(stops) == [*columns, "fixes"]


def test_a_stay_of_exactly_the_limit_is_a_stop():
    assert number_stops(walk([0, 10, 20], [0, 100, 101])).tolist() == [0, 0, -1]
    assert number_stops(walk([0, 10, 19], [0, 100, 101])).tolist() == [-1, -1, -1]


def test_one_fix_before_a_long_step_is_no_stop():
    assert number_stops(walk([0, 30, 60], [0, 2000, 4000])).tolist() == [-1, -1, -1]


def test_the_end_of_a_trip_ends_a_stop():
    fixes = walk([0, 15, 30, 45], [0, 0, 0, 0], trip=[0, 0, 1, 1])

    assert number_stops(fixes).tolist() == [-1, -1, -1, -1]
    assert number_stops(fixes, min_minutes=15).tolist() == [0, 0, 1, 1]


def test_a_silence_within_a_stop_does_not_end_it():
    fixes = walk([0, 5, 305, 310], [0, 10, 5, 700])

    stops = find_stops(with_stops(fixes))

    assert stops["minutes"].tolist() == [310]
    assert stops["fixes"].tolist() == [3]


def test_a_long_silence_before_the_next_place_is_not_time_of_the_stop():
    short = walk([0, 15, 76, 80], [0, 0, 9000, 9500])
    assert number_stops(short).tolist() == [-1, -1, -1, -1]

    stops = find_stops(with_stops(walk([0, 25, 86, 90], [0, 0, 9000, 9500])))
    assert stops["minutes"].tolist() == [25]


def test_the_radius_grows_with_the_error_of_the_fixes():
    fixes = walk([0, 10, 20, 30], [0, 140, 0, 900], error_m=[20, 50, 20, 20])

    assert number_stops(fixes).tolist() == [0, 0, 0, -1]
    assert number_stops(fixes.assign(error_m=20.0)).tolist() == [-1, -1, -1, -1]


def test_two_stops_near_in_place_and_time_are_one():
    x = [0, 0, 0, 300, 10, 10, 10]

    assert number_stops(walk([0, 10, 20, 23, 26, 36, 46], x)).tolist() == [0] * 7


@pytest.mark.parametrize(
    ("minutes", "second"),
    [([0, 10, 20, 25, 30, 40, 50], 10), ([0, 10, 20, 23, 26, 36, 46], 150)],
    ids=["ten minutes apart", "150 m apart"],
)
def test_stops_further_apart_stay_two(minutes, second):
    fixes = walk(minutes, [0, 0, 0, 400, second, second, second])

    assert number_stops(fixes).tolist() == [0, 0, 0, -1, 1, 1, 1]


@pytest.mark.parametrize(
    ("minutes", "x", "strays", "expected"),
    [
        ([0, 8, 16, 24], [0, 400, 0, 0], 0, [-1, -1, -1, -1]),
        ([0, 8, 16, 24], [0, 400, 0, 0], 1, [0, 0, 0, 0]),
        ([0, 8, 12, 16, 24], [0, 400, 400, 0, 0], 1, [-1] * 5),
        ([0, 8, 12, 16, 24], [0, 400, 400, 0, 0], 2, [0] * 5),
        ([0, 8, 20, 24], [0, 400, 0, 0], 1, [-1] * 4),
        ([0, 10, 20, 30], [0, 0, 0, 400], 1, [0, 0, 0, -1]),
        ([0, 10, 20, 30, 40], [0, 0, 0, 400, 800], 1, [0, 0, 0, -1, -1]),
        ([0, 45, 90], [0, 0, 0], 1, [0, 0, 0]),
    ],
    ids=[
        "a stray ends it",
        "unless it may stray",
        "two are too many",
        "unless two may",
        "away for the time of a stop",
        "not back before the end",
        "gone for good",
        "silence is not straying",
    ],
)
def test_a_stray_fix_ends_a_stop_or_not(minutes, x, strays, expected):
    assert number_stops(walk(minutes, x), strays=strays).tolist() == expected


def test_stops_of_two_trips_stay_two():
    fixes = walk([0, 25, 26, 50], [0, 0, 0, 0], trip=[0, 0, 1, 1])

    assert number_stops(fixes).tolist() == [0, 0, 1, 1]


def test_the_table_of_stops_says_when_and_where():
    fixes = walk(
        [0, 20, 30, 40, 65],
        [0, 60, 900, 1800, 1810],
        y_m=[0.0, 30.0, 0.0, 0.0, 0.0],
        error_m=[10, 20, 20, 20, 20],
        track=77,
    )

    stops = find_stops(with_stops(fixes))

    expected = pd.DataFrame(
        {
            "stop": [0, 1],
            "track": [77, 77],
            "trip": [0, 0],
            "start": [START, START + pd.Timedelta(minutes=40)],
            "end": [START + pd.Timedelta(minutes=m) for m in (30, 65)],
            "minutes": [30.0, 25.0],
            "x_m": [12.0, 1805.0],
            "y_m": [6.0, 0.0],
            "fixes": [2, 2],
        }
    ).astype({"start": "datetime64[ms, UTC]", "end": "datetime64[ms, UTC]"})
    pd.testing.assert_frame_equal(stops, expected)


def test_standing_still_is_no_way():
    """MovingPandas makes more than ten kilometres of this."""
    noise = np.random.default_rng(1).normal(0, 12, (500, 2))
    fixes = walk(np.arange(500), noise[:, 0], y_m=noise[:, 1], error_m=12.0)

    stopped = with_stops(fixes)

    assert np.hypot(*np.diff(noise, axis=0).T).sum() > 5000
    assert moved_m(stopped).sum() < 100


def test_the_way_is_measured_within_trips_and_outside_stops():
    fixes = walk([0, 1, 2, 3], [0, 30, 60, 160], trip=[0, 0, 0, 1]).assign(
        stop=[-1, 3, 3, 4]
    )

    assert moved_m(fixes).tolist() == [0, 30, 0, 0]
    assert moved_m(fixes[:0]).size == 0


def test_a_lacking_column_is_named_with_a_hint():
    with pytest.raises(SchemaError, match=r"no column 'error_m'\. Clean them"):
        number_stops(walk([0], [0]).drop(columns="error_m"))


def peer_stops(minute, x_m, *, radius_m, min_minutes):
    """Stops as the docstring words them, without joining; for error_m below 33."""
    stop, number, i = np.full(len(x_m), -1), 0, 0
    while i < len(x_m):
        away = [j for j in range(i + 1, len(x_m)) if abs(x_m[j] - x_m[i]) > radius_m]
        j = away[0] if away else len(x_m)
        left = minute[j] if away and minute[j] - minute[j - 1] <= 60 else minute[j - 1]
        if j - i >= 2 and left - minute[i] >= min_minutes:
            stop[i:j], number, i = number, number + 1, j
        else:
            i += 1
    return stop


@few
@given(rows_of_trips)
def test_a_plain_loop_finds_the_same_fixes_at_rest(rows):
    fixes = random_walk(rows)
    minute = ((fixes["time"] - START).dt.total_seconds() / 60).to_numpy()
    apart = [
        peer_stops(
            minute[same], fixes["x_m"][same].to_numpy(), radius_m=100, min_minutes=20
        )
        for same in (fixes["trip"] == trip for trip in fixes["trip"].unique())
    ]
    resting = np.concatenate([*apart, []]) >= 0

    stops = number_stops(fixes)

    assert (stops[resting] >= 0).all()  # joining two adds the fixes between them
    found = np.unique(stops[stops >= 0])
    assert found.tolist() == list(range(found.size))


@few
@given(rows_of_trips)
def test_trips_can_be_searched_for_stops_apart(rows):
    fixes = random_walk(rows)

    apart, count = [], 0
    for _, trip in fixes.groupby("trip"):
        part = number_stops(trip)
        apart += [n + count if n >= 0 else -1 for n in part]
        count += part.max() + 1

    assert number_stops(fixes).tolist() == apart


@few
@given(rows_of_trips, st.integers(-10_000_000, 10_000_000))
def test_stops_do_not_depend_on_the_hour(rows, minutes):
    fixes = random_walk(rows)
    later = fixes.assign(time=fixes["time"] + pd.Timedelta(minutes=minutes))

    assert number_stops(later).tolist() == number_stops(fixes).tolist()
