"""FIT, as Garmin and other watches and loggers write it."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.read.found import Found, Points, says_simulated

MAX_FIT_BYTES = 2**25
"""Largest FIT file, in bytes; a day of fixes each second is about three million."""

_EPOCH_S = 631_065_600  # 1989-12-31 in seconds since 1970
_FIRST_TIME = 0x1000_0000  # smaller numbers count from when the device was switched on
_DEGREES = 180 / 2**31  # of a semicircle
# Numbers of the fields of a record, as the profile gives them.
_LAT, _LON, _ALTITUDE, _ACCURACY, _FINE_ALTITUDE, _TIME = 0, 1, 2, 31, 78, 253
_SIZE = slice(4, 8)  # where the header says how long the records are

Row = tuple[float, float, float, int | None, float, str | None, int]


def read_fit(path: Path) -> Found:
    """Read the record messages of a FIT file, or of several in a chain.

    Parameters
    ----------
    path
        The device is told by manufacturer and serial number. Positions are WGS 84 and
        times UTC, as the format prescribes; records without a position are kept, to
        be counted.

    Returns
    -------
    Found
        A row for each record. If the file breaks off or is damaged, the records
        before that, and one broken record.

    Raises
    ------
    InputError
        If it is too large, or holds no record.
    """
    if path.stat().st_size > MAX_FIT_BYTES:
        raise InputError(
            f"{path.name} is larger than {MAX_FIT_BYTES / 2**20:,.0f} MB.",
            hint="Convert it to CSV.",
        )
    rows, whole, sound = _records(_with_length(path.read_bytes()))
    if not rows:
        raise InputError(
            f"{path.name} holds no records that could be read.",
            hint="Copy it from the device again.",
        )
    notes = ["read as FIT"]
    if not whole:
        notes.append("the file breaks off: the records before the break were kept")
    elif not sound:
        notes.append("a checksum does not match: the file may be damaged in part")
    lat, lon, ele, seconds, accuracy, device, piece = zip(*rows, strict=True)
    return Found(
        table=pa.table(
            {
                "track": pa.array(device, pa.string()),
                "time": pa.array(seconds, pa.timestamp("s", tz="UTC")),
                "accuracy": pa.array(accuracy, pa.float64()),
            }
        ),
        line=np.arange(1, len(rows) + 1, dtype=np.int64),
        broken=np.array([] if whole else [len(rows) + 1], dtype=np.int64),
        points=Points(np.array(lon), np.array(lat), np.array(ele)),
        group=np.array(piece, dtype=np.int64),
        notes=tuple(notes),
        simulated=says_simulated(path.name),
    )


def _with_length(data: bytes) -> bytes:
    """Return a file whose length was never filled in with the one that it has.

    A device that loses power leaves it at zero; its records are whole.
    """
    if len(data) < 14 or data[_SIZE] != b"\0\0\0\0":
        return data
    size = struct.pack("<I", len(data) - data[0])
    return data[: _SIZE.start] + size + data[_SIZE.stop :]


def _records(data: bytes) -> tuple[list[Row], bool, bool]:
    """Return the records, whether the file is whole, and if its checksums match."""
    import fitdecode

    from geo.read.fitrecords import Record, RecordReader, checksum

    rows: list[Row] = []
    device, sound, start, end = None, True, 0, 0
    reader = RecordReader(data)
    try:
        for frame in reader:
            if isinstance(frame, Record):
                rows.append(_row(frame.values, device, reader.fit_files_count))
            elif frame.frame_type == fitdecode.FIT_FRAME_HEADER:
                device, start = None, end
                end += frame.header_size + frame.body_size
            elif frame.frame_type == fitdecode.FIT_FRAME_CRC:
                sound = sound and frame.crc == checksum(data[start:end])
                end += 2
            elif frame.frame_type != fitdecode.FIT_FRAME_DATA:
                continue
            elif frame.name == "file_id":
                device = _device(frame)
            elif frame.name == "record":
                values = _values(frame)
                rows.append(_row(values, device, reader.fit_files_count))
    except (
        # A damaged length or type leads the library astray in many ways.
        *(fitdecode.FitError, struct.error, ArithmeticError, AssertionError),
        *(AttributeError, LookupError, TypeError, ValueError, MemoryError),
    ):
        return rows, False, sound
    return rows, True, sound


def _device(message: Any) -> str | None:
    """Return a name for the device, None if it has no serial number."""
    serial = message.get_raw_value("serial_number", fallback=None)
    maker = message.get_raw_value("manufacturer", fallback=None)
    return f"FIT:{maker}:{serial}" if serial else None


def _values(message: Any) -> dict[int, float]:
    """Return the numbers of a record by the numbers of their fields."""
    values: dict[int, float] = {}
    for item in message.fields:
        own = item.field_def is not None  # not worked out from another field
        if (own and item.field_def.is_dev) or not isinstance(item.value, int | float):
            continue  # numbers of developers' fields mean something else
        if own or item.def_num not in values:
            values[item.def_num] = item.value
    return values


def _row(values: dict[int, float], device: str | None, piece: int) -> Row:
    """Return one record: latitude, longitude, elevation, seconds, accuracy, whose."""
    seconds = values.get(_TIME, 0)
    return (
        values.get(_LAT, np.nan) * _DEGREES,
        values.get(_LON, np.nan) * _DEGREES,
        values.get(_FINE_ALTITUDE, values.get(_ALTITUDE, np.nan)),
        int(seconds) + _EPOCH_S if seconds >= _FIRST_TIME else None,
        values.get(_ACCURACY, np.nan),
        device,
        piece,
    )
