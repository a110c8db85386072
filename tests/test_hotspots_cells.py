"""Hotspots."""

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analysis.hotspots.cells import find_hotspots
from geo.errors import CRSError, SchemaError
from geo.grid import Grid
from geo.schema import ALL_MONTHS, VISITS

GRID = Grid("EPSG:32618", 0, 24_000, 2000, rows=12, columns=15)
COLUMNS = ["cell", "tracks", "stop_tracks", "hours", "stop_hours", "bearing_deg"]
COLUMNS += ["one_way_pct", "z", "q", "kind", "confidence", "geometry"]


def visits(tracks, **more):
    """Visits of all months together; cells without tracks have no row."""
    tracks = np.asarray(tracks)
    cell = np.flatnonzero(tracks)
    table = pd.DataFrame(dict.fromkeys(VISITS, 0), index=range(len(cell)))
    table["cell"], table["month"] = cell, ALL_MONTHS
    table["tracks"] = tracks.ravel()[cell]
    return table.assign(**more).astype(VISITS)


def noise(seed=1):
    return 1 + np.random.default_rng(seed).poisson(3, GRID.shape)


def kinds(found):
    return found.set_index("cell")["kind"]


def test_a_crowded_corner_is_hot():
    tracks = noise()
    tracks[2:5, 2:5] = 60

    found = find_hotspots(visits(tracks), GRID)

    assert list(found.columns) == COLUMNS
    hot = found[found["kind"] == "hot"]
    assert {3 * 15 + 3, 2 * 15 + 2, 4 * 15 + 4} <= set(hot["cell"])
    assert (hot["z"] > 0).all()
    assert (hot["q"] <= 0.05).all()


def test_an_empty_quarter_among_crowds_is_cold():
    tracks = 50 + noise()
    tracks[6:, 8:] = 1

    found = find_hotspots(visits(tracks), GRID)

    assert kinds(found)[9 * 15 + 11] == "cold"
    assert found.set_index("cell")["z"][9 * 15 + 11] < 0


def test_a_single_crowded_cell_is_no_hotspot():
    """Its surroundings are not unusual: nine squares of the field hold it."""
    tracks = noise()
    tracks[5, 5] = 1000

    assert "hot" not in set(find_hotspots(visits(tracks), GRID)["kind"])


def test_shuffled_tracks_seldom_show_a_hotspot():
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(60):
        tracks = 1 + np.floor(np.exp(rng.normal(1, 1.5, GRID.shape))).astype(int)
        found += (find_hotspots(visits(tracks), GRID)["kind"] != "none").any()

    assert found / 60 <= 0.08


def test_confidence_follows_from_q():
    tracks = noise()
    tracks[2:5, 2:5] = 12

    found = find_hotspots(visits(tracks), GRID, alpha=0.1)

    q = found["q"]
    steps = np.select([q <= 0.01, q <= 0.05, q <= 0.1], [99, 95, 90], 0)
    assert found["confidence"].tolist() == steps.tolist()
    assert {0, 99} <= set(found["confidence"])
    strict = find_hotspots(visits(tracks), GRID, alpha=0.01)
    assert set(strict["confidence"]) == {0, 99}
    assert ((strict["kind"] != "none") == (strict["confidence"] == 99)).all()


def test_stricter_corrections_find_less():
    tracks = noise()
    tracks[2:5, 2:5] = 12
    hot = [
        (find_hotspots(visits(tracks), GRID, correction=name)["kind"] == "hot").sum()
        for name in ("none", "fdr", "by")
    ]

    assert hot[0] > hot[1] >= hot[2] > 0


def test_chances_may_be_told_in_three_ways():
    """By each of them a crowd is hot; the normal law takes more for hot than it is."""
    tracks = noise()
    tracks[2:5, 2:5] = 12
    found = {
        name: find_hotspots(visits(tracks), GRID, chances=name)
        for name in ("exact", "normal", "permutation")
    }

    middle = 3 * GRID.columns + 3
    for table in found.values():
        row = table.set_index("cell").loc[middle]
        assert (row["kind"], row["z"]) == ("hot", found["exact"]["z"].max())
    hot = {
        name: set(table["cell"][table["kind"] == "hot"])
        for name, table in found.items()
    }
    assert hot["exact"] <= hot["normal"]
    assert found["permutation"]["q"].min() >= 2 / 100_000


def test_empty_cells_on_land_belong_to_the_test_and_those_at_sea_do_not():
    """A road of fifteen cells: too few to test alone, enough with what is around."""
    tracks = np.zeros(GRID.shape, int)
    tracks[5] = noise()[5] + 5
    sea = tracks > 0

    assert find_hotspots(visits(tracks), GRID)["z"].notna().all()
    few = find_hotspots(visits(tracks), GRID, land=sea)
    assert few["z"].isna().all()
    assert (few["kind"] == "none").all()


def test_equal_counts_cannot_be_tested():
    """On a grid that is visited everywhere, with nothing around it."""
    found = find_hotspots(visits(np.full(GRID.shape, 7)), GRID)

    assert found["q"].isna().all()
    assert set(found["kind"]) == {"none"}
    assert set(found["confidence"]) == {0}


def test_nobody_gives_an_empty_table():
    found = find_hotspots(visits(np.zeros(GRID.shape, int)), GRID)

    assert list(found.columns) == COLUMNS
    assert found.empty
    assert found.crs == GRID.crs


def test_single_months_do_not_count():
    table = visits(noise())
    month = table.assign(month=24_276, tracks=500).astype(VISITS)

    one = find_hotspots(pd.concat([table, month]), GRID)

    assert one.equals(find_hotspots(table, GRID))


def test_the_order_of_rows_does_not_matter():
    table = visits(noise())

    one = find_hotspots(table.sample(frac=1, random_state=1), GRID)

    assert one.equals(find_hotspots(table, GRID))


def test_hours_are_means_in_steps_of_a_half():
    table = visits(noise(), minutes=0, stop_tracks=0, stop_minutes=0)
    table.loc[0, ["tracks", "minutes", "stop_tracks", "stop_minutes"]] = [
        4,
        300,
        2,
        240,
    ]

    found = find_hotspots(table, GRID)

    assert found.loc[0, "hours"] == 1.5
    assert found.loc[0, "stop_hours"] == 2
    assert found["stop_hours"].isna().sum() == len(found) - 1


def test_direction_comes_from_the_sum_over_tracks():
    """Nine of twelve go east and three west: half of their directions is left."""
    table = visits(noise())
    table.loc[0, ["tracks", "east"]] = [12, 6000]
    table.loc[1, ["tracks", "north"]] = [12, -12_000]
    table.loc[2, ["tracks", "north"]] = [12, 5000]

    found = find_hotspots(table, GRID)

    assert found["bearing_deg"][:2].tolist() == [90, 180]
    assert found["one_way_pct"][:2].tolist() == [75, 100]
    assert found["bearing_deg"][2:].isna().all()
    assert found["one_way_pct"][2:].isna().all()


def test_the_square_is_that_of_the_cell():
    found = find_hotspots(visits(noise()), GRID)

    assert found.geometry[16].equals(shapely.box(2000, 20_000, 4000, 22_000))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"correction": "bonferroni"}, "correction is 'bonferroni'"),
        ({"chances": "exakt"}, "chances is 'exakt'"),
        ({"alpha": 1.0}, r"alpha is 1\.0"),
        ({"land": np.ones((2, 2), bool)}, "land has shape"),
    ],
)
def test_wrong_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        find_hotspots(visits(noise()), GRID, **wrong)


def test_wrong_visits_are_refused():
    table = visits(noise())

    with pytest.raises(ValueError, match="that the grid does not have"):
        find_hotspots(table.assign(cell=table["cell"] + 1), GRID)
    with pytest.raises(ValueError, match="a cell comes twice"):
        find_hotspots(pd.concat([table, table]), GRID)
    with pytest.raises(SchemaError, match="no column 'east'"):
        find_hotspots(table.drop(columns="east"), GRID)


def test_squares_of_degrees_are_refused():
    grid = Grid("EPSG:4326", -78, 9, 0.02, rows=GRID.rows, columns=GRID.columns)

    with pytest.raises(CRSError, match="does not measure in metres"):
        find_hotspots(visits(noise()), grid)
