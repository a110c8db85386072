"""FIT: what a device recorded comes back, also from a damaged file."""

import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import fitdecode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, TrochaError
from geo.read import fit, read_fixes
from geo.read.fitrecords import checksum
from geo.read.sifting import hashed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
START = int((datetime(2023, 5, 1, 12, tzinfo=UTC) - EPOCH).total_seconds())

# Field number, size, base type, and how struct packs it (FIT protocol, profile).
FILE_ID = [(0, 1, 0x00, "B"), (1, 2, 0x84, "H"), (3, 4, 0x8C, "I")]
RECORD = [
    (253, 4, 0x86, "I"),  # timestamp
    (0, 4, 0x85, "i"),  # position_lat
    (1, 4, 0x85, "i"),  # position_long
    (2, 2, 0x84, "H"),  # altitude, 5 * (metres + 500)
    (31, 1, 0x02, "B"),  # gps_accuracy, metres
]
NONE = 0x7FFFFFFF


def semicircles(degrees):
    return round(degrees * 2**31 / 180)


def crc(data):
    table = [0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401]
    table += [0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400]
    value = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            value = (value >> 4) ^ table[value & 0xF] ^ table[nibble]
    return value


def define(local, number, fields, *, big=False):
    order = ">" if big else "<"
    head = struct.pack(f"{order}BBBHB", 0x40 | local, 0, big, number, len(fields))
    return head + b"".join(struct.pack("BBB", *field[:3]) for field in fields)


def data(local, fields, values, *, big=False):
    order = ">" if big else "<"
    return bytes([local]) + struct.pack(order + "".join(f[3] for f in fields), *values)


def row(seconds, lat, lon, metres=12.0, accuracy=5):
    place = [v if v == NONE else semicircles(v) for v in (lat, lon)]
    return (START + seconds, *place, round((metres + 500) * 5), accuracy)


def fit_file(rows, *, serial=77, size=None, big=False, fields=RECORD):
    body = b""
    if serial is not None:
        body += define(0, 0, FILE_ID, big=big)
        body += data(0, FILE_ID, (4, 1, serial), big=big)
    body += define(1, 20, fields, big=big)
    body += b"".join(data(1, fields, values, big=big) for values in rows)
    length = len(body) if size is None else size
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, length, b".FIT")
    head += struct.pack("<H", crc(head))
    return head + body + struct.pack("<H", crc(head + body))


WALK = [row(0, 8.25, -77.5), row(330, 8.5, -77.25, 20.4, 8), row(600, 8.75, -77.125)]


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, name="walk.fit", **options):
        path = tmp_path / name
        path.write_bytes(content)
        return read_fixes(path, key=b"k", now=NOW, **options)

    return write_and_read


@pytest.mark.parametrize("big", [False, True])
def test_records_come_back(read, big):
    sifted = read(fit_file(WALK, big=big))

    fixes = sifted.fixes
    # A semicircle is 8e-8 degrees, nine millimetres.
    assert fixes["lat"].tolist() == pytest.approx([8.25, 8.5, 8.75], abs=5e-8)
    assert fixes["lon"].tolist() == pytest.approx([-77.5, -77.25, -77.125], abs=5e-8)
    assert fixes["time"].dt.strftime("%F %T").tolist() == [
        "2023-05-01 12:00:00",
        "2023-05-01 12:05:30",
        "2023-05-01 12:10:00",
    ]
    assert fixes["elevation_m"].tolist() == pytest.approx([12, 20.4, 12])
    assert fixes["accuracy_m"].tolist() == [5, 8, 5]
    assert fixes["line"].tolist() == [1, 2, 3]
    assert set(fixes["track"]) == {hashed("FIT:1:77", key=b"k")}
    assert sifted.notes == ("read as FIT",)


def test_the_finer_altitude_goes_before_the_coarse_one(read):
    fields = [*RECORD, (78, 4, 0x86, "I")]
    rows = [(*values, round((31.2 + 500) * 5)) for values in WALK]

    assert read(fit_file(rows, fields=fields)).fixes["elevation_m"].tolist() == (
        pytest.approx([31.2] * 3)
    )


def test_unknown_values_are_unknown(read):
    values = (START, semicircles(8.25), semicircles(-77.5), 0xFFFF, 0xFF)

    fixes = read(fit_file([values])).fixes

    assert fixes[["elevation_m", "accuracy_m"]].isna().all(axis=None)


def test_records_without_position_or_time_are_counted(read):
    unset = (1000, semicircles(8.25), semicircles(-77.5), 2560, 5)
    lost = row(5, NONE, NONE)

    sifted = read(fit_file([lost, *WALK, unset]))

    assert sifted.counts() == {"no position": 1, "no time": 1}
    assert sifted.fixes["line"].tolist() == [2, 3, 4]


@pytest.mark.parametrize("serial", [None, 0])
def test_without_a_serial_number_the_file_is_one_track(read, serial):
    sifted = read(fit_file(WALK, serial=serial))

    assert len(set(sifted.fixes["track"])) == 1
    assert any("taken for one track, a guess" in note for note in sifted.notes)


def test_files_in_a_chain_keep_their_devices(read):
    sifted = read(fit_file(WALK[:1], serial=1) + fit_file(WALK[1:], serial=2))

    names = {hashed(f"FIT:1:{serial}", key=b"k") for serial in (1, 2)}
    assert set(sifted.fixes["track"]) == names
    assert len(sifted.fixes) == 3


def test_a_file_by_another_name_is_told_by_its_content(read):
    sifted = read(fit_file(WALK), name="walk.csv")

    assert "its name ends in .csv, but it is a FIT file" in sifted.notes


def test_nobody_has_to_name_its_columns(read):
    assert len(read(fit_file(WALK), columns={"time": "hora"}).fixes) == 3


# Further fields of a record: heart rate, distance, speed, and one that nobody knows.
MORE = [(3, 1, 0x02, "B"), (5, 4, 0x86, "I"), (6, 2, 0x84, "H"), (201, 2, 0x84, "H")]
FIELDS = [*RECORD, (78, 4, 0x86, "I"), *MORE]
ODD = [(2, 4, 0x86, "I"), (31, 2, 0x84, "H"), (0, 4, 0x86, "I"), (253, 2, 0x84, "H")]


def facts(found):
    """What a reader found, with NaN equal to itself."""
    points = found.points
    columns = [points.x, points.y, points.z, found.line, found.broken, found.group]
    return [column.tolist().__repr__() for column in columns], found.table.to_pydict()


class TestOneStep:
    """Records decoded in one step are those that the library gives."""

    @staticmethod
    def same(folder, content):
        """Read a file in both ways, and return what was found."""
        path = folder / "a.fit"
        path.write_bytes(content)
        ours = fit.read_fit(path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("geo.read.fitrecords._layout_of", lambda _: None)
            theirs = fit.read_fit(path)
        assert repr(facts(ours)) == repr(facts(theirs))
        assert ours.notes == theirs.notes
        return ours

    @given(data=st.data())
    @settings(max_examples=80, deadline=None)
    def test_any_layout_and_any_values(self, tmp_path_factory, data):
        fields = data.draw(st.lists(st.sampled_from([*FIELDS, *ODD]), max_size=9))
        fields = fields or RECORD
        sizes = {"B": 8, "H": 16, "I": 32}
        row = st.tuples(
            *(
                st.integers(-(2**31), 2**31 - 1)
                if field[3] == "i"
                else st.integers(0, 2 ** sizes[field[3]] - 1)
                for field in fields
            )
        )
        rows = data.draw(st.lists(row, min_size=1, max_size=4))
        big = data.draw(st.booleans())
        content = fit_file(rows, fields=fields, big=big, serial=None)
        content *= data.draw(st.integers(1, 2))
        self.same(tmp_path_factory.mktemp("fit"), content)

    @given(st.binary(min_size=1, max_size=100))
    @settings(deadline=None)
    def test_the_checksum_is_that_of_the_library(self, content):
        assert checksum(content) == fitdecode.utils.compute_crc(content)

    def test_a_time_compressed_into_the_header(self, tmp_path):
        first = fit_file(WALK[:1], serial=None)[14:-2]
        short = [field for field in RECORD if field[0] != 253]
        body = first + define(2, 20, short)
        for offset in (START % 32 + 1, START % 32 + 3, START % 32):
            head = bytes([0x80 | 2 << 5 | offset % 32])
            body += head + data(2, short, WALK[1][1:])[1:]
        head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
        content = head + struct.pack("<H", crc(head)) + body
        content += struct.pack("<H", crc(content))

        times = self.same(tmp_path, content).table.column("time").to_pylist()
        start = EPOCH + timedelta(seconds=START)
        assert [(time - start).seconds for time in times] == [0, 1, 3, 32]

    def test_developers_fields_are_passed_over(self, tmp_path):
        body = define(0, 207, [(3, 1, 0x02, "B")]) + bytes([0, 0])
        names = [(0, 1, 0x02, "B"), (1, 1, 0x02, "B"), (2, 1, 0x02, "B")]
        body += define(0, 206, names) + bytes([0, 0, 253, 0x86])
        record = bytearray(define(1, 20, RECORD))
        record[0] |= 0x20
        body += bytes(record) + bytes([1, 253, 4, 0])
        for values in WALK:
            body += data(1, RECORD, values) + struct.pack("<I", 7)
        head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
        content = head + struct.pack("<H", crc(head)) + body
        content += struct.pack("<H", crc(content))

        assert self.same(tmp_path, content).table.num_rows == 3


class TestDamage:
    """The good records of a broken file are kept, and it is said."""

    def test_a_file_that_breaks_off(self, read):
        sifted = read(fit_file(WALK)[:-10])

        assert len(sifted.fixes) == 2
        assert sifted.counts() == {"unreadable": 1}
        assert (
            "the file breaks off: the records before the break were kept"
            in sifted.notes
        )

    def test_a_file_without_its_checksum(self, read):
        assert len(read(fit_file(WALK)[:-2]).fixes) == 3

    def test_a_checksum_that_does_not_match(self, read):
        content = bytearray(fit_file(WALK))
        content[-1] ^= 0xFF

        sifted = read(bytes(content))

        assert len(sifted.fixes) == 3
        assert (
            "a checksum does not match: the file may be damaged in part" in sifted.notes
        )

    def test_a_length_that_was_never_filled_in(self, read):
        assert len(read(fit_file(WALK, size=0)).fixes) == 3

    @pytest.mark.parametrize("size", [1, 2**31, 2**32 - 1])
    def test_a_length_that_lies(self, read, size):
        with suppress(InputError):
            assert len(read(fit_file(WALK, size=size)).fixes) <= 3

    @pytest.mark.parametrize("content", [fit_file([]), fit_file(WALK)[:14]])
    def test_a_file_without_records_is_refused(self, read, content):
        with pytest.raises(InputError, match=r"walk\.fit holds no records"):
            read(content)

    def test_a_huge_file_is_refused_unseen(self, read, monkeypatch):
        monkeypatch.setattr(fit, "MAX_FIT_BYTES", 100)

        with pytest.raises(InputError, match=r"walk\.fit is larger than"):
            read(fit_file(WALK))

    @given(content=st.data())
    @settings(max_examples=150, deadline=None)
    def test_any_damage_gives_an_answer(self, tmp_path_factory, content):
        damaged = bytearray(fit_file(WALK))
        for _ in range(content.draw(st.integers(1, 4))):
            at = content.draw(st.integers(0, len(damaged) - 1))
            damaged[at] = content.draw(st.integers(0, 255))
        path = tmp_path_factory.mktemp("fit") / "walk.fit"
        path.write_bytes(bytes(damaged))

        with suppress(TrochaError):
            sifted = read_fixes(path, key=b"k", now=NOW)
            assert sifted.fixes["lat"].between(-90, 90).all()
