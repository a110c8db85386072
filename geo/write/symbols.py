"""What a layer of a QGIS project is drawn with: rules, and symbols of areas."""

from collections.abc import Mapping
from dataclasses import dataclass

LEVEL_COLOURS = ("#d9e7ea", "#b3ced5", "#86b1bd", "#5793a3", "#2f7a8e", "#11627a")
"""Fill of the corridors: the smaller the share that they enclose, the darker. The
colours are those of the page; none of them is a colour of the hotspots."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is drawn how: an expression, its label, and a symbol or rules below it."""

    where: str
    label: str
    symbol: Mapping[str, str] | None = None
    below: tuple["Rule", ...] = ()
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Drawn:
    """One layer of the project: its table, title, geometry, rules and opacity.

    Whether it is shown when the project opens.
    """

    table: str
    title: str
    geometry: str
    rules: tuple[Rule, ...]
    opacity: float = 1.0
    shown: bool = True


def quoted(text: str) -> str:
    r"""Return text as QGIS expressions write it.

    Examples
    --------
    >>> print(quoted("dry' OR 1"), quoted("a\\"))
    'dry'' OR 1' 'a\\'
    """
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def filled(colour: str, *, outline: str) -> dict[str, str]:
    """Return the properties of a filled area."""
    return {
        "color": rgba(colour),
        "outline_color": rgba(outline),
        "outline_width": "0.15",
        "style": "solid",
    }


def rgba(colour: str) -> str:
    """Return a colour as QGIS writes it: ``"178,24,43,255"``."""
    return ",".join(str(part) for part in (*bytes.fromhex(colour[1:]), 255))
