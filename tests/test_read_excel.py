"""Workbooks: the sheet with positions is found, and nothing hostile gets far."""

import json
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, SchemaError, TrochaError
from geo.read import excel, read_fixes, workbook
from geo.read.sifting import hashed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"
HEAD = ["Dispositivo", "Fecha y hora", "Latitud", "Longitud", "Exactitud (m)"]
WALK = [
    ["E-01", datetime.fromisoformat("2023-05-01T07:00:00"), 8.25, -77.5, 5.0],
    ["E-01", datetime.fromisoformat("2023-05-01T07:05:30"), 8.5, -77.25, 8.0],
]
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def serial(value):
    """Days since 1899-12-30, as Excel counts them."""
    if isinstance(value, time):
        return (value.hour * 3600 + value.minute * 60 + value.second) / 86400
    if not isinstance(value, datetime):
        return (value - date(1899, 12, 30)).days
    return (value - datetime.fromisoformat("1899-12-30")).total_seconds() / 86400


def cell(at, value):
    """A cell of a worksheet. A text that starts with = is a formula, with its value."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith("="):
        formula, _, kept = value[1:].partition("->")
        return f'<c r="{at}"><f>{formula}</f><v>{kept}</v></c>'
    if isinstance(value, str):
        return f'<c r="{at}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    style = {datetime: 1, date: 2, time: 3}.get(type(value), 0)
    number = serial(value) if style else value
    return f'<c r="{at}" s="{style}"><v>{number!r}</v></c>'


def sheet_xml(rows):
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(cell(f"{chr(65 + n)}{number}", v) for n, v in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    return "".join(lines)


def write_xlsx(path, sheets, *, state=None, properties=""):
    """Write sheets, each a list of rows or the XML of its rows."""
    entries, links, types = "", "", ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, (name, rows) in enumerate(sheets.items(), start=1):
            hidden = f' state="{state[name]}"' if name in (state or {}) else ""
            entries += f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"{hidden}/>'
            links += (
                f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" '
                f'Target="worksheets/sheet{n}.xml"/>'
            )
            body = rows if isinstance(rows, str) else sheet_xml(rows)
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f"<worksheet {SPACE}><sheetData>{body}</sheetData></worksheet>",
            )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
            f'ContentType="application/xml"/>{types}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {SPACE} xmlns:r="{OFFICE}">{properties}'
            f"<sheets>{entries}</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{links}'
            f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
            "</Relationships>",
        )
        formats = "".join(f'<xf numFmtId="{n}"/>' for n in (0, 22, 14, 21))
        archive.writestr(
            "xl/styles.xml",
            f"<styleSheet {SPACE}><cellXfs>{formats}</cellXfs></styleSheet>",
        )
    return path


def write_ods(path, rows, *, repeat=""):
    def ods_cell(value):
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, datetime):
            kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        elif isinstance(value, float):
            kind = f'office:value-type="float" office:value="{value}"'
        else:
            kind = 'office:value-type="string"'
        return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"

    body = "".join(
        f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>"
        for row in rows
    )
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{urn}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{urn}:office:1.0" '
            f'xmlns:table="{urn}:table:1.0" xmlns:text="{urn}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="p">{body}{repeat}'
            "</table:table></office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return path


@pytest.fixture
def book(tmp_path):
    def read(sheets, *, name="walk.xlsx", state=None, properties="", **options):
        sheets = sheets if isinstance(sheets, dict) else {"S": sheets}
        path = tmp_path / name
        write_xlsx(path, sheets, state=state, properties=properties)
        return _read(path, **options)

    return read


def _read(path, **options):
    return read_fixes(
        path, key=b"k", **{"now": NOW, "time_zone": "America/Panama", **options}
    )


def rows_of(sifted):
    fixes = sifted.fixes.sort_values("line")
    stamps = fixes["time"].dt.strftime("%H:%M:%S")
    return list(
        zip(stamps, fixes["lat"], fixes["lon"], fixes["accuracy_m"], strict=True)
    )


EXPECTED = [("12:00:00", 8.25, -77.5, 5.0), ("12:05:30", 8.5, -77.25, 8.0)]


@pytest.mark.parametrize("name", ["walk.xlsx", "walk.ods", "walk.xls", "walk.xlsb"])
def test_every_kind_of_workbook_reads_the_same(tmp_path, name):
    path = FIXTURES / name
    if name == "walk.xlsx":
        path = write_xlsx(tmp_path / name, {"S": [HEAD, *WALK]})
    elif name == "walk.ods":
        path = write_ods(tmp_path / name, [HEAD, *WALK])

    sifted = _read(path)

    assert rows_of(sifted) == EXPECTED
    assert set(sifted.fixes["track"]) == {hashed("E-01", key=b"k")}
    assert sifted.rejects.empty
    assert sifted.notes == (
        "read as a workbook: sheet 1 of 1",
        "times without an offset were read as America/Panama",
    )


def test_a_misnamed_workbook_is_read_as_what_it_is(book):
    sifted = book([HEAD, *WALK], name="walk.csv")

    assert rows_of(sifted) == EXPECTED
    assert "its name ends in .csv, but it is an Excel workbook" in sifted.notes


def test_dates_have_no_offset_and_ask_for_a_time_zone(book):
    with pytest.raises(InputError, match=r"no offset from UTC.*--tz America/Panama"):
        book([HEAD, *WALK], time_zone="")


def test_serial_days_without_a_format_are_times_too(book):
    plain = [[row[0], serial(row[1]), *row[2:]] for row in WALK]

    sifted = book([HEAD, *plain])

    assert rows_of(sifted) == EXPECTED
    assert "times are serial days of a spreadsheet" in sifted.notes


def test_times_as_text_are_read_by_the_rules_of_text(book):
    text = [[row[0], row[1].strftime("%d/%m/%Y %H:%M:%S"), *row[2:]] for row in WALK]
    aware = [[row[0], row[1].isoformat() + "-05:00", *row[2:]] for row in WALK]

    assert rows_of(book([HEAD, *text])) == EXPECTED
    assert rows_of(book([HEAD, *aware], time_zone="")) == EXPECTED


def test_dates_and_text_in_one_column_are_both_read(book):
    mixed = [WALK[0], [WALK[1][0], "2023-05-01 07:05:30", *WALK[1][2:]]]

    assert rows_of(book([HEAD, *mixed])) == EXPECTED


def test_midnight_is_a_time_like_any_other(book):
    midnight = ["E-01", datetime.fromisoformat("2023-05-01"), 8.25, -77.5, 5.0]

    sifted = book([HEAD, midnight, WALK[1]])

    assert [row[0] for row in rows_of(sifted)] == ["05:00:00", "12:05:30"]
    assert not any("00:00" in note for note in sifted.notes)


def test_a_date_and_a_time_of_day_are_joined(book):
    head = ["Fecha", "Hora", "Latitud", "Longitud"]
    rows = [[date(2023, 5, 1), time(7, 0, 0), 8.25, -77.5]]

    assert rows_of(book([head, *rows]))[0][:3] == ("12:00:00", 8.25, -77.5)


def test_dates_alone_are_said_to_be_midnight(book):
    sifted = book([["Fecha", "lat", "lon"], [date(2023, 5, 1), 8.25, -77.5]])

    assert rows_of(sifted)[0][0] == "05:00:00"
    assert any("taken for 00:00, a guess" in note for note in sifted.notes)


def test_dates_may_count_from_1904(book):
    old = [[row[0], row[1] - timedelta(days=1462), *row[2:]] for row in WALK]

    sifted = book([HEAD, *old], properties='<workbookPr date1904="1"/>')

    assert rows_of(sifted) == EXPECTED
    assert set(sifted.fixes["time"].dt.year) == {2023}


def test_of_a_formula_the_stored_value_is_taken(book):
    formulas = [["E-01", WALK[0][1], "=8+0.25->8.25", "=-B2->-77.5", "=NA()->#N/A"]]

    fixes = book([HEAD, *formulas]).fixes

    assert fixes[["lat", "lon"]].to_numpy().tolist() == [[8.25, -77.5]]
    assert fixes["accuracy_m"].isna().all()


def test_whole_numbers_name_a_track_as_they_are_seen(book):
    rows = [[7.0, *WALK[0][1:]], ["E-8", *WALK[1][1:]]]

    tracks = set(book([HEAD, *rows]).fixes["track"])

    assert tracks == {hashed("7", key=b"k"), hashed("E-8", key=b"k")}


def test_the_header_may_stand_below_a_title(book):
    above = [["Monitoreo 2023"], [], ["Equipo", 3, "lat"], [None, "Región:", "Darién"]]

    sifted = book([*above, HEAD, *WALK])

    assert rows_of(sifted) == EXPECTED
    assert sifted.fixes["line"].tolist() == [1, 2]
    assert "4 rows above the header were left out" in sifted.notes


def test_a_header_too_far_down_is_not_looked_for(book):
    with pytest.raises(SchemaError, match=r"no sheet with columns.*first 10 rows"):
        book([*[["título", "x"]] * 10, HEAD, *WALK])


def test_the_sheet_with_positions_is_taken(book):
    sheets = {"Léame": [["a", "b"], ["c", "d"]], "solo": [["x"]], "P": [HEAD, *WALK]}

    sifted = book(sheets)

    assert rows_of(sifted) == EXPECTED
    assert sifted.notes[0] == "read as a workbook: sheet 3 of 3"


def test_of_several_sheets_with_positions_the_first_with_times_is_taken(book):
    places = [["lugar", "lat", "lon"], ["Yaviza", 8.15, -77.69]]
    sheets = {"L": places, "P": [HEAD, *WALK], "Juan Q.": [HEAD, WALK[0]]}

    sifted = book(sheets)

    assert rows_of(sifted) == EXPECTED
    assert sifted.notes[0] == "read as a workbook: sheet 2 of 3"
    assert sifted.notes[1].startswith("2 more sheets have positions and were left out")
    assert "Juan" not in " ".join(sifted.notes)


def test_hidden_sheets_are_left_out(book):
    sheets = {"old": [HEAD, WALK[1]], "P": [HEAD, WALK[0]]}

    sifted = book(sheets, state={"old": "hidden"})

    assert rows_of(sifted) == EXPECTED[:1]


def test_hashtags_under_the_header_give_the_roles(book):
    tags = ["#meta+device", "#date", "#geo+lat", "#geo+lon", "#x"]

    sifted = book([["a", "b", "lat ", "lon ", "e"], tags, *WALK])

    assert [row[:3] for row in rows_of(sifted)] == [row[:3] for row in EXPECTED]
    assert sifted.fixes["line"].tolist() == [2, 3]


def test_columns_can_be_named(book):
    head = ["quien", "cuando", "arriba", "al lado", "m"]
    names = {"track": "quien", "time": "cuando", "lat": "arriba", "lon": "al lado"}

    sifted = book([head, *WALK], columns=names)

    assert [row[:3] for row in rows_of(sifted)] == [row[:3] for row in EXPECTED]


def test_empty_rows_and_columns_do_no_harm(book):
    wide = [[None, *row] for row in (HEAD, [], WALK[0], [None] * 5, WALK[1])]

    sifted = book(wide)

    assert rows_of(sifted) == EXPECTED
    assert sifted.fixes["line"].tolist() == [1, 2]


def test_a_sheet_that_is_simulated_says_so(book):
    assert book({"SIMULADO": [HEAD, *WALK]}).simulated
    assert not book({"S": [HEAD, *WALK]}).simulated


def test_a_header_without_rows_is_refused(book):
    with pytest.raises(InputError, match="a header, but no rows"):
        book([HEAD])


@pytest.mark.parametrize("rows", ["", [[]]])
def test_a_workbook_without_rows_is_refused(book, rows):
    with pytest.raises(TrochaError, match=r"without rows|no sheet with columns"):
        book({"S": rows})


class TestHostile:
    """What the library cannot take ends in one sentence."""

    @pytest.mark.parametrize("name", ["walk.xlsx", "walk.xls", "walk.xlsb"])
    @pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
    def test_a_cut_file_is_refused(self, tmp_path, name, part):
        whole = FIXTURES / name
        if name == "walk.xlsx":
            whole = write_xlsx(tmp_path / "whole.xlsx", {"S": [HEAD, *WALK]})
        data = whole.read_bytes()
        cut = tmp_path / name
        cut.write_bytes(data[: int(len(data) * part)])

        with pytest.raises(InputError, match=r"^walk"):
            _read(cut)

    def test_two_cells_that_stretch_a_sheet_do_not_take_the_memory(self, book):
        far = '<row r="1048576"><c r="XFD1048576"><v>4</v></c></row>'

        with pytest.raises(InputError, match="needs more than 2,048 MB"):
            book({"S": sheet_xml([HEAD, *WALK]) + far})

    def test_a_cell_that_is_repeated_without_end_is_refused(self, tmp_path):
        many = "".join(
            '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
            'table:number-columns-repeated="16384" office:value-type="float" '
            'office:value="1"/></table:table-row>'
            for _ in range(4)
        )
        path = write_ods(tmp_path / "walk.ods", [HEAD, *WALK], repeat=many)

        with pytest.raises(InputError, match=r"cannot be unpacked|no whole workbook"):
            _read(path)

    def test_rows_without_end_are_refused(self, book, monkeypatch):
        monkeypatch.setattr(excel, "MAX_CELLS", 100)

        with pytest.raises(InputError, match="larger than 128 MB or 100 cells"):
            book([HEAD, *WALK * 20])

    def test_a_huge_file_is_refused_unseen(self, book, monkeypatch):
        monkeypatch.setattr(excel, "MAX_FILE_BYTES", 100)

        with pytest.raises(InputError, match="larger than"):
            book([HEAD, *WALK])

    def test_entities_are_refused(self, tmp_path):
        bomb = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        path = write_xlsx(tmp_path / "walk.xlsx", {"S": [HEAD, *WALK]})
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                text = data.decode().replace("E-01", "&b;")
                archive.writestr(name, bomb + text if "sheet1" in name else text)

        with pytest.raises(InputError, match="no whole workbook"):
            _read(path)

    def test_where_no_python_can_be_started_it_is_said(self, book, monkeypatch):
        monkeypatch.setattr("sys.executable", "/no/such/python")

        with pytest.raises(InputError, match="no Python could be started"):
            book([HEAD, *WALK])

    def test_an_office_file_of_another_kind_is_refused(self, tmp_path):
        path = tmp_path / "walk.doc"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)

        with pytest.raises(
            InputError, match=r"no whole workbook.*save the sheet as CSV"
        ):
            _read(path)

    def test_a_password_is_asked_for(self):
        said = [json.dumps(m).encode() + b"\n" for m in ({"error": "password"},)]

        class Pipe:
            def readline(self, _):
                return said.pop(0) if said else b""

        with pytest.raises(InputError, match=r"walk\.xls is protected by a password"):
            list(excel._said(Pipe(), "walk.xls"))  # noqa: SLF001

    def test_a_column_without_a_name_is_not_listed_as_data(self, book):
        with pytest.raises(SchemaError) as caught:
            book([["Ana Q.", 8.25, -77.5], ["Ana Q.", 8.5, -77.5]])

        assert "Ana" not in str(caught.value)

    @given(data=st.data())
    @settings(max_examples=8, deadline=None)
    def test_a_damaged_byte_gives_an_answer(self, tmp_path_factory, data):
        path = tmp_path_factory.mktemp("bytes") / "walk.xls"
        content = bytearray((FIXTURES / "walk.xls").read_bytes())
        at = data.draw(st.integers(8, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)

        with suppress(TrochaError):
            _read(path)


class TestTheProgram:
    """What the program of its own says, asked here."""

    def test_it_says_sheets_rows_and_the_end(self, tmp_path):
        path = write_xlsx(tmp_path / "a.xlsx", {"S": [["a", None, 1, None]], "T": ""})

        assert list(workbook.messages_of(path)) == [
            {"sheet": "S"},
            ["a", None, 1.0],
            {"sheet": "T"},
            {"end": True},
        ]

    def test_it_says_that_a_file_is_damaged(self, tmp_path):
        path = tmp_path / "a.xlsx"
        path.write_bytes(b"PK\x03\x04")

        assert list(workbook.messages_of(path)) == [{"error": "damaged"}, {"end": True}]

    def test_it_needs_nothing_of_ours(self):
        source = Path(workbook.__file__).read_text(encoding="utf-8")

        assert "geo." not in source.split('"""', 2)[2]
