"""Official figures: plain facts, each with its source, checked against the totals."""

import shutil
from pathlib import Path

import pandas as pd

from make.ground import write_provenance
from make.settlements import FACTS

TOTALS = {
    "crossings": {2023: 520_085, 2024: 302_203},
    "persons": {2023: 520_085, 2024: 300_549},
}
"""A year's sum, by month and by nationality. The two of 2024 are both in print."""


def make_crossings(*, cache: Path, folder: Path) -> None:  # noqa: ARG001
    """Write crossings.csv."""
    _copy("crossings", amount="crossings", folder=folder)


def make_nationalities(*, cache: Path, folder: Path) -> None:  # noqa: ARG001
    """Write nationalities.csv."""
    _copy("nationalities", amount="persons", folder=folder)


def _copy(name: str, *, amount: str, folder: Path) -> None:
    """Copy a table of facts if its years add up to the official ones."""
    source = FACTS / f"{name}.csv"
    sums = pd.read_csv(source).groupby("year")[amount].sum().to_dict()
    if sums != TOTALS[amount]:
        raise ValueError(f"{source.name} adds up to {sums}, expected {TOTALS[amount]}")
    path = folder / source.name
    shutil.copyfile(source, path)
    write_provenance(path)
