"""What the commands share: options, errors as one sentence, and printing."""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from geo.errors import InputError, OutputError, TrochaError

if TYPE_CHECKING:
    from geo.config import Config
    from geo.outcome import Built

log = logging.getLogger(__name__)

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes:
  0 done   1 a fault of ours   2 wrong usage   3 bad region file   4 bad input
  5 refused for privacy   6 bad store   7 cannot write   130 stopped (Ctrl-C)
"""

EXIT_STOPPED = 130

_AS_JSON = "geo.as_json"


class Step(click.Command):
    r"""A command whose docstring may be raw and still mark what is not to be wrapped.

    Click looks for a backspace before such lines; a raw docstring has ``\b`` in two
    characters.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.help = (self.help or "").replace("\\b\n", "\b\n")


class Group(click.Group):
    """Shows our own errors as one plain sentence, with an exit code each."""

    command_class = Step

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except TrochaError as error:
            _fail(ctx, str(error), error.exit_code)
        except KeyboardInterrupt:
            click.echo(err=True)  # the terminal has just shown ^C
            _fail(ctx, "Stopped; what was stored before is whole.", EXIT_STOPPED)
        except MemoryError:
            log.debug("out of memory", exc_info=True)
            _fail(
                ctx,
                "There is not enough memory. Close other programs, or set larger "
                "cells in the region file.",
                TrochaError.exit_code,
            )
        except OSError as error:
            if isinstance(error, BrokenPipeError):  # click ends quietly then
                raise
            # Not a file of the user's: a cache or a temporary folder.
            log.debug("the system refused", exc_info=True)
            _fail(
                ctx,
                f"The system refused a file: {error.strerror or error}. Make room on "
                "the disk and run again; what was stored before is whole.",
                OutputError.exit_code,
            )


def _fail(ctx: click.Context, sentence: str, exit_code: int) -> NoReturn:
    """Say on stderr what is wrong, to a person or to a machine, and end."""
    if ctx.meta.get(_AS_JSON):
        told = {"error": sentence, "exit_code": exit_code}
        click.echo(json.dumps(told), err=True)
    else:
        click.echo(f"trocha: {sentence}", err=True)
    sys.exit(exit_code)


def _remember(ctx: click.Context, _: click.Parameter, value: bool) -> bool:  # noqa: FBT001
    """Tell the group that errors are for a machine too."""
    ctx.meta[_AS_JSON] = value
    return value


region_argument = click.argument("region", type=click.Path(path_type=Path))
json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_remember,
    help="Print one JSON object, for machines.",
)
today_option = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Publish as if it were this day (the delay of months counts from it).",
)
redraw_option = click.option(
    "--redraw",
    is_flag=True,
    help="Draw however few tracks differ from the last map: for private use, since "
    "whoever has both maps can tell what those few added.",
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), help="Write the map here."
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
        click.option(
            "--points",
            is_flag=True,
            help="Rows are people or incidents seen at a place, not fixes of a device; "
            "they need no time.",
        ),
        click.option(
            "--rollover",
            is_flag=True,
            help="Move times that are 1024 or 2048 weeks off into the campaign.",
        ),
    ):
        command = option(command)
    return command


def load_region(region: Path) -> "Config":
    """Load a region file (what is heavy waits until a command runs)."""
    from geo.config import load_config

    return load_config(region)


def reading_from(options: dict[str, Any]) -> dict[str, Any]:
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
        "rollover": options["rollover"],
        "points": options["points"],
    }


def report_built(built: "Built", *, as_json: bool) -> None:
    """Print what a build did; end with 4 if a file could not be used."""
    for problem in built.intake.problems:
        click.echo(f"trocha: {problem}", err=True)
    if as_json:
        print_json(built.as_dict())
    else:
        click.echo(built.as_text())
    if built.intake.problems:
        sys.exit(InputError.exit_code)


def answer(as_json: bool, told: dict[str, Any], sentence: str) -> None:  # noqa: FBT001
    """Print the one or the other."""
    if as_json:
        print_json(told)
    else:
        click.echo(sentence)


def print_json(told: Any, *, indent: int | None = 1) -> None:
    """Print JSON that any machine reads; in one line if `indent` is None."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(json.dumps(told, ensure_ascii=plain, indent=indent))


def show_progress(step: str, done: int, total: int) -> None:
    """Draw one line on the terminal, and leave it when the step is done."""
    share = done / total if total else 1.0
    bar = "━" * round(24 * share) + "─" * (24 - round(24 * share))
    end = "\n" if done == total else ""
    click.echo(f"\r{step:<20} {bar} {done}/{total}", err=True, nl=False)
    click.echo(end, err=True, nl=False)
