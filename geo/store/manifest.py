"""Which files make up the store, and how to write them so that no crash harms."""

import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import msgspec

from geo.errors import OutputError, StoreError

SCHEMA = 2
"""Version of the manifest; a store with a higher number is refused."""

NAME = "manifest.json"

_OURS = (
    *("parts/*.parquet", "points/*.parquet", "rejects/*.parquet", "tracks-*.parquet"),
    *("*.json.tmp", "key.tmp", "*.parquet.tmp", "*/*.parquet.tmp", "*/*/*.zst.tmp"),
)
"""What the store may write; those that the manifest does not name are litter."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read into the store.

    Parameters
    ----------
    digest
        sha256 of the file's bytes, in hexadecimal.
    name
        Name of the file, without its folder.
    origin
        "folder" for a file of the region's own folder, "added" for any other.
    read, kept
        Rows in the file, and rows that were good after reading.
    rejected
        How many rows each reason turned away.
    simulated
        Whether the file says that it is simulated.
    notes
        What was understood or guessed about the file, a sentence each.
    reading
        Digest of the reader's options and version; another one means: read again.
    holds
        "fixes", or "points" that belong to no track.
    """

    digest: str
    name: str
    origin: str
    read: int
    kept: int
    rejected: dict[str, int] = field(default_factory=dict)
    simulated: bool = False
    notes: tuple[str, ...] = ()
    reading: str = ""
    holds: Literal["fixes", "points"] = "fixes"


@dataclass(frozen=True, slots=True)
class Part:
    """The file of one part, the digest of what it holds, its rows and last time."""

    file: str
    digest: str
    rows: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which files make up the store; whatever it does not name is litter."""

    schema: int = SCHEMA
    sources: dict[str, Source] = field(default_factory=dict)
    rejects: dict[str, str] = field(default_factory=dict)
    points: dict[str, str] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)
    tracks: str = ""

    def files(self) -> set[str]:
        """Return all the files that are named, relative to the store's folder."""
        parts = {part.file for part in self.parts.values()}
        tables = {*self.rejects.values(), *self.points.values(), self.tracks}
        return parts | tables - {""}

    def digest(self) -> str:
        """Return a digest of what the store holds, and of the files that hold it."""
        return sha256(msgspec.json.encode(self)).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a store; make an empty one where there is no store yet.

    Raises
    ------
    StoreError
        If it is damaged or missing, or a newer trocha wrote it, or it names a file
        that is not there.
    """
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError as error:
        if any(folder.glob("parts/*.parquet")):
            raise damaged(NAME) from error
        replace_file(folder / NAME, msgspec.json.encode(Manifest()))
        return Manifest()
    try:
        version = msgspec.json.decode(data, type=dict[str, Any]).get("schema")
        if isinstance(version, int) and version > SCHEMA:
            raise StoreError(
                f"The store was written by a newer trocha (version {version} of its "
                f"layout; this one knows {SCHEMA}).",
                hint="Update trocha.",
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise damaged(NAME) from error
    for file in sorted(manifest.files()):
        if not (folder / file).is_file():
            raise damaged(file)
    return manifest


def read_key(folder: Path, *, new: bool) -> bytes:
    """Return the 32 secret bytes of a store; make them for a new one.

    Raises
    ------
    StoreError
        If they are missing or damaged.
    """
    path = folder / "key"
    if not path.exists() and new:
        replace_file(path, secrets.token_bytes(32))
    key = path.read_bytes() if path.is_file() else b""
    if len(key) != 32:
        raise damaged("key")
    return key


def sweep(folder: Path, manifest: Manifest) -> None:
    """Delete files that the manifest does not name; a crash may leave some."""
    named = {folder / file for file in manifest.files()}
    for pattern in _OURS:
        for path in sorted(set(folder.glob(pattern)) - named):
            with suppress(OSError):  # it will go the next time
                path.unlink()


def lock_folder(folder: Path) -> int:
    """Make a folder, and keep every other process out of it.

    POSIX locks the file `lock` with flock, Windows its first byte with
    msvcrt.locking. Either way the lock goes when the handle is closed, or when the
    process ends, however it ends. The tests run the POSIX half only.

    Returns
    -------
    int
        Handle to close.

    Raises
    ------
    StoreError
        If the folder cannot be made or locked, or another process has locked it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _not_opened(folder, error) from error
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError) as error:
        os.close(handle)
        raise StoreError(
            f"The store {folder} is in use by another trocha.",
            hint="Wait until it has finished, and run again.",
        ) from error
    except OSError as error:
        os.close(handle)
        raise _not_opened(folder, error) from error
    return handle


def _lock(handle: int) -> None:
    """Lock a file for this process alone, or fail at once."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _not_opened(folder: Path, error: OSError) -> StoreError:
    """Return the error for a folder in which no store can be."""
    why = error.strerror
    if isinstance(error, FileExistsError | NotADirectoryError):
        why = "a file is in its place"
    return StoreError(
        f"The store {folder} cannot be opened: {why}.",
        hint="Set another folder in the region file, under [files] store.",
    )


def write_file(path: Path, data: bytes) -> None:
    """Write a file for its owner only; it appears when it is whole and on the disk."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_name(f"{path.name}.tmp")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, and wait until its name is on the disk as well."""
    write_file(path, data)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in a folder are on the disk.

    Windows has no such call; NTFS keeps names in a journal of its own.
    """
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def damaged(file: str) -> StoreError:
    """Return the error for a file that is missing or not what was written."""
    return StoreError(
        f"{file} in the store is missing or damaged.",
        hint="Delete the store's folder and run again; it is rebuilt from the files.",
    )


def not_written(folder: Path, error: OSError) -> OutputError:
    """Return the error for a file that could not be written."""
    return OutputError(
        f"The store {folder} cannot be written: {error.strerror or error}.",
        hint="Make room or change its rights, and run again; nothing was lost.",
    )
