"""The order of work: files, store, parts, sums, findings, gate, writers."""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.account import effect_of, made_from, say_about, tracks_of
from geo.analysis.crossings.targets import make_targets
from geo.analysis.hotspots.points import clean_points
from geo.config import Config
from geo.engine import load_ahead
from geo.findings import make_findings
from geo.findings.methods import Methods
from geo.findings.model import find_ends
from geo.ingest import drop_sources, take_in
from geo.memory import Memory
from geo.months import Partials
from geo.outcome import Built, Effect, Intake
from geo.partials import Settings
from geo.privacy import Release, release
from geo.read.layers import read_layers
from geo.recipe import (
    cover_classes,
    finding_methods,
    layer_sources,
    partial_settings,
    point_settings,
    reading_options,
)
from geo.record import (
    RECORD,
    as_record,
    count_published,
    published_counts,
    write_record,
)
from geo.schema import Layers
from geo.standing import digest_all, digest_ground, last_moment
from geo.store import Store, open_store
from geo.totals import add_up
from geo.write.ground import draw_ground, lasting_sheet
from geo.write.output import replacing

log = logging.getLogger(__name__)

_LATER = ("scipy.optimize", "geo.write.files", "geo.write.page")
"""What is slow to load, and first needed when the files have been read."""

FORMATS = ("gpkg", "shp", "geojson", "tif")
"""What a build writes beside the map."""


def build(
    config: Config,
    *,
    new_files: Sequence[Path] = (),
    output: Path | None = None,
    reading: Mapping[str, Any] | None = None,
    today: date | None = None,
    executor: Executor | None = None,
) -> Built:
    """Read what is new, redo what changed, pass the gate, and write the map.

    Parameters are those of `geo.upkeep.build`, which leaves a map that would not
    change as it is; this writes it in any case.

    Raises
    ------
    TrochaError
        If the region, its layers or the store cannot be used, or the output cannot
        be written.
    """
    return _draw(
        config,
        new_files=new_files,
        output=output,
        reading=reading,
        today=today,
        executor=executor,
    )


def make_release(
    config: Config, *, today: date | None = None, executor: Executor | None = None
) -> Release:
    """Return what a build would publish, and write nothing but the store.

    Parameters are those of `geo.upkeep.build`.
    """
    ground = _prepare(config, today)
    with open_store(config.files.store) as store:
        return _compute(config, store, ground=ground, executor=executor).release


def forget(
    config: Config,
    sources: Sequence[str],
    *,
    output: Path | None = None,
    today: date | None = None,
    executor: Executor | None = None,
) -> Built:
    """Take files that were added out of the store for good, and draw the map again.

    Store and map are then, byte for byte, as if the files had never been added. What
    was copied or published elsewhere before cannot be called back.

    Parameters
    ----------
    config
        The region.
    sources
        Names of files, or at least the first 8 characters of the sha256 of each.
    output, today, executor
        As for `geo.upkeep.build`.

    Raises
    ------
    InputError
        If a name fits no file in the store or several, or a file that lies in the
        region's own folder; then nothing was forgotten.
    TrochaError
        As for `geo.upkeep.build`. The files are then out of the store already, and
        the next build draws the map without them.
    """
    return _draw(config, sources=sources, output=output, today=today, executor=executor)


def _draw(
    config: Config,
    *,
    sources: Sequence[str] = (),
    new_files: Sequence[Path] = (),
    output: Path | None = None,
    reading: Mapping[str, Any] | None = None,
    today: date | None = None,
    executor: Executor | None = None,
) -> Built:
    """Forget sources, take in what is new, and write the map."""
    start = time.perf_counter()
    if executor is None:  # one that forks must find no module half loaded
        load_ahead(*_LATER)
    folder = Path(os.path.normpath(output or config.files.output))
    under = digest_ground(config, today=today)
    ground = _prepare(config, today)
    # The store stays locked until all is written: two builds never share a folder.
    with open_store(config.files.store) as store:
        dropped = drop_sources(
            store, sources, folders=(config.files.fixes, config.files.points)
        )
        memory = Memory(store.shelf, under)
        if dropped:  # nothing that came from them stays until the map is drawn
            memory.clear()
        done = _compute(
            config,
            store,
            ground=ground,
            new_files=new_files,
            reading=reading,
            executor=executor,
            memory=memory,
        )
        result, before = done.release, published_counts(folder)
        names = _write(config, done, folder)
        whole = digest_all(under, listed=done.intake.listed, state=store.state)
        certain = not done.intake.lasting and under == digest_ground(
            config, today=today
        )
        store.outputs.keep(
            folder,
            made_from(store, folder / RECORD, made_of=whole if certain else ""),
        )
    return Built(
        record=as_record(result),
        released=lambda: result,
        intake=done.intake,
        effects=done.effects if new_files else (),
        folder=folder,
        written=tuple(folder / name for name in names),
        redone=done.redone,
        reused=done.reused,
        before=before,
        after=count_published(result),
        seconds=time.perf_counter() - start,
        forgotten=tuple(source.name for source in dropped),
    )


def _write(config: Config, done: "_Computed", folder: Path) -> list[Path]:
    """Write the map, its files and its record, in one step; return their names."""
    from geo.write.files import write_layers
    from geo.write.page import write_map

    files = {name: paths for name, (paths, *_) in layer_sources(config).items()}
    result = done.release
    log.info("writing the map and its files")
    with replacing(folder) as fresh:
        write_map(result, fresh / "index.html", drawn=done.drawn)
        write_layers(result, fresh / "gis", formats=FORMATS)
        write_record(result, fresh, layers=files)
        return sorted(path.relative_to(fresh) for path in fresh.rglob("*.*"))


def export(
    config: Config,
    *,
    output: Path,
    formats: Sequence[str] = FORMATS,
    today: date | None = None,
    executor: Executor | None = None,
) -> Built:
    """Write the released layers for a GIS, without the map.

    Parameters are those of `geo.upkeep.build`; `formats` are names that
    `geo.write.files.write_layers` knows.
    """
    from geo.write.files import write_layers

    start = time.perf_counter()
    ground = _prepare(config, today)
    with open_store(config.files.store) as store:
        done = _compute(config, store, ground=ground, executor=executor)
        result = done.release
        log.info("writing layers")
        with replacing(output) as fresh:
            write_layers(result, fresh, formats=formats)
            names = sorted(path.relative_to(fresh) for path in fresh.rglob("*.*"))
        store.outputs.keep(output, made_from(store, output / "metadata.json"))
    return Built(
        record=as_record(result),
        released=lambda: result,
        intake=done.intake,
        effects=(),
        folder=output,
        written=tuple(output / name for name in names),
        redone=done.redone,
        reused=done.reused,
        before={},
        after=count_published(result),
        seconds=time.perf_counter() - start,
    )


@dataclass(frozen=True, slots=True)
class _Computed:
    """The way from files to a release, and what it took."""

    release: Release
    intake: Intake
    effects: tuple[Effect, ...]
    redone: int
    reused: int
    drawn: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What stands before any fix is read: layers, targets and settings."""

    base: Layers
    targets: gpd.GeoDataFrame
    settings: Settings
    methods: Methods


def _prepare(config: Config, today: date | None) -> _Ground:
    """Read the base layers, and say how everything is to be done.

    Entries and exits that no place is called are refused here, before any work.
    """
    base, methods = base_layers(config), finding_methods(config)
    find_ends(base, config.region.crs, methods.model)
    return _Ground(
        base=base,
        targets=make_targets(
            border=base.border,
            rivers=base.rivers,
            checkpoints=base.checkpoints,
            places=base.places,
            provinces=base.provinces,
            reach_km=config.corridors.border_reach_km,
        ),
        settings=partial_settings(
            config, until=last_moment(today, config.privacy.delay_days)
        ),
        methods=methods,
    )


def _compute(
    config: Config,
    store: Store,
    *,
    ground: _Ground,
    new_files: Sequence[Path] = (),
    reading: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
    memory: Memory | None = None,
) -> _Computed:
    """Go the way from files to a release; the store then holds no more than it took."""
    settings, methods = ground.settings, ground.methods
    known = Memory() if memory is None else memory
    intake = take_in(
        store,
        reading_options(config),
        folder=config.files.fixes,
        points=config.files.points,
        added=new_files,
        adding=reading_options(config, reading),
    )
    partials = Partials(store, settings, ground.targets)
    redone = partials.bring_up_to_date(executor)
    added = [source for source in intake.new if source.origin == "added"]
    entered = [tracks_of(store, source, settings) for source in added]
    totals = add_up(partials, settings.grid, seasons=methods.seasons)
    points, turned = clean_points(store.points(), **point_settings(config, settings))
    findings = make_findings(
        totals,
        say_about(
            config,
            totals,
            list(store.sources.values()),
            base=ground.base,
            recent=partials.too_recent,
            points=points,
            turned=turned,
        ),
        base=ground.base,
        targets=ground.targets,
        cells=settings.cells,
        methods=methods,
        points=points,
        memory=known,
        made_from={"all": partials.digest()}
        | {name: partials.digest(months) for name, months in methods.seasons.items()},
    )
    drawn = _draw_ground(ground.base, known) if memory is not None else None
    store.shelf.prune(partials.keys | known.used)
    passed = release(
        findings,
        k=config.privacy.k,
        round_to=config.privacy.round_to,
        level=config.privacy.level,
    )
    effects = tuple(
        effect_of(source, *what, passed)
        for source, what in zip(added, entered, strict=True)
    )
    return _Computed(
        passed, intake, effects, redone, len(partials.months) - redone, drawn
    )


def _draw_ground(base: Layers, memory: Memory) -> Mapping[str, Any] | None:
    """Draw the base layers for the page, or recall how they were drawn.

    None if the sheet hangs on what is found.
    """
    sheet = lasting_sheet(base)
    if sheet is None:
        return None

    def draw() -> dict[str, pd.DataFrame]:
        text = json.dumps(draw_ground(base, sheet), ensure_ascii=False)
        return {"ground": pd.DataFrame({"text": [text]})}

    kept = memory.frames("page", "", draw)["ground"]
    drawn: dict[str, Any] = json.loads(kept["text"].iloc[0])
    return drawn


def base_layers(config: Config) -> Layers:
    """Read the base layers that the region file names, in its CRS."""
    return read_layers(
        layer_sources(config),
        crs=config.region.crs,
        bounds=config.region.bounds,
        cell_m=config.terrain.cell_m or config.region.cell_m,
        classes=cover_classes(config),
    )
