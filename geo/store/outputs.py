"""What each map and export was made from, kept in the store."""

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from geo.store.manifest import not_written, replace_file

_NAME = "outputs.json"


@dataclass(frozen=True, slots=True)
class Output:
    """What a map or an export was made from.

    Parameters
    ----------
    record
        sha256 of what was written that tells of all its files: of release.json for a
        map, of metadata.json for an export.
    sources
        Digests of the files whose rows it was made from, sorted.
    parts
        Digest of each part, by month.
    made_of
        Digest of all that it depends on, of `geo.standing.digest_all`; empty if that
        is not known.
    owed
        Whether it has to be drawn again in any case: something was forgotten since.
    """

    record: str
    sources: tuple[str, ...]
    parts: dict[int, str]
    made_of: str = ""
    owed: bool = False


class Outputs:
    """A list in a file of the store, by the folder that was written to.

    Nothing depends on it: if it is lost or damaged, it begins anew.

    Parameters
    ----------
    folder
        Of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> dict[str, Output]:
        """Return what is known of each output."""
        try:
            data = (self._folder / _NAME).read_bytes()
            return msgspec.json.decode(data, type=dict[str, Output])
        except (OSError, msgspec.DecodeError):
            return {}

    def of(self, folder: Path) -> Output | None:
        """Return what is known of the output in a folder."""
        return self.read().get(str(folder.absolute()))

    def keep(self, folder: Path, output: Output) -> None:
        """Remember what was written to a folder; what was there before is forgotten.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        self._write(self.read() | {str(folder.absolute()): output})

    def owe(self) -> None:
        """Remember that each of them has to be drawn again in any case.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        owed = {folder: replace(one, owed=True) for folder, one in self.read().items()}
        if owed:
            self._write(owed)

    def _write(self, outputs: dict[str, Output]) -> None:
        """Write the list, in one step."""
        data = msgspec.json.encode(dict(sorted(outputs.items())))
        try:
            replace_file(self._folder / _NAME, data)
        except OSError as error:
            raise not_written(self._folder, error) from error
