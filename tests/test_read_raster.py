"""Relief and land cover: of one file or many, fine or coarse, hostile or whole."""

import numpy as np
import pytest
import rasterio
from pyproj import Transformer

from geo.errors import CRSError, InputError
from geo.grid import Grid
from geo.read import raster
from geo.read.layers import read_layers
from geo.read.raster import opened, tiles_of
from geo.read.relief import WORLD_COVER, read_cover, read_relief

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-77.6, 7.9, -77.4, 8.1)
SPAN = 0.5  # the margin of the relief, and some more


@pytest.fixture
def save(tmp_path):
    def write(name, values, *, west, north, size, crs="EPSG:4326", **more):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        values = np.asarray(values)
        with rasterio.open(
            path, "w", driver="GTiff", count=1, crs=crs, dtype=values.dtype,
            height=values.shape[0], width=values.shape[1],
            transform=rasterio.Affine(size, 0, west, 0, -size, north), **more,
        ) as file:  # fmt: skip
            file.write(values, 1)
        return path

    return write


def relief(*paths, own="", cell_m=250.0):
    return read_relief(paths, own, crs=CRS, bounds=BOUNDS, cell_m=cell_m)


def around(size):
    """Longitudes and latitudes of pixels around the study area."""
    many = round(2 * SPAN / size)
    step = (np.arange(many) + 0.5) * size
    return -77.5 - SPAN + step, 8 + SPAN - step


def plane(size):
    """Heights that rise by 1000 m a degree to the east and 500 m to the north."""
    lon, lat = around(size)
    return (1000 * (lon + 78) + 500 * (lat[:, None] - 7)).astype("float32")


def expected(surface):
    x, y = surface.grid.centre_of(np.arange(surface.values.size))
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(x, y)
    return (1000 * (lon + 78) + 500 * (lat - 7)).reshape(surface.values.shape)


@pytest.mark.parametrize(
    ("size", "cell_m", "off"),
    [
        (1 / 1200, 250, 0.5),
        (1 / 1200, 100, 0.5),
        (1 / 400, 250, 0.2),
        (1 / 120, 250, 1),
    ],
)
def test_a_plane_comes_back_at_any_resolution(save, size, cell_m, off):
    path = save("a.tif", plane(size), west=-78, north=8.5, size=size)
    surface, pixel_m = relief(path, cell_m=cell_m)

    assert surface.grid.cell_m == cell_m
    assert pixel_m == pytest.approx(size * 111_000, rel=0.01)
    assert np.abs(surface.values - expected(surface)).max() < off


def test_a_coarse_relief_is_not_drawn_finer_than_a_kilometre(save):
    path = save("a.tif", plane(1 / 30), west=-78, north=8.5, size=1 / 30)
    surface, pixel_m = relief(path)
    assert surface.grid.cell_m == 1000
    assert pixel_m == pytest.approx(3690, rel=0.01)


def test_a_cell_is_the_mean_of_the_pixels_in_it(save):
    """By hand: a chequerboard of 20 m pixels in a projected CRS of the same axes."""
    board = np.indices((3000, 3000)).sum(axis=0).astype("int16") % 2 * 100
    path = save("a.tif", board, west=-30_000, north=30_000, size=20, crs=CRS)
    surface, pixel_m = relief(path, cell_m=200.0)
    inside = surface.values[np.isfinite(surface.values)]
    assert pixel_m == 20
    assert inside.size > 40_000
    assert np.allclose(inside, 50)


def test_blocks_leave_no_seams(save, monkeypatch):
    path = save("a.tif", plane(1 / 1200), west=-78, north=8.5, size=1 / 1200)
    whole, _ = relief(path)
    monkeypatch.setattr(raster, "_SIDE", 90)
    pieces, _ = relief(path)
    assert np.abs(whole.values - pieces.values).max() < 0.5
    assert np.abs(pieces.values - expected(pieces)).max() < 0.5


def cut(save, values, size, *, folder="tiles", shift=0.0, west_size=None):
    """Four tiles of one raster; the western ones perhaps with larger pixels."""
    half = values.shape[0] // 2
    for k, (rows, columns) in enumerate(
        [(slice(0, half), slice(0, half)), (slice(0, half), slice(half, None)),
         (slice(half, None), slice(0, half)), (slice(half, None), slice(half, None))]
    ):  # fmt: skip
        part, own = values[rows, columns], size
        if west_size and k in {0, 2}:
            own, part = west_size, part[::2, ::2]
        save(
            f"{folder}/t{k}.tif", part, size=own,
            west=-78 + columns.start * size + shift, north=8.5 - rows.start * size,
        )  # fmt: skip


def test_tiles_in_a_folder_are_one_relief(save, tmp_path):
    random = np.random.default_rng(6).uniform(0, 500, (1200, 1200)).astype("float32")
    one = save("a.tif", random, west=-78, north=8.5, size=1 / 1200)
    cut(save, random, 1 / 1200)

    files = tiles_of(tmp_path / "tiles")
    assert [file.name for file in files] == ["t0.tif", "t1.tif", "t2.tif", "t3.tif"]
    whole, _ = relief(one)
    pieces, _ = relief(*files)
    assert np.array_equal(whole.values, pieces.values)


def test_tiles_of_other_pixels_fit_together(save, tmp_path):
    """North of 50° the tiles of Copernicus have wider pixels."""
    cut(save, plane(1 / 1200), 1 / 1200, west_size=1 / 600)
    surface, pixel_m = relief(*tiles_of(tmp_path / "tiles"))
    assert pixel_m == 180
    assert np.isfinite(surface.values).all()
    assert np.abs(surface.values - expected(surface)).max() < 2.5


def test_coarse_tiles_fit_together_too(save, tmp_path):
    cut(save, plane(1 / 60), 1 / 60)
    surface, _ = relief(*tiles_of(tmp_path / "tiles"))
    assert np.isfinite(surface.values).all()


def test_where_tiles_overlap_the_first_one_counts(save):
    size = 1 / 400
    one = save(
        "a.tif", np.full((400, 400), 10, "int16"), west=-78, north=8.5, size=size
    )
    other = save(
        "b.tif", np.full((400, 400), 90, "int16"), west=-78, north=8.5, size=size
    )
    assert (relief(one, other)[0].values == 10).all()
    assert (relief(other, one)[0].values == 90).all()


def test_what_is_unknown_stays_so_and_spoils_no_mean(save):
    heights = np.full((1200, 1200), 100, "int16")
    heights[:600] = -32768
    heights[600:, ::2] = -9999  # no mark that the file declares
    path = save("a.tif", heights, west=-78, north=8.5, size=1 / 1200, nodata=-32768)
    surface, _ = relief(path)
    known = np.isfinite(surface.values)
    assert np.unique(surface.values[known]).tolist() == [100]
    assert known[-1].all()
    assert not known[0].any()


def test_a_crs_of_ones_own_places_a_file_that_has_none(save):
    path = save("a.tif", plane(1 / 400), west=-78, north=8.5, size=1 / 400, crs=None)
    with pytest.raises(CRSError, match=r"has no CRS.*\[layers\.relief\]"):
        relief(path)
    surface, _ = relief(path, own="EPSG:4326")
    assert np.abs(surface.values - expected(surface)).max() < 0.5


def cover(*paths, classes=WORLD_COVER, cell_m=250.0):
    return read_cover(paths, "", crs=CRS, bounds=BOUNDS, cell_m=cell_m, classes=classes)


def test_land_cover_is_the_commonest_class_of_a_cell(save):
    codes = np.full((1200, 1200), 10, "uint8")
    codes[:, ::3] = 80
    codes[:600] = 0
    codes[600:, :600] = 99  # of no land cover
    surface = cover(save("a.tif", codes, west=-78, north=8.5, size=1 / 1200, nodata=0))

    rows, columns = surface.grid.shape
    assert np.isnan(surface.values[: rows // 2 - 1]).all()
    assert np.isnan(surface.values[:, : columns // 2 - 1]).all()
    assert (surface.values[rows // 2 + 1 :, columns // 2 + 1 :] == 10).all()


def test_values_of_another_land_cover_are_translated_before_they_are_counted(save):
    codes = np.full((1200, 1200), 7, "int16")
    codes[:, ::5] = 301
    codes[:, 1::5] = -2
    path = save("a.tif", codes, west=-78, north=8.5, size=1 / 1200)
    classes = {7: 80, 301: 30, -2: 30}
    assert (cover(path, classes=classes, cell_m=1000).values == 80).all()
    codes[:, 2::5] = 301  # three of five are open ground now
    path = save("b.tif", codes, west=-78, north=8.5, size=1 / 1200)
    assert (cover(path, classes=classes, cell_m=1000).values == 30).all()


def test_coarse_land_cover_is_that_of_the_nearest_pixel(save):
    codes = np.repeat([[20, 90]], 2, axis=0).astype("uint8")
    surface = cover(save("a.tif", codes, west=-78, north=8.5, size=0.5))
    assert set(np.unique(surface.values)) == {20, 90}


@pytest.mark.parametrize(
    ("values", "more", "message"),
    [
        (np.ones((400, 400), "float32"), {}, "holds no classes"),
        (np.full((400, 400), 77, "uint8"), {}, "does not reach the study area"),
        (np.ones((40, 40), "uint8"), {"west": 10}, "does not reach the study area"),
    ],
)
def test_land_cover_that_is_none_is_refused(save, values, more, message):
    path = save("a.tif", values, **{"west": -78, "north": 8.5, "size": 1 / 400} | more)
    with pytest.raises(InputError, match=message):
        cover(path)


def test_a_folder_without_tiles_is_refused(tmp_path):
    (tmp_path / ".t.tif").write_bytes(b"hidden")
    with pytest.raises(InputError, match="holds 0 GeoTIFFs; expected 1 to 500"):
        tiles_of(tmp_path)


def test_a_raster_that_is_turned_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, crs="EPSG:4326", dtype="uint8",
        height=400, width=400,
        transform=rasterio.Affine(0.0025, 0.001, -78, 0.001, -0.0025, 8.5),
    ) as file:  # fmt: skip
        file.write(np.ones((400, 400), "uint8"), 1)
    with pytest.raises(InputError, match="is turned or upside down"):
        relief(path)


def test_a_raster_whose_pixels_are_absurd_is_refused_before_memory_is_asked_for(save):
    size = 1e-9
    path = save("a.tif", np.ones((40, 40), "uint8"), west=-77.5, north=8, size=size)
    with pytest.raises(InputError, match="is too fine for cells of 250 m"):
        relief(path)


def test_a_cut_tile_is_named(save, tmp_path):
    cut(save, plane(1 / 1200), 1 / 1200)
    broken = tmp_path / "tiles" / "t2.tif"
    broken.write_bytes(broken.read_bytes()[:4000])
    with pytest.raises(InputError, match=r"GeoTIFF, or none"):
        relief(*tiles_of(tmp_path / "tiles"))


def test_text_that_points_elsewhere_is_never_opened(tmp_path):
    path = tmp_path / "a.tif"
    path.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    with (
        pytest.raises(InputError),
        opened([path], "", layer="relief", kinds="iuf", most=100),
    ):
        pass


def test_layers_tell_the_true_resolution_of_the_relief(save, tmp_path):
    cut(save, plane(1 / 1200), 1 / 1200)
    layers = read_layers(
        {"relief": (tmp_path / "tiles", "", "us")}, crs=CRS, bounds=BOUNDS, cell_m=250
    )
    assert layers.relief_cell_m == pytest.approx(92, abs=1)
    assert layers.relief.grid.cell_m == 250
    assert layers.cover is None
    none = read_layers({}, crs=CRS, bounds=BOUNDS, cell_m=250)
    assert none.relief_cell_m is None


def test_cover_and_relief_lie_on_one_grid(save):
    heights = save("a.tif", plane(1 / 400), west=-78, north=8.5, size=1 / 400)
    codes = np.full((400, 400), 10, "uint8")
    classes = save("b.tif", codes, west=-78, north=8.5, size=1 / 400)
    layers = read_layers(
        {"relief": ([heights], "", ""), "cover": (classes, "", "")},
        crs=CRS, bounds=BOUNDS, cell_m=300,
    )  # fmt: skip
    assert isinstance(layers.cover.grid, Grid)
    assert layers.cover.grid == layers.relief.grid
