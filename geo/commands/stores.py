"""Ask what a region's store holds: for whoever keeps it."""

import json
from pathlib import Path

import click

from geo.console import (
    Step,
    answer,
    json_option,
    load_region,
    print_json,
    region_argument,
)


@click.command(cls=Step)
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


@click.command(cls=Step)
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


@click.command(cls=Step)
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
