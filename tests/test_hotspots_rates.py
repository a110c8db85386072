"""How many were seen for each hour of watching, and if that is more than chance."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from geo.analysis.hotspots.points import find_point_hotspots
from geo.analysis.hotspots.rates import effort_in_cells, score_rates
from geo.analysis.hotspots.stats import false_discovery
from geo.grid import Grid
from geo.schema import ALL_MONTHS

GRID = Grid("EPSG:32618", 0, 10_000, 1000, rows=10, columns=10)


def effort(*rows):
    hours, shapes = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"hours": hours}, geometry=list(shapes), crs=GRID.crs)


class TestEffort:
    """Hours lie where they were spent."""

    def test_hours_at_a_post_lie_in_its_cell(self):
        hours = effort_in_cells(effort((8.0, shapely.Point(1500, 9500))), GRID)

        assert hours[0, 1] == hours.sum() == 8.0

    def test_hours_of_an_area_are_shared_by_area_and_those_off_the_grid_are_lost(self):
        area = shapely.box(-1000, 9000, 1000, 10_000)
        hours = effort_in_cells(effort((6.0, area)), GRID)

        assert hours[0, 0] == pytest.approx(3.0)
        assert hours.sum() == pytest.approx(3.0)

    def test_hours_of_several_posts_in_one_shape_are_shared(self):
        posts = shapely.MultiPoint([(500, 500), (9500, 9500), (50_000, 0)])
        hours = effort_in_cells(effort((9.0, posts)), GRID)

        assert hours[9, 0] == hours[0, 9] == 3.0
        assert hours.sum() == 6.0

    def test_what_is_empty_or_far_away_adds_nothing(self):
        rows = (5.0, shapely.Point()), (5.0, shapely.box(5e5, 5e5, 6e5, 6e5))

        assert not effort_in_cells(effort(*rows), GRID).any()


class TestRates:
    """The chance is that of a binomial, exact and two-sided."""

    def test_a_cell_is_tested_against_its_share_of_the_hours(self):
        rng = np.random.default_rng(3)
        hours = rng.integers(1, 9, (10, 10)).astype(float)
        number = rng.poisson(2 * hours)
        z, q = score_rates(number, hours)
        seen, share = number[:2, :2].sum(), hours[:2, :2].sum() / hours.sum()
        total = number.sum()
        error = np.sqrt(total * share * (1 - share))

        assert z[0, 0] == pytest.approx((seen - total * share) / error)
        # SciPy's own two-sided test adds up likelihoods; each tail is the same.
        tails = [
            binomtest(int(seen), int(total), share, alternative=side).pvalue
            for side in ("less", "greater")
        ]
        assert q.min() >= 0
        assert q[0, 0] >= min(1.0, 2 * min(tails)) - 1e-12

    def test_a_window_with_all_the_hours_is_as_expected_with_everybody_in_it(self):
        grid = np.ones((6, 6))

        for number in (0 * grid, 7 * grid):
            z, q = score_rates(number.astype(np.int64), grid, ring=6)

            assert not np.nan_to_num(z).any()
            assert np.nanmin(q, initial=1) == 1

    @given(st.lists(st.integers(0, 40), min_size=36, max_size=36))
    @example([0] * 35 + [1])  # windows with none, and one with all
    def test_the_chance_of_each_window_is_twice_its_smaller_tail(self, counts):
        number, hours = np.array(counts).reshape(6, 6), np.ones((6, 6))
        hours[:3] = 5
        _, q = score_rates(number, hours, ring=0)
        total, share = number.sum(), hours / hours.sum()
        tails = binom.cdf(number, total, share), binom.sf(number - 1, total, share)
        expected = false_discovery(np.minimum(2 * np.minimum(*tails), 1).ravel())

        if total:
            assert q.ravel() == pytest.approx(expected, rel=1e-9)

    def test_more_eyes_alone_make_no_hotspot_and_more_people_do(self):
        hours = np.ones((10, 10))
        hours[2:5, 2:5] = 20
        even = (5 * hours).astype(np.int64)
        crowd = np.full((10, 10), 5)
        crowd[6:9, 6:9] = 25

        assert (score_rates(even, hours)[1] > 0.9).all()
        z, q = score_rates(crowd, np.ones((10, 10)))
        assert z[7, 7] > 5
        assert q[7, 7] < 1e-6

    def test_cells_where_nobody_looked_are_not_tested_and_do_not_count(self):
        hours = np.ones((10, 10))
        hours[:, 5:] = 0
        number = np.full((10, 10), 4)
        number[0, 9] = 5000
        z, q = score_rates(number, hours)

        assert np.isnan(z[:, 5:]).all()
        assert (q[:, :5] == 1).all()

    def test_with_few_watched_cells_or_nobody_seen_nothing_is_tested(self):
        few = np.zeros((10, 10))
        few[0] = 1

        assert np.isnan(score_rates(np.full((10, 10), 9), few)[0]).all()
        assert np.isnan(
            score_rates(np.zeros((10, 10), int), np.ones((10, 10)))[1]
        ).all()

    def test_chance_alone_seldom_makes_a_hotspot(self):
        rng = np.random.default_rng(11)
        hours = rng.gamma(1.0, 10.0, (12, 12))
        found = [
            (score_rates(rng.poisson(0.5 * hours), hours)[1] <= 0.05).any()
            for _ in range(200)
        ]

        assert np.mean(found) <= 0.08

    @settings(max_examples=30)
    @given(st.floats(0.1, 50), st.integers(0, 2**32 - 1))
    def test_only_shares_of_the_hours_matter(self, unit, seed):
        rng = np.random.default_rng(seed)
        hours = rng.integers(0, 9, (8, 8)).astype(float)
        number = rng.poisson(3, (8, 8))
        (z, q), (other_z, other_q) = (
            score_rates(number, hours * factor) for factor in (1.0, unit)
        )

        np.testing.assert_allclose(other_z, z, atol=1e-9)
        np.testing.assert_allclose(other_q, q, atol=1e-9)
        assert ((q >= 0) & (q <= 1) | np.isnan(q)).all()

    @pytest.mark.parametrize(
        ("number", "hours", "why"),
        [
            (np.ones((2, 2), int), np.ones((3, 3)), "has shape"),
            (-np.ones((2, 2), int), np.ones((2, 2)), "negative"),
            (np.ones((2, 2), int), np.full((2, 2), np.nan), "missing"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, number, hours, why):
        with pytest.raises(ValueError, match=why):
            score_rates(number, hours)


def test_points_are_hot_where_there_are_more_than_the_watching_explains():
    cell = np.arange(100)
    number = np.full(100, 12)
    number[44] = 120
    table = pd.DataFrame({"cell": cell, "month": ALL_MONTHS, "points": number})
    hours = np.ones((10, 10))
    alike = hours.copy()
    alike[4, 4] = 10

    plain = find_point_hotspots(table, GRID, hours=hours).set_index("cell")
    watched = find_point_hotspots(table, GRID, hours=alike).set_index("cell")

    assert plain.loc[44, "kind"] == "hot"
    assert (watched["kind"] == "none").all()
    assert watched.loc[44, "effort_h"] == 10
    assert "effort_h" not in find_point_hotspots(table, GRID)
