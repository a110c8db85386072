"""Arrays in one compressed file, as partial results are kept."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


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
    buffer = BytesIO()
    labelled: dict[str, Any] = {f"a_{label}": arrays[label] for label in arrays}
    np.savez(buffer, **labelled)
    whole = buffer.getvalue()
    packed: bytes = pa.compress(whole, codec="zstd", asbytes=True)
    return len(whole).to_bytes(8, "little") + packed


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]] | None:
    """Return what `pack_arrays` made bytes of; None if they are damaged."""
    try:
        size = int.from_bytes(data[:8], "little")
        whole = pa.decompress(data[8:], size, codec="zstd", asbytes=True)
        with np.load(BytesIO(whole), allow_pickle=False) as arrays:
            return {label.removeprefix("a_"): arrays[label] for label in arrays}
    except (OSError, ValueError, EOFError, OverflowError, MemoryError):
        return None
    except (zipfile.BadZipFile, pa.ArrowException):
        return None
