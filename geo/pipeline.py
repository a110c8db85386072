"""The order of work: take files in, hold the map back or draw it, and remember."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from geo.account import effects_of, made_from
from geo.config import Config
from geo.course import Found, Passed, gather, pass_gate, prepare
from geo.errors import PrivacyError
from geo.holding import (
    Behind,
    find_held,
    find_held_export,
    forget_others,
    remember,
    standing_record,
)
from geo.ingest import drop_sources
from geo.memory import Memory
from geo.outcome import Built, Held
from geo.privacy import Release
from geo.recipe import layer_sources
from geo.record import (
    RECORD,
    as_record,
    count_published,
    published_counts,
    write_record,
)
from geo.standing import digest_all, digest_ground
from geo.store import Store, open_store
from geo.write.output import replacing

log = logging.getLogger(__name__)

METADATA = "metadata.json"
"""What an export says of itself."""

FORMATS = ("gpkg", "shp", "geojson", "tif")
"""What a build writes beside the map."""


def build(
    config: Config,
    *,
    new_files: Sequence[Path] = (),
    output: Path | None = None,
    reading: Mapping[str, Any] | None = None,
    today: date | None = None,
    redraw: bool = False,
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
        redraw=redraw,
        executor=executor,
    )


def make_release(
    config: Config, *, today: date | None = None, executor: Executor | None = None
) -> Release:
    """Return what a build would publish, and write nothing but the store.

    Nothing is held back: whether it differs from an earlier map by few tracks only is
    not asked.

    Parameters are those of `geo.upkeep.build`.
    """
    ground = prepare(config, today)
    with open_store(config.files.store) as store:
        found = gather(config, store, ground=ground, executor=executor)
        return pass_gate(config, store, found, ground=ground).release


def forget(
    config: Config,
    sources: Sequence[str],
    *,
    output: Path | None = None,
    today: date | None = None,
    executor: Executor | None = None,
) -> Built:
    """Take files that were added out of the store for good, and draw the map again.

    Store and map are then, byte for byte, as if the files had never been added, and the
    map is drawn however few tracks went. What was copied or published elsewhere before
    cannot be called back.

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
    redraw: bool = False,
    executor: Executor | None = None,
) -> Built:
    """Forget sources, take in what is new, and write the map if it may be."""
    start = time.perf_counter()
    folder = Path(os.path.normpath(output or config.files.output))
    ground = prepare(config, today)
    # The store stays locked until all is written: two builds never share a folder.
    with open_store(config.files.store) as store:
        dropped = drop_sources(
            store, sources, folders=(config.files.fixes, config.files.points)
        )
        if dropped:  # nothing that came from them stays until the map is drawn
            Memory(store.shelf, ground.digest).clear()
        found = gather(
            config,
            store,
            ground=ground,
            new_files=new_files,
            reading=reading,
            executor=executor,
        )
        if not (redraw or dropped):
            built = _left_standing(config, store, found, folder=folder, start=start)
            if built is not None:
                return built
        passed = pass_gate(config, store, found, ground=ground)
        before = published_counts(folder)
        names = _write(config, passed, folder, store=store, behind=found.behind)
        whole, listed = "", found.intake.listed
        sound = ground.digest == digest_ground(config, today=today)
        if sound and not found.intake.lasting:
            whole = digest_all(ground.digest, listed=listed, state=store.state)
        store.outputs.keep(folder, made_from(store, folder / RECORD, made_of=whole))
        forget_others(store)
    built = _built(
        found, passed.release, folder, names=names, before=before, start=start
    )
    return replace(
        built,
        effects=effects_of(found.entered, passed.release) if new_files else (),
        forgotten=tuple(source.name for source in dropped),
    )


def _built(
    found: Found,
    result: Release,
    folder: Path,
    *,
    names: Sequence[Path],
    before: Mapping[str, int],
    start: float,
) -> Built:
    """Return what to say of what was written."""
    return Built(
        record=as_record(result),
        released=lambda: result,
        intake=found.intake,
        effects=(),
        folder=folder,
        written=tuple(folder / name for name in names),
        redone=found.redone,
        reused=found.reused,
        before=before,
        after=count_published(result),
        seconds=time.perf_counter() - start,
    )


def _left_standing(
    config: Config, store: Store, found: Found, *, folder: Path, start: float
) -> Built | None:
    """Return what to say of a map that has to stay as it is; None if it need not."""
    record = standing_record(folder)
    held = find_held(store, found.behind, folder=folder, privacy=config.privacy)
    if record is None or held is None:
        return None
    shown = published_counts(folder)
    log.info("the map is held back")
    return Built(
        record=record,
        released=lambda: _refuse(held),
        intake=found.intake,
        effects=effects_of(found.entered, None),
        folder=folder,
        written=(),
        redone=found.redone,
        reused=found.reused,
        before=shown,
        after=shown,
        seconds=time.perf_counter() - start,
        held=held,
    )


def _refuse_few(config: Config, store: Store, behind: Behind, *, folder: Path) -> None:
    """Refuse to export what differs by few from the map, or from what is there."""
    held = find_held(
        store, behind, folder=config.files.output, privacy=config.privacy
    ) or find_held_export(store, behind, folder=folder, privacy=config.privacy)
    if held:
        _refuse(held)


def _refuse(held: Held) -> NoReturn:
    """Refuse to release what is held back."""
    raise PrivacyError(f"Nothing was released: {held.as_text()}")


def _write(
    config: Config, passed: Passed, folder: Path, *, store: Store, behind: Behind
) -> list[Path]:
    """Write the map, its files and its record, in one step; return their names."""
    from geo.write.files import write_layers  # a map that waits needs no writers
    from geo.write.page import write_map

    files = {name: paths for name, (paths, *_) in layer_sources(config).items()}
    result = passed.release
    log.info("writing the map and its files")
    with replacing(folder) as fresh:
        write_map(result, fresh / "index.html", drawn=passed.drawn)
        write_layers(result, fresh / "gis", formats=FORMATS)
        write_record(result, fresh, layers=files)
        remember(store, behind, record=fresh / RECORD)
        return sorted(path.relative_to(fresh) for path in fresh.rglob("*.*"))


def export(
    config: Config,
    *,
    output: Path,
    formats: Sequence[str] = FORMATS,
    today: date | None = None,
    redraw: bool = False,
    executor: Executor | None = None,
) -> Built:
    """Write the released layers for a GIS, without the map.

    Parameters are those of `geo.upkeep.build`; `formats` are names that
    `geo.write.files.write_layers` knows.

    Raises
    ------
    PrivacyError
        If the layers would differ from the region's map, or from an earlier export to
        the same folder, by few tracks only; then nothing is written.
    """
    from geo.write.files import write_layers

    start = time.perf_counter()
    ground = prepare(config, today)
    with open_store(config.files.store) as store:
        found = gather(config, store, ground=ground, executor=executor)
        if not redraw:
            _refuse_few(config, store, found.behind, folder=output)
        result = pass_gate(config, store, found, ground=ground).release
        log.info("writing layers")
        with replacing(output) as fresh:
            write_layers(result, fresh, formats=formats)
            names = sorted(path.relative_to(fresh) for path in fresh.rglob("*.*"))
            remember(store, found.behind, record=fresh / METADATA)
        store.outputs.keep(output, made_from(store, output / METADATA))
        forget_others(store)
    return _built(found, result, output, names=names, before={}, start=start)
