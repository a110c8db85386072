"""Arrays in one compressed file, as partial results are kept."""

import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_START = struct.Struct("<IIQ")  # checksum, bytes of the head, bytes in all
_About = tuple[str, str, tuple[int, ...]]  # label, type, shape


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return named arrays as bytes.

    Raises
    ------
    ValueError
        If one of them holds Python objects.

    Examples
    --------
    >>> unpack_arrays(pack_arrays({"a": np.arange(3)}))
    {'a': array([0, 1, 2])}
    >>> unpack_arrays(b"") is None
    True
    """
    for label, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"array {label!r} holds Python objects")
    about = [(label, a.dtype.str, a.shape) for label, a in arrays.items()]
    head = msgspec.json.encode(about)
    pieces = [head, *(array.tobytes() for array in arrays.values())]
    # So that each array begins at a whole number of 8 bytes.
    whole = b"".join(piece.ljust(_padded(len(piece))) for piece in pieces)
    packed: bytes = pa.compress(whole, codec="zstd", asbytes=True)
    return _START.pack(zlib.crc32(packed), len(head), len(whole)) + packed


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]] | None:
    """Return what `pack_arrays` made bytes of; None if they are damaged."""
    try:
        check, at, size = _START.unpack_from(data)
        packed = memoryview(data)[_START.size :]
        if zlib.crc32(packed) != check:
            return None
        whole = pa.decompress(packed, size, codec="zstd", asbytes=True)
        arrays, about = {}, msgspec.json.decode(whole[:at], type=list[_About])
        for label, kind, shape in about:
            at = _padded(at)
            array = np.frombuffer(whole, kind, math.prod(shape), offset=at)
            arrays[label] = array.reshape(shape)
            at += array.nbytes
    except (ValueError, TypeError, MemoryError, OverflowError, struct.error):
        return None
    except (msgspec.DecodeError, pa.ArrowException):
        return None
    return arrays


def _padded(size: int) -> int:
    """Return the next multiple of 8."""
    return size + -size % 8
