"""Partials as plain arrays, as the store keeps them, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import Occurrence
from geo.grid import Grid
from geo.partials import MOVEMENT, PATHS, Partial
from geo.schema import REASONS, VISITS
from geo.trails import pack_trails, trails_in

Arrays = dict[str, NDArray[Any]]

TABLES = ("visits", "crossings", "crowd")
"""What of a partial is a table of its own."""


def pack(partial: Partial) -> Arrays:
    """Return a partial as plain arrays, as the store keeps them."""
    moved = partial.occurrence
    surfaces = {
        "occurrence": moved.occurrence.ravel(),
        "support": moved.support.ravel(),
        "bridged": moved.bridged.ravel(),
        "votes": partial.votes.ravel(),
    }
    reached = np.flatnonzero(np.any([values != 0 for values in surfaces.values()], 0))
    track, length = np.unique(partial.paths["track"], return_counts=True)
    packed: Arrays = {
        "month": np.array([partial.month]),
        "tracks": np.array([partial.tracks]),
        "kept": np.array([partial.kept]),
        "rejected": np.array([partial.rejected.get(reason, 0) for reason in REASONS]),
        **pack_trails(partial.trails),
        "cell": reached,
        **{name: values[reached] for name, values in surfaces.items()},
        "track": track,
        "length": length,
        **{f"path.{name}": partial.paths[name].to_numpy() for name in list(PATHS)[1:]},
    }
    for name in TABLES:
        table: pd.DataFrame = getattr(partial, name)
        for column in table:
            values = table[column].to_numpy()
            if values.dtype == object or not np.issubdtype(values.dtype, np.number):
                values = values.astype(str).astype(np.str_)
            packed[f"{name}.{column}"] = values
    return {name: _narrow(values) for name, values in packed.items()}


def unpack(arrays: Arrays, grid: Grid) -> Partial:
    """Return the partial that `pack` made arrays of."""
    surfaces = {}
    for name in (*MOVEMENT, "votes"):
        flat = np.zeros(grid.rows * grid.columns, dtype=np.int64)
        flat[arrays["cell"]] = arrays[name]
        surfaces[name] = flat.reshape(grid.shape)
    return Partial(
        month=int(arrays["month"][0]),
        tracks=int(arrays["tracks"][0]),
        kept=int(arrays["kept"][0]),
        rejected=rejected_in(arrays),
        visits=table_in(arrays, "visits").astype(dict(VISITS)),
        paths=paths_in(arrays).astype("int64"),
        trails=trails_in(arrays),
        votes=surfaces.pop("votes"),
        occurrence=Occurrence(grid=grid, **surfaces),
        crossings=table_in(arrays, "crossings"),
        crowd=table_in(arrays, "crowd"),
    )


def rejected_in(arrays: Arrays) -> dict[str, int]:
    """Return how many rows each reason turned away in a packed partial."""
    counts = zip(REASONS, arrays["rejected"].tolist(), strict=True)
    return {reason: count for reason, count in counts if count}


def table_in(arrays: Arrays, name: str) -> pd.DataFrame:
    """Return one of the tables of a packed partial, its whole numbers as int64."""
    columns = {
        key.partition(".")[2]: values
        for key, values in arrays.items()
        if key.startswith(f"{name}.")
    }
    return pd.DataFrame(
        {
            key: values.astype(np.int64) if values.dtype.kind == "i" else values
            for key, values in columns.items()
        }
    )


def tables_in(packed: Sequence[Arrays], name: str) -> list[pd.DataFrame]:
    """Return one of the tables of packed partials, all rows in one; none without any.

    A frame for each partial would take longer to make than all that is in it.
    """
    whole = {
        key: np.concatenate([arrays[key] for arrays in packed])
        for key in (packed[0] if packed else {})
        if key.startswith(f"{name}.")
    }
    return [table_in(whole, name)] if whole else []


def paths_in(arrays: Arrays) -> pd.DataFrame:
    """Return the paths of a packed partial, with the narrow columns of PATHS."""
    track = np.repeat(arrays["track"], arrays["length"])
    columns = {name: arrays[f"path.{name}"] for name in list(PATHS)[1:]}
    return pd.DataFrame({"track": track, **columns}).astype(PATHS)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in the narrowest type that holds them all."""
    if values.dtype.kind != "i":
        return values
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values
