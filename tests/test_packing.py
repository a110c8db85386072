"""What one part contributes, as arrays and back."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.packing import pack, table_in, tables_in, unpack
from geo.partials import analyse_part
from tests.parts import MARCH, RIVER, SETTINGS, assert_equal, fixes_of, partial_of

some_tracks = st.sets(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4)


@given(some_tracks)
@settings(max_examples=10, deadline=None)
def test_what_was_packed_comes_back(tracks):
    part = partial_of(tracks)

    assert_equal(unpack(pack(part), SETTINGS.grid), part)


def test_no_array_holds_python_objects():
    assert not [k for k, v in pack(partial_of([1])).items() if v.dtype.hasobject]


def test_an_empty_part_comes_back_empty():
    empty = analyse_part(MARCH, fixes_of([1]).iloc[:0], SETTINGS, targets=RIVER)

    back = unpack(pack(empty), SETTINGS.grid)

    assert (back.tracks, back.rejected, len(back.crossings)) == (0, {}, 0)
    assert list(back.visits) == list(empty.visits)


def test_only_cells_that_were_reached_are_packed():
    part = partial_of([1])

    cell = pack(part)["cell"]

    assert 0 < len(cell) < SETTINGS.grid.rows * SETTINGS.grid.columns / 4
    flat = part.occurrence.occurrence.ravel()
    assert flat[cell].sum() == flat.sum()


def test_tables_of_several_parts_are_those_of_each_one_after_the_other():
    packed = [pack(partial_of(tracks)) for tracks in ([1, 2], [3], [4, 5, 6])]

    for name in ("visits", "crossings", "crowd"):
        (whole,) = tables_in(packed, name)
        each = [table_in(arrays, name) for arrays in packed]
        pd.testing.assert_frame_equal(whole, pd.concat(each, ignore_index=True))
    assert tables_in([], "visits") == []
