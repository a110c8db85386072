"""Files into the store: what is new, what is known, what is gone."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from geo.errors import InputError
from geo.files import digest_file
from geo.ingest import Options, drop_sources, look_at, take_in
from geo.store import open_store
from tests.regions import BOUNDS, walk, write_walks

OPTIONS = Options(bounds=BOUNDS)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path):
    """A folder of two files."""
    (tmp_path / "fixes").mkdir()
    write_walks(tmp_path / "fixes" / "a.csv", [1])
    write_walks(tmp_path / "fixes" / "b.csv", [2])
    return tmp_path / "fixes"


def names(store):
    return sorted(source.name for source in store.sources.values())


def rows(store):
    return sum(len(store.load(month)) for month in store.months)


class TestTakingIn:
    """The store follows the folder, and remembers what was added."""

    def test_new_files_come_in_once(self, store, folder):
        first = take_in(store, OPTIONS, folder=folder)
        again = take_in(store, OPTIONS, folder=folder)

        assert [source.name for source in first.new] == ["a.csv", "b.csv"]
        assert (again.new, again.known, again.gone) == ((), 2, 0)
        assert rows(store) == sum(s.kept for s in store.sources.values())

    def test_a_source_counts_what_was_read_and_why_rows_went(self, store, folder):
        source, _ = take_in(store, OPTIONS, folder=folder).new

        assert (source.read, source.kept) == (52, 51)
        assert source.rejected == {"zero position": 1}
        assert source.simulated
        assert source.origin == "folder"

    def test_an_absent_folder_is_an_empty_one(self, store, tmp_path):
        came = take_in(store, OPTIONS, folder=tmp_path / "none")

        assert (came.new, came.gone, came.known, came.problems) == ((), 0, 0, ())

    def test_the_same_bytes_under_two_names_are_one_source(self, store, folder):
        shutil.copy(folder / "a.csv", folder / "c.csv")

        came = take_in(store, OPTIONS, folder=folder, added=[folder / "a.csv"])

        assert [source.name for source in came.new] == ["a.csv", "b.csv"]
        assert {source.origin for source in came.new} == {"folder"}

    def test_a_renamed_file_is_no_news(self, store, folder):
        take_in(store, OPTIONS, folder=folder)
        (folder / "a.csv").rename(folder / "z.csv")

        came = take_in(store, OPTIONS, folder=folder)

        assert (came.new, came.known, came.gone) == ((), 2, 0)

    def test_what_leaves_the_folder_leaves_the_store(self, store, folder):
        take_in(store, OPTIONS, folder=folder)
        (folder / "a.csv").unlink()

        came = take_in(store, OPTIONS, folder=folder)

        assert (came.gone, came.known) == (1, 1)
        assert names(store) == ["b.csv"]

    def test_what_was_added_stays_when_its_file_is_gone(self, store, folder, tmp_path):
        path = write_walks(tmp_path / "more.csv", [3])
        take_in(store, OPTIONS, folder=folder, added=[path])
        path.unlink()

        came = take_in(store, OPTIONS, folder=folder)

        assert came.gone == 0
        assert names(store) == ["a.csv", "b.csv", "more.csv"]

    def test_a_file_that_changed_replaces_itself(self, store, folder):
        take_in(store, OPTIONS, folder=folder)
        write_walks(folder / "a.csv", [1, 5])

        came = take_in(store, OPTIONS, folder=folder)

        assert ([source.name for source in came.new], came.gone) == (["a.csv"], 1)
        assert names(store) == ["a.csv", "b.csv"]

    def test_another_way_of_reading_reads_again(self, store, folder):
        take_in(store, OPTIONS, folder=folder)

        came = take_in(
            store, replace(OPTIONS, time_zone="America/Panama"), folder=folder
        )

        assert [source.name for source in came.new] == ["a.csv", "b.csv"]
        assert len(store.sources) == 2
        assert rows(store) == sum(s.kept for s in store.sources.values())

    def test_added_files_are_read_in_their_own_way(self, store, folder, tmp_path):
        path = tmp_path / "naive.csv"
        table = walk(3)
        table.assign(time=table["time"].str.rstrip("Z")).to_csv(path, index=False)
        own = replace(OPTIONS, time_zone="America/Panama")

        came = take_in(store, OPTIONS, folder=folder, added=[path], adding=own)
        again = take_in(store, OPTIONS, folder=folder)

        assert (len(came.new), came.problems) == (3, ())
        assert (again.new, again.known) == ((), 2)


class TestTrouble:
    """One bad file is named, and the others come in."""

    def test_what_cannot_be_used_is_a_problem_and_not_a_source(self, store, folder):
        (folder / "noise.gpx").write_bytes(bytes(range(256)))

        came = take_in(store, OPTIONS, folder=folder)

        assert (len(came.new), came.known, len(came.problems)) == (2, 0, 1)
        assert "noise.gpx" in came.problems[0]
        assert names(store) == ["a.csv", "b.csv"]

    def test_what_was_read_before_stays_when_it_can_no_longer_be(self, store, folder):
        take_in(store, OPTIONS, folder=folder)

        came = take_in(store, replace(OPTIONS, columns={"lon": "zzz"}), folder=folder)

        assert len(came.problems) == 2
        assert names(store) == ["a.csv", "b.csv"]

    def test_nothing_is_forgotten_while_a_file_cannot_be_opened(
        self, store, folder, monkeypatch
    ):
        take_in(store, OPTIONS, folder=folder)
        write_walks(folder / "c.csv", [3])

        def closed(path):
            if path.name == "a.csv":
                raise InputError("a.csv cannot be read: Permission denied.")
            return digest_file(path)

        monkeypatch.setattr("geo.ingest.digest_file", closed)
        came = take_in(store, OPTIONS, folder=folder)

        assert came.problems == ("a.csv cannot be read: Permission denied.",)
        assert ([source.name for source in came.new], came.gone) == (["c.csv"], 0)
        assert names(store) == ["a.csv", "b.csv", "c.csv"]

    def test_a_missing_file_stops_before_anything_is_stored(self, store, folder):
        with pytest.raises(InputError, match=r"none\.csv does not exist"):
            take_in(store, OPTIONS, folder=folder, added=[folder / "none.csv"])

        assert names(store) == []

    def test_swapped_coordinates_are_refused_and_can_be_mended(self, tmp_path):
        swapped = {"latitude": "longitude", "longitude": "latitude"}
        path = tmp_path / "swapped.csv"
        walk(1).rename(columns=swapped).to_csv(path, index=False)

        with pytest.raises(InputError, match=r"49 positions .*look swapped.*--swap"):
            look_at(path, OPTIONS, key=b"k")

        mended = look_at(path, replace(OPTIONS, swap=True), key=b"k")
        assert mended.fixes["lat"].between(7.9, 8.3).all()

    def test_weeks_that_rolled_over_are_refused_and_can_be_mended(
        self, store, folder, tmp_path
    ):
        path = tmp_path / "old.csv"
        table = walk(3)
        times = pd.to_datetime(table["time"]) - pd.Timedelta(days=7168)
        table.assign(time=times.astype(str)).to_csv(path, index=False)
        campaign = replace(OPTIONS, since="2023-01", until="2023-12")
        mending = replace(campaign, rollover=True)

        silent = take_in(store, OPTIONS, folder=folder, added=[path])
        asked = take_in(store, campaign, folder=folder, added=[path])
        mended = take_in(store, campaign, folder=folder, added=[path], adding=mending)

        assert (len(silent.new), silent.problems) == (3, ())
        assert "49 of its 49 times lie 1024 weeks outside" in asked.problems[0]
        assert [source.name for source in mended.new] == ["old.csv"]
        assert store.months == [12 * 2023 + 2]

    def test_times_cannot_be_moved_into_no_campaign(self):
        with pytest.raises(InputError, match=r"there is none\. Set \[region\] since"):
            replace(OPTIONS, rollover=True)

    def test_a_file_that_is_gone_is_said_by_its_name_alone(self, tmp_path):
        with pytest.raises(InputError, match=r"^none\.csv cannot be read"):
            digest_file(tmp_path / "none.csv")


class TestDropping:
    """What was added can be taken out again; what lies in the folder cannot."""

    @pytest.fixture
    def filled(self, store, folder, tmp_path):
        """The store with the folder's two files and two added ones of one name."""
        for number, place in ((3, "one"), (4, "two")):
            (tmp_path / place).mkdir()
            write_walks(tmp_path / place / "same.csv", [number])
        extra = write_walks(tmp_path / "ñandú.csv", [5])
        added = [tmp_path / "one", tmp_path / "two", extra]
        take_in(store, OPTIONS, folder=folder, added=added)
        return store

    def test_a_name_or_the_start_of_a_digest_is_enough(self, filled, folder, tmp_path):
        digest = digest_file(tmp_path / "one" / "same.csv")

        # A decomposed letter, as some systems write it, is the same letter.
        gone = drop_sources(filled, ["n\u0303andu\u0301.csv"], folders=[folder])
        more = drop_sources(filled, [digest[:8], digest], folders=[folder])

        assert [source.name for source in gone] == ["ñandú.csv"]
        assert [source.digest for source in more] == [digest]
        assert names(filled) == ["a.csv", "b.csv", "same.csv"]

    def test_a_name_that_two_files_have_lists_both(self, filled, folder):
        with pytest.raises(
            InputError,
            match=r"^2 files fit 'same\.csv': (same\.csv \(\w{8}\)[,.] ){2}Name one",
        ):
            drop_sources(filled, ["same.csv"], folders=[folder])

    @pytest.mark.parametrize("name", ["none.csv", "", "0" * 8, "A.CSV", "*.csv"])
    def test_an_unknown_name_lists_what_there_is(self, filled, folder, name):
        with pytest.raises(InputError, match=r"it holds a\.csv \(\w{8}\), b\.csv \("):
            drop_sources(filled, [name], folders=[folder])

    def test_seven_characters_are_too_few(self, filled, folder, tmp_path):
        digest = digest_file(tmp_path / "one" / "same.csv")

        with pytest.raises(InputError, match="at least 8 characters of its sha256"):
            drop_sources(filled, [digest[:7]], folders=[folder])

    def test_an_empty_store_says_that_it_is_empty(self, store, folder):
        with pytest.raises(InputError, match="it holds none at all"):
            drop_sources(store, ["a.csv"], folders=[folder])

    def test_a_long_list_is_cut_short(self, store, folder, monkeypatch):
        monkeypatch.setattr("geo.ingest.MOST_LISTED", 1)
        take_in(store, OPTIONS, folder=folder)

        with pytest.raises(InputError, match=r"it holds a\.csv \(\w{8}\) and 1 more\."):
            drop_sources(store, ["none.csv"], folders=[folder])

    def test_a_file_of_the_folder_is_refused_with_what_to_do(self, filled, folder):
        with pytest.raises(
            InputError, match=r"a\.csv is a file .* Take it out of that"
        ):
            drop_sources(filled, ["ñandú.csv", "a.csv"], folders=[folder])

        assert len(names(filled)) == 5

    def test_an_added_file_that_was_put_into_the_folder_too_is_refused(
        self, filled, folder, tmp_path
    ):
        shutil.copy(tmp_path / "ñandú.csv", folder / "copy.csv")

        with pytest.raises(
            InputError, match=r"ñandú\.csv is a file of the region's own"
        ):
            drop_sources(filled, ["ñandú.csv"], folders=[folder])


class TestOptions:
    """A digest that changes with whatever changes what is read."""

    @pytest.mark.parametrize(
        "values",
        [
            {"time_zone": "America/Panama"},
            {"columns": {"lon": "x"}},
            {"swap": True},
            {"crs": "EPSG:32618"},
            {"since": "2023-01"},
            {"since": "2023-01", "until": "2023-12"},
            {"since": "2023-01", "rollover": True},
        ],
    )
    def test_every_option_counts(self, values):
        assert replace(OPTIONS, **values).digest() != OPTIONS.digest()

    def test_neither_the_bounds_nor_the_order_of_columns_count(self):
        one = replace(OPTIONS, columns={"lon": "x", "lat": "y"})
        two = replace(one, columns={"lat": "y", "lon": "x"}, bounds=(0, 0, 1, 1))

        assert one.digest() == two.digest()

    def test_a_campaign_without_an_end_goes_on_to_tomorrow(self):
        start, end = replace(OPTIONS, since="2023-02").campaign()

        assert OPTIONS.campaign() is None
        assert start == datetime(2023, 2, 1, tzinfo=UTC)
        assert timedelta(hours=23) < end - datetime.now(UTC) <= timedelta(days=1)

    def test_a_new_version_reads_again(self, monkeypatch):
        before = OPTIONS.digest()
        monkeypatch.setattr("geo.__version__", "99")

        assert OPTIONS.digest() != before
