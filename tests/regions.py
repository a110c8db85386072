"""A tiny region with a known answer: a valley of walkers, and a border across it."""

from hashlib import sha256

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point, Polygon

BOUNDS = (-77.7, 7.9, -77.3, 8.3)

REGION = f"""\
[region]
name = "Tiny"
crs = "+proj=laea +lat_0=8.1 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
bounds = {list(BOUNDS)}

[files]
fixes = "fixes"
store = "store"
output = "map"

[layers]
land = {{ path = "layers/land.gpkg", credit = "Land: invented" }}
rivers = {{ path = "layers/rivers.gpkg", credit = "Rivers: invented" }}
border = {{ path = "layers/border.gpkg", credit = "Border: invented" }}
provinces = {{ path = "layers/provinces.gpkg", credit = "Provinces: invented" }}
checkpoints = {{ path = "layers/checkpoints.gpkg", credit = "Posts: invented" }}

[corridors]
border_reach_km = 100

[privacy]
"""


def make_layers(folder):
    """Land everywhere; a border along 8.1° north; a river and a post further north."""
    west, south, east, north = BOUNDS
    below = Polygon([(west, south), (east, south), (east, 8.1), (west, 8.1)])
    above = Polygon([(west, 8.1), (east, 8.1), (east, north), (west, north)])
    layers = {
        "land": {"geometry": [below.union(above)]},
        "border": {"geometry": [LineString([(west, 8.1), (east, 8.1)])]},
        "rivers": {
            "name": ["Río Ñu"],
            "order": [1],
            "quality": ["mapped"],
            "precision_m": [100.0],
            "geometry": [LineString([(west, 8.2), (east, 8.2)])],
        },
        "provinces": {
            "name": ["Sur", "Norte"],
            "country": ["CO", "PA"],
            "geometry": [below, above],
        },
        "checkpoints": {
            "name": ["Posta"],
            "country": ["PA"],
            "role": ["reception station"],
            "since": [""],
            "until": [""],
            "precision_m": [500.0],
            "geometry": [Point(-77.5, 8.25)],
        },
    }
    folder.mkdir(parents=True)
    for name, columns in layers.items():
        frame = gpd.GeoDataFrame(columns, crs="EPSG:4326")
        frame.to_file(folder / f"{name}.gpkg", driver="GPKG")


def walk(number, *, month="2023-03", seed=0):
    """One walker going north along 77.5° west: eight hours, a fix each 10 minutes."""
    rng = np.random.default_rng([seed, number])
    count = 49
    start = pd.Timestamp(f"{month}-{1 + number % 25:02d}T11:00", tz="UTC")
    step = pd.to_timedelta(np.arange(count) * 10, unit="min")
    return pd.DataFrame(
        {
            "device": f"walker-{number:03d}",
            "time": (start + step).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "latitude": np.linspace(7.98, 8.26, count) + rng.normal(0, 1e-4, count),
            "longitude": -77.5 + rng.normal(0, 1e-4, count),
            "remark": "SIMULATED / SIMULADO",
        }
    ).round(6)


def write_walks(path, numbers, **options):
    """Write walks to a CSV, with a duplicate, a spike and a zero position in it."""
    table = pd.concat([walk(n, **options) for n in numbers], ignore_index=True)
    spike = table.iloc[[20]].assign(latitude=8.29, longitude=-77.69)
    spike["time"] = table["time"].iloc[20].replace(":00Z", ":30Z")
    zero = table.iloc[[30]].assign(latitude=0.0, longitude=0.0)
    rows = [table, table.iloc[[5]], spike, zero]
    pd.concat(rows, ignore_index=True).to_csv(path, index=False)
    return path


def write_points(path, count, *, month="2023-03", latitude=8.1, seed=0):
    """Write a list of people seen at the border (or elsewhere), some without a date."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "fecha": f"{month}-11",
            "lat": latitude + rng.normal(0, 1e-3, count),
            "lon": -77.5 + rng.normal(0, 1e-3, count),
            "nota": "SIMULADO",
        }
    ).round(6)
    table.loc[::10, "fecha"] = ""
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path, index=False)
    return path


def make_region(folder, *, walks=30):
    """Write the region, with its walkers in three CSV files over two months."""
    make_layers(folder / "layers")
    (folder / "fixes").mkdir()
    third = walks // 3
    for index in range(3):
        write_walks(
            folder / "fixes" / f"walks_{index}.csv",
            range(index * third, (index + 1) * third),
            month="2023-03" if index < 2 else "2023-06",
        )
    path = folder / "region.toml"
    path.write_text(REGION, encoding="utf-8")
    return path


def digests(folder):
    """sha256 of every file in a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
