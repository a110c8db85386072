"""Which way rivers flow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.analysis.terrain.costs import costs_of
from geo.analysis.terrain.streams import reach_of
from geo.analysis.terrain.travel import accumulate
from geo.grid import Grid, Surface

GRID = Grid("EPSG:32618", 0, 600, 100, rows=6, columns=7)


@given(
    arrays(bool, GRID.shape), arrays(bool, GRID.shape),
    arrays(float, GRID.shape, elements=st.integers(0, 5)),
)  # fmt: skip
def test_reach_is_the_way_along_the_river_to_the_sea_or_the_lowest_cell(
    river, sea, height
):
    """The same by travel on a friction of 1 to the mouths."""
    river &= ~sea
    relief = Surface(GRID, height, "height", "m")
    reach = reach_of(river, sea, relief)

    assert (reach[~river] == 0).all()
    mouths = np.flatnonzero(river & (reach == GRID.cell_m))
    if not river.any():
        return
    along = Surface(GRID, np.where(river, 1.0, np.nan), "river", "1")
    metres = accumulate(costs_of(along, neighbours=8), mouths).hours.values * 3600
    assert np.allclose(reach[river], metres[river] + GRID.cell_m)


def test_each_river_that_does_not_reach_the_sea_flows_to_its_first_lowest_cell():
    river = np.zeros(GRID.shape, bool)
    river[0, :3] = river[3, 2:] = True
    height = np.zeros(GRID.shape)
    height[0] = [5, 4, 4, 0, 0, 0, 0]
    height[3] = [0, 0, 9, 8, 7, np.nan, 8]
    sea = np.zeros(GRID.shape, bool)

    reach = reach_of(river, sea, Surface(GRID, height, "height", "m"))

    assert reach[0, :3].tolist() == [200, 100, 200]
    assert reach[3, 2:].tolist() == [300, 200, 100, 200, 300]


@pytest.mark.parametrize("corner", [(0, 0), (5, 6)])
def test_a_river_at_the_edge_does_not_go_round_it(corner):
    river = np.zeros(GRID.shape, bool)
    river[corner] = True
    river[2, 0] = river[2, 6] = True  # the ends of one row do not touch
    flat = Surface(GRID, np.zeros(GRID.shape), "height", "m")
    assert (reach_of(river, np.zeros(GRID.shape, bool), flat)[river] == 100).all()
