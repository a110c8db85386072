"""The ways that rivals foretell, and how near the ways were that were taken."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.corridors.comparison import buffer_overlap, path_deviation
from geo.analysis.corridors.rivals import (
    Terrain,
    least_cost_line,
    least_cost_lines,
    straight_line,
)
from geo.analysis.corridors.validation import draw_again
from geo.analysis.terrain.costs import Costs, costs_of
from geo.engine import map_parts
from geo.grid import Surface
from geo.trials import DRAWS, Outcome, Trial, estimate

Floats = NDArray[np.float64]

OVERLAPS_M = (100.0, 250.0, 500.0)
"""Distances within which a foretold way is near the one that was taken."""

_ENDS = ["x0_m", "y0_m", "x1_m", "y1_m"]
_MOST_CELLS = 60_000  # of the grid on which all quickest ways are looked for
_ENDS_M = 2_000.0  # ways whose ends lie in the same squares are looked for once
_LONG_M = 5_000.0  # shorter ways are not compared as lines
_DEAR = 20.0  # what a metre costs where nobody moved, in metres amid many


def ways_of_rivals(
    trial: Trial, *, executor: Executor | None = None
) -> dict[str, list[shapely.LineString]]:
    """Return for each rival the way that it foretells for each trip.

    Quickest ways are looked for on a coarser grid, once for all trips between the same
    squares of 2 km.
    """
    ends = trial.groups.trips[_ENDS].to_numpy(np.float64)
    rounded = (np.floor(ends / _ENDS_M) + 0.5) * _ENDS_M
    pairs, place = np.unique(rounded, axis=0, return_inverse=True)
    found = {"straight": [straight_line(one) for one in ends]}
    for name, costs in rival_costs(_thinned(trial.terrain)).items():
        lines = least_cost_lines(costs, pairs, executor=executor)
        found[name] = [
            shapely.LineString(
                [one[:2], *shapely.get_coordinates(lines[n])[1:-1], one[2:]]
            )
            for one, n in zip(ends, place.ravel(), strict=True)
        ]
    return found


def rival_costs(terrain: Terrain) -> dict[str, Costs]:
    """Return the costs of each rival that needs some; those of hills with a relief."""
    costs = {
        "isotropic": terrain.isotropic(),
        "mirrored": terrain.mirrored(),
        "terrain": terrain.costs(),
    }
    return {name: one for name, one in costs.items() if one is not None}


def try_lines(
    trial: Trial, outcome: Outcome, *, executor: Executor | None = None
) -> Outcome:
    """Compare the ways of drawn tracks with the ways that are foretold for them.

    The longest trip of each track counts, if its ends lie 5 km apart or more.

    Returns
    -------
    Outcome
        The same, with path deviation and overlap of each surface that foretells ways.
    """
    rows = _long_trips(trial)
    if not rows.size:
        return outcome
    trips, keys = trial.groups.trips, trial.groups.keys
    track = trips["track"].to_numpy()[rows]
    costs = [_amid_others(trial, fold) for fold in range(trial.folds)]
    shared = rival_costs(trial.terrain)
    jobs = [
        (ends, trips["way"].iloc[row], {"corridors": costs[fold]} | shared)
        for ends, row, fold in zip(
            trips[_ENDS].to_numpy(np.float64)[rows],
            rows,
            trial.fold[track].tolist(),
            strict=True,
        )
    ]
    found = map_parts(_compare, jobs, executor=executor, step="comparing ways")
    names, table = ["corridors", "straight", *shared], np.array(found)
    drawn = draw_again(keys[track], table.reshape(len(table), -1), draws=DRAWS)
    drawn = drawn.reshape(DRAWS, *table.shape[1:])
    measured = {}
    for n, name in enumerate(names):
        mean = table[:, n].mean(axis=0)
        near = zip(OVERLAPS_M, np.clip(mean[1:], 0, 1).tolist(), strict=True)
        measured[name] = {
            "deviation_m": estimate(mean[0], drawn[:, n, 0]),
            "overlap": {f"{distance:g}": part for distance, part in near},
        }
    scores = tuple(
        msgspec.structs.replace(score, **measured.get(score.name, {}))
        for score in outcome.scores
    )
    return replace(outcome, scores=scores, lines=len(table))


def _long_trips(trial: Trial) -> NDArray[np.int64]:
    """Return the longest trip of each track whose ways are kept, if long enough."""
    trips = trial.groups.trips
    ends = trips[_ENDS].to_numpy(np.float64)
    far = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    track = trips["track"].to_numpy()
    rows = np.flatnonzero(trips["way"].notna().to_numpy() & (far >= _LONG_M))
    rows = rows[np.lexsort((-far[rows], track[rows]))]
    first: NDArray[np.int64] = rows[np.diff(track[rows], prepend=-1) != 0]
    return first


def _amid_others(trial: Trial, fold: int) -> Costs:
    """Return the costs of ways that keep to where the tracks of other folds moved.

    A metre costs one where as many moved as on the edge of the corridor or more, and
    up to 20 where nobody did.
    """
    movement, inside = trial.movement(trial.others(fold))
    smooth = movement.values
    edge = smooth[inside].min() if inside.any() else 1.0
    friction = 1 / np.maximum(np.minimum(smooth / edge, 1.0), 1 / _DEAR)
    friction = np.where(trial.ground, friction, _DEAR)
    return costs_of(Surface(trial.grid, friction, "friction", "1"))


def _compare(job: tuple[Floats, Floats, Mapping[str, Costs]]) -> list[list[float]]:
    """Return deviation and overlaps of each foretold way from one that was taken."""
    ends, way, costs = job
    observed = shapely.LineString(way)
    lines = {"corridors": least_cost_line(costs["corridors"], ends)}
    lines["straight"] = straight_line(ends)
    for name, one in costs.items():
        if name not in lines:
            lines[name] = least_cost_line(one, ends)
    return [
        [
            path_deviation(observed, line),
            *buffer_overlap(line, observed, within_m=OVERLAPS_M),
        ]
        for line in lines.values()
    ]


def _thinned(terrain: Terrain) -> Terrain:
    """Return the same ground on larger cells, few enough for very many ways."""
    factor = 1
    while terrain.grid.rows * terrain.grid.columns > _MOST_CELLS * factor**2:
        factor *= 2
    if factor == 1:
        return terrain
    coarse = terrain.grid.coarsened(factor)
    x, y = coarse.centre_of(np.arange(coarse.rows * coarse.columns))
    there = terrain.grid.cell_of(x, y)
    land = (there >= 0) & terrain.land.ravel()[there]
    return replace(terrain, grid=coarse, land=land.reshape(coarse.shape))
