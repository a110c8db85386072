"""The way from files to a release: store, parts, sums, findings, gate."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.account import Entered, enter, say_about
from geo.analysis.crossings.targets import make_targets
from geo.analysis.hotspots.points import clean_points
from geo.config import Config
from geo.findings import make_findings
from geo.findings.methods import Methods
from geo.findings.model import find_ends
from geo.holding import Behind, behind_map
from geo.ingest import take_in
from geo.memory import Memory
from geo.months import Partials
from geo.outcome import Intake
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
from geo.schema import Layers
from geo.standing import digest_ground, last_moment
from geo.store import Store
from geo.totals import Totals, add_up
from geo.write.ground import draw_ground, lasting_sheet


@dataclass(frozen=True, slots=True)
class Found:
    """What the files come to, and who stands behind it; no person may see it."""

    intake: Intake
    entered: tuple[Entered, ...]
    partials: Partials
    totals: Totals
    points: pd.DataFrame
    turned: Mapping[str, int]
    behind: Behind
    redone: int

    @property
    def reused(self) -> int:
        """Parts whose partial was still good."""
        return len(self.partials.months) - self.redone


@dataclass(frozen=True, slots=True)
class Passed:
    """What went through the gate, and the ground of the page if that can be kept."""

    release: Release
    drawn: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands before any fix is read: its digest, layers, targets and settings."""

    digest: str
    base: Layers
    targets: gpd.GeoDataFrame
    settings: Settings
    methods: Methods


def prepare(config: Config, today: date | None) -> Ground:
    """Read the base layers, and say how everything is to be done.

    Entries and exits that no place is called are refused here, before any work.
    """
    # Before the layers are read: one that changes meanwhile is then noticed.
    digest = digest_ground(config, today=today)
    base, methods = base_layers(config), finding_methods(config)
    find_ends(base, config.region.crs, methods.model)
    return Ground(
        digest=digest,
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


def gather(
    config: Config,
    store: Store,
    *,
    ground: Ground,
    new_files: Sequence[Path] = (),
    reading: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
) -> Found:
    """Take files in, and add up what the parts come to."""
    settings, methods = ground.settings, ground.methods
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
    entered = tuple(enter(store, source, settings) for source in added)
    totals = add_up(partials, settings.grid, seasons=methods.seasons)
    store.shelf.prune(partials.keys, name="part")
    points, turned = clean_points(store.points(), **point_settings(config, settings))
    return Found(
        intake=intake,
        entered=entered,
        partials=partials,
        totals=totals,
        points=points,
        turned=turned,
        behind=behind_map(store, totals.crowd, points),
        redone=redone,
    )


def pass_gate(config: Config, store: Store, found: Found, *, ground: Ground) -> Passed:
    """Make findings and let them through the gate; the store then holds no more."""
    methods, partials = ground.methods, found.partials
    memory = Memory(store.shelf, ground.digest)
    findings = make_findings(
        found.totals,
        say_about(
            config,
            found.totals,
            list(store.sources.values()),
            base=ground.base,
            recent=partials.too_recent,
            points=found.points,
            turned=found.turned,
        ),
        base=ground.base,
        targets=ground.targets,
        cells=ground.settings.cells,
        methods=methods,
        points=found.points,
        memory=memory,
        made_from={"all": partials.digest()}
        | {name: partials.digest(months) for name, months in methods.seasons.items()},
    )
    drawn = _draw_ground(ground.base, memory)
    store.shelf.prune(partials.keys | memory.used)
    passed = release(
        findings,
        k=config.privacy.k,
        round_to=config.privacy.round_to,
        level=config.privacy.level,
    )
    return Passed(passed, drawn)


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
