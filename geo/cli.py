"""The `trocha` command: parse arguments, call the pipeline, print, exit."""

import io
import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from geo.errors import InputError, OutputError, TrochaError
from geo.progress import reporter

if TYPE_CHECKING:
    from geo.outcome import Built

log = logging.getLogger(__name__)

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes:
  0 done   1 a fault of ours   2 wrong usage   3 bad region file   4 bad input
  5 refused for privacy   6 bad store   7 cannot write   130 stopped (Ctrl-C)
"""

EXIT_STOPPED = 130

FORMATS = ("gpkg", "shp", "geojson", "tif", "parquet", "kml")


class Group(click.Group):
    """Shows our own errors as one plain sentence, with an exit code each."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except TrochaError as error:
            click.echo(f"trocha: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("\ntrocha: Stopped; what was stored before is whole.", err=True)
            sys.exit(EXIT_STOPPED)
        except MemoryError:
            log.debug("out of memory", exc_info=True)
            click.echo(
                "trocha: There is not enough memory. Close other programs, or set "
                "larger cells in the region file.",
                err=True,
            )
            sys.exit(TrochaError.exit_code)
        except OSError as error:
            if isinstance(error, BrokenPipeError):  # click ends quietly then
                raise
            # Not a file of the user's: a cache or a temporary folder.
            log.debug("the system refused", exc_info=True)
            click.echo(
                f"trocha: The system refused a file: {error.strerror or error}. Make "
                "room on the disk and run again; what was stored before is whole.",
                err=True,
            )
            sys.exit(OutputError.exit_code)


region_argument = click.argument("region", type=click.Path(path_type=Path))
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, for machines."
)
today_option = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Publish as if it were this day (the delay of months counts from it).",
)


def reading_options(command: Command) -> Command:
    """Add the options that say how to read files."""
    for option in (
        click.option("--tz", help="Zone of times without an offset: America/Panama."),
        click.option(
            "--columns",
            help="Columns by role, as lon=x,lat=y,time=fecha,track=device.",
        ),
        click.option("--swap", is_flag=True, help="Swap latitude and longitude."),
        click.option("--crs", help="CRS of projected coordinates: EPSG:32618."),
    ):
        command = option(command)
    return command


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
        reporter.set(_show_progress)


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
    _answer(
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

    config = _load(region) if region else None
    reports = check_files(files, config=config, reading=_reading(reading))
    if as_json:
        _print_json([report.as_dict() for report in reports])
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
@click.option("--out", type=click.Path(path_type=Path), help="Write the map here.")
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

    config = _load(region)
    built = build(
        config,
        new_files=files,
        output=out,
        reading=_reading(reading),
        today=today.date() if today else None,
    )
    _report(built, as_json=as_json)


@main.command("build")
@region_argument
@click.option("--out", type=click.Path(path_type=Path), help="Write the map here.")
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

    built = build(_load(region), output=out, today=today.date() if today else None)
    _report(built, as_json=as_json)


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
    config = _load(region)
    built = export(
        config,
        output=out or config.files.output / "gis",
        formats=formats,
        today=today.date() if today else None,
    )
    _report(built, as_json=as_json)


@main.command()
@region_argument
@json_option
def show(region: Path, *, as_json: bool) -> None:
    r"""Say what a REGION's store holds and what its last map published.

    \b
    Example:
      trocha show data/darien/region.toml --json
    """
    from geo.pipeline import describe_store

    told = describe_store(_load(region))
    if as_json:
        _print_json(told)
        return
    months = told["months"]
    period = f"{months[0]} to {months[-1]}" if months else "nothing yet"
    click.echo(f"{told['region']}: {len(told['files'])} files, {period}")
    for source in told["files"]:
        turned = sum(source["rejected"].values())
        mark = ", SIMULATED" if source["simulated"] else ""
        click.echo(
            f"  {source['name']} ({source['origin']}{mark}): {source['kept']:,} "
            f"fixes read, {turned:,} {'row' if turned == 1 else 'rows'} rejected"
        )
    for name, count in told["published"].items():
        click.echo(f"  published: {name}, {count:,}")


def _load(region: Path) -> Any:
    """Load a region file (what is heavy waits until a command runs)."""
    from geo.config import load_config

    return load_config(region)


def _reading(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of reading under the names that `Options` has."""
    columns = {}
    for pair in (options["columns"] or "").split(","):
        role, equals, name = pair.partition("=")
        if pair and not (equals and role.strip() and name.strip()):
            raise click.UsageError(
                f"--columns has {pair!r}; expected role=column, as lon=x,lat=y."
            )
        if pair:
            columns[role.strip()] = name.strip()
    return {
        "time_zone": options["tz"] or "",
        "columns": columns,
        "swap": options["swap"],
        "crs": options["crs"] or "",
    }


def _report(built: "Built", *, as_json: bool) -> None:
    """Print what a build did; end with 4 if a file could not be used."""
    for problem in built.intake.problems:
        click.echo(f"trocha: {problem}", err=True)
    if as_json:
        _print_json(built.as_dict())
    else:
        click.echo(built.as_text())
    if built.intake.problems:
        sys.exit(InputError.exit_code)


def _answer(as_json: bool, told: dict[str, Any], sentence: str) -> None:  # noqa: FBT001
    """Print the one or the other."""
    if as_json:
        _print_json(told)
    else:
        click.echo(sentence)


def _print_json(told: Any) -> None:
    """Print JSON that any machine reads."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(json.dumps(told, ensure_ascii=plain, indent=1))


def _show_progress(step: str, done: int, total: int) -> None:
    """Draw one line on the terminal, and leave it when the step is done."""
    share = done / total if total else 1.0
    bar = "━" * round(24 * share) + "─" * (24 - round(24 * share))
    end = "\n" if done == total else ""
    click.echo(f"\r{step:<20} {bar} {done}/{total}", err=True, nl=False)
    click.echo(end, err=True, nl=False)
