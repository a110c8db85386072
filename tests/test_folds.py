"""Tracks in groups, each of which can be foretold from the others."""

import numpy as np
import pandas as pd
import pytest

from geo.analysis.corridors.brownian import brownian_bridge
from geo.folds import GROUPS, MOST_WAYS, group_part, join_groups, movement_of
from geo.partials import clean_and_cut
from geo.recipe import partial_settings
from geo.standing import last_moment
from tests.regions import make_region, walk

ONES = np.ones(GROUPS, np.int64)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    from geo.config import load_config

    path = make_region(tmp_path_factory.mktemp("folds"), walks=3)
    return partial_settings(load_config(path), until=last_moment(None, 30))


def fixes(numbers, *, salt=0):
    """Walks as the store would hold them; the salt is another secret key."""
    tables = []
    for number in numbers:
        rows = walk(number)
        tables.append(
            pd.DataFrame(
                {
                    "track": (number + 1) * 7919 ^ salt,
                    "time": pd.to_datetime(rows["time"]).astype("datetime64[ms, UTC]"),
                    "lon": rows["longitude"],
                    "lat": rows["latitude"],
                    "elevation_m": np.nan,
                    "accuracy_m": np.nan,
                }
            )
        )
    whole = pd.concat(tables, ignore_index=True)
    return whole.sort_values(["track", "time"], ignore_index=True)


def same(one, other):
    assert (one.keys == other.keys).all()
    assert (one.entered.track == other.entered.track).all()
    assert (one.entered.cell == other.entered.cell).all()
    for a, b in zip(one.moved, other.moved, strict=True):
        assert (a.cell == b.cell).all()
        assert (a.occurrence == b.occurrence).all()
        assert (a.support == b.support).all()
    columns = ["track", "x0_m", "y0_m", "x1_m", "y1_m"]
    pd.testing.assert_frame_equal(one.trips[columns], other.trips[columns])


def test_the_groups_together_moved_as_all_tracks_did(settings):
    some = fixes(range(12))
    _, trips = clean_and_cut(some, settings)
    whole = brownian_bridge(trips, settings.grid, max_bridge_h=settings.max_gap_h)
    found = movement_of(group_part(some, settings).moved, ONES, settings.grid)

    assert (found.occurrence == whole.occurrence).all()
    assert (found.support == whole.support).all()


def test_a_weight_counts_the_tracks_of_a_group_so_often(settings):
    groups = group_part(fixes([4]), settings)
    twice = movement_of(groups.moved, 2 * ONES, settings.grid)

    assert twice.tracks == 2
    assert (groups.group == groups.keys % np.uint64(GROUPS)).all()
    weights = ONES.copy()
    weights[groups.group[0]] = 0
    assert movement_of(groups.moved, weights, settings.grid).tracks == 0


def test_groups_hang_neither_on_the_secret_key_nor_on_the_order(settings):
    same(
        group_part(fixes(range(8)), settings),
        group_part(fixes([5, 2, 7, 0, 1, 4, 3, 6], salt=2**40 + 12345), settings),
    )


def test_parts_can_be_joined_in_any_order(settings):
    parts = [group_part(fixes(some), settings) for some in ([0, 3], [1], [2, 4, 5])]
    whole = group_part(fixes(range(6)), settings)

    same(join_groups(parts), whole)
    same(join_groups(parts[::-1]), whole)


def test_only_so_many_ways_are_kept(settings, monkeypatch):
    monkeypatch.setattr("geo.folds.MOST_WAYS", 2)
    parts = [group_part(fixes(some), settings) for some in ([0, 1, 2], [3, 4, 5])]
    whole = join_groups(parts)

    assert MOST_WAYS > 2
    assert all(part.trips["way"].notna().sum() == 2 for part in parts)
    assert whole.trips["way"].notna().sum() == 2
    ends = whole.trips[whole.trips["way"].notna()].iloc[0]
    assert tuple(ends["way"][0]) == (ends["x0_m"], ends["y0_m"])
    assert tuple(ends["way"][-1]) == (ends["x1_m"], ends["y1_m"])


def test_a_part_without_usable_fixes_has_empty_groups(settings):
    nothing = group_part(fixes([1]).iloc[:2], settings)

    assert nothing.entered.tracks == 0
    assert nothing.trips.empty
    joined = join_groups([nothing, group_part(fixes([1]), settings)])
    assert joined.entered.tracks == 1


def test_tracks_that_begin_alike_fall_into_one_group(settings):
    one = fixes([1])
    twin = pd.concat([one, one.assign(track=one["track"] + 1)], ignore_index=True)

    assert len(set(group_part(twin, settings).group.tolist())) == 1
