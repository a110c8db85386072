"""Say how well the corridors of a region predict, and keep it for its next map."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from scipy import ndimage

from geo.account import digest_of_movement
from geo.analysis.corridors.brownian import Occurrence, support_of, surface_of
from geo.analysis.corridors.fusion import spread
from geo.analysis.corridors.rivals import Terrain
from geo.analysis.corridors.validation import Entered
from geo.config import Config
from geo.course import base_layers
from geo.engine import map_parts, workers
from geo.errors import OutputError, PrivacyError
from geo.findings.fused import find_fused, find_priors
from geo.findings.surfaces import land_mask
from geo.folds import GROUPS, Groups, group_part, join_groups, movement_of
from geo.grid import Grid, Surface
from geo.ingest import take_in
from geo.months import publishable
from geo.partials import Settings
from geo.recipe import finding_methods, partial_settings, reading_options, travel_rules
from geo.schema import Layers
from geo.standing import last_moment
from geo.store import Store, open_store
from geo.totals import Totals
from geo.trials import Outcome, Trial, try_stability, try_surfaces
from geo.truth import against_truth
from geo.verdict import FEWEST, Score, Truth, Verdict, encode, is_better, rounded
from geo.ways import try_lines, ways_of_rivals

log = logging.getLogger(__name__)

LEVEL = 0.75
"""Share of the movement in the corridors that are judged, or the nearest level."""

NEAR_M = "250"
"""A foretold way that is at most so many metres off counts as near in the table."""

SEA_M = 30_000.0
"""Water this near to land counts as ground where one may travel."""


@dataclass(frozen=True, slots=True)
class Validated:
    """What `validate_region` found.

    Parameters
    ----------
    verdict
        The figures, as they may be published.
    path
        Where they were written.
    simulated
        Whether the tracks are simulated.
    """

    verdict: Verdict
    path: Path
    simulated: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        verdict: dict[str, Any] = msgspec.to_builtins(self.verdict)
        return verdict | {
            "simulated": self.simulated,
            "better_than_straight": is_better(self.verdict),
            "written": str(self.path),
        }

    def as_text(self) -> str:
        """Return a table for a person."""
        mark = " [SIMULATED / SIMULADO]" if self.simulated else ""
        verdict, stability = self.verdict, self.verdict.stability
        lines = [
            (
                f"{verdict.tracks:,} tracks{mark} in {verdict.folds} folds, each "
                f"foretold from the others. Corridors with {verdict.level} % of the "
                f"movement: {verdict.corridor_km2:,g} of {verdict.ground_km2:,g} km²; "
                "all others on the same area."
            ),
            f"  {'':<10}  inside        lift         AUC  log gain  Boyce  near  off",
        ]
        lines += [f"  {_row(score)}" for score in verdict.scores]
        over = verdict.over_straight
        how = "better" if is_better(verdict) else "NO BETTER"
        lines += [
            (
                f"  The corridors are {how} than straight lines between the ends of "
                f"trips: {over.value:g} times ({over.low:g} to {over.high:g})."
            ),
            (
                f"  Drawn again {stability.draws} times, {stability.stable:.0%} of the "
                f"corridor stays; agreement (Jaccard) {stability.jaccard:g}."
            ),
        ]
        for one in verdict.truth:
            held = ", ".join(f"{mode} {part:.2g}" for mode, part in one.routes.items())
            lines.append(
                f"  Of the true routes {one.name} hold: {held}; "
                f"{one.near:.0%} of the area lies within 1 km of one."
            )
        return "\n".join([*lines, f"  {self.path}"])


def _row(score: Score) -> str:
    """Return a line of the table."""
    inside, lift = score.inside, score.lift
    boyce = "-" if score.boyce is None else f"{score.boyce:.2f}"
    off = score.deviation_m
    near, deviation = "-", "-"
    if off:
        near = f"{score.overlap[NEAR_M]:.0%}"
        deviation = f"{off.value:,.0f} m ({off.low:,.0f} to {off.high:,.0f})"
    return (
        f"{score.name:<10}  {inside.value:<6.2g}  {lift.value:>5g} "
        f"({lift.low:g}-{lift.high:g})  {score.auc.value:.4f}  "
        f"{score.log_gain.value:>8.2g}  {boyce:>5}  {near:>4}  {deviation}"
    )


def validate_region(
    config: Config,
    *,
    folds: int = 5,
    today: date | None = None,
    executor: Executor | None = None,
) -> Validated:
    """Foretell each fold of tracks from the others, and write how well that went.

    Parameters
    ----------
    config
        The region.
    folds
        Parts that the tracks are split into, 2 to 10.
    today
        As of `geo.pipeline.build`.
    executor
        Runs the work; by default a thread for each processor does, up to four.

    Raises
    ------
    PrivacyError
        If there are fewer than ten times k tracks.
    TrochaError
        If the region, its layers or the store cannot be used, or the file cannot be
        written.

    Notes
    -----
    The result is a function of the set of fixes and the region file. Memory holds the
    cells that each track entered, a part, and the movement of 20 groups.
    """
    settings = partial_settings(
        config, until=last_moment(today, config.privacy.delay_days)
    )
    base = base_layers(config)
    with (
        open_store(config.files.store) as store,
        workers(executor) as pool,
    ):
        take_in(
            store,
            reading_options(config),
            folder=config.files.fixes,
            points=config.files.points,
            added=(),
            adding=reading_options(config),
        )
        groups = _groups_of(store, settings, k=config.privacy.k, executor=pool)
        simulated = any(source.simulated for source in store.sources.values())
        trial = _trial(config, settings, base, groups=groups, folds=folds)
        ways = ways_of_rivals(trial, executor=pool)
        outcome = try_lines(trial, try_surfaces(trial, ways), executor=pool)
        truth = against_truth(config.files.truth, trial, ways) if simulated else ()
    verdict = _verdict(config, base, trial, outcome, truth=truth)
    path = config.files.validation
    try:
        path.write_bytes(encode(verdict))
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
    return Validated(verdict, path, simulated)


def _groups_of(
    store: Store, settings: Settings, *, k: int, executor: Executor | None
) -> Groups:
    """Return the tracks of all parts that may be published, by groups."""
    months = publishable(store, settings.until_ms)
    if not months:
        raise _too_few(k)
    task = partial(_group_month, store, settings)
    parts = map_parts(task, months, executor=executor, step="grouping tracks")
    groups = join_groups(parts)
    if groups.entered.tracks < FEWEST * k:
        raise _too_few(k)
    return groups


def _group_month(store: Store, settings: Settings, month: int) -> Groups:
    return group_part(store.load(month), settings)


def _too_few(k: int) -> PrivacyError:
    """Return the error for a region with the tracks of a few."""
    return PrivacyError(
        f"Fewer than {FEWEST * k} tracks move in the region: too few to hold some "
        "back and still say nothing of single ones.",
        hint="Validate when there are more.",
    )


def _trial(
    config: Config,
    settings: Settings,
    base: Layers,
    *,
    groups: Groups,
    folds: int,
) -> Trial:
    """Return everything that the trial needs."""
    land = land_mask(base.land, settings.grid)
    near = ndimage.distance_transform_edt(~land) * settings.grid.cell_m <= SEA_M
    ground = (land | near).ravel()
    ground[groups.entered.cell] = True
    return Trial(
        groups=groups,
        terrain=Terrain(
            settings.grid,
            land,
            base.relief,
            base.rivers,
            rules=travel_rules(config),
            season=config.terrain.season,
        ),
        ground=ground.reshape(settings.grid.shape),
        folds=folds,
        level=min(config.corridors.levels, key=lambda level: abs(level - LEVEL)),
        fewest=config.privacy.k,
        further=_models(config, base, settings.grid),
    )


def _models(
    config: Config, base: Layers, grid: Grid
) -> Callable[[Occurrence, Entered], dict[str, Surface]] | None:
    """Return what makes modelled and fused surfaces; None where the ground has no ends.

    The weights are fitted to the tracks that are not held out, as for a map.
    """
    methods = finding_methods(config)
    priors = find_priors(base, grid, methods)
    every = np.arange(grid.rows * grid.columns)

    def make(movement: Occurrence, entered: Entered) -> dict[str, Surface]:
        none = pd.DataFrame()
        totals = Totals(
            visits=none,
            crossings=none,
            paths=pd.DataFrame({"track": entered.track, "cell": entered.cell}),
            trails=none,
            votes=np.zeros(grid.shape, np.int64),
            movement={"all": movement},
            monthly=pd.DataFrame({"month": [0], "tracks": [entered.tracks]}),
            kept=0,
            rejected={},
        )
        found = find_fused(totals, priors, methods)
        if found is None:
            return {}
        likely = spread(priors[found.weights.theta_per_h], grid, every)
        modelled = Surface(grid, likely.reshape(grid.shape), "modelled", "share")
        return {"modelled": modelled, "fused": found.surface}

    return make if priors else None


def _verdict(
    config: Config,
    base: Layers,
    trial: Trial,
    outcome: Outcome,
    *,
    truth: tuple[Truth, ...],
) -> Verdict:
    """Return what was found, as it may be published."""
    movement = movement_of(trial.groups.moved, np.ones(GROUPS, np.int64), trial.grid)
    cell_km2 = (trial.grid.cell_m / 1000) ** 2
    verdict = Verdict(
        made_from=digest_of_movement(
            config, base, (surface_of(movement), support_of(movement))
        ),
        tracks=trial.groups.entered.tracks,
        folds=trial.folds,
        level=round(100 * trial.level),
        corridor_km2=outcome.cells * cell_km2,
        ground_km2=float(np.count_nonzero(trial.ground)) * cell_km2,
        scores=outcome.scores,
        over_straight=outcome.over_straight,
        stability=try_stability(trial),
        lines=outcome.lines,
        truth=truth,
    )
    return rounded(verdict, k=config.privacy.k, round_to=config.privacy.round_to)
