"""Seen and modelled in one: nothing that the gate holds back, and never unmarked."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import geo
from geo.analysis.corridors.brownian import Occurrence
from geo.findings.fused import find_fused, find_priors
from geo.findings.methods import Methods, ModelMethods
from geo.grid import Grid
from geo.privacy import MODEL
from tests.releases import CRS, base_layers
from tests.test_findings_model import region_with_a_model

FINE = Grid.covering((-20_000, -20_000, 20_000, 20_000), crs=CRS, cell_m=500)
METHODS = Methods(
    levels=(0.5, 0.9),
    seasons={},
    bandwidth=1_000.0,
    alpha=0.05,
    k=10,
    model=ModelMethods(
        entries=["Capurganá"], exits=["Canaán Membrillo"], cell_factor=2, prior_factor=4
    ),
)
WEST, MIDDLE = 20, 40  # columns of the fine grid


def column(at, rows=range(20, 60)):
    """Cells one below the other."""
    return [row * FINE.columns + at for row in rows]


def totals_of(tracks):
    """Sums over tracks that spread their movement evenly over their cells."""
    occurrence = np.zeros(FINE.rows * FINE.columns, np.int64)
    support = np.zeros_like(occurrence)
    rows = []
    for track, cells in sorted(tracks.items()):
        occurrence[cells] += 2**40 // len(cells)
        support[cells] += 1
        rows += [(track, cell) for cell in sorted(cells)]
    shape = FINE.shape
    movement = Occurrence(
        FINE,
        occurrence=occurrence.reshape(shape),
        support=support.reshape(shape),
        bridged=np.zeros(shape, np.int64),
    )
    return SimpleNamespace(
        movement={"all": movement},
        paths=pd.DataFrame(rows, columns=["track", "cell"]).assign(
            part=24276, east=0, north=0
        ),
        tracks=len(tracks),
    )


@pytest.fixture(scope="module")
def priors():
    return find_priors(base_layers(), FINE, METHODS)


def fused(tracks, priors, methods=METHODS):
    return find_fused(totals_of(tracks), priors, methods)


def walkers(count=40, *, more=()):
    """Many along one column, and some who also go elsewhere."""
    tracks = {41 * n + 7: column(MIDDLE) for n in range(count)}
    return tracks | {
        41 * n + 8: column(MIDDLE, range(20, 40)) + cells for n, cells in more
    }


def same(one, other):
    assert one.weights == other.weights
    assert np.array_equal(one.surface.values, other.surface.values)
    assert_geodataframe_equal(one.outlines, other.outlines)


def test_it_sums_to_all_of_the_movement(priors):
    found = fused(walkers(), priors)
    km2 = (FINE.cell_m / 1000) ** 2
    assert found.surface.values.sum() * km2 == pytest.approx(100, abs=1)


def test_where_many_were_the_data_win_and_elsewhere_the_prior_shows(priors):
    found = fused(walkers(400), priors)
    values = found.surface.values
    prior = priors[found.weights.theta_per_h].values
    seen = values.ravel()[column(MIDDLE)]
    assert (seen > 10 * np.median(values)).all()
    assert values.ravel()[column(WEST)] == pytest.approx(
        values.ravel()[column(WEST)][0] * prior[5:15, 5].repeat(4) / prior[5, 5],
        rel=0.1,
    )


def test_what_rests_on_tracks_is_told_apart_from_what_does_not(priors):
    found = fused(walkers(), priors).outlines
    assert set(found["basis"]) == {"observed", "modelled"}
    observed, modelled = (
        shapely.union_all(found.geometry[found["basis"] == basis].to_numpy())
        for basis in ("observed", "modelled")
    )
    assert observed.intersection(modelled).area == 0
    x, y = FINE.centre_of(np.array(column(MIDDLE, range(22, 58))))
    assert shapely.contains_xy(observed, x, y).all()
    assert not shapely.contains_xy(modelled, x, y).any()
    assert not any(name in found for name in ("tracks", "points"))


@pytest.mark.parametrize("others", [3, 9])
def test_a_track_among_cells_of_too_few_changes_nothing(priors, others):
    """Nine go west of the many; which way they go there may not be told."""
    one = walkers(more=[(n, column(WEST)) for n in range(others)])
    other = walkers(more=[(n, column(WEST - 9, range(30, 70))) for n in range(others)])
    same(fused(one, priors), fused(other, priors))


def test_one_more_track_that_makes_a_place_known_does(priors):
    nine = fused(walkers(more=[(n, column(WEST)) for n in range(9)]), priors)
    ten = fused(walkers(more=[(n, column(WEST)) for n in range(10)]), priors)
    here = nine.outlines[nine.outlines["basis"] == "observed"].total_bounds
    there = ten.outlines[ten.outlines["basis"] == "observed"].total_bounds
    assert there[0] < here[0]


def test_without_a_prior_or_enough_tracks_there_is_none(priors):
    assert fused(walkers(), {}) is None
    assert fused(walkers(9), priors) is None
    assert find_priors(replace(base_layers(), relief=None), FINE, METHODS) == {}
    nowhere = replace(METHODS, model=ModelMethods())
    assert find_priors(base_layers(), FINE, nowhere) == {}


def test_the_prior_hangs_on_the_ground_alone(priors):
    again = find_priors(base_layers(), FINE, METHODS)
    assert again.keys() == priors.keys()
    for theta, prior in priors.items():
        assert np.array_equal(prior.values, again[theta].values, equal_nan=True)
        assert np.nansum(prior.values) == pytest.approx(1.0)


def test_the_order_and_grouping_of_files_do_not_matter(tmp_path):
    built = []
    for name, turned in (("one", False), ("other", True)):
        config = region_with_a_model(tmp_path / name, walks=30)
        fixes = tmp_path / name / "fixes"
        if turned:
            whole = pd.concat(
                [pd.read_csv(path) for path in sorted(fixes.glob("*.csv"))[::-1]]
            )
            for path in fixes.glob("*.csv"):
                path.unlink()
            whole.to_csv(fixes / "whole.csv", index=False)
        built.append(geo.build(geo.load_config(config)))
    one = built[0]
    assert {"fused", "fused_movement"} <= one.release.models
    assert one.release.marks_of("fused")[-1] == MODEL
    weights = {"model.theta_per_h", "model.n0_tracks"}
    assert weights <= set(one.release.about.parameters)
    for pattern in ("*_fused.*", "*_fused_movement.tif"):
        files = [sorted((b.folder / "gis").rglob(pattern)) for b in built]
        assert files[0]
        assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]
