"""Columns of frames in and out of arrays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import frames
from geo.frames import milliseconds, moments, on_processors, picked, shares


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


def test_the_first_error_of_a_task_is_raised():
    def fail(item):
        raise ValueError(f"no {item}")

    with pytest.raises(ValueError, match="no 1"):
        on_processors(fail, [1, 2, 3])
