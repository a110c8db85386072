"""What a build tells a person and a machine."""

import json
from pathlib import Path

import pytest

from geo.outcome import Built, Effect, Intake
from geo.record import as_record
from tests.releases import make_release


def effect(**values):
    given = {
        "name": "walk.gpx",
        "tracks": 1,
        "read": 50,
        "kept": 48,
        "rejected": {"duplicate": 1, "spike": 1},
        "cells_shown": 3,
        "cells_withheld": 4,
    }
    return Effect(**(given | values))


def built(**values):
    given = {
        "record": as_record(make_release()),
        "released": make_release,
        "intake": Intake(new=(), gone=1, known=2, problems=("a.gpx is empty.",)),
        "effects": (),
        "folder": Path("map"),
        "written": (Path("map/index.html"), Path("map/release.json")),
        "redone": 1,
        "reused": 5,
        "before": {},
        "after": {"hotspots": 5, "corridors": 3},
        "seconds": 1.25,
    }
    return Built(**(given | values))


def test_an_effect_gives_rows_reasons_and_cells():
    assert effect().as_text(10) == (
        "walk.gpx: 50 rows, 48 kept, 2 rejected (1 duplicate, 1 spike); 1 track. "
        "It enters 7 cells: 3 are on the map, 4 are withheld because fewer than 10 "
        "tracks passed there."
    )


@pytest.mark.parametrize(
    ("values", "end"),
    [
        (
            {"cells_shown": 0, "cells_withheld": 0},
            "1 track. No trip in it is long enough to be drawn.",
        ),
        ({"tracks": 0, "cells_shown": 0, "cells_withheld": 0}, "0 tracks."),
        ({"tracks": 1200, "cells_shown": 0, "cells_withheld": 0}, "to be drawn."),
        ({"rejected": {}, "kept": 50}, "tracks passed there."),
    ],
)
def test_an_effect_without_cells_says_why(values, end):
    assert effect(**values).as_text(10).endswith(end)


def test_nothing_rejected_needs_no_brackets():
    assert "0 rejected; 1 track" in effect(rejected={}, kept=50).as_text(10)


def test_the_first_release_lists_what_is_published():
    assert "published: hotspots 5, corridors 3" in built().as_text()


def test_later_ones_list_what_changed():
    text = built(before={"hotspots": 4, "corridors": 3}).as_text()

    assert "published: hotspots 4 → 5" in text
    assert "corridors 3" not in text


def test_no_change_is_explained():
    same = {"hotspots": 5, "corridors": 3}

    text = built(before=same, after=same).as_text()

    assert "as many cells and rows as before" in text
    assert "fewer than 10 tracks are never shown" in text


def test_the_page_is_named_if_there_is_one():
    assert f"  {Path('map/index.html')} (2 files" in built().as_text()
    assert "  gis (0 files" in built(folder=Path("gis"), written=()).as_text()


def test_the_plain_values_are_json_and_hold_every_problem():
    told = json.loads(json.dumps(built(effects=(effect(),)).as_dict()))

    assert told["files"] == {
        "new": 0,
        "known": 2,
        "gone": 1,
        "forgotten": [],
        "problems": ["a.gpx is empty."],
    }
    assert told["effects"][0]["cells_withheld"] == 4
    assert told["months"] == {"redone": 1, "reused": 5}
    assert told["tracks"] == make_release().about.tracks


def test_a_line_says_files_tracks_and_what_moved():
    moved = built(before={"hotspots": 5}, after={"hotspots": 7, "monthly": 0}).as_line()
    same = built(before={"hotspots": 7}, after={"hotspots": 7}).as_line()

    assert "0 new, 2 known, 1 gone, 1 unusable; about" in moved
    assert "tracks; hotspots 5 → 7 (" in moved
    assert "tracks; the map shows as much as before (" in same
    assert "\n" not in moved + same


def test_two_builds_that_differ_in_time_are_equal_otherwise():
    assert built() == built(released=lambda: 0, seconds=9.0)
