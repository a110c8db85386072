"""What was seen and what the ground makes likely, in one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.analysis.corridors.fusion import (
    FOLDS,
    Votes,
    count_votes,
    fit_weights,
    fuse,
    spread,
)
from geo.grid import Grid, Surface

LINE = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=12)
amounts = arrays(float, 8, elements=st.floats(0, 9).map(lambda x: round(x, 3)))


def shares(amounts):
    total = amounts.sum()
    return amounts / total if total else np.full(amounts.size, 1 / amounts.size)


def test_two_cells_by_hand():
    """Thirty tracks saw 2 to 1, a prior worth ten says 1 to 2."""
    found = fuse(np.array([2, 1]) / 3, np.array([1, 2]) / 3, n0=10, total=30)
    assert found == pytest.approx([70 / 120, 50 / 120])


def test_what_may_not_be_told_goes_where_the_ground_leads():
    seen, ground = np.array([0.7, 0, 0, 0]), np.array([0.4, 0.4, 0.2, 0.0])
    assert fuse(seen, ground, n0=0, total=9) == pytest.approx([0.7, 0.2, 0.1, 0])


@given(amounts, amounts, st.floats(0.0, 1.0))
def test_no_worth_leaves_what_was_seen_and_endless_worth_the_ground(seen, ground, told):
    observed, prior = told * shares(seen), shares(ground)
    hidden = prior[observed == 0].sum() > 0

    alone = fuse(observed, prior, n0=0, total=50)
    if hidden or told == 0:
        np.testing.assert_allclose(alone[observed > 0], observed[observed > 0])
    np.testing.assert_allclose(fuse(observed, prior, n0=np.inf, total=50), prior)
    nearly = fuse(observed, prior, n0=1e12, total=50)
    np.testing.assert_allclose(nearly, prior, atol=1e-9)


@given(amounts, amounts, st.floats(0.001, 1.0), st.floats(0, 1e6), st.floats(1, 1e6))
def test_it_is_all_of_the_movement(seen, ground, told, n0, total):
    found = fuse(told * shares(seen), shares(ground), n0=n0, total=total)
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()


def test_more_than_all_is_refused():
    with pytest.raises(ValueError, match="expected at most 1"):
        fuse(np.array([0.8, 0.8]), np.array([0.5, 0.5]), n0=1, total=1)
    with pytest.raises(ValueError, match="numbers from 0"):
        fuse(np.array([0.5, 0.5]), np.array([0.5, 0.5]), n0=-1, total=1)


def paths_of(tracks):
    """Distinct tracks and cells, from the cells of each track."""
    rows = [(track, cell) for track, cells in tracks.items() for cell in cells]
    return pd.DataFrame(rows, columns=["track", "cell"])


def test_a_track_has_one_vote_however_long_and_only_where_it_counts():
    found = count_votes(paths_of({-3: [0, 1, 2, 9], 7: [1]}), np.array([0, 1, 2]), LINE)
    whole = found.votes.sum(axis=0) / 2**20
    np.testing.assert_allclose(whole, [1 / 3, 4 / 3, 1 / 3], atol=1e-6)
    assert found.tracks.sum(axis=0).tolist() == [1, 2, 1]
    assert (found.votes.sum(axis=1) > 0).tolist() == [False, False, True, False, False]


@given(st.permutations(range(9)))
def test_folds_do_not_depend_on_the_order_of_tracks(order):
    tracks = {97 * n - 300: [n, n + 1, n + 3] for n in range(9)}
    one = count_votes(paths_of(tracks), np.arange(12), LINE)
    keys = list(tracks)
    other = count_votes(
        paths_of({keys[n]: tracks[keys[n]] for n in order}), np.arange(12), LINE
    )
    assert np.array_equal(one.votes, other.votes)
    assert np.array_equal(one.tracks, other.tracks)


def folds_of(counts):
    """The same votes in each fold."""
    votes = np.tile(np.asarray(counts) * 2**20, (FOLDS, 1))
    return Votes(np.arange(len(counts)), votes.astype(np.int64), votes // 2**20)


def test_the_theta_that_leads_where_tracks_go_is_taken():
    right, wrong = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    found = fit_weights(folds_of([6, 3, 1]), {0.3: wrong, 3.0: right}, even=1 / 3)
    assert found.theta_per_h == 3.0
    entropy = (np.array([0.6, 0.3, 0.1]) * np.log([0.6, 0.3, 0.1])).sum()
    assert found.prior_score == pytest.approx(entropy, abs=0.02)


def test_a_prior_that_is_right_is_worth_more_than_one_that_is_wrong():
    random = np.random.default_rng(4)
    truth = shares(random.gamma(0.3, size=60))
    votes = random.multinomial(25, truth, size=FOLDS) * 2**20
    few = Votes(np.arange(60), votes, votes // 2**20)

    good = fit_weights(few, {1.0: truth}, even=1 / 60)
    bad = fit_weights(few, {1.0: truth[::-1]}, even=1 / 60)

    assert good.n0_tracks > bad.n0_tracks
    assert good.score > good.even_score
    assert bad.score < good.score


def test_the_score_is_that_of_each_fold_from_the_others():
    votes = np.zeros((FOLDS, 2), np.int64)
    votes[0], votes[1] = [2**20, 0], [0, 2**20]
    few = Votes(np.arange(2), votes, votes // 2**20)
    prior = np.array([0.5, 0.5])
    found = fit_weights(few, {1.0: prior}, even=0.5, candidates=[1.0])
    # The other track was elsewhere: (1 x 0 + 1 x 0.5) / 2.
    assert found.score == pytest.approx(np.log(0.25))


def test_without_a_prior_or_tracks_there_is_nothing_to_fit():
    assert fit_weights(folds_of([1, 2]), {}, even=0.5) is None
    one = Votes(np.arange(2), np.zeros((FOLDS, 2), np.int64), np.zeros((FOLDS, 2)))
    assert fit_weights(one, {1.0: np.array([0.5, 0.5])}, even=0.5) is None


def test_a_prior_keeps_its_sum_on_finer_cells():
    coarse = Grid("EPSG:32618", 0, 80, 40, rows=2, columns=3)
    values = np.array([[0.1, np.nan, 0.2], [0.3, 0.4, 0.0]])
    fine = Grid("EPSG:32618", 0, 80, 10, rows=8, columns=12)
    found = spread(Surface(coarse, values, "prior", "1"), fine, np.arange(96))
    assert found.sum() == pytest.approx(1.0)
    assert found.reshape(8, 12)[:4, :4].sum() == pytest.approx(0.1)
