"""Score several surfaces of the same movement against the truth, side by side.

    python tests/bench/surfaces.py [--store FOLDER]

What the lines of tracks, Brownian bridges of one variance a track and of a changing
one, the ground alone, and ground and tracks together say of where people are, beside
where the simulated people truly were; and what the ground is worth where few tracks
are known. Everything is as the gate lets it through. Prints one line of JSON.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import msgspec
import numpy as np
import pandas as pd
import shapely
from scipy.stats import rankdata

from geo.analysis.corridors.brownian import Occurrence, surface_of
from geo.analysis.corridors.fusion import fuse, spread
from geo.analysis.corridors.outlines import outline_corridors
from geo.analysis.crossings.targets import make_targets
from geo.config import Config, Files, load_config
from geo.findings.fused import find_fused, find_priors
from geo.grid import Grid, Surface
from geo.ingest import take_in
from geo.months import Partials
from geo.privacy import masked
from geo.read.layers import read_layers
from geo.recipe import (
    cover_classes,
    finding_methods,
    layer_sources,
    partial_settings,
    reading_options,
)
from geo.standing import last_moment
from geo.store import open_store
from geo.totals import Totals, add_up

DARIEN = Path(__file__).parents[2] / "data" / "darien"
TRUTH = DARIEN / "truth"
TODAY = date(2024, 6, 1)
CELL_M = 2000.0
LEVEL = 0.75
FLOOR = 0.01  # of each surface this is spread evenly, so that nothing is impossible
FEWEST = 10  # true tracks of a cell that people pass
SAMPLES = (30, 100, 300, 1000)


def totals_of(config: Config, layers: object) -> Totals:
    """Return the sums over all parts."""
    settings = partial_settings(config, until=last_moment(TODAY, 30))
    targets = make_targets(
        border=layers.border,
        rivers=layers.rivers,
        checkpoints=layers.checkpoints,
        places=layers.places,
        provinces=layers.provinces,
    )
    with open_store(config.files.store) as store:
        options = reading_options(config)
        take_in(store, options, folder=config.files.fixes, adding=options)
        partials = Partials(store, settings, targets)
        partials.bring_up_to_date(None)
        seasons = {season.name: season.months for season in config.corridors.seasons}
        return add_up(partials, settings.grid, seasons=seasons)


def lines_of(totals: Totals) -> Occurrence:
    """Return where the lines of tracks run, each track spread evenly over its cells."""
    movement = totals.movement["all"]
    track, cell = (totals.paths[name].to_numpy(np.int64) for name in ("track", "cell"))
    _, run, length = np.unique(track, return_inverse=True, return_counts=True)
    many = movement.grid.rows * movement.grid.columns
    votes = np.bincount(cell, np.rint(2**30 / length)[run], many).astype(np.int64)
    support = np.bincount(cell, minlength=many)
    return Occurrence(
        movement.grid,
        occurrence=votes.reshape(movement.grid.shape),
        support=support.reshape(movement.grid.shape),
        bridged=np.zeros(movement.grid.shape, np.int64),
    )


def told(movement: Occurrence, k: int) -> Surface:
    """Return the movement as the gate lets it through; 0 elsewhere."""
    support = Surface(movement.grid, movement.support.astype(float), "support", "1")
    shown = masked(surface_of(movement), support, k=k)
    return replace(shown, values=np.nan_to_num(shown.values, nan=0.0))


class Truth:
    """Where the simulated people were: routes, and tracks in cells of 2 km."""

    def __init__(self, grid: Grid, ground: np.ndarray) -> None:
        self.legs = gpd.read_file(TRUTH / "routes.geojson").to_crs(grid.crs)
        cells = pd.read_csv(TRUTH / "cells.csv")
        x, y = ((cells[name].to_numpy() + 0.5) * CELL_M for name in ("column", "row"))
        self.fine, self.coarse = grid, grid.coarsened(round(CELL_M / grid.cell_m))
        every = np.arange(grid.rows * grid.columns)
        self.block = self.coarse.cell_of(*grid.centre_of(every))
        many = self.coarse.rows * self.coarse.columns
        self.tracks = np.zeros(many)
        cell = self.coarse.cell_of(x, y)
        self.tracks[cell[cell >= 0]] = cells["tracks"].to_numpy()[cell >= 0]
        self.ground = np.bincount(self.block, ground.ravel(), many) > 0

    def share(self, surface: Surface) -> np.ndarray:
        """Return the share of the movement in each cell of 2 km, never quite none."""
        many = self.tracks.size
        share = np.bincount(self.block, surface.values.ravel(), many)
        even = self.ground / self.ground.sum()
        return (1 - FLOOR) * share / share.sum() + FLOOR * even

    def score(self, surface: Surface) -> float:
        """Return the mean log share of the cells of the true tracks, in nats."""
        share, there = self.share(surface), (self.tracks > 0) & self.ground
        weight = self.tracks[there] / self.tracks[there].sum()
        return round(float(weight @ np.log(share[there])), 3)

    def auc(self, surface: Surface) -> float:
        """Return how often a cell that people pass has more than one they do not."""
        share, passed = self.share(surface)[self.ground], self.tracks >= FEWEST
        passed = passed[self.ground]
        rank, n = rankdata(share), passed.sum()
        area = (rank[passed].sum() - n * (n + 1) / 2) / (n * (~passed).sum())
        return round(float(area), 3)

    def outline(self, surface: Surface) -> dict[str, float]:
        """Return the routes' share inside the 75 % area, and the area."""
        pieces = outline_corridors(surface, levels=[LEVEL]).geometry.to_numpy()
        whole = shapely.union_all(pieces)
        inside = shapely.length(shapely.intersection(self.legs.geometry.values, whole))
        length = self.legs.length.to_numpy()
        walk = (self.legs["mode"] == "walk").to_numpy()
        return {
            "route_inside": round(float(inside.sum() / length.sum()), 3),
            "walk_inside": round(float(inside[walk].sum() / length[walk].sum()), 3),
            "area_km2": round(whole.area / 1e6),
        }

    def row(self, surface: Surface) -> dict[str, float]:
        """Return all scores of a surface."""
        return {
            **self.outline(surface),
            "log_score": self.score(surface),
            "auc": self.auc(surface),
        }


def some_of(totals: Totals, number: int) -> SimpleNamespace:
    """Return the sums over some tracks, those with the smallest keyed hash."""
    kept = np.sort(totals.paths["track"].unique())[:number]
    paths = totals.paths[totals.paths["track"].isin(kept)].reset_index(drop=True)
    few = SimpleNamespace(paths=paths, movement=totals.movement, tracks=number)
    few.movement = {"all": lines_of(few)}
    return few


def learning(
    truth: Truth, totals: Totals, priors: Mapping[float, Surface], methods: object
) -> dict[int, dict[str, float]]:
    """Return the scores of lines alone, and with the ground, from few tracks."""
    scores = {}
    for number in SAMPLES:
        few = some_of(totals, number)
        alone = told(few.movement["all"], methods.k)
        both = find_fused(few, dict(priors), methods)
        scores[number] = {
            "alone": truth.score(alone) if alone.values.any() else None,
            "fused": None if both is None else truth.score(both.surface),
            "n0_tracks": None if both is None else both.weights.n0_tracks,
            "theta_per_h": None if both is None else both.weights.theta_per_h,
        }
    return scores


def score_surfaces(config: Config) -> dict[str, object]:
    """Return the scores of every surface."""
    layers = read_layers(
        layer_sources(config),
        crs=config.region.crs,
        bounds=config.region.bounds,
        cell_m=config.terrain.cell_m or config.region.cell_m,
        classes=cover_classes(config),
    )
    methods = finding_methods(config)
    steady = totals_of(config, layers)
    drawn = msgspec.structs.replace(config.corridors, variance="dynamic")
    moving = totals_of(msgspec.structs.replace(config, corridors=drawn), layers)
    movement = steady.movement["all"]
    grid, k = movement.grid, methods.k
    priors = find_priors(layers, grid, methods)
    both = find_fused(steady, priors, methods)
    every = np.arange(grid.rows * grid.columns)
    prior = spread(priors[both.weights.theta_per_h], grid, every)
    ground = fuse(np.zeros(every.size), prior / prior.sum(), n0=np.inf, total=1)
    truth = Truth(grid, (prior > 0).reshape(grid.shape))
    surfaces = {
        "lines": told(lines_of(steady), k),
        "brownian": told(movement, k),
        "dynamic": told(moving.movement["all"], k),
        "modelled": Surface(grid, ground.reshape(grid.shape), "prior", "1"),
        "fused": both.surface,
    }
    weights = both.weights
    return {
        "surfaces": {name: truth.row(surface) for name, surface in surfaces.items()},
        "weights": {n: getattr(weights, n) for n in weights.__slots__},
        "few_tracks": learning(truth, steady, priors, methods),
    }


def main() -> None:
    """Compute, score, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="keep the store here")
    options = parser.parse_args()
    config = load_config(DARIEN / "region.toml")
    with tempfile.TemporaryDirectory() as scratch:
        files = Files(
            fixes=config.files.fixes,
            store=(options.store or Path(scratch) / "store").absolute(),
            output=Path(scratch) / "map",
        )
        config = msgspec.structs.replace(config, files=files)
        json.dump(score_surfaces(config), sys.stdout, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
