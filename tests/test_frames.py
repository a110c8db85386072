"""Columns of frames in and out of arrays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import frames
from geo.frames import (
    milliseconds,
    moments,
    on_processors,
    one_or_all,
    picked,
    room,
    same,
    shares,
)


def frame_of(n):
    time = pd.Timestamp("2024-06-01T06Z") + pd.to_timedelta(np.arange(n), unit="min")
    return pd.DataFrame(
        {
            "whole": np.arange(n) - 3,
            "real": np.where(np.arange(n) % 3, np.arange(n) / 7, np.nan),
            "time": pd.Series(time).astype("datetime64[ms, UTC]"),
            "local": pd.Series(time).dt.tz_convert("America/Panama"),
            "naive": pd.Series(time).dt.tz_localize(None),
            "small": np.arange(n).astype(np.int8),
            "text": pd.Series([f"row {k}" for k in range(n)], dtype="str"),
            "kind": pd.Categorical([f"kind {k % 3}" for k in range(n)]),
        }
    )


@pytest.mark.parametrize("share", [1, 7, 100_000])
@given(kept=st.lists(st.booleans(), max_size=40).map(lambda k: np.array(k, bool)))
def test_rows_are_picked_as_pandas_picks_them(share, kept):
    frame = frame_of(kept.size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "SHARE", share)
        ours = picked(dict(frame.items()), kept)

    pd.testing.assert_frame_equal(ours, frame[kept].reset_index(drop=True))


def test_the_argument_is_left_alone_and_shares_nothing_with_the_result():
    frame = frame_of(9)
    ours = picked(dict(frame.items()), np.ones(9, bool))
    ours.loc[0, "real"] = -1.0

    pd.testing.assert_frame_equal(frame, frame_of(9))


def test_arrays_are_picked_like_series():
    ours = picked({"a": np.arange(4.0)}, np.array([True, False, True, False]))

    assert ours["a"].tolist() == [0.0, 2.0]


def test_times_go_there_and_back():
    ms = np.array([-1, 0, 1_700_000_000_123])

    assert milliseconds(moments(ms)).tolist() == ms.tolist()
    assert str(moments(ms).dtype) == "datetime64[ms, UTC]"


@pytest.mark.parametrize("size", [0, 1, 100_000, 100_001])
def test_shares_hold_each_row_once(size):
    rows = [np.arange(size)[share] for share in shares(size)]

    assert np.array_equal(np.concatenate([[], *rows]), np.arange(size))


def test_tasks_may_share_out_tasks_of_their_own():
    def sums(n):
        return sum(on_processors(lambda k: k, range(n)))

    assert on_processors(sums, range(20)) == [n * (n - 1) // 2 for n in range(20)]


def test_the_first_error_of_a_task_is_raised():
    def fail(item):
        raise ValueError(f"no {item}")

    with pytest.raises(ValueError, match="no 1"):
        on_processors(fail, [1, 2, 3])


def test_a_column_of_one_value_stays_one_when_rows_are_picked():
    kept = np.array([True, False, True])
    ours = picked({"a": np.arange(3), "b": same(np.nan, 3)}, kept, more={"c": 7.0})

    assert [ours[name].to_numpy().strides for name in "bc"] == [(0,), (0,)]
    assert one_or_all(ours["c"]).tolist() == [7.0]
    assert one_or_all(ours["a"]).tolist() == [0.0, 2.0]


def test_what_is_filled_in_stands_behind_the_columns():
    def fill(at, out):
        out["twice"][:] = 2 * out["a"] + at

    cuts = [slice(0, 2), slice(2, 4)]
    kept = np.array([True, True, False, True])
    more = {"twice": int}
    ours = picked({"a": np.arange(4)}, kept, cuts=cuts, more=more, fill=fill)

    assert ours.to_dict("list") == {"a": [0, 1, 3], "twice": [0, 2, 7]}


def test_writing_to_a_column_of_one_value_leaves_its_kin_alone():
    frame = pd.DataFrame({"a": same(1.0, 3), "b": same(1.0, 3)}, copy=False)
    frame.loc[1, "a"] = 5.0
    only = pd.DataFrame({"b": same(1.0, 3)}, copy=False)
    only.iloc[0, 0] = 6.0

    assert frame.to_dict("list") == {"a": [1.0, 5.0, 1.0], "b": [1.0] * 3}
    assert only["b"].tolist() == [6.0, 1.0, 1.0]
    assert same(1.0, 2).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("size", [0, 3, 100_000, 1_000_003])
def test_columns_in_one_room_do_not_touch(size):
    columns = room(3, size)
    for number, column in enumerate(columns):
        column[:] = number

    assert columns.shape == (3, size)
    assert columns.sum() == 3 * size
