"""A private folder of Parquet: everything that was read, by part, with a manifest.

A part holds the tracks whose first fix, over all sources, lies in one month. What a
part holds is a pure function of the set of (source, its fixes): neither the order
nor the grouping of commits shows, and a source that was removed leaves no trace.

A commit is one step: new files are written under new names, then the manifest that
names them replaces the old one, then the old files go. A crash at any moment leaves
the old state or the new one. The folder holds positions of people: never publish it.
"""

import logging
import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo.schema import (
    POINTS,
    REJECTS,
    month_label,
    no_fixes,
    no_points,
    no_rejects,
)
from geo.store.arrays import pack_arrays, unpack_arrays
from geo.store.manifest import (
    NAME,
    Manifest,
    Part,
    Source,
    damaged,
    lock_folder,
    not_written,
    read_manifest,
    replace_file,
    sync_folder,
    write_file,
)
from geo.store.parts import (
    COLUMNS,
    Change,
    Rows,
    canonical,
    digest_of,
    fresh_rows,
    from_table,
    parquet,
    plain,
    select,
    starts,
    to_frame,
    to_table,
)

__all__ = ["Source", "Store", "open_store"]

log = logging.getLogger(__name__)

_OURS = (
    *("parts/*.parquet", "points/*.parquet", "rejects/*.parquet", "tracks-*.parquet"),
    *("*.json.tmp", "key.tmp", "*.parquet.tmp", "*/*.parquet.tmp", "*/*/*.zst.tmp"),
)


@contextmanager
def open_store(folder: Path) -> Iterator["Store"]:
    """Open the store in a folder, alone, and close it at the end.

    Parameters
    ----------
    folder
        Made, for its owner only (mode 0700), when it does not exist.

    Yields
    ------
    Store
        Freed of what an earlier crash may have left.

    Raises
    ------
    StoreError
        If another process has it open, it is damaged, or a newer trocha wrote it.
    """
    lock = lock_folder(folder)
    try:
        try:
            store = Store(folder)
        except OSError as error:
            raise not_written(folder, error) from error
        yield store
    finally:
        os.close(lock)


class Store:
    """Sources, fixes by part, points, rejects, partial results. Made by `open_store`.

    A store can be pickled, so that workers load parts by themselves; only the
    process that opened it may change it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = read_manifest(folder)
        self._key = self._read_key()
        self._sweep()

    @property
    def key(self) -> bytes:
        """32 secret bytes, made once, under which ids of tracks are hashed."""
        return self._key

    @property
    def sources(self) -> Mapping[str, Source]:
        """The files in the store, by digest."""
        return MappingProxyType(self._manifest.sources)

    @property
    def months(self) -> list[int]:
        """The months that have a part, earliest first."""
        return sorted(self._manifest.parts)

    def part(self, month: int) -> Part:
        """Return the file, digest, number of rows and last time of a part."""
        if month not in self._manifest.parts:
            raise ValueError(f"the store has no part {month}")
        return self._manifest.parts[month]

    def part_digest(self, month: int) -> str:
        """Return a digest of everything that `load` of that month returns."""
        return self.part(month).digest

    def load(self, month: int) -> pd.DataFrame:
        """Return the fixes of the tracks that began in a month.

        Parameters
        ----------
        month
            One of `months`.

        Returns
        -------
        DataFrame
            Columns of `schema.FIXES`, then `source` (digest of the file) and `line`
            in it; sorted by track, time, then lon, lat, accuracy, elevation, source
            and line, NaN last. Positions are kept to 1e-7 degrees, about 1 cm: a
            value already rounded to that comes back as it was given.

        Raises
        ------
        StoreError
            If the part's file is missing or is not what was written.
        """
        return to_frame(*self._read_part(month))

    def rejects(self, digest: str) -> pd.DataFrame:
        """Return the rejected rows of a source, as `schema.REJECTS` says.

        Raises
        ------
        StoreError
            If the file that holds them is missing or damaged.
        """
        file = self._manifest.rejects.get(digest)
        return self._read_frame(file).astype(dict(REJECTS)) if file else no_rejects()

    def points(self) -> pd.DataFrame:
        """Return the points of all sources, as `schema.POINTS` says.

        Rows that several sources share come once; sorted by all columns.

        Raises
        ------
        StoreError
            If a file that holds some is missing or damaged.
        """
        tables = [self._read_frame(file) for file in self._manifest.points.values()]
        whole = pd.concat([no_points(), *tables]) if tables else no_points()
        whole = whole.astype(dict(POINTS)).drop_duplicates()
        return whole.sort_values(list(POINTS), ignore_index=True)

    def commit(
        self,
        add: Sequence[tuple[Source, pd.DataFrame, pd.DataFrame]] = (),
        remove: Collection[str] = (),
        *,
        points: Mapping[str, pd.DataFrame] | None = None,
    ) -> set[int]:
        """Add and remove sources in one step that happens wholly or not at all.

        Parameters
        ----------
        add
            Each source with its fixes (`schema.FIXES`, and `line` if known) and its
            rejects. A digest that the store already holds is replaced.
        remove
            Digests of sources to take out.
        points
            Points (`schema.POINTS`) of sources in `add`, by digest.

        Returns
        -------
        set of int
            Months whose part changed, appeared or went.

        Raises
        ------
        ValueError
            If a digest comes twice, or one to remove is not in the store.
        SchemaError
            If fixes are not as `schema.FIXES` says, or lack a time or position.
        OutputError
            If the disk is full; the store is then as it was before.

        Notes
        -----
        Only parts that hold, held or will hold an affected track are read, one at a
        time. Adding an earlier fix of a track moves the whole track to the earlier
        month; removing it moves it back.
        """
        new = {source.digest: source for source, _, _ in add}
        fixes = {source.digest: table for source, table, _ in add}
        rejects = {source.digest: table for source, _, table in add}
        old = self._manifest
        if len(new) < len(add) or not set(remove) <= set(old.sources):
            raise ValueError("a source comes twice, or is to go and is not here")
        gone = frozenset(remove) | (old.sources.keys() & new.keys())
        if not new and not gone:
            return set()
        change = Change(self._read_starts(), gone=gone, added=fixes)
        try:
            sources = {k: v for k, v in old.sources.items() if k not in gone} | new
            manifest = Manifest(
                sources=dict(sorted(sources.items())),
                rejects=self._write_tables("rejects", rejects, gone),
                points=self._write_tables("points", points or {}, gone),
                parts=self._write_parts(change, fixes, sorted(sources)),
                tracks=self._write("tracks", plain(change.tracks)),
            )
            for path in [*self._folder.glob("*/"), self._folder]:
                sync_folder(path)
            replace_file(self._folder / NAME, msgspec.json.encode(manifest))
        except OSError as error:
            self._manifest = read_manifest(self._folder)
            self._sweep()
            raise not_written(self._folder, error) from error
        self._manifest = manifest
        self._sweep()
        log.info("store: %d sources, %d parts", len(sources), len(manifest.parts))
        both = old.parts.items() ^ manifest.parts.items()
        return {month for month, _ in both}

    def partial(self, name: str, key: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays kept under a name and key; None if absent or damaged."""
        try:
            return unpack_arrays(self._partial_path(name, key).read_bytes())
        except OSError:
            return None

    def keep_partial(
        self, name: str, key: str, arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Keep arrays under a name and key, in place of what was there.

        Parameters
        ----------
        name, key
            What was computed, and a digest of everything that it depends on;
            letters, digits and ``._-``.
        arrays
            Any arrays but of Python objects.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        path = self._partial_path(name, key)
        data = pack_arrays(arrays)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, data)
        except OSError as error:
            self._sweep()
            raise not_written(self._folder, error) from error

    def prune_partials(self, keys: Collection[str]) -> None:
        """Delete the partial results whose key is not among `keys`."""
        for path in sorted(self._folder.glob("partials/*/*.npz.zst")):
            if path.name.removesuffix(".npz.zst") not in keys:
                path.unlink(missing_ok=True)

    def _write_tables(
        self, kind: str, new: Mapping[str, pd.DataFrame], gone: Collection[str]
    ) -> dict[str, str]:
        """Write rejects or points of new sources; return the file of each source's."""
        held = getattr(self._manifest, kind)
        columns = list({"rejects": REJECTS, "points": POINTS}[kind])
        kept = {name: file for name, file in held.items() if name not in gone}
        for name, table in new.items():
            if len(table):
                kept[name] = self._write(f"{kind}/{name}", plain(table[columns]))
        return dict(sorted(kept.items()))

    def _write_parts(
        self, change: Change, fixes: Mapping[str, pd.DataFrame], names: list[str]
    ) -> dict[int, Part]:
        """Write the parts that a change touches, one at a time; return all parts."""
        parts = dict(self._manifest.parts)
        code = {name: number for number, name in enumerate(names)}
        for month in change.touched:
            pieces = []
            for origin in [month, *change.origins.get(month, ())]:
                if origin in self._manifest.parts:
                    old, held = self._read_part(origin)
                    stay = change.month_of(old, default=origin) == month
                    pieces.append(select(old, held, code, where=stay, gone=change.gone))
            for name, chosen in change.new_in(month).items():
                pieces.append(fresh_rows(fixes[name][chosen], source=code[name]))
            rows: Rows = {n: np.concatenate([p[n] for p in pieces]) for n in COLUMNS}
            rows, used = canonical(rows, names)
            parts.pop(month, None)
            if used:
                digest, stem = digest_of(rows, used), f"parts/{month_label(month)}"
                file = self._write(stem, to_table(rows, used), digest=digest)
                last_ms = int(rows["time"].max())
                parts[month] = Part(file, digest, len(rows["track"]), last_ms)
        return dict(sorted(parts.items()))

    def _write(self, stem: str, table: pa.Table, *, digest: str = "") -> str:
        """Write a table and return its file, which is named after its content."""
        data = parquet(table)
        file = f"{stem}-{(digest or sha256(data).hexdigest())[:32]}.parquet"
        write_file(self._folder / file, data)
        return file

    def _read_part(self, month: int) -> tuple[Rows, list[str]]:
        """Return the rows of a part, and the digests its source codes stand for."""
        part = self.part(month)
        try:
            table = pq.ParquetFile(self._folder / part.file).read()
            rows, names = from_table(table)
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            raise damaged(part.file) from error
        if digest_of(rows, names) != part.digest:
            raise damaged(part.file)
        return rows, names

    def _read_frame(self, file: str) -> pd.DataFrame:
        """Return a table that is named after the digest of its bytes."""
        try:
            data = (self._folder / file).read_bytes()
        except OSError as error:
            raise damaged(file) from error
        if not file.endswith(f"-{sha256(data).hexdigest()[:32]}.parquet"):
            raise damaged(file)
        frame: pd.DataFrame = pq.ParquetFile(BytesIO(data)).read().to_pandas()
        return frame

    def _read_starts(self) -> pd.DataFrame:
        """Return the first time of each track in each source."""
        file = self._manifest.tracks
        return self._read_frame(file) if file else starts(no_fixes(), source="")

    def _read_key(self) -> bytes:
        path = self._folder / "key"
        if not path.exists() and not self._manifest.sources:
            replace_file(path, secrets.token_bytes(32))
        key = path.read_bytes() if path.is_file() else b""
        if len(key) != 32:
            raise damaged("key")
        return key

    def _sweep(self) -> None:
        """Delete files that the manifest does not name; a crash may leave some."""
        named = {self._folder / file for file in self._manifest.files()}
        for pattern in _OURS:
            for path in sorted(set(self._folder.glob(pattern)) - named):
                with suppress(OSError):  # it will go the next time
                    path.unlink()

    def _partial_path(self, name: str, key: str) -> Path:
        for text in (name, key):
            if not re.fullmatch(r"\w[\w.-]*", text, re.ASCII):
                raise ValueError(f"{text!r} cannot name a partial result")
        return self._folder / "partials" / name / f"{key}.npz.zst"
