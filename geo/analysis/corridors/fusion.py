"""What was seen and what the ground makes likely, in one surface.

The share of the movement in a cell is the mean of a Dirichlet-multinomial whose prior
is worth n0 tracks (Good 1965, The Estimation of Probabilities, chapter 4):

    share = (N observed + n0 prior) / (N + n0)

of N tracks. So a cell has the weight w = n / (n + n0 prior) on what was seen, with the
n = N observed tracks that are seen there: where many were, the data win, and where
nobody was, the prior shows. Movement that was seen but may not be told, since too few
stand behind it, goes to the cells that are not shown, as the prior has it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.grid import Grid, Surface
from geo.kernels.paths import lay_votes
from geo.kernels.rows import sealed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 5
"""Parts that tracks are split into; each is predicted from the others."""

N0_TRACKS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Candidates for what the prior is worth, in tracks: one digit, so that they tell
nothing of anybody."""

_VOTE = 1 << 20  # of one track, in whole numbers, so that sums are exact
_FLOOR = 0.01  # share of a prediction that is spread evenly, so that none is impossible


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Tracks in the cells that count, by fold.

    Parameters
    ----------
    cells
        Numbers of the cells that count, ascending.
    votes, tracks : (FOLDS, n) int64 arrays
        Votes, each track's spread evenly over those of its cells that count; and
        distinct tracks.
    """

    cells: Ints
    votes: Ints
    tracks: Ints


@dataclass(frozen=True, slots=True)
class Weights:
    """What was fitted, and how well it predicts.

    Parameters
    ----------
    theta_per_h
        How strictly travellers keep to the quickest way.
    n0_tracks
        What the prior is worth.
    score
        Mean logarithm of the share that is predicted for the cells of a held-out track,
        in nats, from the other tracks and the prior.
    even_score
        The same with a prior that knows nothing, and the worth that is best for it.
    prior_score
        The same from the prior alone.
    """

    theta_per_h: float
    n0_tracks: float
    score: float
    even_score: float
    prior_score: float


def fuse(observed: Floats, prior: Floats, *, n0: float, total: float) -> Floats:
    """Return the share of the movement in each cell, from both.

    Parameters
    ----------
    observed
        Shares of the movement that were seen and may be told, 0 elsewhere. What is
        missing to 1 lies in the cells with 0.
    prior
        Shares that the ground makes likely; they sum to 1.
    n0
        What the prior is worth, in tracks; infinite leaves the prior alone.
    total
        All tracks.

    Returns
    -------
    array
        Shares that sum to 1.

    Raises
    ------
    ValueError
        If more than all of the movement was seen, or a number is negative.

    Examples
    --------
    The prior is worth ten tracks; a tenth of the movement of forty may not be told:

    >>> seen, ground = np.array([0.8, 0.1, 0.0]), np.array([0.4, 0.4, 0.2])
    >>> fuse(seen, ground, n0=10, total=40).round(3)
    array([0.72, 0.16, 0.12])
    """
    told = float(observed.sum())
    if not (told <= 1 + 1e-9 and n0 >= 0 and total >= 0 and n0 + total > 0):
        raise ValueError(
            f"{told} of the movement was seen, n0 is {n0} and total is {total}; "
            "expected at most 1, and numbers from 0"
        )
    hidden = np.where(observed > 0, 0.0, prior)
    seen = observed
    if hidden.any():
        seen = observed + hidden * (max(0.0, 1.0 - told) / hidden.sum())
    elif told > 0:
        seen = observed / told
    weight = 1.0 if n0 == 0 else total / (total + n0)
    return np.asarray(weight * seen + (1 - weight) * prior)


def count_votes(paths: pd.DataFrame, cells: Ints, grid: Grid) -> Votes:
    """Return the tracks in the cells that count, by fold.

    Parameters
    ----------
    paths
        Distinct pairs of `track` and `cell`, the rows of each track side by side.
    cells
        The cells that count: those that the gate lets through.
    grid
        Of the cells.

    Notes
    -----
    The fold of a track is its number modulo FOLDS, which has to be as if by chance:
    see `geo.totals.mark_tracks`.
    A track that enters none of the cells is not there.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=4)
    >>> paths = pd.DataFrame({"track": [5, 5, 5, 6], "cell": [0, 1, 3, 1]})
    >>> found = count_votes(paths, np.array([0, 1]), grid)
    >>> (found.votes / 2**20)[:2].tolist(), found.tracks.sum(axis=0).tolist()
    ([[0.5, 0.5], [0.0, 1.0]], [1, 2])
    """
    place = np.full(grid.rows * grid.columns, -1, np.int64)
    place[cells] = np.arange(cells.size)
    votes, tracks = np.zeros((2, FOLDS, cells.size), np.int64)
    lay_votes(
        sealed(paths["track"], np.int64),
        sealed(paths["cell"], np.int32),
        place,
        _VOTE,
        votes,
        tracks,
    )
    return Votes(cells, votes, tracks)


def fit_weights(
    votes: Votes,
    priors: Mapping[float, Floats],
    *,
    even: float,
    candidates: Sequence[float] = N0_TRACKS,
) -> Weights | None:
    """Return the theta and the worth of the prior that predict held-out tracks best.

    Parameters
    ----------
    votes
        Of `count_votes`.
    priors
        Shares of all movement that the ground makes likely in the cells that count, by
        theta.
    even
        Share of each cell if all ground were as likely.
    candidates
        Worths that are tried, in tracks.

    Returns
    -------
    Weights or None
        None without a prior, or if fewer than two folds hold a track.

    Notes
    -----
    First theta, by how well the prior alone predicts; then n0, by how well both do.
    Folds are predicted from the tracks of the other folds. Where two do as well, the
    smaller counts. Of each prior 1 % is spread evenly, so that no track is impossible.
    """
    told = votes.votes / _VOTE
    voted = told.any(axis=0)
    told = told[:, voted]
    if not priors or (told.sum(axis=1) > 0).sum() < 2:
        return None
    grounds = {
        theta: (1 - _FLOOR) * prior[voted] + _FLOOR * even
        for theta, prior in sorted(priors.items())
    }
    score = _scoring(told)
    alone = {theta: score(one, math.inf) for theta, one in grounds.items()}
    theta = max(alone, key=lambda one: alone[one])
    worths = sorted(candidates)
    flat = np.full(told.shape[1], even)
    both = {n0: score(grounds[theta], n0) for n0 in worths}
    best = max(both, key=lambda one: both[one])
    return Weights(
        theta_per_h=theta,
        n0_tracks=best,
        score=both[best],
        even_score=max(score(flat, n0) for n0 in worths),
        prior_score=alone[theta],
    )


def spread(prior: Surface, grid: Grid, cells: Ints) -> Floats:
    """Return a prior on finer cells, even within each of its own.

    Parameters
    ----------
    prior
        Shares that sum to 1; NaN counts as none.
    grid, cells
        Finer cells of the same CRS, and which of them are wanted.

    Examples
    --------
    >>> coarse = Grid("EPSG:32618", 0, 20, 20, rows=1, columns=2)
    >>> prior = Surface(coarse, np.array([[0.2, 0.8]]), "prior", "1")
    >>> fine = Grid("EPSG:32618", 0, 20, 10, rows=2, columns=4)
    >>> spread(prior, fine, np.arange(8)).round(3).tolist()
    [0.05, 0.05, 0.2, 0.2, 0.05, 0.05, 0.2, 0.2]
    """
    own = prior.grid
    there = own.cell_of(*grid.centre_of(cells))
    known = np.append(np.nan_to_num(prior.values.ravel(), nan=0.0), 0.0)
    return np.asarray(known[there] * (grid.cell_m / own.cell_m) ** 2)


def _scoring(told: Floats) -> Callable[[Floats, float], float]:
    """Return what scores a prior and its worth.

    That is the mean log share of the cells of tracks, each fold from the others.
    """
    whole = told.sum(axis=0)
    others = whole - told
    totals = [float(votes.sum()) for votes in others]
    shares = [
        votes / total if total else None
        for votes, total in zip(others, totals, strict=True)
    ]

    def score(prior: Floats, n0: float) -> float:
        found = 0.0
        for votes, total, share in zip(told, totals, shares, strict=True):
            seen = prior if share is None else share
            weight = total / (total + n0)
            found += votes @ np.log(weight * seen + (1 - weight) * prior)
        return float(found / whole.sum())

    return score
