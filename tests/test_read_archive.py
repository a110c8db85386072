"""Zip archives: files of positions are read, and nothing leads out or blows up."""

import io
import json
import stat
import struct
import zipfile
from contextlib import suppress
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, TrochaError
from geo.files import find_files
from geo.read import archive, read_fixes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CSV = "track,time,lat,lon\n" + "a,2023-05-01T12:00Z,8.5,-77.5\n"
KML = (
    "<kml><Placemark><TimeStamp><when>2023-05-01T12:00:00Z</when></TimeStamp>"
    "<Point><coordinates>-77.5,8.5</coordinates></Point></Placemark></kml>"
)
INDEX = (
    "<kml><NetworkLink><Link><href>layers/walk.kml</href></Link></NetworkLink></kml>"
)
GPX = (
    '<gpx><trk><trkseg><trkpt lat="8.5" lon="-77.5"><time>2023-05-01T12:00:00Z</time>'
    "</trkpt></trkseg></trk></gpx>"
)


def read(path, **options):
    return read_fixes(path, key=b"k", now=NOW, **options)


@pytest.fixture
def pack(tmp_path):
    def write(members, name="walk.zip", method=zipfile.ZIP_DEFLATED):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", method) as file:
            for member, content in members.items():
                file.writestr(member, content)
        return path

    return write


def shapefile(folder, **options):
    table = pd.DataFrame({"track": ["A7"], "time": ["2023-05-01T12:00:00Z"]})
    points = gpd.points_from_xy([-77.5], [8.5])
    frame = gpd.GeoDataFrame(table, geometry=points, crs=4326)
    folder.mkdir()
    frame.to_file(folder / "a.shp", **options)
    return {f"data/{file.name}": file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"walk.csv": CSV}, "delimited text"),
        ({"a/b/walk.gpx": GPX}, "a GPX file"),
        ({"a\\walk.gpx": GPX}, "a GPX file"),
        ({"walk.gpx": GPX, "README.txt": "about"}, "a GPX file"),
        ({"walk.gpx": GPX, "photo.jpg": b"", "__MACOSX/._walk.gpx": b""}, "a GPX file"),
        ({"walk.csv": GPX}, "a GPX file"),
        ({"doc.kml": KML, "files/icon.png": b"x"}, "a KML file"),
        ({"doc.kml": KML, "layers/other.kml": KML}, "a KML file"),
        ({"other.kml": KML}, "a KML file"),
        ({"doc.kml": INDEX, "layers/walk.kml": KML}, "a KML file"),
        ({"walk.txt": CSV}, "delimited text"),
    ],
)
def test_the_one_file_of_positions_is_read(pack, members, what):
    sifted = read(pack(members))

    assert sifted.fixes[["lon", "lat"]].to_numpy().tolist() == [[-77.5, 8.5]]
    assert sifted.notes[0].startswith("read as ")
    assert f"it was unpacked from a zip archive, as {what}" in sifted.notes


def test_a_kmz_reads_as_its_kml(pack, tmp_path):
    bare = tmp_path / "a.kml"
    bare.write_text(KML)

    packed = read(pack({"doc.kml": KML}, "a.kmz"))

    pd.testing.assert_frame_equal(packed.fixes, read(bare).fixes)
    assert not any("its name ends in" in note for note in packed.notes)


def test_a_zipped_shapefile_reads_with_all_its_parts(pack, tmp_path):
    members = shapefile(tmp_path / "one")

    sifted = read(pack(members | {"data/a.shp.xml": "<x/>", "data/b.dbf": b"x"}))

    assert sifted.fixes[["lon", "lat"]].to_numpy().tolist() == [[-77.5, 8.5]]
    assert not any("has no CRS" in note for note in sifted.notes)


def test_a_zipped_shapefile_that_lacks_a_part_is_refused(pack, tmp_path):
    members = shapefile(tmp_path / "one")
    del members["data/a.shx"]

    with pytest.raises(InputError, match=r"walk\.shp lacks its \.shx"):
        read(pack(members))


def test_columns_can_be_named_in_an_archive(pack):
    text = "who,when,lat,x\na,2023-05-01T12:00Z,8.5,-77.5\n"

    sifted = read(pack({"a.csv": text}), columns={"lon": "x", "time": "when"})

    assert len(sifted.fixes) == 1
    assert len(read(pack({"a.gpx": GPX}), columns={"lon": "x"}).fixes) == 1


def test_rejects_and_messages_name_the_archive(pack):
    rejects = read(pack({"secret.csv": CSV + "a,,8,-77\n"})).rejects
    assert rejects["file"].tolist() == ["walk.zip"]
    with pytest.raises(InputError, match=r"^walk\.zip is empty") as caught:
        read(pack({"secret.csv": " "}))
    assert "secret" not in str(caught.value)


def test_a_name_in_the_archive_may_say_simulated(pack):
    assert read(pack({"simulated_walk.csv": CSV})).simulated
    assert not read(pack({"walk.csv": CSV})).simulated


def gpx(*hours, name="", lat=8.5):
    points = "".join(
        f'<trkpt lat="{lat}" lon="-77.5"><time>2023-05-01T{hour:02d}:00:00Z</time>'
        "</trkpt>"
        for hour in hours
    )
    title = f"<name>{name}</name>" if name else ""
    return f"<gpx><trk>{title}<trkseg>{points}</trkseg></trk></gpx>"


class TestSeveralFiles:
    """They are read as one file, each by its own rules."""

    def test_all_of_them_are_read(self, pack, tmp_path):
        two = "track;time;lat;lon\nb;2023-05-01T12:00Z;8,25;-77,5\nb;;8,5;-77\n"
        members = {"z/b.csv": two, "a.gpx": gpx(12, 13, name="A7"), "README.txt": "x"}

        sifted = read(pack(members | shapefile(tmp_path / "one")))

        places = sifted.fixes.sort_values("line")[["line", "lat"]].to_numpy().tolist()
        assert places == [[1, 8.5], [2, 8.5], [3, 8.5], [4, 8.25]]
        assert sifted.rejects[["file", "line", "reason"]].to_numpy().tolist() == [
            ["walk.zip", 5, "no time"]
        ]
        assert sifted.notes[:4] == (
            "file 1: read as GPX",
            "file 2: read as ESRI Shapefile",
            "file 3: read as UTF-8, separator ';', decimal comma",
            "records of the files: 1 to 2, 3 to 3, 4 to 5",
        )
        assert sifted.notes[4].startswith("3 of 3 files of a zip archive were read")

    def test_named_tracks_are_those_of_the_files_by_themselves(self, pack, tmp_path):
        texts = {"a.gpx": gpx(12, name="A7"), "b.gpx": gpx(13, name="A7"), "c.csv": CSV}
        alone = []
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
            alone.append(read(tmp_path / name).fixes)

        together = read(pack(texts)).fixes

        apart = pd.concat(alone).sort_values(["track", "time"], ignore_index=True)
        pd.testing.assert_frame_equal(
            together.drop(columns="line"), apart.drop(columns="line")
        )

    def test_pieces_without_a_name_that_follow_each_other_are_one_track(self, pack):
        sifted = read(pack({"a.gpx": gpx(12, 13), "b.gpx": gpx(14, 15)}))

        assert len(set(sifted.fixes["track"])) == 1
        assert any("2 pieces without a name follow" in note for note in sifted.notes)

    def test_pieces_without_a_name_at_once_are_a_track_each(self, pack):
        sifted = read(pack({"a.gpx": gpx(12, 14), "b.gpx": gpx(13, 15, lat=8.25)}))

        assert len(set(sifted.fixes["track"])) == 2

    def test_all_the_files_of_one_google_account_are_one_track(self, pack):
        def record(hour):
            time = f"2023-05-01T{hour}:00:00Z"
            return {
                "latitudeE7": 85000000,
                "longitudeE7": -775000000,
                "timestamp": time,
            }

        halves = {
            f"{name}.json": json.dumps({"locations": [record(h) for h in hours]})
            for name, hours in {"a": (10, 14), "b": (12, 16)}.items()
        }

        sifted = read(pack(halves | {"c.gpx": gpx(11, 13, name="A7")}))

        assert len(sifted.fixes) == 6
        assert len(set(sifted.fixes["track"])) == 2

    def test_what_cannot_be_used_is_left_out_and_said(self, pack):
        inner = pack({"a.csv": CSV}, "inner.zip").read_bytes()
        members = {"a.csv": CSV, "secret.json": "{}", "x.zip": inner, "y.kmz": inner}

        sifted = read(pack(members))

        assert len(sifted.fixes) == 1
        left = [note for note in sifted.notes if "was left out" in note]
        assert [note[:6] for note in left] == ["file 2", "file 3", "file 4"]
        assert "JSON, but not GeoJSON" in left[0]
        assert "a zip archive in a zip archive" in left[1]
        assert "secret" not in " ".join(sifted.notes)

    def test_one_that_says_simulated_makes_all_of_it_simulated(self, pack):
        assert read(pack({"a.csv": CSV, "simulado.gpx": gpx(12)})).simulated

    def test_the_order_in_the_archive_does_not_matter(self, pack):
        members = {"b.gpx": gpx(12, 13), "a.csv": CSV, "c.gpx": gpx(14)}

        one = read(pack(members))
        two = read(pack(dict(reversed(members.items())), "walk.zip"))

        pd.testing.assert_frame_equal(one.fixes, two.fixes)
        assert one.notes == two.notes

    def test_they_share_the_room_that_there_is(self, pack, monkeypatch):
        monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 150)
        assert len(read(pack({"a.csv": CSV, "b.csv": CSV})).fixes) == 2
        with pytest.raises(InputError, match="unpacks to more than"):
            read(pack({f"{n}.csv": CSV for n in range(4)}))

    def test_times_without_an_offset_in_most_rows_ask_for_a_zone(self, pack):
        naive = CSV.replace("Z", "")
        with pytest.raises(InputError, match=r"walk\.zip have no offset.*--tz"):
            read(pack({"a.csv": naive, "b.csv": naive}))
        sifted = read(
            pack({"a.csv": naive, "b.csv": naive}), time_zone="America/Panama"
        )
        assert len(sifted.fixes) == 2


def test_archives_in_a_folder_are_found(pack, tmp_path):
    paths = [pack({"a.csv": CSV}, "a.zip"), pack({"doc.kml": KML}, "b.kmz")]

    assert find_files([tmp_path]) == paths


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "without a file of positions that is read"),
        ({"a.exe": b"x", "dir/": b""}, "without a file of positions that is read"),
        ({"a.zip": b"x,y"}, "a header, but no rows"),
        ({"a.csv": " ", "b.gpx": "<gpx/>"}, "is empty"),
        ({"/etc/a.gpx": GPX}, "a name that leads out of its folder"),
        ({"../a.gpx": GPX}, "a name that leads out of its folder"),
        ({"..\\a.gpx": GPX}, "a name that leads out of its folder"),
        ({"C:/a.gpx": GPX}, "a name that leads out of its folder"),
        ({"a.gpx": GPX, "A.GPX": GPX}, "two files of one name"),
        ({"a.csv": b"II*\0" + b"\0" * 40}, "is a picture"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(pack, members, message):
    with pytest.raises(InputError, match=message) as caught:
        read(pack(members))
    assert str(caught.value).startswith("walk.zip ")


def test_an_archive_in_an_archive_is_refused(pack):
    inner = pack({"a.csv": CSV}, "inner.zip").read_bytes()

    with pytest.raises(InputError, match="a zip archive in a zip archive"):
        read(pack({"a.csv": inner}))


def test_an_archive_that_points_elsewhere_is_refused(pack):
    text = "<OGRVRTDataSource><SrcDataSource>/etc/hostname</SrcDataSource>"

    with pytest.raises(InputError, match="XML of another kind"):
        read(pack({"a.gpx": text}))


def test_a_link_is_refused(pack):
    link = zipfile.ZipInfo("a.gpx")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(InputError, match="a zip archive with a link"):
        read(pack({link: "/etc/hostname"}))


def test_encryption_is_refused(pack):
    path = pack({"a.gpx": GPX})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)

    with pytest.raises(InputError, match="a zip archive with encryption"):
        read(path)


def test_too_many_files_are_refused(pack):
    members = {f"{number}.jpg": b"" for number in range(archive.MAX_MEMBERS)}

    with pytest.raises(InputError, match="holds 201 files; expected at most 200"):
        read(pack(members | {"a.gpx": GPX}))


def test_a_list_of_files_that_would_fill_the_memory_is_refused(pack, monkeypatch):
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 20)

    with pytest.raises(InputError, match="a zip archive of too many files"):
        read(pack({"a.gpx": GPX}))


def test_a_bomb_is_refused_by_its_ratio(pack, monkeypatch):
    monkeypatch.setattr(archive, "_CHUNK", 2**16)

    with pytest.raises(InputError, match=r"unpacks to more than \d+ MB"):
        read(pack({"a.csv": CSV + " " * 2**24}))


def test_what_is_unpacked_is_counted_not_believed(pack, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1000)
    path = pack({"a.csv": CSV * 100}, method=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 10)  # the size that it claims
    path.write_bytes(content)

    with pytest.raises(InputError):
        read(path)
    with pytest.raises(InputError, match="unpacks to more than"):
        read(pack({"a.csv": CSV * 100}))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(pack, method):
    with pytest.raises(InputError, match="packed in a way that is not read"):
        read(pack({"a.csv": CSV}, method=method))


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.99])
def test_a_cut_archive_is_refused(pack, keep):
    path = pack({"a.csv": CSV})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])

    with pytest.raises(InputError, match="damaged or not whole"):
        read(path)


def test_a_wrong_checksum_in_an_archive_is_refused(pack):
    path = pack({"a.csv": CSV}, method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"-77.5", b"-78.5"))

    with pytest.raises(InputError, match="damaged or not whole"):
        read(path)


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_byte_gives_an_answer(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "a.kmz"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("doc.kml", KML)
    content = bytearray(packed.getvalue())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(TrochaError):
        read(path)


def test_nothing_stays_in_the_temporary_folder(pack, tmp_path, monkeypatch):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))

    read(pack({"a.csv": CSV}))
    with suppress(InputError):
        read(pack({"a.csv": "x"}))

    assert not list(place.iterdir())


def test_fixes_and_points_do_not_mix(tmp_path):
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("walk.csv", "id,time,lat,lon\nA,2023-05-01T12:00Z,8,-77\n")
        archive.writestr("list.csv", "incident_id,date,lat,lon\n7,2023-05-01,8,-77\n")

    with pytest.raises(InputError, match="fixes of devices and points"):
        read_fixes(path, key=b"k")


def test_several_lists_of_points_are_one(tmp_path):
    path = tmp_path / "lists.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "fecha,lat,lon\n2023-05-01,8,-77\n")
        archive.writestr("b.csv", "fecha,lat,lon\n2023-06-01,8,-77\n")

    assert len(read_fixes(path, key=b"k", points=True).points) == 2
