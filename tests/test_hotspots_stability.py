"""Whether cells stay hot on grids of another size, or in another place."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.hotspots.cells import find_hotspots
from geo.analysis.hotspots.stability import (
    _pieces,
    count_tracks,
    grid_variants,
    stable_share,
)
from geo.grid import Grid
from geo.schema import ALL_MONTHS, VISITS

CRS = "EPSG:32618"
FINE = Grid(CRS, -2_000, 12_000, 250, rows=96, columns=80)
CELLS = FINE.coarsened(8)


def paths_of(tracks):
    """Paths of so many tracks through each fine cell, each in that cell alone."""
    cell = np.repeat(np.arange(tracks.size), tracks.ravel())
    return pd.DataFrame({"track": np.arange(len(cell)), "cell": cell.astype("int32")})


def shares(tracks, **options):
    """The hotspots of the published grid, with the share of grids that agree."""
    paths = paths_of(tracks)
    _, counts = count_tracks(paths, FINE, variant=(8, 0, 0))
    cell = np.flatnonzero(counts)
    visits = pd.DataFrame(0, index=range(len(cell)), columns=list(VISITS))
    visits["cell"], visits["tracks"] = cell, counts.ravel()[cell]
    visits["month"] = ALL_MONTHS
    found = find_hotspots(visits, CELLS)
    kind = found["kind"].to_numpy(str)
    return found.assign(
        stable=stable_share(cell, kind, CELLS, paths=paths, grid=FINE, **options)
    )


def noise(mean=0.3):
    """Tracks strewn over the fine grid without a pattern."""
    return np.random.default_rng(3).poisson(mean, FINE.shape)


def test_there_are_two_sizes_with_four_offsets_each():
    variants = grid_variants(8)

    assert variants[0] == (8, 0, 0)
    assert len(set(variants)) == 8
    assert {side for side, _, _ in variants} == {8, 12}
    for side, down, right in variants:
        assert {down, right} <= {0, side // 2}


def test_a_published_cell_of_one_fine_cell_has_fewer_grids():
    assert grid_variants(1) == [(1, 0, 0), (2, 0, 0), (2, 0, 1), (2, 1, 0), (2, 1, 1)]
    with pytest.raises(ValueError, match="side is 0"):
        grid_variants(0)


@given(
    st.sets(st.tuples(st.integers(-3, 3), st.integers(0, 34)), max_size=60),
    st.sampled_from(grid_variants(2) + grid_variants(3)),
)
def test_tracks_are_counted_as_one_by_one(entered, variant):
    fine = Grid(CRS, 0, 500, 100, rows=5, columns=7)
    paths = pd.DataFrame(sorted(entered), columns=["track", "cell"], dtype="int64")

    coarse, counts = count_tracks(paths, fine, variant=variant)

    here = coarse.cell_of(*fine.centre_of(paths["cell"].to_numpy()))
    assert (here >= 0).all()
    pairs = set(zip(paths["track"], here, strict=True))
    expected = np.bincount([cell for _, cell in pairs], minlength=counts.size)
    assert counts.ravel().tolist() == expected.tolist()


@pytest.mark.parametrize("variant", grid_variants(8))
def test_the_pieces_of_a_square_are_those_of_geometry(variant):
    coarse, _ = count_tracks(paths_of(noise(0)), FINE, variant=variant)
    cell = np.array([0, 5, 37, CELLS.rows * CELLS.columns - 1])
    x, y = CELLS.centre_of(cell)
    half, side = CELLS.cell_m / 2, coarse.cell_m / 2
    squares = shapely.box(x - half, y - half, x + half, y + half)

    pieces = list(_pieces(x, y, coarse, half=half))

    assert np.allclose(sum(area for _, area in pieces), CELLS.cell_m**2)
    for corner, area in pieces:
        east, north = coarse.centre_of(corner)
        met = shapely.box(east - side, north - side, east + side, north + side)
        here = area > 0
        common = shapely.area(shapely.intersection(squares, met))
        assert np.allclose(common[here], area[here])


def test_a_broad_crowd_is_hot_on_every_grid():
    tracks = noise()
    tracks[32:64, 24:56] += 5

    found = shares(tracks).set_index("cell")

    inner = [row * 10 + column for row in (5, 6) for column in (4, 5)]
    assert (found.loc[inner, "kind"] == "hot").all()
    assert (found.loc[inner, "stable"] == 100).all()


def test_a_crowd_no_larger_than_a_square_or_two_hangs_on_where_squares_begin():
    hot = {}
    for width in (14, 22):
        rng = np.random.default_rng(5)
        tracks = rng.poisson(0.5, FINE.shape)
        tracks[44 : 44 + width, 36 : 36 + width] += rng.poisson(1, (width, width))
        found = shares(tracks)
        hot[width] = found.loc[found["kind"] == "hot", "stable"]

    assert hot[14].max() < 75 <= hot[22].min()


def test_what_no_grid_says_has_no_share():
    paths = paths_of(noise())
    cell = np.arange(120)

    hot, ordinary = (
        stable_share(cell, np.full(120, kind), CELLS, paths=paths, grid=FINE)
        for kind in ("hot", "none")
    )

    assert (hot == 0).all()
    assert (ordinary == 100).all()


def test_shares_are_eighths_and_hold_the_published_grid():
    found = shares(noise())

    assert set(found["stable"] % 12.5) == {0}
    assert (found["stable"] >= 12.5).all()


def test_the_names_of_tracks_do_not_matter():
    paths = paths_of(noise())
    renamed = paths.assign(track=paths["track"] * -7 + 5)[::-1]
    cell, kind = np.arange(40), np.full(40, "none")

    one, two = (
        stable_share(cell, kind, CELLS, paths=table, grid=FINE)
        for table in (paths, renamed)
    )

    assert one.tolist() == two.tolist()


def test_the_sea_is_no_ground_for_comparison():
    """With land around the crowd alone, hardly a cell is empty, and less is hot."""
    tracks = np.zeros(FINE.shape, int)
    tracks[16:80, 16:64] = noise()[16:80, 16:64]
    land = tracks >= 0
    land[:, :16] = False

    everywhere, ashore = shares(tracks), shares(tracks, land=land)

    assert len(everywhere) == len(ashore)
    assert (everywhere["stable"] != ashore["stable"]).any()


def test_nothing_visited_is_nothing_shared():
    empty = paths_of(np.zeros(FINE.shape, int))

    share = stable_share(
        np.zeros(0, int), np.zeros(0, str), CELLS, paths=empty, grid=FINE
    )

    assert share.tolist() == []


def test_cells_that_are_not_made_of_fine_cells_are_refused():
    aside = Grid(CRS, -1_900, 12_000, 2_000, rows=12, columns=10)
    odd = Grid(CRS, -2_000, 12_000, 2_100, rows=12, columns=10)

    for cells in (aside, odd):
        with pytest.raises(ValueError, match="do not consist of cells"):
            stable_share(
                np.array([0]),
                np.array(["hot"]),
                cells,
                paths=paths_of(noise()),
                grid=FINE,
            )
