"""The tables of what passes the cleaning and what does not."""

import numpy as np
import pandas as pd
import pytest

from geo.kernels.cleaning import Rule
from geo.kernels.verdicts import Limits
from geo.schema import REJECTS
from geo.sieve import REASONS, Turned, judged_fixes

LAEA = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-79.0, 7.0, -76.0, 9.5)
FAR = (-120.0, 7.0, -76.0, 9.5)
NEVER = np.iinfo(np.int64).max
RULE = Rule(speed=0.01, error=20.0, gap=60_000, fewest=2)


def fixes(seconds, **columns):
    time = pd.Timestamp("2024-06-01T06Z") + pd.to_timedelta(seconds, unit="s")
    table = {"track": 1, "time": time, "lon": -77.5, "lat": 8.1, **columns}
    return pd.DataFrame(table).astype({"time": "datetime64[ms, UTC]"})


def judged(table, *, bounds=BOUNDS, rule=RULE):
    limits = Limits(*bounds, np.inf, NEVER)
    return judged_fixes(table, crs=LAEA, bounds=bounds, limits=limits, rule=rule)


def test_a_lonely_fix_is_clean_and_in_no_trip():
    said = judged(fixes([0, 30, 200, 300, 330]))

    assert said.kept(trips=True)["trip"].tolist() == [0, 0, 1, 1]
    assert said.turned().counts() == {}
    assert [tally.fixes for tally in said.tallies] == [5]


def test_what_nobody_knows_of_any_fix_takes_no_memory():
    kept = judged(fixes([0, 30])).kept(trips=False)

    for name in ("elevation_m", "accuracy_m", "error_m"):
        assert kept[name].to_numpy().strides == (0,)
    kept.loc[0, "error_m"] = 1.0  # and can be written to all the same
    assert kept["error_m"].tolist() == [1.0, 20.0]


@pytest.mark.parametrize("own", [True, False])
def test_both_ways_to_metres_lead_to_the_same_place(own):
    table = fixes([0, 30, 60], lon=[-77.5, -77.4999, -77.4998])
    kept = judged(table, bounds=BOUNDS if own else FAR).kept(trips=False)

    assert kept["x_m"].round(2).tolist() == [0.0, 11.02, 22.04]


def test_the_rows_turned_away_come_by_source_line_and_reason():
    table = fixes(
        [0, 0, 60, 90],
        lat=[8.1, 8.1, 99.0, np.nan],
        source=["b", "b", "a", "b"],
        line=[2, 1, 9, 1],
    )

    rejects = judged(table).turned().rejects()

    assert list(rejects.itertuples(index=False, name=None)) == [
        ("a", 9, "", "outside the region"),
        ("b", 1, "", "no position"),
        ("b", 2, "", "duplicate"),
    ]
    assert dict(rejects.dtypes.astype(str)) == dict(REJECTS)


def test_the_most_frequent_reason_comes_first():
    why = np.array([REASONS.index(name) for name in ("spike", "no time", "spike")])
    turned = Turned(why.astype(np.int8), pd.array([""] * 3, dtype="str"), np.arange(3))

    assert list(turned.counts().items()) == [("spike", 2), ("no time", 1)]


def test_of_no_fixes_nothing_is_left():
    said = judged(fixes([]).astype({"track": "int64"}))

    assert len(said.kept(trips=True)) == len(said.turned().rejects()) == 0
