"""Who truly crosses what in the simulated Darién: its walkers again, without errors."""

import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.analysis.crossings.counts import count_crossings

DARIEN = Path(__file__).parents[2] / "data" / "darien"
sys.path.insert(0, str(DARIEN))

from simulate import device_name, plan_track  # noqa: E402
from simulator.files import choose_format  # noqa: E402
from simulator.routes import load_legs, load_stops, tracks_by_month  # noqa: E402
from simulator.sensing import choose_device, sense  # noqa: E402
from simulator.truth import dense_path  # noqa: E402

SEED, TRACKS = 2023, 2240
"""Those of the sample that is in the repository."""
STEP_M = 50.0


def true_paths() -> Iterator[pd.DataFrame]:
    """Yield the path of each track between its first and last fix, every 50 m."""
    truth = DARIEN / "truth"
    legs, stops = load_legs(truth / "routes.geojson"), load_stops(truth / "stops.csv")
    months = np.repeat(np.arange(1, 13), tracks_by_month(TRACKS))
    for number, month in enumerate(months.tolist()):
        rng = np.random.default_rng([SEED, number])
        journey, *_ = plan_track(month, legs, stops, rng)
        device = choose_device(rng)
        choose_format(device, rng)
        _, times = sense(journey, device, name=device_name(number, SEED), rng=rng)
        if len(times) < 3:
            continue
        span = float(times[0]), float(times[-1])
        x, y, at_s = dense_path(journey, span, step_m=STEP_M)
        path = {"track": number, "trip": 0, "x_m": x, "y_m": y, "error_m": 0.0}
        time = np.maximum.accumulate(np.rint(1000 * at_s)).astype(np.int64)
        yield pd.DataFrame(path | {"time": time.view("datetime64[ms]")})


def true_crossings(targets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what `count_crossings` counts where nothing errs and nobody is silent."""
    paths = pd.concat(true_paths(), ignore_index=True)
    paths["time"] = paths["time"].dt.tz_localize("UTC")
    return count_crossings(paths, targets, variance=0.0)
