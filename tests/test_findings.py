"""From sums to corridors, hotspots and surfaces with their support."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo.findings import make_findings
from geo.findings.corridors import find_corridors
from geo.findings.counts import crossings_by_month, crossings_on_targets
from geo.findings.methods import Methods
from geo.findings.surfaces import land_mask, nearby_tracks, track_density
from geo.grid import Grid
from geo.packing import pack
from geo.partials import coarse_votes
from geo.privacy import About, release
from geo.read.layers import read_layers
from geo.schema import ALL_MONTHS
from geo.totals import add_up
from tests.parts import CELLS, CRS, JUNE, MARCH, RIVER, SETTINGS, partial_of

FINE = Grid(CRS, 0, 4_000, 500, rows=8, columns=8)
COARSE = FINE.coarsened(4)
METHODS = Methods(
    levels=(0.5, 0.9),
    seasons={"dry": (1, 2, 3), "wet": (6,), "never": (12,)},
    bandwidth=1_000.0,
    alpha=0.05,
    k=10,
)


def land(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS)


def visits_of(tracks):
    """Visits with so many tracks in each coarse cell, by its number."""
    return pd.DataFrame(
        {"cell": list(tracks), "month": ALL_MONTHS, "tracks": list(tracks.values())}
    )


class TestLand:
    """Cells whose centre lies on land."""

    def test_without_a_layer_all_is_land(self):
        assert land_mask(land(), FINE).all()

    def test_a_cell_is_land_if_its_centre_is(self):
        mask = land_mask(land(box(0, 0, 1_200, 4_000)), FINE)

        assert mask.sum(axis=1).tolist() == [2] * 8
        assert mask[:, :2].all()

    def test_pieces_that_overlap_count_once(self):
        one = land_mask(land(box(0, 0, 2_000, 4_000), box(1_000, 0, 3_000, 900)), FINE)

        assert one.shape == FINE.shape
        assert one.sum() == 8 * 4 + 2 * 2


pairs = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 63)), max_size=40)


def density_of(paths):
    votes = coarse_votes(paths, FINE, cells=COARSE)
    return track_density(votes, FINE, bandwidth_m=600.0)


class TestDensity:
    """Tracks per km², each once in a coarse cell."""

    @given(pairs)
    @settings(max_examples=40, deadline=None)
    def test_a_track_counts_once_in_every_coarse_cell_it_enters(self, entered):
        paths = pd.DataFrame(sorted(entered), columns=["track", "cell"], dtype="int64")

        density = density_of(paths)

        coarse = COARSE.cell_of(*FINE.centre_of(paths["cell"].to_numpy()))
        wanted = len(set(zip(paths["track"], coarse, strict=True)))
        mass = density.values.sum() * (FINE.cell_m / 1000) ** 2
        assert mass == pytest.approx(wanted, rel=1e-5)

    def test_a_fast_logger_has_no_more_votes_than_a_slow_one(self):
        slow = pd.DataFrame({"track": [1], "cell": [0]})
        fast = pd.DataFrame({"track": 1, "cell": [0, 1, 2, 3]})

        one, two = (density_of(paths).values.sum() for paths in (slow, fast))

        assert one == pytest.approx(two, rel=1e-5)


class TestSupport:
    """How many tracks stand behind a smoothed cell."""

    def test_it_is_the_most_in_any_coarse_cell_within_reach(self):
        fine = Grid(CRS, 0, 10_000, 500, rows=20, columns=20)
        cells = fine.coarsened(4)
        centre, corner = 12, 0

        support = nearby_tracks(
            visits_of({centre: 7, corner: 3}), cells, fine, reach_m=2_000.0
        )

        coarse = support.values[2::4, 2::4]
        assert coarse.tolist() == [
            [3, 3, 0, 0, 0],
            [3, 0, 7, 0, 0],
            [0, 7, 7, 7, 0],
            [0, 0, 7, 0, 0],
            [0, 0, 0, 0, 0],
        ]
        np.testing.assert_array_equal(np.kron(coarse, np.ones((4, 4))), support.values)

    def test_more_reach_never_means_less_support(self):
        visits = visits_of({0: 3, 2: 9, 3: 4})

        near, far = (
            nearby_tracks(visits, COARSE, FINE, reach_m=reach).values
            for reach in (1_000.0, 5_000.0)
        )

        assert (far >= near).all()

    def test_single_months_do_not_count(self):
        visits = visits_of({0: 3}).assign(month=JUNE)

        assert not nearby_tracks(visits, COARSE, FINE, reach_m=2_000.0).values.any()


@pytest.fixture(scope="module")
def totals():
    """Twelve walkers in March, and eleven in June."""
    parts = [partial_of(range(12)), partial_of(range(12, 23), month=JUNE)]
    return add_up(
        [pack(part) for part in parts], SETTINGS.grid, seasons=METHODS.seasons
    )


@pytest.fixture(scope="module")
def findings(totals):
    base = read_layers({}, crs=CRS, bounds=SETTINGS.bounds, cell_m=250)
    return make_findings(
        totals,
        About(region="x", crs=CRS, tracks=totals.tracks),
        base=base,
        targets=RIVER,
        cells=CELLS,
        methods=METHODS,
    )


class TestCorridors:
    """Outlines of the whole period and of each season."""

    def test_each_season_has_its_own_with_its_own_tracks(self, totals):
        corridors = find_corridors(totals, METHODS)

        most = corridors.groupby("season")["tracks"].max().to_dict()
        assert most == {"all": 23, "dry": 12, "wet": 11}
        assert corridors["corridor"].tolist() == list(range(1, len(corridors) + 1))
        assert set(corridors["level"]) == {50, 90}

    def test_cells_below_k_have_none(self, totals):
        corridors = find_corridors(totals, replace(METHODS, k=12))

        assert set(corridors["season"]) == {"all", "dry"}


class TestFindings:
    """Everything that goes to the gate."""

    def test_every_row_and_cell_has_its_support(self, findings):
        for layer in findings.layers.values():
            assert "tracks" in layer
        for values, support in findings.surfaces.values():
            assert values.grid == support.grid
            assert support.values.max() == 23

    def test_months_are_named(self, findings):
        monthly = findings.layers["monthly"]

        assert dict(zip(monthly["month"], monthly["tracks"], strict=True)) == {
            "2023-03": 12,
            "2023-06": 11,
        }

    def test_crossings_lie_on_their_target(self, findings):
        (row,) = findings.layers["crossings"].itertuples()

        assert (row.name, row.tracks) == ("Río Ñu", 23)
        assert row.geometry.equals(RIVER.geometry[0])
        months = findings.layers["crossings_monthly"]
        assert months["month"].tolist() == ["2023-03", "2023-06"]

    def test_hotspots_carry_the_density_at_their_centre(self, findings):
        hotspots = findings.layers["hotspots"]

        busiest = hotspots.loc[hotspots["tracks"].idxmax()]
        density, _ = findings.surfaces["density"]
        x, y = CELLS.centre_of(np.array([busiest["cell"]]))
        here = density.values.ravel()[density.grid.cell_of(x, y)[0]]
        assert busiest["density"] == float(f"{here:.2g}")

    def test_hotspots_that_cannot_be_tested_are_not_called_stable(self, findings):
        hotspots = findings.layers["hotspots"]

        assert hotspots["stable_pct"].isna().equals(hotspots["q"].isna())

    def test_routes_have_k_tracks_and_months_that_add_up(self, findings):
        edges, monthly, nodes = (
            findings.layers[f"network{part}"] for part in ("", "_monthly", "_nodes")
        )

        assert len(edges)
        assert (edges["tracks"] >= METHODS.k).all()
        assert set(edges["from_node"]) | set(edges["to_node"]) == set(nodes["node"])
        whole = monthly.groupby("edge")["tracks"].sum()
        assert whole.to_dict() == dict(zip(edges["edge"], edges["tracks"], strict=True))

    def test_they_pass_the_gate(self, findings):
        passed = release(findings)

        assert passed.layers["corridors"]["tracks"].min() >= 10
        assert passed.layers["hotspots"]["tracks"].max() == 25

    def test_nothing_in_gives_nothing_out(self):
        empty = add_up([], SETTINGS.grid, seasons=METHODS.seasons)
        base = read_layers({}, crs=CRS, bounds=SETTINGS.bounds, cell_m=250)

        findings = make_findings(
            empty,
            About(region="x", crs=CRS),
            base=base,
            targets=RIVER.iloc[:0],
            cells=CELLS,
            methods=METHODS,
        )

        passed = release(findings)
        assert not any(len(layer) for layer in passed.layers.values())
        assert not any(np.isfinite(s.values).any() for s in passed.surfaces.values())


def test_crossings_carry_what_is_expected_and_how_sure_it_is():
    targets = RIVER.assign(role="", part_of=-1)
    counts = pd.DataFrame(
        {
            "target": 0,
            "direction": ["to the north bank", "to the south bank"] * 2,
            "month": [ALL_MONTHS, ALL_MONTHS, MARCH, MARCH],
            "tracks": [12, 0, 11, 0],
            "chances": [12_400_000, 900_000, 11_000_000, 900_000],
            "spread": [600_000, 200_000, 0, 0],
            "silent": [3_100_000, 0, 0, 0],
        }
    )
    (row,) = crossings_on_targets(counts, targets).itertuples()
    assert (row.direction, row.tracks) == ("to the north bank", 12)
    assert (row.expected, row.spread, row.gap_pct) == (12.4, 0.6, 25.0)
    assert pd.isna(row.part_of)
    months = crossings_by_month(counts)
    assert months.to_numpy().tolist() == [[0, "to the north bank", "2023-03", 11, 11.0]]
