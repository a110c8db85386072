"""GeoJSON: points at once or one by one are the same; EarthRanger's rows are read."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.read import geojson, read_fixes
from geo.read.pointset import read_points
from geo.read.sifting import hashed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOON, LATER = "2023-05-01T12:00:00Z", "2023-05-01T13:00:00Z"


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, name="a.json"):
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return read_fixes(path, key=b"k", now=NOW)

    return write_and_read


def feature(*place, **properties):
    geometry = {"type": "Point", "coordinates": list(place)} if place else None
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features, **top):
    return {"type": "FeatureCollection", **top, "features": list(features)}


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
NUMBER = st.one_of(st.integers(-(2**70), 2**70), st.floats(-200, 200))
FEATURE = st.fixed_dictionaries(
    {
        "type": st.just("Feature"),
        "geometry": st.none()
        | st.fixed_dictionaries(
            {
                "type": st.just("Point"),
                "coordinates": st.lists(NUMBER, min_size=2, max_size=3),
            }
        ),
        "properties": st.none()
        | st.dictionaries(
            st.sampled_from(["track", "time", "id", "ele", "note", "ñ"]), CELL
        ),
    },
    optional={"id": CELL},
)


class TestBothWays:
    """A collection of points is read at once, anything else feature by feature."""

    @staticmethod
    def both(path, monkeypatch):
        at_once = geojson.read_geojson(path)
        monkeypatch.setattr(geojson, "read_points", lambda _: None)
        return at_once, geojson.read_geojson(path)

    @given(st.lists(FEATURE, min_size=1, max_size=5), st.booleans())
    @settings(max_examples=200, deadline=None)
    def test_both_ways_give_the_same(self, tmp_path_factory, features, named):
        path = tmp_path_factory.mktemp("both") / "a.geojson"
        top = {"crs": {"properties": {"name": "EPSG:32618"}}} if named else {}
        path.write_text(json.dumps(collection(*features, **top)), encoding="utf-8")

        with pytest.MonkeyPatch.context() as monkeypatch:
            one, two = self.both(path, monkeypatch)

        assert one.table.equals(two.table)
        assert one.table.column_names == two.table.column_names
        for name in ("line", "broken"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert (one.points is None) == (two.points is None)
        if one.points:
            for axis in "xyz":
                np.testing.assert_array_equal(
                    getattr(one.points, axis), getattr(two.points, axis)
                )
            assert one.points.crs == two.points.crs
        assert (one.notes, one.simulated) == (two.notes, two.simulated)

    def test_points_are_read_at_once(self):
        text = json.dumps(collection(feature(-77.5, 8.5, 3, t=NOON), feature(t=None)))
        points = read_points(text.encode())
        assert points.table.to_pylist() == [{"t": NOON}, {"t": None}]
        np.testing.assert_array_equal(points.xyz, [[-77.5, 8.5, 3], [np.nan] * 3])

    @pytest.mark.parametrize(
        "content",
        [
            collection(),
            collection(feature(-77.5, 8.5), feature(-77.5)),
            collection(feature(-77.5, 8.5), feature(-77.5, 8.5, 1, 2)),
            collection(feature(-77.5, 8.5, times=[NOON])),
            collection(feature(-77.5, 8.5) | {"geometry": {"type": "LineString"}}),
            collection(feature(-77.5, 8.5) | {"id": []}),
            feature(-77.5, 8.5),
            [feature(-77.5, 8.5)],
        ],
        ids=str,
    )
    def test_anything_else_is_left_to_the_other_way(self, content):
        assert read_points(json.dumps(content).encode()) is None

    @pytest.mark.parametrize("said", [{"simulated": True}, {"title": "SIMULADO"}])
    def test_what_stands_around_the_points_counts(self, read, said):
        points = feature(-77.5, 8.5, time=NOON)
        assert read(collection(points, **said)).simulated
        assert not read(collection(points)).simulated


def test_half_a_pair_of_surrogates_is_no_harm(read):
    rows = [feature(-77.5, 8.5, time=NOON, track="a"), feature(-77.5, 8.5, time=LATER)]
    text = "\n".join(map(json.dumps, rows)).replace('"a"', '"\\ud800"')

    assert len(read(text).fixes) == 2
    assert len(read(text.replace("track", "\\udc00")).fixes) == 2


def observation(time, lat, lon, **more):
    place = {"latitude": lat, "longitude": lon}
    return {
        "id": f"o{lat}",
        "location": place,
        "created_at": "2023-06-01T00:00:00-05:00",
        "recorded_at": time,
        "source": "s-1",
        "exclusion_flags": 0,
        "observation_details": {"battery": 3},
        **more,
    }


class TestEarthRanger:
    """Observations as the service gives them, and as people save them."""

    WALK = (observation(NOON, 8.25, -77.5), observation(LATER, 8.5, -77.25))

    @pytest.mark.parametrize(
        "content",
        [
            list(WALK),
            {"results": WALK, "count": 2, "next": None},
            {"data": {"results": WALK, "count": 2}, "status": {"code": 200}},
            {"data": WALK},
            {"observations": WALK},
            "\n".join(map(json.dumps, WALK)),
        ],
        ids=["list", "results", "answer", "data", "observations", "lines"],
    )
    def test_observations_are_fixes(self, read, content):
        sifted = read(content)

        assert sifted.fixes[["lat", "lon"]].to_numpy().tolist() == [
            [8.25, -77.5],
            [8.5, -77.25],
        ]
        assert sifted.fixes["time"].dt.hour.tolist() == [12, 13]
        assert set(sifted.fixes["track"]) == {hashed("s-1", key=b"k")}
        assert sifted.notes[0] == "read as observations of EarthRanger"

    def test_a_subject_goes_before_its_source(self, read):
        subject = {"id": "u-7", "name": "A. R."}
        rows = [observation(NOON, 8.25, -77.5, subject=subject, source={"id": "s"})]

        assert set(read(rows).fixes["track"]) == {hashed("u-7", key=b"k")}

    def test_what_was_excluded_by_hand_or_by_a_rule_is_rejected(self, read):
        rows = [
            observation(NOON, 8.25, -77.5, exclusion_flags=flag) for flag in range(3)
        ]

        assert read(rows).counts() == {"poor accuracy": 2}

    def test_rows_without_a_place_are_counted(self, read):
        lost = observation(LATER, None, None)

        assert read([*self.WALK, lost]).counts() == {"no position": 1}

    def test_another_answer_of_a_service_is_refused(self, read):
        with pytest.raises(InputError, match="JSON, but not GeoJSON"):
            read({"data": {"results": [{"recorded_at": NOON, "location": "x"}]}})
