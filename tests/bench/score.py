"""Score what trocha computes from the simulated Darién against the truth behind it.

    python tests/bench/score.py [--store FOLDER] [--variance dynamic]

Builds data/darien twice from one store: as the public map is made, for corridors and
hotspots, and without withholding or rounding, for crossings. Prints one line of JSON.
"""

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import msgspec
import numpy as np
import pandas as pd
import shapely

from geo.analysis.hotspots.cells import find_hotspots
from geo.analysis.hotspots.stability import STABLE_PCT
from geo.config import Config, Files, Privacy, load_config
from geo.grid import Grid
from geo.pipeline import build
from geo.privacy import Release
from geo.schema import ALL_MONTHS, VISITS
from tests.bench.surfaces import score_surfaces

DARIEN = Path(__file__).parents[2] / "data" / "darien"
TRUTH = DARIEN / "truth"
TODAY = date(2024, 6, 1)
"""A fixed day long after the last fix: the score does not depend on when it is run."""
CELL_M = 2000.0
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


def score_crossings(release: Release) -> dict[str, object]:
    """Return border crossings counted and true, by direction and month.

    A boat that rounds the end of the border in a silence is counted by the program
    as crossing it, so the truth is given with and without those.
    """
    borders = release.layers["crossings"]
    borders = set(borders.loc[borders["kind"] == "border", "target"])
    monthly = release.layers["crossings_monthly"]
    monthly = monthly[monthly["target"].isin(borders)]
    counted = monthly.groupby(["direction", "month"])["tracks"].sum()
    truth = pd.read_csv(TRUTH / "crossings.csv")
    line = truth[truth["kind"].isin(["border", "sea border"])]
    by = ["direction", "month"]
    land = line[line["kind"] == "border"].groupby(by)["tracks"].sum()
    whole = line.groupby(by)["tracks"].sum()
    table = pd.DataFrame({"counted": counted, "land": land, "land_and_sea": whole})
    table = table.fillna(0).astype(int)
    return {
        str(direction): {
            **{name: int(rows[name].sum()) for name in rows},
            "months_off_by": round(
                float((rows["counted"] - rows["land"]).abs().mean()), 2
            ),
            "by_month": {
                str(month): rows.loc[(direction, month)].tolist()
                for _, month in rows.index
            },
        }
        for direction, rows in table.groupby("direction")
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
        "corridors": [score_corridors(public, level=level) for level in (75, 90)],
        "hotspots": score_hotspots(public),
        "forecasts": score_forecasts(public),
        "cells": score_counts(internal),
        "border": score_crossings(internal),
        **surfaces,
    }
    print(json.dumps(score, ensure_ascii=False))


if __name__ == "__main__":
    main()
