"""The ground under the map: small, in its place, and no finer than it is."""

import base64

import geopandas as gpd
import numpy as np
import pytest
from rasterio.io import MemoryFile
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.grid import Grid, Surface
from geo.write.basemap import (
    DENSITY_RAMP,
    clipped,
    degrees,
    draw_density,
    draw_relief,
    hillshade,
    inner_lines,
    label_spot,
    packed,
    sheet_bounds,
)

# The pictures carry no position: the page knows their corners.
pytestmark = pytest.mark.filterwarnings(
    "ignore::rasterio.errors.NotGeoreferencedWarning"
)

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
GRID = Grid.covering((-20_000, -20_000, 20_000, 20_000), crs=CRS, cell_m=1_000)


def picture(drawn):
    """The bands of a picture, and its colours if it has a palette."""
    data = base64.b64decode(drawn["uri"].partition(",")[2])
    with MemoryFile(data) as file, file.open() as image:
        palette = image.colormap(1) if image.count == 1 else None
        return image.read(), palette


def surface(values, unit="tracks/km²"):
    return Surface(GRID, np.asarray(values, dtype=float), "density", unit)


def test_holes_are_packed_beside_their_ring():
    ring, hole = box(0, 0, 3, 3).exterior, box(1, 1, 2, 2).exterior
    shape = MultiPolygon([Polygon(ring, [hole]), box(5, 5, 6, 6)])

    rings = packed(shape)

    assert [len(steps) for steps in rings] == [10, 10, 10]
    assert all(sum(steps[2::2]) == 0 and sum(steps[3::2]) == 0 for steps in rings)


def test_a_packed_line_is_off_by_less_than_six_metres():
    line = LineString(np.random.default_rng(0).uniform(-77, -76, (50, 2)))

    (steps,) = packed(line)

    back = np.cumsum(np.reshape(steps, (-1, 2)), axis=0) / 10_000
    assert np.abs(back - np.asarray(line.coords)).max() <= 0.5e-4 + 1e-9


def test_the_sheet_ends_where_the_relief_ends():
    land = gpd.GeoDataFrame(geometry=[box(-90e3, -90e3, 90e3, 90e3)], crs=CRS)
    relief = surface(np.zeros(GRID.shape), unit="m")

    west, south, east, north = sheet_bounds([land], relief=relief)

    corners = gpd.GeoSeries([box(west, south, east, north)], crs="EPSG:4326")
    inside = corners.segmentize(0.01).to_crs(CRS).iloc[0]
    assert inside.within(box(*GRID.bounds).buffer(1.0))
    assert inside.area > 0.98 * box(*GRID.bounds).area


def test_without_any_layer_there_is_no_sheet():
    empty = gpd.GeoDataFrame(geometry=[], crs=CRS)
    assert sheet_bounds([empty]) is None


def test_only_what_parts_provinces_of_one_country_is_an_inner_line():
    provinces = gpd.GeoDataFrame(
        {"country": ["PA", "PA", "CO"]},
        geometry=[
            box(0, 0, 10e3, 10e3),
            box(10e3, 0, 20e3, 10e3),
            box(20e3, 0, 30e3, 10e3),
        ],
        crs=CRS,
    )
    lines = inner_lines(provinces)

    assert lines.within(LineString([(10e3, 0), (10e3, 10e3)]).buffer(1.0))
    assert lines.length == pytest.approx(10e3, rel=0.1)


def test_a_label_stands_inside_a_crescent():
    crescent = Point(0, 0).buffer(10e3).difference(Point(4e3, 0).buffer(9e3))
    assert label_spot(crescent).within(crescent)


def test_points_outside_the_sheet_are_dropped():
    points = gpd.GeoDataFrame(geometry=[Point(0, 0), Point(90e3, 0)], crs=CRS)

    inside = clipped(degrees(points), (-77.6, 7.9, -77.4, 8.1))

    assert inside.geometry.is_empty.tolist() == [False, True]


def test_slopes_to_the_sun_are_brighter_than_slopes_away():
    east, south = np.meshgrid(np.arange(9.0), np.arange(9.0))
    rising_to_the_south_east = hillshade((east + south) * 10, cell_m=100.0)
    rising_to_the_north_west = hillshade(-(east + south) * 10, cell_m=100.0)

    assert (rising_to_the_south_east > rising_to_the_north_west).all()


def test_flat_ground_is_one_pale_colour():
    drawn = draw_relief(surface(np.zeros(GRID.shape), "m"), (-77.6, 7.9, -77.4, 8.1))
    bands, _ = picture(drawn)

    assert drawn["uri"].startswith("data:image/webp;base64,")
    assert bands.min() > 215
    assert np.ptp(bands.reshape(3, -1), axis=1).max() <= 8


def test_a_fine_relief_is_drawn_as_the_same_hills_in_coarse_cells():
    fine = Grid.covering(GRID.bounds, crs=CRS, cell_m=40)
    x, y = fine.centre_of(np.arange(fine.rows * fine.columns))
    hills = (400 + 300 * np.sin(x / 4e3) * np.cos(y / 5e3)).reshape(fine.shape)
    x, y = GRID.centre_of(np.arange(GRID.rows * GRID.columns))
    coarse = (400 + 300 * np.sin(x / 4e3) * np.cos(y / 5e3)).reshape(GRID.shape)
    where = (-77.6, 7.9, -77.4, 8.1)

    one, _ = picture(draw_relief(Surface(fine, hills, "relief", "m"), where))
    other, _ = picture(draw_relief(surface(coarse, "m"), where))

    assert np.ptp(one.astype(int)) > 40
    assert np.abs(one.astype(int) - other).mean() < 3


def test_unknown_heights_are_drawn_as_the_sea():
    drawn = draw_relief(
        surface(np.full(GRID.shape, np.nan), "m"), (-77.6, 8, -77.4, 8.1)
    )
    assert picture(drawn)[0].min() > 215


def test_withheld_cells_are_clear_and_others_by_class():
    values = np.full(GRID.shape, np.nan)
    values[10, 5:15] = [0.4, 1, 2, 4, 8, 16, 32, 64, 128, 0]
    values[12, 5] = 1

    drawn = draw_density(surface(values))
    (classes,), palette = picture(drawn)

    assert drawn["breaks"] == [5.0, 10.0, 20.0, 50.0, 100.0]
    assert set(np.unique(classes)) == set(range(7))
    assert palette[0][3] == 0
    assert palette[6] == (*bytes.fromhex(DENSITY_RAMP[-1][1:]), 255)


def test_density_lies_where_it_was_measured():
    values = np.full(GRID.shape, np.nan)
    values[0, 0] = 3.0
    corner = gpd.GeoSeries([Point(-19_500, 19_500)], crs=CRS).to_crs("EPSG:4326")

    west, south, east, north = draw_density(surface(values))["bounds"]

    assert corner.iloc[0].within(box(west, south, east, north))
    assert east - west < 0.011


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_surface_without_anything_is_not_drawn(value):
    assert draw_density(surface(np.full(GRID.shape, value))) is None


def test_pictures_are_the_same_every_time():
    values = np.random.default_rng(1).gamma(2, 9, GRID.shape)
    assert draw_density(surface(values)) == draw_density(surface(values))
    bounds = (-77.6, 7.9, -77.4, 8.1)
    assert draw_relief(surface(values), bounds) == draw_relief(surface(values), bounds)
