"""The gate: findings go in, a Release comes out, and only a Release is written."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.crossings.counts import crossing_interval
from geo.errors import PrivacyError
from geo.grid import Surface
from geo.schema import Layers
from geo.verdict import admit

_SEAL = object()

FEWEST_PUBLIC = 10
"""Lowest k of a public release."""

MODEL = "MODEL / MODELO"
"""What outputs have to say where nobody was seen, and a model tells where people would
go or how long they would take."""

COUNTS = ("tracks", "points")
"""Columns that say how many stand behind a row; the first that a layer has."""


STEPS = (("tube_m", 50.0, 50.0), ("stability_pct", 5.0, 0.0))
"""Columns that are published in steps: the name, the step, and the least; what has a
least is rounded up."""


@dataclass(frozen=True, slots=True)
class About:
    """What the findings were made from, and how.

    Parameters
    ----------
    region
        Name of the region.
    crs
        CRS of every geometry and surface.
    first_month, last_month
        Period covered, YYYY-MM; empty without data.
    tracks, fixes_read, fixes_kept
        How many there were in all.
    rejected
        Rows turned away, by reason.
    files
        How many files were read.
    simulated
        Whether any of them is simulated.
    parameters
        What the results depend on, by name with unit: ``{"cell_m": 250.0}``.
    bridged_share
        Share of the movement that lies in silences of more than an hour.
    points, points_rejected
        Points that belong to no track, of people or incidents seen at places; and
        rows of theirs that were turned away, by reason.
    points_shared
        How many of them stand at one position with many others, as when the name of
        a place was looked up. They are counted at crossings, and in no cell.
    validation
        How well the corridors predict, as `geo.verdict.admit` takes it.
    """

    region: str
    crs: str
    first_month: str = ""
    last_month: str = ""
    tracks: int = 0
    fixes_read: int = 0
    fixes_kept: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    simulated: bool = False
    parameters: Mapping[str, object] = field(default_factory=dict)
    bridged_share: float = 0.0
    points: int = 0
    points_rejected: Mapping[str, int] = field(default_factory=dict)
    points_shared: int = 0
    validation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """Results before the gate.

    Parameters
    ----------
    layers
        Frames, each with a column `tracks`, the distinct tracks behind a row, or
        else `points`, the distinct points of people or incidents seen at a place.
        Columns that end in ``_tracks`` count part of them and have to pass as well,
        with the columns that begin alike: `stop_hours` goes with `stop_tracks`.
        Hours in columns ``*_timed_*_h`` are rounded, and shares such as
        `ahead_boat_pct` filled in from the counts as shown.
        Beside `effort_h`, hours of watching, the gate says the rate.
        `expected` is a sum of chances, rounded as a count; `spread`, its variance, only
        widens `low` and `high`.
    surfaces
        Each value surface with its support, the distinct tracks behind a cell.
    base
        The base layers; they are public.
    about
        What all this was made from.
    models
        Frames that no track stands behind: what the base layers alone make likely, or
        that and what this gate lets through in any case. They pass as they are, and
        are marked MODEL.
    model_surfaces
        Surfaces of the same kind.
    """

    layers: Mapping[str, pd.DataFrame]
    surfaces: Mapping[str, tuple[Surface, Surface]]
    base: Layers
    about: About
    models: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    model_surfaces: Mapping[str, Surface] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """Results that are safe to publish. Made by `release` and by nothing else.

    `models` names the layers and surfaces that tell of no track.
    """

    layers: Mapping[str, pd.DataFrame]
    surfaces: Mapping[str, Surface]
    withheld: Mapping[str, int]
    base: Layers
    about: About
    k: int
    round_to: int
    level: str
    models: frozenset[str]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        """Refuse to exist unless `release` made us."""
        if seal is not _SEAL:
            raise PrivacyError(
                "A Release was built by hand.", hint="Call geo.release instead."
            )

    @property
    def marks(self) -> tuple[str, ...]:
        """What every output has to say of itself, in English and Spanish."""
        simulated = ("SIMULATED / SIMULADO",) if self.about.simulated else ()
        internal = ("INTERNAL / INTERNO",) if self.level == "internal" else ()
        return simulated + internal

    def marks_of(self, name: str) -> tuple[str, ...]:
        """Return what the outputs of one layer or surface have to say."""
        return self.marks + ((MODEL,) if name in self.models else ())


def release(
    findings: Findings, *, k: int = 10, round_to: int = 5, level: str = "public"
) -> Release:
    """Keep the rows and cells that at least `k` distinct tracks or points are behind.

    Parameters
    ----------
    findings
        Results with their support.
    k
        Fewest distinct tracks behind a published row or cell.
    round_to
        Published counts are rounded to a multiple of this, and never below `k`, so
        that a withheld count cannot be had by subtracting the published ones.
    level
        "public", or "internal" for tracks of one's own staff or of animals.

    Raises
    ------
    PrivacyError
        If a public release asks for less than k = 10 or counts rounded to less
        than 5, or a layer does not say how many tracks stand behind each row.
    """
    if level not in {"public", "internal"}:
        raise PrivacyError(
            f"The privacy level is {level!r}; expected 'public' or 'internal'."
        )
    if level == "public" and (k < FEWEST_PUBLIC or round_to < 5):
        raise PrivacyError(
            f"A public release was asked for with k = {k} and counts rounded to "
            f"{round_to}; expected at least {FEWEST_PUBLIC} and 5.",
            hint='Raise them, or set level = "internal" if nobody is at risk.',
        )
    layers, withheld = {}, {}
    for name, layer in sorted(findings.layers.items()):
        counted = next((count for count in COUNTS if count in layer), None)
        if counted is None:
            raise PrivacyError(
                f"Layer {name!r} does not say how many tracks stand behind each row.",
                hint="Give it a column 'tracks' or 'points' before releasing it.",
            )
        layers[name] = _let_through(layer, counted, k=k, round_to=round_to)
        withheld[name] = len(layer) - len(layers[name])
    surfaces = {}
    for name, (values, support) in sorted(findings.surfaces.items()):
        surfaces[name] = masked(values, support, k=k)
        shown = np.isfinite(surfaces[name].values)
        withheld[name] = int(((support.values > 0) & ~shown).sum())
    _check_models(findings)
    return Release(
        layers=MappingProxyType(layers | dict(findings.models)),
        surfaces=MappingProxyType(surfaces | dict(findings.model_surfaces)),
        withheld=MappingProxyType(withheld),
        base=findings.base,
        about=replace(
            findings.about,
            tracks=_rounded_total(findings.about.tracks, k, round_to),
            points=_rounded_total(findings.about.points, k, round_to),
            validation=admit(findings.about.validation, k=k, round_to=round_to),
            points_shared=_rounded_total(findings.about.points_shared, k, round_to),
        ),
        k=k,
        round_to=round_to,
        level=level,
        models=frozenset({*findings.models, *findings.model_surfaces}),
        seal=_SEAL,
    )


def _check_models(findings: Findings) -> None:
    """Refuse a model that counts somebody, or takes the place of what was seen."""
    for name, layer in findings.models.items():
        counts = [c for c in layer if c in COUNTS or str(c).endswith("_tracks")]
        if counts:
            raise PrivacyError(
                f"Model {name!r} has a column {counts[0]!r}; expected none that counts "
                "tracks or points.",
                hint="What was counted belongs into the layers, behind the gate.",
            )
    for models, seen in (
        (findings.models, findings.layers),
        (findings.model_surfaces, findings.surfaces),
    ):
        both = sorted({*models} & {*seen})
        if both:
            raise PrivacyError(f"{both[0]!r} is both a model and what was seen.")


def _rounded_total(number: int, k: int, round_to: int) -> int:
    """Return a whole number as it may be said: rounded, and 0 under `k`."""
    return max(round(number / round_to) * round_to, k) if number >= k else 0


def rounded_counts(
    counts: NDArray[np.integer], *, k: int, round_to: int
) -> NDArray[np.float64]:
    """Return counts as they are published: rounded, at least `k`, 0 if withheld.

    What is worked out from these tells nothing that the published counts do not.

    Examples
    --------
    >>> rounded_counts(np.array([0, 9, 10, 11, 13, 102]), k=10, round_to=5)
    array([  0.,   0.,  10.,  10.,  15., 100.])
    """
    exact = np.asarray(counts, dtype=np.float64)
    shown = np.maximum(np.round(exact / round_to) * round_to, k)
    return np.where(exact >= k, shown, 0.0)


def _let_through(
    layer: pd.DataFrame, counted: str, *, k: int, round_to: int
) -> pd.DataFrame:
    """Drop rows under `k`, blank parts under `k`, round what is left."""
    kept = layer[layer[counted] >= k].reset_index(drop=True)
    for name in kept.columns:
        if name == counted or str(name).endswith("_tracks"):
            count = kept[name].to_numpy(dtype=np.float64)
            shown: NDArray[Any] = rounded_counts(count, k=k, round_to=round_to)
            column = pd.array(shown, dtype="Int64")
            few = ~(count >= k)
            column[few] = pd.NA
            kept[name] = column
            if name != counted:  # what is told of a few goes with their number
                told = str(name).removesuffix("tracks")
                for other in kept.columns:
                    if other != name and str(other).startswith(told):
                        kept[other] = kept[other].where(~few)
    kept = _in_steps(_with_shares(_round_hours(kept)))
    basis, unsure = counted, np.zeros(len(kept))
    if "expected" in kept:
        kept, unsure = _expected_through(kept, k=k, round_to=round_to)
        basis = "expected"
    if {"low", "high"} <= set(kept.columns):
        # From the rounded count: from the exact one it would give that away.
        count = kept[basis].to_numpy(dtype=np.float64)
        low, high = crossing_interval(count, variance=unsure * count)
        kept = kept.assign(low=np.floor(low), high=np.ceil(high))
    if "effort_h" in kept:
        shown = kept[counted].to_numpy(dtype=np.float64)
        rate = round_significant(100 * shown / kept["effort_h"].to_numpy(np.float64))
        kept.insert(list(kept.columns).index("effort_h") + 1, "rate", rate)
    return kept


def _in_steps(kept: pd.DataFrame) -> pd.DataFrame:
    """Round what hangs on every track a little, so that none of them shows."""
    for name, step, least in STEPS:
        if name in kept:
            value = kept[name].to_numpy(dtype=np.float64) / step
            whole = np.ceil(value) if least else np.rint(value)
            rounded = np.maximum(whole * step, least)
            kept = kept.assign(**{name: rounded})
    return kept


def _round_hours(kept: pd.DataFrame) -> pd.DataFrame:
    """Round how long tracks took, so that the middle one of few does not show.

    To tenths of an hour under 2 hours, to halves under 20, to whole hours above.
    """
    for name in kept.columns:
        if "_timed_" in str(name) and str(name).endswith("_h"):
            hours = kept[name].to_numpy(dtype=np.float64)
            step = np.select([hours < 2, hours < 20], [0.1, 0.5], 1.0)
            kept = kept.assign(**{name: np.round(np.rint(hours / step) * step, 1)})
    return kept


def _with_shares(kept: pd.DataFrame) -> pd.DataFrame:
    """Fill in shares, to 5 percent, of the rounded counts that are shown.

    The share `ahead_boat_pct` is that of `ahead_boat_tracks` in `ahead_tracks`. From
    the exact counts it could tell of fewer than may be shown.
    """
    for name in kept.columns:
        part = f"{str(name).removesuffix('_pct')}_tracks"
        whole = f"{part.rsplit('_', 2)[0]}_tracks"
        if str(name).endswith("_pct") and {part, whole} <= set(kept.columns):
            share = kept[part].astype("Float64") / kept[whole].astype("Float64")
            percent = (20 * share).round() * 5
            kept = kept.assign(**{name: percent.clip(upper=100).astype("Int64")})
    return kept


def _expected_through(
    kept: pd.DataFrame, *, k: int, round_to: int
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Round a sum of chances as a count is, and the shares of it to the nearest 5 %.

    Returns the rows, without `spread`, the variance of the sum, and the share that it
    is of the sum, rounded: what is said of it later must not tell more.
    """
    exact = kept["expected"].to_numpy(dtype=np.float64)
    shown = np.maximum(np.round(exact / round_to) * round_to, k)
    some, unsure = np.where(exact > 0, exact, 1.0), np.zeros(len(kept))
    if "spread" in kept:
        unsure = np.round(kept["spread"].to_numpy(dtype=np.float64) / some * 20) / 20
        kept = kept.drop(columns="spread")
    if "gap_pct" in kept:
        kept["gap_pct"] = np.round(kept["gap_pct"].to_numpy(dtype=np.float64) / 5) * 5
    return kept.assign(expected=pd.array(shown, dtype="Int64")), unsure


def round_significant(
    values: NDArray[np.floating], *, digits: int = 2
) -> NDArray[np.float64]:
    """Round to so many significant digits; zero, NaN and infinity stay.

    Two digits are what a map can show. They hide most of what one track more changes,
    not all of it: a value next to a rounding edge may still move.

    Examples
    --------
    >>> round_significant(np.array([1234.0, 0.0567, 0.0, np.nan]))
    array([1.2e+03, 5.7e-02, 0.0e+00,     nan])
    """
    exact = np.asarray(values, dtype=np.float64)
    plain = np.isfinite(exact) & (exact != 0)
    size = np.floor(np.log10(np.abs(exact, where=plain, out=np.ones_like(exact))))
    scale = 10.0 ** (digits - 1 - size)
    return np.where(plain, np.round(exact * scale) / scale, exact)


def masked(values: Surface, support: Surface, *, k: int) -> Surface:
    """Blank the cells that fewer than `k` tracks stand behind, and round the others.

    Raises
    ------
    PrivacyError
        If the two lie on different grids.
    """
    if values.grid != support.grid:
        raise PrivacyError(
            f"Surface {values.name!r} and its support lie on different grids."
        )
    shown = np.where(support.values >= k, round_significant(values.values), np.nan)
    return Surface(values.grid, shown, values.name, values.unit)
