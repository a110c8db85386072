"""Which column plays which role."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.read.columns import find_roles, plain, shown


def roles(*names, **columns):
    found = find_roles(names, columns=columns)
    return {role: names[at] for role, at in found.index.items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Latitud", "latitud"),
        ("  LATITUDE (deg) ", "latitude"),
        ("grupo/_ubicación_latitude", "ubicacion_latitude"),
        ("location-long", "location_long"),
        ("Año", "ano"),
        ("", ""),
        ("///", ""),
        ("[x]", ""),
    ],
)
def test_names_are_stripped_to_what_matters(name, expected):
    assert plain(name) == expected


def test_the_surest_name_wins_wherever_it_stands():
    assert roles("id", "device_id", "lat", "lon", "time")["track"] == "device_id"
    assert roles("fecha", "timestamp", "lat", "lon")["time"] == "timestamp"


def test_two_points_in_one_row_are_not_mixed():
    found = roles("_a_latitude", "_b_longitude", "_a_longitude", "_b_latitude")
    assert (found["lat"], found["lon"]) == ("_a_latitude", "_a_longitude")


def test_degrees_come_before_metres():
    found = roles("x", "y", "lat", "lon")
    assert (found["lat"], found["lon"]) == ("lat", "lon")
    assert (found["north"], found["east"]) == ("y", "x")


def test_a_day_and_a_clock_make_a_time():
    found = roles("Waypoint Date", "Waypoint Time", "X", "Y")
    assert (found["day"], found["clock"]) == ("Waypoint Date", "Waypoint Time")


def test_what_the_user_names_is_not_given_to_another_role():
    found = roles("time", "lat", "lon", "id", track="time")
    assert found["track"] == "time"
    assert found.get("time") != "time"


@pytest.mark.parametrize(
    ("name", "guess"),
    [("device", False), ("usuario", True), ("id", True), ("camp_deviceid", True)],
)
def test_weak_names_are_guesses(name, guess):
    found = find_roles([name, "lat", "lon", "time"], columns={})
    assert ("track" in found.guesses) is guess


@given(st.lists(st.text(max_size=15), max_size=30))
@settings(deadline=None)
def test_any_names_give_an_answer(names):
    found = find_roles(names, columns={})
    assert all(0 <= at < len(names) for at in found.index.values())


def test_of_an_endless_name_the_end_is_looked_at():
    # 30,000 brackets without an end once took minutes.
    long = "[" * 30_000 + "x" * 300
    assert roles(long + "_latitude", "lon")["lat"] == long + "_latitude"
    assert len(shown(long)) == 40
    assert shown("7" * 100_000) == "…"
