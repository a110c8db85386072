"""Partial results in the store: arrays under a name and a key, made again if lost."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from geo.store.arrays import pack_arrays, unpack_arrays
from geo.store.manifest import not_written, replace_file

Arrays = dict[str, NDArray[Any]]

_END = ".zst"


class Shelf:
    """Arrays in files of a folder, under a name and a key.

    The name says what was computed, the key is a digest of all that it depends on;
    both consist of letters, digits and ``._-``.

    Parameters
    ----------
    folder
        Made when it is needed, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, key: str) -> Arrays | None:
        """Return the arrays kept under a name and key; None if absent or damaged."""
        try:
            return unpack_arrays(self._path(name, key).read_bytes())
        except OSError:
            return None

    def has(self, name: str, key: str) -> bool:
        """Return whether arrays are kept under a name and key, perhaps damaged."""
        return self._path(name, key).is_file()

    def keep(self, name: str, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays under a name and key, in place of what was there.

        Raises
        ------
        OutputError
            If the disk is full.
        ValueError
            If an array is one of Python objects.
        """
        path = self._path(name, key)
        data = pack_arrays(arrays)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, data)
        except OSError as error:
            path.with_name(f"{path.name}.tmp").unlink(missing_ok=True)
            raise not_written(self._folder, error) from error

    def clear(self, beginning: str) -> None:
        """Delete all arrays under names that begin so."""
        for path in sorted(self._folder.glob(f"{beginning}*/*{_END}")):
            path.unlink(missing_ok=True)

    def prune(self, keys: Collection[str], *, name: str = "*") -> None:
        """Delete the arrays, under one name or all, whose key is not among `keys`."""
        for path in sorted(self._folder.glob(f"{name}/*{_END}")):
            if path.name.removesuffix(_END) not in keys:
                path.unlink(missing_ok=True)

    def _path(self, name: str, key: str) -> Path:
        for text in (name, key):
            if not re.fullmatch(r"\w[\w.-]*", text, re.ASCII):
                raise ValueError(f"{text!r} cannot name a partial result")
        return self._folder / name / f"{key}{_END}"
