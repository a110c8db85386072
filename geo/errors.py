"""Every error that trocha raises on purpose, and nothing else.

TrochaError
├── ConfigError       3   the region file cannot be used as it stands
├── InputError        4   a GPS file or a layer cannot be read
│   ├── SchemaError       a table lacks a column, or holds it with a wrong type
│   └── CRSError          a layer has no CRS, or an unsuitable one
├── PrivacyError      5   something was about to leave that must not
├── StoreError        6   the store is damaged, locked, or of a newer version
└── OutputError       7   a result cannot be written: no room, no permission

The number is the exit code of the command line; 2 is a wrong use of the
command, 130 is Ctrl-C.
"""


class TrochaError(Exception):
    """Base of all trocha errors.

    Parameters
    ----------
    message
        What is wrong, in one sentence, naming the thing and the value at fault.
    hint
        What the reader can do about it, in one sentence. May be empty.

    Examples
    --------
    >>> str(TrochaError("The pot is empty.", hint="Fill it."))
    'The pot is empty. Fill it.'
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return printable(f"{message} {self.hint}" if self.hint else message)


class ConfigError(TrochaError):
    """The region file cannot be used as it stands."""

    exit_code = 3


class InputError(TrochaError):
    """A GPS file or a layer cannot be read, or holds nothing usable."""

    exit_code = 4


class SchemaError(InputError):
    """A table lacks a column, or holds it with the wrong type, unit or CRS."""


class CRSError(InputError):
    """A layer has no CRS, or one that the operation cannot work in."""


class PrivacyError(TrochaError):
    """Something that must not leave the building was about to."""

    exit_code = 5


class StoreError(TrochaError):
    """The store is damaged, locked, or was written by a newer trocha."""

    exit_code = 6


class OutputError(TrochaError):
    """A result cannot be written: the disk is full, or the folder is closed."""

    exit_code = 7


def printable(text: str) -> str:
    r"""Return text that every file and terminal takes.

    A file's name can hold any bytes. Python keeps those that are no UTF-8 in a form
    that it then refuses to write.

    Examples
    --------
    >>> print(printable("caminata-ñ.gpx"), printable("caf\udce9.gpx"))
    caminata-ñ.gpx caf?.gpx
    """
    return text.encode("utf-8", "replace").decode("utf-8")
