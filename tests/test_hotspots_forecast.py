"""Whether maps of the months so far tell of the next one."""

import numpy as np
import pandas as pd
import pytest

from geo.analysis.hotspots.forecast import METHODS, _score, score_forecasts
from geo.grid import Grid
from geo.schema import ALL_MONTHS

GRID = Grid("EPSG:32618", 0, 20_000, 2_000, rows=10, columns=10)


def table(cube):
    """Visits of months by cells."""
    month, cell = np.nonzero(cube)
    return pd.DataFrame({"cell": cell, "month": month, "tracks": cube[month, cell]})


def scores(cube, **options):
    """The scores by method."""
    found = score_forecasts(table(cube), GRID, bandwidth_m=2_000, **options)
    return found.set_index("method")


def crowd(months=6, where=(44, 45, 54, 55), size=40):
    """One track everywhere, and a crowd in some cells."""
    cube = np.ones((months, 100), int)
    cube[:, list(where)] = size
    return cube


def test_the_indices_are_those_of_the_papers():
    """20 of 50 visits in 4 of 100 cells; the best four cells would have had 40."""
    visits = np.zeros(100, int)
    visits[:8] = [10, 10, 10, 10, 2, 2, 3, 3]

    found = _score(visits, np.array([0, 1, 8, 9]), 100)

    assert found == {
        "area_pct": 4.0,
        "hit_pct": 40.0,
        "pai": pytest.approx(0.4 / 0.04),
        "pei": 0.5,
    }


def test_all_maps_mark_the_same_area():
    rng = np.random.default_rng(1)
    found = scores(crowd() + rng.poisson(3, (6, 100)))

    assert list(found.index) == list(METHODS)
    assert len(set(found["area_pct"])) == 1
    assert (found["months"] == 3).all()


def test_a_crowd_that_moves_each_month_is_foretold_by_none():
    cube = np.ones((8, 100), int)
    for month in range(8):
        corner = 11 * month
        cube[month, [corner, corner + 1, corner + 10, corner + 11]] = 60

    found = scores(cube)

    if len(found):  # nothing may be hot in the sum
        assert (found["pei"] < 0.9).all()


def test_a_crowd_of_last_month_alone_is_known_to_the_naive_map():
    cube = crowd(6)
    cube[4:, [44, 45, 54, 55]] = 1
    cube[4:, [70, 71, 80, 81]] = 40

    found = scores(cube)

    # Month 4 surprises all; in month 5 the map of last month knows, hotspots do not.
    assert found.loc["last month", "pei"] > found.loc["hotspots", "pei"]


def test_no_map_beats_the_best_one():
    rng = np.random.default_rng(7)
    found = scores(crowd() + rng.poisson(2, (6, 100)))

    assert (found["pei"] <= 1).all()
    assert found["pei"].min() > 0.9
    assert found["pai"].min() > 5


def test_the_months_before_do_not_know_the_month_itself():
    """What happens in the last month cannot change what was foretold of others."""
    cube = crowd(6)
    other = cube.copy()
    other[5] = 1
    other[5, :4] = 500

    one, two = scores(cube), scores(other)

    first = scores(cube[:5])
    for found in (one, two):
        missing = 3 * found["hit_pct"] - 2 * first["hit_pct"]
        assert (missing >= -1e-9).all()
    assert (two["hit_pct"] < one["hit_pct"]).all()


@pytest.mark.parametrize(
    "cube",
    [
        np.zeros((6, 100), int),
        np.ones((6, 100), int),
        crowd(3),
        np.eye(1, 100, dtype=int),
    ],
    ids=["nobody", "all alike", "too few months", "one cell"],
)
def test_without_months_or_hotspots_there_is_no_score(cube):
    assert len(score_forecasts(table(cube), GRID, bandwidth_m=2_000)) == 0


def test_rows_of_all_months_are_not_used():
    visits = table(crowd())
    whole = visits.groupby("cell", as_index=False)["tracks"].sum()
    both = pd.concat(
        [whole.assign(month=ALL_MONTHS), visits.sample(frac=1, random_state=1)]
    )

    one = score_forecasts(visits, GRID, bandwidth_m=2_000)
    two = score_forecasts(both, GRID, bandwidth_m=2_000)

    assert one.equals(two)


def test_a_month_without_anybody_is_not_foretold():
    cube = crowd(6)
    cube[4] = 0

    assert (scores(cube)["months"] == 2).all()


def test_a_kernel_needs_a_width():
    with pytest.raises(ValueError, match="bandwidth_m is 0"):
        score_forecasts(table(crowd()), GRID, bandwidth_m=0)
