"""Put finished files in place all at once, or leave what was there."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import OutputError


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into; at the end its entries go to `folder`.

    Entries of the same name are replaced, others are left alone. If writing fails,
    `folder` stays as it was.

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
        # Inside the folder itself, so that the last step is a rename on one disk.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as room:
            fresh, old = Path(room, "fresh"), Path(room, "old")
            fresh.mkdir()
            old.mkdir()
            yield fresh
            for entry in sorted(fresh.iterdir()):
                place = folder / entry.name
                if place.exists():
                    place.rename(old / entry.name)
                entry.rename(place)
    except (OSError, shutil.Error) as error:
        raise _explained(folder, error) from error


def _explained(folder: Path, error: OSError) -> OutputError:
    """Return what went wrong, for a person in the field."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutputError(
            f"{folder} could not be written: the disk is full.",
            hint="Free some space and run again; what was there before is whole.",
        )
    return OutputError(
        f"{folder} could not be written: {error.strerror or error}.",
        hint="Check the folder and its permissions; what was there before is whole.",
    )
