"""Sources, parts, points and what was made of them: the store, open."""

import logging
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geo.engine import map_parts, workers
from geo.schema import (
    POINTS,
    REJECTS,
    month_label,
    no_fixes,
    no_points,
    no_rejects,
)
from geo.store.manifest import (
    NAME,
    Manifest,
    Part,
    Source,
    damaged,
    lock_folder,
    not_written,
    read_key,
    read_manifest,
    replace_file,
    sweep,
    sync_folder,
    write_file,
)
from geo.store.outputs import Outputs
from geo.store.parts import (
    Change,
    Difference,
    Rows,
    chosen,
    digest_of,
    from_table,
    months_of,
    no_rows,
    parquet,
    plain,
    starts,
    to_frame,
    to_table,
)
from geo.store.shelf import Shelf

log = logging.getLogger(__name__)

_FEW = 0.25
"""A difference is kept when it has at most this share of the rows of its part."""


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

    Attributes
    ----------
    shelf : Shelf
        Partial results, which are made again when they are lost.
    outputs : Outputs
        What each map and export was made from.
    drawn : Shelf
        Who stands behind each of them, by the digest of its record.

    A store can be pickled, so that workers load parts by themselves; only the
    process that opened it may change it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = read_manifest(folder)
        self.shelf = Shelf(folder / "partials")
        self.outputs = Outputs(folder)
        self.drawn = Shelf(folder / "drawn")
        self._differences: dict[int, Difference] = {}
        self._key = read_key(folder, new=not self._manifest.sources)
        sweep(self._folder, self._manifest)

    @property
    def key(self) -> bytes:
        """32 secret bytes, made once, under which ids of tracks are hashed."""
        return self._key

    @property
    def sources(self) -> Mapping[str, Source]:
        """The files in the store, by digest."""
        return MappingProxyType(self._manifest.sources)

    @property
    def state(self) -> str:
        """Digest of what the store holds, and of the files that hold it."""
        return self._manifest.digest()

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

    def difference(self, month: int) -> Difference | None:
        """Return what the last commit that touched a part changed in it.

        None if no commit has since the store was opened, or the part is new, or more
        than a quarter of it changed: then it is as quick to look at all of it.
        """
        return self._differences.get(month)

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

    def load_source(self, digest: str) -> pd.DataFrame:
        """Return the fixes of one source, as `load` does.

        What a commit has just brought is still at hand; else the parts are read that
        hold its tracks.
        """
        starts = self.starts()
        tracks = starts.loc[starts["source"] == digest, "track"]
        tables = [to_frame(*no_rows())]
        for month in np.unique(months_of(starts, tracks.to_numpy())).tolist():
            difference = self._differences.get(month)
            fixes = difference.come if difference else self.load(month)
            tables.append(fixes[fixes["source"] == digest])
        whole = pd.concat(tables, ignore_index=True)
        return whole.sort_values(["track", "time"], kind="stable", ignore_index=True)

    def rejects(self, digest: str) -> pd.DataFrame:
        """Return the rejected rows of a source, as `schema.REJECTS` says.

        Raises
        ------
        StoreError
            If the file that holds them is missing or damaged.
        """
        file = self._manifest.rejects.get(digest)
        return self._read_frame(file).astype(dict(REJECTS)) if file else no_rejects()

    def points(self, of: Collection[str] | None = None) -> pd.DataFrame:
        """Return the points of sources (by default all), as `schema.POINTS` says.

        Rows that several sources share come once; sorted by all columns.

        Raises
        ------
        StoreError
            If a file that holds some is missing or damaged.
        """
        files = [f for s, f in self._manifest.points.items() if of is None or s in of]
        tables = [self._read_frame(file) for file in files]
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
        change = Change(self.starts(), gone=gone, added=fixes)
        try:
            sources = {k: v for k, v in old.sources.items() if k not in gone} | new
            parts, differences = self._write_parts(change, fixes, sorted(sources))
            manifest = Manifest(
                sources=dict(sorted(sources.items())),
                rejects=self._write_tables("rejects", rejects, gone),
                points=self._write_tables("points", points or {}, gone),
                parts=parts,
                tracks=self._write("tracks", plain(change.tracks)),
            )
            for path in [*self._folder.glob("*/"), self._folder]:
                sync_folder(path)
            replace_file(self._folder / NAME, msgspec.json.encode(manifest))
        except OSError as error:
            self._manifest = read_manifest(self._folder)
            sweep(self._folder, self._manifest)
            raise not_written(self._folder, error) from error
        self._manifest = manifest
        for month in change.touched:
            self._differences.pop(month, None)
        self._differences.update(differences)
        sweep(self._folder, self._manifest)
        log.info("store: %d sources, %d parts", len(sources), len(manifest.parts))
        both = old.parts.items() ^ manifest.parts.items()
        return {month for month, _ in both}

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
    ) -> tuple[dict[int, Part], dict[int, Difference]]:
        """Write the parts that a change touches, few at a time.

        Returns all parts, and the differences of those in which little changed.
        """
        write = partial(self._write_part, change, fixes, names)
        with workers() as pool:
            written = map_parts(write, change.touched, executor=pool)
        now = dict(zip(change.touched, written, strict=True))
        parts = self._manifest.parts | {m: part for m, (part, _) in now.items() if part}
        emptied = {m for m, (part, _) in now.items() if not part}
        return (
            {m: parts[m] for m in sorted(parts.keys() - emptied)},
            {m: difference for m, (_, difference) in now.items() if difference},
        )

    def _write_part(
        self,
        change: Change,
        fixes: Mapping[str, pd.DataFrame],
        names: list[str],
        month: int,
    ) -> tuple[Part | None, Difference | None]:
        """Write one part, if it holds anything; say what changed in it, if little."""
        places = [month, *change.origins.get(month, ())]
        held = {m: self._read_part(m) for m in places if m in self._manifest.parts}
        rows, used = change.applied(month, held, fixes, names)
        if not used:
            return None, None
        digest, stem = digest_of(rows, used), f"parts/{month_label(month)}"
        file = self._write(stem, to_table(rows, used), digest=digest)
        part = Part(file, digest, len(rows["track"]), int(rows["time"].max()))
        if month not in held:
            return part, None
        old, sources = held[month]
        come, gone = change.affects(rows), change.affects(old)
        if come.sum() + gone.sum() > _FEW * len(come):
            return part, None
        return part, Difference(
            self._manifest.parts[month],
            part,
            gone=to_frame(chosen(old, gone), sources),
            come=to_frame(chosen(rows, come), used),
        )

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

    def starts(self) -> pd.DataFrame:
        """Return `track`, `source` and `first`: a track's first time in it, in ms."""
        file = self._manifest.tracks
        return self._read_frame(file) if file else starts(no_fixes(), source="")
