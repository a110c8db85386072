"""Which cells became hot or cold, stayed so, or ceased to be, and why it is said."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.hotspots.cube import FEWEST_STEPS
from geo.analysis.hotspots.emerging import find_emerging
from geo.findings.methods import Methods
from geo.grid import Grid
from geo.privacy import rounded_counts
from geo.schema import ALL_MONTHS
from geo.totals import Totals

PATTERNS_ES = {
    "new": "nuevo",
    "consecutive": "consecutivo",
    "intensifying": "en aumento",
    "diminishing": "en descenso",
    "persistent": "persistente",
    "oscillating": "oscilante",
    "sporadic": "esporádico",
    "historical": "histórico",
}
_SIDES_ES = {"hot": "caliente", "cold": "frío", "none": "ni lo uno ni lo otro"}
_TRENDS = {
    "rising": ("rising", "en aumento"),
    "falling": ("falling", "en descenso"),
    "none": ("no trend", "sin tendencia"),
}


def find_change(
    totals: Totals, cells: Grid, *, ground: NDArray[np.bool_], methods: Methods
) -> dict[str, pd.DataFrame]:
    """Return the layer of emerging hotspots, if there are months enough.

    Parameters
    ----------
    totals
        Sums over parts.
    cells
        Grid of the published cells.
    ground : (rows, columns) bool array
        Cells of it with land.
    methods
        How.

    Returns
    -------
    dict
        `emerging`: a row a cell that some month is published of, with `cell`,
        `tracks` (of all months), `kind` and `kind_es`, `trend` ("rising", "falling"
        or "none"), `months`, `hot_months`, `cold_months`, `last`, `run`, `reason_en`
        and `reason_es`. Nothing where the cube has fewer than ten months, or no
        variation.

    Notes
    -----
    The class of a cell must not tell of a month in which fewer than k tracks passed:
    "cold" instead of "neither" could mean that nobody came, not even one. So the
    cube holds the counts as they are published, rounded, and 0 for whatever is
    withheld. All that is told here could be worked out from `hotspots_monthly`; it
    costs the test power where few pass.
    """
    began = totals.monthly["month"]
    # A few who are still on their way when the last month is over make no month.
    monthly = totals.visits[totals.visits["month"].between(began.min(), began.max())]
    counts = monthly[["cell", "month"]].assign(
        tracks=rounded_counts(
            monthly["tracks"].to_numpy(), k=methods.k, round_to=methods.round_to
        ).astype(np.int64)
    )
    month = counts["month"].to_numpy()
    steps = int(month.max() - month.min()) + 1 if len(month) else 0
    shown = counts.loc[counts["tracks"] > 0, "tracks"]
    if steps < FEWEST_STEPS or shown.empty:
        return {}
    try:
        found = find_emerging(
            counts,
            cells,
            land=ground,
            correction=methods.correction,
            alpha=methods.alpha,
        )
    except ValueError:  # a handful of cells, or all alike: nothing can be tested
        return {}
    total = totals.visits[totals.visits["month"] == ALL_MONTHS]
    tracks = total.set_index("cell")["tracks"].reindex(found["cell"])
    return {"emerging": _told(found, tracks.to_numpy(dtype=np.int64))}


def _told(found: gpd.GeoDataFrame, tracks: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Return the classes with their reasons in words."""
    rows = found.to_dict("records")
    return gpd.GeoDataFrame(
        {
            "cell": found["cell"],
            "tracks": tracks,
            "kind": found["kind"],
            "kind_es": [_spanish(kind) for kind in found["kind"]],
            "trend": found["trend"],
            "months": found["steps"],
            "hot_months": found["hot_steps"],
            "cold_months": found["cold_steps"],
            "last": found["last"],
            "run": found["run"],
            "reason_en": [reason(row)[0] for row in rows],
            "reason_es": [reason(row)[1] for row in rows],
        },
        geometry=found.geometry,
        crs=found.crs,
    )


def _spanish(kind: str) -> str:
    """Return the Spanish name of a class.

    Examples
    --------
    >>> _spanish("intensifying cold"), _spanish("none")
    ('frío en aumento', 'sin patrón')
    """
    pattern, _, side = kind.partition(" ")
    return f"{_SIDES_ES[side]} {PATTERNS_ES[pattern]}" if side else "sin patrón"


def reason(row: dict[str, object]) -> tuple[str, str]:
    """Return what decided a class, in English and Spanish.

    Parameters
    ----------
    row
        Of `geo.analysis.hotspots.emerging.find_emerging`.

    Examples
    --------
    >>> row = {"steps": 12, "hot_steps": 3, "cold_steps": 0, "last": "hot", "run": 3}
    >>> english, spanish = reason(row | {"trend": "rising"})
    >>> print(english)
    Hot in 3 of 12 months, cold in 0; hot in the last 3, never before; rising.
    >>> print(spanish)
    Caliente en 3 de 12 meses, frío en 0; caliente en los últimos 3, nunca antes; \
en aumento.
    """
    steps, hot, cold, run = (
        int(str(row[name])) for name in ("steps", "hot_steps", "cold_steps", "run")
    )
    last = str(row["last"])
    so_far = {"hot": hot, "cold": cold, "none": steps - hot - cold}[last]
    before = ("never before", "nunca antes")
    if so_far > run:
        before = ("as at times before", "como otras veces antes")
    elif run == steps:
        before = ("from the first on", "desde el primero")
    now = "neither" if last == "none" else last
    english, spanish = _TRENDS[str(row["trend"])]
    months = (
        ("month", "el último mes") if run == 1 else (str(run), f"los últimos {run}")
    )
    return (
        (
            f"Hot in {hot} of {steps} months, cold in {cold}; {now} in the last "
            f"{months[0]}, {before[0]}; {english}."
        ),
        (
            f"Caliente en {hot} de {steps} meses, frío en {cold}; {_SIDES_ES[last]} en "
            f"{months[1]}, {before[1]}; {spanish}."
        ),
    )
