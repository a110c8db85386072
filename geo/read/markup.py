"""XML, read in one pass by handlers of our own, safe against hostile files."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Protocol, TypeVar
from xml.parsers import expat

from geo.errors import InputError

MAX_DEPTH = 100
MAX_TEXT = 10_000
"""Longest text of one element, in characters."""


class RefusedError(Exception):
    """The XML uses what a file of positions has no need of."""


class Handlers(Protocol):
    """What reads a file, one call per element: kept short for speed."""

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        """Enter an element."""

    def end(self, tag: str, /) -> None:
        """Leave an element."""

    def text(self, data: str, /) -> None:
        """Take some text."""


class Gatherer:
    """Handlers that gather the text of some elements, and mark where others begin.

    Parameters
    ----------
    texts
        Local names of the elements whose text is kept, up to MAX_TEXT.
    marks
        Local names of the elements whose begin and end matter.

    Attributes
    ----------
    path
        Local names of the elements that are open, from the outside in.
    """

    def __init__(self, *, texts: AbstractSet[str], marks: AbstractSet[str]) -> None:
        self.path: list[str] = []
        self._texts = texts
        self._marks = marks
        self._wanted = ""
        self._parts: list[str] = []
        self._length = 0

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        """Take note that a marked element begins."""

    def leave(self, name: str) -> None:
        """Take note that a marked element has ended."""

    def keep(self, name: str, text: str) -> None:
        """Keep the text of an element that has ended."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        name = tag.rpartition(":")[2]
        self.path.append(name)
        if len(self.path) > MAX_DEPTH:
            raise RefusedError
        if name in self._texts:
            self._wanted = name
            self._parts = []
            self._length = 0
        if name in self._marks:
            self.enter(name, attributes)

    def text(self, data: str) -> None:
        """Keep the text of elements that matter."""
        if self._wanted and self._length < MAX_TEXT:
            self._parts.append(data)
            self._length += len(data)

    def end(self, tag: str) -> None:
        """Leave an element."""
        name = tag.rpartition(":")[2]
        self.path.pop()
        if name == self._wanted:
            self._wanted = ""
            self.keep(name, "".join(self._parts).strip())
        elif name in self._marks:
            self.leave(name)


Reader = TypeVar("Reader", bound=Handlers)


def read_markup(
    data: bytes, new_reader: Callable[[], Reader], *, name: str, what: str
) -> tuple[Reader, bool]:
    """Let handlers read a file.

    Parameters
    ----------
    data
        The file. If it says UTF-8 but is not, it is taken for Windows-1252.
    new_reader
        Makes handlers; they raise RefusedError where the nesting is too deep.
    name, what
        Of the file and of its kind, for the message.

    Returns
    -------
    reader
        The handlers that have read it.
    broken
        Whether the file breaks off.

    Raises
    ------
    InputError
        If the file declares a document type or entities, or is nested too deeply.
    """
    for encoding in (None, "cp1252"):
        reader = new_reader()
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler = reader.start
        parser.EndElementHandler = reader.end
        parser.CharacterDataHandler = reader.text
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.UnparsedEntityDeclHandler = _refuse
        try:
            parser.Parse(data, True)  # noqa: FBT003
        except RefusedError as error:
            raise InputError(
                f"{name} declares a document type or entities, or is nested too "
                f"deeply; a {what} file has no need of that.",
                hint="Do not use it, unless you know where it comes from.",
            ) from error
        except (expat.ExpatError, LookupError, ValueError):
            if encoding is None and _is_legacy(data):
                continue  # says UTF-8, but is not
            return reader, True
        break
    return reader, False


def _is_legacy(data: bytes) -> bool:
    """Return whether the bytes are Western text that only pretends to be UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:200]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(data) - 4
    return False


def _refuse(*_: object) -> None:
    raise RefusedError
