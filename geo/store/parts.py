"""What a part of the store holds: its columns, their order, their digest, its month."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo.errors import SchemaError
from geo.schema import check_fixes, no_fixes
from geo.store.manifest import Part

COLUMNS: Mapping[str, pa.DataType] = {
    "track": pa.int64(),
    "time": pa.timestamp("ms", tz="UTC"),
    "lon_e7": pa.int32(),
    "lat_e7": pa.int32(),
    "accuracy_m": pa.float64(),
    "elevation_m": pa.float64(),
    "source": pa.dictionary(pa.int32(), pa.string()),
    "line": pa.int64(),
}
"""A part as it lies in Parquet; its rows are sorted by these, in this order."""

_DELTA = ("time", "lon_e7", "lat_e7", "line")
_DENSE = ("time", "lon_e7", "lat_e7")  # zstd gains 1 % on them, and slows reading

Rows = dict[str, NDArray[Any]]
"""The columns of COLUMNS as arrays: time in ms, source as the place in a list."""


def checked(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the fixes unchanged if a part can hold them, or say what is wrong.

    Raises
    ------
    SchemaError
        If they are not as `schema.FIXES` says, or a time or position is missing or
        off the globe.
    """
    table = check_fixes(fixes)
    on_globe = (table["lon"].abs() <= 180) & (table["lat"].abs() <= 90)
    if not on_globe.all() or table["time"].isna().any():
        raise SchemaError(
            "Fixes without a time, or without a position on the globe, cannot be "
            "stored; expected that reading had turned them away."
        )
    return fixes


def fresh_rows(fixes: pd.DataFrame, *, source: int) -> Rows:
    """Return checked fixes as the rows of a part, all from one source.

    Examples
    --------
    >>> from geo.schema import no_fixes
    >>> fresh_rows(no_fixes(), source=0)["lon_e7"].dtype
    dtype('int32')
    """
    count = len(fixes)
    line = fixes["line"].to_numpy(np.int64) if "line" in fixes else np.zeros(count)
    return {
        "track": fixes["track"].to_numpy(),
        "time": fixes["time"].astype("int64").to_numpy(),
        "lon_e7": np.rint(fixes["lon"].to_numpy() * 1e7).astype(np.int32),
        "lat_e7": np.rint(fixes["lat"].to_numpy() * 1e7).astype(np.int32),
        "accuracy_m": _one_zero(fixes, "accuracy_m"),
        "elevation_m": _one_zero(fixes, "elevation_m"),
        "source": np.full(count, source, np.int32),
        "line": line.astype(np.int64),
    }


def no_rows() -> tuple[Rows, list[str]]:
    """Return a part without rows, and its sources."""
    return fresh_rows(no_fixes(), source=0), []


def select(
    rows: Rows,
    held: Sequence[str],
    code: Mapping[str, int],
    *,
    where: NDArray[np.bool_],
    gone: Collection[str],
) -> Rows:
    """Return the rows of a part that are wanted and whose source does not go.

    Parameters
    ----------
    rows, held
        A part, and the digests that its source codes stand for.
    code
        The code of each digest in the result; those in `gone` need none.
    where
        Which rows are wanted.
    """
    codes = [-1 if name in gone else code[name] for name in held]
    source = np.array(codes, np.int32)[rows["source"]]
    return chosen(rows | {"source": source}, where & (source >= 0))


def chosen(rows: Rows, where: NDArray[np.bool_]) -> Rows:
    """Return some of the rows, in their order."""
    return {name: column[where] for name, column in rows.items()}


def canonical(rows: Rows, names: Sequence[str]) -> tuple[Rows, list[str]]:
    """Sort rows by all columns, and drop the sources that none of them needs.

    Parameters
    ----------
    rows
        In any order.
    names
        Digests that the codes in ``rows["source"]`` stand for, sorted.

    Returns
    -------
    rows, names
        The same whatever the order was and whichever other names there were.
    """
    used, source = np.unique(rows["source"], return_inverse=True)
    rows = {**rows, "source": source.astype(np.int32)}
    order = np.lexsort((rows["time"], rows["track"]))
    track, time = rows["track"][order], rows["time"][order]
    tie = (track[1:] == track[:-1]) & (time[1:] == time[:-1])
    places = np.flatnonzero(np.append(tie, False) | np.append(False, tie))
    if len(places):  # few rows need the slow sort by everything
        tied = order[places]
        keys = [rows[name][tied] for name in reversed(list(COLUMNS))]
        order[places] = tied[np.lexsort(keys)]
    return {name: rows[name][order] for name in COLUMNS}, [names[i] for i in used]


def digest_of(rows: Rows, names: Sequence[str]) -> str:
    """Return sha256 over canonical rows and the sources they come from.

    It does not depend on how Parquet packs them, nor on its version.
    """
    digest = sha256(json.dumps([1, list(COLUMNS), list(names)]).encode())
    for name in COLUMNS:
        digest.update(np.ascontiguousarray(rows[name]).data)
    return digest.hexdigest()


def to_table(rows: Rows, names: Sequence[str]) -> pa.Table:
    """Return rows as an Arrow table with the columns of COLUMNS."""
    columns = {
        name: pa.array(rows[name], kind)
        for name, kind in COLUMNS.items()
        if name != "source"
    }
    columns["source"] = pa.DictionaryArray.from_arrays(
        pa.array(rows["source"]), pa.array(names, pa.string())
    )
    return pa.table({name: columns[name] for name in COLUMNS})


def from_table(table: pa.Table) -> tuple[Rows, list[str]]:
    """Return the rows of a table made by `to_table`, and its sorted sources.

    Raises
    ------
    KeyError, pyarrow.ArrowException
        If it was not made by `to_table`.
    """
    table = table.unify_dictionaries().combine_chunks()
    rows = {}
    for name, kind in COLUMNS.items():
        column = table[name].cast(kind)
        if name == "time":
            column = column.cast(pa.int64())
        if name != "source":
            rows[name] = column.to_numpy()
    coded = table["source"].cast(COLUMNS["source"]).combine_chunks()
    names = coded.dictionary.to_pylist()
    place = np.argsort(np.argsort(np.array(names, str)))
    rows["source"] = place.astype(np.int32)[coded.indices.to_numpy()]
    return rows, sorted(names)


def plain(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table that says nothing of pandas."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.replace_schema_metadata(None)


def parquet(table: pa.Table) -> bytes:
    """Return a table as a Parquet file: small, and readable by any tool."""
    names = table.column_names
    delta = [name for name in _DELTA if name in names]
    buffer = BytesIO()
    pq.write_table(
        table,
        buffer,
        compression={name: "NONE" if name in _DENSE else "ZSTD" for name in names},
        use_dictionary=[name for name in names if name not in delta],
        column_encoding=dict.fromkeys(delta, "DELTA_BINARY_PACKED"),
    )
    return buffer.getvalue()


def to_frame(rows: Rows, names: Sequence[str]) -> pd.DataFrame:
    """Return rows as `schema.FIXES` says, with `source` and `line`."""
    time = pd.Series(rows["time"].view("datetime64[ms]"))
    source = np.array(names, dtype=object)[rows["source"]]
    return pd.DataFrame(
        {
            "track": rows["track"],
            "time": time.dt.tz_localize("UTC"),
            "lon": rows["lon_e7"] / 1e7,
            "lat": rows["lat_e7"] / 1e7,
            "elevation_m": rows["elevation_m"],
            "accuracy_m": rows["accuracy_m"],
            "source": pd.Series(source, dtype="str"),
            "line": rows["line"],
        }
    )


def starts(fixes: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """Return `track`, `source` and `first`, the track's first time there, in ms.

    Parameters
    ----------
    fixes
        Sorted by track, then time.
    source
        Digest of the file they come from.
    """
    track, at = np.unique(fixes["track"].to_numpy(), return_index=True)
    first = fixes["time"].astype("int64").to_numpy()[at]
    names = pd.Series([source] * len(track), dtype="str")
    return pd.DataFrame({"track": track, "source": names, "first": first})


def months_of(tracks: pd.DataFrame, wanted: NDArray[np.int64]) -> "pd.Series[int]":
    """Return the month of the first fix of each wanted track, by track.

    Parameters
    ----------
    tracks
        `starts` of all sources.
    """
    found = tracks[tracks["track"].isin(wanted)]
    first = found.groupby("track")["first"].min()
    months = first.to_numpy().view("datetime64[ms]").astype("datetime64[M]")
    return pd.Series(months.astype(np.int64) + 12 * 1970, index=first.index)


@dataclass(frozen=True, slots=True)
class Difference:
    """How a part differs from what it was: its tracks that are not as before.

    Parameters
    ----------
    before, after
        The part as it was, and as it is.
    gone, come
        All fixes of the changed tracks, as they were and as they are, like those of
        `Store.load`.
    """

    before: Part
    after: Part
    gone: pd.DataFrame
    come: pd.DataFrame


class Change:
    """Which tracks a commit touches, and the months they lived and will live in.

    Parameters
    ----------
    old
        `starts` of all the sources that are in the store.
    gone
        Digests of sources whose rows go.
    added
        New sources, by digest, with their checked fixes.

    Attributes
    ----------
    tracks : DataFrame
        `starts` of all the sources that will be in the store.
    gone : collection of str
        As given.
    touched : list of int
        Months whose part may change.
    origins : dict of int to list of int
        For a month, the other months from which tracks move into it.
    """

    def __init__(
        self,
        old: pd.DataFrame,
        *,
        gone: Collection[str],
        added: Mapping[str, pd.DataFrame],
    ) -> None:
        self.gone = gone
        leaving = old["source"].isin(list(gone))
        new = [starts(checked(added[name]), source=name) for name in added]
        tracks = pd.concat([old[~leaving], *new])
        self.tracks = tracks.sort_values(["track", "source"], ignore_index=True)
        affected = pd.concat([old[leaving], *new])["track"].unique()
        self._affected = affected
        before, after = months_of(old, affected), months_of(self.tracks, affected)
        self.touched = sorted({*before, *after})
        self._track, self._month = after.index.to_numpy(), after.to_numpy()
        both = pd.concat({"before": before, "after": after}, axis=1, join="inner")
        moved = both[both["before"] != both["after"]].drop_duplicates()
        self.origins: dict[int, list[int]] = {}
        for origin, month in moved.sort_values("before").itertuples(index=False):
            self.origins.setdefault(month, []).append(origin)
        self._months = {n: self.month_of(added[n], default=-1) for n in added}
        self._sources: dict[int, list[str]] = {}
        for name, months in self._months.items():
            for month in np.unique(months).tolist():
                self._sources.setdefault(month, []).append(name)

    def month_of(self, rows: Rows | pd.DataFrame, *, default: int) -> NDArray[np.int32]:
        """Return the month each row will live in; `default` if it is not affected."""
        track = np.asarray(rows["track"])
        month = np.full(len(track), default, np.int32)
        if len(self._track):
            at = np.searchsorted(self._track, track).clip(max=len(self._track) - 1)
            found = self._track[at] == track
            month[found] = self._month[at[found]]
        return month

    def affects(self, rows: Rows) -> NDArray[np.bool_]:
        """Return which rows belong to a track that the change touches."""
        return np.isin(rows["track"], self._affected)

    def applied(
        self,
        month: int,
        held: Mapping[int, tuple[Rows, list[str]]],
        fixes: Mapping[str, pd.DataFrame],
        names: Sequence[str],
    ) -> tuple[Rows, list[str]]:
        """Return what a part holds after the change: canonical rows, and their sources.

        Parameters
        ----------
        month
            The part.
        held
            The rows and sources, before, of the part and of those in `origins`.
        fixes
            The new sources with their fixes.
        names
            Digests of all the sources that will be in the store, sorted.
        """
        code = {name: number for number, name in enumerate(names)}
        pieces = [
            select(
                rows,
                sources,
                code,
                where=self.month_of(rows, default=origin) == month,
                gone=self.gone,
            )
            for origin, (rows, sources) in held.items()
        ]
        for name, here in self.new_in(month).items():
            pieces.append(fresh_rows(fixes[name][here], source=code[name]))
        if not pieces:
            return no_rows()
        return canonical(
            {n: np.concatenate([p[n] for p in pieces]) for n in COLUMNS}, names
        )

    def new_in(self, month: int) -> dict[str, NDArray[np.bool_]]:
        """Return the added sources that reach a month, and which rows of theirs do."""
        names = self._sources.get(month, ())
        return {name: self._months[name] == month for name in names}


def _one_zero(fixes: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column in which zero has no sign and NaN one pattern of bits."""
    if name not in fixes:
        return np.full(len(fixes), np.nan)
    values = fixes[name].to_numpy(np.float64) + 0.0
    return np.where(np.isnan(values), np.nan, values)
