"""Score what trocha computes from the simulated Darién against the truth behind it.

    python tests/bench/score.py [--store FOLDER] [--variance dynamic]

Builds data/darien twice from one store: as the public map is made, for corridors and
hotspots, and without withholding or rounding, for crossings. Prints one line of JSON.
"""

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import msgspec
import numpy as np
import pandas as pd
import shapely

from geo.analysis.crossings.targets import make_targets
from geo.analysis.hotspots.cells import find_hotspots
from geo.analysis.hotspots.stability import STABLE_PCT
from geo.config import Config, Files, Privacy, load_config
from geo.grid import Grid
from geo.pipeline import build
from geo.privacy import Release
from geo.read.layers import read_layers
from geo.recipe import named_layers
from geo.schema import ALL_MONTHS, VISITS
from tests.bench.crossers import true_crossings
from tests.bench.surfaces import score_surfaces

DARIEN = Path(__file__).parents[2] / "data" / "darien"
TRUTH = DARIEN / "truth"
TODAY = date(2024, 6, 1)
"""A fixed day long after the last fix: the score does not depend on when it is run."""
CELL_M = 2000.0
REACH_M = 750.0
"""A journey is at a node within three cells of 250 m of it."""
Cell = tuple[int, int]


def share(part: float, whole: float) -> float:
    """Return a ratio with three decimals; NaN of nothing."""
    return round(part / whole, 3) if whole else float("nan")


def score_corridors(release: Release, *, level: int) -> dict[str, object]:
    """Return how much of the routes the corridors hold, and how little else.

    Parameters
    ----------
    release
        What the public may see.
    level
        Share of the movement that the corridors enclose, in percent.
    """
    table = release.layers["corridors"]
    chosen = table[(table["season"] == "all") & (table["level"] == level)]
    corridor = shapely.union_all(chosen.geometry.to_numpy())
    legs = gpd.read_file(TRUTH / "routes.geojson").to_crs(table.crs)
    lengths = legs.length.to_numpy()
    inside = shapely.length(shapely.intersection(legs.geometry.to_numpy(), corridor))
    routes = shapely.union_all(legs.geometry.to_numpy())
    by_mode = {
        mode: share(
            inside[legs["mode"] == mode].sum(), lengths[legs["mode"] == mode].sum()
        )
        for mode in ("walk", "river", "road", "sea")
    }
    within = {
        f"area_within_{km}_km": share(
            corridor.intersection(routes.buffer(1000 * km)).area, corridor.area
        )
        for km in (1, 2)
    }
    return {
        "level": level,
        "route_inside": share(inside.sum(), lengths.sum()),
        "route_inside_by_mode": by_mode,
        **within,
        "area_km2": round(corridor.area / 1e6),
    }


def score_network(release: Release) -> dict[str, object]:
    """Return how much of the true routes the network has, how little else, how sure.

    Travel times are compared, edge by edge and way by way, with those of the journeys
    behind the sample. What lies in a tube is the part of the true routes within 1 km
    of the network.
    """
    edges, tubes = release.layers["network"], release.layers["network_tubes"]
    legs = gpd.read_file(TRUTH / "routes.geojson").to_crs(edges.crs)
    lines, truth = edges.geometry.to_numpy(), legs.geometry.to_numpy()
    near = shapely.union_all(shapely.buffer(lines, 500.0))
    length, met = (
        legs.length.to_numpy(),
        shapely.length(shapely.intersection(truth, near)),
    )
    mode = legs["mode"].to_numpy()
    around = shapely.union_all(shapely.buffer(truth, 1000.0))
    astray = shapely.length(shapely.difference(lines, around))
    reach = shapely.union_all(shapely.buffer(lines, 1000.0))
    beside = shapely.intersection(truth, reach)
    tube = shapely.union_all(tubes.geometry.to_numpy())
    held = shapely.length(shapely.intersection(beside, tube))
    return {
        "edges": len(edges),
        "length_km": round(edges.length.sum() / 1000),
        "route_within_500_m": share(met.sum(), length.sum()),
        "route_within_500_m_by_mode": {
            kind: share(met[mode == kind].sum(), length[mode == kind].sum())
            for kind in ("walk", "road", "river", "sea")
        },
        "astray_km": round(astray.sum() / 1000, 1),
        "tube_m": float(edges["tube_m"].median()),
        "route_in_tube": share(held.sum(), shapely.length(beside).sum()),
        "route_in_tube_by_mode": {
            kind: share(
                held[mode == kind].sum(),
                shapely.length(beside[mode == kind]).sum(),
            )
            for kind in ("walk", "road", "river", "sea")
        },
        "times": score_times(release),
        "means": score_means(edges, legs),
    }


def score_means(edges: gpd.GeoDataFrame, legs: gpd.GeoDataFrame) -> dict[str, float]:
    """Return the share on foot among who goes ahead, by what the edges truly are.

    An edge is what most of it lies nearest to; a road counts as by boat here, since
    the roads of the region run along rivers.
    """
    at = [
        edge.interpolate(np.linspace(0.1, 0.9, 41), normalized=True)
        for edge in edges.geometry
    ]
    shapes, mode = legs.geometry.to_numpy(), legs["mode"].to_numpy()
    walked = np.array(
        [
            (mode[shapely.distance(points[:, None], shapes).argmin(1)] == "walk").mean()
            for points in map(np.array, at)
        ]
    )
    foot, boat = (
        edges[f"ahead_{means}_tracks"].fillna(0).to_numpy(float)
        for means in ("foot", "boat")
    )
    return {
        name: share(foot[kind].sum(), (foot + boat)[kind].sum())
        for name, kind in (("on_walks", walked > 0.9), ("on_others", walked < 0.1))
    }


def score_times(release: Release) -> dict[str, object]:
    """Return how the median hours of edges compare with those of true journeys."""
    edges = release.layers["network"]
    nodes = release.layers["network_nodes"].set_index("node").geometry
    made = list(true_journeys())
    rows = []
    for row in edges.itertuples():
        for way, ends in (
            ("ahead", (row.from_node, row.to_node)),
            ("back", (row.to_node, row.from_node)),
        ):
            told = getattr(row, f"{way}_timed_h")
            if pd.isna(told) or not {*ends} <= {*nodes.index}:
                continue
            start, end = (nodes[node] for node in ends)
            true = [true_hours(one, start, end, row.geometry) for one in made]
            true = [hours for hours in true if hours]
            if len(true) >= 20:
                rows.append((row.edge, way, float(told), float(np.median(true))))
    table = pd.DataFrame(rows, columns=["edge", "way", "told_h", "true_h"])
    ratio = table["told_h"] / table["true_h"]
    return {
        "compared": len(table),
        "median_ratio": round(float(ratio.median()), 3),
        "within_a_fifth": share((np.abs(ratio - 1) <= 0.2).sum(), len(table)),
        "each": {
            f"{row.edge} {row.way}": [row.told_h, round(row.true_h, 2)]
            for row in table.itertuples()
        },
    }


def true_journeys(number: int = 2240, *, seed: int = 2023) -> Iterator[Any]:
    """Yield the journeys behind the sample, without noise: the same seed, the same."""
    sys.path.insert(0, str(DARIEN))
    simulate = importlib.import_module("simulate")
    legs, stops = (
        simulate.load_legs(TRUTH / "routes.geojson"),
        simulate.load_stops(TRUTH / "stops.csv"),
    )
    months = np.repeat(np.arange(1, 13), simulate.tracks_by_month(number))
    for track, month in enumerate(months.tolist()):
        rng = np.random.default_rng([seed, track])
        yield simulate.plan_track(month, legs, stops, rng)[0]


def true_hours(
    journey: Any, start: shapely.Point, end: shapely.Point, line: shapely.LineString
) -> float | None:
    """Return how long a journey took along an edge; None if it went elsewhere."""
    left, reached = true_visit(journey, start), true_visit(journey, end)
    if left is None or reached is None or reached[0] <= left[1]:
        return None
    between = (journey.moved_s > left[2]) & (journey.moved_s < reached[2])
    away = shapely.distance(
        shapely.points(journey.x[between], journey.y[between]), line
    )
    if not between.any() or (away <= REACH_M).mean() < 0.5:
        return None
    return float((reached[0] - left[1]) / 3600)


def true_visit(journey: Any, place: shapely.Point) -> tuple[float, float, float] | None:
    """Return when a journey arrives at a place and departs, and its way until then."""
    away = np.hypot(journey.x - place.x, journey.y - place.y)
    nearest = int(away.argmin())
    if away[nearest] > REACH_M:
        return None
    near = journey.moved_s[away <= REACH_M]
    still = np.diff(journey.clock_moved_s) == 0
    within = (journey.clock_moved_s >= near.min()) & (
        journey.clock_moved_s <= near.max()
    )
    rests = np.flatnonzero(still & within[:-1])
    moved = journey.moved_s[nearest]
    last = int(np.searchsorted(journey.clock_moved_s, moved, "right")) - 1
    last = min(last, len(journey.clock_s) - 1)
    after = min(last + 1, len(journey.clock_s) - 1)
    run = max(journey.clock_moved_s[after] - journey.clock_moved_s[last], 1e-9)
    part = (moved - journey.clock_moved_s[last]) / run
    passed = journey.clock_s[last] + part * (
        journey.clock_s[after] - journey.clock_s[last]
    )
    begins = [journey.clock_s[n] for n in rests]
    ends = [journey.clock_s[n + 1] for n in rests]
    return min([passed, *begins]), max([passed, *ends]), float(moved)


def score_hotspots(release: Release) -> dict[str, object]:
    """Return which of the truly hot cells were found, and which found ones are not.

    Hot in truth are the cells of truth/cells.csv, where Gi* is tested with its normal
    approximation. `same_test` takes the program's stricter test on the true counts
    instead: what is missed there, the devices have missed. `stable` looks only at
    what is drawn solid.
    """
    table = release.layers["hotspots"]
    found, seen = cells_of(table[table["kind"] == "hot"]), cells_of(table)
    truth = pd.read_csv(TRUTH / "cells.csv")
    hot = truth[truth["hot"] == 1]
    normal = set(zip(hot["column"], hot["row"], strict=True))
    same = true_hotspots(truth, crs=str(table.crs))
    steady = (table["kind"] == "hot") & (table["stable_pct"] >= STABLE_PCT)
    stable = cells_of(table[steady])
    return {
        "found": len(found),
        **compared(found, normal),
        "true_but_withheld": len(normal - seen),
        "same_test": compared(found, same),
        "stable": {
            "found": len(stable),
            **compared(stable, normal),
            "same_test": compared(stable, same),
        },
    }


def score_forecasts(release: Release) -> dict[str, object]:
    """Return how well maps of the months so far tell the next, on equal areas."""
    table = release.layers["forecast"].set_index("method")
    told = ["months", "area_pct", "hit_pct", "pai", "pei"]
    return {name: table.loc[name, told].to_dict() for name in table.index}


def compared(found: set[Cell], true: set[Cell]) -> dict[str, object]:
    """Return sensitivity and the proportion of false discoveries."""
    return {
        "true": len(true),
        "sensitivity": share(len(found & true), len(true)),
        "false_discovery": share(len(found - true), len(found)),
    }


def true_hotspots(truth: pd.DataFrame, *, crs: str) -> set[Cell]:
    """Return the cells that the program would call hot, had it seen everybody."""
    runs = pd.read_csv(TRUTH / "land_cells.csv")
    west, east = runs["first"].min() - 1, runs["last"].max() + 2
    south, north = runs["row"].min() - 1, runs["row"].max() + 2
    bounds = tuple(float(edge * CELL_M) for edge in (west, south, east, north))
    grid = Grid.covering(bounds, crs=crs, cell_m=CELL_M)
    land = np.zeros(grid.shape, dtype=bool)
    for row, first, last in runs[["row", "first", "last"]].to_numpy():
        land[north - 1 - row, first - west : last + 1 - west] = True
    visits = pd.DataFrame(0, index=truth.index, columns=list(VISITS))
    visits["month"], visits["tracks"] = ALL_MONTHS, truth["tracks"]
    visits["cell"] = grid.cell_of(
        (truth["column"].to_numpy() + 0.5) * CELL_M,
        (truth["row"].to_numpy() + 0.5) * CELL_M,
    )
    table = find_hotspots(visits.astype(VISITS), grid, land=land)
    return cells_of(table[table["kind"] == "hot"])


def score_counts(release: Release) -> dict[str, object]:
    """Return how the tracks counted in a cell compare with those that truly passed."""
    table = release.layers["hotspots"]
    counted = pd.Series(table["tracks"].to_numpy(float), index=index_of(table))
    truth = pd.read_csv(TRUTH / "cells.csv").set_index(["column", "row"])["tracks"]
    both = pd.concat({"counted": counted, "true": truth}, axis=1).fillna(0.0)
    busy = both[both["true"] >= 50]
    return {
        "cells_with_50_or_more": len(busy),
        "median_ratio": round(float((busy["counted"] / busy["true"]).median()), 3),
        "correlation": round(
            float(np.corrcoef(both["counted"], both["true"])[0, 1]), 3
        ),
    }


def score_crossings(release: Release, config: Config) -> dict[str, object]:
    """Return border crossings counted, expected and true, by direction and month.

    A boat that rounds the end of the border in a silence is counted by the program
    as crossing it, so the truth is given with and without those.
    """
    whole = release.layers["crossings"]
    whole = whole[whole["kind"] == "whole border"].set_index("direction")
    monthly = release.layers["crossings_monthly"]
    monthly = monthly[monthly["target"].isin(whole["target"])]
    counted = monthly.groupby(["direction", "month"])["tracks"].sum()
    truth = pd.read_csv(TRUTH / "crossings.csv")
    line = truth[truth["kind"].isin(["border", "sea border"])]
    by = ["direction", "month"]
    land = line[line["kind"] == "border"].groupby(by)["tracks"].sum()
    both = line.groupby(by)["tracks"].sum()
    table = pd.DataFrame({"counted": counted, "land": land, "land_and_sea": both})
    table = table.fillna(0).astype(int)
    return {
        str(direction): {
            **{name: int(rows[name].sum()) for name in rows},
            "expected": int(whole.loc[direction, "expected"]),
            "interval": whole.loc[direction, ["low", "high"]].astype(int).tolist(),
            "gap_pct": int(whole.loc[direction, "gap_pct"]),
            "months_off_by": round(
                float((rows["counted"] - rows["land"]).abs().mean()), 2
            ),
            "by_month": {
                str(month): rows.loc[(direction, month)].tolist()
                for _, month in rows.index
            },
        }
        for direction, rows in table.groupby("direction")
    } | {"by_target": score_targets(release, config)}


def score_targets(release: Release, config: Config) -> dict[str, list[int]]:
    """Return for each target and direction: counted, expected, low, high and true.

    True is what the noise-free paths cross, in 50 m steps, between the first and the
    last fix of each track, and counted by the same rule. Rows under ten are left out.
    """
    base = read_layers(
        {
            name: (layer.path, layer.crs, layer.credit)
            for name, layer in named_layers(config).items()
        },
        crs=config.region.crs,
        bounds=config.region.bounds,
        cell_m=config.region.cell_m,
    )
    targets = make_targets(
        border=base.border,
        rivers=base.rivers,
        checkpoints=base.checkpoints,
        places=base.places,
        provinces=base.provinces,
        reach_km=config.corridors.border_reach_km,
    )
    true = true_crossings(targets)
    true = true[true["month"] == ALL_MONTHS].set_index(["target", "direction"])
    seen = release.layers["crossings"].set_index(["target", "direction"])
    columns = ["tracks", "expected", "low", "high"]
    table = seen[columns].astype(float).join(true["tracks"].rename("true"), how="outer")
    table = table.fillna(0).round().astype(int)
    table = table[(table["tracks"] >= 10) | (table["true"] >= 10)]
    names = targets.set_index("target")["name"]
    return {
        f"{names[target]}, {direction}": row.tolist()
        for (target, direction), row in zip(table.index, table.to_numpy(), strict=True)
    }


def index_of(cells: gpd.GeoDataFrame) -> pd.MultiIndex:
    """Return column and row of square cells: whole steps of 2 km east and north."""
    centres = cells.geometry.centroid
    column = np.floor(centres.x.to_numpy() / CELL_M).astype(int)
    row = np.floor(centres.y.to_numpy() / CELL_M).astype(int)
    return pd.MultiIndex.from_arrays([column, row], names=["column", "row"])


def cells_of(cells: gpd.GeoDataFrame) -> set[Cell]:
    """Return column and row of square cells."""
    return set(index_of(cells))


def made(config: Config, output: Path) -> Release:
    """Build and return what may be seen."""
    return build(config, output=output, today=TODAY).release


def main() -> None:
    """Build, score, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="keep the store here")
    parser.add_argument("--variance", choices=["track", "dynamic"], default="track")
    options = parser.parse_args()
    config = load_config(DARIEN / "region.toml")
    drawn = msgspec.structs.replace(config.corridors, variance=options.variance)
    config = msgspec.structs.replace(config, corridors=drawn)
    with tempfile.TemporaryDirectory() as scratch:
        files = Files(
            fixes=config.files.fixes,
            store=(options.store or Path(scratch) / "store").absolute(),
            output=Path(scratch) / "map",
        )
        config = msgspec.structs.replace(config, files=files)
        exact = Privacy(level="internal", k=1, round_to=1)
        public = made(config, Path(scratch) / "map")
        inside = msgspec.structs.replace(config, privacy=exact)
        internal = made(inside, Path(scratch) / "internal")
        surfaces = score_surfaces(config)
    score = {
        "tracks": internal.about.tracks,
        "network": score_network(public),
        "corridors": [score_corridors(public, level=level) for level in (75, 90)],
        "hotspots": score_hotspots(public),
        "forecasts": score_forecasts(public),
        "cells": score_counts(internal),
        "border": score_crossings(internal, config),
        **surfaces,
    }
    print(json.dumps(score, ensure_ascii=False))


if __name__ == "__main__":
    main()
