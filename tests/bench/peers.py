"""Read, clean and cut one file with one tool, in the environment of that tool.

    PYTHON tests/bench/peers.py TOOL FILE --small FILE --kept FILE --rounds 3

Prints one line of JSON: seconds from the file, seconds to read it alone, seconds for
the work in memory after that (the best of the rounds), each by the clock and as the sum
over processors (`cpu`), and the peak of memory. What was
kept goes to `--kept`, by device, time and trip. Each tool first does the small file, so
that nobody is timed while importing or compiling.
"""

import argparse
import importlib.metadata
import json
import resource
import time
import warnings
from datetime import timedelta
from pathlib import Path

SPEED_KMH, GAP_H = 35.0, 0.5
CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-79.0, 7.0, -76.0, 9.5)
NAMES = ["device", "time", "trip"]


class Tool:
    def whole(self, path):
        """What a user does who has a file."""
        return self.work(self.read(path))


class Trocha(Tool):
    """Read, clean and split as `trocha build` does, but with no room for errors.

    A limit that grows with the error of a fix is one that the peers do not know.
    """

    package = "trocha"

    def whole(self, path):
        """From the file: what is read is checked, named, hashed and sorted at once."""
        from geo.read import read_fixes

        return self.trips(read_fixes(path, key=b"bench").fixes)

    def read(self, path):
        """The table that fastmob begins with too."""
        return _arrow(path)

    def work(self, table):
        """All the rest: also checking, hashing and sorting, which `read` did not do."""
        from geo.read import read_table

        return self.trips(read_table(table, key=b"bench").fixes)

    def trips(self, fixes):
        from geo.clean import clean_trips

        return clean_trips(
            fixes,
            crs=CRS,
            bounds=BOUNDS,
            max_speed_kmh=SPEED_KMH,
            location_error_m=0.001,
            max_gap_h=GAP_H,
            min_fixes=2,
        ).trips

    def kept(self, trips, path):
        rows = _rows(path).iloc[trips["line"].to_numpy() - 1]
        return rows.assign(trip=trips["trip"].to_numpy())[NAMES]


class MovingPandas(Tool):
    package = "movingpandas"

    def read(self, path):
        rows = _rows(path)
        rows["time"] = rows["time"].dt.tz_localize(None)
        return rows

    def work(self, rows):
        import movingpandas

        whole = movingpandas.TrajectoryCollection(
            rows.drop_duplicates(["device", "time"]),
            "device",
            t="time",
            x="lon",
            y="lat",
            crs="EPSG:4326",
        )
        clean = movingpandas.OutlierCleaner(whole).clean(
            v_max=SPEED_KMH, units=("km", "h")
        )
        splitter = movingpandas.ObservationGapSplitter(clean)
        return splitter.split(gap=timedelta(hours=GAP_H))

    def kept(self, trips, _):
        import pandas as pd

        return pd.concat(
            [
                pd.DataFrame(
                    {"device": part.df["device"], "time": part.df.index, "trip": number}
                )
                for number, part in enumerate(trips.trajectories)
            ]
        )


class ScikitMobility(Tool):
    """It has no cutting at silences; pandas does that part."""

    package = "scikit-mobility"

    def read(self, path):
        rows = _rows(path)
        rows["time"] = rows["time"].dt.tz_localize(None)
        return rows

    def work(self, rows):
        import skmob
        from skmob.preprocessing import filtering

        whole = skmob.TrajDataFrame(
            rows.drop_duplicates(["device", "time"]),
            latitude="lat",
            longitude="lon",
            datetime="time",
            user_id="device",
        )
        clean = filtering.filter(whole, max_speed_kmh=SPEED_KMH)
        other = clean["uid"] != clean["uid"].shift()
        silent = clean["datetime"].diff() > timedelta(hours=GAP_H)
        return clean.assign(trip=(other | silent).cumsum())

    def kept(self, trips, _):
        return trips.rename(columns={"uid": "device", "datetime": "time"})[NAMES]


class Fastmob(Tool):
    """Longest consistent way, as trocha; its table is Arrow's."""

    package = "fastmob"
    method = "smart_greedy"

    def read(self, path):
        return _arrow(path)

    def work(self, rows):
        from fastmob import preprocessing

        columns = {
            "datetime_col": "time",
            "lat_col": "lat",
            "lng_col": "lon",
            "uid_col": "device",
        }
        clean = preprocessing.filter(
            rows, method=self.method, max_speed_kmh=SPEED_KMH, **columns
        )
        return preprocessing.segment(
            clean, method="observation_gap", gap_s=GAP_H * 3600, **columns
        )

    def kept(self, trips, _):
        table = trips.to_pandas()
        return table.rename(columns={"segment_id": "trip"})[NAMES]


class FastmobSpeed(Fastmob):
    """The rule of scikit-mobility: from the fix kept last."""

    method = "speed"


class Trackintel(Tool):
    """Another method: places where somebody stayed, and the legs between them."""

    package = "trackintel"

    def read(self, path):
        return _rows(path)

    def work(self, rows):
        import geopandas
        import trackintel

        rows = rows.drop_duplicates(["device", "time"])
        points = geopandas.GeoDataFrame(
            {"user_id": rows["device"], "tracked_at": rows["time"]},
            geometry=geopandas.points_from_xy(rows["lon"], rows["lat"]),
            crs=4326,
        )
        fixes = trackintel.Positionfixes(points.rename_axis("id"))
        fixes, stays = fixes.generate_staypoints(
            method="sliding", dist_threshold=100, time_threshold=20, gap_threshold=720
        )
        return fixes.generate_triplegs(stays, gap_threshold=30)[0]

    def kept(self, fixes, _):
        table = fixes.rename(columns={"user_id": "device", "tracked_at": "time"})
        return table.assign(trip=table["tripleg_id"].fillna(-1))[NAMES]


TOOLS = {
    "trocha": Trocha,
    "movingpandas": MovingPandas,
    "skmob": ScikitMobility,
    "fastmob": Fastmob,
    "fastmob_speed": FastmobSpeed,
    "trackintel": Trackintel,
}


def _rows(path):
    """Read a file as a user of pandas does."""
    import pandas as pd

    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, parse_dates=["time"])


def _arrow(path):
    """Read a file as a user of Arrow does."""
    from pyarrow import csv, parquet

    return csv.read_csv(path) if path.suffix == ".csv" else parquet.read_table(path)


def seconds(task, argument):
    """Return seconds by the clock and of all processors, and the result."""
    start, work = time.perf_counter(), time.process_time()
    result = task(argument)
    return (time.perf_counter() - start, time.process_time() - work), result


def write_kept(kept, path):
    kept = kept[NAMES].reset_index(drop=True)
    moments = kept["time"]
    if moments.dt.tz is not None:
        moments = moments.dt.tz_localize(None)
    kept = kept.assign(
        device=kept["device"].astype(object),
        time=moments.to_numpy().astype("datetime64[ms]").astype("int64"),
        trip=kept["trip"].astype("int64"),
    )
    kept.to_parquet(path, index=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("file", type=Path)
    parser.add_argument("--small", type=Path, required=True)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    tool = TOOLS[options.tool]()
    tool.whole(options.small)
    tool.work(tool.read(options.small))
    times = []
    for _ in range(options.rounds):
        result = None  # let go of the last round's before the next
        read_s, rows = seconds(tool.read, options.file)
        work_s, result = seconds(tool.work, rows)
        rows = result = None
        file_s, result = seconds(tool.whole, options.file)
        times.append((*read_s, *work_s, *file_s))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if options.kept:
        write_kept(tool.kept(result, options.file), options.kept)
    names = ["read_s", "read_cpu_s", "work_s", "work_cpu_s", "file_s", "file_cpu_s"]
    least = (round(min(column), 4) for column in zip(*times, strict=True))
    version = importlib.metadata.version(tool.package)
    best = dict(zip(names, least, strict=True))
    print(json.dumps({"version": version, **best, "peak_mib": peak}))


if __name__ == "__main__":
    main()
