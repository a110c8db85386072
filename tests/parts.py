"""Small parts with walkers in them, and what they are analysed with."""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString

from geo.grid import Grid
from geo.partials import Settings, analyse_part

CRS = "+proj=laea +lat_0=8.1 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
MARCH, JUNE = 12 * 2023 + 2, 12 * 2023 + 5

CELLS = Grid(CRS, -8_000, 8_000, 2_000, rows=8, columns=8)
SETTINGS = Settings(
    grid=Grid(CRS, -8_000, 8_000, 250, rows=64, columns=64),
    cells=CELLS,
    bounds=(-77.57, 8.03, -77.43, 8.17),
    until_ms=1_700_000_000_000,
    max_speed_kmh=35.0,
    location_error_m=20.0,
    max_accuracy_m=None,
    max_gap_h=6.0,
    min_fixes=3,
    stop_radius_m=100.0,
    stop_min_minutes=20.0,
    stop_strays=0,
    smooth=False,
    variance="track",
)

RIVER = gpd.GeoDataFrame(
    {
        "target": [0],
        "kind": ["river"],
        "name": ["Río Ñu"],
        "quality": ["mapped"],
        "precision_m": [100.0],
        "one_side": ["north bank"],
        "other_side": ["south bank"],
    },
    geometry=[LineString([(-8_000, 0), (8_000, 0)])],
    crs=CRS,
)


def fixes_of(tracks, *, month="2023-03"):
    """Walkers going north at 3 km/h through the middle, side by side.

    Columns are as the store gives them, sorted by track, then time.
    """
    table = []
    for track in sorted(tracks):
        minutes = np.arange(0, 200, 10)
        table.append(
            pd.DataFrame(
                {
                    "track": np.int64(track),
                    "time": pd.Timestamp(f"{month}-02T11:00Z").as_unit("ms")
                    + pd.to_timedelta(minutes, unit="min"),
                    "lon": -77.5 + 1e-4 * (track % 7),
                    "lat": 8.06 + minutes * 50 / 111_000,
                    "elevation_m": np.nan,
                    "accuracy_m": np.nan,
                    "source": "s",
                    "line": minutes // 10 + 1,
                }
            )
        )
    whole = pd.concat(table, ignore_index=True)
    return whole.assign(time=whole["time"].astype("datetime64[ms, UTC]"))


def partial_of(tracks, *, month=MARCH, settings=SETTINGS):
    """The partial of such walkers."""
    label = f"{month // 12}-{month % 12 + 1:02d}"
    fixes = fixes_of(tracks or [0], month=label)
    fixes = fixes[fixes["track"].isin(tracks)]
    return analyse_part(month, fixes, settings, targets=RIVER)


def assert_equal(one, two):
    """Partials or totals are the same to the last bit."""
    for name in one.__dataclass_fields__:
        a, b = getattr(one, name), getattr(two, name)
        if isinstance(a, pd.DataFrame):
            pd.testing.assert_frame_equal(a, b)
        elif name == "movement":
            assert list(a) == list(b)
            for season in a:
                assert_same_movement(a[season], b[season])
        elif name == "occurrence":
            assert_same_movement(a, b)
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b, name


def assert_same_movement(one, two):
    assert one.grid == two.grid
    for name in ("occurrence", "support", "bridged"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
