"""Put finished files in place all at once, or leave what was there."""

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import OutputError

_ROOM = ".new-"
_STAGE = f"{_ROOM}stage"

_MOST_OTHERS = 100
"""A folder in which more lies than this, or folders of others, is not swapped."""


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into; at the end its entries go to `folder`.

    Entries of the same name are replaced, others are left alone. If writing fails or
    is stopped, `folder` stays as it was; what a killed process left is cleared away.
    Only one process may write into a folder at a time.

    Where the system can let two folders change places in one step (Linux and macOS,
    on most file systems), all of the old entries are seen at any moment, or all of the
    new ones. Elsewhere a process that is killed while it renames them leaves some of
    both, until the next time.

    Parameters
    ----------
    folder
        Where the entries go; it is made when it is absent.

    Raises
    ------
    OutputError
        If the disk is full, or the folder cannot be written to.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with replacing(Path(home, "out")) as fresh:
    ...         _ = (fresh / "a.txt").write_text("a", encoding="utf-8")
    ...     [path.name for path in Path(home, "out").iterdir()]
    ['a.txt']
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        # Inside the folder itself, so that the last step is a rename on one disk.
        with tempfile.TemporaryDirectory(prefix=_ROOM, dir=folder) as room:
            fresh, old = Path(room, "fresh"), Path(room, "old")
            fresh.mkdir()
            old.mkdir()
            yield fresh
            with _behind_the_scenes(fresh, folder) as place:
                inside = place / Path(room).name
                _exchange(inside / "fresh", place, old=inside / "old")
    except (OSError, shutil.Error) as error:
        raise _explained(folder, error) from error


@contextmanager
def _behind_the_scenes(fresh: Path, folder: Path) -> Iterator[Path]:
    """Show a copy of what a folder will be, while the folder itself is changed.

    It comes back as itself, so that who works in it or serves it stays in it.

    Yields
    ------
    Path
        Where the folder is meanwhile; in its own place if it cannot be swapped.
    """
    stage, place = _stage_of(folder), folder.resolve()
    if not (_set_up(stage, fresh, folder) and swap_folders(stage, place)):
        shutil.rmtree(stage, ignore_errors=True)
        yield folder
        return
    try:
        yield stage
    finally:
        swap_folders(stage, place)
        shutil.rmtree(stage, ignore_errors=True)


def _stage_of(folder: Path) -> Path:
    """Return where a folder is while a copy is shown in its place."""
    place = folder.resolve()
    return place.with_name(f".{place.name}{_STAGE}")


def _set_up(stage: Path, fresh: Path, folder: Path) -> bool:
    """Link all that a folder will hold into a new one beside it, if that can be."""
    names = {path.name for path in fresh.iterdir()}
    others = [
        path
        for path in folder.iterdir()
        if path.name not in names and not path.name.startswith(_ROOM)
    ]
    hidden = _as_named(folder) != folder
    if hidden or len(others) > _MOST_OTHERS or any(path.is_dir() for path in others):
        return False
    try:
        shutil.copytree(fresh, stage, copy_function=os.link)
        shutil.copystat(folder, stage)
        for path in others:
            os.link(path, stage / path.name, follow_symlinks=False)
    except (OSError, NotImplementedError):
        return False
    return True


def swap_folders(one: Path, other: Path) -> bool:
    """Let two folders change places in one step.

    Returns
    -------
    bool
        False if the system, or the file system, cannot do it; then nothing changed.
    """
    ends = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            return bool(ctypes.CDLL(None).renamex_np(*ends, 2) == 0)
        here = -100  # paths are relative to the working directory
        return bool(ctypes.CDLL(None).renameat2(here, ends[0], here, ends[1], 2) == 0)
    except (AttributeError, OSError, TypeError):  # there is no such call here
        return False


def _exchange(fresh: Path, folder: Path, *, old: Path) -> None:
    """Move new entries into a folder and its own out of it, or change nothing."""
    entries = sorted(entry.name for entry in fresh.iterdir())
    try:
        for name in entries:
            if (folder / name).exists():
                (folder / name).rename(old / name)
            (fresh / name).rename(folder / name)
    except BaseException:  # also when stopped with Ctrl-C: the old ones come back
        for name in entries:
            if not (fresh / name).exists():
                (folder / name).rename(fresh / name)
            if (old / name).exists():
                (old / name).rename(folder / name)
        raise


def _sweep(folder: Path) -> None:
    """Bring back what an earlier run, killed at the last step, had moved away."""
    for stage in (_stage_of(folder), *folder.glob(f".*{_STAGE}")):
        if stage.is_dir():
            shutil.rmtree(stage)
    for room in sorted(folder.glob(f"{_ROOM}*/")):
        for entry in sorted(room.glob("old/*")):
            if not (folder / entry.name).exists():
                entry.rename(folder / entry.name)
        shutil.rmtree(room)


def _explained(folder: Path, error: OSError) -> OutputError:
    """Return what went wrong, for a person in the field."""
    folder = _as_named(folder)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutputError(
            f"{folder} could not be written: the disk is full.",
            hint="Free some space and run again; what was there before is whole.",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return OutputError(
            f"{folder} could not be written: a file is in its place.",
            hint="Move that file, or choose another folder with --out.",
        )
    return OutputError(
        f"{folder} could not be written: {error.strerror or error}.",
        hint="Check the folder and its permissions; what was there before is whole.",
    )


def _as_named(folder: Path) -> Path:
    """Return a folder that may lie in a room of ours under its name at the end."""
    for room in (folder, *folder.parents):
        if room.parent.name.startswith(_ROOM):
            return _as_named(room.parent.parent / folder.relative_to(room))
    return folder
