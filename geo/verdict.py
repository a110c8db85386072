"""How well corridors predict: the figures as they are kept, checked and published."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from geo.errors import InputError, PrivacyError

FEWEST = 10
"""Nothing is said of fewer than this many times k tracks."""

NAMES = (
    "corridors",
    "modelled",
    "fused",
    "straight",
    "isotropic",
    "mirrored",
    "terrain",
    "anywhere",
)
"""What may be scored: corridors, their models, and guesses that they have to beat."""

Name = Annotated[str, Meta(pattern=f"^({'|'.join(NAMES)})$")]
Share = Annotated[float, Meta(ge=0, le=1)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a verdict; a figure that it does not know is an error."""


class Estimate(Part, frozen=True):
    """A mean over tracks, and where 95 of 100 such samples would have it."""

    value: float
    low: float
    high: float


class Score(Part, frozen=True):
    """How well one surface told where tracks went that it had not seen."""

    name: Name
    inside: Estimate
    """Share of the way of a held-out track in the best area of the same size."""
    lift: Estimate
    """How many times what chance would give that is."""
    auc: Estimate
    log_gain: Estimate
    boyce: float | None = None
    deviation_m: Estimate | None = None
    """Area between the way taken and the way foretold, over the distance."""
    overlap: Mapping[str, Share] = {}
    """Share of the way foretold within so many metres of the way taken."""


class Stability(Part, frozen=True):
    """How much the corridors change when tracks are drawn again."""

    draws: int
    jaccard: Share
    stable: Share
    """Share of the corridor that is in at least three of four draws."""


class Truth(Part, frozen=True):
    """How much of the true routes of a simulated sample a surface holds."""

    name: Name
    routes: Mapping[str, Share]
    """Share of their length inside, by how they are travelled."""
    near: Share
    """Share of the area that lies within a kilometre of a route."""


class Verdict(Part, frozen=True):
    """How well the corridors of a region predict where tracks go."""

    made_from: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    """Digest of what the map shows of the movement, and of the settings."""
    tracks: int
    folds: int
    level: int
    corridor_km2: float
    ground_km2: float
    scores: tuple[Score, ...]
    over_straight: Estimate
    """Lift of the corridors over that of straight lines."""
    stability: Stability
    lines: int = 0
    """Ways that were compared as lines."""
    truth: tuple[Truth, ...] = ()


_ENCODER = msgspec.json.Encoder(order="deterministic")


def significant(value: float, *, digits: int = 2) -> float:
    """Return a number with so many digits.

    Examples
    --------
    >>> significant(208.45), significant(0.0567), significant(0.0)
    (210.0, 0.057, 0.0)
    """
    return float(f"{value:.{digits}g}")


def near_one(value: float) -> float:
    """Return a share whose distance from 1 has two digits.

    Examples
    --------
    >>> near_one(0.99742), near_one(0.5), near_one(1.0)
    (0.9974, 0.5, 1.0)
    """
    return round(1.0 - significant(1.0 - value), 6)


def admit(told: Mapping[str, Any], *, k: int, round_to: int) -> dict[str, Any]:
    """Return a verdict as the gate lets it through; nothing of too few tracks.

    Parameters
    ----------
    told
        A Verdict as plain values, and `current`: whether it was made from what the
        map shows. Empty if there is none.
    k, round_to
        As of `geo.privacy.release`.

    Returns
    -------
    dict
        Figures with two digits, numbers of tracks rounded as all others; empty if
        fewer than ten times k tracks stand behind it.

    Raises
    ------
    PrivacyError
        If it holds anything else than a verdict does.
    """
    if not told:
        return {}
    figures = {name: value for name, value in told.items() if name != "current"}
    try:
        verdict = msgspec.convert(figures, Verdict, strict=False)
    except msgspec.ValidationError as error:
        raise PrivacyError(
            f"What is told of the validation holds something else: {error}.",
            hint="Make it with: trocha validate REGION",
        ) from error
    if verdict.tracks < FEWEST * k:
        return {}
    shown = rounded(verdict, k=k, round_to=round_to)
    plain: dict[str, Any] = msgspec.to_builtins(shown)
    return plain | {"current": bool(told.get("current", False))}


def rounded(verdict: Verdict, *, k: int, round_to: int) -> Verdict:
    """Return a verdict with figures of two digits, and rounded numbers of tracks."""

    def whole(number: int) -> int:
        return max(round(number / round_to) * round_to, k) if number >= k else 0

    return msgspec.structs.replace(
        verdict,
        tracks=whole(verdict.tracks),
        lines=whole(verdict.lines),
        corridor_km2=significant(verdict.corridor_km2),
        ground_km2=significant(verdict.ground_km2),
        scores=tuple(
            _score(score, shown=verdict.lines >= k) for score in verdict.scores
        ),
        over_straight=_estimate(verdict.over_straight),
        stability=Stability(
            draws=verdict.stability.draws,
            jaccard=significant(verdict.stability.jaccard),
            stable=significant(verdict.stability.stable),
        ),
        truth=tuple(
            Truth(
                name=one.name,
                routes={mode: significant(part) for mode, part in one.routes.items()},
                near=significant(one.near),
            )
            for one in verdict.truth
        ),
    )


def _score(score: Score, *, shown: bool) -> Score:
    """Return a score with figures of two digits; of lines only if they may be shown."""
    boyce = score.boyce
    if boyce is None or not math.isfinite(boyce):
        boyce = None
    return Score(
        name=score.name,
        inside=_estimate(score.inside),
        lift=_estimate(score.lift),
        auc=Estimate(
            value=near_one(score.auc.value),
            low=near_one(score.auc.low),
            high=near_one(score.auc.high),
        ),
        log_gain=_estimate(score.log_gain),
        boyce=None if boyce is None else significant(boyce),
        deviation_m=_estimate(score.deviation_m)
        if shown and score.deviation_m
        else None,
        overlap={m: significant(part) for m, part in score.overlap.items()}
        if shown
        else {},
    )


def _estimate(estimate: Estimate) -> Estimate:
    return Estimate(
        value=significant(estimate.value),
        low=significant(estimate.low),
        high=significant(estimate.high),
    )


def encode(verdict: Verdict) -> bytes:
    """Return the text of a verdict's file."""
    text = msgspec.json.format(_ENCODER.encode(verdict), indent=1)
    return text + b"\n"


def read_verdict(path: Path) -> Verdict | None:
    """Return the verdict in a file; None if there is none.

    Raises
    ------
    InputError
        If the file is not one that `trocha validate` wrote.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Verdict)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is not a verdict on corridors: {error}.",
            hint="Delete it, and make it again with: trocha validate REGION",
        ) from error


def is_better(verdict: Verdict) -> bool:
    """Return whether the corridors are surely better than straight lines."""
    return verdict.over_straight.low > 1.0
