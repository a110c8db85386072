"""Where the numbers of a map come from, and what a store holds."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from geo.analysis.corridors.brownian import Occurrence, support_of, surface_of
from geo.config import Config
from geo.files import digest_file
from geo.grid import Surface
from geo.outcome import Effect
from geo.partials import Settings, clean_and_cut
from geo.privacy import About, Findings, Release, release
from geo.recipe import named_parameters
from geo.record import published_counts, withheld_counts
from geo.schema import UNDATED, Layers, month_label
from geo.store import Output, Source, Store, open_store
from geo.totals import Totals
from geo.verdict import read_verdict
from geo.visits import count_visits


def describe_store(config: Config) -> dict[str, Any]:
    """Return what a region's store holds, and what its last map shows.

    Returns
    -------
    dict
        Plain values: the files with their digests and counts of rows; the months that
        have a part; bytes on disk and number of parts; what each map and export was
        made from; and for each layer of the last map how many rows or cells it shows,
        and how many were withheld.
    """
    with open_store(config.files.store) as store:
        sources = sorted(store.sources.values(), key=lambda s: (s.name, s.digest))
        return {
            "region": config.region.name,
            "files": [
                {
                    "name": source.name,
                    "sha256": source.digest,
                    "origin": source.origin,
                    "holds": source.holds,
                    "read": source.read,
                    "kept": source.kept,
                    "rejected": dict(source.rejected),
                    "simulated": source.simulated,
                }
                for source in sources
            ],
            "months": [month_label(month) for month in store.months],
            "store": {
                "bytes": _bytes_in(config.files.store),
                "parts": len(store.months),
            },
            "outputs": [
                _output(store, folder, output)
                for folder, output in store.outputs.read().items()
            ],
            "published": published_counts(config.files.output),
            "withheld": withheld_counts(config.files.output),
        }


def made_from(store: Store, record: Path, *, made_of: str = "") -> Output:
    """Return what a map or an export was made from: all that the store holds.

    Parameters
    ----------
    store
        The store, as it was then.
    record
        What was written that tells of all the other files.
    made_of
        Digest of all that it depends on, if that is known.
    """
    return Output(
        record=digest_file(record),
        sources=tuple(sorted(store.sources)),
        parts={month: store.part(month).digest for month in store.months},
        made_of=made_of,
    )


def _judged(config: Config, base: Layers, movement: Occurrence) -> dict[str, Any]:
    """Return the verdict on the corridors, and whether it was made from these."""
    verdict = read_verdict(config.files.validation)
    if verdict is None:
        return {}
    now = digest_of_movement(config, base, (surface_of(movement), support_of(movement)))
    plain: dict[str, Any] = msgspec.to_builtins(verdict)
    return plain | {"current": verdict.made_from == now}


def digest_of_movement(
    config: Config, base: Layers, movement: tuple[Surface, Surface]
) -> str:
    """Return a digest of the movement as it is published, and of its settings.

    Of what has passed the gate, so that it tells nothing that the map does not.

    Parameters
    ----------
    config
        The region.
    base
        Its base layers.
    movement
        Movement of all tracks, and the tracks behind each cell.
    """
    passed = release(
        Findings(
            layers={},
            surfaces={"movement": movement},
            base=base,
            about=About(region=config.region.name, crs=config.region.crs),
        ),
        k=config.privacy.k,
        round_to=config.privacy.round_to,
        level=config.privacy.level,
    )
    shown = passed.surfaces["movement"]
    parts = hashlib.sha256(repr((shown.grid, config.corridors.levels)).encode())
    parts.update(shown.values.tobytes())
    return parts.hexdigest()[:16]


def _output(store: Store, folder: str, output: Output) -> dict[str, Any]:
    """Return what a map was made from, and whether the store has changed since."""
    parts = {month: store.part(month).digest for month in store.months}
    now = set(store.sources) == set(output.sources) and parts == output.parts
    return {
        "folder": folder,
        "record_sha256": output.record,
        "files": list(output.sources),
        "parts": {month_label(month): one for month, one in output.parts.items()},
        "up_to_date": now,
    }


def _bytes_in(folder: Path) -> int:
    """Return how much the files of a folder hold."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class Entered:
    """A new source: its tracks, why rows of it went, and the cells it enters."""

    source: Source
    tracks: int
    rejected: Counter[str]
    cells: set[int]


def enter(store: Store, source: Source, settings: Settings) -> Entered:
    """Return what is to be said of a new source."""
    fixes = store.load_source(source.digest)
    cleaned, trips = clean_and_cut(fixes, settings)
    rejected = Counter(source.rejected)
    rejected.update(cleaned.turned.counts())
    return Entered(
        source=source,
        tracks=cleaned.tracks,
        rejected=rejected,
        cells=set(count_visits(trips, settings.cells)["cell"].tolist()),
    )


def effects_of(
    entered: Sequence[Entered], passed: Release | None
) -> tuple[Effect, ...]:
    """Return what new files add to what was published; None where nothing was."""
    shown = set(passed.layers["hotspots"]["cell"].tolist()) if passed else set()
    return tuple(
        Effect(
            name=one.source.name,
            tracks=one.tracks,
            read=one.source.read,
            kept=one.source.read - one.rejected.total(),
            rejected=dict(one.rejected.most_common()),
            cells_shown=len(one.cells & shown),
            cells_withheld=len(one.cells - shown),
            points=one.source.kept if one.source.holds == "points" else 0,
        )
        for one in entered
    )


def _ordered(rejected: Counter[str]) -> dict[str, int]:
    """Return the reasons that turned rows away, that of most rows first."""
    reasons = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    return {reason: count for reason, count in reasons if count}


def say_about(
    config: Config,
    totals: Totals,
    sources: Sequence[Source],
    *,
    base: Layers,
    recent: int,
    points: pd.DataFrame,
    turned: Mapping[str, int],
) -> About:
    """Return what the findings are made from.

    Parameters
    ----------
    config, totals, sources
        The region, the sums over its parts, and the files they come from.
    base
        The base layers.
    recent
        How many fixes are too recent to be among them.
    points, turned
        Points that belong to no track, and why others went.
    """
    months = {*totals.monthly["month"]} | {*points["month"]} - {UNDATED}
    rejected = Counter(totals.rejected)
    rejected.update({"too recent": recent})
    points_rejected = Counter(turned)
    for source in sources:
        (rejected if source.holds == "fixes" else points_rejected).update(
            source.rejected
        )
    movement = totals.movement["all"]
    moved = int(movement.occurrence.sum())
    return About(
        region=config.region.name,
        crs=config.region.crs,
        first_month=month_label(int(min(months))) if months else "",
        last_month=month_label(int(max(months))) if months else "",
        tracks=totals.tracks,
        fixes_read=sum(source.read for source in sources if source.holds == "fixes"),
        fixes_kept=totals.kept,
        rejected=_ordered(rejected),
        files=len(sources),
        simulated=any(source.simulated for source in sources),
        parameters=named_parameters(config),
        bridged_share=round(int(movement.bridged.sum()) / max(moved, 1), 2),
        points=points["point"].nunique(),
        validation=_judged(config, base, movement),
        points_rejected=_ordered(points_rejected),
        points_shared=points.loc[points["shared"].to_numpy(bool), "point"].nunique(),
    )
