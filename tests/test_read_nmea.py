"""NMEA: sentences of one time are one fix, and the date is carried over midnight."""

from contextlib import suppress
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, TrochaError
from geo.read import read_fixes

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(path, **options):
    return read_fixes(path, key=b"k", now=NOW, **options)


@pytest.fixture
def file(tmp_path):
    def write(content, name="a.nmea", encoding="ascii"):
        path = tmp_path / name
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode(encoding)
        )
        return path

    return write


def sentence(body):
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"${body}*{total:02X}\r\n"


def gga(time="120000", lat="0830.0000,N", lon="07730.0000,W", *, q=1, hdop=2, who="GP"):
    return sentence(f"{who}GGA,{time},{lat},{lon},{q},08,{hdop},12.5,M,3.1,M,,")


def rmc(
    time="120000",
    date="010523",
    *,
    lat="0830.0000,N",
    lon="07730.0000,W",
    ok="A",
    mode="A",
):
    return sentence(f"GPRMC,{time},{ok},{lat},{lon},0.1,20.0,{date},,,{mode}")


def hours(sifted):
    return sifted.fixes["time"].dt.strftime("%m-%d %H:%M:%S.%f").str[:-3].tolist()


def test_sentences_of_one_time_are_one_fix(file):
    text = gga() + rmc() + gga("120500.25", "0845.0000,S", "07715.0000,E")

    sifted = read(file(text))

    assert sifted.fixes[["lon", "lat"]].to_numpy().tolist() == [
        [-77.5, 8.5],
        [77.25, -8.75],
    ]
    assert hours(sifted) == ["05-01 12:00:00.000", "05-01 12:05:00.250"]
    assert sifted.fixes["elevation_m"].tolist() == [12.5, 12.5]
    # 1.515 * sqrt((10 m * 2)² / 2) = 21.43 m
    assert sifted.fixes["accuracy_m"].round(2).tolist() == [21.43, 21.43]
    assert sifted.fixes["line"].tolist() == [1, 2]
    assert sifted.rejects.empty
    assert sifted.notes[0] == "read as NMEA"


def test_a_published_sentence_is_read_by_hand(file):
    # 4807.038 N is 48° 7.038' = 48.1173°; 01131.000 E is 11.516667°.
    text = (
        "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\n"
        + sentence("GPZDA,123519,23,03,2005,00,00")
    )
    fixes = read(file(text)).fixes

    assert fixes[["lat", "lon"]].round(6).to_numpy().tolist() == [[48.1173, 11.516667]]
    assert fixes["time"].astype(str).tolist() == ["2005-03-23 12:35:19+00:00"]


def test_the_same_log_as_gpx_reads_the_same(file):
    points = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><ele>12.5</ele><time>2023-05-01T{time}Z</time>'
        "<hdop>2</hdop></trkpt>"
        for lat, lon, time in [(8.5, -77.5, "12:00:00"), (8.75, -77.25, "12:05:30")]
    )
    gpx = f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>"
    later = {"time": "120530", "lat": "0845.000,N", "lon": "07715.000,W"}
    nmea = gga() + rmc() + gga(**later) + rmc(**later)

    one, other = read(file(nmea)).fixes, read(file(gpx, "a.gpx")).fixes

    pd.testing.assert_frame_equal(one, other)


def test_the_date_is_carried_over_midnight(file):
    text = gga("235950") + rmc("235955") + gga("000005") + gga("000010") + gga("120000")

    assert hours(read(file(text))) == [
        "05-01 23:59:50.000",
        "05-01 23:59:55.000",
        "05-02 00:00:05.000",
        "05-02 00:00:10.000",
        "05-02 12:00:00.000",
    ]


def test_a_night_without_fixes_is_a_midnight_too(file):
    text = rmc("150000") + gga("080000") + gga("075959")

    assert [hour[:11] for hour in hours(read(file(text)))] == [
        "05-01 15:00",
        "05-02 07:59",
        "05-02 08:00",
    ]


def test_before_the_first_date_it_is_counted_back(file):
    text = gga("235950") + gga("000005") + rmc("000010", date="020523")

    assert [hour[:5] for hour in hours(read(file(text)))] == ["05-01", "05-02", "05-02"]


def test_zda_tells_the_date(file):
    text = gga() + sentence("GNZDA,120000.00,31,12,2024,00,00") + gga("120001")

    assert hours(read(file(text))) == ["12-31 12:00:00.000", "12-31 12:00:01.000"]


def test_without_a_date_there_is_no_time(file):
    with pytest.raises(InputError, match="no time that could be understood"):
        read(file(gga() + gga("120001")))


@pytest.mark.parametrize("who", ["GP", "GN", "GL", "GA", "GB", "BD", "QZ", "II"])
def test_any_talker_is_heard(file, who):
    assert read(file(gga(who=who) + rmc())).fixes["elevation_m"].tolist() == [12.5]


def test_a_wrong_checksum_is_one_reject(file):
    bad = gga("120001").replace("0830", "0930")

    sifted = read(file(gga() + rmc() + bad + rmc("120002")))

    assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [[2, "unreadable"]]
    assert sifted.fixes["line"].tolist() == [1, 3]


def test_a_sentence_without_checksum_counts_if_its_line_is_whole(file):
    text = gga().split("*")[0] + "\n" + rmc().split("*")[0]

    sifted = read(file(text + "\n"))

    assert len(sifted.fixes) == 1
    assert read(file(rmc("115959") + text)).counts() == {"unreadable": 1}


def test_what_the_receiver_calls_void_has_no_position(file):
    nothing = {"lat": ",", "lon": ","}
    text = (
        rmc()
        + rmc("120001", ok="V")
        + gga("120002", q=0, **nothing)
        + gga("120003")
        + rmc("120003", ok="V")
    )
    sifted = read(file(text))

    assert len(sifted.fixes) == 1
    assert sifted.counts() == {"no position": 3}


def test_an_estimated_position_is_too_inexact(file):
    text = rmc() + rmc("120001", mode="E") + gga("120002", q=6)

    assert read(file(text)).counts() == {"poor accuracy": 2}


@pytest.mark.parametrize("text", [rmc() + gga(q=8), rmc(mode="S")])
def test_a_simulator_says_so(file, text):
    assert read(file(text)).simulated
    assert not read(file(rmc())).simulated


def test_other_lines_are_passed_over(file):
    text = (
        "# logger 1.2\r\n"
        + sentence("GPGSV,1,1,01,05,40,083,46")
        + "!AIVDM,1,1,,A,13aEOK?P00PD2wVMdLDRhgvL289?,0*26\r\n"
        + "12:00:00.1 "
        + gga()
        + "$PGRME,15.0,M,45.0,M,25.0,M*1C\r\n\x00".replace("\x00", "")
        + rmc()
    )
    sifted = read(file(text, "a.txt"))

    assert len(sifted.fixes) == 1
    assert sifted.rejects.empty


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_other_encodings_are_read(file, encoding):
    assert len(read(file(gga() + rmc(), encoding=encoding)).fixes) == 1


@pytest.mark.parametrize(
    "text",
    [
        rmc("250000"),
        rmc("126000"),
        sentence("GPRMC,,V,,,,,,,,,,N"),
        sentence("GPRMC,120000,A"),
        "$GPRMC,120000,A,08",
    ],
)
def test_a_log_without_a_time_is_refused(file, text):
    with pytest.raises(InputError, match="without one whole GGA or RMC sentence"):
        read(file(text))


@pytest.mark.parametrize(
    "body",
    [
        {"lat": "0860.0000,N"},
        {"lat": "0830.0000,X"},
        {"lat": "-0830.0000,N"},
        {"lon": ",W"},
    ],
)
def test_a_damaged_position_is_none(file, body):
    assert read(file(rmc() + rmc("120001", **body))).counts() == {"no position": 1}


@pytest.mark.parametrize("date", ["310223", "0105", "xx0523", ""])
def test_a_damaged_date_is_none(file, date):
    text = rmc() + rmc("120001", date=date)

    assert hours(read(file(text))) == ["05-01 12:00:00.000", "05-01 12:00:01.000"]


def test_an_endless_sentence_is_one_reject(file):
    endless = sentence("GPRMC,120001,A," + "," * 1_000_000)

    assert read(file(rmc() + endless)).counts() == {"unreadable": 1}


def test_a_cut_file_gives_what_stands_before_the_cut(file):
    whole = gga() + rmc() + rmc("120001")

    sifted = read(file(whole[:-12]))

    assert len(sifted.fixes) == 1
    assert sifted.counts() == {"unreadable": 1}


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_byte_gives_an_answer(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "a.nmea"
    content = bytearray((gga() + rmc() + gga("120001")).encode())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(TrochaError):
        read(path)
