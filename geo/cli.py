"""The `trocha` command: which commands there are, and how it speaks."""

import gc
import io
import logging
import sys

import click

from geo.commands.layers import fetch_layers
from geo.commands.maps import add, build_map, export_layers, forget_sources, watch
from geo.commands.regions import check, init
from geo.commands.stores import audit, query, show
from geo.commands.studies import validate
from geo.console import EXIT_CODES, Group, show_progress
from geo.progress import reporter

SELDOM = (100_000, 50, 50)
"""So many new objects come before Python looks for rings of dead ones. By default, 700:
a build, which leaves next to none, then spends a tenth of its time on that."""


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
    gc.set_threshold(*SELDOM)
    for stream in (sys.stdout, sys.stderr):
        # A console or a pipe may not know every letter of a name, or an arrow.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    level = [logging.WARNING, logging.INFO, logging.DEBUG][min(verbose, 2)]
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    if not quiet and sys.stderr.isatty():
        reporter.set(show_progress)


for command in (
    *(init, check, fetch_layers),
    *(build_map, add, forget_sources, watch, export_layers),
    *(show, audit, query, validate),
):
    main.add_command(command)
