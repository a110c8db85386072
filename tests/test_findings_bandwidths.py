"""How far the density of tracks is spread, and what hangs on that."""

import numpy as np
import pytest

from geo.findings.bandwidths import (
    CHOSEN,
    choose_bandwidth,
    compare_densities,
    draw_positions,
)
from geo.grid import Grid
from geo.partials import VOTE

GRID = Grid("EPSG:32618", 0, 20_000, 200, rows=100, columns=100)


def crowd(tracks=2000, *, spread_m=1500.0, seed=4):
    """Votes of tracks around the middle of the grid."""
    rng = np.random.default_rng(seed)
    cell = GRID.cell_of(*rng.normal(10_000, spread_m, (2, tracks)))
    votes = np.bincount(cell[cell >= 0], minlength=GRID.rows * GRID.columns) * VOTE
    return votes.reshape(GRID.shape)


class TestPositions:
    """A sample of the votes, in the same places for the same votes."""

    def test_cells_are_drawn_as_often_as_they_have_votes(self):
        votes = np.zeros(GRID.shape, np.int64)
        votes[3, 4], votes[50, 60] = 1, 3
        cell = GRID.cell_of(*draw_positions(votes, GRID, number=4000))
        often = np.bincount(cell, minlength=votes.size).reshape(GRID.shape)

        assert often[3, 4] + often[50, 60] == 4000
        assert often[50, 60] == pytest.approx(3000, abs=120)

    def test_it_is_the_same_each_time_and_no_two_share_a_place(self):
        x, y = draw_positions(crowd(), GRID, number=500)
        again, _ = draw_positions(crowd(), GRID, number=500)

        assert again.tolist() == x.tolist()
        assert len(set(zip(x, y, strict=True))) == 500

    def test_one_vote_more_moves_few_of_them(self):
        votes = crowd(20_000)
        more = votes.copy()
        more[90, 90] += VOTE
        one, other = (
            GRID.cell_of(*draw_positions(some, GRID, number=1000))
            for some in (votes, more)
        )

        assert (one == other).mean() > 0.9

    def test_without_votes_there_are_none(self):
        x, y = draw_positions(np.zeros(GRID.shape, np.int64), GRID, number=5)

        assert len(x) == len(y) == 0


class TestChoice:
    """Metres are taken as they are; a method is asked."""

    def test_metres_stay(self):
        assert choose_bandwidth(3000.0, crowd(), GRID, fallback_m=1) == 3000.0

    def test_a_wider_crowd_asks_for_a_wider_kernel(self):
        narrow, wide = (
            choose_bandwidth("ppl", crowd(spread_m=m), GRID, fallback_m=1)
            for m in (1500.0, 3000.0)
        )

        assert 400 <= narrow < wide < 3000

    def test_more_tracks_ask_for_a_narrower_one_by_the_sixth_root(self):
        few, many = (
            choose_bandwidth("oversmoothing", votes, GRID, fallback_m=1)
            for votes in (crowd(spread_m=3000), 64 * crowd(spread_m=3000))
        )

        assert few / many == pytest.approx(2, rel=0.05)

    def test_with_too_few_tracks_there_is_no_choice(self):
        assert choose_bandwidth("cvl", crowd(20), GRID, fallback_m=77) == 77

    def test_one_track_more_moves_a_last_digit_at_most(self):
        votes = crowd()
        more = votes.copy()
        more[10, 10] += VOTE
        said = [
            compare_densities(v, GRID, bandwidth_m=1000, tracks=2000)
            for v in (votes, more)
        ]

        one, other = (table.set_index("method").sort_index() for table in said)
        np.testing.assert_allclose(other, one, rtol=0.1)
        assert other.loc["map"].equals(one.loc["map"])


class TestComparison:
    """What the density would be with other bandwidths."""

    def test_every_way_to_choose_has_a_row_from_narrow_to_wide(self):
        table = compare_densities(crowd(), GRID, bandwidth_m=1000, tracks=2000)

        assert set(table["method"]) == {*CHOSEN, "map", "half", "double"}
        assert table["bandwidth_m"].is_monotonic_increasing
        assert table["peak_per_km2"].is_monotonic_decreasing
        assert table["half_km2"].is_monotonic_increasing
        assert (table["tracks"] == 2000).all()

    def test_the_peak_is_that_of_two_gaussians(self):
        row = compare_densities(crowd(20_000), GRID, bandwidth_m=1000, tracks=20_000)
        row = row.set_index("method").loc["map"]
        variance = (1500**2 + 1000**2) / 1e6

        assert row["peak_per_km2"] == pytest.approx(
            20_000 / (2 * np.pi * variance), rel=0.05
        )

    def test_few_tracks_have_no_table(self):
        assert compare_densities(crowd(9), GRID, bandwidth_m=1000, tracks=9).empty
