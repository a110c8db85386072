"""Steps that meet lines, pass their ends, and fixes that lie beside them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from shapely import LineString

from geo.analysis.crossings.meetings import (
    find_doubts,
    find_meetings,
    find_passings,
    lines_of,
    steps_of,
)

CORNER = [[(0, 0), (0, 100)], [(0, 100), (100, 100)]]


def lines(*shapes, sides=("A", "B"), part_of=9):
    """Reaches of one border, drawn as they come."""
    table = {
        "target": range(len(shapes)),
        "kind": "border",
        "one_side": sides[0],
        "other_side": sides[1],
        "part_of": part_of,
    }
    drawn = [LineString(shape) for shape in shapes]
    return lines_of(gpd.GeoDataFrame(table, geometry=drawn, crs="EPSG:32618"))


def steps(*points, error_m=10.0, minutes=10, variance=1.0, stop=-1):
    """Steps of one track."""
    times = pd.Timestamp("2024-06-01T06Z") + pd.to_timedelta(
        np.arange(len(points)) * minutes, unit="min"
    )
    x, y = zip(*points, strict=True)
    fixes = {"track": 1, "time": times.as_unit("ms"), "trip": 0, "stop": stop}
    places = {"x_m": np.array(x, float), "y_m": np.array(y, float), "error_m": error_m}
    return steps_of(pd.DataFrame(fixes | places), variance=variance)


def test_the_last_fix_of_a_track_begins_no_step():
    table = steps((0, 0), (9, 0))
    assert table["ended"].tolist() == [False, True]
    assert table["motion"].tolist() == [600.0, 0.0]


def test_a_meeting_is_on_its_reach_at_its_time_and_into_the_first_side():
    there = find_meetings(steps((50, 30), (-50, 30)), lines(*CORNER))
    assert there[["step", "row", "flow"]].to_numpy().tolist() == [[0, 0, 1]]
    assert pd.Timestamp(there["time"][0], unit="ms").minute == 5
    other = find_meetings(steps((50, 30), (-50, 30)), lines(*CORNER, sides=("B", "A")))
    assert other["flow"].tolist() == [-1.0]


def test_what_one_reach_loses_at_the_joint_the_next_one_gains():
    found = find_passings(steps((50, 90), (-50, 110)), lines(*CORNER))
    joint = found[found["flow"].abs() > 0.1].set_index("row")["flow"]
    assert joint.sum() == pytest.approx(0.0)
    assert joint.abs().tolist() == pytest.approx([0.5, 0.5], abs=1e-6)


def test_who_passes_far_from_all_ends_is_not_looked_at():
    assert find_passings(
        steps((90, 50), (-90, 50), variance=0.1), lines(*CORNER[:1])
    ).empty


def test_round_a_free_end_only_long_silences_go_and_nobody_in_a_stop():
    over = (50, 110), (-50, 110)
    reach = lines(*CORNER[:1])
    assert find_passings(steps(*over), reach).empty
    silent = find_passings(steps(*over, minutes=61), reach)
    assert abs(silent["flow"].sum()) > 0.3
    resting = steps(*over, minutes=61, stop=0)
    assert resting["motion"].tolist() == [0.0, 0.0]
    assert abs(find_passings(resting, reach)["flow"].sum()) < 0.2


def test_a_fix_is_in_doubt_by_its_distance_to_the_nearest_reach():
    found = find_doubts(steps((10, 50), (50, 85), (60, 700)), lines(*CORNER))
    assert found["fix"].tolist() == [0, 1]
    assert found["row"].tolist() == [0, 1]
    assert found["flip"].tolist() == pytest.approx([norm.sf(1), norm.sf(1.5)])
    assert found["seen"].tolist() == [0, 0]


@pytest.mark.parametrize(("point", "left"), [((-5, 103), 1), ((5, 97), 0)])
def test_at_a_corner_a_fix_lies_on_one_side_for_both_reaches(point, left):
    (row,) = find_doubts(steps(point, (900, 900)), lines(*CORNER)).itertuples()
    assert row.seen == left


def test_without_a_whole_the_border_is_one_line_and_each_river_its_own():
    table = gpd.GeoDataFrame(
        {
            "target": range(5),
            "kind": ["border", "border", "river", "river", "checkpoint"],
            "one_side": "A",
            "other_side": "B",
        },
        geometry=[LineString([(0, 0), (1, n)]) for n in range(5)],
    )
    assert lines_of(table).line.tolist() == [0, 0, 1, 2]
