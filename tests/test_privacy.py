"""Nothing below the threshold gets out."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import PrivacyError
from geo.grid import Grid, Surface
from geo.privacy import About, Findings, Release, release
from geo.schema import Layers

GRID = Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3)
counts = st.lists(st.integers(0, 400), max_size=30)


def findings(layers=None, surfaces=None, **about):
    empty = gpd.GeoDataFrame(geometry=[], crs="EPSG:32618")
    base = Layers(
        empty, empty, empty, empty, empty, empty, None, pd.DataFrame(), pd.DataFrame()
    )
    return Findings(
        layers or {},
        surfaces or {},
        base,
        About(region="Nowhere", crs="EPSG:32618", **about),
    )


@given(counts, st.integers(10, 40), st.sampled_from([5, 10]))
def test_no_released_row_has_fewer_tracks_than_k(tracks, k, round_to):
    layer = pd.DataFrame({"tracks": tracks, "row": range(len(tracks))})

    out = release(findings({"hotspots": layer}), k=k, round_to=round_to)

    shown = out.layers["hotspots"]
    assert (shown["tracks"] >= k).all()
    assert len(shown) + out.withheld["hotspots"] == len(tracks)
    assert {tracks[row] >= k for row in shown["row"]} <= {True}


@given(counts)
def test_published_counts_hide_the_last_track(tracks):
    layer = pd.DataFrame({"tracks": tracks}, dtype="int64")

    out = release(findings({"hotspots": layer}), k=10, round_to=5)

    assert (out.layers["hotspots"]["tracks"] % 5 == 0).all()


@given(counts)
def test_points_pass_by_their_number_as_tracks_do(points):
    layer = pd.DataFrame({"points": points, "low": np.nan, "high": np.nan})

    out = release(findings({"recorded": layer}, points=sum(points)), k=10, round_to=5)

    shown = out.layers["recorded"]
    assert len(shown) == sum(n >= 10 for n in points)
    assert ((shown["points"] >= 10) & (shown["points"] % 5 == 0)).all()
    assert (shown["low"] < shown["points"]).all()
    assert out.about.points % 5 == 0


def test_a_part_of_a_row_under_k_is_blank_and_not_zero():
    layer = pd.DataFrame({"tracks": [40, 40, 40], "stop_tracks": [0, 9, 10]})

    out = release(findings({"hotspots": layer}))

    assert out.layers["hotspots"]["stop_tracks"].isna().tolist() == [True, True, False]


def test_what_is_told_of_a_withheld_part_is_withheld_with_it():
    layer = pd.DataFrame(
        {"tracks": [40, 40], "stop_tracks": [9, 10], "stop_hours": [2.5, 3.0]}
    )

    shown = release(findings({"hotspots": layer})).layers["hotspots"]

    assert shown["stop_hours"].isna().tolist() == [True, False]
    assert shown["stop_hours"][1] == 3.0


def test_hours_are_told_of_enough_tracks_only_and_rounded():
    layer = pd.DataFrame(
        {
            "tracks": 50,
            "ahead_tracks": [40, 40, 40, 9],
            "ahead_timed_tracks": [31, 12, 9, 9],
            "ahead_timed_h": [1.234, 7.26, 5.0, 5.0],
            "ahead_timed_high_h": [19.8, 67.4, 8.0, 8.0],
        }
    )

    shown = release(findings({"network": layer})).layers["network"]

    assert shown["ahead_timed_tracks"].fillna(0).tolist() == [30, 10, 0, 0]
    assert shown["ahead_timed_h"].tolist()[:2] == [1.2, 7.5]
    assert shown["ahead_timed_high_h"].tolist()[:2] == [20.0, 67.0]
    assert shown[["ahead_timed_h", "ahead_timed_high_h"]].isna().sum().sum() == 4


def test_how_sure_a_line_is_comes_in_steps():
    layer = pd.DataFrame(
        {
            "tracks": 50,
            "tube_m": [3.0, 76.7, 149.0, np.nan],
            "stability_pct": [1.2, 63.2, 97.6, 100.0],
        }
    )

    shown = release(findings({"network": layer})).layers["network"]

    assert shown["tube_m"].fillna(-1).tolist() == [50, 100, 150, -1]
    assert shown["stability_pct"].tolist() == [0, 65, 100, 100]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1))
def test_a_share_tells_no_more_than_the_counts_beside_it(pairs):
    whole = [max(pair) for pair in pairs]
    layer = pd.DataFrame(
        {
            "tracks": 300,
            "ahead_tracks": whole,
            "ahead_boat_tracks": [min(pair) for pair in pairs],
            "ahead_boat_pct": np.nan,
        }
    )

    shown = release(findings({"network": layer})).layers["network"]

    few = shown["ahead_boat_tracks"].isna() | shown["ahead_tracks"].isna()
    assert (shown["ahead_boat_pct"].isna() == few).all()
    told = shown[~few]
    assert (told["ahead_boat_pct"] % 5 == 0).all()
    assert told["ahead_boat_pct"].between(5, 100).all() or (
        (told["ahead_tracks"] > 20 * told["ahead_boat_tracks"]).any()
    )
    same = told.groupby(["ahead_tracks", "ahead_boat_tracks"])["ahead_boat_pct"]
    assert (same.max() == same.min()).all()


def test_an_interval_comes_from_the_rounded_count():
    layer = pd.DataFrame({"tracks": [51, 49], "low": np.nan, "high": np.nan})

    low, high = (
        release(findings({"c": layer})).layers["c"][n] for n in ("low", "high")
    )

    assert low.nunique() == high.nunique() == 1
    assert (low < 50).all()
    assert (high > 50).all()


def test_a_rate_comes_from_the_rounded_count():
    layer = pd.DataFrame({"points": [33, 34], "effort_h": [20.0, np.nan]})

    shown = release(findings({"points": layer})).layers["points"]

    assert shown["rate"][0] == 100 * 35 / 20 // 10 * 10 + 10  # 175, two digits: 180
    assert np.isnan(shown["rate"][1])


def test_a_cell_of_a_surface_needs_k_tracks_too():
    values = Surface(GRID, np.arange(6.0).reshape(2, 3), "movement", "%/km²")
    support = Surface(GRID, np.array([[0.0, 9, 10], [11, 0, 40]]), "support", "tracks")

    out = release(findings(surfaces={"movement": (values, support)}))

    expected = [[np.nan, np.nan, 2.0], [3.0, np.nan, 5.0]]
    np.testing.assert_array_equal(out.surfaces["movement"].values, expected)
    assert out.withheld["movement"] == 1


def test_a_surface_is_released_in_two_digits_that_one_track_seldom_moves():
    support = Surface(GRID, np.full(GRID.shape, 400.0), "support", "tracks")
    shown = []
    for tracks in (400, 401):
        values = Surface(GRID, np.full(GRID.shape, tracks / 7), "density", "tracks/km²")
        out = release(findings(surfaces={"density": (values, support)}))
        shown.append(out.surfaces["density"].values)

    np.testing.assert_array_equal(*shown)


def test_a_surface_whose_support_lies_elsewhere_is_refused():
    other = GRID.coarsened(2)
    values = Surface(GRID, np.ones(GRID.shape), "movement", "%/km²")
    support = Surface(other, np.ones(other.shape), "support", "tracks")

    with pytest.raises(PrivacyError, match="lie on different grids"):
        release(findings(surfaces={"movement": (values, support)}))


def test_a_layer_without_support_is_refused_by_name():
    with pytest.raises(PrivacyError, match="Layer 'rivers' does not say how many"):
        release(findings({"rivers": pd.DataFrame({"length_m": [1.0]})}))


@pytest.mark.parametrize(("k", "round_to"), [(9, 5), (1, 1), (10, 1)])
def test_a_public_release_cannot_be_made_weaker(k, round_to):
    with pytest.raises(PrivacyError, match="expected at least 10 and 5"):
        release(findings(), k=k, round_to=round_to)


def test_an_unknown_level_is_refused():
    with pytest.raises(PrivacyError, match="The privacy level is 'secret'"):
        release(findings(), level="secret")


def test_an_internal_release_shows_single_tracks_and_says_so():
    layer = pd.DataFrame({"tracks": [1, 2]})

    out = release(findings({"dogs": layer}), k=1, round_to=1, level="internal")

    assert out.layers["dogs"]["tracks"].tolist() == [1, 2]
    assert out.marks == ("INTERNAL / INTERNO",)


def test_simulated_findings_make_a_marked_release():
    assert release(findings(simulated=True)).marks == ("SIMULATED / SIMULADO",)


@pytest.mark.parametrize(("tracks", "said"), [(0, 0), (9, 0), (10, 10), (2004, 2005)])
def test_the_number_of_all_tracks_is_rounded_too(tracks, said):
    assert release(findings(tracks=tracks)).about.tracks == said


def test_a_release_cannot_be_built_by_hand():
    real = release(findings())
    what = {}, {}, {}, real.base, real.about, 10, 5, "public", frozenset()

    with pytest.raises(PrivacyError, match=r"Call geo\.release"):
        Release(*what, seal=None)


def test_a_model_passes_as_it_is_and_is_marked():
    bands = pd.DataFrame({"up_to_h": [1.0, 2.0]})
    made = replace(findings(simulated=True), models={"isochrones": bands})

    out = release(made)

    assert out.layers["isochrones"] is bands
    assert "isochrones" not in out.withheld
    assert out.models == {"isochrones"}
    assert out.marks_of("isochrones") == ("SIMULATED / SIMULADO", "MODEL / MODELO")
    assert out.marks_of("corridors") == ("SIMULATED / SIMULADO",)


@pytest.mark.parametrize("column", ["tracks", "points", "stop_tracks"])
def test_a_model_that_counts_somebody_is_refused(column):
    model = pd.DataFrame({column: [12]})
    with pytest.raises(PrivacyError, match=f"'{column}'; expected none that counts"):
        release(replace(findings(), models={"isochrones": model}))


def test_a_model_cannot_take_the_place_of_what_was_seen():
    seen = pd.DataFrame({"tracks": [12]})
    made = replace(findings({"hotspots": seen}), models={"hotspots": pd.DataFrame()})
    with pytest.raises(PrivacyError, match="both a model and what was seen"):
        release(made)


def test_a_release_cannot_be_added_to():
    with pytest.raises(TypeError, match="does not support item assignment"):
        release(findings()).layers["more"] = pd.DataFrame()


def crossings(**columns):
    row = {"tracks": 40, "expected": 41.3, "spread": 4.0, "gap_pct": 33.2}
    table = pd.DataFrame([row | {"low": np.nan, "high": np.nan}])
    return release(findings({"c": table.assign(**columns)})).layers["c"].loc[0]


def test_a_sum_of_chances_is_rounded_as_a_count_is_and_its_variance_is_not_told():
    shown = crossings()
    assert (shown["tracks"], shown["expected"], shown["gap_pct"]) == (40, 40, 35)
    assert "spread" not in shown
    assert crossings(tracks=10, expected=3.0)["expected"] == 10


def test_few_tracks_are_withheld_however_many_are_expected():
    table = pd.DataFrame({"tracks": [9], "expected": [60.0]})
    assert release(findings({"c": table})).layers["c"].empty


@given(st.floats(37.6, 42.4), st.floats(1.6, 2.4), st.floats(32.6, 37.4))
def test_what_is_said_of_crossings_comes_from_rounded_figures_alone(
    expected, spread, gap_pct
):
    """Within one step of rounding nothing moves: neither interval nor share."""
    first, second = crossings(spread=2.0), crossings(expected=expected, spread=spread)
    assert first.equals(second)
    assert crossings(gap_pct=gap_pct)["gap_pct"] == 35


def test_crossings_that_are_less_sure_have_a_wider_interval():
    sure, unsure = crossings(spread=0.0), crossings(spread=10.0)
    assert unsure["low"] < sure["low"] < 40 < sure["high"] < unsure["high"]
