"""The GIS files hold what was released, say what they are, and nothing else."""

import csv
import errno
import json
import logging
import resource
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
import shapely

from geo.errors import OutputError, PrivacyError
from geo.write.fields import FIELDS, NO_NUMBER
from geo.write.files import WRITERS, write_layers
from tests.regions import digests
from tests.releases import crossings, make_release, monthly_tables

STEM = "darien_SIMULATED_SIMULADO"
PLACED = ("corridors", "crossings", "hotspots")
TABLES = ("crossings_monthly", "hotspots_monthly", "monthly")
SHORT = {field.short: field.name for field in FIELDS.values()}


@pytest.fixture(scope="module")
def result():
    return make_release()


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "gis"
    write_layers(result, folder, formats=list(WRITERS))
    return folder


def read(folder, form, name, stem=STEM):
    """Read a layer back with GDAL, under its full column names."""
    if form == "gpkg":
        path, layers = folder / f"{stem}.gpkg", [name]
        if name == "crossings":
            layers = ["crossings_lines", "crossings_points"]
        parts = [pyogrio.read_dataframe(path, layer=layer) for layer in layers]
    elif form == "shp":
        paths = sorted((folder / "shp").glob(f"{stem}_{name}*.shp"))
        parts = [pyogrio.read_dataframe(path).rename(columns=SHORT) for path in paths]
    elif form == "parquet":
        parts = [gpd.read_parquet(folder / "parquet" / f"{stem}_{name}.parquet")]
    else:
        path = folder / form / f"{stem}_{name}.{form}"
        parts = [pyogrio.read_dataframe(path)]
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def same_values(found, expected):
    """Compare a column read back with the released one; no value equals no value."""
    if pd.api.types.is_numeric_dtype(expected):
        a = pd.to_numeric(found, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        b = expected.to_numpy(np.float64, na_value=np.nan)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-15)
    else:
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("name", PLACED)
@pytest.mark.parametrize("form", ["gpkg", "shp", "geojson", "parquet", "kml"])
def test_what_is_read_back_is_what_was_released(result, folder, form, name):
    released = result.layers[name]

    back = read(folder, form, name)

    if form == "kml":  # its reader adds columns of its own
        wanted = {*released.columns, "mark"}
        back = back.rename(columns={"Name": "name"}).filter(wanted)
    assert back.crs == "EPSG:4326"
    assert len(back) == len(released)
    assert set(back.columns) == {*released.columns, "mark"}
    for column in released.columns.drop("geometry"):
        found = back[column]
        if form == "shp" and pd.api.types.is_numeric_dtype(found):
            found = found.where(found != NO_NUMBER)
        same_values(found, released[column])
    degrees = released.to_crs("EPSG:4326").explode().geometry.normalize()
    found = back.explode().geometry.normalize()
    assert found.geom_equals_exact(degrees, 1e-6).all()


@pytest.mark.parametrize("name", TABLES)
def test_tables_without_geometry_are_read_back(result, folder, name):
    released = result.layers[name]
    found = {
        "gpkg": pyogrio.read_dataframe(folder / f"{STEM}.gpkg", layer=name),
        "geojson": pyogrio.read_dataframe(
            folder / "geojson" / f"{STEM}_{name}.geojson", read_geometry=False
        ),
        "parquet": pd.read_parquet(folder / "parquet" / f"{STEM}_{name}.parquet"),
        "csv beside shp": pd.read_csv(folder / "shp" / f"{STEM}_{name}.csv"),
        "csv beside kml": pd.read_csv(folder / "kml" / f"{STEM}_{name}.csv"),
    }
    for back in found.values():
        assert list(back.columns) == [*released.columns, "mark"]
        for column in released.columns:
            same_values(back[column], released[column])


@pytest.mark.parametrize("name", ["density", "movement"])
def test_a_surface_is_read_back_with_its_place_and_unit(result, folder, name):
    surface = result.surfaces[name]

    with rasterio.open(folder / f"{STEM}_{name}.tif") as file:
        np.testing.assert_array_equal(file.read(1), surface.values.astype(np.float32))
        assert np.isnan(file.nodata)
        assert file.bounds == surface.grid.bounds
        assert file.crs == rasterio.CRS.from_user_input(surface.grid.crs)
        assert file.descriptions == (surface.name,)
        assert file.units == (surface.unit,)
        assert file.tags()["k"] == "10"
        assert file.tags()["unit"] == surface.unit


def test_accents_survive_in_the_shapefile(folder):
    back = read(folder, "shp", "crossings")

    assert "Río Tuquesa, año 2023" in set(back["name"])
    for path in (folder / "shp").glob("*.shp"):
        assert path.with_suffix(".cpg").read_text() == "UTF-8"
        assert path.with_suffix(".prj").read_text().startswith('GEOGCS["GCS_WGS_1984"')


def test_names_of_a_shapefile_are_short_plain_and_their_own():
    one = {field.name: field.short for field in FIELDS.values()}

    assert {field.short for field in FIELDS.values()} == set(one.values())
    assert len(set(one.values())) == len(one)
    assert all(short.isascii() and len(short) <= 10 for short in one.values())


def test_the_dictionary_names_every_column_of_every_shapefile(folder):
    with (folder / "shp" / "fields.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert all(row["meaning_en"] and row["significado_es"] for row in rows)
    for path in (folder / "shp").glob("*.shp"):
        layer = path.stem.removeprefix(f"{STEM}_").split("_")[0]
        told = {row["shapefile_name"] for row in rows if row["layer"] == layer}
        assert set(pyogrio.read_info(path)["fields"]) == told


def test_a_withheld_number_does_not_look_like_zero(result, folder):
    withheld = result.layers["hotspots"]["stop_tracks"].isna()
    assert withheld.any()

    shape = read(folder, "shp", "hotspots")
    package = read(folder, "gpkg", "hotspots")

    assert (shape.loc[withheld, "stop_tracks"] == NO_NUMBER).all()
    assert package.loc[withheld, "stop_tracks"].isna().all()


def test_lines_and_points_of_one_layer_get_a_file_each(folder):
    layers = dict(pyogrio.list_layers(folder / f"{STEM}.gpkg"))

    assert layers["crossings_lines"] == "MultiLineString"
    assert layers["crossings_points"] == "Point"
    assert (folder / "shp" / f"{STEM}_crossings_points.shp").exists()


def test_a_long_text_is_cut_between_two_characters_and_that_is_said(tmp_path, caplog):
    long = make_release(text=" ñ" * 150)

    with caplog.at_level(logging.WARNING):
        write_layers(long, tmp_path, formats=["shp", "gpkg"])

    names = read(tmp_path, "shp", "crossings")["name"]
    assert all(len(name.encode()) <= 254 for name in names)
    assert names[0].endswith("ñ …")
    assert read(tmp_path, "gpkg", "crossings")["name"][0].endswith(" ñ" * 150)
    about = json.loads((tmp_path / "metadata.json").read_text(encoding="utf-8"))
    assert about["cut_in_shapefile"]["crossings_lines.name"] == 1
    assert "1 cells were cut" in caplog.text


def test_a_number_too_large_for_the_shapefile_is_left_out_and_said(tmp_path):
    large = crossings().assign(precision_m=[50.0, 50.0, 1e300, np.inf])

    write_layers(make_release(layers={"crossings": large}), tmp_path)

    shape = read(tmp_path, "shp", "crossings")
    assert shape["precision_m"].tolist() == [50, -9999, -9999]
    assert read(tmp_path, "gpkg", "crossings")["precision_m"][1] == 1e300
    about = json.loads((tmp_path / "metadata.json").read_text(encoding="utf-8"))
    assert about["cut_in_shapefile"] == {"crossings_lines.precision_m": 1}


@pytest.mark.parametrize("column", ["track", "time", "lon", "lat", "x_m", "notes"])
def test_a_column_that_nobody_described_is_not_published(tmp_path, column):
    odd = crossings().assign(**{column: 1.0})

    with pytest.raises(PrivacyError, match=f"a column '{column}' that the catalogue"):
        write_layers(make_release(layers={"crossings": odd}), tmp_path / "gis")

    assert not list(tmp_path.rglob("*.gpkg"))


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@sum", "\tx"])
def test_no_text_of_a_table_runs_as_a_formula(tmp_path, start):
    table = monthly_tables()["crossings_monthly"].assign(direction=start)

    write_layers(
        make_release(layers={"crossings_monthly": table}), tmp_path, formats=["shp"]
    )

    path = tmp_path / "shp" / f"{STEM}_crossings_monthly.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["direction"] for row in rows] == [f"'{start}"] * 2


def test_hostile_names_come_back_as_they_went_in(tmp_path):
    text = "</name><script>\u2028\"'&${x}`"

    write_layers(make_release(text=text), tmp_path, formats=list(WRITERS))

    for form in ("gpkg", "shp", "geojson", "parquet"):
        assert read(tmp_path, form, "crossings")["name"][0].endswith(text)


def test_a_nul_does_not_end_a_text(tmp_path):
    write_layers(make_release(text="a\0b"), tmp_path, formats=list(WRITERS))

    assert read(tmp_path, "gpkg", "crossings")["name"][0].endswith("ab")


def test_the_same_release_gives_the_same_bytes(folder, tmp_path):
    write_layers(make_release(), tmp_path / "again", formats=list(WRITERS)[::-1])

    assert digests(tmp_path / "again") == digests(folder)


def test_no_date_of_writing_is_in_the_files(folder):
    """Else two runs would differ as soon as a second lies between them."""
    with sqlite3.connect(folder / f"{STEM}.gpkg") as package:
        changes = package.execute("SELECT last_change FROM gpkg_contents").fetchall()
        notes = package.execute("SELECT timestamp FROM gpkg_metadata_reference")
        dates = {row[0] for row in [*changes, *notes.fetchall()]}
    package.close()

    assert dates == {"2023-09-01T00:00:00.000Z"}
    for path in (folder / "shp").glob("*.dbf"):
        assert path.read_bytes()[1:4] == bytes([123, 9, 1])


def test_the_package_is_of_a_version_that_older_programs_read(folder):
    with sqlite3.connect(folder / f"{STEM}.gpkg") as package:
        assert package.execute("PRAGMA user_version").fetchone() == (10300,)
    package.close()


def test_a_qgis_project_lies_beside_the_package(tmp_path):
    written = write_layers(make_release(), tmp_path, formats=["gpkg"])

    assert tmp_path / f"{STEM}.qgs" in written
    with sqlite3.connect(tmp_path / f"{STEM}.gpkg") as package:
        assert package.execute("SELECT count(*) FROM layer_styles").fetchone() == (4,)
    package.close()


def test_geojson_is_in_degrees_with_outer_rings_against_the_clock(folder):
    path = folder / "geojson" / f"{STEM}_corridors.geojson"
    about = json.loads(path.read_text(encoding="utf-8"))

    assert "crs" not in about
    outer = about["features"][0]["geometry"]["coordinates"][0]
    assert shapely.LinearRing(outer).is_ccw


@pytest.mark.parametrize(
    ("options", "stem", "marks"),
    [
        ({}, STEM, ["SIMULATED / SIMULADO"]),
        (
            {"simulated": False, "level": "internal", "k": 3, "round_to": 1},
            "darien_INTERNAL_INTERNO",
            ["INTERNAL / INTERNO"],
        ),
        (
            {"level": "internal"},
            f"{STEM}_INTERNAL_INTERNO",
            ["SIMULATED / SIMULADO", "INTERNAL / INTERNO"],
        ),
        ({"simulated": False}, "darien", []),
    ],
    ids=["simulated", "internal", "both", "neither"],
)
def test_every_file_says_what_it_is(tmp_path, options, stem, marks):
    mark = "; ".join(marks)

    written = write_layers(make_release(**options), tmp_path, formats=list(WRITERS))

    told = {"README.txt", "metadata.json", "fields.csv"}
    assert all(p.name.startswith(f"{stem}") for p in written if p.name not in told)
    for name in ("README.txt", "metadata.json"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert [m for m in ("SIMULATED /", "INTERNAL /") if m in text] == [
            m[: m.index("/") + 1] for m in marks
        ]
    for form in ("gpkg", "shp", "geojson", "parquet", "kml"):
        back = read(tmp_path, form, "hotspots", stem)
        assert ("mark" in back) == bool(marks)
        assert not marks or set(back["mark"]) == {mark}
    info = pyogrio.read_info(tmp_path / f"{stem}.gpkg", layer="monthly")
    assert info["layer_metadata"].get("DESCRIPTION", "") == mark
    with rasterio.open(tmp_path / f"{stem}_density.tif") as file:
        assert [file.tags()[m.split(" /")[0]] for m in marks] == marks
    path = tmp_path / "geojson" / f"{stem}_monthly.geojson"
    assert json.loads(path.read_text("utf-8")).get("description", "") == mark
    tags = pq.read_schema(tmp_path / "parquet" / f"{stem}_monthly.parquet").metadata
    assert tags[b"simulated"] == str("SIM" in mark).lower().encode()


def test_a_release_without_rows_still_gives_every_layer(tmp_path):
    write_layers(make_release(empty=True), tmp_path, formats=list(WRITERS))

    for form in ("gpkg", "shp", "geojson", "parquet"):
        for name in PLACED:
            assert len(read(tmp_path, form, name)) == 0
    with rasterio.open(tmp_path / f"{STEM}_density.tif") as file:
        assert np.isnan(file.read(1)).all()


def test_the_metadata_says_where_the_files_come_from(result, folder):
    about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))

    assert about["title"]["es"] == "Darién: corredores y puntos calientes de movimiento"
    assert about["privacy"]["k"] == 10
    assert about["privacy"]["withheld"] == dict(result.withheld)
    assert about["lineage"]["rejected"] == {"duplicate": 300, "spike": 45}
    assert about["period"] == {"first": "2023-08", "last": "2023-09"}
    assert about["credits"]["border"] == "OpenStreetMap contributors (ODbL)"
    assert "not for navigation" in about["caveat"]["en"]
    west, south, east, north = about["extent"]["bounds"]
    assert -78 < west < east < -77
    assert 7 < south < north < 9


def test_the_list_of_written_files_is_complete(tmp_path):
    written = write_layers(make_release(), tmp_path / "gis")

    present = sorted(path for path in (tmp_path / "gis").rglob("*") if path.is_file())
    assert written == present
    about = json.loads((tmp_path / "gis" / "metadata.json").read_text(encoding="utf-8"))
    names = [path.relative_to(tmp_path / "gis").as_posix() for path in present]
    assert about["files"] == sorted(names)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"unknown formats \['dxf'\]; known are"):
        write_layers(make_release(), tmp_path, formats=["gpkg", "dxf"])


@pytest.fixture
def earlier(tmp_path):
    """A folder with an earlier result."""
    folder = tmp_path / "gis"
    write_layers(make_release(), folder)
    return folder


def test_a_full_disk_leaves_the_old_files_as_they_were(earlier, monkeypatch):
    before = digests(earlier)

    def full(path, _data):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="the disk is full"):
        write_layers(make_release(region="Otro"), earlier)

    assert digests(earlier) == before
    assert sorted(path.name for path in earlier.parent.iterdir()) == ["gis"]


@pytest.mark.parametrize("form", list(WRITERS))
def test_every_format_notices_that_a_file_cannot_grow(earlier, form):
    """The limit of the system stands for a full disk; GDAL keeps some to itself."""
    before = digests(earlier)
    many = pd.concat([crossings()] * 50, ignore_index=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(OutputError, match="could not be written"):
            write_layers(
                make_release(layers={"crossings": many}), earlier, formats=[form]
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert digests(earlier) == before


def test_a_shapefile_that_is_short_of_its_last_bytes_is_noticed(tmp_path):
    """GDAL says nothing when the last buffer of a .dbf finds no room."""
    many = pd.concat([crossings()] * 24, ignore_index=True)
    result = make_release(layers={"crossings": many})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OutputError, match="the disk is full"):
            write_layers(result, tmp_path / "gis", formats=["shp"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert not list(tmp_path.rglob("*.shp"))


def test_corners_are_kept_to_a_centimetre_so_that_all_processors_agree(tmp_path):
    write_layers(make_release(), tmp_path, formats=["gpkg"])
    (path,) = tmp_path.glob("*.gpkg")

    corners = gpd.read_file(path, layer="corridors").get_coordinates().to_numpy()

    np.testing.assert_array_equal(corners, np.round(corners, 7))
