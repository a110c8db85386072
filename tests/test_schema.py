"""The tables that pass from room to room."""

import pandas as pd
import pytest

from geo.errors import SchemaError
from geo.schema import (
    FIXES,
    REASONS,
    Sifted,
    check_fixes,
    month_label,
    month_number,
    no_fixes,
    no_rejects,
)


def fixes(**columns):
    table = {
        "track": [1, 1],
        "time": pd.to_datetime(["2023-01-01T00Z", "2023-01-01T01Z"]).as_unit("ms"),
        "lon": [-77.5, -77.4],
        "lat": [8.0, 8.1],
    }
    return pd.DataFrame(table | columns)


def test_optional_columns_are_filled_and_others_dropped():
    table = check_fixes(fixes(colour=["red", "blue"]))

    assert list(table) == list(FIXES)
    assert table["accuracy_m"].isna().all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (fixes().drop(columns="lon"), "has no column 'lon'"),
        (fixes(lat=["8", "9"]), "'lat' is .*, expected float64"),
        (fixes(track=[2, 1]), "sorted by track, then time"),
        (fixes(time=fixes()["time"][::-1].array), "sorted by track, then time"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table, message):
    with pytest.raises(SchemaError, match=message):
        check_fixes(table)


def test_an_empty_table_is_a_good_table():
    assert len(check_fixes(no_fixes())) == 0


def test_months_count_across_years():
    months = month_number(fixes()["time"])

    assert months.tolist() == [2023 * 12, 2023 * 12]
    assert month_label(2023 * 12 - 1) == "2022-12"


def test_reasons_are_counted_most_frequent_first():
    rejects = pd.DataFrame(
        {"file": "a", "line": [1, 2, 3], "column": "", "reason": list("bba")}
    )

    assert Sifted(no_fixes(), rejects).counts() == {"b": 2, "a": 1}
    assert Sifted(no_fixes(), no_rejects()).counts() == {}


def test_reasons_are_said_in_words():
    assert all(len(words) > 10 for words in REASONS.values())
