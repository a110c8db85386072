"""Where more was recorded than the tracks that pass explain."""

import numpy as np
import pandas as pd
import shapely

from geo.findings.risk import find_risk
from geo.grid import Grid

GRID = Grid("EPSG:32618", 0, 40_000, 500, rows=80, columns=80)
LAND = np.ones(GRID.shape, bool)
WHERE = {"land": LAND, "bandwidth_m": 2000.0}


def recorded(x, y, *, shared=False):
    return pd.DataFrame({"x_m": x, "y_m": y, "shared": shared})


def people(number, *, seed, at=None, spread_m=1200.0):
    rng = np.random.default_rng(seed)
    if at is None:
        return rng.uniform(2000, 38_000, (2, number))
    return rng.normal(at, spread_m, (2, number))


def test_a_crowd_of_incidents_on_a_quiet_way_is_outlined():
    cases = np.concatenate(
        [people(200, seed=1), people(100, seed=2, at=20_000)], axis=1
    )
    found = find_risk(recorded(*cases), tuple(people(900, seed=3)), GRID, **WHERE)
    risk = found["risk"]

    middle = shapely.Point(20_000, 20_000)
    wide, narrow = (risk[risk["level"] == level] for level in (95, 99))
    assert wide.contains(middle).sum() == narrow.contains(middle).sum() == 1
    assert narrow.area.sum() < wide.area.sum() < 120e6
    row = wide[wide.contains(middle)].iloc[0]
    assert row["points"] >= 100
    assert row["ratio"] > 5


def test_as_many_incidents_as_tracks_explain_are_no_risk():
    cases, passing = (
        np.concatenate([people(200, seed=s), people(200, seed=s + 9, at=9000)], axis=1)
        for s in (5, 6)
    )
    found = find_risk(recorded(*cases), tuple(passing), GRID, **WHERE)

    assert found["risk"].empty
    assert list(found["risk"].columns)[-1] == "geometry"


def test_looked_up_places_and_few_points_tell_nothing():
    many = people(500, seed=3)
    looked_up = recorded(*people(100, seed=1, at=20_000), shared=True)

    assert find_risk(looked_up, tuple(many), GRID, **WHERE) == {}
    assert find_risk(recorded(*people(29, seed=1)), tuple(many), GRID, **WHERE) == {}
    assert find_risk(recorded(*many), tuple(people(9, seed=2)), GRID, **WHERE) == {}
    assert find_risk(None, tuple(many), GRID, **WHERE) == {}


def test_the_order_of_points_makes_no_difference():
    cases = np.concatenate(
        [people(200, seed=1), people(100, seed=2, at=20_000)], axis=1
    )
    passing = tuple(people(900, seed=3))
    one = find_risk(recorded(*cases), passing, GRID, **WHERE)["risk"]
    other = find_risk(recorded(*cases[:, ::-1]), passing, GRID, **WHERE)["risk"]

    assert one.equals(other)
