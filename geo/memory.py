"""What was found once and would be found again: kept in the store, by what made it."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.grid import Grid, Surface
from geo.store.shelf import Arrays, Shelf

Found = TypeVar("Found")
Frames = dict[str, pd.DataFrame]

NAME = "memory."
"""What the names of all that is remembered begin with."""


class Memory:
    """Frames and surfaces, each kept under a digest of all that it was made from.

    What is absent or damaged is made again; what would not come back exactly as it is
    is not kept.

    Parameters
    ----------
    shelf
        Where to keep it; without one, nothing is kept.
    ground
        Digest of all that everything here depends on: the program, the region file and
        the layers; see `geo.standing.digest_ground`.

    Attributes
    ----------
    used : set of str
        The keys that were asked for: all others are of no use any more.
    """

    def __init__(self, shelf: Shelf | None = None, ground: str = "") -> None:
        self._shelf = shelf if ground else None
        self._ground = ground
        self.used: set[str] = set()

    def frames(self, name: str, made_from: str, make: Callable[[], Frames]) -> Frames:
        """Return frames by name: those that are kept, or else what `make` returns.

        Parameters
        ----------
        name
            What they are.
        made_from
            Digest of all that they were made from but the ground; empty if that is all.
        make
            Makes them.
        """
        return self._recall(name, made_from, make, pack_frames, unpack_frames)

    def surface(
        self, name: str, made_from: str, make: Callable[[], Surface | None], grid: Grid
    ) -> Surface | None:
        """Return a surface on a grid, or None where there is none; see `frames`."""
        return self._recall(
            name,
            made_from,
            make,
            _pack_surface,
            lambda arrays: _unpack_surface(arrays, grid),
        )

    def arrays(self, name: str, made_from: str, make: Callable[[], Arrays]) -> Arrays:
        """Return arrays by name, only to be read; see `frames`."""
        return self._recall(name, made_from, make, dict, dict)

    def clear(self) -> None:
        """Forget all of it."""
        if self._shelf is not None:
            self._shelf.clear(NAME)

    def _recall(
        self,
        name: str,
        made_from: str,
        make: Callable[[], Found],
        pack: Callable[[Found], Arrays],
        unpack: Callable[[Arrays], Found],
    ) -> Found:
        """Return what is kept, or make and keep it."""
        if self._shelf is None:
            return make()
        key = sha256(f"{self._ground} {name} {made_from}".encode()).hexdigest()[:32]
        self.used.add(key)
        kept = self._shelf.get(NAME + name, key)
        if kept is not None:
            return unpack(kept)
        found = make()
        arrays = pack(found)
        if _alike(arrays, pack(unpack(arrays))) and _equal(found, unpack(arrays)):
            self._shelf.keep(NAME + name, key, arrays)
        return found


def pack_frames(frames: Mapping[str, pd.DataFrame]) -> Arrays:
    """Return frames as arrays: each as a stream of Arrow, its shapes as WKB."""
    arrays: Arrays = {}
    for name, frame in frames.items():
        table, crs = pd.DataFrame(frame), ""
        if isinstance(frame, gpd.GeoDataFrame):
            crs = frame.crs.to_wkt() if frame.crs is not None else "none"
            shapes = shapely.to_wkb(frame.geometry.to_numpy())
            table = table.assign(**{frame.geometry.name: shapes})
            arrays[f"{name}.geometry"] = np.array([frame.geometry.name])
        sink = pa.BufferOutputStream()
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        with pa.ipc.new_stream(sink, arrow.schema) as stream:
            stream.write_table(arrow)
        arrays[f"{name}.table"] = np.frombuffer(sink.getvalue(), np.uint8)
        arrays[f"{name}.crs"] = np.array([crs])
    return arrays


def unpack_frames(arrays: Arrays) -> Frames:
    """Return the frames that `pack_frames` made arrays of, in their order.

    Examples
    --------
    >>> frame = pd.DataFrame({"n": pd.array([1, None], "Int64"), "name": ["ñ", "o"]})
    >>> bool(unpack_frames(pack_frames({"a": frame}))["a"].equals(frame))
    True
    """
    frames: Frames = {}
    for label, stream in arrays.items():
        name, _, what = label.rpartition(".")
        if what != "table":
            continue
        frame: pd.DataFrame = pa.ipc.open_stream(pa.py_buffer(stream)).read_pandas()
        if f"{name}.geometry" in arrays:
            column = str(arrays[f"{name}.geometry"][0])
            crs = str(arrays[f"{name}.crs"][0])
            shapes = shapely.from_wkb(frame[column].to_numpy())
            frame[column] = gpd.GeoSeries(
                shapes, dtype="geometry", crs=None if crs == "none" else crs
            )
            frame = gpd.GeoDataFrame(frame, geometry=column)
        frames[name] = frame
    return frames


def _pack_surface(surface: Surface | None) -> Arrays:
    if surface is None:
        return {}
    return {
        "values": surface.values,
        "named": np.array([surface.name, surface.unit]),
    }


def _unpack_surface(arrays: Arrays, grid: Grid) -> Surface | None:
    if not arrays:
        return None
    name, unit = arrays["named"].tolist()
    return Surface(grid, arrays["values"], name, unit)


def _alike(one: Arrays, other: Arrays) -> bool:
    """Return whether arrays are the same to the last bit."""
    return list(one) == list(other) and all(
        _bits(one[name]) == _bits(other[name]) for name in one
    )


def _bits(array: NDArray[np.generic]) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


def _equal(one: object, other: object) -> bool:
    """Return whether what was unpacked is what was packed."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(
            _equal(one[name], other[name]) for name in one
        )
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray)
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        same = type(one) is type(other) and one.index.equals(other.index)
        same = same and list(one.columns) == list(other.columns)
        crs = getattr(one, "crs", None) == getattr(other, "crs", None)
        return same and crs and list(one.dtypes) == list(other.dtypes)
    if isinstance(one, Surface) and isinstance(other, Surface):
        return one.grid == other.grid and one.values.dtype == other.values.dtype
    return one is None and other is None
