"""Parquet, plain or with geometry, whole columns at a time."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.errors import InputError
from geo.read.cells import flattened
from geo.read.columns import find_roles
from geo.read.found import (
    Found,
    Points,
    points_of,
    remarks_say_simulated,
    says_simulated,
)

MAX_ROWS = 20_000_000
MAX_COLUMN_BYTES = 2**33
"""Most rows of a file, and most bytes of its columns when unpacked."""


def read_parquet(path: Path) -> Found:
    """Read a table of fixes from Parquet.

    Parameters
    ----------
    path
        Plain columns, or GeoParquet with a column of points.

    Returns
    -------
    Found
        Only columns that can play a role, with the types they have.

    Raises
    ------
    InputError
        If the file is damaged, empty, or too large.
    """
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            _check_size(file, path.name)
            schema, about = file.schema_arrow, file.metadata
        facts = schema.metadata or {}
        geometry, crs = _geometry(facts, schema.names)
        names, labels = _useful(schema, geometry)
        with pq.ParquetFile(
            path, memory_map=True, metadata=about, read_dictionary=labels
        ) as file:
            table = file.read(columns=names)
        table.validate(full=True)  # text that is no UTF-8, for one
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:
        raise InputError(
            f"{path.name} is a damaged Parquet file.", hint="Copy or export it again."
        ) from error
    if not table.num_rows:
        raise InputError(f"{path.name} has no rows.")
    points = None
    if geometry:
        points = _points(flattened(table.column(geometry)), crs, path.name)
        table = table.drop_columns([geometry])
    simulated = any(says_simulated(k.decode("utf-8", "replace")) for k in facts)
    facts_say = facts.get(b"simulated", b"").strip().lower()
    return Found(
        table=table,
        line=np.arange(1, table.num_rows + 1, dtype=np.int64),
        broken=np.array([], dtype=np.int64),
        points=points,
        notes=("read as Parquet",),
        simulated=(simulated and facts_say not in {b"false", b"0", b"no"})
        or says_simulated(path.name)
        or remarks_say_simulated(table),
    )


def _check_size(file: Any, name: str) -> None:
    facts = file.metadata
    size = sum(
        facts.row_group(at).total_byte_size for at in range(facts.num_row_groups)
    )
    if facts.num_rows > MAX_ROWS or size > MAX_COLUMN_BYTES:
        raise InputError(
            f"{name} has {facts.num_rows:,} rows in {size / 2**20:,.0f} MB; expected "
            f"at most {MAX_ROWS:,} rows in {MAX_COLUMN_BYTES / 2**20:,.0f} MB.",
            hint="Split it.",
        )


def _geometry(facts: dict[bytes, bytes], names: list[str]) -> tuple[str, str]:
    """Return the column of points of a GeoParquet file, and its CRS."""
    try:
        about = json.loads(facts.get(b"geo", b"{}"))
        column = about.get("primary_column", "")
        crs = about["columns"][column].get("crs") if column in names else None
    except (ValueError, KeyError, AttributeError, RecursionError, TypeError):
        return "", ""
    # No CRS means degrees; so does null here, until the values say otherwise.
    return (column, json.dumps(crs) if crs else "") if column in names else ("", "")


def _useful(schema: Any, geometry: str) -> tuple[list[str], list[str]]:
    """Return the columns that may play a role, and all columns of text.

    Also those that name tracks: files keep such texts as dictionaries, which need not
    be written out.
    """
    simple = [item.name for item in schema if not pa.types.is_nested(item.type)] + (
        [geometry]
        if geometry and pa.types.is_nested(schema.field(geometry).type)
        else []
    )
    roles = find_roles(simple, columns={})
    kept = {simple[at] for at in roles.index.values()} | {geometry}
    useful = [
        item.name
        for item in schema
        if item.name in kept or (item.name in simple and not _is_bulky(item.type))
    ]
    named = simple[roles.index["track"]] if "track" in roles.index else ""
    labels = [
        item.name for item in schema if item.name == named and _is_text(item.type)
    ]
    return useful, labels


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bulky(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _points(geometry: Any, crs: str, name: str) -> Points:
    """Return the coordinates of a column of points."""
    try:
        if pa.types.is_struct(geometry.type):
            x, y = (
                geometry.field(axis).to_numpy(zero_copy_only=False) for axis in "xy"
            )
            return Points(x, y, np.full(len(x), np.nan), crs)
        shapes = shapely.from_wkb(geometry.to_numpy(zero_copy_only=False))
    except (
        shapely.errors.ShapelyError,
        TypeError,
        KeyError,
        pa.ArrowException,
    ) as error:
        raise InputError(f"{name} has geometry that cannot be read.") from error
    return points_of(shapes, crs)
