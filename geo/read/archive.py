"""Zip archives, KMZ among them: files of positions are unpacked, and nothing else."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from geo.errors import InputError

MAX_MEMBERS = 200
"""Most files in an archive."""

MAX_DIRECTORY_BYTES = 2**20
"""Largest list of the files in an archive; it is held in memory whole."""

MAX_UNPACKED_BYTES = 2**30
"""Most bytes that are unpacked from an archive."""

MAX_RATIO = 200
"""How many times larger than packed a file may be, beyond its first megabyte."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_INDEX_BYTES = 2**16
_CHUNK = 2**20
_TAIL = 2**16 + 22  # the end record, and the longest comment after it
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_PROSE = {".txt", ".asc", ".log"}
_JUNK = {"thumbs.db", "desktop.ini"}
_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    struct.error,
)

# Ending under which a file is written -> the file in the archive.
_Choice = Mapping[str, zipfile.ZipInfo]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file from an archive, under a name of ours.

    Parameters
    ----------
    path
        Where it lies as long as the context lasts. It is called as the archive is,
        so that messages name what the user gave.
    names
        What the archive calls the files that were taken; never a path.
    """

    path: Path
    names: tuple[str, ...]


def names_in(path: Path) -> list[str]:
    """Return the names in a zip archive, as they stand there.

    Raises
    ------
    InputError
        If it is damaged or its list of files is too long.
    """
    with _opened(path) as archive:
        return archive.namelist()


@contextmanager
def unpacked(path: Path, *, suffixes: AbstractSet[str]) -> Iterator[list[Unpacked]]:
    """Unpack the files of positions of a zip archive.

    Parameters
    ----------
    path
        A KMZ, or an archive of Shapefiles with their parts and of other files of the
        suffixes. Text beside these is taken for a description.
    suffixes
        Of files that may hold positions, in small letters.

    Yields
    ------
    list of Unpacked
        The files in the order of their names, in a temporary folder, which goes with
        the context.

    Raises
    ------
    InputError
        If the archive is damaged or encrypted; holds links, a name twice, or names
        that lead out of the folder; unpacks to too much; or holds no file of
        positions.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with _opened(path) as archive:
            members = _members(archive, path.name)
            members = [member for member in members if not _is_index(archive, member)]
            budget, files = MAX_UNPACKED_BYTES, []
            for number, choice in enumerate(_chosen(members, suffixes, path.name)):
                place = Path(folder, str(number))
                place.mkdir()
                for end, member in choice.items():
                    target = _called(place, path, end)
                    budget -= _unpack(archive, member, target, budget, path)
                names = tuple(_name_of(member) for member in choice.values())
                main = ".shp" if ".shp" in choice else ""
                files.append(Unpacked(_called(place, path, main), names))
        yield files


def _called(folder: Path, path: Path, end: str) -> Path:
    """Return where a file of an archive goes: under the name of the archive."""
    return folder / (f"{path.stem[:100]}{end}" if end else path.name)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose list of files is short enough to be read."""
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _FAILURES as error:
        raise InputError(
            f"{path.name} is a zip archive that is damaged or not whole.",
            hint="Copy or pack it again.",
        ) from error


def _check_directory(path: Path) -> None:
    """Refuse an archive whose list of files would fill the memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise zipfile.BadZipFile
    directory = struct.unpack("<I", tail[at + 12 : at + 16])[0]
    # An archive in 64 bits has another record before this one, with other numbers.
    if directory > MAX_DIRECTORY_BYTES or tail[max(0, at - 20) :][:4] == b"PK\x06\x07":
        raise InputError(
            f"{path.name} is a zip archive of too many files.",
            hint="Unpack it, and give the folder.",
        )


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Return the files in an archive that has nothing to hide."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise InputError(
            f"{name} holds {len(members):,} files; expected at most {MAX_MEMBERS}.",
            hint="Unpack it, and give the folder.",
        )
    seen: set[str] = set()
    for member in members:
        flaw = _flaw_of(member, seen)
        if flaw:
            raise InputError(
                f"{name} is a zip archive with {flaw}, which is not read.",
                hint="Do not use it, unless you know where it comes from.",
            )
        seen.add(_name_of(member).casefold())
    return [member for member in members if not _is_junk(member)]


def _flaw_of(member: zipfile.ZipInfo, seen: AbstractSet[str]) -> str:
    """Return what is wrong with a file in an archive, "" if nothing is."""
    name = _name_of(member)
    if member.flag_bits & 1:
        return "encryption"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link"
    outward = name.startswith("/") or re.match(r"[A-Za-z]:", name)
    if outward or ".." in name.split("/") or "\0" in member.orig_filename:
        return "a name that leads out of its folder"
    return "two files of one name" if name.casefold() in seen else ""


def _name_of(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _is_junk(member: zipfile.ZipInfo) -> bool:
    """Return whether this is a folder, or what computers leave behind."""
    parts = PurePosixPath(_name_of(member)).parts
    hidden = any(part.startswith((".", "__MACOSX", "~$")) for part in parts)
    return member.is_dir() or not parts or hidden or parts[-1].lower() in _JUNK


def _is_index(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Return whether a KML file only says where in its KMZ the places are."""
    if not _name_of(member).lower().endswith(".kml") or member.file_size > _INDEX_BYTES:
        return False
    if member.compress_type not in _METHODS:
        return False
    with archive.open(member) as file:
        text = file.read(_INDEX_BYTES)
    return b"NetworkLink" in text and b"Placemark" not in text


def _chosen(
    members: list[zipfile.ZipInfo], suffixes: AbstractSet[str], name: str
) -> list[_Choice]:
    """Return the files of positions, each with its parts if it is a Shapefile."""
    ordered = sorted(members, key=_name_of)
    able = [member for member in ordered if _end_of(member) in suffixes]
    able = [m for m in able if _end_of(m) not in _PROSE] or able
    if all(_end_of(member) == ".kml" for member in able):
        able = [m for m in able if _name_of(m).lower() == "doc.kml"] or able
    if not able:
        raise InputError(
            f"{name} is a zip archive without a file of positions that is read.",
            hint="Unpack it, and give what is in it as CSV or GPX.",
        )
    return [_with_parts(member, members) for member in able]


def _end_of(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(_name_of(member)).suffix.lower()


def _with_parts(member: zipfile.ZipInfo, members: list[zipfile.ZipInfo]) -> _Choice:
    """Return a file, or all the parts of a Shapefile, by their endings."""
    if _end_of(member) != ".shp":
        return {"": member}
    stem = PurePosixPath(_name_of(member)).with_suffix("")
    beside = {
        _end_of(other): other
        for other in members
        if PurePosixPath(_name_of(other)).with_suffix("") == stem
    }
    return {end: beside[end] for end in _PARTS if end in beside}


def _unpack(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    target: Path,
    budget: int,
    path: Path,
) -> int:
    """Write a file from an archive, and return how many bytes it has.

    What the archive says of its size is not believed: the bytes are counted.
    """
    if member.compress_type not in _METHODS:
        raise InputError(
            f"{path.name} is a zip archive packed in a way that is not read.",
            hint="Unpack it, and pack it again as an ordinary zip archive.",
        )
    packed = min(member.compress_size, path.stat().st_size)
    most = min(budget, MAX_RATIO * packed + _CHUNK)
    size = 0
    with archive.open(member) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise InputError(
                    f"{path.name} unpacks to more than {most / 2**20:,.0f} MB.",
                    hint="Do not use it, unless you know where it comes from.",
                )
            file.write(chunk)
    return size
