"""Put finished files in place all at once, or leave what was there."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import OutputError

_ROOM = ".new-"


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into; at the end its entries go to `folder`.

    Entries of the same name are replaced, others are left alone. If writing fails or
    is stopped, `folder` stays as it was; what a killed process left is cleared away.
    Only one process may write into a folder at a time.

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
            _exchange(fresh, folder, old=old)
    except (OSError, shutil.Error) as error:
        raise _explained(folder, error) from error


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
