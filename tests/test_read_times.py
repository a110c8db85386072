"""Times as people and devices write them."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.read.times import MISSING, NAIVE, OK, read_times


def utc(*cells, tz="America/Panama"):
    """Read cells as one column; ISO texts in UTC, or the state of what is not OK."""
    times = read_times(pa.array(cells), time_zone=tz)
    names = {MISSING: "missing", NAIVE: "naive"}
    stamps = times.ms.astype("datetime64[ms]")
    return [
        names.get(int(state), str(stamp))
        for stamp, state in zip(stamps, times.state, strict=True)
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2023-05-01T12:00:00Z", "2023-05-01T12:00:00.000"),
        ("2023-05-01T12:00:00.123456Z", "2023-05-01T12:00:00.123"),
        ("2023-05-01T12:00:00.9999999Z", "2023-05-01T12:00:00.999"),
        ("2023-05-01T07:00:00-05:00", "2023-05-01T12:00:00.000"),
        ("2023-05-01T07:00:00.000-0500", "2023-05-01T12:00:00.000"),
        ("2023-05-01 07:00-05", "2023-05-01T12:00:00.000"),
        ("2023-05-01 17:30+05:30", "2023-05-01T12:00:00.000"),
        ("2023-05-01 12:00:00 UTC", "2023-05-01T12:00:00.000"),
        ("2023/05/01 12:00 GMT", "2023-05-01T12:00:00.000"),
        ("2023-05-01T12Z", "2023-05-01T12:00:00.000"),
        ("2023-06-30T23:59:60Z", "2023-07-01T00:00:00.000"),
        ("2023-02-28T24:00Z", "2023-03-01T00:00:00.000"),
        ("2024-02-29T00:00Z", "2024-02-29T00:00:00.000"),
        ("20230501T120000Z", "2023-05-01T12:00:00.000"),
        ("2023-05-01 07:00:00", "2023-05-01T12:00:00.000"),
        ("20230501070000", "2023-05-01T12:00:00.000"),
        ("2023-05-01", "2023-05-01T05:00:00.000"),
        ("31/05/2023 07:00", "2023-05-31T12:00:00.000"),
        ("31-05-23 7:00", "2023-05-31T12:00:00.000"),
        ("31.05.2023, 7:00:01", "2023-05-31T12:00:01.000"),
        ("5/31/2023 7:00:00 PM", "2023-06-01T00:00:00.000"),
        ("31/05/2023 12:00 a. m.", "2023-05-31T05:00:00.000"),
        ("31/05/2023 12:00 p.m.", "2023-05-31T17:00:00.000"),
        ("13-ago-07 10:00", "2007-08-13T15:00:00.000"),
        ("3 de mayo de 2023 07:00", "2023-05-03T12:00:00.000"),
        ("May 3, 2023 07:00", "2023-05-03T12:00:00.000"),
        ("1 Sept 2023 07:00", "2023-09-01T12:00:00.000"),
        ("1682942400", "2023-05-01T12:00:00.000"),
        ("1682942400.25", "2023-05-01T12:00:00.250"),
        ("1682942400250", "2023-05-01T12:00:00.250"),
        ("1682942400250000", "2023-05-01T12:00:00.250"),
        ("45047,2916666667", "2023-05-01T12:00:00.000"),
        ("0", "1970-01-01T00:00:00.000"),
    ],
)
def test_a_time_is_understood(cell, expected):
    assert utc(cell) == [expected]


@pytest.mark.parametrize(
    "cell",
    [
        "", None, "soon", "2023-13-01T00:00Z", "2023-02-29T00:00Z", "2023-05-01T25:00Z",
        "2023-05-01T24:01Z", "2023-05-01T12:60Z", "12:00", "31/31/2023", "0/5/2023",
        "31/05/2023 13:00 PM", "nan", "inf", "-", "1e300", "2023-05-01T12:00:00+99:99x",
    ],
)  # fmt: skip
def test_what_is_no_time_is_missing(cell):
    assert utc(cell) == ["missing"]


def test_times_without_offset_are_naive_without_a_zone():
    cells = ["2023-05-01 07:00", "2023-05-01 07:00Z", "45047.5", "01/05/2023"]
    assert utc(*cells, tz="") == [
        "naive",
        "2023-05-01T07:00:00.000",
        "naive",
        "naive",
    ]


def test_hours_that_a_clock_repeats_or_skips_are_naive():
    cells = ["2023-11-05 01:30", "2023-03-12 02:30", "2023-11-05 03:00"]
    assert utc(*cells, tz="America/New_York") == [
        "naive",
        "naive",
        "2023-11-05T08:00:00.000",
    ]


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (["1/2/2023", "13/2/2023"], "dates were read as day/month/year"),
        (["1/2/2023", "2/13/2023"], "dates were read as month/day/year"),
        (["1/2/2023"], "day/month/year: a guess, no day is above 12"),
        (["1682942400"], "times are seconds since 1970"),
        (["1682942400000"], "times are milliseconds since 1970"),
        (["45047.5"], "times are serial days of a spreadsheet"),
        (["2023-05-01"], "times without an offset were read as America/Panama"),
    ],
)
def test_what_was_understood_is_said(cells, note):
    notes = read_times(pa.array(cells), time_zone="America/Panama").notes
    assert any(note in said for said in notes)


def test_day_or_month_first_is_decided_for_the_whole_column():
    assert utc("01/02/2023", "02/13/2023")[0] == "2023-01-02T05:00:00.000"
    assert utc("01/02/2023", "13/02/2023")[0] == "2023-02-01T05:00:00.000"


def test_evenly_written_dates_read_as_the_others_do():
    cells = ["31/05/2023 07:00:00", "01/06/2023 23:59:59", "31/06/2023 00:00:00"]
    evenly, mixed = utc(*cells), utc(*cells, "1/6/23 7:00")
    assert evenly == mixed[:3]
    assert evenly == [
        "2023-05-31T12:00:00.000",
        "2023-06-02T04:59:59.000",
        "missing",
    ]


def test_a_column_that_contradicts_itself_keeps_what_fits():
    assert utc("13/02/2023", "02/13/2023") == ["2023-02-13T05:00:00.000", "missing"]


def test_an_unknown_zone_is_refused():
    with pytest.raises(InputError, match="no time zone 'Mars'"):
        read_times(pa.array(["2023-05-01 07:00"]), time_zone="Mars")


@pytest.mark.parametrize("zone", ["../../etc/hostname", "/etc/hostname", "A" * 5000])
def test_a_zone_is_no_path(zone):
    with pytest.raises(InputError, match="no time zone"):
        read_times(pa.array(["2023-05-01 07:00"]), time_zone=zone)


@given(
    st.lists(
        st.datetimes(
            datetime(1990, 1, 1),  # noqa: DTZ001
            datetime(2090, 1, 1),  # noqa: DTZ001
            timezones=st.integers(-14 * 4, 14 * 4).map(
                lambda quarters: timezone(timedelta(minutes=15 * quarters))
            ),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["T", " "]),
    st.booleans(),
)
@settings(deadline=None)
def test_iso_times_equal_those_of_python(moments, between, odd):
    """The fast and the patient way agree with each other and with the library."""
    cells = [moment.isoformat(between) for moment in moments] + ["?"] * odd

    times = read_times(pa.array(cells))

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [(moment - epoch) // timedelta(milliseconds=1) for moment in moments]
    assert times.ms[: len(moments)].tolist() == expected
    assert times.state.tolist() == [OK] * len(moments) + [MISSING] * odd


@given(st.lists(st.text(max_size=30), max_size=20))
@settings(deadline=None)
def test_any_text_gives_an_answer(cells):
    times = read_times(pa.array(cells, pa.string()), time_zone="America/Panama")
    assert times.ms.shape == times.state.shape == (len(cells),)
    assert np.isin(times.state, [OK, MISSING, NAIVE]).all()
