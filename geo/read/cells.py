"""Cells of a table as text and as numbers, a whole column at a time."""

from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.frames import on_processors, shares
from geo.kernels.intake import run_starts

_NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?$"


def as_text(column: Any) -> Any:
    """Return an Arrow column as trimmed text, with null where it is blank.

    Parameters
    ----------
    column
        Arrow array or chunked array of any type.

    Examples
    --------
    >>> as_text(pa.array([" 7 ", "", None])).to_pylist()
    ['7', None, None]
    >>> as_text(pa.array([7.0, 7.5])).to_pylist()
    ['7', '7.5']
    """
    flat = flattened(column)
    if pa.types.is_floating(flat.type):
        whole = pc.all(pc.equal(pc.floor(flat), flat)).as_py()
        bounded = pc.all(pc.less(pc.abs(flat), 1e15)).as_py()
        flat = pc.cast(flat, pa.int64()) if whole and bounded else flat
    if not (pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type)):
        try:
            flat = pc.cast(flat, pa.string(), safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return pa.nulls(len(flat), pa.string())
    trimmed = pc.utf8_trim_whitespace(flat)
    blank = pc.equal(pc.binary_length(trimmed), 0)
    if not pc.any(blank).as_py():
        return trimmed
    return pc.if_else(blank, pa.scalar(None, trimmed.type), trimmed)


def as_labels(column: Any) -> Any:
    """Return an Arrow column as a dictionary of trimmed texts, null where it is blank.

    Columns that name things have few texts, so that each is looked at once.

    Examples
    --------
    >>> labels = as_labels(pa.array([" A", "B", "A", ""]))
    >>> labels.to_pylist(), labels.dictionary.to_pylist()
    (['A', 'B', 'A', None], ['A', 'B'])
    """
    try:
        encoded = _encoded(column)
    except pa.ArrowNotImplementedError:
        return pc.dictionary_encode(as_text(column))
    texts = pc.cast(as_text(encoded.dictionary), pa.string())
    if texts.null_count:  # a blank in the dictionary is not yet a null among the rows
        return pc.dictionary_encode(texts.take(encoded.indices))
    return pa.DictionaryArray.from_arrays(encoded.indices, texts)


class _Piece(NamedTuple):
    """Texts, and where among them that of each row stands, or of each run of rows."""

    texts: Any
    places: Any
    lengths: NDArray[np.int64] | None


def _encoded(column: Any) -> Any:
    """Return a column as one dictionary array; shares of it are looked up at once."""

    def encode(share: slice) -> list[_Piece]:
        part = column.slice(share.start, share.stop - share.start)
        chunks = part.chunks if isinstance(part, pa.ChunkedArray) else [part]
        return [_piece_of(chunk) for chunk in chunks]

    pieces = list(chain.from_iterable(on_processors(encode, shares(len(column)))))
    if not pieces:
        return pc.dictionary_encode(flattened(column))
    texts = pc.dictionary_encode(pa.concat_arrays([piece.texts for piece in pieces]))
    whole, first, at = _places(texts.indices), 0, 0
    labels, blank = np.empty(len(column), np.int32), False
    for piece in pieces:
        own = np.append(whole[first : first + len(piece.texts)], np.int32(-1))
        label = own[_places(piece.places)]  # and -1 stays what it is
        blank |= bool((label < 0).any())
        if piece.lengths is not None:
            label = np.repeat(label, piece.lengths)
        labels[at : at + label.size] = label
        first, at = first + len(piece.texts), at + label.size
    indices = pa.array(labels, mask=labels < 0 if blank else None)
    return pa.DictionaryArray.from_arrays(indices, texts.dictionary, safe=False)


def _places(indices: Any) -> NDArray[np.int32]:
    """Return places in a dictionary as numbers, -1 for null."""
    if indices.null_count:
        indices = pc.fill_null(indices, -1)
    return np.asarray(indices.to_numpy(), np.int32)


def _piece_of(texts: Any) -> _Piece:
    """Return the texts of an array; each run of one text is looked up once.

    Rows of one device mostly follow each other.
    """
    starts = _run_starts(texts)
    if starts is None:
        encoded = pc.dictionary_encode(texts)
        return _Piece(encoded.dictionary, encoded.indices, None)
    heads = pc.dictionary_encode(texts.take(pa.array(starts)))
    lengths = np.diff(starts, append=len(texts))
    return _Piece(heads.dictionary, heads.indices, lengths)


def _run_starts(texts: Any) -> NDArray[np.int64] | None:
    """Return where runs of one text begin, None if that says little or is not known."""
    wide = pa.types.is_large_string(texts.type)
    if not (wide or pa.types.is_string(texts.type)) or texts.null_count:
        return None
    _, offsets, data = texts.buffers()
    if data is None:
        return None
    kind: Any = np.int64 if wide else np.int32
    last = texts.offset + len(texts) + 1
    places = np.frombuffer(offsets, kind, last)[texts.offset :]
    starts = np.empty(len(texts), np.int64)
    runs = run_starts(places, np.frombuffer(data, np.uint8), starts)
    return starts[:runs] if 2 * runs <= len(texts) else None


def flattened(column: Any) -> Any:
    """Return a column as one plain Arrow array: no chunks, no dictionary."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column


def as_numbers(column: Any) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where a cell is not one.

    A comma before the last digits is a decimal comma. Text with thousands
    separators is no number: 8.451.200 could be anything.

    Examples
    --------
    >>> as_numbers(pa.array(["8,45", " 7 ", "-.5", "8.451.200", "1e2", "x", None]))
    array([  8.45,   7.  ,  -0.5 ,    nan, 100.  ,    nan,    nan])
    """
    flat = flattened(column)
    if is_numeric(flat):  # Arrow's own, only to be read
        numbers = pc.cast(flat, pa.float64(), safe=False)
        return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)
    text = as_text(flat)
    numbers = cast_or_none(text, pa.float64())
    if numbers is None:
        numbers = _patiently(text)
    out: NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    return out


def is_numeric(column: Any) -> bool:
    """Return whether the column holds numbers, not text."""
    kind = column.type
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    )


def cast_or_none(text: Any, kind: Any) -> Any:
    """Return a text column as another type, None if a cell does not fit it.

    A cast that fails takes as long as many that succeed, so a few cells go first.

    Examples
    --------
    >>> cast_or_none(pa.array(["1", "x"]), pa.float64()) is None
    True
    """
    probe = text.take(
        pa.array(range(0, len(text), max(1, len(text) // 100)), pa.int64())
    )
    try:
        pc.cast(probe, kind)
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        return None


def has_decimal_commas(column: Any) -> bool:
    """Return whether any cell of a text column is a number with a decimal comma."""
    flat = flattened(column)
    if is_numeric(flat):
        return False
    text = flat if pa.types.is_string(flat.type) else as_text(flat)
    if not pc.any(pc.match_substring(text, ",")).as_py():
        return False  # as nearly always, and sooner known
    matches = pc.match_substring_regex(as_text(text), r"^[+-]?\d+,\d+$")
    return bool(pc.any(matches).as_py())


def _patiently(text: Any) -> Any:
    """Read the cells that are numbers, and leave the others null."""
    text = pc.replace_substring(text, "\u2212", "-")
    number = pc.match_substring_regex(text, _NUMBER)
    kept = pc.if_else(number, text, pa.scalar(None, text.type))
    points = pc.replace_substring(kept, ",", ".")
    bare = pc.replace_substring_regex(points, r"^\+", "")
    return pc.cast(bare, pa.float64())
