"""What one part contributes, and what it depends on."""

from dataclasses import fields, replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grid import Grid
from geo.packing import pack
from geo.partials import analyse_part, clean_and_cut, with_change
from geo.schema import ALL_MONTHS
from tests.parts import (
    CELLS,
    CRS,
    MARCH,
    RIVER,
    SETTINGS,
    assert_equal,
    fixes_of,
    partial_of,
)

some_tracks = st.sets(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4)


class TestPartial:
    """The contributions of walkers whose way is known."""

    def test_every_walker_is_counted_where_they_passed(self):
        part = partial_of(range(5))

        total = part.visits[part.visits["month"] == ALL_MONTHS]
        assert (part.month, part.tracks, part.kept) == (MARCH, 5, 100)
        assert part.rejected == {}
        assert total["tracks"].max() == 5
        assert total["fixes"].sum() == 100
        assert part.paths["track"].nunique() == 5
        assert part.occurrence.support.max() == 5

    def test_all_cross_the_river_northward(self):
        crossings = partial_of(range(5)).crossings

        assert crossings["tracks"].tolist() == [5, 5]
        assert crossings["month"].tolist() == [ALL_MONTHS, MARCH]
        assert set(crossings["direction"]) == {"to the north bank"}

    def test_a_part_without_fixes_contributes_nothing(self):
        part = analyse_part(MARCH, fixes_of([1]).iloc[:0], SETTINGS, targets=RIVER)

        assert (part.tracks, part.kept, len(part.visits)) == (0, 0, 0)
        assert not part.occurrence.occurrence.any()

    def test_fixes_from_the_last_moment_on_are_left_out_as_too_recent(self):
        fixes = fixes_of([1, 2])
        until = pd.Timestamp("2023-03-02T12:40Z")
        recent = replace(SETTINGS, until_ms=int(until.timestamp() * 1000))

        cleaned, trips = clean_and_cut(fixes, recent)

        rejects = cleaned.turned.rejects()
        assert cleaned.turned.counts() == {"too recent": 2 * 10}
        assert cleaned.kept + len(rejects) == len(fixes)
        assert set(rejects["column"]) == {"time"}
        assert (trips["time"] < until).all()

    def test_trips_are_smoothed_where_the_settings_say_so(self):
        fixes = fixes_of([1, 2])
        fixes.loc[5, "lon"] += 1e-3

        cleaned, plain = clean_and_cut(fixes, SETTINGS)
        same, smooth = clean_and_cut(fixes, replace(SETTINGS, smooth=True))

        assert same.kept == cleaned.kept == len(fixes)
        assert plain["x_m"].equals(smooth["raw_x_m"])
        off = (smooth["x_m"] - smooth["raw_x_m"]).abs()
        assert off.idxmax() == 5
        assert off.max() > 1  # with a fix each 10 min, that is all

    def test_the_fixes_are_not_changed(self):
        fixes = fixes_of([1, 2])
        before = fixes.copy(deep=True)

        analyse_part(MARCH, fixes, SETTINGS, targets=RIVER)

        pd.testing.assert_frame_equal(fixes, before)


class TestChange:
    """A part in which a few tracks changed is not computed as a whole."""

    @given(some_tracks, some_tracks, some_tracks)
    @settings(max_examples=10, deadline=None)
    def test_what_came_and_went_gives_the_whole_to_the_last_bit(self, stay, go, new):
        stay, new = stay - go - new, new - go
        before = partial_of(stay | go)

        after = with_change(before, come=partial_of(new), gone=partial_of(go))

        whole = partial_of(stay | new)
        assert_equal(after, whole)
        packed = pack(after)
        for name, array in pack(whole).items():
            assert packed[name].dtype == array.dtype
            assert packed[name].tolist() == array.tolist()

    def test_a_track_that_changed_counts_as_it_is_now(self):
        stays, longer = fixes_of([1]), fixes_of([2])
        shorter = longer.iloc[:12]
        first, come, gone, whole = (
            analyse_part(MARCH, fixes, SETTINGS, targets=RIVER)
            for fixes in (
                pd.concat([stays, shorter]),
                longer,
                shorter,
                fixes_of([1, 2]),
            )
        )

        assert_equal(with_change(first, come=come, gone=gone), whole)

    def test_reasons_of_rejected_rows_come_and_go(self):
        part = replace(partial_of([1]), rejected={"spike": 3, "duplicate": 1})
        come = replace(partial_of([2]), rejected={"spike": 2})
        gone = replace(partial_of([]), rejected={"duplicate": 1})

        assert with_change(part, come=come, gone=gone).rejected == {"spike": 5}


OTHER = {
    "grid": Grid(CRS, -8_000, 8_000, 500, rows=32, columns=32),
    "cells": CELLS.coarsened(2),
    "bounds": (-77.6, 8.03, -77.43, 8.17),
    "until_ms": 0,
    "max_accuracy_m": 50.0,
    "min_fixes": 4,
    "stop_strays": 1,
    "smooth": True,
    "variance": "dynamic",
}


class TestDigest:
    """A partial is computed again when, and only when, it could come out another."""

    @pytest.mark.parametrize("name", [f.name for f in fields(SETTINGS)])
    def test_every_setting_counts_but_the_last_moment(self, name):
        value = OTHER[name] if name in OTHER else 2 * getattr(SETTINGS, name)

        changed = replace(SETTINGS, **{name: value})

        same = changed.digest(RIVER) == SETTINGS.digest(RIVER)
        assert same == (name == "until_ms")

    @pytest.mark.parametrize(
        "targets",
        [
            RIVER.assign(name="Río Otro"),
            RIVER.assign(precision_m=200.0),
            RIVER.assign(geometry=RIVER.translate(yoff=1)),
            RIVER.iloc[:0],
        ],
        ids=["name", "precision", "geometry", "none"],
    )
    def test_so_do_the_targets(self, targets):
        assert SETTINGS.digest(targets) != SETTINGS.digest(RIVER)

    def test_and_the_version(self, monkeypatch):
        before = SETTINGS.digest(RIVER)
        monkeypatch.setattr("geo.__version__", "99")

        assert SETTINGS.digest(RIVER) != before

    def test_equal_settings_have_one_digest(self):
        copy = replace(SETTINGS, grid=replace(SETTINGS.grid))

        assert copy.digest(RIVER.copy()) == SETTINGS.digest(RIVER)
