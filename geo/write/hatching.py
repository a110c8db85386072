"""How modelled layers are drawn in QGIS: hatched, and not shown at first."""

from collections.abc import Iterator

import pandas as pd

from geo.privacy import Release
from geo.write.symbols import LEVEL_COLOURS, Drawn, Rule, filled, quoted

MODEL_COLOUR = "#6b5b2e"
BETWEEN_COLOURS = ("#c9b6da", "#a88cc4", "#8360a6", "#5d3a80")
HOUR_COLOURS = ("#f3ecd6", "#e0d3ad", "#c8b787", "#ab9863", "#8a7845", "#65562b")
"""Hatching of what is modelled: the longer, or the more ways, the darker."""


def of_models(release: Release) -> Iterator[Drawn]:
    """Yield what is modelled, hatched and not shown at first, if anything."""
    for name, title, rules in (
        ("fused", "Seen and modelled / Lo visto y el modelo", _by_basis),
        ("modelled", "Quickest ways / Caminos más rápidos", _by_slowness),
        ("thoroughfares", "Ways between all / Caminos entre todos", _by_ways),
        ("isochrones", "Hours to help / Horas hasta una ayuda", _by_hours),
    ):
        if name in release.layers:
            marks = "".join(f" [{mark}]" for mark in release.marks_of(name))
            layer = release.layers[name]
            yield Drawn(name, title + marks, "Polygon", rules(layer), shown=False)


def _by_basis(layer: pd.DataFrame) -> tuple[Rule, ...]:
    """Draw what was seen filled, and what is only modelled hatched."""
    levels = sorted({int(level) for level in layer["level"]}, reverse=True)
    step = (len(LEVEL_COLOURS) - 1) / max(1, len(levels) - 1)
    looks = {
        "observed": (
            "Seen / Visto",
            [
                filled(LEVEL_COLOURS[round(n * step)], outline="#0a3d4f")
                for n in range(len(levels))
            ],
        ),
        "modelled": (
            "Model / Modelo",
            [
                _hatched(HOUR_COLOURS[2 + n % 4], "b_diagonal")
                for n in range(len(levels))
            ],
        ),
    }
    return tuple(
        Rule(
            f'"basis" = {quoted(basis)}',
            label,
            below=tuple(
                Rule(f'"level" = {level}', f"{level} %", symbol)
                for level, symbol in zip(levels, symbols, strict=True)
            ),
        )
        for basis, (label, symbols) in looks.items()
    )


def _by_slowness(layer: pd.DataFrame) -> tuple[Rule, ...]:
    """Draw the ways that may take longest below, the narrower hatching above."""
    levels = sorted({int(level) for level in layer["level"]}, reverse=True)
    return tuple(
        Rule(
            f'"level" = {level}',
            f"≤ {level} % longer / más largo",
            _hatched(MODEL_COLOUR, "b_diagonal" if n % 2 else "f_diagonal"),
        )
        for n, level in enumerate(levels)
    )


def _by_ways(layer: pd.DataFrame) -> tuple[Rule, ...]:
    """Draw what many ways pass over what few pass."""
    shares = sorted({int(share) for share in layer["share_pct"]})
    step = (len(BETWEEN_COLOURS) - 1) / max(1, len(shares) - 1)
    return tuple(
        Rule(
            f'"share_pct" = {share}',
            f"≥ {share} % of the ways / de los caminos",
            _hatched(BETWEEN_COLOURS[round(n * step)], "f_diagonal"),
        )
        for n, share in enumerate(shares)
    )


def _by_hours(layer: pd.DataFrame) -> tuple[Rule, ...]:
    """Draw bands of hours by what they lead to; only the first kind is shown."""
    kinds = list(dict.fromkeys(layer["help"].astype(str)))
    bands = sorted(set(zip(layer["from_h"], layer["up_to_h"], strict=True)))
    step = (len(HOUR_COLOURS) - 1) / max(1, len(bands) - 1)
    below = tuple(
        Rule(
            f'"up_to_h" = {high:g}',
            f"{low:g} – {high:g} h",  # noqa: RUF001
            _hatched(HOUR_COLOURS[round(n * step)], "b_diagonal"),
        )
        for n, (low, high) in enumerate(bands)
    )
    return tuple(
        Rule(f'"help" = {quoted(kind)}', kind, below=below, shown=kind == kinds[0])
        for kind in kinds
    )


def _hatched(colour: str, pattern: str) -> dict[str, str]:
    """Return the properties of a hatched area with a dashed outline."""
    return filled(colour, outline=colour) | {
        "style": pattern,
        "outline_style": "dash",
        "outline_width": "0.3",
    }
