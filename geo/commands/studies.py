"""Ask how far the map of a region can be trusted."""

from datetime import datetime
from pathlib import Path

import click

from geo.console import (
    Step,
    answer,
    json_option,
    load_region,
    region_argument,
    today_option,
)


@click.command(cls=Step)
@region_argument
@click.option(
    "--folds",
    type=click.IntRange(2, 10),
    default=5,
    show_default=True,
    help="Parts that the tracks are split into; each is foretold from the others.",
)
@today_option
@json_option
def validate(
    region: Path, *, folds: int, today: datetime | None, as_json: bool
) -> None:
    r"""Say how well the corridors of a REGION tell where other tracks go.

    Holds back some of the tracks, draws corridors from the rest, and compares them
    with straight lines and other guesses of the same area. The next map says so too.

    \b
    Example:
      trocha validate data/darien/region.toml
    """
    from geo.validating import validate_region

    done = validate_region(
        load_region(region), folds=folds, today=today.date() if today else None
    )
    answer(as_json, done.as_dict(), done.as_text())
