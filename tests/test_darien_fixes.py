"""The simulated sample of the Darién, and the simulator that made it."""

import csv
import doctest
import importlib
import importlib.util
import itertools
import json
import re
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

DARIEN = Path(__file__).parents[1] / "data" / "darien"
FIXES, TRUTH = DARIEN / "fixes", DARIEN / "truth"

spec = importlib.util.spec_from_file_location("simulate", DARIEN / "simulate.py")
simulate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(simulate)  # it puts its folder on the path
files, listing, motion, routes, sensing, truth = (
    importlib.import_module(f"simulator.{name}")
    for name in ("files", "listing", "motion", "routes", "sensing", "truth")
)


def every_file():
    return sorted(path for path in FIXES.iterdir() if path.is_file())


def columns(path):
    """Device, time, latitude and longitude of a file, read without our readers."""
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        return table["device"].astype(str), table["time"], table["latitude"]
    if path.name.endswith("planilla.csv"):
        table = pd.read_csv(path, sep=";", decimal=",")
        return table["dispositivo"], table["fecha"], table["latitud"]
    if path.suffix == ".csv":
        table = pd.read_csv(path)
        return table["device"], table["time"], table["latitude"]
    if path.suffix == ".gpx":
        text = path.read_text(encoding="utf-8")
        times = re.findall(r"<time>(.*?)</time>", text)
        lats = [float(lat) for lat in re.findall(r'lat="(.*?)"', text)]
        return pd.Series(re.findall("<trk><name>(.*?)<", text)), times, lats
    if path.suffix == ".geojson":
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        about = pd.DataFrame([feature["properties"] for feature in features])
        lats = [
            (f["geometry"] or {"coordinates": [0, 0]})["coordinates"][1]
            for f in features
        ]
        return about["device"], about["time"], lats
    with sqlite3.connect(path) as file:
        table = pd.read_sql("SELECT device, time FROM fixes_SIMULATED_SIMULADO", file)
    file.close()
    return table["device"], table["time"], np.zeros(len(table))


@pytest.fixture(scope="module")
def sample():
    return {path: columns(path) for path in every_file()}


@pytest.fixture(scope="module")
def parquet():
    return pd.concat([pd.read_parquet(path) for path in FIXES.glob("*.parquet")])


@pytest.fixture(scope="module")
def network():
    legs = routes.load_legs(TRUTH / "routes.geojson")
    return legs, routes.load_stops(TRUTH / "stops.csv")


# The sample


def test_the_sample_takes_at_most_eight_megabytes_and_the_truth_little():
    assert sum(path.stat().st_size for path in every_file()) <= 8_000_000
    assert sum(path.stat().st_size for path in TRUTH.iterdir()) <= 400_000


def test_every_format_of_the_field_is_there():
    kinds = {path.suffix for path in every_file()}
    assert kinds == {".parquet", ".csv", ".gpx", ".geojson", ".gpkg"}


@pytest.mark.parametrize("path", every_file(), ids=lambda path: path.name)
def test_every_file_says_that_it_is_simulated(path):
    assert "SIMULATED_SIMULADO" in path.name
    if path.suffix == ".parquet":
        metadata = pq.read_schema(path).metadata
        assert metadata[b"simulated"] == b"true"
        assert b"SIMULATED / SIMULADO" in metadata[b"description"]
    elif path.suffix == ".csv":
        delimiter = ";" if path.name.endswith("planilla.csv") else ","
        with path.open(encoding="utf-8", newline="") as file:
            remarks = {row[-1] for row in list(csv.reader(file, delimiter=delimiter))}
        assert remarks in ({"observaciones", "SIMULADO"}, {"remark", "SIMULATED"})
    elif path.suffix == ".gpkg":
        with sqlite3.connect(path) as file:
            (told,) = file.execute("SELECT description FROM gpkg_contents").fetchone()
        file.close()
        assert "SIMULATED / SIMULADO" in told
    else:
        head = path.read_text(encoding="utf-8")[:600]
        assert "SIMULATED / SIMULADO" in head


def test_there_are_enough_devices_and_each_is_in_one_file_only(sample):
    devices = [set(device) for device, _, _ in sample.values()]
    assert len(set.union(*devices)) >= 1800
    assert sum(map(len, devices)) == len(set.union(*devices))


def test_there_are_about_half_a_million_fixes(sample):
    total = sum(len(time) for _, time, _ in sample.values())
    assert 450_000 <= total <= 600_000


def test_every_month_of_2023_has_tracks_in_proportion_to_the_official_count():
    flows = pd.read_csv(TRUTH / "flows.csv")
    tracks = flows.groupby("month")["tracks"].sum()
    assert list(tracks.index) == [f"2023-{month:02d}" for month in range(1, 13)]
    official = np.array(routes.OFFICIAL) / sum(routes.OFFICIAL)
    assert np.allclose(tracks / tracks.sum(), official, atol=0.015)
    assert tracks.min() >= 80


def test_every_kind_of_dirt_is_there(parquet):
    lat, lon, time = parquet["latitude"], parquet["longitude"], parquet["time"]
    assert lat.isna().sum() > 20
    assert (lat == 95).sum() > 5
    assert (lat < -70).sum() > 10  # swapped
    assert ((lat == 0) & (lon == 0)).sum() > 10
    assert set(time.dt.year) == {1970, 1980, 2023, 2099}
    assert parquet["accuracy_m"].isna().mean() > 0.05
    assert parquet.duplicated().sum() > 1000
    same_time = parquet.duplicated(["device", "time"]).sum()
    assert same_time > parquet.duplicated().sum() + 500


def test_most_fixes_lie_in_the_study_area(parquet):
    inside = parquet["longitude"].between(-78.5, -76.5)
    inside &= parquet["latitude"].between(7.0, 9.3)
    assert inside.mean() > 0.99


def test_the_truth_holds_aggregates_only():
    names = {path.name for path in TRUTH.iterdir()}
    assert names == {"README.md", "routes.geojson", "stops.csv", "checkpoints.csv"} | {
        "land_cells.csv",
        "flows.csv",
        "crossings.csv",
        "cells.csv",
    }
    text = "".join(path.read_text(encoding="utf-8") for path in TRUTH.iterdir())
    assert "dev-" not in text


# The simulator


@pytest.mark.parametrize("module", [simulate, files, motion, routes, sensing, truth])
def test_its_examples_hold(module):
    assert doctest.testmod(module).failed == 0


def run(folder, seed):
    return simulate.simulate(
        seed=seed,
        tracks=20,
        source=TRUTH,
        fixes_to=folder / "fixes",
        truth_to=folder / "truth",
    )


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*.*"))
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / name, seed)
    first, again, other = (contents(tmp_path / name) for name in "abc")
    assert first == again
    assert first != other


def test_the_list_of_people_is_what_the_simulator_writes(tmp_path, network):
    people = listing.list_people(1400, *network, seed=2023)
    path = listing.write_people(people, tmp_path)

    shipped = DARIEN / "points" / path.name
    assert path.read_bytes() == shipped.read_bytes()
    assert "SIMULADO" in path.read_text(encoding="utf-8")
    # August has the most, as it has in the official counts.
    assert people["date"].str[5:7].mode().tolist() == ["08"]


def test_the_same_points_give_the_same_geopackage(tmp_path):
    fixes = pd.DataFrame(
        {
            "device": ["dev-000001"] * 2,
            "time": pd.to_datetime(["2023-01-01T12:00Z", "2023-01-01T12:01Z"]),
            "longitude": [-77.5, np.nan],
            "latitude": [8.5, np.nan],
            "accuracy_m": [12.0, np.nan],
        }
    )
    for name in ("a.gpkg", "b.gpkg"):
        files.write_gpkg(fixes, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.gpkg", "b.gpkg"))
    assert first == second


@pytest.fixture(scope="module")
def journeys(network):
    legs, stops = network
    return [
        simulate.plan_track(1 + k % 12, legs, stops, np.random.default_rng([7, k]))
        for k in range(60)
    ]


def test_without_noise_a_track_keeps_near_its_route(journeys):
    for journey, _, _, way in journeys:
        lines = shapely.MultiLineString(
            [np.column_stack([leg.x, leg.y]) for leg in way]
        )
        apart = shapely.distance(lines, shapely.points(journey.x, journey.y))
        on_land = journey.mode != "sea"
        assert np.median(apart[on_land]) < 200
        assert apart[on_land].max() < 800
        assert apart.max() < 5000


def test_people_walk_and_boats_go_at_believable_speeds(journeys):
    for journey, _, _, _ in journeys:
        hours = np.diff(journey.moved_s) / 3600
        km = np.hypot(np.diff(journey.x), np.diff(journey.y)) / 1000
        moving = hours > 0
        speed, mode = km[moving] / hours[moving], journey.mode[1:][moving]
        assert speed.max() < 35
        assert speed[mode == "walk"].max() <= 4.5 + 1e-6
        if (mode == "river").any():
            assert 12 - 1e-6 <= np.median(speed[mode == "river"]) <= 28 + 1e-6


def test_nobody_moves_at_night(journeys):
    for journey, _, _, _ in journeys:
        times = np.arange(journey.clock_s[0], journey.clock_s[-1], 60.0)
        moved = np.interp(times, journey.clock_s, journey.clock_moved_s)
        night = sensing.is_night(times[:-1]) & sensing.is_night(times[1:])
        assert np.diff(moved)[night].max(initial=0) == 0


def test_the_timetable_only_goes_forward(journeys):
    for journey, _, _, _ in journeys:
        assert (np.diff(journey.clock_s) >= 0).all()
        assert (np.diff(journey.clock_moved_s) >= 0).all()
        assert journey.clock_moved_s[-1] == journey.moved_s[-1]


def test_returning_tracks_cover_the_same_ground_the_other_way(network):
    legs, stops = network
    way = [legs["W3"]]
    there, back = (
        motion.plan_journey(
            way,
            stops=stops,
            backwards=backwards,
            wet=False,
            start_s=12 * 3600.0,
            rng=np.random.default_rng(3),
        )
        for backwards in (False, True)
    )
    bajo = stops["bajo"]
    assert np.hypot(there.x[-1] - bajo.x, there.y[-1] - bajo.y) < 400
    assert np.hypot(back.x[0] - bajo.x, back.y[0] - bajo.y) < 400
    assert [name for name, _ in there.places] == ["camp_e", "bajo"]
    assert [name for name, _ in back.places] == ["bajo", "camp_e", "fork"]


def test_each_way_follows_on_and_ends_where_the_next_leg_begins(network):
    legs, _ = network
    for ways in routes.ITINERARIES.values():
        for _, names in ways:
            for here, following in itertools.pairwise(names):
                assert legs[here].end == legs[following].start
        assert sum(share for share, _ in ways) == pytest.approx(1)


def straight(moved_s=(0.0, 3600.0)):
    """A walk of 4 km east within an hour, from the origin."""
    return motion.Journey(
        x=np.array([0.0, 4000.0]),
        y=np.array([100.0, 100.0]),
        height=np.zeros(2),
        moved_s=np.array(moved_s),
        mode=np.array(["walk", "walk"]),
        clock_s=np.array([0.0, 1800.0, 5400.0, 7200.0]),
        clock_moved_s=np.array([0.0, 1800.0, 1800.0, 3600.0]),
        places=(("border", 900.0),),
    )


def test_a_journey_stands_still_while_it_rests():
    x, _, _ = straight().at(np.array([0.0, 900.0, 1800.0, 3000.0, 5400.0, 7200.0]))
    assert x.tolist() == [0, 1000, 2000, 2000, 2000, 4000]


def test_a_dense_path_ends_where_the_record_ends():
    x, _, clock = truth.dense_path(straight(), (900.0, 6300.0), step_m=500.0)
    assert x.tolist() == [1000, 1500, 2000, 2500, 3000]
    assert clock.tolist() == pytest.approx([900, 1350, 1800, 5850, 6300], abs=1)


def test_a_crossing_counts_once_and_only_within_the_record():
    posts = pd.DataFrame(columns=["name", "x", "y", "precision_m"])
    expected = {(0.0, 7200.0): 1, (1000.0, 7200.0): 0}
    for span, count in expected.items():
        tally = truth.Tally()
        tally.add(
            straight(),
            route="1",
            direction="into Panama",
            times=np.array(span),
            posts=posts,
        )
        assert sum(tally.crossings.values()) == count


def test_a_crossing_in_a_long_silence_is_marked_as_not_to_be_seen():
    posts = pd.DataFrame(
        {"name": ["A"], "x": [3000.0], "y": [0.0], "precision_m": [500]}
    )
    tally = truth.Tally()
    tally.add(
        straight(),
        route="1",
        direction="into Panama",
        times=np.array([0.0, 60.0, 7200.0 + 6 * 3600.0]),
        posts=posts,
    )
    assert dict(tally.crossings) == {
        ("border", "", "into Panama", 1, False): 1,
        ("checkpoint", "A", "past", 1, False): 1,
    }


def test_gi_star_agrees_with_another_implementation():
    # Lattice and values of spdep, which gives the same to nine digits.
    k = np.arange(400)
    row, column = np.divmod(k, 20)
    y = np.floor(6 * ((0.5 + k * 0.7548776662466927) % 1))
    y += 7 * ((row - 6) ** 2 + (column - 13) ** 2 <= 9)
    tracks = {(int(c), int(r)): int(v) for r, c, v in zip(row, column, y, strict=True)}
    table = truth.hot_cells(tracks, set()).set_index(["column", "row"])
    z = [table.loc[(i % 20, i // 20), "z"] for i in (134, 0, 399)]
    assert z == pytest.approx([8.998204, -0.609628, 1.016047], abs=1e-6)
    assert (table["q"] <= 0.05).sum() == 30


def test_cells_touched_on_land_count_as_zeros_and_at_sea_do_not():
    table = truth.hot_cells({(0, 0): 5, (4, 0): 1}, {(0, 1), (9, 9)})
    assert table["column"].tolist() == [0, 0, 4]
    assert table["row"].tolist() == [0, 1, 0]
    assert table["tracks"].tolist() == [5, 0, 1]


def test_errors_have_about_unit_variance_and_are_remembered_for_minutes():
    errors = sensing._errors(np.arange(20_000) * 60.0, np.random.default_rng(5))  # noqa: SLF001
    assert 0.9 < np.median(np.abs(errors)) / 0.6745 < 1.1
    assert np.corrcoef(errors[:-1], errors[1:])[0, 1] > 0.4


def test_every_device_name_differs():
    names = {simulate.device_name(number, 2023) for number in range(3000)}
    assert len(names) == 3000
