"""Measuring the errors of devices that lay still."""

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from geo.calibration import calibrate_error
from geo.clean import clean_fixes
from geo.errors import SchemaError
from geo.read import read_fixes

LAEA = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
START = pd.Timestamp("2024-06-01T06:00Z")


def still(rng, size, *, factor=1.0, alike=0.0, track=1):
    """Fixes of a device that lay still, whose true errors are factor * error_m."""
    error = rng.choice([5.0, 10.0, 20.0], size)
    noise = rng.normal(size=(2, size))
    for i in range(1, size):
        noise[:, i] = alike * noise[:, i - 1] + np.sqrt(1 - alike**2) * noise[:, i]
    return pd.DataFrame(
        {
            "track": track,
            "time": START + pd.to_timedelta(np.arange(size), unit="min"),
            "x_m": 3000.0 * track + factor * error * noise[0],
            "y_m": 5e5 + factor * error * noise[1],
            "error_m": error,
        }
    )


def two_places(rng, size, **options):
    return pd.concat([still(rng, size, track=n, **options) for n in (1, 2)])


@pytest.mark.parametrize(
    ("alike", "size", "least"),
    [(0.0, 20, 0.92), (0.0, 100, 0.92), (0.5, 100, 0.91), (0.9, 300, 0.90)],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(alike, size, least):
    rng = np.random.default_rng(size)
    found = [
        calibrate_error(two_places(rng, size, factor=1.7, alike=alike))
        for _ in range(200)
    ]

    held = np.mean([one.low < 1.7 < one.high for one in found])
    assert least <= held <= 0.99
    assert abs(np.mean([one.factor for one in found]) - 1.7) < 0.05


def test_by_hand_it_is_the_root_of_the_mean_square_about_the_mean():
    fixes = still(np.random.default_rng(1), 4).assign(
        x_m=[0.0, 6.0, 0.0, 6.0], y_m=[0.0, 0.0, 8.0, 8.0], error_m=5.0
    )

    found = calibrate_error(fixes)

    assert (found.fixes, found.places, found.correlation) == (4, 1, 0.0)
    assert found.factor == pytest.approx(np.sqrt(4 * 25 / 25 / 6))
    assert found.error_m == pytest.approx(5 * found.factor)
    assert found.uere_m == pytest.approx(10 * found.factor)
    # chi-square quantiles with 6 degrees of freedom: 1.2373 and 14.4494
    assert found.low == pytest.approx(np.sqrt(4 / 14.4494), rel=1e-4)
    assert found.high == pytest.approx(np.sqrt(4 / 1.2373), rel=1e-4)


def test_the_range_error_of_a_gpx_with_hdop_comes_out(tmp_path):
    """From the file on: errors of 25 m times HDOP / √2, of which 10 m are assumed."""
    rng = np.random.default_rng(7)
    hdop = rng.choice([0.8, 1.5, 3.0], 800).round(1)
    x, y = rng.normal(0, 25 * hdop / np.sqrt(2), (2, 800))
    to_degrees = Transformer.from_crs(LAEA, "EPSG:4326", always_xy=True)
    points = "".join(
        f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><time>'
        f"{START + pd.Timedelta(minute, 'min'):%Y-%m-%dT%H:%M:%SZ}</time>"
        f"<hdop>{dop}</hdop></trkpt>"
        for minute, (lon, lat, dop) in enumerate(
            zip(*to_degrees.transform(x, y), hdop, strict=True)
        )
    )
    path = tmp_path / "still.gpx"
    path.write_text(f'<gpx version="1.1"><trk><trkseg>{points}</trkseg></trk></gpx>')

    read = read_fixes(path, key=b"k" * 16)
    kept = clean_fixes(
        read.fixes, crs=LAEA, bounds=(-78, 7, -77, 9), max_speed_kmh=1000
    ).fixes
    found = calibrate_error(kept)

    low, high = found.uere_interval_m
    assert len(kept) == 800
    assert low < 25 < high
    assert high - low < 3


def test_the_order_of_rows_and_the_place_do_not_matter():
    fixes = two_places(np.random.default_rng(2), 50, alike=0.4)
    shuffled = fixes.sample(frac=1, random_state=1)
    elsewhere = fixes.assign(x_m=fixes["x_m"] - 4e6, y_m=fixes["y_m"] + 1e6)

    found = calibrate_error(fixes)

    assert calibrate_error(shuffled) == found
    assert calibrate_error(elsewhere).factor == pytest.approx(found.factor, rel=1e-6)


def test_a_place_with_one_fix_says_nothing():
    rng = np.random.default_rng(3)
    fixes = still(rng, 50)

    more = pd.concat([fixes, still(rng, 1, track=9)])

    assert calibrate_error(more) == calibrate_error(fixes)


@pytest.mark.parametrize("name", ["track", "time", "x_m", "y_m", "error_m"])
def test_a_missing_column_is_named(name):
    fixes = still(np.random.default_rng(1), 5).drop(columns=name)

    with pytest.raises(SchemaError, match=f"no column '{name}'"):
        calibrate_error(fixes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"track": range(40)}, "no track has two fixes"),
        ({"x_m": 0.0, "y_m": 1.0}, "all fixes of a place lie in one point"),
        (
            {"x_m": range(40), "y_m": 1.0, "error_m": 9.0},
            "40 fixes at 1 places change too slowly",
        ),
        ({"x_m": np.nan}, "x_m holds a value that is not a finite number"),
        ({"error_m": 0.0}, "error_m holds a value that is not above zero"),
    ],
)
def test_what_tells_nothing_is_refused(change, message):
    fixes = still(np.random.default_rng(1), 40).assign(**change)

    with pytest.raises(ValueError, match=message):
        calibrate_error(fixes)
