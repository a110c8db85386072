"""Every odd or hostile file gives points or one clear sentence, never a traceback."""

import json
import re
import sqlite3
import struct
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, SchemaError, TrochaError
from geo.read import delimited, features, parquet, read_fixes, sniff, vector
from geo.read.found import points_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CSV = "track,time,lat,lon\n" + "a,2023-05-01T12:00Z,8.5,-77.5\n" * 3


def read(path, **options):
    return read_fixes(path, key=b"k", now=NOW, **options)


@pytest.fixture
def file(tmp_path):
    def write(content, name="walk.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def gpx(*points, head="", tail="</trkseg></trk></gpx>", name=""):
    body = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><time>{time}</time></trkpt>'
        for lat, lon, time in points
    )
    title = f"<name>{name}</name>" if name else ""
    return f"{head}<gpx><trk>{title}<trkseg>{body}{tail}"


POINT = ("8.5", "-77.5", "2023-05-01T12:00:00Z")
LATER = ("8.6", "-77.5", "2023-05-01T13:00:00Z")


class TestForeignFiles:
    """What is not read is named, with what to convert it to."""

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is empty"),
            (b"   \n \n", "is empty"),
            (
                b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml",
                "Office document.*CSV",
            ),
            (b"PK\x03\x04" + b"\0" * 26 + b"doc.kml", "zip archive that is damaged"),
            (b"PK\x03\x04" + b"\0" * 40, "zip archive that is damaged"),
            (b"PK\x03\x04" + b"\0" * 26 + b"_rels/xl/", "no whole workbook.*CSV"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40, "no whole workbook"),
            (
                b"\x0e\x10\xd9\x07\x00\x00\x00\x00.FIT\x00\x00",
                "no records that could be read",
            ),
            (b"<?xml version='1.0'?><kml><Document/></kml>", "holds no points"),
            (b"<?xml version='1.0'?><osm/>", "OpenStreetMap file.*GeoPackage"),
            (b"<TrainingCenterDatabase/>", "no recorded points with a position"),
            (b"<!DOCTYPE html><html></html>", "web page"),
            (b"$GPRMC,081836,A,3751.65,S,14507.36,E", "NMEA log without one whole"),
            (b"$GPGSV,1,1,00*79\n", "NMEA log without one whole"),
            (b"Geolife trajectory\nWGS 84\n", "breaks off in its header"),
            (b"OziExplorer Track Point File Version 2.1", "breaks off in its header"),
            (b"\x1f\x8b\x08\x00" + b"\0" * 20, "gzip archive.*Unpack"),
            (b"%PDF-1.7", "PDF document"),
            (b"\x89PNG\r\n\x1a\n", "picture"),
            (b"II*\x00" + b"\0" * 40, "picture; it holds no fixes"),
            (b"SQLite format 3\x00" + b"\0" * 80, "SQLite database, but not a Geo"),
            (bytes(range(256)) * 20, "binary file of no kind"),
            (b"\x00" * 5000, "binary file of no kind"),
            (b"{}", "JSON, but not GeoJSON"),
            (b'{"type": "Topology"}', "JSON, but not GeoJSON"),
            (b"[]", "holds no points"),
            (b"[1, 2]", "holds no points"),
            (b"{nonsense", "not one feature"),
            (b"just a word", "no line has two columns"),
            (b"8.5,-77.5\n8.6,-77.5\n", "no header"),
            (b"track,time,lat,lon\n", "a header, but no rows"),
            (b"\xff\xfe", "is empty"),
        ],
    )
    def test_is_refused_in_one_sentence(self, file, content, message):
        with pytest.raises(InputError, match=message) as caught:
            read(file(content))
        assert str(caught.value).startswith("walk.csv ")

    def test_folder(self, tmp_path):
        with pytest.raises(InputError, match="is a folder"):
            read(tmp_path)

    def test_index_of_a_shapefile(self, file):
        with pytest.raises(InputError, match=r"index of a Shapefile.*\.shp beside"):
            read(file(b"\x00\x00\x27\x0a" + b"\0" * 96, "a.shx"))

    @given(st.binary(max_size=300))
    @settings(max_examples=150, deadline=None)
    def test_any_bytes_give_an_answer(self, tmp_path_factory, content):
        path = tmp_path_factory.mktemp("bytes") / "a.csv"
        path.write_bytes(content)
        with suppress(TrochaError):
            read(path)

    @pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.shp", "a.parquet"])
    @given(data=st.data())
    @settings(max_examples=20, deadline=None)
    def test_a_damaged_byte_gives_an_answer(self, tmp_path_factory, name, data):
        path = tmp_path_factory.mktemp("bytes") / name
        if name == "a.parquet":
            points(3).to_parquet(path)
        else:
            points(3).to_file(path)
        content = bytearray(path.read_bytes())
        where = data.draw(st.integers(0, len(content) - 1))
        content[where] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        with suppress(TrochaError):
            read(path)

    @pytest.mark.parametrize("magic", [b"PAR1", b"fgb\x03", b"\x00\x00\x27\x0a"])
    @given(tail=st.binary(max_size=200))
    @settings(max_examples=15, deadline=None)
    def test_bytes_after_a_known_magic_give_an_answer(
        self, tmp_path_factory, magic, tail
    ):
        path = tmp_path_factory.mktemp("bytes") / "a.shp"
        path.write_bytes(magic + tail)
        with pytest.raises(InputError):
            read(path)


class TestXml:
    """Our own parser takes GPX, and nothing that hides in it."""

    @pytest.mark.parametrize(
        "head",
        [
            '<!DOCTYPE gpx [<!ENTITY a "b">]>',
            '<!DOCTYPE gpx SYSTEM "file:///etc/hostname">',
            '<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE gpx [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>',
            '<?xml version="1.0"?>\n<!DOCTYPE gpx>',
        ],
    )
    def test_document_types_and_entities_are_refused(self, file, head):
        with pytest.raises(InputError, match="declares a document type or entities"):
            read(file(gpx(POINT, head=head), "a.gpx"))

    def test_deep_nesting_is_refused(self, file):
        with pytest.raises(InputError, match="nested too deeply"):
            read(file("<gpx>" + "<a>" * 5000, "a.gpx"))

    @pytest.mark.parametrize("name", ["a.csv", "a.gpx", "a.geojson", "a.shp"])
    @pytest.mark.parametrize(
        "text",
        [
            "<OGRVRTDataSource><SrcDataSource>/etc/hostname</SrcDataSource>",
            "<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL></OGRWFSDataSource>",
        ],
    )
    def test_files_that_point_elsewhere_are_refused(self, file, name, text):
        with pytest.raises(InputError, match=r"XML of another kind \(<OGR"):
            read(file(text, name))

    def test_a_cut_file_gives_what_stands_before_the_cut(self, file):
        whole = gpx(POINT, LATER, name="A7")

        sifted = read(file(whole[: whole.index("13:00")], "a.gpx"))

        assert len(sifted.fixes) == 1
        assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [
            [2, "unreadable"]
        ]
        assert any("breaks off" in note for note in sifted.notes)

    def test_a_file_cut_before_its_first_point_is_refused(self, file):
        with pytest.raises(InputError, match="breaks off before its first point"):
            read(file(gpx(POINT)[:40], "a.gpx"))

    def test_a_file_without_points_is_refused(self, file):
        with pytest.raises(InputError, match="holds no points"):
            read(file("<gpx/>", "a.gpx"))

    def test_a_route_without_times_is_refused(self, file):
        text = '<gpx><rte><rtept lat="8" lon="-77"/></rte></gpx>'
        with pytest.raises(InputError, match="no time that could be understood"):
            read(file(text, "a.gpx"))

    def test_latin_text_that_pretends_to_be_utf8_is_read(self, file):
        text = gpx(POINT, name="Darién 4", head='<?xml version="1.0"?>')
        latin = read(file(text.encode("cp1252"), "a.gpx"))
        utf8 = read(file(text.encode("utf-8"), "b.gpx"))

        assert latin.fixes["track"].tolist() == utf8.fixes["track"].tolist()

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
    def test_other_encodings_are_read(self, file, encoding):
        assert len(read(file(gpx(POINT).encode(encoding), "a.gpx")).fixes) == 1

    def test_namespaces_do_not_matter(self, file):
        text = (
            '<x:gpx xmlns:x="https://example/"><x:trk><x:trkseg>'
            '<x:trkpt lat="8.5" lon="-77.5"><x:time>2023-05-01T12:00:00Z</x:time>'
            "<x:hdop>2</x:hdop></x:trkpt></x:trkseg></x:trk></x:gpx>"
        )
        sifted = read(file(text, "a.gpx"))

        # 1.515 * sqrt((10 m * 2)² / 2) = 21.43 m
        assert sifted.fixes["accuracy_m"].round(2).tolist() == [21.43]
        assert any("HDOP" in note for note in sifted.notes)

    def test_hdop_stands_in_for_each_accuracy_that_is_not_there(self, file):
        points = "".join(
            f'<trkpt lat="8.5" lon="-77.5"><time>2023-05-01T12:0{minute}:00Z</time>'
            f"{told}</trkpt>"
            for minute, told in enumerate(
                [
                    "<hdop>2</hdop><accuracy>7</accuracy>",
                    "<hdop>2</hdop>",
                    "<hdop>2</hdop><accuracy>0</accuracy>",
                    "<hdop>0</hdop>",
                ]
            )
        )
        sifted = read(file(f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>", "a.gpx"))

        assert sifted.fixes["accuracy_m"].round(2).fillna(-1).tolist() == [
            7,
            21.43,
            21.43,
            -1,
        ]

    def test_nameless_tracks_one_after_the_other_are_one_device(self, file):
        one = (
            '<trk><trkseg><trkpt lat="8" lon="-77"><time>{}</time></trkpt></trkseg>'
            "</trk>"
        )
        text = "".join(one.format(f"2023-05-0{day}T00:00:00Z") for day in (2, 1))

        sifted = read(file(f"<gpx>{text}</gpx>", "a.gpx"))

        assert len(set(sifted.fixes["track"])) == 1
        assert any("follow each other" in note for note in sifted.notes)

    def test_nameless_tracks_at_once_are_two_devices(self, file):
        def track(lat):
            points = "".join(
                f'<trkpt lat="{lat}" lon="-77"><time>2023-05-01T0{hour}:00:00Z</time>'
                "</trkpt>"
                for hour in (0, 2)
            )
            return f"<trk><name>ACTIVE LOG</name><trkseg>{points}</trkseg></trk>"

        sifted = read(file(f"<gpx>{track(8)}{track(9)}</gpx>", "a.gpx"))

        assert len(set(sifted.fixes["track"])) == 2

    def test_waypoints_beside_a_track_are_left_out(self, file):
        mark = '<wpt lat="9" lon="-77"><time>2023-05-01T00:00:00Z</time></wpt>'
        text = gpx(POINT, name="A7").replace("<gpx>", f"<gpx>{mark}")

        sifted = read(file(text, "a.gpx"))

        assert len(sifted.fixes) == 1
        assert "1 waypoints were left out: the file has track points" in sifted.notes

    def test_of_waypoints_read_as_points_the_tracks_are_left_out(self, file):
        mark = '<wpt lat="9" lon="-77"><name>cruce</name></wpt>'
        text = gpx(POINT, name="A7").replace("<gpx>", f"<gpx>{mark}")

        sifted = read(file(text, "a.gpx"), points=True)

        assert sifted.points[["lat", "lon"]].to_numpy().tolist() == [[9, -77]]
        assert sifted.fixes.empty
        left = "1 track points were left out: only waypoints are points"
        assert left in sifted.notes

    def test_a_track_has_no_points(self, file):
        with pytest.raises(InputError, match="holds no waypoints"):
            read(file(gpx(POINT), "a.gpx"), points=True)

    def test_times_without_offset_are_utc_as_the_format_prescribes(self, file):
        text = gpx((*POINT[:2], "2023-05-01T12:00:00"))

        sifted = read(file(text, "a.gpx"), time_zone="America/Panama")

        assert sifted.fixes["time"].dt.hour.tolist() == [12]
        assert "times without an offset were read as UTC" in sifted.notes

    def test_names_of_columns_are_for_other_files(self, file):
        sifted = read(file(gpx(POINT), "a.gpx"), columns={"lon": "x"})
        assert sifted.fixes["lon"].tolist() == [-77.5]

    def test_metadata_may_say_simulated(self, file):
        text = gpx(POINT).replace(
            "<gpx>", "<gpx><metadata><desc>SIMULATED</desc></metadata>"
        )
        assert read(file(text, "a.gpx")).simulated


class TestDelimited:
    """Tables of text as they really are."""

    def test_an_open_quotation_mark_does_not_swallow_rows(self, file):
        text = CSV.replace("track,", "note,track,").replace("\na,", '\n6" pipe,a,')
        sifted = read(file(text))

        assert len(sifted.fixes) == 3
        assert any("never closed" in note for note in sifted.notes)

    def test_quoted_line_breaks_and_separators_are_text(self, file):
        text = CSV.replace("track,", "note,track,").replace("\na,", '\n"x,\ny",a,')
        assert read(file(text)).fixes["line"].tolist() == [1, 2, 3]

    def test_a_broken_row_is_counted_and_the_others_are_kept(self, file):
        sifted = read(file(CSV + "a,b\n" + CSV.splitlines()[1]))

        assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [
            [4, "unreadable"]
        ]
        assert sifted.fixes["line"].tolist() == [1, 2, 3, 5]

    @pytest.mark.parametrize("end", [",", ", "])
    def test_a_separator_too_many_at_the_end_of_rows_does_no_harm(self, file, end):
        head, *rows = CSV.splitlines()
        text = "\n".join([head, *[row + end for row in rows]])

        assert len(read(file(text)).fixes) == 3

    def test_a_separator_too_many_in_the_header_does_no_harm(self, file):
        assert len(read(file(CSV.replace("lon\n", "lon,\n"))).fixes) == 3

    def test_a_row_of_hashtags_is_no_row(self, file):
        tags = "lon\n#org,#date,#geo+lat,#geo+lon\n"
        sifted = read(file(CSV.replace("lon\n", tags)))

        assert len(sifted.fixes) == 3
        assert sifted.rejects.empty

    def test_an_endless_line_is_refused(self, file, monkeypatch):
        monkeypatch.setattr(delimited, "MAX_LINE_BYTES", 1000)
        with pytest.raises(InputError, match="cannot be cut into rows"):
            read(file(CSV + "a," * 20_000))

    def test_a_header_of_one_huge_field_is_refused(self, file):
        with pytest.raises(InputError, match="not a table"):
            read(file('"' + "x" * 2**19 + '"'))

    @pytest.mark.parametrize(
        "row",
        [
            "Ana,7,F,x,2023-05-01,y",
            "Ana,7,F,x,12:30,y",
            "Ana,F,x,y,8.5123,z",
            "Ana,F,x,y,8,z,63912345",
            "Ana,F,x,8°30'N,y,z",
        ],
    )
    def test_a_table_without_header_does_not_show_its_data(self, file, row):
        with pytest.raises(SchemaError, match="has no header") as caught:
            read(file(f"{row}\n{row}\n"))
        assert "Ana" not in str(caught.value)

    def test_too_many_columns_are_refused(self, file):
        with pytest.raises(InputError, match="3,000 columns; expected at most 2,000"):
            read(file(",".join(["a"] * 3000) + "\n"))

    def test_a_large_file_is_refused_before_it_is_read(self, file, monkeypatch):
        monkeypatch.setattr(sniff, "MAX_BYTES", 10)
        with pytest.raises(InputError, match="larger than"):
            read(file(CSV))

    def test_the_message_lists_no_more_than_twenty_columns(self, file):
        text = ",".join(f"col\x1b[31m{n}" for n in range(30)) + "\n" + "x," * 29 + "x\n"
        with pytest.raises(SchemaError, match=r"col\?\[31m19 and 10 more") as caught:
            read(file(text))
        assert "\x1b" not in str(caught.value)

    @pytest.mark.parametrize("data", ["POINT (-77.531832 8.271944)", "E-041773"])
    def test_data_that_slipped_into_the_header_are_not_shown(self, file, data):
        with pytest.raises(SchemaError, match=r"its columns are: track,") as caught:
            read(file(f"track,{data},accuracy\na,b,c\n"))
        assert not re.search(r"\d\.\d|\d{4}", str(caught.value))

    def test_a_file_cut_inside_a_character_is_still_utf8(self, file):
        text = (CSV + "ñ").encode()[:-1]
        assert read(file(text)).notes[0].startswith("read as UTF-8")

    def test_formulas_stay_text(self, file):
        text = CSV + "=1+1,2023-05-01T12:00Z,=8,-77\n"
        assert read(file(text)).counts() == {"no position": 1}

    def test_a_point_in_one_cell_is_found_by_its_look(self, file):
        text = "quien,fecha,donde\na,2023-05-01T12:00Z,8.5 -77.5 12 4.5\n"
        sifted = read(file(text), columns={"track": "quien"})

        assert sifted.fixes[["lat", "lon", "elevation_m", "accuracy_m"]].to_numpy(
        ).tolist() == [[8.5, -77.5, 12.0, 4.5]]  # fmt: skip
        assert "positions were read from column 'donde'" in sifted.notes


class TestJson:
    """GeoJSON without GDAL."""

    @staticmethod
    def feature(lat, **properties):
        return {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-77.5, lat, 40]},
            "properties": {"track": "a", "time": "2023-05-01T12:00:00Z", **properties},
        }

    def collection(self, *features, **more):
        return json.dumps({"type": "FeatureCollection", **more, "features": features})

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
    def test_deep_nesting_is_refused(self, file, text):
        with pytest.raises(InputError, match="nested too deeply"):
            read(file(text, "a.geojson"))

    def test_a_cut_file_gives_what_stands_before_the_cut(self, file):
        text = self.collection(self.feature(8.5), self.feature(8.6))

        sifted = read(file(text[:-40], "a.geojson"))

        assert sifted.fixes["lat"].tolist() == [8.5]
        assert sifted.counts() == {"unreadable": 1}
        assert any("breaks off" in note for note in sifted.notes)

    def test_a_damaged_line_of_a_sequence_is_one_reject(self, file):
        lines = [
            json.dumps(self.feature(8.5)),
            "{broken",
            json.dumps(self.feature(8.6)),
        ]
        sifted = read(file("\n".join(lines), "a.geojsonl"))

        assert sifted.fixes["line"].tolist() == [1, 3]
        assert sifted.counts() == {"unreadable": 1}

    def test_the_points_of_a_line_have_times(self, file):
        line = {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[-77, 8], [-77, 9]]},
            "properties": {
                "name": "A7",
                "coordTimes": ["2023-05-01T12:00:00Z", "2023-05-01T13:00:00Z"],
            },
        }
        sifted = read(file(self.collection(line), "a.geojson"))

        assert sifted.fixes["lat"].tolist() == [8.0, 9.0]
        assert sifted.fixes["time"].dt.hour.tolist() == [12, 13]

    @pytest.mark.parametrize(
        "geometry",
        [
            None,
            {"type": "Polygon", "coordinates": []},
            {"type": "Point", "coordinates": "x"},
            {"type": "Point", "coordinates": [None, True]},
            {"type": "Point", "coordinates": []},
            {"type": "Point"},
            [],
        ],
    )
    def test_what_is_no_point_lies_nowhere(self, file, geometry):
        odd = {**self.feature(8.5), "geometry": geometry}
        sifted = read(file(self.collection(self.feature(8), odd), "a.geojson"))

        assert sifted.counts() == {"no position": 1}

    def test_a_huge_number_is_off_the_globe_or_nowhere(self, file):
        text = self.collection(self.feature(8.5), self.feature(8.5))
        huge = text.replace("8.5", "1e999", 1)
        assert read(file(huge, "a.geojson")).counts() == {"no position": 1}
        digits = text.replace("8.5", "9" * 5000, 1)
        for text in (digits, "[" + "9" * 5000 + "]"):
            with pytest.raises(InputError):
                read(file(text, "a.geojson"))

    def test_another_crs_is_converted(self, file):
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32618"}}
        text = self.collection(self.feature(885000), crs=crs).replace("-77.5", "224000")

        fixes = read(file(text, "a.geojson")).fixes

        assert fixes["lat"].round(2).tolist() == [8.0]

    def test_size_is_limited(self, file, monkeypatch):
        monkeypatch.setattr(features, "MAX_JSON_BYTES", 10)
        with pytest.raises(InputError, match="larger than"):
            read(file(self.collection(self.feature(8.5)), "a.geojson"))

    def test_a_collection_may_say_simulated(self, file):
        text = self.collection(self.feature(8.5), description="SIMULADO")
        assert read(file(text, "a.geojson")).simulated
        text = self.collection(self.feature(8.5), simulated=True)
        assert read(file(text, "a.geojson")).simulated


def points(rows=1):
    return gpd.GeoDataFrame(
        {"track": ["a"] * rows, "time": ["2023-05-01T12:00:00Z"] * rows},
        geometry=gpd.points_from_xy([-77.5] * rows, [8.5] * rows),
        crs=4326,
    )


class TestGdal:
    """Binary files, once we know what they are."""

    def test_a_view_is_never_read(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points().to_file(path, layer="fixes", driver="GPKG")
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("ALTER TABLE fixes RENAME TO hidden")
            db.execute(
                "CREATE VIEW fixes AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL "
                "SELECT n + 1 FROM r) SELECT n AS fid, NULL AS geom FROM r"
            )
            db.execute("UPDATE gpkg_geometry_columns SET table_name = 'fixes'")
        db.close()
        with pytest.raises(InputError, match="only views; expected a table"):
            read(path)

    def test_a_catalogue_that_is_a_view_is_refused(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points().to_file(path, driver="GPKG")
        with sqlite3.connect(path) as db:
            db.execute("ALTER TABLE gpkg_contents RENAME TO c")
            db.execute("CREATE VIEW gpkg_contents AS SELECT * FROM c")
        db.close()
        with pytest.raises(InputError, match="damaged"):
            read(path)

    def test_several_layers_of_points_have_to_be_named(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points().to_file(path, layer="may", driver="GPKG")
        points(2).to_file(path, layer="june", driver="GPKG", mode="a")
        with pytest.raises(InputError, match="has 2 layers: june, may"):
            read(path)
        points(3).to_file(path, layer="fixes", driver="GPKG", mode="a")
        assert len(read(path).fixes) == 3

    def test_a_geopackage_may_say_simulated(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points().to_file(
            path, driver="GPKG", layer_options={"DESCRIPTION": "SIMULATED"}
        )
        assert read(path).simulated

    @pytest.mark.parametrize("name", ["a.gpkg", "a.fgb"])
    def test_a_cut_file_is_refused(self, tmp_path, name):
        path = tmp_path / name
        points(50).to_file(path)
        path.write_bytes(path.read_bytes()[:120])
        with pytest.raises(InputError, match=r"a\.(gpkg|fgb) is damaged"):
            read(path)

    def test_points_that_a_cut_shapefile_has_lost_lie_nowhere(self, tmp_path):
        path = tmp_path / "a.shp"
        points(50).to_file(path)
        path.write_bytes(path.read_bytes()[: 100 + 10 * 28])
        sifted = read(path)
        assert len(sifted.fixes) == 10
        assert sifted.counts() == {"no position": 40}

    @pytest.mark.parametrize("end", [".shx", ".dbf"])
    def test_a_shapefile_that_lacks_a_part_is_refused(self, tmp_path, end):
        path = tmp_path / "a.shp"
        points().to_file(path)
        path.with_suffix(end).unlink()
        with pytest.raises(InputError, match=rf"lacks its \{end}"):
            read(path)

    def test_a_shapefile_that_only_claims_to_be_utf8_is_read(self, tmp_path):
        path = tmp_path / "a.shp"
        points().assign(track="Capurganá").to_file(path, encoding="cp1252")
        right = read(path).fixes["track"].tolist()
        path.with_suffix(".cpg").write_text("UTF-8")
        assert read(path).fixes["track"].tolist() == right

    def test_a_misnamed_shapefile_is_refused(self, tmp_path):
        path = tmp_path / "a.shp"
        points().to_file(path)
        with pytest.raises(InputError, match=r"Name it \.shp"):
            read(path.rename(tmp_path / "a.csv"))

    def test_a_shapefile_in_capitals_is_read(self, tmp_path):
        points().to_file(tmp_path / "a.shp")
        for part in tmp_path.iterdir():
            part.rename(tmp_path / part.name.upper())
        assert len(read(tmp_path / "A.SHP").fixes) == 1

    def test_a_shapefile_without_crs_is_taken_for_degrees_and_says_so(self, tmp_path):
        path = tmp_path / "a.shp"
        points().to_file(path)
        path.with_suffix(".prj").unlink()
        sifted = read(path)
        assert len(sifted.fixes) == 1
        assert any("no CRS: taken for WGS 84" in note for note in sifted.notes)

    @pytest.mark.parametrize("said", [b"\xff" * 9, b"GEOGCS[", b"", b"GEOGCS[]" * 99])
    def test_a_crs_that_is_none_gives_an_answer(self, tmp_path, said):
        path = tmp_path / "a.shp"
        points().to_file(path)
        path.with_suffix(".prj").write_bytes(said)
        with suppress(InputError):
            assert len(read(path).fixes) == 1

    def test_what_the_library_stumbles_over_is_damage(self, tmp_path, monkeypatch):
        def stumble(*_, **__):
            raise UnboundLocalError("wkt")

        path = tmp_path / "a.shp"
        points().to_file(path)
        monkeypatch.setattr("pyogrio.read_info", stumble)
        with pytest.raises(InputError, match=r"a\.shp is damaged"):
            read(path)

    def test_another_crs_is_converted(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points().to_crs(32618).to_file(path, driver="GPKG")
        assert read(path).fixes["lat"].round(6).tolist() == [8.5]

    def test_shapes_that_are_no_points_lie_nowhere(self, tmp_path):
        path = tmp_path / "a.fgb"
        areas = points().set_geometry(points().to_crs(32618).buffer(9).to_crs(4326))
        areas.to_file(path, driver="FlatGeobuf")
        assert read(path).counts() == {"no position": 1}

    @pytest.mark.parametrize("axes", [(0, 0), (float("nan"),) * 2])
    def test_an_empty_point_lies_nowhere(self, axes):
        empty = shapely.from_wkb(struct.pack("<BI2d", 1, 1, *axes))
        shapes = [empty, shapely.Point(), shapely.Point(-77.5, 8.5), None]
        found = points_of(shapes, "")
        assert np.isnan(found.x).tolist() == [axes[0] != 0, True, False, True]

    def test_a_file_without_features_is_refused(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points(1).iloc[:0].to_file(path, driver="GPKG", geometry_type="Point")
        with pytest.raises(InputError, match="has no features"):
            read(path)

    def test_a_file_without_columns_has_no_time(self, tmp_path):
        path = tmp_path / "a.gpkg"
        points(1)[["geometry"]].to_file(path, driver="GPKG")
        with pytest.raises(SchemaError, match="has no column for time"):
            read(path)

    def test_a_layer_of_areas_is_not_taken(self, tmp_path):
        path = tmp_path / "a.gpkg"
        areas = points().set_geometry(points().to_crs(32618).buffer(9).to_crs(4326))
        areas.to_file(path, driver="GPKG")
        with pytest.raises(InputError, match="has no layer of points"):
            read(path)

    def test_the_number_of_features_is_limited(self, tmp_path, monkeypatch):
        monkeypatch.setattr(vector, "MAX_FEATURES", 1)
        path = tmp_path / "a.gpkg"
        points(2).to_file(path, driver="GPKG")
        with pytest.raises(InputError, match="with 2 features; expected"):
            read(path)

    def test_a_name_that_looks_like_an_archive_is_only_a_name(self, tmp_path):
        path = tmp_path / "a!b?c.zip"
        points().to_file(tmp_path / "a.gpkg", driver="GPKG")
        (tmp_path / "a.gpkg").rename(path)
        assert len(read(path).fixes) == 1


class TestParquet:
    """Columns with types."""

    @staticmethod
    def frame(**more):
        columns = {"track": ["a"], "time": pd.to_datetime(["2023-05-01T12:00Z"])}
        return pd.DataFrame({**columns, "lat": [8.5], "lon": [-77.5], **more})

    def test_naive_stamps_need_a_time_zone(self, tmp_path):
        frame = self.frame()
        frame["time"] = frame["time"].dt.tz_localize(None)
        frame.to_parquet(tmp_path / "a.parquet")
        with pytest.raises(InputError, match="no offset"):
            read(tmp_path / "a.parquet")
        sifted = read(tmp_path / "a.parquet", time_zone="America/Bogota")
        assert sifted.fixes["time"].dt.hour.tolist() == [17]

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_every_unit_of_time_gives_the_same(self, tmp_path, unit):
        frame = self.frame()
        frame["time"] = frame["time"].astype(f"datetime64[{unit}, UTC]")
        frame.to_parquet(tmp_path / "a.parquet")
        assert read(tmp_path / "a.parquet").fixes["time"].dt.hour.tolist() == [12]

    @pytest.mark.parametrize("name", [7, 7.0, np.int64(7), "7", " 7 "])
    def test_a_number_and_its_text_name_one_track(self, tmp_path, name):
        self.frame().assign(track=[name]).to_parquet(tmp_path / "a.parquet")
        self.frame().assign(track=["7"]).to_parquet(tmp_path / "b.parquet")
        one, two = read(tmp_path / "a.parquet"), read(tmp_path / "b.parquet")
        assert one.fixes["track"].tolist() == two.fixes["track"].tolist()

    def test_categories_and_nested_columns_do_no_harm(self, tmp_path):
        frame = self.frame(extra=[[1, 2]], more=[{"a": 1}])
        frame["track"] = frame["track"].astype("category")
        frame.to_parquet(tmp_path / "a.parquet")
        assert len(read(tmp_path / "a.parquet").fixes) == 1

    @pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
    def test_geometry_in_another_crs_is_converted(self, tmp_path, encoding):
        frame = points(2).to_crs(32618)
        frame.to_parquet(tmp_path / "a.parquet", geometry_encoding=encoding)
        fixes = read(tmp_path / "a.parquet").fixes
        assert fixes["lat"].round(6).tolist() == [8.5, 8.5]

    def test_rows_without_geometry_lie_nowhere(self, tmp_path):
        frame = points(3)
        frame.loc[1, "geometry"] = None
        frame.to_parquet(tmp_path / "a.parquet")
        assert read(tmp_path / "a.parquet").counts() == {"no position": 1}

    @pytest.mark.parametrize("geo", [b"[1]", b"{", b'{"primary_column": "lat"}'])
    def test_odd_metadata_are_no_geometry(self, tmp_path, geo):
        table = pa.Table.from_pandas(self.frame())
        pq.write_table(
            table.replace_schema_metadata({b"geo": geo}), tmp_path / "a.parquet"
        )
        assert len(read(tmp_path / "a.parquet").fixes) == 1

    @pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False)])
    def test_metadata_may_say_simulated(self, tmp_path, value, expected):
        table = pa.Table.from_pandas(self.frame())
        table = table.replace_schema_metadata({"simulated": value})
        pq.write_table(table, tmp_path / "a.parquet")
        assert read(tmp_path / "a.parquet").simulated is expected

    def test_a_cut_file_is_refused(self, tmp_path):
        path = tmp_path / "a.parquet"
        self.frame().to_parquet(path)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(InputError, match="damaged Parquet file"):
            read(path)

    def test_text_that_is_no_utf8_is_refused(self, tmp_path):
        wrong = pa.StringArray.from_buffers(
            1, pa.array([0, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xffb")
        )
        table = pa.Table.from_pandas(self.frame()).set_column(0, "track", wrong)
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(InputError, match="damaged Parquet file"):
            read(tmp_path / "a.parquet")

    def test_the_number_of_rows_is_limited(self, tmp_path, monkeypatch):
        monkeypatch.setattr(parquet, "MAX_ROWS", 0)
        self.frame().to_parquet(tmp_path / "a.parquet")
        with pytest.raises(InputError, match="1 rows in"):
            read(tmp_path / "a.parquet")

    def test_an_empty_table_is_refused(self, tmp_path):
        self.frame().iloc[:0].to_parquet(tmp_path / "a.parquet")
        with pytest.raises(InputError, match="has no rows"):
            read(tmp_path / "a.parquet")


def test_a_file_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text(CSV)

    def closed(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(InputError, match=r"a\.csv cannot be read: Permission denied"):
        read(path)


def test_a_shapefile_header_that_promises_billions_of_points_is_refused(tmp_path):
    path = tmp_path / "a.shp"
    points().to_file(path)
    shx = bytearray(path.with_suffix(".shx").read_bytes())
    shx[24:28] = struct.pack(">i", 2**31 - 1)
    path.with_suffix(".shx").write_bytes(shx)
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[4:8] = struct.pack("<I", 2**31 - 1)
    path.with_suffix(".dbf").write_bytes(dbf)
    with pytest.raises(InputError, match=r"a\.shp (opens as|is damaged)"):
        read(path)
