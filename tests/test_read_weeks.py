"""A receiver whose count of weeks rolled over."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.read import read_fixes
from geo.read.weeks import ERA_MS, eras_off

CAMPAIGN = (datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))


def ms(*moments):
    return np.array(moments, dtype="datetime64[ms]").astype(np.int64)


START_MS, END_MS = ms("2023-01-01", "2024-01-01").tolist()


def log(path, times):
    """Write a file with one device and these times."""
    lat = 8 + 0.001 * np.arange(len(times))
    frame = pd.DataFrame({"device": "A", "time": times, "lat": lat, "lon": -77.5})
    frame.to_csv(path, index=False)
    return path


def shifted(times, *, days):
    moments = pd.to_datetime(pd.Series(times)) + pd.Timedelta(days=days)
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()


TRUE = [f"2023-08-0{day}T12:00:00Z" for day in range(1, 8)]


class TestErasOff:
    """Whole roll-overs, counted on the calendar by hand."""

    @pytest.mark.parametrize(
        ("moment", "eras"),
        [
            ("2023-08-01T12:00", 0),
            ("2003-12-17T12:00", 1),  # 7168 days before that
            ("1984-05-03T12:00", 2),
            ("2043-03-17T12:00", -1),
            ("2062-10-31T12:00", -2),
            ("1964-09-17T12:00", 0),  # three: that is some other fault
            # 1,365 days after the roll-over of 1999-08-22, as 2023-01-01 is after
            # that of 2019-04-07.
            ("2003-05-17T23:59:59.999", 0),
            ("2003-05-18T00:00", 1),
            ("2004-05-16T23:59:59.999", 1),
            ("2004-05-17T00:00", 0),
            ("2022-08-01", 0),
            ("2003-01-01", 0),
        ],
    )
    def test_only_what_whole_rollovers_bring_into_the_campaign_moves(
        self, moment, eras
    ):
        assert eras_off(ms(moment), start_ms=START_MS, end_ms=END_MS) == [eras]

    def test_where_two_moves_would_do_nothing_is_moved(self):
        """In a campaign of 24 years, 1984 may be 2003 or 2023."""
        start, end = ms("2000-01-01", "2024-01-01")

        moves = eras_off(ms("1984-05-03", "1974-01-01"), start_ms=start, end_ms=end)

        assert moves.tolist() == [0, 2]

    @given(
        moment=st.integers(START_MS, END_MS - 1),
        eras=st.integers(-2, 2),
        other=st.integers(-(10**13), 10**13),
    )
    def test_a_moved_time_lies_in_the_campaign_and_moves_no_more(
        self, moment, eras, other
    ):
        times = np.array([moment - eras * ERA_MS, other])

        moves = eras_off(times, start_ms=START_MS, end_ms=END_MS)
        mended = times + moves * ERA_MS

        assert moves[0] == eras
        assert ((mended >= START_MS) & (mended < END_MS))[moves != 0].all()
        assert not eras_off(mended, start_ms=START_MS, end_ms=END_MS).any()


class TestFiles:
    """A file is refused, mended, or left as it is."""

    @pytest.mark.parametrize("days", [-7168, -14336, 7168, 14336])
    def test_a_file_that_is_off_is_refused_and_can_be_mended(self, tmp_path, days):
        right = read_fixes(log(tmp_path / "right.csv", TRUE), key=b"k")
        path = log(tmp_path / "off.csv", shifted(TRUE, days=days))

        with pytest.raises(
            InputError,
            match=rf"^off\.csv: 7 of its 7 times lie {abs(days) // 7} weeks outside "
            r".*rolled over\. Add it with --rollover; or correct",
        ):
            read_fixes(path, key=b"k", campaign=CAMPAIGN)

        mended = read_fixes(path, key=b"k", campaign=CAMPAIGN, rollover=True)
        pd.testing.assert_frame_equal(mended.fixes, right.fixes)
        assert any("7 of 7 rows moved by" in note for note in mended.notes)

    def test_a_nameless_track_keeps_the_name_that_it_has_when_right(self, tmp_path):
        paths = []
        for name, times in (("a", TRUE), ("b", shifted(TRUE, days=-7168))):
            path = log(tmp_path / f"{name}.csv", times)
            pd.read_csv(path).drop(columns="device").to_csv(path, index=False)
            paths.append(path)

        right, mended = (
            read_fixes(path, key=b"k", campaign=CAMPAIGN, rollover=True)
            for path in paths
        )

        pd.testing.assert_frame_equal(mended.fixes, right.fixes)

    def test_without_a_campaign_nothing_is_asked_of_the_times(self, tmp_path):
        path = log(tmp_path / "off.csv", shifted(TRUE, days=-7168))

        sifted = read_fixes(path, key=b"k")

        assert sifted.fixes["time"].dt.year.unique().tolist() == [2003]
        assert not any("weeks" in note for note in sifted.notes)

    def test_the_lesser_part_of_a_file_is_only_noted(self, tmp_path):
        path = log(tmp_path / "mixed.csv", TRUE[:4] + shifted(TRUE[4:], days=-7168))

        sifted = read_fixes(path, key=b"k", campaign=CAMPAIGN)

        assert sifted.fixes["time"].dt.year.value_counts().to_dict() == {
            2023: 4,
            2003: 3,
        }
        assert any("times of 3 of 7 rows lie 1024 weeks" in n for n in sifted.notes)

    def test_half_of_a_file_is_not_more_than_half(self, tmp_path):
        path = log(tmp_path / "half.csv", TRUE[:2] + shifted(TRUE[2:4], days=-7168))

        assert len(read_fixes(path, key=b"k", campaign=CAMPAIGN).fixes) == 4

    def test_times_that_are_off_by_other_amounts_are_not_touched(self, tmp_path):
        other = ["2003-01-01T00:00:00Z", "2010-01-01T00:00:00Z", "1999-01-01T00:00:00Z"]
        off = shifted(TRUE, days=-7168)
        path = log(tmp_path / "off.csv", [*other, *off, "", "yesterday"])

        sifted = read_fixes(path, key=b"k", campaign=CAMPAIGN, rollover=True)

        years = sifted.fixes["time"].dt.year
        assert years.value_counts().to_dict() == {2023: 7, 2003: 1, 2010: 1}
        assert sifted.counts() == {"before 2000": 1, "no time": 2}

    def test_a_file_without_any_time_is_said_to_have_none(self, tmp_path):
        path = log(tmp_path / "none.csv", ["", ""])

        with pytest.raises(InputError, match="time"):
            read_fixes(path, key=b"k", campaign=CAMPAIGN)
