"""TCX: the points of activities, by the unit number of the watch."""

from contextlib import suppress
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, TrochaError
from geo.read import read_fixes
from geo.read.sifting import hashed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPACE = 'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"'
NOON, LATER = "2023-05-01T12:00:00Z", "2023-05-01T13:00:00Z"


def read(path, **options):
    return read_fixes(path, key=b"k", now=NOW, **options)


@pytest.fixture
def file(tmp_path):
    def write(content, name="a.tcx"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def point(lat=8.5, lon=-77.5, time=NOON, ele="12.5"):
    place = (
        f"<Position><LatitudeDegrees>{lat}</LatitudeDegrees>"
        f"<LongitudeDegrees>{lon}</LongitudeDegrees></Position>"
    )
    place = "" if lat is None else place
    height = f"<AltitudeMeters>{ele}</AltitudeMeters>" if ele else ""
    heart = "<HeartRateBpm><Value>99</Value></HeartRateBpm>"
    return f"<Trackpoint><Time>{time}</Time>{place}{height}{heart}</Trackpoint>"


def activity(*points, unit="", notes=""):
    creator = f"<Creator><Name>Watch</Name><UnitId>{unit}</UnitId></Creator>"
    return (
        f'<Activity Sport="Other"><Id>{NOON}</Id><Lap StartTime="{NOON}"><Track>'
        f"{''.join(points)}</Track></Lap>{notes}{creator if unit else ''}</Activity>"
    )


def document(*activities, more=""):
    body = "".join(activities)
    return (
        f'<?xml version="1.0"?><TrainingCenterDatabase {SPACE}><Activities>{body}'
        f"</Activities>{more}</TrainingCenterDatabase>"
    )


def test_points_of_an_activity_are_fixes_of_the_watch(file):
    text = document(activity(point(), point(8.75, -77.25, LATER, ""), unit="W3911"))

    sifted = read(file(text))

    fixes = sifted.fixes
    assert fixes[["lon", "lat"]].to_numpy().tolist() == [[-77.5, 8.5], [-77.25, 8.75]]
    assert fixes["elevation_m"].fillna(-1).tolist() == [12.5, -1]
    assert fixes["time"].dt.hour.tolist() == [12, 13]
    assert set(fixes["track"]) == {hashed("W3911", key=b"k")}
    assert sifted.notes == ("read as TCX",)


def test_the_same_log_as_gpx_reads_the_same(file):
    gpx = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><ele>12.5</ele><time>{time}</time></trkpt>'
        for lat, lon, time in [(8.5, -77.5, NOON), (8.75, -77.25, LATER)]
    )
    gpx = f"<gpx><trk><name>W3911</name><trkseg>{gpx}</trkseg></trk></gpx>"
    tcx = document(activity(point(), point(8.75, -77.25, LATER), unit="W3911"))

    one, other = read(file(tcx)).fixes, read(file(gpx, "a.gpx")).fixes

    pd.testing.assert_frame_equal(one, other)


def test_two_activities_of_one_watch_are_one_track(file):
    text = document(activity(point(), unit="7"), activity(point(time=LATER), unit="7"))

    assert len(set(read(file(text)).fixes["track"])) == 1


def test_nameless_activities_at_once_are_two_tracks(file):
    one = activity(point(), point(time=LATER), unit="0")
    two = activity(point(lat=9), point(lat=9, time=LATER))

    assert len(set(read(file(document(one, two))).fixes["track"])) == 2


def test_the_order_of_activities_does_not_matter(file):
    parts = [activity(point(), unit="7"), activity(point(time=LATER), unit="9")]
    columns = ["track", "time", "lon", "lat"]

    straight = read(file(document(*parts))).fixes[columns]
    reverse = read(file(document(*reversed(parts)), "b.tcx")).fixes[columns]

    pd.testing.assert_frame_equal(straight, reverse)


def test_points_indoors_are_left_out_without_a_reject(file):
    sifted = read(file(document(activity(point(), point(None, time=LATER)))))

    assert len(sifted.fixes) == 1
    assert sifted.rejects.empty
    assert "1 points without a position were left out" in sifted.notes


def test_courses_are_plans_and_are_left_out(file):
    course = f"<Courses><Course><Track>{point()}</Track></Course></Courses>"

    beside = read(file(document(activity(point()), more=course)))
    assert len(beside.fixes) == 1
    assert "1 points of courses were left out" in beside.notes
    with pytest.raises(InputError, match="no recorded points with a position"):
        read(file(document(more=course)))


def test_a_damaged_position_is_a_reject(file):
    sifted = read(file(document(activity(point(), point("x", -77), point(95, -77)))))

    assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [
        [2, "no position"],
        [3, "off the globe"],
    ]


def test_notes_may_say_simulated(file):
    text = document(activity(point(), notes="<Notes>SIMULATED</Notes>"))

    assert read(file(text)).simulated
    assert not read(file(document(activity(point())), "b.tcx")).simulated


def test_a_cut_file_gives_what_stands_before_the_cut(file):
    whole = document(activity(point(), point(time=LATER), unit="7"))

    sifted = read(file(whole[: whole.index("13:00")]))

    assert len(sifted.fixes) == 1
    assert sifted.counts() == {"unreadable": 1}
    assert any("breaks off" in note for note in sifted.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (document()[:90], "breaks off before its first point"),
        (f"<TrainingCenterDatabase {SPACE}>" + "<a>" * 5000, "nested too deeply"),
        ("<!DOCTYPE a [<!ENTITY a 'b'>]><TrainingCenterDatabase/>", "document type"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(file, text, message):
    with pytest.raises(InputError, match=message):
        read(file(text))


@given(st.data())
@settings(max_examples=30)
def test_a_damaged_byte_gives_an_answer(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "a.tcx"
    content = bytearray(document(activity(point(), unit="7")).encode())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(TrochaError):
        read(path)
