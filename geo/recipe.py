"""The region file, translated into the settings of each room."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from pyproj import Transformer

from geo.analysis.terrain.costs import irmischer_clarke, langmuir, tobler
from geo.analysis.terrain.rules import RANGES, Ranges, Season, TravelRules
from geo.config import Config, Layer
from geo.errors import ConfigError
from geo.findings.methods import Methods, ModelMethods
from geo.grid import Grid
from geo.ingest import Options
from geo.landscape import RANKS, RULES, Terrain, span
from geo.partials import Settings

MOST_CELLS = 25_000_000
"""Largest grid: each surface on it then takes 200 MB."""

MOST_TRAVEL_CELLS = 80_000_000
"""Largest grid of modelled travel: a region of two degrees in cells of 30 m."""

OFF = {
    "cleaning.smooth": False,
    "corridors.variance": "track",
    "hotspots.count": "tracks",
}
"""Settings that do nothing unless asked for, and what they are then."""

_COVER_CODES = {
    "forest": 10,
    "shrub": 20,
    "open_ground": 30,
    "built": 50,
    "water": 80,
    "wetland": 90,
}


def reading_options(
    config: Config, reading: Mapping[str, Any] | None = None
) -> Options:
    """Return how the region's files are read, with what the user said on top."""
    given = {key: value for key, value in (reading or {}).items() if value}
    base: dict[str, Any] = {
        "bounds": config.region.bounds,
        "time_zone": config.region.time_zone,
        "since": config.region.since,
        "until": config.region.until,
    }
    return Options(**(base | given))


def grids(config: Config) -> tuple[Grid, Grid]:
    """Return the fine grid of the surfaces, and the coarse one of published cells.

    Raises
    ------
    ConfigError
        If the region is too large for its CRS, or for its cells.
    """
    west, south, east, north = config.region.bounds
    project = Transformer.from_crs("EPSG:4326", config.region.crs, always_xy=True)
    box = project.transform_bounds(west, south, east, north, densify_pts=51)
    count = (box[2] - box[0]) * (box[3] - box[1]) / config.region.cell_m**2
    if not count <= MOST_CELLS:
        raise ConfigError(
            f"[region] bounds hold {count:,.0f} cells of {config.region.cell_m:g} m; "
            f"expected at most {MOST_CELLS:,}.",
            hint="Draw the bounds closer, or set a larger [region] cell_m.",
        )
    cells = Grid.covering(box, crs=config.region.crs, cell_m=config.hotspots.cell_m)
    fine = Grid.covering(
        cells.bounds, crs=config.region.crs, cell_m=config.region.cell_m
    )
    return fine, cells


def partial_settings(config: Config, *, until: datetime) -> Settings:
    """Return what partials depend on: fixes from `until` on are left out."""
    fine, cells = grids(config)
    return Settings(
        grid=fine,
        cells=cells,
        bounds=config.region.bounds,
        until_ms=int(until.timestamp() * 1000),
        max_speed_kmh=config.cleaning.max_speed_kmh,
        location_error_m=config.cleaning.location_error_m,
        max_accuracy_m=config.cleaning.max_accuracy_m,
        max_gap_h=config.trips.max_gap_h,
        min_fixes=config.trips.min_fixes,
        stop_radius_m=config.trips.stop_radius_m,
        stop_min_minutes=config.trips.stop_min_minutes,
        stop_strays=config.trips.stop_strays,
        smooth=config.cleaning.smooth,
        variance=config.corridors.variance,
    )


def point_settings(config: Config, settings: Settings) -> dict[str, Any]:
    """Return how points are cleaned: the options of `clean_points`.

    A point without a date had been seen by the last month of the campaign. A campaign
    that goes on has none, and the delay of publication could not be kept.
    """
    until, moment = config.region.until, pd.Timestamp(settings.until_ms, unit="ms")
    return {
        "crs": config.region.crs,
        "bounds": config.region.bounds,
        "before": 12 * moment.year + moment.month - 1,
        "undated": 12 * int(until[:4]) + int(until[5:]) - 1 if until else None,
    }


def finding_methods(config: Config) -> Methods:
    """Return how sums become corridors and hotspots."""
    return Methods(
        levels=config.corridors.levels,
        seasons={season.name: season.months for season in config.corridors.seasons},
        bandwidth=config.hotspots.bandwidth_m,
        alpha=config.hotspots.alpha,
        k=config.privacy.k,
        count=config.hotspots.count,
        round_to=config.privacy.round_to,
        correction={"bh": "fdr", "by": "by"}[config.hotspots.correction],
        chances=config.hotspots.chances,
        model=_model_methods(config),
        travel=travel_grid(config),
    )


def _model_methods(config: Config) -> ModelMethods:
    """Return how the ground is asked where people would go."""
    model, fine = config.model, config.region.cell_m
    return ModelMethods(
        entries=model.entries,
        exits=model.exits,
        cell_factor=max(1, round(model.cell_m / fine)),
        prior_factor=max(1, round(model.prior_cell_m / fine)),
        slower_pct=model.slower_pct,
        hours=model.hours,
        thoroughfares=model.thoroughfares,
        rules=travel_rules(config),
        season=config.terrain.season,
    )


def travel_grid(config: Config) -> Grid:
    """Return the grid of modelled travel, over the same ground as the fine grid.

    Raises
    ------
    ConfigError
        As of `grids`, or if it has too many cells.
    """
    fine, _ = grids(config)
    cell_m = config.terrain.cell_m
    if cell_m is None or cell_m == fine.cell_m:
        return fine
    grid = Grid.covering(fine.bounds, crs=fine.crs, cell_m=cell_m)
    if grid.rows * grid.columns > MOST_TRAVEL_CELLS:
        raise ConfigError(
            f"[terrain] cell_m makes {grid.rows * grid.columns:,} cells of "
            f"{cell_m:g} m; expected at most {MOST_TRAVEL_CELLS:,}.",
            hint="Set larger cells, or draw [region] bounds closer.",
        )
    return grid


def travel_rules(config: Config) -> TravelRules:
    """Return how the ground slows travellers: the likely value of each rule."""
    terrain = config.terrain
    walk = langmuir()
    if terrain.walk != "langmuir":
        slope = tobler if terrain.walk == "tobler" else irmischer_clarke
        walk = slope(on_path=terrain.on_path)
    numbers: dict[str, Any] = {name: getattr(terrain, name) for name in RANKS}
    numbers |= {name: span(getattr(terrain, name))[1] for name in RULES}
    return TravelRules(walk=walk, **numbers)


def travel_ranges(config: Config) -> Ranges:
    """Return the lowest and highest value of each rule, for `draw_rules`."""
    spans = {name: span(getattr(config.terrain, name)) for name in RULES}
    return {
        name: (low, high, RANGES[name][2]) for name, (low, _, high) in spans.items()
    }


def travel_season(config: Config, name: str) -> Season:
    """Return whether rivers are high in a season of the corridors, by its name."""
    return "wet" if name in config.terrain.wet_seasons else "dry"


def cover_classes(config: Config) -> dict[int, int]:
    """Return the class of ESA WorldCover that each value of the land cover means."""
    cover = config.terrain.cover
    return {
        value: code
        for name, code in _COVER_CODES.items()
        for value in getattr(cover, name)
    }


def layer_sources(config: Config) -> dict[str, tuple[tuple[Path, ...], str, str]]:
    """Return files, CRS and credit of each layer, as `read_layers` wants them.

    Raises
    ------
    ConfigError
        If a layer has tiles that is not read in tiles.
    """
    for name, layer in named_layers(config).items():
        if layer.tiles and name not in {"relief", "cover"}:
            raise ConfigError(
                f"[layers.{name}] has tiles; expected them of relief and cover only.",
                hint="Put the layer into one file.",
            )
    return {
        name: ((layer.path, *layer.tiles), layer.crs, layer.credit)
        for name, layer in named_layers(config).items()
    }


def named_layers(config: Config) -> dict[str, Layer]:
    """Return the base layers that the region has, by name."""
    named = msgspec.structs.asdict(config.layers)
    return {name: layer for name, layer in named.items() if layer is not None}


def named_parameters(config: Config) -> dict[str, object]:
    """Return what the results depend on, by name with unit.

    What is off unless asked for is named where it was asked for, and what is said of
    the terrain where it is not what the program holds likely.
    """
    sections = (
        config.region,
        config.cleaning,
        config.trips,
        config.corridors,
        config.hotspots,
        config.privacy,
    )
    named = {
        f"{type(section).__name__.lower()}.{name}": msgspec.to_builtins(value)
        for section in sections
        for name, value in msgspec.structs.asdict(section).items()
        if name not in {"name", "crs", "since", "until", "least_new_tracks"}
    }
    told = msgspec.to_builtins(config.terrain)
    usual = msgspec.to_builtins(Terrain())
    named |= {
        f"terrain.{name}": value for name, value in told.items() if value != usual[name]
    }
    if config.model.entries:
        told = msgspec.to_builtins(config.model)
        named |= {f"model.{name}": value for name, value in told.items()}
    return {
        name: value
        for name, value in named.items()
        if name not in OFF or value != OFF[name]
    }
