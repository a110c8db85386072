"""Reading files without storing anything."""

import pandas as pd
import pytest

from geo.checking import FileReport, check_files
from geo.config import load_config
from geo.errors import InputError
from tests.regions import REGION, walk, write_walks


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "region.toml"
    path.write_text(REGION, encoding="utf-8")
    return load_config(path)


def test_each_row_is_kept_or_has_its_reason(config, tmp_path):
    path = write_walks(tmp_path / "walks.csv", [1, 2])

    (report,) = check_files([path], config=config)

    assert report.read == 2 * 49 + 3
    assert report.read == report.kept + sum(report.rejected.values())
    assert report.rejected["duplicate"] == report.rejected["zero position"] == 1
    assert (report.tracks, report.first_month) == (2, "2023-03")
    assert report.simulated


def test_without_a_region_only_what_cannot_be_read_is_turned_away(tmp_path):
    path = write_walks(tmp_path / "walks.csv", [1])

    (report,) = check_files([path])

    assert report.rejected == {"zero position": 1}


def test_a_region_turns_away_what_lies_outside_it(config, tmp_path):
    path = tmp_path / "far.csv"
    walk(1).assign(latitude=lambda t: t["latitude"] + 5).to_csv(path, index=False)

    (report,) = check_files([path], config=config)

    assert report.kept == report.tracks == 0
    assert report.rejected == {"outside the region": 49}
    assert (report.first_month, report.last_month) == ("none", "none")
    assert "0 kept, 49 rejected; 0 tracks, none to none" in report.as_text()


def test_a_file_that_cannot_be_used_does_not_keep_the_others_from_it(tmp_path):
    (tmp_path / "a.gpx").write_bytes(b"\0\1")
    write_walks(tmp_path / "b.csv", [1])

    bad, good = check_files([tmp_path])

    assert "a.gpx" in bad.problem
    assert bad.as_text().startswith("a.gpx: cannot be used\n  ")
    assert (good.problem, good.tracks) == ("", 1)


def test_how_to_read_is_passed_on(tmp_path):
    path = tmp_path / "odd.csv"
    table = walk(1).rename(columns={"longitude": "oeste", "latitude": "norte"})
    table["time"] = pd.to_datetime(table["time"]).dt.strftime("%Y-%m-%d %H:%M:%S")
    table.to_csv(path, index=False)
    reading = {
        "columns": {"lon": "oeste", "lat": "norte"},
        "time_zone": "America/Panama",
        "swap": False,
        "crs": "",
    }

    (plain,) = check_files([path])
    (told,) = check_files([path], reading=reading)

    assert plain.problem
    assert told.kept == 49


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv does not exist"):
        check_files([tmp_path / "none.csv"])


def test_the_text_says_one_track_and_two_tracks_and_every_reason():
    report = FileReport(
        name="a.csv",
        read=12,
        kept=10,
        tracks=1,
        first_month="2023-03",
        last_month="2023-04",
        rejected={"no time": 2},
        notes=("read as GPX",),
        simulated=True,
    )

    assert report.as_text() == (
        "a.csv (SIMULATED / SIMULADO): 12 rows, 10 kept, 2 rejected; 1 track, "
        "2023-03 to 2023-04\n"
        "          2  no time: the time is missing or could not be understood\n"
        "  note: read as GPX"
    )
    assert report.as_dict()["period"] == ["2023-03", "2023-04"]


def test_nothing_of_a_fix_is_in_a_report(config, tmp_path):
    path = write_walks(tmp_path / "walks.csv", [1, 2])

    (report,) = check_files([path], config=config)

    said = report.as_text() + str(report.as_dict())
    table = pd.read_csv(path)
    secrets = {"walker-001", *table["time"], *table["latitude"].astype(str)}
    assert not [text for text in secrets - {"0.0"} if text in said]
