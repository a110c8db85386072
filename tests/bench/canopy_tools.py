"""Clean one table with one tool, in the environment of that tool.

    PYTHON tests/bench/canopy_tools.py TOOL FIXES KEPT STOPS SPEED_KMH

All files are Parquet. The fixes are row, device, time, lon and lat, sorted by device,
then time. What is kept is told by row, lon and lat; stops by device, start and end.
"""

import sys
import warnings

import numpy as np
import pandas as pd

RADIUS_M = 100.0
MINUTES = 20.0
SILENCE_MINUTES = 60.0
ERROR_M = 25.0
CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-79.0, 7.0, -76.0, 9.5)


def trocha(fixes, speed_kmh, *, smooth=False, strays=0):
    import pyproj

    from geo.clean import clean_fixes
    from geo.smoothing import smooth_fixes
    from geo.trajectory import find_stops, number_stops, split_trips

    known = fixes.assign(
        track=pd.factorize(fixes["device"])[0].astype(np.int64),
        line=fixes["row"],
        source="",
        elevation_m=np.nan,
        accuracy_m=np.nan,
    )
    kept = clean_fixes(
        known,
        crs=CRS,
        bounds=BOUNDS,
        max_speed_kmh=speed_kmh,
        location_error_m=ERROR_M,
    ).fixes
    trips = split_trips(kept)
    if smooth:
        trips = smooth_fixes(trips)
    trips["stop"] = number_stops(
        trips, radius_m=RADIUS_M, min_minutes=MINUTES, strays=strays
    )
    stops = find_stops(trips)
    to_degrees = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(trips["x_m"], trips["y_m"])
    device = fixes["device"].unique()[stops["track"]]
    return (
        trips.assign(row=trips["line"], lon=lon, lat=lat),
        stops.assign(device=device),
    )


def trocha_strays(fixes, speed_kmh):
    """With `[trips] stop_strays = 1`."""
    return trocha(fixes, speed_kmh, strays=1)


def trocha_smooth(fixes, speed_kmh):
    """With `[cleaning] smooth = true` too."""
    return trocha(fixes, speed_kmh, smooth=True, strays=1)


def nothing(fixes, _):
    """The fixes as they are: what there is to gain."""
    return fixes, fixes.assign(start=fixes["time"], end=fixes["time"]).iloc[:0]


def moving_pandas(fixes, speed_kmh):
    from datetime import timedelta

    import movingpandas

    whole = movingpandas.TrajectoryCollection(
        fixes.assign(time=fixes["time"].dt.tz_localize(None)),
        "device",
        t="time",
        x="lon",
        y="lat",
        crs="EPSG:4326",
    )
    clean = movingpandas.OutlierCleaner(whole).clean(v_max=speed_kmh, units=("km", "h"))
    kept = pd.concat([part.df for part in clean.trajectories])
    detector = movingpandas.TrajectoryStopDetector(clean)
    stops = detector.get_stop_points(
        max_diameter=2 * RADIUS_M, min_duration=timedelta(minutes=MINUTES)
    )
    stops = stops.assign(
        device=stops["traj_id"], start=stops["start_time"], end=stops["end_time"]
    )
    return kept.assign(lon=kept.geometry.x, lat=kept.geometry.y), stops


def scikit_mobility(fixes, speed_kmh):
    import skmob
    from skmob.preprocessing import detection, filtering

    whole = skmob.TrajDataFrame(
        fixes.assign(time=fixes["time"].dt.tz_localize(None)),
        latitude="lat",
        longitude="lon",
        datetime="time",
        user_id="device",
    )
    kept = filtering.filter(whole, max_speed_kmh=speed_kmh)
    stops = detection.stay_locations(
        kept,
        stop_radius_factor=0.5,
        spatial_radius_km=2 * RADIUS_M / 1000,
        minutes_for_a_stop=MINUTES,
        no_data_for_minutes=SILENCE_MINUTES,
    )
    stops = pd.DataFrame(stops).assign(
        device=stops["uid"], start=stops["datetime"], end=stops["leaving_datetime"]
    )
    return pd.DataFrame(kept).rename(columns={"lng": "lon"}), stops


def trackintel(fixes, _):
    """It removes nothing."""
    import geopandas
    import trackintel

    points = geopandas.GeoDataFrame(
        {"user_id": fixes["device"], "tracked_at": fixes["time"]},
        geometry=geopandas.points_from_xy(fixes["lon"], fixes["lat"]),
        crs=4326,
    )
    _, stops = trackintel.Positionfixes(points.rename_axis("id")).generate_staypoints(
        method="sliding",
        dist_threshold=RADIUS_M,
        time_threshold=MINUTES,
        gap_threshold=SILENCE_MINUTES,
        include_last=True,
    )
    stops = pd.DataFrame(stops).assign(
        device=stops["user_id"], start=stops["started_at"], end=stops["finished_at"]
    )
    return fixes, stops


TOOLS = {
    "raw": nothing,
    "trocha": trocha,
    "trocha_strays": trocha_strays,
    "trocha_smooth": trocha_smooth,
    "movingpandas": moving_pandas,
    "skmob": scikit_mobility,
    "trackintel": trackintel,
}


def milliseconds(moments):
    moments = pd.to_datetime(moments)
    if moments.dt.tz is not None:
        moments = moments.dt.tz_localize(None)
    return moments.to_numpy().astype("datetime64[ms]").astype("int64")


def as_written(kept, stops):
    """Return both as plain tables, with times in milliseconds."""
    kept = {name: kept[name].to_numpy() for name in ("row", "lon", "lat")}
    stops = {
        "device": stops["device"].to_numpy().astype(object),
        "start": milliseconds(stops["start"]),
        "end": milliseconds(stops["end"]),
    }
    return pd.DataFrame(kept), pd.DataFrame(stops)


def main():
    warnings.simplefilter("ignore")
    tool, source, kept_path, stops_path, speed = sys.argv[1:]
    result = TOOLS[tool](pd.read_parquet(source), float(speed))
    for table, path in zip(as_written(*result), (kept_path, stops_path), strict=True):
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    main()
