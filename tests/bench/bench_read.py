"""Read a file of fixes: trocha beside the readers that people would use by hand.

Run:  python tests/bench/bench_read.py --fixes 1_000_000
Prints one line of JSON for each format. The peer only parses: pandas for CSV and
Parquet, GDAL for GPX, KML and GeoJSON, fitdecode for FIT; trocha also checks, names,
hashes and sorts. `ratio` is the peer's time over ours, above 1 is faster; it is taken
within each round, so a busy machine slows both sides alike.
"""

import argparse
import struct
import tempfile
from pathlib import Path

import fitdecode
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from geo.read import read_fixes
from tests.bench.rounds import in_turn, say


def make_fixes(n: int, *, seed: int = 1) -> pd.DataFrame:
    """`n` fixes of n/500 devices, in the order of their devices."""
    rng = np.random.default_rng(seed)
    device = np.sort(rng.integers(0, max(1, n // 500), n))
    step = rng.integers(1_000, 60_000, n).cumsum().astype("timedelta64[ms]")
    return pd.DataFrame(
        {
            "device": [f"dev{number:06d}" for number in device],
            "time": pd.Series(np.datetime64("2023-01-01", "ms") + step).dt.tz_localize(
                "UTC"
            ),
            "lat": (8 + rng.normal(0, 0.3, n)).round(6),
            "lon": (-77.5 + rng.normal(0, 0.3, n)).round(6),
            "accuracy": rng.uniform(3, 40, n).round(1),
        }
    )


def write_csv(fixes: pd.DataFrame, path: Path) -> None:
    iso = fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fixes.assign(time=iso).to_csv(path, index=False)


def write_planilla(fixes: pd.DataFrame, path: Path) -> None:
    """Write what a Spanish spreadsheet saves."""
    days = fixes["time"].dt.strftime("%d/%m/%Y %H:%M:%S")
    fixes.assign(time=days).to_csv(path, index=False, sep=";", decimal=",")


def write_gpx(fixes: pd.DataFrame, path: Path) -> None:
    iso = fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    with path.open("w", encoding="utf-8") as file:
        file.write('<gpx version="1.1" creator="bench" ')
        file.write('xmlns="http://www.topografix.com/GPX/1/1">\n')
        for device, rows in fixes.assign(iso=iso).groupby("device"):
            file.write(f"<trk><name>{device}</name><trkseg>\n")
            file.writelines(
                f'<trkpt lat="{row.lat}" lon="{row.lon}">'
                f"<time>{row.iso}</time></trkpt>\n"
                for row in rows.itertuples()
            )
            file.write("</trkseg></trk>\n")
        file.write("</gpx>\n")


def write_geojson(fixes: pd.DataFrame, path: Path) -> None:
    points = gpd.points_from_xy(fixes["lon"], fixes["lat"])
    frame = fixes.drop(columns=["lat", "lon"])
    gpd.GeoDataFrame(frame, geometry=points, crs=4326).to_file(path, driver="GeoJSON")


def write_kml(fixes: pd.DataFrame, path: Path) -> None:
    iso = fixes["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    with path.open("w", encoding="utf-8") as file:
        file.write('<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n')
        file.writelines(
            f"<Placemark><name>{row.Index}</name><TimeStamp><when>{row.iso}</when>"
            "</TimeStamp><ExtendedData>"
            f'<Data name="track"><value>{row.device}</value></Data>'
            f'<Data name="accuracy"><value>{row.accuracy}</value></Data>'
            "</ExtendedData><Point><coordinates>"
            f"{row.lon},{row.lat}</coordinates></Point></Placemark>\n"
            for row in fixes.assign(iso=iso).itertuples()
        )
        file.write("</Document></kml>\n")


def write_fit(fixes: pd.DataFrame, path: Path) -> None:
    """Write one device's records, with the heart rate and the speed of a watch."""
    fields = [(253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85), (2, 2, 0x84), (31, 1, 2)]
    fields += [(3, 1, 2), (5, 4, 0x86), (6, 2, 0x84), (73, 4, 0x86)]
    body = struct.pack("<BBBHB", 0x40, 0, 0, 20, len(fields))
    body += b"".join(struct.pack("BBB", *field) for field in fields)
    start = pd.Timestamp("1989-12-31T00:00Z")
    seconds = (fixes["time"] - start).dt.total_seconds().astype(int)
    semicircles = (fixes[["lat", "lon"]] * (2**31 / 180)).round().astype(int)
    rows = zip(seconds, semicircles["lat"], semicircles["lon"], strict=True)
    body += b"".join(
        b"\0" + struct.pack("<IiiHBBIHI", *row, 2560, 5, 90, 100, 1000, 1000)
        for row in rows
    )
    head = struct.pack("<BBHI4sH", 14, 0x20, 2132, len(body), b".FIT", 0)
    crc = fitdecode.utils.compute_crc(head + body)
    path.write_bytes(head + body + struct.pack("<H", crc))


def fit_library(path: Path) -> int:
    with fitdecode.FitReader(path, processor=None) as reader:
        return sum(
            frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "record"
            for frame in reader
        )


def pandas_csv(path: Path) -> int:
    frame = pd.read_csv(path)
    frame["time"] = pd.to_datetime(frame["time"], format="ISO8601")
    return len(frame.sort_values(["device", "time"]))


def pandas_planilla(path: Path) -> int:
    frame = pd.read_csv(path, sep=";", decimal=",")
    frame["time"] = pd.to_datetime(frame["time"], format="%d/%m/%Y %H:%M:%S", utc=True)
    return len(frame.sort_values(["device", "time"]))


def pandas_parquet(path: Path) -> int:
    return len(pd.read_parquet(path).sort_values(["device", "time"]))


def gdal(path: Path) -> int:
    layer = "track_points" if path.suffix == ".gpx" else None
    return len(pyogrio.read_dataframe(path, layer=layer))


CASES = {
    "csv": (1, "fixes.csv", write_csv, pandas_csv),
    "planilla": (1, "planilla.csv", write_planilla, pandas_planilla),
    "parquet": (1, "fixes.parquet", pd.DataFrame.to_parquet, pandas_parquet),
    "gpx": (5, "fixes.gpx", write_gpx, gdal),
    "kml": (5, "fixes.kml", write_kml, gdal),
    "geojson": (5, "fixes.geojson", write_geojson, gdal),
    "fit": (10, "fixes.fit", write_fit, fit_library),
}


def ours(path: Path) -> int:
    return len(read_fixes(path, key=b"bench", time_zone="America/Panama").fixes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    fixes = make_fixes(options.fixes)
    with tempfile.TemporaryDirectory() as folder:
        for name, (share, file, write, peer) in CASES.items():
            path, some = Path(folder, file), fixes.head(options.fixes // share)
            write(some, path)
            assert ours(path) == peer(path) == len(some), "the two must agree first"
            times = in_turn(ours, peer, path, rounds=options.rounds)
            say(bench=f"read {name}", fixes=len(some), **times)


if __name__ == "__main__":
    main()
