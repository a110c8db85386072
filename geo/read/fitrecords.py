"""The records of a FIT file, each decoded in one step.

The library reads field by field and sums a file up byte by byte. Nearly all messages of
a log are records of one layout, of which six fields matter; these are cut out of each
record at once. All else the library does.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fitdecode

RECORD = 20
"""Number of the message."""

LAT, LON, ALTITUDE, ACCURACY, FINE_ALTITUDE, TIME = 0, 1, 2, 31, 78, 253
"""Numbers of the fields of a record, as the profile gives them."""

# Size and base type of these fields in the profile.
_PROFILE: Mapping[int, tuple[int, int]] = {
    LAT: (4, 0x85),
    LON: (4, 0x85),
    ALTITUDE: (2, 0x84),
    ACCURACY: (1, 0x02),
    FINE_ALTITUDE: (4, 0x86),
    TIME: (4, 0x86),
}
_HEIGHTS = {ALTITUDE, FINE_ALTITUDE}
_KNOWN = fitdecode.__version__.startswith("0.11.")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields that matter stand in a record."""

    cells: struct.Struct
    fields: tuple[tuple[int, Any], ...]  # number, and what parses it


class Record(fitdecode.FitDataMessage):  # type: ignore[misc]
    """A record, and the numbers in it that matter.

    Attributes
    ----------
    values
        By the number of the field, in the units of the profile; only known ones.
    """

    __slots__ = ("values",)


class RecordReader(fitdecode.FitReader):  # type: ignore[misc]
    """A reader that decodes records in one step.

    It steps into the library's inner workings, so it does that only for the versions
    whose workings are known. Records that are not as the profile has them, and those
    with a compressed time, are decoded as the library does.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(
            data,
            processor=None,  # plain numbers: nothing is looked up by a name in the file
            check_crc=fitdecode.CrcCheck.DISABLED,  # see `checksum`
            error_handling=fitdecode.ErrorHandling.IGNORE,
        )
        self._layouts: dict[int, tuple[Any, _Layout | None]] = {}

    def _read_data_message(self, header_chunk: bytes, record_header: Any) -> Any:
        """Read one message; called by the library."""
        number = record_header.local_mesg_num
        definition = self._local_mesg_defs.get(number)
        known, layout = self._layouts.get(number, (None, None))
        if known is not definition:
            layout = _layout_of(definition)
            self._layouts[number] = definition, layout
        if layout is None or record_header.time_offset is not None:
            return super()._read_data_message(header_chunk, record_header)
        cells = layout.cells.unpack(self._read_bytes(layout.cells.size))
        values: dict[int, float] = {}
        for (field, parse), cell in zip(layout.fields, cells, strict=True):
            value = parse(cell)
            if value is not None:
                values[field] = value / 5 - 500 if field in _HEIGHTS else value
        if TIME in values:  # what a compressed time counts from
            self._compressed_ts_accumulator = self._last_timestamp = values[TIME]
        developers = record_header.is_developer_data
        record = Record(developers, number, None, definition, (), None)
        record.values = values
        return record


def _layout_of(definition: Any) -> _Layout | None:
    """Return where the fields stand in such messages; None leaves it to the library."""
    if not _KNOWN or definition is None or definition.global_mesg_num != RECORD:
        return None
    form, fields = definition.endian, []
    for field in definition.field_defs:
        number, base = field.def_num, field.base_type
        if number not in _PROFILE:
            form += f"{field.size}x"
            continue
        if (field.size, base.identifier) != _PROFILE[number]:
            return None
        form += base.fmt
        fields.append((number, base.parse))
    form += "".join(f"{field.size}x" for field in definition.dev_field_defs)
    cells = struct.Struct(form)
    twice = len(dict(fields)) < len(fields)
    return None if twice or not cells.size else _Layout(cells, tuple(fields))


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = tuple(map(_crc_of, range(256)))


def checksum(data: bytes) -> int:
    """Return the checksum of a FIT file, its header and records: CRC-16 of ARC.

    Examples
    --------
    >>> hex(checksum(b"123456789"))
    '0xbb3d'
    """
    crc, table = 0, _CRC
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc
