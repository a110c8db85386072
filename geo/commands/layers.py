"""Fetch finer layers where there is a network."""

from pathlib import Path

import click

from geo.console import (
    Step,
    json_option,
    load_region,
    print_json,
    region_argument,
)


@click.command("fetch", cls=Step)
@region_argument
@click.option(
    "--only",
    default="relief,cover,waterways",
    show_default=True,
    help="Layers, some of these.",
)
@click.option(
    "--from",
    "base",
    default="",
    metavar="URL",
    help="Fetch from here instead, as from a mirror; with one layer in --only.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, no more.")
@click.option("--again", is_flag=True, help="Fetch also what is there already.")
@click.option("--write", is_flag=True, help="Name the layers in the region file.")
@json_option
def fetch_layers(
    region: Path,
    *,
    only: str,
    base: str,
    dry_run: bool,
    again: bool,
    write: bool,
    as_json: bool,
) -> None:
    r"""Fetch relief, land cover and waterways of a REGION from public services.

    Says first what it fetches, from where, how much and under which licence. This is
    the only command that needs a network. Without one the layers that are there serve.

    \b
    Example:
      trocha fetch data/darien/region.toml --only relief --dry-run
    """
    from geo.fetching import LAYERS, WARNING, fetch, plan_fetch
    from geo.fetching.naming import lines_for, name_layers

    wanted = [name.strip() for name in only.split(",") if name.strip()]
    if not wanted or set(wanted) - set(LAYERS):
        raise click.UsageError(f"--only has {only!r}; expected some of {LAYERS}.")
    if base and len(wanted) > 1:
        raise click.UsageError("--from is for one layer: name it with --only.")
    config = load_region(region)
    home = region.absolute().parent
    plans = plan_fetch(config.region.bounds, home=home, only=wanted, base=base)
    told: dict[str, object] = {"plan": [plan.as_dict() for plan in plans]}
    if not as_json:
        click.echo("\n".join(plan.as_text() for plan in plans))
        click.echo(WARNING)
    if not dry_run:
        done = []
        for plan in plans:
            done.append(fetch(plan, again=again))
            click.echo(done[-1].as_text(), err=as_json)
        named = {
            one.plan.source.layer: (
                one.plan.place.relative_to(home).as_posix(),
                one.plan.source.credit,
            )
            for one in done
        }
        told["fetched"] = {one.plan.source.layer: one.as_dict() for one in done}
        told["region_file"] = [
            lines_for(layer, path=path, credit=credit)
            for layer, (path, credit) in named.items()
        ]
        if write:
            name_layers(region, named)
        if not as_json:
            lead = "Written into" if write else "Put this into"
            click.echo(f"{lead} {region}:\n")
            click.echo("\n\n".join(map(str, told["region_file"])))  # type: ignore[call-overload]
    if as_json:
        print_json(told)
