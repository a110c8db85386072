"""Base layers come out cut to the region, valid, and in its CRS."""

import json
from contextlib import suppress

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely import LineString, Point, Polygon, box

from geo.errors import CRSError, InputError, SchemaError
from geo.read import relief
from geo.read.layers import read_layers
from geo.schema import ROLES, Layers

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BOUNDS = (-78.0, 7.5, -77.0, 8.5)


def read(credit="", crs="", **paths):
    sources = {name: (path, crs, credit) for name, path in paths.items()}
    return read_layers(sources, crs=CRS, bounds=BOUNDS, cell_m=250)


@pytest.fixture
def write(tmp_path):
    def save(file, *shapes, crs=4326, **columns):
        path = tmp_path / "layers" / file
        path.parent.mkdir(exist_ok=True)
        frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)
        frame.to_file(path)
        return path

    return save


@pytest.fixture
def raster(tmp_path):
    def save(values, *, west=-79.0, north=9.5, size=0.1, crs="EPSG:4326", **more):
        path = tmp_path / "relief.tif"
        values = np.asarray(values)
        with rasterio.open(
            path, "w", driver="GTiff", count=1, crs=crs, dtype=values.dtype,
            height=values.shape[0], width=values.shape[1],
            transform=rasterio.Affine(size, 0, west, 0, -size, north), **more,
        ) as file:  # fmt: skip
            file.write(values, 1)
        return path

    return save


def test_layers_that_are_not_given_are_empty_with_their_columns():
    layers = read()

    assert isinstance(layers, Layers)
    assert list(layers.rivers.columns) == [
        "name", "order", "quality", "precision_m", "geometry",
    ]  # fmt: skip
    assert list(layers.crossings.columns) == ["year", "month", "crossings", "basis"]
    assert list(layers.nationalities.columns) == ["year", "nationality", "persons"]
    for name in ("land", "rivers", "border", "provinces", "places", "checkpoints"):
        assert getattr(layers, name).empty
        assert getattr(layers, name).crs == CRS
    assert layers.relief is None
    assert layers.credits == {}


@pytest.mark.parametrize("name", ["r.gpkg", "r.shp", "r.fgb", "r.geojson"])
def test_rivers_are_cut_half_a_degree_around_the_region(write, name):
    path = write(name, LineString([(-77.5, 8.0), (-77.5, 20.0)]), name=["Tuira"])

    rivers = read(rivers=path).rivers

    back = rivers.to_crs(4326).total_bounds
    assert back.tolist() == pytest.approx([-77.5, 8.0, -77.5, 9.0], abs=1e-6)
    # 1 degree of latitude near 8.5° N is 110.6 km.
    assert rivers.length.tolist() == pytest.approx([110_600], rel=1e-3)
    assert rivers.drop(columns="geometry").to_numpy().tolist()[0][:3] == [
        "Tuira", 1, "mapped",
    ]  # fmt: skip
    assert np.isnan(rivers["precision_m"]).all()


def test_what_lies_elsewhere_is_dropped(write):
    path = write("p.gpkg", Point(-77.5, 8), Point(0, 50), name=["Yaviza", "London"])
    assert read(places=path).places["name"].tolist() == ["Yaviza"]


def test_shapes_are_made_valid_and_a_touch_is_no_land(write):
    bow = Polygon([(-77.6, 8), (-77.4, 8.1), (-77.4, 8), (-77.6, 8.1)])
    touch = box(-80, 7, -78.5, 9)

    land = read(land=write("l.gpkg", bow, touch)).land

    assert len(land) == 1
    assert land.is_valid.all()
    assert set(land.geom_type) == {"MultiPolygon"}


def test_heights_and_empty_shapes_do_no_harm(write):
    path = write("p.gpkg", Point(-77.5, 8, 100), None, name=["Yaviza", "?"])
    places = read(places=path).places
    assert places["name"].tolist() == ["Yaviza"]
    assert not places.has_z.any()


def test_columns_are_typed_and_filled(write):
    path = write(
        "c.gpkg", Point(-77.5, 8), Point(-77.6, 8), NOMBRE=["A", None],
        rol=["town", "landing"], precision_m=["500", "x"], desde=["2022-03", None],
    )  # fmt: skip
    posts = read(checkpoints=path).checkpoints

    assert posts["name"].tolist() == ["A", ""]
    assert posts["country"].tolist() == ["", ""]
    assert posts["since"].tolist() == ["2022-03", ""]
    assert posts["precision_m"].tolist()[0] == 500.0
    assert posts["precision_m"].isna().tolist() == [False, True]


def test_populations_are_whole_numbers(write):
    path = write("p.gpkg", Point(-77.5, 8), Point(-77.6, 8), name=["A", "B"],
                 population=[12.0, None])  # fmt: skip
    places = read(places=path).places
    assert places["population"].tolist() == [12, 0]
    assert places["population"].dtype == "int64"


def test_hours_of_watching_may_be_at_points_along_lines_or_over_areas(tmp_path):
    shapes = [Point(-77.5, 8), LineString([(-77.5, 8), (-77.4, 8)])]
    shapes.append(Point(-77.5, 8).buffer(0.1))
    path = tmp_path / "effort.gpkg"
    table = gpd.GeoDataFrame({"Horas": [3, 2.5, 0]}, geometry=shapes, crs=4326)
    table.to_file(path)

    effort = read(effort=path).effort

    assert effort["hours"].tolist() == [3, 2.5, 0]
    assert set(effort.geom_type) == {"Point", "LineString", "Polygon"}


@pytest.mark.parametrize("hours", ["", "-1", "many"])
def test_watching_without_its_hours_is_refused(tmp_path, hours):
    path = tmp_path / "effort.csv"
    path.write_text(f"lon,lat,hours\n-77.5,8,{hours}\n", encoding="utf-8")

    with pytest.raises(SchemaError, match="hours are no number of 0 or more"):
        read(effort=path)


def test_checkpoints_may_be_a_table_of_text(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        "nombre;país;role;latitud;longitud\n"
        "Bajo Chiquito;PA;receiving community;8,45;-77,68\n",
        encoding="cp1252",
    )
    posts = read(checkpoints=path).checkpoints

    assert posts[["name", "country"]].to_numpy().tolist() == [["Bajo Chiquito", "PA"]]
    back = posts.to_crs(4326).geometry
    assert back.x.tolist() == pytest.approx([-77.68])
    assert back.y.tolist() == pytest.approx([8.45])


def test_a_role_that_nobody_knows_is_refused(write):
    path = write("c.gpkg", Point(-77.5, 8), name=["A"], role=["casino"])
    with pytest.raises(SchemaError, match=r"role 'casino'; expected one of: departure"):
        read(checkpoints=path)
    for role in ROLES:
        path.unlink()
        write("c.gpkg", Point(-77.5, 8), name=["A"], role=[role])
        assert len(read(checkpoints=path).checkpoints) == 1


def test_a_month_that_is_none_is_refused(write):
    path = write("c.gpkg", Point(-77.5, 8), name=["A"], since=["2022-13"])
    with pytest.raises(SchemaError, match="'2022-13' in column 'since'; expected YYYY"):
        read(checkpoints=path)


def test_a_missing_column_is_named(write):
    path = write("p.gpkg", Point(-77.5, 8), title=["A"])
    with pytest.raises(SchemaError, match=r"layers/p.gpkg has no column 'name'.*title"):
        read(places=path)


def test_a_layer_without_crs_is_refused_by_name(write):
    path = write("rivers.shp", LineString([(-77.5, 8), (-77.4, 8)]), name=["A"])
    path.with_suffix(".prj").unlink()

    with pytest.raises(CRSError) as caught:
        read(rivers=path)

    assert str(caught.value) == (
        "layers/rivers.shp has no CRS (its .prj is missing). Add the .prj, or set crs "
        "under [layers.rivers] in region.toml."
    )
    assert len(read(rivers=path, crs="EPSG:4326").rivers) == 1
    with pytest.raises(CRSError, match="'EPSG:0', which is not known"):
        read(rivers=path, crs="EPSG:0")


def test_another_crs_is_converted(write):
    path = write("p.gpkg", Point(500_000, 884_000), crs=32618, name=["A"])
    # The central meridian of zone 18, 75° W, lies outside the region.
    assert read(places=path).places.empty
    path.unlink()
    point = gpd.GeoSeries([Point(-77.5, 8)], crs=4326).to_crs(32618)[0]
    write("p.gpkg", point, crs=32618, name=["A"])
    assert np.abs(read(places=path).places.total_bounds).max() < 0.01


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"rivers\.gpkg does not exist"):
        read(rivers=tmp_path / "rivers.gpkg")


@pytest.mark.parametrize("name", ["land", "relief", "crossings"])
def test_a_file_that_points_elsewhere_is_refused(tmp_path, name):
    path = tmp_path / "a.gpkg"
    path.write_text("<VRTDataset><SourceFilename>/etc/hostname</SourceFilename>")
    with pytest.raises(InputError, match=r"XML of another kind \(<VRTDataset>\)"):
        read(**{name: path})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "FeatureCollection", "features": [{"type"', "breaks off"),
        ('{"type": "Feature", "geometry": {"type": "Line"}}', "cannot be read"),
        ("[" * 99_999, "nested too deeply"),
    ],
)
def test_damaged_geojson_is_refused(tmp_path, text, message):
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read(land=path)


def test_geojson_without_features_is_an_empty_layer(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    with suppress(SchemaError):
        assert read(land=path).land.empty


def test_counts_are_whole_numbers(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("año,mes,cruces,fuente\n2023,1,24634,SNM\n2023,2,24657,\n")

    crossings = read(crossings=path).crossings

    assert crossings.to_numpy().tolist() == [
        [2023, 1, 24634, "SNM"],
        [2023, 2, 24657, ""],
    ]
    path.write_text("year,month,crossings\n2023,1,x\n")
    with pytest.raises(SchemaError, match="'crossings' that is no whole number"):
        read(crossings=path)
    path.write_text("year,crossings\n2023,1\n")
    with pytest.raises(SchemaError, match="no column 'month'; its columns are: year"):
        read(crossings=path)


def test_nationalities_are_read(tmp_path):
    path = tmp_path / "n.csv"
    path.write_text("year,nationality,persons\n2023,Venezuela,328650\n")
    expected = pd.DataFrame(
        {"year": [2023], "nationality": ["Venezuela"], "persons": [328650]}
    ).astype({"nationality": "str"})
    pd.testing.assert_frame_equal(read(nationalities=path).nationalities, expected)


def test_relief_lies_on_a_grid_of_the_region(raster):
    """A plane that rises to the north by 100 m a degree comes back as it was."""
    rows = 9.5 - 0.1 * (np.arange(40) + 0.5)
    plane = np.repeat(rows[:, None] * 100, 40, axis=1).astype("float32")

    surface = read(relief=raster(plane)).relief

    assert surface.grid.crs == CRS
    assert surface.grid.cell_m == 1000
    assert surface.unit == "m"
    assert np.isfinite(surface.values).all()
    # The centre of projection, 8° N 77.5° W, is the corner of four cells at 0, 0.
    x = np.array([-500.0, 500, -500, 500])
    cells = surface.grid.cell_of(x, x[::-1].copy())
    assert surface.values.ravel()[cells].mean() == pytest.approx(800, abs=1)


@pytest.mark.parametrize(("size", "side_m"), [(0.1, 11_000), (1 / 30, 3_700)])
def test_a_relief_keeps_in_mind_how_coarse_it_came(raster, size, side_m):
    count = round(4 / size)
    layers = read(relief=raster(np.ones((count, count), "float32"), size=size))
    assert layers.relief.grid.cell_m == 1000
    assert layers.relief_cell_m == side_m
    assert read().relief_cell_m is None


def test_what_the_relief_does_not_know_is_nan(raster):
    values = np.full((40, 40), 10, dtype="int16")
    values[:20] = -32768
    surface = read(relief=raster(values, nodata=-32768)).relief
    assert np.isnan(surface.values[0]).all()
    assert (surface.values[-1] == 10).all()


def test_relief_elsewhere_is_refused(raster):
    with pytest.raises(InputError, match="does not reach the study area"):
        read(relief=raster(np.ones((4, 4), "float32"), west=10))


def test_relief_without_crs_is_refused(raster):
    path = raster(np.ones((40, 40), "float32"), crs=None)
    with pytest.raises(CRSError, match=r"has no CRS.*\[layers.relief\]"):
        read(relief=path)
    assert np.nanmax(read(relief=path, crs="EPSG:4326").relief.values) == 1


def test_a_raster_that_promises_too_much_is_refused(raster, monkeypatch):
    path = raster(np.ones((40, 40), "float32"))
    monkeypatch.setattr(relief, "MAX_PIXELS", 1000)
    with pytest.raises(InputError, match="40 x 40 cells; expected at most 1,000"):
        read(relief=path)


def test_a_sparse_giant_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "relief.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, crs="EPSG:4326", dtype="float32",
        height=60_000, width=60_000, sparse_ok=True, tiled=True, BIGTIFF="YES",
        transform=rasterio.Affine(0.001, 0, -79, 0, -0.001, 9.5),
    ):  # fmt: skip
        pass
    with pytest.raises(InputError, match="60,000 x 60,000 cells; expected"):
        read(relief=path)


def test_a_cut_raster_is_refused(raster):
    path = raster(np.random.default_rng(1).random((200, 200)).astype("float32"))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged GeoTIFF"):
        read(relief=path)


def test_complex_numbers_are_no_heights(raster):
    with pytest.raises(InputError, match="holds no heights"):
        read(relief=raster(np.ones((40, 40), "complex64")))


def test_credits_are_kept(write):
    path = write("l.gpkg", box(-77.6, 8, -77.5, 8.1))
    assert read(credit="GSHHG", land=path).credits == {"land": "GSHHG"}


def test_an_unknown_layer_is_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(ValueError, match="unknown layer 'roads'"):
        read(roads=tmp_path)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("rivers", Point(-77.5, 8), "holds only points; expected lines for rivers"),
        ("land", LineString([(-78, 8), (-77, 8)]), "only lines; expected polygons"),
    ],
)
def test_a_layer_of_the_wrong_kind_is_refused(write, name, shape, message):
    path = write("other.gpkg", shape, name=["x"], country=["PA"])

    with pytest.raises(SchemaError, match=message):
        read(**{name: path})
