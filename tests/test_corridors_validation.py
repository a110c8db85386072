"""Scores of a surface at the cells of tracks that it has not seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.corridors.validation import (
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
from geo.grid import Grid, Surface
from geo.kernels.draws import mixed

GRID = Grid("EPSG:32618", 0, 500, 50, rows=10, columns=20)
GROUND = np.ones(GRID.shape, bool)


def surface(values, grid=GRID):
    return Surface(grid, np.asarray(values, float).reshape(grid.shape), "s", "1")


def entered(*tracks):
    pairs = sorted((n, cell) for n, cells in enumerate(tracks) for cell in set(cells))
    track, cell = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    return Entered(track, cell)


def auc(values, tracks, ground=GROUND):
    return float(tracks.mean_of(rank_cells(surface(values), ground)).mean())


def test_a_surface_that_puts_all_entered_cells_first_has_an_auc_near_one():
    values = np.zeros(200)
    values[:5] = 1

    # The five cells are ground themselves, and tie with one another.
    assert auc(values, entered(range(5))) == pytest.approx(1 - 2.5 / 200)


def test_a_surface_that_knows_nothing_has_an_auc_of_one_half():
    assert auc(np.full(200, 3.0), entered([1, 2], [7])) == 0.5


def test_a_surface_that_puts_them_last_has_an_auc_near_zero():
    values = np.ones(200)
    values[:5] = 0

    assert auc(values, entered(range(5))) == pytest.approx(2.5 / 200)


@given(st.lists(st.integers(0, 4), min_size=200, max_size=200), st.integers(1, 40))
def test_auc_is_the_chance_to_beat_the_ground_with_ties_by_halves(values, many):
    values, cells = np.array(values, float), np.arange(many) * 5
    pairs = values[cells][:, None] - values[None]
    slow = (np.count_nonzero(pairs > 0) + np.count_nonzero(pairs == 0) / 2) / pairs.size

    assert auc(values, entered(cells.tolist())) == pytest.approx(slow)


def test_each_track_has_one_vote_however_many_cells_it_enters():
    values = np.arange(200.0)
    short, long = entered([199]), entered(range(100))

    both = auc(values, entered([199], range(100)))

    assert both == pytest.approx((auc(values, short) + auc(values, long)) / 2)


@given(st.floats(0, 250), st.lists(st.integers(0, 3), min_size=200, max_size=200))
def test_the_best_cells_have_the_area_that_was_asked_for(cells, values):
    inside = best_cells(surface(values), GROUND, cells=cells)

    assert inside.sum() == pytest.approx(min(cells, 200))
    assert inside.min() >= 0
    assert inside.max() <= 1
    full, none = np.array(values)[inside == 1], np.array(values)[inside == 0]
    assert not (full.size and none.size) or full.min() >= none.max()


def test_a_random_surface_has_a_lift_of_one():
    rng = np.random.default_rng(4)
    tracks = entered(*(rng.choice(200, 12).tolist() for _ in range(30)))
    lifts = [
        float(
            tracks.mean_of(
                best_cells(surface(rng.random(200)), GROUND, cells=20)
            ).mean()
        )
        * 10
        for _ in range(400)
    ]

    error = np.std(lifts) / np.sqrt(len(lifts))
    assert abs(np.mean(lifts) - 1) < 4 * error


def test_a_surface_of_one_value_has_a_lift_of_exactly_one():
    inside = best_cells(surface(np.ones(200)), GROUND, cells=20)

    assert entered([3, 4, 9], [150]).mean_of(inside).mean() * 10 == pytest.approx(1.0)


def test_cells_off_the_ground_and_nan_are_never_among_the_best():
    ground = GROUND.copy()
    ground[0] = False
    values = np.arange(200.0)[::-1].copy()
    values[25] = np.nan

    assert best_cells(surface(values), ground, cells=30)[:20].sum() == 0
    assert rank_cells(surface(values), ground)[:20].sum() == 0
    assert rank_cells(surface(values), ground)[25] == pytest.approx(0.5 / 180)


def test_ground_of_another_shape_or_none_is_refused():
    with pytest.raises(ValueError, match="the ground has shape"):
        rank_cells(surface(np.ones(200)), np.ones((2, 2), bool))
    with pytest.raises(ValueError, match="0 cells"):
        best_cells(surface(np.ones(200)), ~GROUND, cells=3)


def test_the_true_shares_have_the_highest_log_score():
    rng = np.random.default_rng(1)
    share = rng.dirichlet(np.ones(200) / 4)
    tracks = entered(*([cell] for cell in rng.choice(200, 3000, p=share)))
    score = {
        name: tracks.mean_of(log_gain(surface(values), GROUND)).mean()
        for name, values in {
            "true": share,
            "flat": np.ones(200),
            "sharper": share**2,
            "duller": share**0.5,
        }.items()
    }

    assert max(score, key=score.get) == "true"
    assert score["flat"] == pytest.approx(0)


def test_log_scores_are_finite_even_where_nothing_was_foretold():
    assert np.isfinite(log_gain(surface(np.zeros(200)), GROUND)).all()
    assert log_gain(surface(np.zeros(200)), GROUND) == pytest.approx(0)
    assert np.isfinite(log_gain(surface(np.full(200, np.nan)), GROUND)).all()


def test_boyce_is_near_one_for_a_good_surface_and_below_zero_for_its_reverse():
    wide = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=5000)
    ground = np.ones(wide.shape, bool)
    rng = np.random.default_rng(2)
    share = 1 / np.arange(5000.0, 0, -1)  # a few cells are entered by most
    tracks = entered(*rng.choice(5000, (400, 20), p=share / share.sum()).tolist())
    good = boyce_index(rank_cells(surface(share, wide), ground), tracks, ground)
    bad = boyce_index(rank_cells(surface(-share, wide), ground), tracks, ground)

    assert good > 0.95
    assert bad < -0.2


def test_boyce_says_nothing_of_a_surface_of_one_value():
    ranks = rank_cells(surface(np.ones(200)), GROUND)

    assert np.isnan(boyce_index(ranks, entered([1, 2]), GROUND))


def test_the_corridor_holds_its_share_and_leaves_out_where_few_walked():
    values = np.zeros(GRID.shape)
    values[5], values[2, 3] = 1.0, 500.0
    support = np.where(values == 500, 3.0, 40.0)
    inside = corridor_cells(
        surface(values), support=surface(support), fewest=10, level=0.75
    )

    assert inside[5].sum() >= 0.75 * 20
    assert not inside[2, 3]


def test_nothing_that_moved_makes_no_corridor():
    nothing = surface(np.zeros(200))

    assert not corridor_cells(nothing, support=nothing, fewest=10, level=0.5).any()


def test_draws_do_not_hang_on_the_order_or_the_number_of_tracks():
    keys = mixed(np.arange(50, dtype=np.uint64))
    values = np.arange(100.0).reshape(50, 2)
    back = draw_again(keys[::-1], values[::-1], draws=20)

    assert draw_again(keys, values, draws=20) == pytest.approx(back, rel=1e-12)
    assert (
        poisson_weights(keys[7:], draw=3) == poisson_weights(keys, draw=3)[7:]
    ).all()


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(100):
        values = rng.exponential(1.0, (80, 1))
        keys = rng.integers(0, 2**63, 80).astype(np.uint64)
        low, high = np.quantile(draw_again(keys, values, draws=120), [0.025, 0.975])
        held += low <= 1 <= high

    assert 85 <= held <= 100  # 95 expected


def test_one_track_or_none_gives_no_interval_but_no_error_either():
    keys = mixed(np.arange(1, dtype=np.uint64))
    one = draw_again(keys, np.array([[2.0]]), draws=30)

    assert set(one[np.isfinite(one)]) == {2.0}
    assert np.isnan(draw_again(keys[:0], np.zeros((0, 2)), draws=3)).all()
    none = Entered(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert none.mean_of(np.ones(200)).size == 0
    assert np.isnan(boyce_index(rank_cells(surface(range(200)), GROUND), none, GROUND))


@given(st.permutations(range(6)))
def test_the_names_of_tracks_do_not_matter(order):
    tracks = [[1, 2], [3], [4, 5, 6], [7], [8, 9], [100]]
    values = np.arange(200.0)

    renamed = auc(values, entered(*(tracks[n] for n in order)))

    assert renamed == pytest.approx(auc(values, entered(*tracks)), rel=1e-12)


def test_agreement_of_sets_of_cells():
    half, other = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)

    assert jaccard(half, half) == 1.0
    assert jaccard(half, other) == pytest.approx(1 / 3)
    assert jaccard(half & False, half & False) == 1.0
