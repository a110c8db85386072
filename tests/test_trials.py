"""Corridors on trial, beside guesses that they have to beat."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analysis.corridors.rivals import Terrain, straight_line
from geo.analysis.corridors.validation import Entered
from geo.errors import InputError
from geo.folds import GROUPS, Groups, Moved
from geo.grid import Grid, Surface
from geo.kernels.draws import mixed
from geo.trials import Trial, estimate, try_stability, try_surfaces
from geo.truth import against_truth
from geo.ways import rival_costs, try_lines, ways_of_rivals

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
GRID = Grid(CRS, 0, 20_000, 250, rows=80, columns=120)
ROWS = np.arange(0, 120)


def detour(number):
    """A walk from west to east that goes round by the north, as all do."""
    rng = np.random.default_rng(number)
    shift = rng.normal(0, 60)
    return [(1_125, 4_125), (3_125, 13_125 + shift), (26_125, 13_125), (28_125, 4_125)]


def across(number):
    """A walk that goes straight."""
    y = 9_000 + 1_500 * np.random.default_rng(number).normal()
    return [(1_125, y), (28_125, y)]


def groups_of(ways, *, seed=0):
    """Groups as `join_groups` returns them, of ways that move along their lines."""
    keys = np.sort(
        mixed(np.arange(len(ways), dtype=np.uint64) + np.uint64(1000 * seed))
    )
    cells, moved = [], [[] for _ in range(GROUPS)]
    for key, way in zip(keys, ways, strict=True):
        line = shapely.segmentize(shapely.LineString(way), 50)
        mine = np.unique(GRID.cell_of(*shapely.get_coordinates(line).T))
        cells.append(mine)
        moved[int(key % np.uint64(GROUPS))].append(mine)
    track = np.repeat(np.arange(len(ways)), [len(mine) for mine in cells])
    places = np.array([[*way[0], *way[-1]] for way in ways], float).reshape(-1, 4)
    trips = pd.DataFrame(places, columns=["x0_m", "y0_m", "x1_m", "y1_m"])
    trips.insert(0, "track", np.arange(len(ways)))
    trips["way"] = pd.Series([np.array(way, float) for way in ways], dtype=object)
    return Groups(
        moved=tuple(_moved(some) for some in moved),
        keys=keys,
        entered=Entered(track, np.concatenate(cells)),
        trips=trips,
    )


def _moved(tracks):
    cell, count = np.unique(np.concatenate([[], *tracks]), return_counts=True)
    return Moved(cell.astype(np.int64), count.astype(np.int64) << 30, count)


def trial_of(ways, *, relief=None, seed=0, **changes):
    rivers = gpd.GeoDataFrame({"order": []}, geometry=[], crs=CRS)
    land = np.ones(GRID.shape, bool)
    whole = {
        "groups": groups_of(ways, seed=seed),
        "terrain": Terrain(GRID, land, relief, rivers),
        "ground": land,
        "folds": 5,
        "level": 0.75,
        "fewest": 10,
    }
    return Trial(**(whole | changes))


def straight_ways(trial):
    ends = trial.groups.trips[["x0_m", "y0_m", "x1_m", "y1_m"]].to_numpy()
    return {"straight": [straight_line(one) for one in ends]}


def scored(outcome):
    return {score.name: score for score in outcome.scores}


@pytest.fixture(scope="module")
def detours():
    return trial_of([detour(number) for number in range(150)])


def test_corridors_that_go_round_beat_straight_lines(detours):
    outcome = try_surfaces(detours, straight_ways(detours))
    found = scored(outcome)

    assert list(found) == ["corridors", "straight", "anywhere"]
    assert found["corridors"].inside.value > 0.6
    assert found["straight"].inside.value < 0.1
    assert outcome.over_straight.low > 1.2
    assert found["anywhere"].lift.value == pytest.approx(1.0)
    assert found["anywhere"].auc.value == pytest.approx(0.5)
    assert found["corridors"].log_gain.value > found["straight"].log_gain.value


def test_corridors_along_straight_ways_are_no_better_than_straight_lines():
    trial = trial_of([across(number) for number in range(150)])
    outcome = try_surfaces(trial, straight_ways(trial))

    assert not outcome.over_straight.low > 1.0


def test_every_surface_is_scored_on_the_same_area(detours):
    found = scored(try_surfaces(detours, straight_ways(detours)))
    shown = [score for score in found.values() if score.inside.value > 0]
    per_share = {score.lift.value / score.inside.value for score in shown}

    assert len(shown) >= 2

    assert max(per_share) == pytest.approx(min(per_share), rel=0.02)


def test_a_further_surface_is_scored_by_its_name(detours):
    def model(train, entered):
        assert entered.tracks == train.support.max() < 150
        return {"modelled": Surface(GRID, train.support.astype(float), "m", "1")}

    trial = replace(detours, further=model)
    found = scored(try_surfaces(trial, straight_ways(trial)))

    assert found["modelled"].inside.value > found["straight"].inside.value


def test_the_order_of_trips_does_not_matter(detours):
    trips = detours.groups.trips.iloc[::-1].reset_index(drop=True)
    turned = replace(detours, groups=replace(detours.groups, trips=trips))

    assert try_surfaces(turned, straight_ways(turned)) == try_surfaces(
        detours, straight_ways(detours)
    )


def test_a_fold_without_tracks_is_passed_over():
    trial = trial_of([detour(1)], fewest=1)
    outcome = try_surfaces(trial, straight_ways(trial))

    assert scored(outcome)["corridors"].inside.value == 0  # nobody else walked
    assert np.isfinite(outcome.over_straight.value)


def test_tracks_that_stay_in_one_cell_are_no_error():
    spot = [(1_125, 4_125), (1_126, 4_125)]
    trial = trial_of([spot] * 120)
    outcome = try_surfaces(trial, straight_ways(trial))

    assert scored(outcome)["corridors"].inside.value == pytest.approx(1.0)


def test_ways_through_corridors_are_nearer_than_straight_ones():
    trial = trial_of([detour(number) for number in range(25)], fewest=3)
    outcome = try_lines(trial, try_surfaces(trial, straight_ways(trial)))
    found = scored(outcome)

    assert outcome.lines == 25
    assert found["straight"].deviation_m.value == pytest.approx(8_300, rel=0.1)
    assert found["corridors"].deviation_m.value < 600
    assert found["corridors"].overlap["500"] > 0.9
    assert found["straight"].overlap["500"] < 0.1
    assert found["anywhere"].deviation_m is None


def test_short_trips_are_not_compared_as_lines():
    short = [(1_125, 4_125), (5_125, 4_125)]
    trial = trial_of([short] * 20)
    outcome = try_surfaces(trial, straight_ways(trial))

    assert try_lines(trial, outcome) == outcome


def test_rivals_without_a_relief_are_straight_and_isotropic(detours):
    assert list(rival_costs(detours.terrain)) == ["isotropic"]
    few = trial_of([detour(number) for number in range(3)])
    assert {name: len(ways) for name, ways in ways_of_rivals(few).items()} == {
        "straight": 3,
        "isotropic": 3,
    }


def test_rivals_begin_and_end_where_each_trip_does():
    hills = Surface(GRID, np.add.outer(np.zeros(80), np.arange(120.0)), "height", "m")
    trial = trial_of([detour(n) for n in range(2)] + [across(1)], relief=hills)
    ways = ways_of_rivals(trial)

    assert list(ways) == ["straight", "isotropic", "mirrored", "terrain"]
    for lines in ways.values():
        for line, ends in zip(lines, trial.groups.trips.to_numpy(), strict=True):
            assert line.coords[0] == tuple(ends[1:3])
            assert line.coords[-1] == tuple(ends[3:5])


def test_what_all_walk_stays_when_tracks_are_drawn_again(detours):
    stable = try_stability(detours)

    assert stable.stable > 0.9
    assert stable.jaccard > 0.8


def test_what_one_group_walks_does_not_stay():
    rng = np.random.default_rng(8)
    scattered = [[(500, y), (29_000, y)] for y in rng.integers(2, 78, 60) * 250 + 125]

    assert try_stability(trial_of(scattered, fewest=1)).jaccard < 0.8
    assert try_stability(trial_of([detour(1)])).jaccard == 1.0  # none, every time


def test_an_estimate_of_nothing_is_its_value():
    alone = estimate(3.0, np.full(5, np.nan))

    assert (alone.low, alone.high) == (3.0, 3.0)


def routes(folder, lines):
    to_degrees = gpd.GeoSeries(lines, crs=CRS).to_crs("EPSG:4326")
    legs = [
        {
            "type": "Feature",
            "properties": {"mode": mode},
            "geometry": shapely.geometry.mapping(line),
        }
        for mode, line in zip(("walk", "sea"), to_degrees, strict=False)
    ]
    told = {"type": "FeatureCollection", "features": legs}
    (folder / "routes.geojson").write_text(json.dumps(told), encoding="utf-8")


def test_the_truth_is_held_by_corridors_and_not_by_straight_lines(detours, tmp_path):
    away = shapely.LineString([(1_000, 500), (29_000, 500)])
    routes(tmp_path, [shapely.LineString(detour(0)), away])
    found = {
        one.name: one
        for one in against_truth(tmp_path, detours, straight_ways(detours))
    }

    assert found["corridors"].routes["walk"] > 0.6
    assert found["corridors"].routes["sea"] == 0
    assert found["corridors"].near > 0.95
    assert found["straight"].routes["walk"] < 0.1


def test_without_routes_there_is_no_truth(detours, tmp_path):
    assert against_truth(tmp_path, detours, {}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"features": [{"geometry": {"coordinates": [[1]]}, "properties": {}}]}',
        '{"features": [{"geometry": {"coordinates": [1]}, "properties": {"mode": 1}}]}',
    ],
)
def test_routes_that_are_none_are_refused(detours, tmp_path, text):
    (tmp_path / "routes.geojson").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match="holds no routes"):
        against_truth(tmp_path, detours, straight_ways(detours))
