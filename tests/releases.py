"""Releases made from invented findings, for the tests of the writers.

Everything passes through privacy.release, as the real ones do.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.grid import Grid, Surface
from geo.privacy import About, Findings, Release, release
from geo.schema import Layers

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
GRID = Grid.covering((-20_000, -20_000, 20_000, 20_000), crs=CRS, cell_m=1_000)
COARSE = GRID.coarsened(2)


def frame(columns, geometry):
    """A layer in the region's CRS."""
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)


def corridors(text=""):
    """Nested outlines, one with a hole and one in two pieces, for two seasons."""
    outer = Polygon(
        [(-9e3, -9e3), (9e3, -9e3), (9e3, 9e3), (-9e3, 9e3)],
        [[(-2e3, -2e3), (-2e3, 2e3), (2e3, 2e3), (2e3, -2e3)]],
    )
    outlines = [outer, box(-7e3, -7e3, -3e3, 7e3), box(-6e3, -5e3, -4e3, 5e3)] * 2
    return frame(
        {
            "corridor": range(1, 7),
            "season": ["all"] * 3 + [f"lluvias de mañana{text}"] * 3,
            "level": [90, 75, 50] * 2,
            "tracks": [44, 31, 23, 21, 12, 9],
            "bearing_deg": [315.0, 310.0, np.nan, 320.0, 300.0, 0.0],
            "one_way_pct": [85.0, 90.0, 95.0, 80.0, np.nan, 100.0],
            "bridged_pct": [35.0, 20.0, 5.0, 0.0, 10.0, 15.0],
            "area_km2": [308.0, 56.0, 20.0] * 2,
        },
        outlines,
    )


def hotspots():
    """A row of squares: hot, cold, neither, and one with too few who stopped."""
    cells = np.array([42, 43, 44, 45, 105, 106])
    x, y = COARSE.centre_of(cells)
    half = COARSE.cell_m / 2
    squares = [
        box(east - half, north - half, east + half, north + half)
        for east, north in zip(x, y, strict=True)
    ]
    return frame(
        {
            "cell": cells,
            "tracks": [60, 35, 20, 13, 11, 4],
            "stop_tracks": [33, 8, 15, 0, 10, 1],
            "hours": [5.5, 2.0, 1.0, 0.5, 0.5, 9.0],
            "stop_hours": [3.5, 1.0, 0.5, np.nan, 2.0, 8.0],
            "bearing_deg": [315.0, 330.0, np.nan, 0.0, 90.0, 10.0],
            "one_way_pct": [95.0, 80.0, np.nan, 60.0, 70.0, 100.0],
            "density": [15.0, 8.75, 5.0, 3.25, 2.75, 1.0],
            "post_h": [4.5, 2.0, np.nan, 0.5, 7.0, 1.0],
            "z": [6.4, 3.1, 0.3, -2.2, -2.9, 0.0],
            "q": [2.5e-9, 0.0041, 0.61, 0.045, 0.0088, 1.0],
            "kind": ["hot", "hot", "none", "cold", "cold", "none"],
            "confidence": [99, 99, 0, 95, 99, 0],
            "stable_pct": [100.0, 62.5, np.nan, 75.0, 50.0, 0.0],
        },
        squares,
    )


def crossings(text=""):
    """A reach of the border, a schematic river, and a checkpoint that is a point."""
    return frame(
        {
            "target": [1, 1, 2, 3],
            "kind": ["border", "border", "river", "checkpoint"],
            "name": [
                f"Palo de las Letras{text}",
                f"Palo de las Letras{text}",
                "Río Tuquesa, año 2023",
                "Canaán Membrillo",
            ],
            "direction": ["into Panama", "into Colombia", "west bank to east", "past"],
            "tracks": [58, 3, 22, 37],
            "low": [44.0, 0.6, 13.8, 26.1],
            "high": [75.0, 8.8, 33.3, 51.0],
            "quality": ["mapped", "mapped", "schematic", "mapped"],
            "precision_m": [50.0, 50.0, 2000.0, 8000.0],
        },
        [
            LineString([(-15e3, -10e3), (0, -12e3), (15e3, -10e3)]),
            LineString([(-15e3, -10e3), (0, -12e3), (15e3, -10e3)]),
            LineString([(-12e3, 5e3), (12e3, 6e3)]),
            Point(3e3, 7e3),
        ],
    )


def monthly_tables():
    """The tables that have no geometry."""
    return {
        "hotspots_monthly": pd.DataFrame(
            {
                "cell": [42, 42, 43],
                "month": ["2023-08", "2023-09", "2023-09"],
                "tracks": [31, 28, 7],
            }
        ),
        "crossings_monthly": pd.DataFrame(
            {
                "target": [1, 3],
                "direction": ["into Panama", "past"],
                "month": ["2023-08", "2023-08"],
                "tracks": [30, 16],
            }
        ),
        "monthly": pd.DataFrame({"month": ["2023-08", "2023-09"], "tracks": [52, 48]}),
    }


def points():
    """Squares with people seen there: many and hot, some, and too few."""
    cells = np.array([44, 62, 63])
    x, y = COARSE.centre_of(cells)
    half = COARSE.cell_m / 2
    return frame(
        {
            "cell": cells,
            "points": [130, 22, 9],
            "z": [5.1, 0.4, np.nan],
            "q": [1e-4, 0.7, np.nan],
            "kind": ["hot", "none", "none"],
            "confidence": [99, 0, 0],
        },
        [
            box(east - half, north - half, east + half, north + half)
            for east, north in zip(x, y, strict=True)
        ],
    )


def network_layers():
    """Three routes that meet: many walk two of them, too few the third."""
    ends = [(-9e3, -2e3), (0, 0), (9e3, -6e3), (1e3, 8e3)]
    ways = [(2, 1), (3, 2), (2, 4)]
    return {
        "network": frame(
            {
                "edge": [1, 2, 3],
                "from_node": [start for start, _ in ways],
                "to_node": [end for _, end in ways],
                "from_name": ["junction 2", "Acandí", "junction 2"],
                "to_name": ["Bajo Chiquito", "junction 2", "end 4"],
                "tracks": [57, 36, 6],
                "ahead_tracks": [41, 33, 6],
                "back_tracks": [12, 3, 0],
                "ahead_foot_tracks": [38, 2, 0],
                "ahead_boat_tracks": [1, 31, 0],
                "back_foot_tracks": [12, 3, 0],
                "back_boat_tracks": [0, 0, 0],
                "ahead_foot_pct": np.nan,
                "ahead_boat_pct": np.nan,
                "back_foot_pct": np.nan,
                "back_boat_pct": np.nan,
                "ahead_timed_tracks": [28, 12, 1],
                "ahead_timed_h": [6.38, 0.63, 5.0],
                "ahead_timed_low_h": [5.45, 0.55, 5.0],
                "ahead_timed_high_h": [28.72, 0.71, 5.0],
                "ahead_timed_moving_h": [6.19, 0.63, 5.0],
                "back_timed_tracks": [4, 3, 0],
                "back_timed_h": [7.1, 0.7, np.nan],
                "back_timed_low_h": [6.0, 0.6, np.nan],
                "back_timed_high_h": [8.0, 0.8, np.nan],
                "back_timed_moving_h": [7.1, 0.7, np.nan],
                "tube_m": [76.7, 333.0, 90.0],
                "stability_pct": [100.0, 87.3, 50.0],
                "bridged_pct": [15.0, 60.0, 0.0],
                "length_km": [9.2, 10.8, 8.1],
            },
            [LineString([ends[start - 1], ends[end - 1]]) for start, end in ways],
        ),
        "network_tubes": frame(
            {"edge": [1, 2], "tracks": [57, 36], "tube_m": [76.7, 333.0]},
            [
                LineString([ends[start - 1], ends[end - 1]]).buffer(half_m)
                for (start, end), half_m in zip(ways, (100, 350), strict=False)
            ],
        ),
        "network_monthly": pd.DataFrame(
            {
                "edge": [1, 1, 2],
                "month": ["2023-08", "2023-09", "2023-09"],
                "tracks": [31, 26, 8],
                "ahead_tracks": [21, 20, 8],
                "back_tracks": [7, 5, 0],
            }
        ),
        "network_nodes": frame(
            {
                "node": [1, 2, 3, 4],
                "name": ["Bajo Chiquito", "junction 2", "Acandí", "end 4"],
                "kind": ["end", "junction", "checkpoint", "end"],
                "tracks": [57, 60, 36, 6],
            },
            [Point(end) for end in ends],
        ),
    }


def emerging():
    """Squares that became hot, stayed cold, or neither, by twelve months."""
    squares = hotspots()
    kinds = ["consecutive hot", "none", "intensifying cold"]
    return frame(
        {
            "cell": [42, 43, 105],
            "tracks": [60, 35, 11],
            "kind": kinds,
            "kind_es": ["caliente consecutivo", "sin patrón", "frío en aumento"],
            "trend": ["rising", "none", "falling"],
            "months": [12, 12, 12],
            "hot_months": [3, 0, 0],
            "cold_months": [0, 0, 11],
            "last": ["hot", "none", "cold"],
            "run": [3, 12, 11],
            "reason_en": ["Hot in 3 of 12 months."] * 3,
            "reason_es": ["Caliente en 3 de 12 meses."] * 3,
        },
        squares.geometry.iloc[[0, 1, 4]].tolist(),
    )


def evidence_layers():
    """Tests of the whole, one likeliest circle, forecasts, and local Moran's I."""
    squares = hotspots()
    return {
        "global_tests": pd.DataFrame(
            {
                "test": ["moran", "general g", "circle", "network"],
                "tracks": [100, 100, 62, 31],
                "value": [0.36, 0.026, 3.2, 1.1],
                "expected": [-0.001, 0.0066, 1.0, 1.0],
                "z": [19.7, 0.4, np.nan, np.nan],
                "p": [1e-12, 0.69, 4.1e-5, 0.42],
            }
        ),
        "scan": frame(
            {
                "window": ["circle"],
                "rank": [1],
                "tracks": [62],
                "radius_km": [6.0],
                "ratio": [3.2],
                "gumbel_p": [4.1e-5],
            },
            [Point(-12e3, 14e3).buffer(6e3)],
        ),
        "forecast": pd.DataFrame(
            {
                "method": ["hotspots", "last month", "density"],
                "tracks": [100] * 3,
                "months": [9] * 3,
                "area_pct": [3.1] * 3,
                "hit_pct": [36.0, 45.0, 38.0],
                "pai": [12.0, 14.0, 12.0],
                "pei": [0.76, 0.95, 0.8],
            }
        ),
        "clusters": frame(
            {
                "cell": squares["cell"],
                "tracks": squares["tracks"],
                "lisa": ["high-high", "none", "none", "low-low", "high-low", "none"],
                "lisa_q": [0.002, 0.3, 0.8, 0.04, 0.01, np.nan],
            },
            squares.geometry.tolist(),
        ),
    }


def recorded():
    """People seen at the border, at a checkpoint, and too few at a river."""
    seen = crossings().drop(columns="direction").rename(columns={"tracks": "points"})
    return seen.iloc[[0, 2, 3]].assign(points=[212, 8, 41]).reset_index(drop=True)


def point_layers():
    """The layers of a release that tell of points."""
    return {
        "points": points(),
        "recorded": recorded(),
        "points_monthly": pd.DataFrame(
            {"cell": [44, 62], "month": ["2023-08", "2023-08"], "points": [70, 6]}
        ),
        "recorded_monthly": pd.DataFrame(
            {"target": [1, 3], "month": ["2023-08", "2023-09"], "points": [99, 12]}
        ),
    }


def model_layers(text=""):
    """Quickest ways between two pairs and all places, and hours to help."""
    near, far = box(-9e3, -9e3, 9e3, 3e3), box(-12e3, -12e3, 12e3, 6e3)
    return {
        "modelled": frame(
            {
                "entry": [f"Acandí{text}"] * 2 + ["Capurganá"] * 2,
                "exit": ["Canaán Membrillo"] * 4,
                "level": [5, 10] * 2,
                "hours": [13.5, 13.5, 12.0, 12.0],
                "area_km2": [216.0, 432.0] * 2,
            },
            [MultiPolygon([shape]) for shape in (near, far)] * 2,
        ),
        "fused": frame(
            {
                "level": [50, 90, 50, 90],
                "basis": ["observed", "observed", "modelled", "modelled"],
                "share_pct": [48.0, 87.0, 1.7, 3.1],
                "area_km2": [16.0, 36.0, 32.0, 100.0],
            },
            [
                MultiPolygon([shape])
                for shape in (
                    box(-2e3, -2e3, 2e3, 2e3),
                    box(-3e3, -3e3, 3e3, 3e3),
                    box(-11e3, -6e3, -7e3, 2e3),
                    box(-13e3, -8e3, -3e3, 2e3),
                )
            ],
        ),
        "thoroughfares": frame(
            {
                "share_pct": [1, 10],
                "places": [12, 12],
                "area_km2": [204.0, 64.0],
            },
            [
                MultiPolygon([box(-15e3, -6e3, 15e3, -2e3), box(0, 6e3, 12e3, 13e3)]),
                MultiPolygon([box(-8e3, -6e3, 8e3, -2e3)]),
            ],
        ),
        "isochrones": frame(
            {
                "help": ["post", "post", "clinic"],
                "from_h": [0.0, 1.0, 0.0],
                "up_to_h": [1.0, 2.5, 1.0],
                "area_km2": [100.0, 300.0, 100.0],
            },
            [
                MultiPolygon([box(-5e3, -5e3, 5e3, 5e3)]),
                MultiPolygon([box(-15e3, -5e3, -5e3, 5e3), box(5e3, -5e3, 15e3, 5e3)]),
                MultiPolygon([box(0, 0, 10e3, 10e3)]),
            ],
        ),
    }


def surfaces():
    """Density of tracks and share of movement, high along a diagonal band."""
    row, column = np.indices(GRID.shape)
    support = np.maximum(0.0, 60.0 - 4.0 * np.abs(row - column))
    tracks = Surface(GRID, support, "support", "tracks")
    density = Surface(GRID, support / 8, "density of tracks", "tracks/km²")
    movement = Surface(
        GRID, 100 * support / support.sum(), "share of movement", "%/km²"
    )
    return {"density": (density, tracks), "movement": (movement, tracks)}


def base_layers(text="", *, relief_cell_m=3700.0):
    """Small base layers with a name each."""
    sides = [box(-20e3, -20e3, 0, 20e3), box(0, -20e3, 20e3, 20e3)]
    row, column = np.indices(GRID.shape)
    names = [f"Darién{text}", "Chocó"]
    return Layers(
        land=frame({}, [box(-18e3, -18e3, 19e3, 19e3)]),
        rivers=frame(
            {
                "name": ["Río Tuquesa", ""],
                "order": [2, 4],
                "quality": ["schematic", "mapped"],
                "precision_m": [2000.0, 200.0],
            },
            [
                LineString([(-12e3, 5e3), (12e3, 6e3)]),
                LineString([(-15e3, -8e3), (-2e3, 3e3)]),
            ],
        ),
        border=frame({}, [LineString([(0, -20e3), (0, 20e3)])]),
        provinces=frame({"name": names, "country": ["Panama", "Colombia"]}, sides),
        places=frame(
            {
                "name": ["Bajo Chiquito", "Capurganá"],
                "country": ["Panama", "Colombia"],
                "population": [600, 2_000],
            },
            [Point(-6e3, 6e3), Point(9e3, -6e3)],
        ),
        checkpoints=frame(
            {
                "name": ["Canaán Membrillo", "Acandí"],
                "country": ["Panama", "Colombia"],
                "role": ["receiving community", "departure town"],
                "since": ["2021-01", ""],
                "until": ["", ""],
                "precision_m": [8000.0, 500.0],
            },
            [Point(3e3, 7e3), Point(12e3, -9e3)],
        ),
        relief=Surface(GRID, 40.0 * np.abs(row - column), "height", "m"),
        relief_cell_m=relief_cell_m,
        crossings=pd.DataFrame(
            {
                "year": [2023, 2023],
                "month": [8, 9],
                "crossings": [81_946, 75_268],
                "basis": ["quoted", "quoted"],
            }
        ),
        nationalities=pd.DataFrame(
            {
                "year": [2023, 2023],
                "nationality": [f"Venezuela{text}", "Haití"],
                "persons": [328_650, 46_422],
            }
        ),
        credits={"land": "GSHHG (LGPL)", "border": "OpenStreetMap contributors (ODbL)"},
    )


def make_release(
    *,
    simulated: bool = True,
    level: str = "public",
    k: int = 10,
    round_to: int = 5,
    region: str = "Darién",
    text: str = "",
    empty: bool = False,
    layers: dict | None = None,
    models: dict | None = None,
    relief_cell_m: float | None = 3700.0,
    validation: dict | None = None,
) -> Release:
    """Pass invented findings through the gate.

    `text` is added to names that come from files; `empty` withholds every row and
    cell; `layers` replaces or adds layers by name; `models` are passed as they are.
    `relief_cell_m` is how coarse the relief was.
    """
    found = {
        "corridors": corridors(text),
        "hotspots": hotspots(),
        "crossings": crossings(text),
        **monthly_tables(),
        **(layers or {}),
    }
    found_surfaces = surfaces()
    if empty:
        found = {name: layer.assign(tracks=0) for name, layer in found.items()}
        nobody = Surface(GRID, np.zeros(GRID.shape), "support", "tracks")
        found_surfaces = {n: (v, nobody) for n, (v, _) in found_surfaces.items()}
    about = About(
        region=region,
        crs=CRS,
        first_month="" if empty else "2023-08",
        last_month="" if empty else "2023-09",
        tracks=0 if empty else 100,
        fixes_read=12_345,
        fixes_kept=12_000,
        rejected={"duplicate": 300, "spike": 45},
        files=3,
        simulated=simulated,
        parameters={"cell_m": 1_000.0, "bandwidth_m": 3_000.0, "alpha": 0.05},
        bridged_share=0.31,
        validation=validation or {},
    )
    findings = Findings(
        layers=found,
        surfaces=found_surfaces,
        base=base_layers(text, relief_cell_m=relief_cell_m),
        about=about,
        models=models or {},
    )
    return release(findings, k=k, round_to=round_to, level=level)
