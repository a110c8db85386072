"""Location histories of Google: old and new, whole and broken."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, TrochaError
from geo.read import google, read_fixes

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, name="Records.json", encoding="utf-8"):
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        path.write_bytes(text.encode(encoding))
        return read_fixes(path, key=b"k", now=NOW)

    return write_and_read


def rows(sifted):
    fixes = sifted.fixes.sort_values("line")
    stamps = fixes["time"].dt.strftime("%m-%d %H:%M:%S")
    return list(zip(stamps, fixes["lat"], fixes["lon"], strict=True))


def location(time, lat, lon, **more):
    key = "timestampMs" if time.isdigit() else "timestamp"
    place = {"latitudeE7": round(lat * 1e7), "longitudeE7": round(lon * 1e7)}
    return {**place, "accuracy": 13, "source": "WIFI", **more, key: time}


RECORDS = {
    "locations": [
        location("2023-05-01T12:00:00.123Z", 8.25, -77.5, altitude=12, deviceTag=1),
        location("2023-05-01T12:05:30Z", 8.5, -77.25, deviceTag=1),
    ]
}
OLD = {
    "locations": [
        location("1682942400123", 8.25, -77.5),
        location("1682942730000", 8.5, -77.25),
    ]
}
EXPECTED = [("05-01 12:00:00", 8.25, -77.5), ("05-01 12:05:30", 8.5, -77.25)]

TIMELINE = {
    "semanticSegments": [
        {
            "startTime": "2023-05-01T07:00:00.000-05:00",
            "endTime": "2023-05-01T09:00:00.000-05:00",
            "timelinePath": [
                {"point": "8.25°, -77.5°", "time": "2023-05-01T07:00:00.000-05:00"},
                {"point": "8.5°, -77.25°", "time": "2023-05-01T07:05:30.000-05:00"},
            ],
        },
        {
            "startTime": "2023-05-01T08:00:00.000-05:00",
            "endTime": "2023-05-01T08:40:00.000-05:00",
            "startTimeTimezoneUtcOffsetMinutes": -300,
            "visit": {
                "hierarchyLevel": 0,
                "probability": 0.8,
                "topCandidate": {
                    "placeId": "x",
                    "semanticType": "UNKNOWN",
                    "placeLocation": {"latLng": "8.45°, -77.28°"},
                },
            },
        },
        {
            "startTime": "2023-05-01T08:40:00.000-05:00",
            "endTime": "2023-05-01T09:00:00.000-05:00",
            "activity": {"start": {"latLng": "8.4°, -77.2°"}, "distanceMeters": 1.0},
        },
    ],
    "rawSignals": [
        {"wifiScan": {"deliveryTime": "2023-05-02T07:00:00.000-05:00"}},
        {
            "position": {
                "LatLng": "8.75°, -77.125°",
                "accuracyMeters": 9,
                "altitudeMeters": 30.5,
                "source": "GPS",
                "timestamp": "2023-05-02T07:00:00.000-05:00",
            }
        },
    ],
    "userLocationProfile": {"frequentPlaces": []},
}
VISIT = ("05-01 13:00:00", 8.45, -77.28)
SIGNAL = ("05-02 12:00:00", 8.75, -77.125)


@pytest.mark.parametrize("content", [RECORDS, OLD], ids=["timestamp", "timestampMs"])
def test_locations_of_an_account(read, content):
    sifted = read(content)

    assert rows(sifted) == EXPECTED
    assert sifted.fixes["time"].dt.microsecond.tolist() == [123000, 0]
    assert sifted.fixes["accuracy_m"].tolist() == [13, 13]
    assert sifted.notes[0] == "read as a location history of Google"
    assert len(set(sifted.fixes["track"])) == 1


def test_both_kinds_of_time_may_be_mixed(read):
    mixed = {"locations": [OLD["locations"][0], RECORDS["locations"][1]]}

    assert rows(read(mixed)) == EXPECTED


def test_elevation_is_kept_where_it_is_known(read):
    assert read(RECORDS).fixes["elevation_m"].fillna(-1).tolist() == [12, -1]


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(8.25, -77.5 + 2**32 / 1e7), (8.25 - 2**32 / 1e7, -77.5), (8.25, -77.5)],
)
def test_numbers_that_overflowed_are_repaired(read, lat, lon):
    sifted = read({"locations": [location("2023-05-01T12:00:00Z", lat, lon)]})

    assert rows(sifted) == EXPECTED[:1]
    note = "1 positions had overflowed 32 bits: repaired"
    assert (note in sifted.notes) is ((lat, lon) != (8.25, -77.5))


def test_what_is_merely_wrong_is_not_repaired(read):
    bad = [location("2023-05-01T12:00:00Z", lat, -77.5) for lat in (95, 300)]

    sifted = read({"locations": [*bad, *RECORDS["locations"]]})

    assert sifted.counts() == {"off the globe": 2}


def test_records_without_position_or_time_are_counted(read):
    bare = [
        location("2023-05-01T12:00:00Z\ud800", 8.25, -77.5),
        {"timestamp": "2023-05-01T12:00:00Z"},
        {"latitudeE7": 1e7, "longitudeE7": 1e7},
    ]

    sifted = read({"locations": [*bare, *RECORDS["locations"], 7, None, "x"]})

    assert sifted.counts() == {"no position": 1, "no time": 2}
    assert rows(sifted) == EXPECTED


def test_one_account_is_one_track_whatever_devices_it_has(read):
    more = location("2023-05-01T12:01:00Z", 8.25, -77.5, deviceTag=2)

    sifted = read({"locations": [*RECORDS["locations"], more]})

    assert len(set(sifted.fixes["track"])) == 1
    assert (
        "several devices of one account were taken for one track, a guess"
        in sifted.notes
    )


def test_the_timeline_of_a_telephone(read):
    sifted = read(TIMELINE, name="Timeline.json")

    assert rows(sifted) == [*EXPECTED, VISIT, SIGNAL]
    assert sifted.fixes["accuracy_m"].dropna().tolist() == [9]
    assert sifted.fixes["elevation_m"].dropna().tolist() == [30.5]
    assert any(note.startswith("1 positions are places") for note in sifted.notes)
    assert not any("breaks off" in note for note in sifted.notes)


def e7(lat, lon, keys=("latitudeE7", "longitudeE7"), **more):
    place = (round(lat * 1e7), round(lon * 1e7))
    return {**dict(zip(keys, place, strict=True)), **more}


def duration(start, end, *, old=False):
    if old:
        times = [datetime.fromisoformat(t).timestamp() * 1000 for t in (start, end)]
        return {
            "startTimestampMs": f"{times[0]:.0f}",
            "endTimestampMs": f"{times[1]:.0f}",
        }
    return {"startTimestamp": start, "endTimestamp": end}


def month_of(*, old=False):
    """A file of Semantic Location History, as accounts had it until 2024."""
    step, when = ("latE7", "lngE7"), "timestampMs" if old else "timestamp"
    times = ["2023-05-01T12:00:00Z", "2023-05-01T12:05:30Z"]
    if old:
        times = ["1682942400000", "1682942730000"]
    path = [
        e7(lat, lon, step, accuracyMeters=13, **{when: time})
        for (_, lat, lon), time in zip(EXPECTED, times, strict=True)
    ]
    ends = {"startLocation": e7(8.2, -77.6), "endLocation": e7(8.6, -77.2)}
    hour = duration("2023-05-01T11:50:00Z", "2023-05-01T12:10:00Z", old=old)
    way = {**ends, "duration": hour, "simplifiedRawPath": {"points": path}}
    other = {"startLocation": e7(8.1, -77.6), "endLocation": e7(8.15, -77.7)}
    other["duration"] = duration(
        "2023-05-01T10:00:00Z", "2023-05-01T10:30:00Z", old=old
    )
    other["waypointPath"] = {"waypoints": [e7(8.11, -77.6, step)] * 3}
    visit = {
        "location": e7(8.45, -77.28, placeId="x", name="A. R."),
        "duration": duration("2023-05-01T13:00:00Z", "2023-05-01T13:40:00Z", old=old),
        "otherCandidateLocations": [e7(1, 1)],
    }
    ways = [{"activitySegment": other}, {"activitySegment": way}]
    return {"timelineObjects": [*ways, {"placeVisit": visit}]}


MONTH_ENDS = [("05-01 10:00:00", 8.1, -77.6), ("05-01 10:30:00", 8.15, -77.7)]


@pytest.mark.parametrize("old", [False, True])
def test_the_months_of_an_account(read, old):
    sifted = read(month_of(old=old), name="2023_MAY.json")

    assert rows(sifted) == [*MONTH_ENDS, *EXPECTED, VISIT]
    assert sifted.fixes["accuracy_m"].dropna().tolist() == [13, 13]
    assert len(set(sifted.fixes["track"])) == 1
    assert sifted.notes[:4] == (
        "read as a location history of Google",
        "1 positions are places that were visited, at the time of arrival",
        "2 positions are ends of ways without further points",
        "3 points of ways without a time were left out",
    )


def test_what_has_no_place_or_no_time_in_a_month_is_no_fix(read):
    odd = [{"activitySegment": {}}, {"placeVisit": {"location": 3}}, {"placeVisit": []}]
    odd += [{"activitySegment": {"simplifiedRawPath": {"points": [{}, 7]}}}]
    odd += [{"placeVisit": {"location": e7(8.25, -77.5), "duration": "x"}}]

    sifted = read({"timelineObjects": [*odd, *month_of()["timelineObjects"]]})

    assert rows(sifted) == [*MONTH_ENDS, *EXPECTED, VISIT]
    assert sifted.counts() == {"no position": 1, "no time": 1}


def test_the_timeline_of_an_iphone(read):
    segments = [
        {
            "endTime": "2023-05-01T09:00:00.000-05:00",
            "startTime": "2023-05-01T07:00:00.000-05:00",
            "timelinePath": [
                {"point": "geo:8.250000,-77.500000",
                 "durationMinutesOffsetFromStartTime": "0"},
                {"point": "geo:8.500000,-77.250000",
                 "durationMinutesOffsetFromStartTime": "5.5"},
            ],
        },
        {
            "endTime": "2023-05-01T08:40:00.000-05:00",
            "startTime": "2023-05-01T08:00:00.000-05:00",
            "visit": {"topCandidate": {"placeLocation": "geo:8.45,-77.28"}},
        },
    ]  # fmt: skip

    assert rows(read(segments)) == [*EXPECTED, VISIT]


def test_a_list_of_plain_objects_is_still_read_as_one(read):
    plain = [{"startTime": 1, "time": "2023-05-01T12:00Z", "lat": 8, "lon": -77}]

    assert "read as a list of JSON objects" in read(plain).notes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings_are_told(read, encoding):
    assert len(read(TIMELINE, encoding=encoding).fixes) == 4


@pytest.mark.parametrize("chunk", [64, 500, 5000])
@pytest.mark.parametrize(
    "content", [RECORDS, TIMELINE, month_of()], ids=["records", "timeline", "month"]
)
def test_the_size_of_the_pieces_does_not_matter(read, monkeypatch, chunk, content):
    whole = read(content)
    monkeypatch.setattr(google, "CHUNK", chunk)
    monkeypatch.setattr(google, "_ROWS", 1)

    pieces = read(content)

    assert pieces.fixes.equals(whole.fixes)
    assert pieces.notes == whole.notes


class TestDamage:
    """What stands before a break is kept; nothing takes the memory."""

    def test_a_file_that_breaks_off(self, read):
        text = json.dumps(RECORDS)

        sifted = read(text[: text.rindex("latitudeE7")])

        assert rows(sifted) == EXPECTED[:1]
        assert sifted.counts() == {"unreadable": 1}
        assert (
            "the file breaks off: what stands before the break was kept" in sifted.notes
        )

    @pytest.mark.parametrize(
        "content",
        [
            {"locations": []},
            {"locations": [1, None]},
            {"semanticSegments": [{}, {"visit": 3}, {"timelinePath": {}}]},
            {"rawSignals": [{}, {"position": []}]},
        ],
        ids=str,
    )
    def test_a_history_without_positions_is_refused(self, read, content):
        with pytest.raises(InputError, match="holds no positions of a location"):
            read(content)

    def test_points_that_are_none_have_no_position(self, read):
        path = [{"point": p, "time": "2023-05-01T12:00:00Z"} for p in ("", 8, "8.4, x")]
        segments = [{"timelinePath": path}, *TIMELINE["semanticSegments"]]

        assert read({"semanticSegments": segments}).counts() == {"no position": 3}

    def test_nesting_without_end_is_refused(self, read):
        with pytest.raises(InputError, match="nested too deeply"):
            read('{"locations": [' + "[" * 200_000)

    def test_a_record_without_end_is_not_kept_in_memory(self, read, monkeypatch):
        monkeypatch.setattr(google, "CHUNK", 1000)
        monkeypatch.setattr(google, "MAX_OBJECT", 5000)
        text = json.dumps(RECORDS)[:-2] + ', {"source": "' + "x" * 100_000

        assert len(read(text).fixes) == 2

    def test_a_huge_file_is_refused_unseen(self, read, monkeypatch):
        monkeypatch.setattr(google, "MAX_BYTES", 100)

        with pytest.raises(InputError, match="larger than"):
            read(RECORDS)

    @given(data=st.data())
    @settings(max_examples=60, deadline=None)
    def test_any_damage_gives_an_answer(self, tmp_path_factory, data):
        text = json.dumps(data.draw(st.sampled_from([RECORDS, TIMELINE, month_of()])))
        at = data.draw(st.integers(0, len(text)))
        junk = data.draw(st.sampled_from(["", "]", "{", '"', "1e999", "null", "\x00"]))
        path = tmp_path_factory.mktemp("json") / "a.json"
        path.write_text(text[:at] + junk + text[at + 3 :], encoding="utf-8")

        with suppress(TrochaError):
            read_fixes(path, key=b"k", now=NOW)
