"""Draw the map of a region, and keep it up to date."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from geo.console import (
    Step,
    json_option,
    load_region,
    out_option,
    print_json,
    reading_from,
    reading_options,
    redraw_option,
    region_argument,
    report_built,
    today_option,
)
from geo.errors import TrochaError

FORMATS = ("gpkg", "shp", "geojson", "tif", "parquet", "kml")


@click.command("build", cls=Step)
@region_argument
@out_option
@today_option
@redraw_option
@json_option
def build_map(
    region: Path,
    *,
    out: Path | None,
    today: datetime | None,
    redraw: bool,
    as_json: bool,
) -> None:
    r"""Build the map of a REGION from its layers and all its GPS files.

    A map that would differ from the one that is there by few tracks only stays as it
    is, until as many differ as [privacy] least_new_tracks asks for.

    \b
    Example:
      trocha build data/darien/region.toml --out /media/stick/darien
    """
    from geo.upkeep import build

    built = build(
        load_region(region),
        output=out,
        today=today.date() if today else None,
        redraw=redraw,
    )
    report_built(built, as_json=as_json)


@click.command(cls=Step)
@region_argument
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…"
)
@out_option
@reading_options
@today_option
@redraw_option
@json_option
def add(
    region: Path,
    files: tuple[Path, ...],
    *,
    out: Path | None,
    today: datetime | None,
    redraw: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    r"""Add GPS FILEs to a region, and redraw its map when enough tracks are new.

    Until then they wait in the store, and the map stays as it is: two maps that differ
    by few tracks tell about those few.

    \b
    Example:
      trocha add data/darien/region.toml field/walk.gpx
    """
    from geo.upkeep import build

    config = load_region(region)
    built = build(
        config,
        new_files=files,
        output=out,
        reading=reading_from(reading),
        today=today.date() if today else None,
        redraw=redraw,
    )
    report_built(built, as_json=as_json)


@click.command("forget", cls=Step)
@region_argument
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@out_option
@today_option
@json_option
def forget_sources(
    region: Path,
    sources: tuple[str, ...],
    *,
    out: Path | None,
    today: datetime | None,
    as_json: bool,
) -> None:
    r"""Take added files out of a REGION for good, and redraw its map.

    A SOURCE is the name of a file, or at least 8 characters of its sha256: see trocha
    show. The store and the map are then as if it had never been added; the map is drawn
    at once, however few tracks go. What was copied or published elsewhere before cannot
    be called back: withdraw it, for whoever compares both learns what was forgotten.

    \b
    Example:
      trocha forget data/darien/region.toml walk.gpx
    """
    from geo.pipeline import forget

    built = forget(
        load_region(region),
        sources,
        output=out,
        today=today.date() if today else None,
    )
    report_built(built, as_json=as_json)


@click.command(cls=Step)
@region_argument
@click.option(
    "--every",
    type=click.FloatRange(min=0.1, max=3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the folder must be quiet before the map is redrawn.",
)
@click.option(
    "--poll",
    is_flag=True,
    help="Look at all files each time: for network shares, which tell of no change.",
)
@json_option
def watch(region: Path, *, every: float, poll: bool, as_json: bool) -> None:
    r"""Redraw the map of a REGION whenever its folder of fixes changes.

    While few tracks differ from those on the map it is held back, as by trocha build.
    Prints a line after each build (with --json, an object a line), until it is stopped
    with Ctrl-C. A bad file is named, and the others are read.

    \b
    Example:
      trocha watch data/darien/region.toml --every 10
    """
    from geo.watching import watch_region

    if not every > 0:
        raise click.UsageError(f"--every is {every}; expected a number of seconds.")
    config = load_region(region)
    click.echo(f"Watching {config.files.fixes}; stop with Ctrl-C.", err=True)
    for done in watch_region(config, every_s=every, poll=poll):
        if isinstance(done, TrochaError):
            click.echo(f"trocha: {done}", err=True)
            continue
        for problem in done.intake.problems:
            click.echo(f"trocha: {problem}", err=True)
        if as_json:
            print_json(done.as_dict(), indent=None)
        else:
            now = datetime.now(UTC).astimezone()
            click.echo(f"{now:%Y-%m-%d %H:%M:%S} {done.as_line()}")


@click.command("export", cls=Step)
@region_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write here; by default into gis/ beside the map.",
)
@click.option(
    "--to",
    default="gpkg,shp,geojson,tif",
    show_default=True,
    help=f"Formats, some of: {', '.join(FORMATS)}.",
)
@today_option
@redraw_option
@json_option
def export_layers(
    region: Path,
    *,
    out: Path | None,
    to: str,
    today: datetime | None,
    redraw: bool,
    as_json: bool,
) -> None:
    r"""Write the released layers of a REGION for QGIS, ArcGIS and others.

    Refused if they would differ from the region's map by few tracks only.

    \b
    Example:
      trocha export data/darien/region.toml --to shp,gpkg --out darien-gis
    """
    from geo.pipeline import export

    formats = [name.strip() for name in to.split(",")]
    if unknown := sorted(set(formats) - set(FORMATS)):
        raise click.UsageError(
            f"--to has {unknown[0]!r}; expected some of {', '.join(FORMATS)}."
        )
    config = load_region(region)
    built = export(
        config,
        output=out or config.files.output / "gis",
        formats=formats,
        today=today.date() if today else None,
        redraw=redraw,
    )
    report_built(built, as_json=as_json)
