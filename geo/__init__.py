"""Maps of corridors and hotspots from GPS fixes, safe to publish."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from geo.analysis.corridors.brownian import brownian_bridge
    from geo.analysis.corridors.outlines import outline_corridors
    from geo.analysis.density.surfaces import kernel_density, line_density
    from geo.analysis.hotspots.cells import find_hotspots
    from geo.calibration import calibrate_error
    from geo.clean import clean_fixes
    from geo.config import load_config
    from geo.errors import (
        ConfigError,
        InputError,
        OutputError,
        PrivacyError,
        StoreError,
        TrochaError,
    )
    from geo.grid import Grid, Surface
    from geo.pipeline import export, forget
    from geo.privacy import Findings, Release, release
    from geo.read import read_fixes
    from geo.read.layers import read_layers
    from geo.schema import Sifted
    from geo.smoothing import smooth_fixes
    from geo.trajectory import find_stops, split_trips
    from geo.upkeep import build
    from geo.write.files import write_layers
    from geo.write.page import write_map

_HOME = {
    "ConfigError": "geo.errors",
    "Findings": "geo.privacy",
    "Grid": "geo.grid",
    "InputError": "geo.errors",
    "OutputError": "geo.errors",
    "PrivacyError": "geo.errors",
    "Release": "geo.privacy",
    "Sifted": "geo.schema",
    "StoreError": "geo.errors",
    "Surface": "geo.grid",
    "TrochaError": "geo.errors",
    "brownian_bridge": "geo.analysis.corridors.brownian",
    "build": "geo.upkeep",
    "calibrate_error": "geo.calibration",
    "clean_fixes": "geo.clean",
    "export": "geo.pipeline",
    "find_hotspots": "geo.analysis.hotspots.cells",
    "find_stops": "geo.trajectory",
    "forget": "geo.pipeline",
    "kernel_density": "geo.analysis.density.surfaces",
    "line_density": "geo.analysis.density.surfaces",
    "load_config": "geo.config",
    "outline_corridors": "geo.analysis.corridors.outlines",
    "read_fixes": "geo.read",
    "read_layers": "geo.read.layers",
    "release": "geo.privacy",
    "smooth_fixes": "geo.smoothing",
    "split_trips": "geo.trajectory",
    "write_layers": "geo.write.files",
    "write_map": "geo.write.page",
}

__all__ = [  # each is loaded when it is first used
    "ConfigError",
    "Findings",
    "Grid",
    "InputError",
    "OutputError",
    "PrivacyError",
    "Release",
    "Sifted",
    "StoreError",
    "Surface",
    "TrochaError",
    "brownian_bridge",
    "build",
    "calibrate_error",
    "clean_fixes",
    "export",
    "find_hotspots",
    "find_stops",
    "forget",
    "kernel_density",
    "line_density",
    "load_config",
    "outline_corridors",
    "read_fixes",
    "read_layers",
    "release",
    "smooth_fixes",
    "split_trips",
    "write_layers",
    "write_map",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'geo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
