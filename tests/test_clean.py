"""Turning away fixes that cannot be true."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

import geo.sieve
from geo.clean import clean_fixes, clean_trips
from geo.errors import CRSError, SchemaError
from geo.schema import FIXES, REASONS, REJECTS, Sifted
from geo.trajectory import moved_m, number_stops, split_trips

LAEA = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-79.0, 7.0, -76.0, 9.5)
START = pd.Timestamp("2024-06-01T06:00Z")

few = settings(max_examples=25, deadline=None)  # the first call compiles
to_degrees = Transformer.from_crs(LAEA, "EPSG:4326", always_xy=True)


def fixes_at(x_m, y_m, minutes, *, track=1, accuracy_m=np.nan):
    """Fixes at these places and times."""
    x_m, y_m, minutes = np.broadcast_arrays(
        np.asarray(x_m, float), np.asarray(y_m, float), np.asarray(minutes, float)
    )
    lon, lat = to_degrees.transform(x_m, y_m)
    frame = pd.DataFrame(
        {
            "track": track,
            "time": START + pd.to_timedelta(minutes, unit="min"),
            "lon": lon,
            "lat": lat,
            "elevation_m": np.nan,
            "accuracy_m": accuracy_m,
        }
    )
    return frame.astype(dict(FIXES))


def walk(n=120, *, off=None, by=(0.0, 0.0), minutes=None):
    """A walk of 1 m/s, a fix a minute, of which some lie off the way by so many m."""
    x, y = 60.0 * np.arange(n), np.zeros(n)
    if off is not None:
        x[off] += by[0]
        y[off] += by[1]
    return fixes_at(x, y, np.arange(n) if minutes is None else minutes)


def clean(fixes, **options):
    return clean_fixes(fixes, crs=LAEA, bounds=BOUNDS, **options)


def lost(fixes, sifted):
    """Rows of sorted fixes that were not kept."""
    kept = sifted.fixes.set_index(["track", "time"]).index
    return np.flatnonzero(~fixes.set_index(["track", "time"]).index.isin(kept)).tolist()


@st.composite
def messy_fixes(draw):
    """Fixes of three tracks with leaps, twins, and positions off the region."""
    place = st.sampled_from(
        [0.0, 0.0, 50.0, 300.0, 900.0, 2_500.0, 60_000.0, 400_000.0]
    )
    row = st.tuples(
        st.integers(-1, 1),
        st.integers(0, 40),
        place,
        place,
        st.sampled_from([np.nan, np.nan, 0.0, 5.0, 300.0]),
    )
    rows = draw(st.lists(row, max_size=60))
    track, minutes, x, y, accuracy = np.array(rows, float).reshape(-1, 5).T
    fixes = fixes_at(x, y, minutes, track=track, accuracy_m=accuracy)
    return fixes.assign(source="log.gpx", line=np.arange(len(rows)))


def test_a_clean_walk_passes_whole():
    fixes = walk()

    sifted = clean(fixes)

    pd.testing.assert_frame_equal(sifted.fixes[list(FIXES)], fixes)
    assert sifted.rejects.empty
    assert np.abs(sifted.fixes["x_m"] - 60 * np.arange(120)).max() < 0.01
    assert np.abs(sifted.fixes["y_m"]).max() < 0.01


@pytest.mark.parametrize(
    ("off", "by"),
    [
        ([0], (0, 50_000)),
        ([119], (0, 50_000)),
        ([0, 1, 2, 3, 4], (-5_000, 0)),
        ([60, 61, 62], (0, 5_000)),
        ([60], (0, 5_000)),
        ([1], (0, 5_000)),
        ([0], (0, 900)),
        ([20, 21, 22, 50, 80, 81], (3_000, 4_000)),
        (list(range(30, 60)), (0, 100_000)),
        (list(range(40)), (0, 100_000)),
    ],
    ids=[
        "first fix, 50 km",
        "last fix, 50 km",
        "first five, 5 km",
        "block of three, 5 km",
        "one, 5 km",
        "second, 5 km",
        "first, 900 m",
        "several blocks",
        "long block",
        "long start",
    ],
)
def test_leaps_are_found_and_nothing_else_is_lost(off, by):
    fixes = walk(off=off, by=by)

    sifted = clean(fixes)

    assert lost(fixes, sifted) == off
    assert sifted.counts() == {"impossible speed": len(off)}


def test_a_wrong_block_longer_than_the_look_back_is_jumped_over():
    """At a fix a second, five minutes are 300 fixes."""
    seconds, off = np.arange(1000), list(range(400, 700))
    fixes = fixes_at(seconds, np.where(np.isin(seconds, off), 5_000, 0), seconds / 60)

    sifted = clean(fixes)

    assert lost(fixes, sifted) == off


def test_after_a_long_silence_the_track_may_be_elsewhere():
    minutes = np.concatenate([np.arange(60), 600 + np.arange(60)])

    sifted = clean(walk(off=list(range(60, 120)), by=(30_000, 0), minutes=minutes))

    assert sifted.rejects.empty


def test_the_allowed_distance_grows_by_three_errors_of_either_fix():
    def leap(metres):
        return clean(fixes_at([0, metres], 0, [0, 1]), max_speed_kmh=6).counts()

    assert leap(100 + 3 * (20 + 20) - 1) == {}
    assert leap(100 + 3 * (20 + 20) + 1) == {"impossible speed": 1}


def test_a_fix_that_calls_itself_inexact_may_lie_far_off():
    fixes = walk(off=[60], by=(0, 900))
    assert clean(fixes).counts() == {"impossible speed": 1}

    fixes.loc[60, "accuracy_m"] = 500.0
    assert clean(fixes).counts() == {}
    assert clean(fixes, max_accuracy_m=100).counts() == {"poor accuracy": 1}


def test_an_excursion_of_one_fix_is_a_spike():
    """Every ten minutes a fix: 5 km in ten minutes are possible, but not believed."""
    fixes = walk(minutes=10 * np.arange(120), off=[60], by=(0, 5_000))

    sifted = clean(fixes)

    assert lost(fixes, sifted) == [60]
    assert sifted.counts() == {"spike": 1}


@pytest.mark.parametrize("off", [1, 118])
def test_a_spike_next_to_an_end_is_found(off):
    fixes = walk(minutes=10 * np.arange(120), off=[off], by=(0, 5_000))

    assert lost(fixes, clean(fixes)) == [off]


@pytest.mark.parametrize(
    "x_km",
    [
        [0, 0.8, 1.6, 2.4, 3.2, 2.4, 1.6, 0.8, 0],
        [0, 3, 0],
        [0, 0, 0, 3, 3, 0, 0, 0],
        [0, 2, 0, 2, 0, 2, 0],
        [0, 0, 0.45, 0, 0],
    ],
    ids=["walk there and back", "three fixes", "a stay there", "a ferry", "450 m"],
)
def test_ways_there_and_back_are_no_spikes(x_km):
    fixes = fixes_at(1000 * np.array(x_km), 0, 10 * np.arange(len(x_km)))

    assert clean(fixes).rejects.empty


def test_a_slow_way_there_and_back_is_no_spike():
    x = np.array([0, 0, 0, 2_000, 0, 0, 0])

    assert clean(fixes_at(x, 0, 60 * np.arange(7))).counts() == {"spike": 1}
    assert clean(fixes_at(x, 0, 90 * np.arange(7))).counts() == {}


def test_of_twins_the_most_exact_is_kept():
    twins = fixes_at([0, 30, 60, 90], 0, 0, accuracy_m=[np.nan, 8, 5, 0])

    sifted = clean(twins)

    assert sifted.fixes["accuracy_m"].tolist() == [5]
    assert sifted.counts() == {"duplicate": 3}


def test_of_twins_alike_the_most_westerly_then_southerly_is_kept():
    twins = fixes_at([50, 0, 0], [0, 10, -10], 0)

    assert clean(twins).fixes["y_m"].round().tolist() == [-10]


def test_doubled_rows_change_nothing_but_the_rejects():
    fixes = walk(off=[7, 60], by=(0, 9_000))

    doubled = clean(pd.concat([fixes, fixes], ignore_index=True))

    pd.testing.assert_frame_equal(doubled.fixes, clean(fixes).fixes)
    assert doubled.counts() == {"duplicate": 120, "impossible speed": 2}


def test_the_same_time_in_two_tracks_is_no_duplicate():
    assert clean(fixes_at(0, 0, [0, 0], track=[1, 2])).rejects.empty


def test_the_edge_of_the_region_belongs_to_it():
    fixes = walk(3).assign(lon=[-79.0, -79.0, -79.01], lat=[7.0, 7.0, 7.0])

    assert clean(fixes).counts() == {"outside the region": 1}


def test_rows_without_a_position_or_a_time_say_so():
    fixes = walk(4)
    fixes.loc[0, "lon"], fixes.loc[1, "lat"], fixes.loc[2, "time"] = (
        np.nan,
        np.nan,
        pd.NaT,
    )

    assert clean(fixes).counts() == {"no position": 2, "no time": 1}


@pytest.mark.parametrize("lat", [95.0, -95.0, np.inf])
def test_a_latitude_beyond_the_pole_is_outside_the_region(lat):
    fixes = walk()
    fixes.loc[7, "lat"] = lat

    sifted = clean(fixes)

    assert lost(fixes, sifted) == [7]
    assert sifted.counts() == {"outside the region": 1}


def test_zero_positions_do_not_lengthen_the_way():
    fixes = walk()
    fixes.loc[[3, 50], ["lon", "lat"]] = 0.0

    sifted = clean(fixes)

    way = np.hypot(np.diff(sifted.fixes["x_m"]), np.diff(sifted.fixes["y_m"])).sum()
    assert sifted.counts() == {"outside the region": 2}
    assert abs(way / (119 * 60) - 1) < 0.01


def test_a_device_at_rest_goes_nowhere():
    noise = np.random.default_rng(5).normal(0, 12, (2, 500))

    trips = split_trips(clean(fixes_at(*noise, np.arange(500))).fixes)
    stops = number_stops(trips)

    assert len(trips) == 500
    assert moved_m(trips.assign(stop=stops)).sum() < 100


def test_errors_come_from_the_accuracy_or_from_the_default():
    fixes = fixes_at(0, 0, np.arange(4), accuracy_m=[15.15, np.nan, 0.0, np.inf])

    error = clean(fixes, location_error_m=30).fixes["error_m"]

    assert error.round(9).tolist() == [10, 30, 30, 30]


def test_rejects_tell_the_file_and_the_line_but_no_more():
    fixes = walk(off=[60], by=(0, 9_000)).assign(source="ab12", line=np.arange(120) + 2)

    sifted = clean(fixes)

    assert sifted.rejects.to_dict("records") == [
        {"file": "ab12", "line": 62, "column": "", "reason": "impossible speed"}
    ]
    assert list(sifted.fixes) == [*FIXES, "source", "line", "x_m", "y_m", "error_m"]


def test_other_columns_are_dropped_and_the_argument_is_left_alone():
    fixes = walk(3).assign(name="x")[::-1]
    before = fixes.copy()

    sifted = clean(fixes)

    assert list(sifted.fixes) == [*FIXES, "x_m", "y_m", "error_m"]
    pd.testing.assert_frame_equal(fixes, before)


def test_no_fixes_are_clean():
    sifted = clean(walk(0))

    assert sifted.fixes.empty
    assert sifted.fixes["x_m"].dtype == np.float64
    assert dict(sifted.rejects.dtypes.astype(str)) == dict(REJECTS)


@few
@given(messy_fixes())
def test_kept_and_rejected_rows_are_the_rows_that_came(fixes):
    sifted = clean(fixes, max_accuracy_m=200)

    lines = [*sifted.fixes["line"], *sifted.rejects["line"]]
    assert sorted(lines) == fixes["line"].tolist()
    assert set(sifted.rejects["reason"]) <= set(REASONS)
    assert not sifted.fixes.duplicated(["track", "time"]).any()


@few
@given(messy_fixes())
def test_cleaning_twice_is_cleaning_once(fixes):
    once = clean(fixes)

    twice = clean(once.fixes)

    pd.testing.assert_frame_equal(twice.fixes, once.fixes)
    assert twice.rejects.empty


@few
@given(messy_fixes(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(fixes, random):
    order = list(range(len(fixes)))
    random.shuffle(order)

    one, other = clean(fixes), clean(fixes.iloc[order])

    pd.testing.assert_frame_equal(one.fixes, other.fixes)
    pd.testing.assert_frame_equal(one.rejects, other.rejects)


@few
@given(messy_fixes())
def test_tracks_can_be_cleaned_apart(fixes):
    whole = clean(fixes)

    parts = [clean(part) for _, part in fixes.groupby("track")]

    if parts:
        kept = pd.concat([part.fixes for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(kept, whole.fixes)
        assert sum(len(part.rejects) for part in parts) == len(whole.rejects)


@pytest.mark.parametrize("share", [1, 7, 100, 1_000])
def test_the_size_of_the_shares_changes_nothing(share, monkeypatch):
    tracks = [walk(off=[n % 120, 60], by=(0, 5_000)).assign(track=n) for n in range(9)]
    fixes = pd.concat(tracks, ignore_index=True)
    whole = clean(fixes)

    monkeypatch.setattr(geo.sieve, "SHARE", share)
    parted = clean(fixes)

    pd.testing.assert_frame_equal(parted.fixes, whole.fixes)
    pd.testing.assert_frame_equal(parted.rejects, whole.rejects)


@few
@given(messy_fixes(), st.integers(-10_000_000, 10_000_000))
def test_neither_the_hour_nor_the_names_of_tracks_matter(fixes, minutes):
    changed = fixes.assign(
        track=-7 * fixes["track"], time=fixes["time"] + pd.Timedelta(minutes=minutes)
    ).astype(dict(FIXES))

    one, other = clean(fixes), clean(changed)

    assert sorted(other.fixes["line"]) == sorted(one.fixes["line"])
    assert other.rejects["line"].tolist() == one.rejects["line"].tolist()


@few
@given(messy_fixes())
def test_what_is_kept_can_be_travelled(fixes):
    kept = clean(fixes, max_speed_kmh=20).fixes
    same = np.diff(kept["track"]) == 0
    way = np.hypot(np.diff(kept["x_m"]), np.diff(kept["y_m"]))
    hours = np.diff(kept["time"].astype("int64")) / 3_600_000
    error = kept["error_m"].to_numpy()

    allowed = 20_000 * hours + 3 * (error[1:] + error[:-1])

    assert (way <= allowed + 1e-6)[same].all()


def longest(x_m, hours, *, speed_kmh):
    """The most fixes that can follow each other, by trying all pairs."""
    length = []
    for i in range(len(x_m)):
        way = np.abs(x_m[i] - x_m[:i])
        reachable = way <= 1000 * speed_kmh * (hours[i] - hours[:i]) + 3 * (20 + 20)
        length.append(1 + max(np.array(length)[reachable], default=0))
    return max(length)


def test_the_sequence_is_as_long_as_can_be():
    """The places are too near to each other for spikes."""
    random = np.random.default_rng(3)
    for _ in range(30):
        x = np.where(random.random(150) < 0.4, random.uniform(0, 450, 150), 0)
        minutes = np.sort(random.choice(1000, 150, replace=False)) / 4

        sifted = clean(fixes_at(x, 0, minutes), max_speed_kmh=2)

        assert len(sifted.fixes) == longest(x, minutes / 60, speed_kmh=2)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263"], ids=["degrees", "feet"])
def test_a_crs_that_does_not_measure_in_metres_is_refused(crs):
    with pytest.raises(CRSError, match="does not measure in metres"):
        clean_fixes(walk(3), crs=crs, bounds=BOUNDS)


def test_an_unknown_crs_is_refused():
    with pytest.raises(CRSError, match="'utm somewhere' is not a coordinate reference"):
        clean_fixes(walk(3), crs="utm somewhere", bounds=BOUNDS)


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match="expected west, south, east, north"):
        clean_fixes(walk(3), crs=LAEA, bounds=(-76, 7, -79, 9))


@pytest.mark.parametrize("option", ["max_speed_kmh", "location_error_m"])
def test_speed_and_error_must_be_positive(option):
    with pytest.raises(ValueError, match="must be positive"):
        clean(walk(3), **{option: 0.0})


def test_a_lacking_column_is_named():
    with pytest.raises(SchemaError, match="no column 'lat'"):
        clean(walk(3).drop(columns="lat"))


@pytest.mark.parametrize("crs", [LAEA, "EPSG:32618"])
@pytest.mark.parametrize("varies", [False, True])
def test_trips_are_those_that_what_is_kept_is_cut_into(crs, varies):
    tracks = [walk(off=[n % 120, 60], by=(0, 5_000)).assign(track=n) for n in range(9)]
    fixes = pd.concat(tracks, ignore_index=True)
    late = fixes["time"].iloc[100]
    fixes.loc[40:44, "lat"] = fixes.loc[50:54, "lat"] = np.nan
    if varies:
        fixes["accuracy_m"] = np.arange(len(fixes)) % 30.0
    ways = {"crs": crs, "bounds": BOUNDS, "location_error_m": 5.0}

    sifted = clean_fixes(fixes[fixes["time"] < late], **ways)
    trips = split_trips(sifted.fixes, max_gap_h=0.05, min_fixes=30)
    until_ms = round(late.timestamp() * 1000)
    ours = clean_trips(fixes, **ways, max_gap_h=0.05, min_fixes=30, until_ms=until_ms)

    pd.testing.assert_frame_equal(ours.trips, trips, check_exact=True)
    assert 0 < len(trips) < len(sifted.fixes) == ours.kept
    assert ours.tracks == sifted.fixes["track"].nunique()
    late_ones = {"too recent": int((fixes["time"] >= late).sum())}
    assert ours.turned.counts() == sifted.counts() | late_ones
    assert ours.turned.counts() == Sifted(trips, ours.turned.rejects()).counts()
