"""What a file is, by its content: names lie, first bytes seldom do."""

import re
from dataclasses import dataclass
from pathlib import Path

from geo.errors import InputError
from geo.read.archive import names_in

MAX_BYTES = 2**30
"""Largest text file that is read, in bytes; it is held in memory whole."""

HEAD_BYTES = 4096

SUFFIXES = {
    "delimited": {".csv", ".tsv", ".txt", ".tab", ".asc"},
    "gpx": {".gpx"},
    "kml": {".kml"},
    "tcx": {".tcx"},
    "nmea": {".nmea", ".nma", ".log", ".gps", ".txt"},
    "plt": {".plt"},
    "json": {".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"},
    "google": {".json"},
    "fit": {".fit"},
    "xlsx": {".xlsx", ".xlsm", ".xlsb"},
    "xls": {".xls"},
    "ods": {".ods"},
    "zip": {".zip", ".kmz"},
    "parquet": {".parquet", ".geoparquet", ".pq"},
    "gpkg": {".gpkg"},
    "shp": {".shp"},
    "fgb": {".fgb"},
    "tiff": {".tif", ".tiff"},
}
"""What files of each kind are called, when they are not misnamed."""

NAMES = {
    "delimited": "delimited text",
    "gpx": "a GPX file",
    "kml": "a KML file",
    "tcx": "a TCX file",
    "nmea": "an NMEA log",
    "plt": "a PLT file",
    "json": "a JSON file",
    "google": "a location history of Google",
    "fit": "a FIT file",
    "xlsx": "an Excel workbook",
    "xls": "an Excel 97 workbook",
    "ods": "an OpenDocument spreadsheet",
    "zip": "a zip archive",
    "parquet": "a Parquet file",
    "gpkg": "a GeoPackage",
    "shp": "a Shapefile",
    "fgb": "a FlatGeobuf file",
    "tiff": "a TIFF picture",
}

# First bytes -> kind, for what we read.
_MAGIC = (
    (b"\x00\x00\x27\x0a", "shp"),
    (b"fgb\x03", "fgb"),
    (b"PAR1", "parquet"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
)

# First bytes -> what it is and what to do, for what we do not read.
_FOREIGN = (
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"%PDF", "a PDF document", "Ask for the data as CSV or GPX."),
    (b"\x89PNG", "a picture", "Give a file of positions: CSV or GPX."),
    (b"\xff\xd8\xff", "a picture", "Give a file of positions: CSV or GPX."),
    (b"{\\rtf", "a word-processor document", "Save it as CSV."),
)

# How text begins -> kind. Before the sentences of a log others may stand, and in each
# line something of the program that wrote it.
_TEXT = (
    (
        re.compile(
            r"(?:.*\n)*?[^,;\t\n]{0,40}?\$[A-Z]{2}(?:GGA|RMC|ZDA|GLL|GSA|GSV|VTG),"
        ),
        "nmea",
    ),
    (re.compile(r"(?i)geolife trajectory|oziexplorer track"), "plt"),
)

_FOREIGN_XML = {
    "html": ("a web page", "CSV"),
    "osm": ("an OpenStreetMap file", "GeoPackage"),
    "workbook": ("an Excel XML file", "CSV"),
}

# Root element -> kind, for what we read.
_XML = {"gpx": "gpx", "kml": "kml", "trainingcenterdatabase": "tcx"}

# How a location history begins, from an account, a telephone, or an iPhone.
_HISTORY = re.compile(
    r'\{\s*"(?:locations|semanticSegments|rawSignals|timelineObjects)"\s*:\s*\[|'
    r'\[\s*\{\s*"(?:start|end)Time"(?s:.*)"(?:timelinePath|topCandidate)"'
)

_ROOT = re.compile(r"<\s*(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_PROLOGUE = re.compile(
    r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is.

    Parameters
    ----------
    name
        A key of NAMES.
    notes
        What should be said about it, such as that its name misleads.
    """

    name: str
    notes: tuple[str, ...] = ()


def check_file(path: Path) -> None:
    """Refuse what is not an ordinary, filled file.

    Raises
    ------
    InputError
        If it is missing, a folder, a pipe, empty, or a name that GDAL would take
        for something other than a file.
    """
    text = str(path)
    if text.startswith(("/vsi", "\\\\?\\")):
        raise InputError(
            f"{path.name} is not a file on this computer.",
            hint="Copy it here first, and give its path.",
        )
    try:
        if path.is_dir():
            raise InputError(f"{path.name} is a folder, not a file.")
        if not path.is_file():
            raise InputError(
                f"{path.name} does not exist.", hint="Check the path and its spelling."
            )
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name[:80]!r} cannot be opened.") from error
    if size == 0:
        raise InputError(f"{path.name} is empty.", hint="Export it again.")


def label_of(path: Path) -> str:
    """Return a path as a region file would write it.

    Examples
    --------
    >>> label_of(Path("/data/darien/layers/rivers.shp"))
    'layers/rivers.shp'
    """
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def read_bytes(path: Path) -> bytes:
    """Return the content of a text file that is not too large.

    Raises
    ------
    InputError
        If it cannot be read or is larger than MAX_BYTES.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{path.name} is larger than {MAX_BYTES / 2**20:,.0f} MB.",
                hint="Split it, or convert it to Parquet.",
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from error


def kind_of(path: Path) -> Kind:
    """Find out what a file is from its first bytes.

    Parameters
    ----------
    path
        An existing file.

    Raises
    ------
    InputError
        If the file is missing, empty, or of a kind that is not read; the hint says
        what to convert it to.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from error
    kind = _binary_kind(head, path) or _text_kind(head, path)
    if path.suffix.lower() in SUFFIXES[kind]:
        return Kind(kind)
    known = any(path.suffix.lower() in names for names in SUFFIXES.values())
    misleads = known or path.suffix.lower() in {".xlsx", ".xls", ".fit"}
    note = f"its name ends in {path.suffix}, but it is {NAMES[kind]}"
    return Kind(kind, (note,) if misleads else ())


def decode(data: bytes, *, name: str) -> tuple[bytes, str]:
    r"""Return text as UTF-8 without a byte order mark, and the encoding it had.

    Parameters
    ----------
    data
        UTF-8, UTF-16 (with or without a mark), or else taken for Windows-1252.
    name
        Of the file, for the message.

    Raises
    ------
    InputError
        If this is not text.

    Examples
    --------
    >>> decode("Darién".encode("cp1252"), name="a.csv")[1]
    'Windows-1252'
    >>> decode("é".encode("utf-16"), name="a.csv")
    (b'\xc3\xa9', 'UTF-16')
    """
    encoding = _wide_encoding(data[:HEAD_BYTES])
    if encoding:
        text = data.decode(encoding, errors="replace").lstrip("\ufeff")
        out, label = text.encode("utf-8", errors="replace"), "UTF-16"
    elif (end := _end_of_utf8(data)) >= 0:
        out, label = data[:end].removeprefix(b"\xef\xbb\xbf"), "UTF-8"
    else:
        text = data.decode("cp1252", errors="replace")
        out, label = text.encode("utf-8"), "Windows-1252"
    if b"\x00" in out[: 16 * HEAD_BYTES]:
        raise InputError(
            f"{name} is a binary file of no kind that is known here.",
            hint="Export the positions as CSV or GPX.",
        )
    return out, label


def _end_of_utf8(data: bytes) -> int:
    """Return where UTF-8 text ends, -1 if this is none.

    A file that was cut short may end inside a character.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.start >= len(data) - 3 and error.reason.startswith("unexpected end")
        return error.start if cut else -1
    return len(data)


def _wide_encoding(head: bytes) -> str:
    """Return the name of a UTF-16 codec if the text looks like it."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = head[: len(head) // 2 * 2]
    if len(sample) < 8:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.7 * half and even == 0:
        return "utf-16-le"
    if even > 0.7 * half and odd == 0:
        return "utf-16-be"
    return ""


def _binary_kind(head: bytes, path: Path) -> str:
    """Return the kind of a binary file that we read, "" if it is no such file."""
    if head.startswith(b"SQLite format 3\x00"):
        if head[68:72] in {b"GPKG", b"GP10", b"GP11"}:
            return "gpkg"
        _refuse(path, "an SQLite database, but not a GeoPackage", "Export it as CSV.")
    if head.startswith(b"\x00\x00\x27\x0a") and path.suffix.lower() == ".shx":
        _refuse(path, "the index of a Shapefile", "Give the .shp beside it.")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[8:12] == b".FIT":
        return "fit"
    if head.startswith(b"PK"):
        return _archive_kind(head, path)
    for magic, what, hint in _FOREIGN:
        if head.startswith(magic):
            _refuse(path, what, hint)
    return ""


def _office_kind(head: bytes, path: Path) -> str:
    """Return the kind of a workbook in a zip archive, "" if it is none."""
    if b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet" in head:
        return "ods"
    if not any(part in head for part in (b"[Content_Types].xml", b"xl/", b"_rels/")):
        return ""
    try:
        names = names_in(path)
    except InputError:
        return "xlsx" if b"xl/" in head else ""  # the reader says that it breaks off
    excel = any(name.startswith("xl/") for name in names)
    return "xlsx" if excel and "[Content_Types].xml" in names else ""


def _archive_kind(head: bytes, path: Path) -> str:
    """Return the kind of a zip archive that we read.

    Raises
    ------
    InputError
        If it is one of another kind.
    """
    if office := _office_kind(head, path):
        return office
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        _refuse(path, "an Office document", "Save the table in it as CSV.")
    if b"opendocument" in head:
        _refuse(path, "an OpenDocument file", "Save the table in it as CSV.")
    return "zip"


def _text_kind(head: bytes, path: Path) -> str:
    """Return the kind of a text file."""
    text = decode(head, name=path.name)[0].decode("utf-8", errors="replace").lstrip()
    if text.startswith("<"):
        return _xml_kind(text, path)
    if text.startswith(("{", "[", "\x1e")):
        return "google" if _HISTORY.match(text) else "json"
    matching = (kind for pattern, kind in _TEXT if pattern.match(text))
    return next(matching, "delimited")


def _xml_kind(text: str, path: Path) -> str:
    match = _ROOT.search(_PROLOGUE.sub("", text))
    root = match[1] if match else ""
    if root.lower() in _XML:
        return _XML[root.lower()]
    what, target = _FOREIGN_XML.get(
        root.lower(), (f"XML of another kind (<{root[:40]}>)", "GPX or CSV")
    )
    _refuse(path, what, f"Convert it to {target}; this format is not read yet.")
    raise AssertionError  # for the type checker: _refuse never returns


def _refuse(path: Path, what: str, hint: str) -> None:
    raise InputError(f"{path.name} is {what}, which is not read.", hint=hint)
