"""Waterways of OpenStreetMap: how large each is, and whether it carries boats."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

WATERWAYS: Mapping[str, Any] = {
    "name": "",
    "waterway": "",
    "order": 0,
    "width": "",
    "boat": "",
    "motorboat": "",
    "ship": "",
    "intermittent": "",
    "other_tags": "",
}
"""Columns that are read, with what stands in for a missing one: tags of OpenStreetMap,
or an `order` of one's own, 1 the largest. `other_tags` is where GDAL puts the rest."""

LARGE_M, MIDDLE_M = 50.0, 15.0
"""A waterway from this width on has rank 1, and rank 2; a narrower one has rank 3."""

_BY_KIND = {"river": 2, "tidal_channel": 2, "canal": 2, "fairway": 1}
_SMALLEST = 3
_BOATS = ("ship", "motorboat", "boat")
_YES = {"yes", "designated", "permissive", "official", "customers", "permit"}
_NO = {"no", "private"}
_WIDTH = re.compile(r"^\s*[~<>≈]?\s*(\d+(?:[.,]\d+)?)\s*(m|km|metres?|meters?)?\s*$")


def rank_waterways(tags: pd.DataFrame) -> pd.DataFrame:
    """Return what travel needs to know of waterways, from their tags.

    Parameters
    ----------
    tags
        Columns of WATERWAYS.

    Returns
    -------
    DataFrame
        `name`; `order`, 1 the largest: as given, else by width, else by kind (a river
        has 2, and 1 if it carries boats; what is smaller has 3); `boats`, 1 if it
        carries boats, -1 if it must not, 0 if nobody says; `seasonal`, whether it
        falls dry.

    Examples
    --------
    >>> blank = dict.fromkeys(WATERWAYS, "") | {"order": 0}
    >>> some = [{"name": "Atrato", "waterway": "river", "width": "250 m"},
    ...         {"waterway": "river", "boat": "yes"}, {"waterway": "river"},
    ...         {"waterway": "stream", "intermittent": "yes"}, {"order": 4}]
    >>> ranked = rank_waterways(pd.DataFrame([blank | one for one in some]))
    >>> ranked.drop(columns="name").T.values.tolist()
    [[1, 1, 2, 3, 4], [0, 1, 0, 0, 0], [False, False, False, True, False]]
    """
    rows = [_ranked(row) for row in tags.to_dict("records")]
    order, boats, seasonal = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame(
        {
            "name": tags["name"].to_numpy(),
            "order": np.array(order, np.int64),
            "boats": np.array(boats, np.int64),
            "seasonal": np.array(seasonal, bool),
        }
    ).astype({"name": "str"})


def _ranked(row: Mapping[Any, Any]) -> tuple[int, int, bool]:
    """Return rank, boats and season of one waterway."""
    tags = _others(row["other_tags"]) | {k: v for k, v in row.items() if v}
    boats = 0
    for key in _BOATS:  # what the smallest may do says most
        said = str(tags.get(key, "")).lower()
        boats = 1 if said in _YES else -1 if said in _NO else boats
    order = max(int(row["order"]), 0)
    if order == 0:
        order = _order_of(str(tags.get("waterway", "")), _metres(tags), boats)
    return order, boats, str(tags.get("intermittent", "")).lower() == "yes"


def _order_of(kind: str, width_m: float, boats: int) -> int:
    """Return the rank of a waterway by its width, or else by what it is called."""
    if width_m > 0:
        return 1 if width_m >= LARGE_M else 2 if width_m >= MIDDLE_M else _SMALLEST
    order = _BY_KIND.get(kind, _SMALLEST)
    return 1 if boats > 0 and order <= 2 else order


def _metres(tags: Mapping[str, Any]) -> float:
    """Return the width of a waterway, NaN where it is not said in metres.

    Examples
    --------
    >>> [_metres({"width": text}) for text in ("~12,5 m", "0.2 km", "30'", "")]
    [12.5, 200.0, nan, nan]
    """
    match = _WIDTH.match(str(tags.get("width") or tags.get("est_width") or ""))
    if not match:
        return math.nan
    return float(match[1].replace(",", ".")) * (1000.0 if match[2] == "km" else 1.0)


def _others(text: str) -> dict[str, str]:
    r"""Return the tags that GDAL packs into one text.

    Examples
    --------
    >>> _others('"width"=>"30","boat"=>"yes"')
    {'width': '30', 'boat': 'yes'}
    """
    return dict(re.findall(r'"([^"\\]{1,60})"=>"([^"\\]{0,200})"', text))
