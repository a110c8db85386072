"""The `trocha` command: parse arguments, call the pipeline, print, exit."""

import io
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from geo.console import (
    EXIT_CODES,
    Group,
    answer,
    json_option,
    load_region,
    out_option,
    print_json,
    reading_from,
    reading_options,
    region_argument,
    report_built,
    show_progress,
    today_option,
)
from geo.errors import InputError, TrochaError
from geo.progress import reporter

FORMATS = ("gpkg", "shp", "geojson", "tif", "parquet", "kml")


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.version_option(package_name="trocha")
@click.option("-v", "--verbose", count=True, help="Say more; twice for details.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only results.")
def main(*, verbose: int, quiet: bool) -> None:
    """Map corridors and hotspots from GPS fixes, safe to publish."""
    for stream in (sys.stdout, sys.stderr):
        # A console or a pipe may not know every letter of a name, or an arrow.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    level = [logging.WARNING, logging.INFO, logging.DEBUG][min(verbose, 2)]
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    if not quiet and sys.stderr.isatty():
        reporter.set(show_progress)


@main.command()
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


@main.command()
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


@main.command()
@region_argument
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…"
)
@out_option
@reading_options
@today_option
@json_option
def add(
    region: Path,
    files: tuple[Path, ...],
    *,
    out: Path | None,
    today: datetime | None,
    as_json: bool,
    **reading: Any,
) -> None:
    r"""Add GPS FILEs to a region and redraw its map.

    \b
    Example:
      trocha add data/darien/region.toml field/walk.gpx
    """
    from geo.pipeline import build

    config = load_region(region)
    built = build(
        config,
        new_files=files,
        output=out,
        reading=reading_from(reading),
        today=today.date() if today else None,
    )
    report_built(built, as_json=as_json)


@main.command("forget")
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
    show. The store and the map are then as if it had never been added. What was
    copied or published elsewhere before cannot be called back.

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


@main.command("build")
@region_argument
@out_option
@today_option
@json_option
def build_map(
    region: Path, *, out: Path | None, today: datetime | None, as_json: bool
) -> None:
    r"""Build the map of a REGION from its layers and all its GPS files.

    \b
    Example:
      trocha build data/darien/region.toml --out /media/stick/darien
    """
    from geo.pipeline import build

    built = build(
        load_region(region), output=out, today=today.date() if today else None
    )
    report_built(built, as_json=as_json)


@main.command("export")
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
@json_option
def export_layers(
    region: Path,
    *,
    out: Path | None,
    to: str,
    today: datetime | None,
    as_json: bool,
) -> None:
    r"""Write the released layers of a REGION for QGIS, ArcGIS and others.

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
    )
    report_built(built, as_json=as_json)


@main.command()
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


@main.command()
@region_argument
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def audit(region: Path, folder: Path, *, as_json: bool) -> None:
    r"""Write what became of every row of a REGION's files into a private FOLDER.

    Every stored fix with its flags, trip and stop; and every row that was not used,
    with its file, line and reason. The folder holds positions: never publish it.

    \b
    Example:
      trocha audit data/darien/region.toml private/audit
    """
    from geo.audit import write_audit

    written = write_audit(load_region(region), folder)
    answer(
        as_json,
        {"written": [str(path) for path in written]},
        f"{folder}: {len(written)} files. They hold positions of people: keep them "
        "to yourself, and delete them when they have served.",
    )


@main.command()
@region_argument
@click.argument("sql")
@json_option
def query(region: Path, sql: str, *, as_json: bool) -> None:
    r"""Answer a question in SQL about all that a REGION's store holds.

    Its tables are fixes, points, rejects and sources. The answer has not passed the
    gate: it is for whoever keeps the store, never for others. Needs DuckDB.

    \b
    Example:
      trocha query REGION "SELECT reason, count(*) FROM rejects GROUP BY 1"
    """
    from geo.querying import query_store

    rows = query_store(load_region(region), sql)
    if as_json:
        print_json(
            {"rows": json.loads(rows.to_json(orient="records", date_format="iso"))}
        )
    else:
        click.echo(rows.to_string(index=False) if len(rows) else "No rows.")


@main.command()
@region_argument
@json_option
def show(region: Path, *, as_json: bool) -> None:
    r"""Say what a REGION's store holds and what its last map published.

    \b
    Example:
      trocha show data/darien/region.toml --json
    """
    from geo.account import describe_store

    told = describe_store(load_region(region))
    if as_json:
        print_json(told)
        return
    months = told["months"]
    period = f"{months[0]} to {months[-1]}" if months else "nothing yet"
    click.echo(
        f"{told['region']}: {len(told['files'])} files, {period}; the store takes "
        f"{told['store']['bytes'] / 1e6:,.1f} MB in {told['store']['parts']:,} parts"
    )
    for source in told["files"]:
        turned = sum(source["rejected"].values())
        mark = ", SIMULATED" if source["simulated"] else ""
        click.echo(
            f"  {source['name']} ({source['sha256'][:8]}, {source['origin']}{mark}): "
            f"{source['kept']:,} {source['holds']} read, {turned:,} "
            f"{'row' if turned == 1 else 'rows'} rejected"
        )
    for output in told["outputs"]:
        how = "up to date" if output["up_to_date"] else "the store has changed since"
        click.echo(
            f"  made: {output['folder']} from {len(output['files'])} files, {how}"
        )
    for name, count in told["published"].items():
        hidden = told["withheld"].get(name, 0)
        click.echo(f"  published: {name}, {count:,} ({hidden:,} withheld)")
