"""Adding up the parts, in whatever order."""

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.packing import pack
from geo.schema import ALL_MONTHS
from geo.totals import add_up, mark_tracks
from tests.parts import (
    JUNE,
    MARCH,
    SETTINGS,
    assert_equal,
    assert_same_movement,
    partial_of,
)

GRID = SETTINGS.grid
SEASONS = {"dry": (1, 2, 3), "wet": (5, 6), "never": (12,)}

PARTS = [
    pack(partial_of([1, 2, 3], month=MARCH)),
    pack(partial_of([4, 5], month=MARCH + 1)),
    pack(partial_of([6], month=JUNE)),
]


@given(st.permutations(range(3)))
@settings(max_examples=6, deadline=None)
def test_the_order_of_the_parts_does_not_matter(order):
    whole = add_up(PARTS, GRID, seasons=SEASONS)

    assert_equal(add_up([PARTS[n] for n in order], GRID, seasons=SEASONS), whole)


def test_tracks_of_one_month_can_be_counted_apart():
    """The incremental build rests on this: parts that share no track add up."""
    together = add_up([pack(partial_of(range(6)))], GRID, seasons=SEASONS)
    apart = add_up(
        [pack(partial_of([0, 2, 4])), pack(partial_of([1, 3, 5]))],
        GRID,
        seasons=SEASONS,
    )

    np.testing.assert_array_equal(apart.visits.to_numpy(), together.visits.to_numpy())
    assert apart.crossings.equals(together.crossings)
    paths = apart.paths.sort_values(["track", "cell"], ignore_index=True)
    assert paths.equals(together.paths)
    np.testing.assert_array_equal(apart.votes, together.votes)
    assert apart.tracks == together.tracks == 6
    assert apart.kept == together.kept
    for season, movement in together.movement.items():
        assert_same_movement(apart.movement[season], movement)


def test_counts_of_all_months_are_sums_of_distinct_tracks():
    totals = add_up(PARTS, GRID, seasons=SEASONS)

    ever = totals.visits[totals.visits["month"] == ALL_MONTHS]
    crossed = totals.crossings.set_index("month")["tracks"]
    assert totals.tracks == 6
    assert ever["tracks"].max() == 6
    assert crossed.to_dict() == {ALL_MONTHS: 6, MARCH: 3, MARCH + 1: 2, JUNE: 1}
    assert totals.monthly.to_numpy().tolist() == [
        [MARCH, 3],
        [MARCH + 1, 2],
        [JUNE, 1],
    ]


def test_a_track_moves_in_the_season_in_which_it_began():
    movement = add_up(PARTS, GRID, seasons=SEASONS).movement

    tracks = {name: surface.tracks for name, surface in movement.items()}

    assert tracks == {"all": 6, "dry": 3, "wet": 1, "never": 0}


def test_paths_know_their_part():
    paths = add_up(PARTS, GRID, seasons={}).paths

    by_track = paths.groupby("track")["part"].first().to_dict()

    assert by_track == dict.fromkeys([1, 2, 3], MARCH) | {
        4: MARCH + 1,
        5: MARCH + 1,
        6: JUNE,
    }
    assert not paths.duplicated(["track", "cell"]).any()


def test_no_parts_give_empty_totals():
    totals = add_up([], GRID, seasons=SEASONS)

    assert (totals.tracks, totals.kept, totals.rejected) == (0, 0, {})
    assert len(totals.visits) == len(totals.crossings) == len(totals.paths) == 0
    assert list(totals.movement) == ["all", *SEASONS]
    assert not totals.movement["all"].occurrence.any()


def test_rejects_are_added_by_reason():
    part = partial_of([1])
    rejected = [{"duplicate": 2, "spike": 1}, {"spike": 4}]

    packed = [pack(replace(part, rejected=counts)) for counts in rejected]

    assert add_up(packed, GRID, seasons={}).rejected == {"duplicate": 2, "spike": 5}


class TestMarks:
    """A lot that hangs on the paths alone."""

    def paths(self, names, cells, *, part=24276):
        rows = [
            (part, name, cell, cell % 7, -cell)
            for name, entered in zip(names, cells, strict=True)
            for cell in entered
        ]
        return pd.DataFrame(rows, columns=["part", "track", "cell", "east", "north"])

    @given(st.lists(st.sets(st.integers(0, 99), min_size=1), min_size=1), st.data())
    def test_names_and_their_order_make_no_difference(self, cells, data):
        order = data.draw(st.permutations(range(len(cells))))
        entered = [sorted(some) for some in cells]
        one = mark_tracks(self.paths(range(len(cells)), entered))
        other = mark_tracks(
            self.paths(range(-9, len(cells) - 9), [entered[n] for n in order])
        )

        def told(marked):
            rows = marked.sort_values(["track", "cell"])
            return rows[["track", "cell"]].to_numpy().tolist()

        assert told(one) == told(other)

    def test_tracks_with_one_path_stay_apart_and_parts_too(self):
        twice = mark_tracks(self.paths([1, 2], [[5, 6], [5, 6]]))
        later = mark_tracks(self.paths([1], [[5, 6]], part=24277))

        assert twice["track"].nunique() == 2
        assert set(later["track"]).isdisjoint(twice["track"])

    def test_lots_are_even(self):
        marked = mark_tracks(self.paths(range(5000), [[n, n + 1] for n in range(5000)]))
        often = np.bincount(marked["track"].to_numpy()[::2] % 5)

        assert abs(often - 1000).max() < 120

    def test_without_paths_there_is_nothing_to_mark(self):
        assert mark_tracks(self.paths([], [])).empty
