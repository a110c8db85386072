"""Write the fixes in the formats that the field sends, the same bytes every time."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

MARK = "SIMULATED / SIMULADO"
ABOUT = (
    f"{MARK}: walkers and boats on known routes in the Darién, made by "
    "data/darien/simulate.py. No real person, device or movement."
)
SHARES = {
    "phone": {"csv_es": 0.02, "csv_en": 0.02},
    "handheld": {"gpx": 0.12},
    "tracker": {"csv_es": 0.035, "csv_en": 0.035, "geojson": 0.03, "gpkg": 0.04},
    "messenger": {"gpx": 0.1, "csv_es": 0.1, "csv_en": 0.1, "geojson": 0.08},
}
"""Share of each kind of device that comes in a text format or as a layer; the rest
comes as Parquet."""


def file_name(what: str, ending: str) -> str:
    """Return a name that says what is inside.

    Examples
    --------
    >>> file_name("2023q1", "parquet")
    'darien_SIMULATED_SIMULADO_2023q1.parquet'
    """
    return f"darien_SIMULATED_SIMULADO_{what}.{ending}"


def choose_format(device: str, rng: np.random.Generator) -> str:
    """Draw the format in which the track of a kind of device is sent."""
    shares = SHARES[device]
    rest = 1.0 - sum(shares.values())
    return str(rng.choice([*shares, "parquet"], p=[*shares.values(), rest]))


def write_parquet(fixes: pd.DataFrame, path: Path) -> None:
    """Write compactly: sorted runs, byte-split coordinates, small integers."""
    table = pa.table(
        {
            "device": pa.array(fixes["device"].astype(str)).dictionary_encode(),
            "time": pa.array(fixes["time"].dt.as_unit("ms")),
            "latitude": pa.array(fixes["latitude"].to_numpy(), from_pandas=True),
            "longitude": pa.array(fixes["longitude"].to_numpy(), from_pandas=True),
            "accuracy_m": pa.array(
                fixes["accuracy_m"].to_numpy(np.float32), from_pandas=True
            ),
        },
        metadata={"simulated": "true", "description": ABOUT},
    )
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=["device", "accuracy_m"],
        column_encoding={
            "time": "DELTA_BINARY_PACKED",
            "latitude": "BYTE_STREAM_SPLIT",
            "longitude": "BYTE_STREAM_SPLIT",
        },
        write_statistics=False,
    )


def write_csv_es(fixes: pd.DataFrame, path: Path) -> None:
    """Write as a Spanish spreadsheet does: semicolons, decimal commas, local time."""
    local = fixes["time"].dt.tz_convert("Etc/GMT+5")
    table = pd.DataFrame(
        {
            "dispositivo": fixes["device"],
            "fecha": local.dt.strftime("%Y-%m-%d %H:%M:%S-05:00"),
            "latitud": _decimals(fixes["latitude"], 5).str.replace(".", ","),
            "longitud": _decimals(fixes["longitude"], 5).str.replace(".", ","),
            "precision_m": _decimals(fixes["accuracy_m"], 0),
            "observaciones": "SIMULADO",
        }
    )
    table.to_csv(path, sep=";", index=False, encoding="utf-8", lineterminator="\r\n")


def write_csv_en(fixes: pd.DataFrame, path: Path) -> None:
    """Write as an app does: commas, ISO times in UTC."""
    table = pd.DataFrame(
        {
            "device": fixes["device"],
            "time": fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "latitude": _decimals(fixes["latitude"], 5),
            "longitude": _decimals(fixes["longitude"], 5),
            "accuracy_m": _decimals(fixes["accuracy_m"], 0),
            "remark": "SIMULATED",
        }
    )
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def write_gpx(fixes: pd.DataFrame, path: Path) -> None:
    """Write one trk a device, as a handheld receiver does."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="GPSMAP 66i" '
        'xmlns="http://www.topografix.com/GPX/1/1" '
        'xmlns:gpxx="http://www.garmin.com/xmlschemas/GpxExtensions/v3">\n'
        f"<metadata><desc>{escape(ABOUT)}</desc>"
        f"<keywords>{escape(MARK)}</keywords></metadata>\n"
    )
    parts = [head]
    placed = fixes.dropna(subset=["latitude", "longitude"])
    for device, track in placed.groupby("device", sort=True):
        parts.append(
            f"<trk><name>{escape(str(device))}</name><extensions>"
            "<gpxx:TrackExtension><gpxx:DisplayColor>Cyan</gpxx:DisplayColor>"
            "</gpxx:TrackExtension></extensions><trkseg>\n"
        )
        times = track["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        lat, lon = _decimals(track["latitude"], 6), _decimals(track["longitude"], 6)
        heights = _decimals(track["elevation_m"], 0)
        parts += [
            f'<trkpt lat="{a}" lon="{b}"><ele>{h}</ele><time>{t}</time></trkpt>\n'
            for a, b, h, t in zip(lat, lon, heights, times, strict=True)
        ]
        parts.append("</trkseg></trk>\n")
    parts.append("</gpx>\n")
    path.write_text("".join(parts), encoding="utf-8", newline="\n")


def write_geojson(fixes: pd.DataFrame, path: Path) -> None:
    """Write points with properties, one a line."""
    head = {"type": "FeatureCollection", "simulated": True, "description": ABOUT}
    times = fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = []
    for device, time, lon, lat, told in zip(
        fixes["device"],
        times,
        fixes["longitude"].round(5),
        fixes["latitude"].round(5),
        fixes["accuracy_m"],
        strict=True,
    ):
        point = {"type": "Point", "coordinates": [lon, lat]}
        properties = {"device": device, "time": time}
        if np.isfinite(told):
            properties["accuracy_m"] = int(told)
        feature = {
            "type": "Feature",
            "geometry": point if np.isfinite(lon) and np.isfinite(lat) else None,
            "properties": properties,
        }
        lines.append(json.dumps(feature, separators=(",", ":")))
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n'
    text += ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write_gpkg(fixes: pd.DataFrame, path: Path) -> None:
    """Write a layer of points whose description says that it is simulated."""
    points = gpd.GeoDataFrame(
        {
            "device": fixes["device"],
            "time": fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "accuracy_m": fixes["accuracy_m"],
        },
        geometry=gpd.points_from_xy(fixes["longitude"], fixes["latitude"]),
        crs="EPSG:4326",
    )
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2024-01-31T00:00:00.000Z"})
    try:
        pyogrio.write_dataframe(
            points,
            path,
            layer="fixes_SIMULATED_SIMULADO",
            driver="GPKG",
            dataset_options={"VERSION": "1.3", "ADD_GPKG_OGR_CONTENTS": "NO"},
            layer_options={
                "DESCRIPTION": ABOUT,
                "IDENTIFIER": MARK,
                "SPATIAL_INDEX": "NO",
            },
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


WRITERS: Mapping[str, tuple[Callable[[pd.DataFrame, Path], None], str]] = {
    "parquet": (write_parquet, "parquet"),
    "csv_es": (write_csv_es, "csv"),
    "csv_en": (write_csv_en, "csv"),
    "gpx": (write_gpx, "gpx"),
    "geojson": (write_geojson, "geojson"),
    "gpkg": (write_gpkg, "gpkg"),
}


def write_fixes(
    fixes: pd.DataFrame, kinds: Mapping[str, str], folder: Path
) -> list[Path]:
    """Write every track in its format; a track is never split between files.

    Parameters
    ----------
    fixes
        All fixes, with `month`: the month in which the track began.
    kinds
        Format of each device.
    folder
        Where the files go; made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = fixes["device"].map(kinds)
    quarter = "2023q" + ((fixes["month"] - 1) // 3 + 1).astype(str)
    half = "2023h" + ((fixes["month"] - 1) // 6 + 1).astype(str)
    names = {"parquet": quarter, "csv_es": "planilla", "csv_en": "app"}
    names |= {"gpx": half, "geojson": "trackers", "gpkg": "teams"}
    paths = []
    for name, (write, ending) in WRITERS.items():
        mine = fixes[kind == name]
        what = names[name]
        group = (
            what[kind == name] if isinstance(what, pd.Series) else [what] * len(mine)
        )
        for label, rows in mine.groupby(np.asarray(group, dtype=object), sort=True):
            path = folder / file_name(str(label), ending)
            write(rows.drop(columns="month").reset_index(drop=True), path)
            paths.append(path)
    return paths


def _decimals(values: pd.Series, places: int) -> pd.Series:
    """Return numbers as text with so many decimals, NaN as nothing."""
    return values.map(lambda value: f"{value:.{places}f}" if np.isfinite(value) else "")
