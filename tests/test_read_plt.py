"""PLT of GeoLife and OziExplorer: the day number tells the time, feet the height."""

from contextlib import suppress
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import CRSError, InputError, TrochaError
from geo.read import read_fixes

NOW = datetime(2026, 1, 1, tzinfo=UTC)

GEOLIFE = """Geolife trajectory
WGS 84
Altitude is in Feet
Reserved 3
0,2,255,My Track,0,0,2,8421376
0
8.5,-77.5,0,100,45047.5,2023-05-01,12:00:00
8.75,-77.25,0,-777,45047.5034722222,2023-05-01,12:05:00
"""
OZI = """OziExplorer Track Point File Version 2.1
WGS 84
Altitude is in Feet
Reserved 3
0,2,16776960,13-août-07 ,0,0,2,8421376
2
  8.500000, -77.500000,1, 100.0,45047.5000000, 01-mai-23, 12:00:00
  8.750000, -77.250000,0,-777.0,45047.5034722, 01-mai-23, 12:05:00
"""


def read(path, **options):
    return read_fixes(path, key=b"k", now=NOW, **options)


@pytest.fixture
def file(tmp_path):
    def write(content, name="a.plt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("content", [GEOLIFE, OZI, OZI.encode("cp1252")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_points_are_fixes_to_the_second(file, content, end):
    if isinstance(content, bytes):
        content = content.decode("cp1252").replace("\n", end).encode("cp1252")
    else:
        content = content.replace("\n", end)

    sifted = read(file(content))

    fixes = sifted.fixes
    assert fixes[["lon", "lat"]].to_numpy().tolist() == [[-77.5, 8.5], [-77.25, 8.75]]
    # 100 international feet are 30.48 m.
    assert fixes["elevation_m"].round(9).fillna(-1).tolist() == [30.48, -1]
    assert fixes["time"].astype(str).tolist() == [
        "2023-05-01 12:00:00+00:00",
        "2023-05-01 12:05:00+00:00",
    ]
    assert sifted.rejects.empty
    assert sifted.notes[0].startswith("read as PLT of ")


def test_the_same_log_as_gpx_reads_the_same(file):
    points = (
        '<trkpt lat="8.5" lon="-77.5"><ele>30.48</ele>'
        "<time>2023-05-01T12:00:00Z</time></trkpt>"
        '<trkpt lat="8.75" lon="-77.25"><time>2023-05-01T12:05:00Z</time></trkpt>'
    )
    gpx = f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>"

    one, other = read(file(GEOLIFE)).fixes, read(file(gpx, "a.gpx")).fixes

    pd.testing.assert_frame_equal(one, other)


def test_the_day_number_counts_not_the_text_beside_it(file):
    text = GEOLIFE.replace("2023-05-01,12:05:00", "1999-01-01,00:00:00")

    assert read(file(text)).fixes["time"].dt.year.tolist() == [2023, 2023]


def test_lines_with_five_fields_are_whole(file):
    lines = OZI.splitlines()
    text = "\n".join(lines[:6] + [",".join(line.split(",")[:5]) for line in lines[6:]])

    assert len(read(file(text)).fixes) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("8.5,-77.5", "unreadable"),
        ("8.5,-77.5,0,0,45047.5", "unreadable"),
        ("x,-77.5,0,0,45047.5,,", "unreadable"),
        ("8.5,-77.5,0,0,0,,", "no time"),
        ("8.5,-77.5,0,0,,,", "no time"),
        ("8.5,-77.5,0,0,1e300,,", "no time"),
        ("8.5,-77.5,0,0,36000,,", "before 2000"),
        ("8.5,-77.5,0,0,60000,,", "in the future"),
        ("95,-77.5,0,0,45047.5,,", "off the globe"),
    ],
)
def test_a_bad_row_has_one_reason(file, row, reason):
    lines = GEOLIFE.splitlines()
    text = "\n".join([*lines[:7], row, lines[7]])

    sifted = read(file(text))

    assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [[2, reason]]
    assert sifted.fixes["line"].tolist() == [1, 3]


def test_a_cut_file_gives_what_stands_before_the_cut(file):
    sifted = read(file(GEOLIFE[: GEOLIFE.index("0347222")]))

    assert len(sifted.fixes) == 1
    assert sifted.counts() == {"unreadable": 1}
    assert any("breaks off" in note for note in sifted.notes)


def test_a_file_without_points_is_refused(file):
    with pytest.raises(InputError, match="holds no points"):
        read(file("\n".join(GEOLIFE.splitlines()[:6])))


def test_another_datum_is_refused(file):
    with pytest.raises(CRSError, match="datum 'NAD27 Central'; expected WGS 84"):
        read(file(OZI.replace("WGS 84", "NAD27 Central")))


def test_the_order_of_the_rows_does_not_matter(file):
    lines = GEOLIFE.splitlines()
    mixed = "\n".join([*lines[:6], lines[7], lines[6]])
    columns = ["track", "time", "lon", "lat", "elevation_m"]

    straight, other = read(file(GEOLIFE)).fixes, read(file(mixed, "b.plt")).fixes

    pd.testing.assert_frame_equal(straight[columns], other[columns])


def test_the_header_may_say_simulated(file):
    assert read(file(GEOLIFE.replace("My Track", "SIMULADO"))).simulated
    assert not read(file(GEOLIFE)).simulated


@given(st.data())
@settings(max_examples=40)
def test_a_damaged_byte_gives_an_answer(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "a.plt"
    content = bytearray(GEOLIFE.encode())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(TrochaError):
        read(path)
