"""Which files there are, and what they hold: digests of files and of this program."""

import hashlib
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geo.errors import InputError

# Files that stand beside others or that computers leave behind.
_SIDECARS = {".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".qmd"}
_JUNK = {"thumbs.db", "desktop.ini"}
_SIDE_NAMES = (".shp.xml", ".aux.xml", ".gpkg-wal", ".gpkg-shm", ".gpkg-journal")

_LIBRARIES = (
    *("contourpy", "django-js-lib-leaflet", "fitdecode", "folium", "geopandas"),
    *("numba", "numpy", "pandas", "pyarrow", "pyogrio", "pyproj", "python-calamine"),
    *("rasterio", "scipy", "shapely"),
)
"""Distributions whose version may change what is computed or written."""


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files to read: folders are walked, files are taken as they are.

    Parameters
    ----------
    paths
        Files and folders, in any order.

    Returns
    -------
    list of Path
        Sorted, each once. Hidden files in folders, files that go with a Shapefile
        and what computers leave behind are skipped.

    Raises
    ------
    InputError
        If a path does not exist, or is neither a file nor a folder.

    Examples
    --------
    >>> find_files([])
    []
    """
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found |= {file for file in path.rglob("*") if _is_data(file, path)}
        elif path.is_file():
            found.add(path)
        elif path.exists():
            raise InputError(
                f"{path.name} is a pipe or a device, not a file.",
                hint="Save what it gives in a file first.",
            )
        else:
            raise InputError(
                f"{path.name} does not exist.", hint="Check the path and its spelling."
            )
    return sorted(found)


def files_inside(folder: Path | None) -> list[Path]:
    """Return the files to read in a folder of the region, which may be absent."""
    return find_files([folder]) if folder is not None and folder.exists() else []


def with_sidecars(path: Path) -> list[Path]:
    """Return a file, if it is there, and those beside it that are called alike.

    Of a folder, the files that lie in it.

    Examples
    --------
    >>> [path.name for path in with_sidecars(Path("no", "such", "rivers.shp"))]
    []
    """
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    alike = (file for file in beside if file.name.startswith(f"{path.stem}."))
    return sorted(file for file in alike if file.is_file())


def digest_file(path: Path) -> str:
    """Return the sha256 of a file's bytes.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be read: {error.strerror}.",
            hint="Check that it is still there, and its permissions.",
        ) from error


@cache
def digest_program() -> str:
    """Return a digest of this program: its own files, and the libraries under it.

    What was made by a program with another digest may differ from what this one
    would make.
    """
    home = Path(__file__).parent
    ours = (
        path
        for path in home.rglob("*.*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    digest = hashlib.sha256(platform.python_version().encode())
    for path in sorted(ours):
        digest.update(path.relative_to(home).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in _LIBRARIES:
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{name} absent\n".encode())
    return digest.hexdigest()


def _is_data(file: Path, folder: Path) -> bool:
    """Return whether a file in a folder may hold fixes."""
    name = file.name.lower()
    inside = file.relative_to(folder).parts
    if any(part.startswith((".", "~$", "__MACOSX")) for part in inside):
        return False
    if name in _JUNK or name.endswith(_SIDE_NAMES) or file.suffix.lower() in _SIDECARS:
        return False
    return file.is_file() and file.stat().st_size > 0
