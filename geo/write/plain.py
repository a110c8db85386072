"""Tables as plain values that JSON knows."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Return a value as JSON knows it, to six digits; None for what is missing.

    Examples
    --------
    >>> plain({"cell_m": 250.0, "levels": (0.5, float("nan")), "q": 0.123456789})
    {'cell_m': 250, 'levels': [0.5, None], 'q': 0.123457}
    """
    if isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, Iterable):
        return [plain(part) for part in value]
    if bool(pd.isna(value)):
        return None
    if isinstance(value, int | float | np.number):
        number = float(f"{float(value):.6g}")
        return int(value) if float(value).is_integer() else number
    return str(value)


def columns(frame: pd.DataFrame, names: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return columns under short names; an absent one is all None."""
    return {
        short: _listed(frame[name]) if name in frame else [None] * len(frame)
        for short, name in names.items()
    }


def _listed(values: pd.Series) -> list[Any]:
    """Return what `plain` says of each value; of numbers and texts all at once.

    Examples
    --------
    >>> _listed(pd.Series([0.123456789, 2.0, None])), _listed(pd.Series([5, 2**60]))
    ([0.123457, 2, None], [5, 1152921504606846976])
    >>> _listed(pd.Series([5, None], dtype="Int64"))
    [5, None]
    """
    kind = values.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iu":
        return list(values.tolist())
    if isinstance(kind, pd.Int64Dtype):
        return [None if value is pd.NA else value for value in values.tolist()]
    if isinstance(kind, np.dtype) and kind.kind == "f":
        return [_number(value) for value in values.tolist()]
    if isinstance(kind, pd.StringDtype):
        return list(values.astype(object).where(values.notna(), None))
    return [plain(value) for value in values]


def _number(value: float) -> float | None:
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.6g}")


def rows(frame: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return rows under short names.

    Examples
    --------
    >>> rows(pd.DataFrame({"tracks": [12.0]}), {"n": "tracks", "z": "z"})
    [{'n': 12, 'z': None}]
    """
    listed = columns(frame, names)
    return [{short: listed[short][n] for short in names} for n in range(len(frame))]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows under their own names."""
    return rows(frame, {str(name): str(name) for name in frame.columns})
