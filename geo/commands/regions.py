"""Make a region, and look at files before they are added."""

import sys
from pathlib import Path
from typing import Any

import click

from geo.console import (
    Step,
    answer,
    json_option,
    load_region,
    print_json,
    reading_from,
    reading_options,
)
from geo.errors import InputError


@click.command(cls=Step)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the region; by default that of the folder.")
@click.option(
    "--bounds",
    nargs=4,
    type=float,
    metavar="WEST SOUTH EAST NORTH",
    default=(-78.5, 7.0, -76.5, 9.3),
    show_default=True,
    help="Study area, in degrees.",
)
@json_option
def init(
    folder: Path,
    *,
    name: str | None,
    bounds: tuple[float, float, float, float],
    as_json: bool,
) -> None:
    r"""Make a new region: a FOLDER with a region.toml and a place for GPS files.

    \b
    Example:
      trocha init field/choco --name Chocó --bounds -78 4 -76 8
    """
    from geo.regions import make_region

    path = make_region(folder, name=name or folder.absolute().name, bounds=bounds)
    answer(
        as_json,
        {"region": str(path)},
        f"{path}: made. Put GPS files into {folder / 'fixes'}, base layers into "
        f"{folder / 'layers'}, and run: trocha build {path}",
    )


@click.command(cls=Step)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…"
)
@click.option(
    "--region",
    type=click.Path(path_type=Path),
    help="Also clean the fixes as this region would.",
)
@reading_options
@json_option
def check(
    files: tuple[Path, ...], *, region: Path | None, as_json: bool, **reading: Any
) -> None:
    r"""Read FILEs and say what would be kept, what not and why; store nothing.

    \b
    Example:
      trocha check field/*.gpx --region data/darien/region.toml
    """
    from geo.checking import check_files

    config = load_region(region) if region else None
    reports = check_files(files, config=config, reading=reading_from(reading))
    if as_json:
        print_json([report.as_dict() for report in reports])
    for report in reports:
        if not as_json:
            click.echo(report.as_text())
    if any(report.problem for report in reports):
        sys.exit(InputError.exit_code)
