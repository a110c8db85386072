"""Files into the store: read what is new, forget what is gone."""

import hashlib
import logging
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

import geo
from geo.errors import InputError, printable
from geo.files import digest_file, files_inside, find_files
from geo.outcome import Intake
from geo.progress import watch
from geo.read import looks_swapped, read_fixes
from geo.schema import Sifted
from geo.store import Source, Store

log = logging.getLogger(__name__)

Bounds = tuple[float, float, float, float]

SHORTEST = 8
"""Fewest characters of a sha256 that stand for a file."""

MOST_LISTED = 20
"""Most files that a message lists."""


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read that do not explain themselves.

    Parameters
    ----------
    bounds
        West, south, east, north of the region, in degrees.
    time_zone
        IANA zone of times without an offset; empty refuses them.
    columns
        Role (track, time, lon, lat, elevation, accuracy) to column name.
    swap
        Read latitude as longitude and the other way round.
    crs
        CRS of projected coordinates in text files; empty for degrees.
    since, until
        First and last month of the campaign, YYYY-MM; without `since` nothing is
        asked of the times, without `until` it goes on to this day.
    rollover
        Move times that are 1024 or 2048 weeks off into the campaign.
    points
        Rows are points that belong to no track.

    Raises
    ------
    InputError
        If times are to be moved, and there is no campaign.
    """

    bounds: Bounds
    time_zone: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    swap: bool = False
    crs: str = ""
    since: str = ""
    until: str = ""
    rollover: bool = False
    points: bool = False

    def __post_init__(self) -> None:
        if self.rollover and not self.since:
            raise InputError(
                "Times can be moved by 1024 weeks only into a campaign, and there is "
                "none.",
                hint='Set [region] since = "2023-01" and until in a region file.',
            )

    def campaign(self) -> tuple[datetime, datetime] | None:
        """Return the first moment of the campaign, and the first after it.

        Examples
        --------
        >>> options = Options((-180, -90, 180, 90), since="2023-11", until="2023-12")
        >>> [str(moment.date()) for moment in options.campaign()]
        ['2023-11-01', '2024-01-01']
        """
        if not self.since:
            return None
        first = datetime.fromisoformat(f"{self.since}-01T00:00:00+00:00")
        if not self.until:
            return first, datetime.now(UTC) + timedelta(days=1)
        last = datetime.fromisoformat(f"{self.until}-01T00:00:00+00:00")
        return first, (last + timedelta(days=31)).replace(day=1)

    def digest(self) -> str:
        """Return a digest of all this and of the readers' version."""
        columns = sorted(self.columns.items())
        parts: list[object] = [geo.__version__, self.time_zone, columns]
        parts += [self.swap, self.crs, self.since, self.until, self.rollover]
        parts += [self.points]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def look_at(path: Path, options: Options, *, key: bytes) -> Sifted:
    """Read one file, and refuse it if it has to be read in another way.

    Raises
    ------
    InputError
        If the file cannot be read or holds nothing usable; if its latitudes and
        longitudes look swapped; or if most of its times lie 1024 or 2048 weeks outside
        the campaign.
    """
    sifted = read_fixes(
        path,
        key=key,
        columns=options.columns,
        time_zone=options.time_zone,
        swap=options.swap,
        crs=options.crs,
        campaign=options.campaign(),
        rollover=options.rollover,
        points=options.points,
    )
    lat, lon = (
        np.concatenate([sifted.fixes[axis], sifted.points[axis]])
        for axis in ("lat", "lon")
    )
    if looks_swapped(lat, lon, options.bounds):
        raise InputError(
            f"{path.name}: nearly all of its {len(lat):,} positions lie outside the "
            "region, near its mirror image; latitude and longitude look swapped.",
            hint="Read it with --swap.",
        )
    return sifted


def take_in(
    store: Store,
    options: Options,
    *,
    folder: Path,
    points: Path | None = None,
    added: Sequence[Path] = (),
    adding: Options | None = None,
) -> Intake:
    """Bring the store in step with the region's folders, and add further files.

    Files are known by their content: the same bytes under another name, or given
    twice, are one source. A file that cannot be used is named in `problems` and
    the others are taken in; all of them in one step, or none. While a file cannot
    even be opened, none is taken for gone: it may be one that was read before. Memory
    grows with the rows of the new files, about 120 bytes each; what is stored already
    is not read, but for the months that the new rows touch.

    Parameters
    ----------
    store
        Open store.
    options
        How to read the folder's files. Files that were read in another way before are
        read again.
    folder
        The region's folder of GPS files; it may be absent.
    points
        The region's folder of points, if it has one; it may be absent.
    added
        Further files or folders, which stay in the store when they are gone.
    adding
        How to read those; by default as the folder's.
    """
    listing, adding = replace(options, points=True), adding or options
    wanted = [(path, "folder", options) for path in files_inside(folder)]
    wanted += [(path, "folder", listing) for path in files_inside(points)]
    wanted += [(path, "added", adding) for path in find_files(list(added))]
    sources, batch, problems, closed = store.sources, [], [], []
    recorded, seen = dict[str, pd.DataFrame](), set[str]()
    listed, lasting = set[tuple[str, str]](), False
    for path, origin, way in watch(wanted, "reading files"):
        try:
            digest = digest_file(path)
        except InputError as error:
            closed.append(str(error))
            continue
        if origin == "folder":
            listed.add(("points" if way.points else "fixes", digest))
        if digest in seen:
            continue
        seen.add(digest)
        known = sources.get(digest)
        if known and known.reading == way.digest():
            continue
        try:
            sifted = look_at(path, way, key=store.key)
        except InputError as error:
            problems.append(str(error))
            lasting |= origin == "folder"
            continue
        source = _source(digest, path, origin, sifted, way)
        batch.append((source, sifted.fixes, sifted.rejects))
        recorded[digest] = sifted.points
    gone = [] if closed else _gone(sources, seen)
    again = [source.digest for source, _, _ in batch if source.digest in sources]
    if batch or gone:
        store.commit(batch, remove=[*gone, *again], points=recorded)
    unusable = (*closed, *problems)
    told = len(batch), len(gone), len(unusable)
    log.info("files: %d new, %d gone, %d unusable", *told)
    return Intake(
        new=tuple(source for source, _, _ in batch),
        gone=len(gone),
        known=len(seen) - len(batch) - len(problems),
        problems=unusable,
        listed=tuple(sorted(listed)),
        lasting=lasting or bool(closed),
    )


def _gone(sources: Mapping[str, Source], seen: Collection[str]) -> list[str]:
    """Return the digests of the files of the folders that are not there any more."""
    return [
        digest
        for digest, source in sources.items()
        if source.origin == "folder" and digest not in seen
    ]


def drop_sources(
    store: Store, names: Sequence[str], *, folders: Sequence[Path]
) -> tuple[Source, ...]:
    """Take sources out of the store, all of them or none.

    Parameters
    ----------
    store
        Open store.
    names
        Names of files, or at least the first 8 characters of the sha256 of one.
    folders
        The region's own folders, whose files cannot be dropped: the next build would
        read them again.

    Returns
    -------
    tuple of Source
        What went, sorted by digest.

    Raises
    ------
    InputError
        If a name fits no source or several, or its file is in the folder.
    """
    chosen = {
        source.digest: source
        for source in (_named(name, store.sources) for name in names)
    }
    kept = {s.digest for s in chosen.values() if s.origin == "folder"}
    own = (
        [path for folder in folders for path in files_inside(folder)] if chosen else []
    )
    kept |= {digest_file(path) for path in own} & set(chosen)
    if kept:
        name = min(chosen[digest].name for digest in kept)
        raise InputError(
            f"{name} is a file of the region's own folder, "
            f"{' or '.join(map(str, folders))}, which every build reads.",
            hint="Take it out of that folder and run trocha build --redraw; all that "
            "came from it then goes.",
        )
    if chosen:  # whatever happens from here on, no map may stay as it is
        store.outputs.owe()
        store.commit(remove=set(chosen))
        store.drawn.clear("")
    log.info("store: %d sources dropped", len(chosen))
    return tuple(chosen[digest] for digest in sorted(chosen))


def _named(name: str, sources: Mapping[str, Source]) -> Source:
    """Return the one source that a name or the start of a digest stands for."""
    wanted = unicodedata.normalize("NFC", name)
    fitting = [
        source
        for digest, source in sources.items()
        if unicodedata.normalize("NFC", source.name) == wanted
        or (len(wanted) >= SHORTEST and digest.startswith(wanted.lower()))
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise InputError(
            f"{len(fitting)} files fit {name!r}: {_listed(fitting)}.",
            hint="Name one by the first characters of its sha256.",
        )
    there = _listed(sources.values())
    raise InputError(
        f"The store holds no file {name!r}; it holds {there or 'none at all'}.",
        hint=f"Give a file's name, or at least {SHORTEST} characters of its sha256.",
    )


def _listed(sources: Collection[Source]) -> str:
    """Return names of files, each with the start of its digest; not too many."""
    ordered = sorted(sources, key=lambda source: (source.name, source.digest))
    texts = [f"{s.name} ({s.digest[:SHORTEST]})" for s in ordered[:MOST_LISTED]]
    more = len(ordered) - len(texts)
    return ", ".join(texts) + (f" and {more:,} more" if more else "")


def _source(
    digest: str, path: Path, origin: str, sifted: Sifted, options: Options
) -> Source:
    """Return the manifest's entry for a file that was read."""
    return Source(
        digest=digest,
        name=printable(path.name),
        origin=origin,
        read=len(sifted.fixes) + len(sifted.points) + len(sifted.rejects),
        kept=len(sifted.fixes) + len(sifted.points),
        rejected=sifted.counts(),
        simulated=sifted.simulated,
        notes=sifted.notes,
        reading=options.digest(),
        holds="points" if len(sifted.points) else "fixes",
    )
