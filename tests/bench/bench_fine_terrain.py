"""How much memory and time a cost surface of a whole region takes in cells of 30 m.

    python tests/bench/bench_fine_terrain.py [--cell 30] [--folder DIR]

Tiles like those of Copernicus GLO-30 are made (hills of sines, so that they pack well),
with land cover in cells of 30 m, and read as any others; land and rivers are those of
the Darién. Peak memory is that of the process so far, as the system counts it.
"""

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import rasterio

from geo.analysis.terrain.laying import land_on, lay_costs
from geo.analysis.terrain.travel import isochrones
from geo.config import load_config
from geo.fetching import SOURCES
from geo.read.layers import read_layers
from geo.recipe import cover_classes, layer_sources, travel_grid, travel_rules

DARIEN = Path(__file__).parents[2] / "data" / "darien" / "region.toml"
PIXELS = 3600


def make_tiles(folder, bounds):
    """Write a tile of heights and one of classes for each degree."""
    (folder / "relief").mkdir(parents=True, exist_ok=True)
    (folder / "cover").mkdir(exist_ok=True)
    step = (np.arange(PIXELS) + 0.5) / PIXELS
    for piece in SOURCES["relief"].cover(bounds):
        west, _, _, north = piece.bounds
        x, y = west + step, north - step[:, None]
        height = 300 * (2 + np.sin(9 * x) * np.cos(11 * y) + np.sin(97 * x + 31 * y))
        codes = np.where(np.sin(57 * x) * np.sin(43 * y) > 0.3, 30, 10)
        affine = rasterio.Affine(1 / PIXELS, 0, west, 0, -1 / PIXELS, north)
        for name, values, kind in (
            ("relief", np.round(height), "float32"),
            ("cover", codes, "uint8"),
        ):
            with rasterio.open(
                folder / name / piece.name, "w", driver="GTiff", count=1, dtype=kind,
                crs="EPSG:4326", height=PIXELS, width=PIXELS, transform=affine,
                tiled=True, compress="DEFLATE", zlevel=1,
            ) as file:  # fmt: skip
                file.write(values.astype(kind), 1)


def main():
    """Make, read, cost and spread; print time and peak memory after each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cell", type=float, default=30.0)
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    config = load_config(DARIEN)
    terrain = msgspec.structs.replace(config.terrain, cell_m=given.cell)
    config = msgspec.structs.replace(config, terrain=terrain)
    start = time.perf_counter()

    def say(what):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{what}: {time.perf_counter() - start:.0f} s, peak {peak:.2f} GB")

    with TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if not (folder / "relief").exists():
            make_tiles(folder, config.region.bounds)
        say("made the tiles")
        sources = layer_sources(config) | {
            name: ((folder / name,), "", "") for name in ("relief", "cover")
        }
        base = read_layers(
            sources,
            crs=config.region.crs,
            bounds=config.region.bounds,
            cell_m=given.cell,
            classes=cover_classes(config),
        )
        say(f"read relief and cover ({base.relief.values.size / 1e6:.0f} M cells each)")
        grid = travel_grid(config)
        land = land_on(base.land, grid)
        costs = lay_costs(base, grid, rules=travel_rules(config), land=land)
        cells = grid.rows * grid.columns / 1e6
        say(f"made the costs ({cells:.0f} M cells, {costs.friction.dtype})")
        open_ = np.flatnonzero(np.isfinite(costs.friction.ravel()))
        hours = isochrones(costs, open_[[len(open_) // 3, 2 * len(open_) // 3]]).values
        say(f"spread them from two cells ({np.isfinite(hours).mean():.0%} reached)")


if __name__ == "__main__":
    main()
