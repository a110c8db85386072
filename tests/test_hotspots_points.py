"""Points that belong to no track: what is kept, where they gather and cross."""

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString, Point

from geo.analysis.hotspots.points import (
    FEWEST_SHARED,
    clean_points,
    count_at_targets,
    count_in_cells,
    find_point_hotspots,
)
from geo.grid import Grid
from geo.schema import ALL_MONTHS, UNDATED, no_points

LAEA = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
BOUNDS = (-79.0, 7.0, -76.0, 10.0)
MAY = 12 * 2023 + 4
GRID = Grid(LAEA, -20_000, 20_000, 2000, rows=20, columns=20)


def points(*rows):
    return pd.DataFrame(rows, columns=["point", "month", "lon", "lat"]).astype(
        {"point": "int64", "month": "int64", "lon": "float64", "lat": "float64"}
    )


def clean(table, **options):
    given_ = {"crs": LAEA, "bounds": BOUNDS, "before": MAY + 12} | options
    return clean_points(table, **given_)


def measured(x, y, *, month=MAY, first=0):
    """Clean points in metres, each another one."""
    x, y = np.broadcast_arrays(np.atleast_1d(x).astype(float), y)
    return pd.DataFrame(
        {
            "point": first + np.arange(len(x)),
            "month": month,
            "x_m": x,
            "y_m": y,
            "shared": False,
        }
    )


class TestCleaning:
    """Every point that goes has one reason."""

    def test_what_is_outside_or_too_recent_goes(self):
        kept, rejected = clean(
            points((1, MAY, -77.5, 8), (2, MAY, -70, 8), (3, MAY + 12, -77.5, 8))
        )

        assert kept["point"].tolist() == [1]
        assert rejected == {"outside the region": 1, "too recent": 1}

    def test_points_without_a_date_wait_for_the_end_of_the_campaign(self):
        table = points((1, UNDATED, -77.5, 8))

        assert clean(table)[1] == {"undated": 1}
        assert clean(table, undated=MAY + 12)[1] == {"too recent": 1}
        kept, rejected = clean(table, undated=MAY)
        assert (kept["month"].tolist(), rejected) == ([UNDATED], {})

    def test_the_centre_of_the_projection_is_zero(self):
        kept, _ = clean(points((1, MAY, -77.5, 8)))
        assert kept[["x_m", "y_m"]].abs().to_numpy().max() < 1e-6

    def test_many_points_at_one_position_share_it(self):
        same = [(n, MAY, -77.5, 8) for n in range(FEWEST_SHARED)]
        near = [(100 + n, MAY, -77.4 + n / 1000, 8) for n in range(FEWEST_SHARED)]

        kept, _ = clean(points(*same, *near))

        assert kept.loc[kept["shared"], "point"].tolist() == list(range(FEWEST_SHARED))

    def test_one_point_that_comes_often_is_not_many(self):
        kept, _ = clean(points(*[(1, MAY, -77.5, 8)] * FEWEST_SHARED))
        assert not kept["shared"].any()

    def test_no_points_are_no_points(self):
        kept, rejected = clean(no_points())
        assert kept.empty
        assert not rejected


class TestCells:
    """Distinct points in a cell, by month and in all."""

    def test_a_point_counts_once_in_a_cell_and_month(self):
        table = pd.concat([measured(1000, 1000)] * 2, ignore_index=True)
        later = measured(1000, 1000, month=MAY + 1)

        counts = count_in_cells(pd.concat([table, later], ignore_index=True), GRID)

        assert counts["month"].tolist() == [ALL_MONTHS, MAY, MAY + 1]
        assert counts["points"].tolist() == [1, 1, 1]

    def test_points_without_a_month_count_in_all_months_only(self):
        counts = count_in_cells(measured(1000, 1000, month=UNDATED), GRID)
        assert counts["month"].tolist() == [ALL_MONTHS]

    def test_shared_positions_and_points_off_the_grid_count_nowhere(self):
        table = measured([1000, 1000, 90_000], 1000)
        table.loc[0, "shared"] = True

        assert count_in_cells(table, GRID).query("month == @MAY")["points"].sum() == 1

    @given(st.permutations(list(range(12))))
    def test_the_order_of_the_rows_does_not_matter(self, order):
        spots = np.arange(12) % 5 * 2000 + 500.0
        table = measured(spots, spots[::-1])

        assert_frame_equal(
            count_in_cells(table, GRID), count_in_cells(table.iloc[order], GRID)
        )


class TestTargets:
    """Who was seen at the border, a river or a post."""

    TARGETS = gpd.GeoDataFrame(
        {
            "target": [10, 11, 12, 13],
            "kind": ["border", "border", "river", "checkpoint"],
            "precision_m": [100.0, 100.0, 5000.0, 500.0],
            "geometry": [
                LineString([(-20_000, 0), (0, 0)]),
                LineString([(0, 0), (20_000, 0)]),
                LineString([(-20_000, 10_000), (20_000, 10_000)]),
                Point(-5000, 500),
            ],
        },
        crs=LAEA,
    )

    def seen(self, table):
        counts = count_at_targets(table, self.TARGETS)
        total = counts[counts["month"] == ALL_MONTHS]
        return dict(zip(total["target"], total["points"], strict=True))

    def test_the_nearest_of_each_kind_counts(self):
        # 700 m north of the western reach, 200 m from the post, far from the river.
        assert self.seen(measured(-5000, 700)) == {10: 1, 13: 1}

    def test_a_coarse_river_reaches_further(self):
        assert self.seen(measured(3000, 6000)) == {12: 1}

    def test_where_two_reaches_meet_one_of_them_counts(self):
        assert sum(self.seen(measured(0, 0)).values()) == 1

    def test_nothing_near_is_nothing(self):
        assert self.seen(measured(3000, 3000)) == {}
        assert self.seen(measured([], [])) == {}

    def test_a_list_of_posts_counts_at_the_posts(self):
        table = measured([-5000.0] * 12, 500).assign(shared=True)
        assert self.seen(table) == {10: 12, 13: 12}


class TestHotspots:
    """A planted crowd is found, an even spread is not."""

    def test_a_crowd_is_hot(self):
        rng = np.random.default_rng(1)
        x, y = rng.uniform(-20_000, 20_000, (2, 400))
        crowd = rng.normal(5000, 800, (2, 120))
        table = measured(np.r_[x, crowd[0]], np.r_[y, crowd[1]])

        found = find_point_hotspots(count_in_cells(table, GRID), GRID)

        hot = found[found["kind"] == "hot"]
        assert 0 < len(hot) < 20
        middle = hot.geometry.centroid
        assert np.hypot(middle.x - 5000, middle.y - 5000).max() < 6000
        assert found["points"].sum() == len(table)

    def test_nothing_gives_the_exact_number_away(self):
        found = find_point_hotspots(count_in_cells(measured(0, 0), GRID), GRID)
        tested = ["z", "q", "kind", "confidence"]
        assert list(found) == ["cell", "points", *tested, "geometry"]

    def test_few_points_are_not_tested(self):
        found = find_point_hotspots(count_in_cells(measured(0, 0), GRID), GRID)

        assert found["kind"].tolist() == ["none"]
        assert found["z"].isna().all()

    def test_no_points_are_no_cells(self):
        assert find_point_hotspots(count_in_cells(measured([], []), GRID), GRID).empty
