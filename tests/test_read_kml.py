"""KML: tracks with times, placemarks with a time each, and nothing that hides in it."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, SchemaError, TrochaError
from geo.read import kml, read_fixes
from geo.read.sifting import hashed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOON, LATER = "2023-05-01T12:00:00Z", "2023-05-01T13:00:00Z"


def read(path, **options):
    return read_fixes(path, key=b"k", now=NOW, **options)


@pytest.fixture
def file(tmp_path):
    def write(content, name="a.kml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def document(*marks, head=""):
    body = "".join(f"<Placemark>{mark}</Placemark>" for mark in marks)
    space = 'xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"'
    return f"<kml {space}><Document>{head}{body}</Document></kml>"


def point(place="-77.5,8.5,12", time=NOON, more=""):
    stamp = f"<TimeStamp><when>{time}</when></TimeStamp>" if time else ""
    return f"{more}{stamp}<Point><coordinates>{place}</coordinates></Point>"


def track(*pairs, name="", more=""):
    whens = "".join(f"<when>{when}</when>" for when, _ in pairs)
    coords = "".join(f"<gx:coord>{coord}</gx:coord>" for _, coord in pairs)
    title = f"<name>{name}</name>" if name else ""
    return f"{title}<gx:Track>{whens}{coords}{more}</gx:Track>"


def places(sifted):
    columns = ["lon", "lat", "elevation_m"]
    return sifted.fixes.sort_values("line")[columns].to_numpy().tolist()


def test_a_placemark_is_a_fix(file):
    sifted = read(file(document(point(" -77.5,8.5,12\n"), point("-77.25,8.75,-3"))))

    assert places(sifted) == [[-77.5, 8.5, 12.0], [-77.25, 8.75, -3.0]]
    assert sifted.fixes["time"].dt.hour.tolist() == [12, 12]
    assert sifted.notes[0] == "read as KML"


def test_a_track_pairs_its_times_with_its_positions(file):
    text = document(track((NOON, "-77.5 8.5 12"), (LATER, "-77.25 8.75 14"), name="A7"))

    sifted = read(file(text))

    assert places(sifted) == [[-77.5, 8.5, 12.0], [-77.25, 8.75, 14.0]]
    assert set(sifted.fixes["track"]) == {hashed("A7", key=b"k")}


def test_times_and_positions_of_a_track_may_take_turns(file):
    pairs = [(NOON, "-77.5 8.5"), (LATER, "-77.25 8.75")]
    turns = "".join(f"<when>{w}</when><gx:coord>{c}</gx:coord>" for w, c in pairs)
    one = read(file(document(f"<gx:Track>{turns}</gx:Track>")))
    other = read(file(document(track(*pairs)), "b.kml"))

    assert places(one)[0][:2] == [-77.5, 8.5]
    assert one.fixes.equals(other.fixes)


def test_pieces_of_a_multitrack_are_one_track(file):
    pieces = track((NOON, "-77.5 8.5"), (LATER, "-77 8")) + track((NOON, "-76 8"))
    sifted = read(file(document(f"<gx:MultiTrack>{pieces}</gx:MultiTrack>")))

    assert len(sifted.fixes) == 3
    assert len(set(sifted.fixes["track"])) == 1


def test_a_hole_in_a_track_is_a_reject(file):
    text = track((NOON, "-77.5 8.5"), (LATER, ""), ("", "-77 8"), (LATER, "-77"))

    sifted = read(file(document(text)))

    assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [
        [2, "no position"],
        [3, "no time"],
        [4, "no position"],
    ]


def test_arrays_of_a_track_are_columns(file):
    arrays = (
        '<ExtendedData><SchemaData><gx:SimpleArrayData name="accuracy">'
        "<gx:value>7</gx:value><gx:value/><gx:value>9</gx:value>"
        "</gx:SimpleArrayData></SchemaData></ExtendedData>"
    )
    pairs = [(f"2023-05-01T1{n}:00:00Z", f"-77.{n} 8.5") for n in range(3)]

    fixes = read(file(document(track(*pairs, more=arrays)))).fixes

    assert fixes["accuracy_m"].fillna(-1).tolist() == [7, -1, 9]


def test_extended_data_are_columns(file):
    one = '<ExtendedData><Data name="device"><value>A7</value></Data></ExtendedData>'
    two = (
        '<ExtendedData><SchemaData><SimpleData name="device">A7</SimpleData>'
        '<SimpleData name="hdop">2</SimpleData></SchemaData></ExtendedData>'
    )
    sifted = read(file(document(point(more=one), point(time=LATER, more=two))))

    assert set(sifted.fixes["track"]) == {hashed("A7", key=b"k")}
    # 1.515 * sqrt((10 m * 2)² / 2) = 21.43 m
    assert sifted.fixes["accuracy_m"].round(2).fillna(0).tolist() == [0, 21.43]


def test_a_time_may_be_a_column(file):
    data = (
        f'<ExtendedData><Data name="fecha"><value>{NOON}</value></Data></ExtendedData>'
    )
    text = document(point(time="", more=data))

    assert read(file(text)).fixes["time"].dt.hour.tolist() == [12]


def test_the_name_of_a_placemark_can_be_named_for_track(file):
    titles = [f"<name>{name}</name>" for name in ("A7", "A7", "B8")]
    text = document(*(point(more=title) for title in titles))
    by_itself, named = (
        read(file(text), columns=columns) for columns in ({}, {"track": "placemark"})
    )

    tracks = {hashed(name, key=b"k") for name in ("A7", "B8")}
    assert not tracks & set(by_itself.fixes["track"])
    assert any("placemarks share 2 names" in note for note in by_itself.notes)
    assert set(named.fixes["track"]) == tracks


def test_of_a_span_the_begin_is_taken(file):
    span = f"<TimeSpan><begin>{NOON}</begin><end>{LATER}</end></TimeSpan>"

    sifted = read(file(document(point(time="", more=span))))

    assert sifted.fixes["time"].dt.hour.tolist() == [12]
    assert "of spans of time the begin was taken" in sifted.notes


def test_of_a_line_with_a_span_the_ends_are_taken(file):
    span = f"<TimeSpan><begin>{NOON}</begin><end>{LATER}</end></TimeSpan>"
    line = (
        "<LineString><coordinates>-77,8 -77.1,8.1\n-77.2,8.2</coordinates></LineString>"
    )

    sifted = read(file(document(f"{span}<MultiGeometry>{line}</MultiGeometry>")))

    assert sifted.fixes[["lon", "lat"]].to_numpy().tolist() == [[-77, 8], [-77.2, 8.2]]
    assert sifted.fixes["time"].dt.hour.tolist() == [12, 13]
    assert any(note.startswith("1 points of lines") for note in sifted.notes)


def test_placemarks_without_a_time_can_be_points(file):
    path = file(document(point(), point(time=""), track((NOON, "-77 8 0"))))

    sifted = read(path, points=True)

    assert len(sifted.points) == 2
    assert "1 of 2 points have no date" in sifted.notes


def test_the_time_of_a_view_is_no_time_of_a_fix(file):
    view = f"<LookAt><gx:TimeStamp><when>{LATER}</when></gx:TimeStamp></LookAt>"
    text = document(point() + view)

    assert read(file(text)).fixes["time"].dt.hour.tolist() == [12]


def test_marks_and_areas_beside_a_track_are_left_out(file):
    ring = (
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>-77,8 -76,8 -76,9 -77,8"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    )
    sifted = read(file(document(track((NOON, "-77 8")), point(time=""), ring)))

    assert len(sifted.fixes) == 1
    assert sifted.rejects.empty
    assert "1 points of placemarks were left out" in sifted.notes
    assert "1 areas were left out" in sifted.notes


def test_blanks_after_commas_do_no_harm(file):
    assert places(read(file(document(point("-77.5, 8.5, 12"))))) == [[-77.5, 8.5, 12]]


def test_heights_that_are_all_zero_are_unknown(file):
    fixes = read(file(document(point("-77,8,0"), point("-77,8,0", LATER)))).fixes

    assert fixes["elevation_m"].isna().all()


def test_times_without_offset_need_a_time_zone(file):
    text = document(point(time="2023-05-01T12:00:00"))

    with pytest.raises(InputError, match="no offset from UTC"):
        read(file(text))
    zoned = read(file(text), time_zone="America/Panama")
    assert zoned.fixes["time"].dt.hour.tolist() == [17]


def test_the_order_of_placemarks_does_not_matter(file):
    marks = [point(f"-77.{n},8.{n}", f"2023-05-01T1{n}:00:00Z") for n in range(4)]
    columns = ["track", "time", "lon", "lat"]

    straight = read(file(document(*marks))).fixes[columns]
    reverse = read(file(document(*reversed(marks)), "b.kml")).fixes[columns]

    assert straight.equals(reverse)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (document(), InputError, "holds no points"),
        (document(point(time="")), SchemaError, "no column for time"),
        ("<kml><Placemark><Point>", InputError, "breaks off before its first point"),
        ("<kml>" + "<a>" * 5000, InputError, "nested too deeply"),
        ('<!DOCTYPE kml [<!ENTITY a "b">]><kml/>', InputError, "document type or ent"),
        (
            document("<LineString><coordinates>1,2 3,4</coordinates></LineString>"),
            InputError,
            "holds lines without times",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(file, text, error, message):
    with pytest.raises(error, match=message):
        read(file(text))


def test_the_number_of_columns_is_limited(file, monkeypatch):
    monkeypatch.setattr(kml, "MAX_COLUMNS", 2)
    data = "".join(f'<Data name="c{n}"><value>1</value></Data>' for n in range(3))
    text = document(point(more=f"<ExtendedData>{data}</ExtendedData>"))

    with pytest.raises(InputError, match="has 3 columns for 1 points; expected at m"):
        read(file(text))


def test_the_number_of_cells_is_limited(file, monkeypatch):
    monkeypatch.setattr(kml, "MAX_CELLS", 3)
    data = "<ExtendedData><Data name='a'><value>1</value></Data></ExtendedData>"
    pairs = [(f"2023-05-01T12:0{n}:00Z", "-77 8") for n in range(4)]

    with pytest.raises(InputError, match="has 1 columns for 4 points; expected at m"):
        read(file(document(data + track(*pairs))))


def test_long_extended_data_are_cut_but_may_say_simulated(file):
    data = f'<ExtendedData><Data name="x"><value>{"a" * 300}{{}}</value></Data>'
    text = document(point(more=data + "</ExtendedData>"))

    assert read(file(text.replace("{}", " SIMULATED"))).simulated
    assert not read(file(text.replace("{}", ""))).simulated


@pytest.mark.parametrize("cut", ["13:00", "-77.25"])
def test_a_cut_file_gives_what_stands_before_the_cut(file, cut):
    turns = "".join(
        f"<when>{when}</when><gx:coord>{coord}</gx:coord>"
        for when, coord in [(NOON, "-77.5 8.5"), (LATER, "-77.25 8.75")]
    )
    whole = document(f"<gx:Track>{turns}</gx:Track>")

    sifted = read(file(whole[: whole.index(cut)]))

    assert len(sifted.fixes) == 1
    assert sifted.rejects[["line", "reason"]].to_numpy().tolist() == [[2, "unreadable"]]
    assert any("breaks off" in note for note in sifted.notes)


def test_a_placemark_that_breaks_off_is_lost(file):
    whole = document(point(), point("-77.25,8.75", LATER))

    sifted = read(file(whole[: whole.index("-77.25,8.75") + 6]))

    assert places(sifted) == [[-77.5, 8.5, 12]]
    assert sifted.counts() == {"unreadable": 1}


@pytest.mark.parametrize("where", ["name", "document", "description"])
def test_simulated_data_say_so(file, where):
    mark = point(more="<description>SIMULADO</description>" * (where == "description"))
    head = "<name>Caminatas (SIMULATED)</name>" * (where == "document")
    name = "simulated.kml" if where == "name" else "a.kml"

    assert read(file(document(mark, head=head), name)).simulated
    assert not read(file(document(point()), "b.kml")).simulated


@given(st.data())
@settings(max_examples=40)
def test_a_damaged_byte_gives_an_answer(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "a.kml"
    content = bytearray(document(point(), track((NOON, "-77 8"))).encode())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(TrochaError):
        read(path)
