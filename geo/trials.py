"""Corridors and their rivals on trial: each fold of tracks foretold from the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.corridors.brownian import Occurrence, support_of, surface_of
from geo.analysis.corridors.rivals import (
    VOTE,
    Terrain,
    line_votes,
    widened,
)
from geo.analysis.corridors.validation import (
    SMOOTHING,
    Entered,
    best_cells,
    boyce_index,
    corridor_cells,
    draw_again,
    jaccard,
    log_gain,
    poisson_weights,
    rank_cells,
)
from geo.folds import GROUPS, Groups, chosen, movement_of
from geo.grid import Grid, Surface
from geo.verdict import NAMES, Estimate, Score, Stability

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DRAWS = 400
"""How often tracks are drawn again for an interval."""

STABILITY_DRAWS = 40
"""How often groups are drawn again to see which cells stay in the corridor."""

STABLE = 0.75
"""A cell is stable if it stays in the corridor in this share of the draws."""

_WIDTH_CELLS = 2.0  # standard deviation to both sides of a rival's line
_MADE = ("corridors", "modelled", "fused", "anywhere")
_KINDS = ("lift", "inside", "auc", "log_gain")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Everything a trial needs.

    Parameters
    ----------
    groups
        The tracks.
    terrain
        The ground, on the fine grid.
    ground : (rows, columns) bool array
        Where one can travel at all: what lift and AUC compare with.
    folds
        How many.
    level, fewest
        Share of the movement in a corridor, and the fewest tracks of its cells.
    further
        Makes more surfaces to score, by name, of the movement and the entered cells of
        the tracks that are not held out.
    """

    groups: Groups
    terrain: Terrain
    ground: Mask
    folds: int
    level: float
    fewest: int
    further: Callable[[Occurrence, Entered], Mapping[str, Surface]] | None = None

    @property
    def grid(self) -> Grid:
        """The fine grid."""
        return self.terrain.grid

    @property
    def fold(self) -> Ints:
        """The fold of each track."""
        return self.groups.group % self.folds

    def others(self, fold: int) -> Ints:
        """Return 1 for each group that is not held out with a fold, else 0."""
        weights: Ints = (np.arange(GROUPS) % self.folds != fold).astype(np.int64)
        return weights

    def movement(self, weights: Ints) -> tuple[Surface, Mask]:
        """Return the movement of the groups with these weights, and its corridor.

        The movement is smoothed as little as where corridors are outlined.
        """
        found = movement_of(self.groups.moved, weights, self.grid)
        surface = surface_of(found)
        inside = corridor_cells(
            surface, support=support_of(found), fewest=self.fewest, level=self.level
        )
        smooth = ndimage.gaussian_filter(surface.values, SMOOTHING, mode="constant")
        return replace(surface, values=smooth), inside


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial found.

    Parameters
    ----------
    scores
        Of each surface; the corridors come first.
    over_straight
        Lift of the corridors over that of straight lines.
    lines
        Ways that were compared as lines.
    cells
        Cells of the corridor, the mean over folds.
    """

    scores: tuple[Score, ...]
    over_straight: Estimate
    lines: int
    cells: float


def try_surfaces(
    trial: Trial, ways: Mapping[str, Sequence[shapely.LineString]]
) -> Outcome:
    """Score corridors and rivals at the cells of held-out tracks, at equal areas.

    Parameters
    ----------
    trial
        What to try.
    ways
        Of `geo.ways.ways_of_rivals`: for each rival the way of each trip.
    """
    groups = trial.groups
    votes = {name: _track_votes(trial, lines) for name, lines in ways.items()}
    names = [name for name in NAMES if name in {*_MADE, *ways}]
    values = np.full((groups.entered.tracks, len(names), len(_KINDS)), np.nan)
    boyce = np.full((trial.folds, len(names)), np.nan)
    sizes = np.zeros(trial.folds)
    for fold in range(trial.folds):
        out = trial.fold == fold
        if not out.any():
            continue
        inside, surfaces = _foretold(trial, votes, trial.others(fold), held=out)
        sizes[fold] = np.count_nonzero(inside)
        held = chosen(groups.entered, out)
        for n, name in enumerate(names):
            if name not in surfaces:
                continue
            ranks = rank_cells(surfaces[name], trial.ground)
            best = best_cells(surfaces[name], trial.ground, cells=sizes[fold])
            part = sizes[fold] / np.count_nonzero(trial.ground)
            share = held.mean_of(best)
            gain = held.mean_of(log_gain(surfaces[name], trial.ground))
            lift = share / part if part else np.zeros_like(share)
            values[out, n] = np.column_stack([lift, share, held.mean_of(ranks), gain])
            boyce[fold, n] = boyce_index(ranks, held, trial.ground)
    return _outcome(trial, names, values, boyce=boyce, sizes=sizes)


def foretell_all(
    trial: Trial, ways: Mapping[str, Sequence[shapely.LineString]]
) -> tuple[Mask, dict[str, Surface]]:
    """Return the corridor of all tracks, and all surfaces made from all of them."""
    votes = {name: _track_votes(trial, lines) for name, lines in ways.items()}
    everybody = np.ones(trial.fold.size, bool)
    return _foretold(trial, votes, np.ones(GROUPS, np.int64), held=everybody)


def _foretold(
    trial: Trial, votes: Mapping[str, list[Ints]], weights: Ints, *, held: Mask
) -> tuple[Mask, dict[str, Surface]]:
    """Return the corridor of some groups, and all surfaces that foretell tracks."""
    movement, inside = trial.movement(weights)
    # What belongs to the corridor comes before all else.
    values = movement.values + np.where(inside, movement.values.max(), 0.0)
    surfaces = {"corridors": replace(movement, values=values)}
    if trial.further:
        seen = chosen(trial.groups.entered, weights[trial.groups.group] > 0)
        train = movement_of(trial.groups.moved, weights, trial.grid)
        surfaces |= trial.further(train, seen)
    for name, of_tracks in votes.items():
        cells = np.concatenate([of_tracks[track] for track in np.flatnonzero(held)])
        # Whole numbers, which a float holds exactly: the order does not matter.
        total = np.bincount(cells[:, 0], cells[:, 1], trial.ground.size)
        lines = Surface(
            trial.grid, total.reshape(trial.grid.shape).astype(float), name, "votes"
        )
        width_m = _WIDTH_CELLS * trial.grid.cell_m
        surfaces[name] = widened(lines, width_m=width_m)
    anywhere = Surface(trial.grid, trial.terrain.land.astype(np.float64), "land", "1")
    return inside, surfaces | {"anywhere": anywhere}


def _track_votes(trial: Trial, lines: Sequence[shapely.LineString]) -> list[Ints]:
    """Return for each track its vote, shared out over the ways of its trips."""
    trips = trial.groups.trips
    far = np.hypot(trips["x1_m"] - trips["x0_m"], trips["y1_m"] - trips["y0_m"])
    track = trips["track"].to_numpy()
    whole = np.bincount(track, far, trial.groups.keys.size)[track]
    share = np.where(whole > 0, far / np.maximum(whole, 1e-9), 0.0)
    parts: list[list[Ints]] = [[] for _ in range(trial.groups.keys.size)]
    for line, number, part in zip(
        line_votes(lines, trial.grid), track, share, strict=True
    ):
        vote = np.rint(line[:, 1] * part).astype(np.int64)
        parts[number].append(np.column_stack([line[:, 0], vote]))
    none = np.zeros((0, 2), np.int64)
    return [np.concatenate([none, *some]) for some in parts]


def _outcome(
    trial: Trial, names: list[str], values: Floats, *, boyce: Floats, sizes: Floats
) -> Outcome:
    """Return the means over tracks, each with its interval."""
    tracks, flat = len(values), values.reshape(len(values), -1)
    mean = flat.mean(axis=0).reshape(values.shape[1:])
    drawn = draw_again(trial.groups.keys, flat, draws=DRAWS)
    drawn = drawn.reshape(DRAWS, *values.shape[1:])
    scores = []
    for n, name in enumerate(names):
        if not np.isfinite(mean[n]).all():  # it could not be made of every fold
            continue
        lift, inside, auc, gain = (
            estimate(mean[n, k], drawn[:, n, k]) for k in range(len(_KINDS))
        )
        fair = boyce[:, n][np.isfinite(boyce[:, n])]
        scores.append(
            Score(
                name=name,
                inside=inside,
                lift=lift,
                auc=auc,
                log_gain=gain,
                boyce=float(fair.mean()) if fair.size else None,
            )
        )
    straight = names.index("straight")
    over = drawn[:, 0, 1] / np.maximum(drawn[:, straight, 1], 1 / (tracks * VOTE))
    ratio = mean[0, 1] / max(mean[straight, 1], 1 / (tracks * VOTE))
    return Outcome(tuple(scores), estimate(ratio, over), 0, float(sizes.mean()))


def estimate(value: float, drawn: Floats) -> Estimate:
    """Return a value with the middle 95 of 100 draws around it."""
    some = drawn[np.isfinite(drawn)]
    low, high = np.quantile(some, [0.025, 0.975]) if some.size else (value, value)
    return Estimate(value=float(value), low=float(low), high=float(high))


def try_stability(trial: Trial) -> Stability:
    """Draw groups of tracks again, and see how much of the corridor stays."""
    keys = np.arange(GROUPS, dtype=np.uint64)
    _, whole = trial.movement(np.ones(GROUPS, np.int64))
    often, agreement = np.zeros(trial.grid.shape, np.int64), []
    for draw in range(STABILITY_DRAWS):
        _, again = trial.movement(poisson_weights(keys, draw=draw, seed=1))
        agreement.append(jaccard(whole, again))
        often += again
    stays = often[whole] >= STABLE * STABILITY_DRAWS
    return Stability(
        draws=STABILITY_DRAWS,
        jaccard=float(np.mean(agreement)),
        stable=float(stays.mean()) if stays.size else 0.0,
    )
