"""One logical track reads the same from every format, whatever the file is called."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import CRSError, InputError, SchemaError
from geo.files import find_files
from geo.read import looks_swapped, read_fixes, read_table
from geo.read.sifting import hashed
from geo.schema import FIXES, REASONS, REJECTS, check_fixes

KEY = b"a key for tests"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

WALK = pd.DataFrame(
    {
        "track": ["E-01", "E-01", "E-01", "Q-7", "Q-7"],
        "time": pd.to_datetime(
            [
                "2023-05-01T12:00:00Z",
                "2023-05-01T12:05:30Z",
                "2023-05-01T12:10:00Z",
                "2023-05-02T08:00:00Z",
                "2023-05-02T08:30:00Z",
            ]
        ).astype("datetime64[ms, UTC]"),
        "lat": [8.25, 8.5, 8.75, 7.875, 7.5],
        "lon": [-77.5, -77.25, -77.125, -77.75, -77.625],
        "elevation": [12.0, 20.5, np.nan, 100.0, 90.0],
        "accuracy": [5.0, 8.0, 12.5, np.nan, 30.0],
    }
)
ISO = WALK["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def text_table(separator=",", decimal="."):
    frame = WALK.assign(time=ISO)
    return frame.to_csv(index=False, sep=separator, decimal=decimal)


def write_text(folder, text, encoding="utf-8", name="walk.csv"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def write_gpx(folder, version="1.1"):
    body = ""
    for track, rows in WALK.assign(iso=ISO).groupby("track"):
        points = "".join(
            f'<trkpt lat="{row.lat}" lon="{row.lon}">'
            + (f"<ele>{row.elevation}</ele>" if row.elevation == row.elevation else "")
            + f"<time>{row.iso}</time>"
            + (
                f"<extensions><accuracy>{row.accuracy}</accuracy></extensions>"
                if row.accuracy == row.accuracy
                else ""
            )
            + "</trkpt>"
            for row in rows.itertuples()
        )
        body += f"<trk><name>{track}</name><trkseg>{points}</trkseg></trk>"
    space = f"http://www.topografix.com/GPX/{version.replace('.', '/')}"
    return write_text(
        folder, f'<gpx version="{version}" xmlns="{space}">{body}</gpx>', name="a.gpx"
    )


def write_kml(folder):
    def data(row):
        cells = {"track": row.track, "accuracy": row.accuracy}
        cells["elevation"] = row.elevation
        return "".join(
            f'<Data name="{key}"><value>{value}</value></Data>'
            for key, value in cells.items()
            if not pd.isna(value)
        )

    body = "".join(
        f"<Placemark><name>{row.Index}</name>"
        f"<TimeStamp><when>{row.iso}</when></TimeStamp>"
        f"<ExtendedData>{data(row)}</ExtendedData>"
        f"<Point><coordinates>{row.lon},{row.lat}</coordinates></Point></Placemark>"
        for row in WALK.assign(iso=ISO).itertuples()
    )
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2">{body}</kml>'
    return write_text(folder, text, name="a.kml")


def write_kml_tracks(folder):
    body = ""
    for track, rows in WALK.assign(iso=ISO).groupby("track"):
        whens = "".join(f"<when>{iso}</when>" for iso in rows["iso"])
        coords = "".join(
            f"<gx:coord>{r.lon} {r.lat} {r.elevation}</gx:coord>".replace(" nan", "")
            for r in rows.itertuples()
        )
        values = "".join(f"<gx:value>{a}</gx:value>" for a in rows["accuracy"])
        body += (
            f"<Placemark><name>{track}</name><gx:Track>{whens}{coords}"
            "<ExtendedData><SchemaData><gx:SimpleArrayData name='accuracy'>"
            f"{values}</gx:SimpleArrayData></SchemaData></ExtendedData>"
            "</gx:Track></Placemark>"
        )
    spaces = 'xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://example/ext"'
    return write_text(folder, f"<kml {spaces}>{body}</kml>", name="a.kml")


def zipped(*files, name="a.zip"):
    path = files[0].with_name(name)
    with ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, f"data/{file.name}")
    return path


def zipped_shapefile(folder):
    write_frame(folder, "a.shp", "ESRI Shapefile")
    return zipped(*sorted(folder.iterdir()))


def features():
    for row in WALK.assign(iso=ISO).itertuples():
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            "properties": {
                "track": row.track,
                "time": row.iso,
                "elevation": None if np.isnan(row.elevation) else row.elevation,
                "accuracy": None if np.isnan(row.accuracy) else row.accuracy,
            },
        }


def frame():
    points = gpd.points_from_xy(WALK["lon"], WALK["lat"])
    table = WALK.drop(columns=["lat", "lon"]).assign(time=ISO)
    return gpd.GeoDataFrame(table, geometry=points, crs=4326)


def write_frame(folder, name, driver, **more):
    path = folder / name
    frame().to_file(path, driver=driver, **more)
    return path


def kobo(folder):
    point = [
        f"{r.lat} {r.lon} {r.elevation} {r.accuracy}".replace("nan", "")
        for r in WALK.itertuples()
    ]
    table = pd.DataFrame(
        {
            "grupo/dispositivo": WALK["track"],
            "datos/fecha_hora": ISO,
            "loc": point,
            "_loc_latitude": WALK["lat"],
            "_loc_longitude": WALK["lon"],
            "_loc_altitude": WALK["elevation"],
            "_loc_precision": WALK["accuracy"],
            "_id": range(5),
        }
    )
    return write_text(folder, table.to_csv(index=False, sep=";"))


def movebank(folder):
    table = pd.DataFrame(
        {
            "event-id": range(5),
            "visible": "true",
            "timestamp": WALK["time"].dt.strftime("%Y-%m-%d %H:%M:%S.000"),
            "location-long": WALK["lon"],
            "location-lat": WALK["lat"],
            "height-above-msl": WALK["elevation"],
            "location-error-numerical": WALK["accuracy"],
            "tag-local-identifier": "9",
            "individual-local-identifier": WALK["track"],
        }
    )
    return write_text(folder, table.to_csv(index=False))


def odk(folder):
    table = pd.DataFrame(
        {
            "SubmissionDate": "2023-06-01T00:00:00.000Z",
            "walk-timestamp": ISO,
            "walk-loc-Latitude": WALK["lat"],
            "walk-loc-Longitude": WALK["lon"],
            "walk-loc-Altitude": WALK["elevation"],
            "walk-loc-Accuracy": WALK["accuracy"],
            "KEY": range(5),
            "DeviceID": WALK["track"],
        }
    )
    return write_text(folder, table.to_csv(index=False))


def traccar(folder):
    local = (
        WALK["time"].dt.tz_convert("America/Panama").dt.strftime("%Y-%m-%d %H:%M:%S")
    )
    table = pd.DataFrame(
        {
            "id": range(5),
            "deviceId": WALK["track"],
            "serverTime": "2023-06-01 00:00:00",
            "fixTime": local,
            "valid": "true",
            "latitude": WALK["lat"],
            "longitude": WALK["lon"],
            "altitude": WALK["elevation"],
            "accuracy": WALK["accuracy"],
        }
    )
    return write_text(folder, table.to_csv(index=False))


def spanish(folder):
    table = pd.DataFrame(
        {
            "Dispositivo": WALK["track"],
            "Fecha": WALK["time"].dt.strftime("%d/%m/%Y"),
            "Hora UTC": "x",
            "Hora": WALK["time"]
            .dt.tz_convert("America/Bogota")
            .dt.strftime("%H:%M:%S"),
            "Latitud (°)": WALK["lat"],
            "Longitud (°)": WALK["lon"],
            "Elevación": WALK["elevation"],
            "Exactitud (m)": WALK["accuracy"],
        }
    ).drop(columns="Hora UTC")
    text = table.to_csv(index=False, sep=";", decimal=",")
    return write_text(folder, text, encoding="cp1252")


def dms(value, letters):
    seconds = round(abs(value) * 3600)
    degrees, minutes = divmod(seconds // 60, 60)
    return f"{degrees}°{minutes}'{seconds % 60}\" {letters[value < 0]}"


def degrees_minutes_seconds(folder):
    table = WALK.assign(
        time=ISO,
        lat=[dms(v, "NS") for v in WALK["lat"]],
        lon=[dms(v, "EO") for v in WALK["lon"]],
    )
    return write_text(folder, table.to_csv(index=False))


def epoch(folder):
    seconds = WALK["time"].astype("int64") // 1000
    return write_text(folder, WALK.assign(time=seconds).to_csv(index=False))


def parquet(folder):
    path = folder / "walk.parquet"
    WALK.to_parquet(path)
    return path


def geoparquet(folder):
    path = folder / "walk.parquet"
    frame().to_parquet(path)
    return path


def wkt(folder):
    points = [f"POINT ({r.lon} {r.lat})" for r in WALK.itertuples()]
    table = WALK.drop(columns=["lat", "lon"]).assign(time=ISO, geometry=points)
    return write_text(folder, table.to_csv(index=False))


FORMATS = {
    "CSV": lambda d: write_text(d, text_table()),
    "CSV with a byte order mark": lambda d: write_text(d, text_table(), "utf-8-sig"),
    "UTF-16": lambda d: write_text(d, text_table("\t"), "utf-16"),
    "UTF-16 without a mark": lambda d: write_text(d, text_table("\t"), "utf-16-le"),
    "UTF-16 big end first": lambda d: write_text(d, text_table("\t"), "utf-16-be"),
    "tabs": lambda d: write_text(d, text_table("\t"), name="walk.tsv"),
    "bars": lambda d: write_text(d, text_table("|"), name="walk.txt"),
    "semicolons and commas": lambda d: write_text(d, text_table(";", ",")),
    "sep= line": lambda d: write_text(d, "sep=;\r\n" + text_table(";", ",")),
    "old line ends": lambda d: write_text(d, text_table().replace("\n", "\r")),
    "KoboToolbox": kobo,
    "Movebank": movebank,
    "ODK": odk,
    "Traccar": traccar,
    "Spanish spreadsheet": spanish,
    "degrees, minutes, seconds": degrees_minutes_seconds,
    "seconds since 1970": epoch,
    "well-known text": wkt,
    "GPX 1.1": write_gpx,
    "GPX 1.0": lambda d: write_gpx(d, "1.0"),
    "KML": write_kml,
    "KML tracks": write_kml_tracks,
    "KMZ": lambda d: zipped(write_kml(d), name="a.kmz"),
    "zipped Shapefile": zipped_shapefile,
    "zipped spreadsheet": lambda d: zipped(spanish(d)),
    "GeoJSON": lambda d: write_text(
        d,
        json.dumps({"type": "FeatureCollection", "features": list(features())}),
        name="a.geojson",
    ),
    "GeoJSON a line": lambda d: write_text(
        d, "\n".join(map(json.dumps, features())), name="a.geojsonl"
    ),
    "GeoJSON sequence": lambda d: write_text(
        d, "".join(f"\x1e{json.dumps(f)}\n" for f in features()), name="a.geojsons"
    ),
    "JSON rows": lambda d: write_text(
        d, WALK.assign(time=ISO).to_json(orient="records"), name="a.json"
    ),
    "GeoPackage": lambda d: write_frame(d, "a.gpkg", "GPKG"),
    "Shapefile": lambda d: write_frame(d, "a.shp", "ESRI Shapefile"),
    "FlatGeobuf": lambda d: write_frame(d, "a.fgb", "FlatGeobuf", spatial_index=False),
    "Parquet": parquet,
    "GeoParquet": geoparquet,
}


@pytest.fixture(params=FORMATS.values(), ids=FORMATS.keys())
def walk(request, tmp_path):
    return request.param(tmp_path)


def read(path, **options):
    return read_fixes(path, key=KEY, **{"now": NOW, **options})


def expected():
    out = WALK.assign(track=[hashed(name, key=KEY) for name in WALK["track"]])
    out = out.rename(columns={"elevation": "elevation_m", "accuracy": "accuracy_m"})
    return out.sort_values(["track", "time"], ignore_index=True)[list(FIXES)]


def test_one_track_reads_the_same_from_every_format(walk):
    sifted = read(walk, time_zone="America/Panama")

    fixes = check_fixes(sifted.fixes)
    pd.testing.assert_frame_equal(fixes, expected(), rtol=0, atol=1e-9)
    assert sifted.rejects.empty
    assert dict(sifted.rejects.dtypes.astype(str)) == dict(REJECTS)
    assert not sifted.simulated
    assert sifted.notes[0].startswith("read as")


def test_lines_are_the_numbers_of_the_records(walk):
    sifted = read(walk, time_zone="America/Panama")

    assert sorted(sifted.fixes["line"]) == [1, 2, 3, 4, 5]
    assert sifted.fixes["line"].dtype == "int64"


def test_a_misnamed_file_is_read_as_what_it_is(tmp_path):
    path = write_gpx(tmp_path).rename(tmp_path / "walk.csv")

    sifted = read(path)

    assert len(sifted.fixes) == 5
    assert "its name ends in .csv, but it is a GPX file" in sifted.notes


def test_a_misnamed_geopackage_is_read_as_what_it_is(tmp_path):
    path = write_frame(tmp_path, "a.gpkg", "GPKG").rename(tmp_path / "a.csv")

    assert len(read(path).fixes) == 5


ROW = st.tuples(
    st.sampled_from(["a", "b", "", "ñ"]),
    st.sampled_from(["2023-05-01T12:00:00Z", "2023-05-01T12:00:01Z", "x", ""]),
    st.sampled_from(["8.5", "8.25", "0", "95", "nan", ""]),
    st.sampled_from(["-77.5", "-77.25", "0", "-190", ""]),
    st.sampled_from(["3", "", "7"]),
)


@given(st.lists(ROW, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_rows_does_not_matter(tmp_path_factory, rows, random):
    folder = tmp_path_factory.mktemp("order")
    first = ("a", "2023-05-01T12:00:00Z", "8.5", "-77.5", "3")

    def read_rows(ordered):
        lines = ["track,time,lat,lon,accuracy", *map(",".join, ordered)]
        return read(write_text(folder, "\n".join(lines)))

    straight = read_rows([first, *rows])
    shuffled = [first, *rows]
    random.shuffle(shuffled)
    mixed = read_rows(shuffled)

    pd.testing.assert_frame_equal(straight.fixes[list(FIXES)], mixed.fixes[list(FIXES)])
    assert straight.counts() == mixed.counts()
    assert len(straight.fixes) + len(straight.rejects) == len(rows) + 1


REJECTED = {
    "a,2023-05-01T12:00Z,8.5": "unreadable",
    "a,2023-05-01T12:00Z,,-77.5": "no position",
    "a,2023-05-01T12:00Z,nan,-77.5": "no position",
    "a,2023-05-01T12:00Z,8.451.200,-77.5": "no position",
    "a,2023-05-01T12:00Z,inf,-77.5": "no position",
    "a,2023-05-01T12:00Z,95,-77.5": "off the globe",
    "a,2023-05-01T12:00Z,8.5,-277.5": "off the globe",
    "a,2023-05-01T12:00Z,0,0": "zero position",
    "a,,8.5,-77.5": "no time",
    "a,yesterday,8.5,-77.5": "no time",
    "a,2023-02-30T12:00Z,8.5,-77.5": "no time",
    "a,2023-05-01T12:00,8.5,-77.5": "naive time",
    "a,1999-12-31T23:59Z,8.5,-77.5": "before 2000",
    "a,1970-01-01T00:00Z,8.5,-77.5": "before 2000",
    "a,2026-01-02T00:00:01Z,8.5,-77.5": "in the future",
    "a,2099-01-01T00:00Z,8.5,-77.5": "in the future",
}


@pytest.mark.parametrize(("row", "reason"), REJECTED.items(), ids=REJECTED.keys())
def test_a_bad_row_has_one_reason(tmp_path, row, reason):
    good = "a,2023-05-01T12:00Z,8.5,-77.5"
    path = write_text(tmp_path, f"track,time,lat,lon\n{good}\n{row}\n{good}\n")

    sifted = read(path)

    assert reason in REASONS
    assert sifted.rejects[["file", "line", "reason"]].to_numpy().tolist() == [
        ["walk.csv", 2, reason]
    ]
    assert sifted.fixes["line"].tolist() == [1, 3]


def test_a_reject_names_the_column_at_fault(tmp_path):
    rows = "a;2024-05-01T12Z;x;1\na;2024-05-01T12Z;8;x\na;x;8;1\na;2024-01-01T00Z;8;1"
    path = write_text(tmp_path, f"id;fecha;latitud;longitud\n{rows}\n")

    assert read(path).rejects["column"].tolist() == ["latitud", "longitud", "fecha"]


def test_a_fix_that_the_server_calls_invalid_is_rejected(tmp_path):
    path = traccar(tmp_path)
    path.write_text(path.read_text().replace("true", "false", 1))

    sifted = read(path, time_zone="America/Panama")

    assert sifted.counts() == {"poor accuracy": 1}


def test_all_times_without_offset_ask_for_a_time_zone(tmp_path):
    path = write_text(tmp_path, "id,time,lat,lon\na,2023-05-01 12:00,8,-77\n")

    with pytest.raises(InputError, match=r"no offset from UTC.*--tz America/Panama"):
        read(path)
    sifted = read(path, time_zone="America/Panama")
    assert sifted.fixes["time"].dt.hour.tolist() == [17]
    assert "times without an offset were read as America/Panama" in sifted.notes


def test_an_unknown_time_zone_is_refused(tmp_path):
    with pytest.raises(InputError, match="no time zone 'Panama/America'"):
        read(write_text(tmp_path, text_table()), time_zone="Panama/America")


def test_a_missing_column_is_named_with_what_to_do(tmp_path):
    path = write_text(tmp_path, "id,lat,x,fecha\na,8,-77,2023-05-01\n")

    with pytest.raises(SchemaError) as caught:
        read(path)

    assert str(caught.value) == (
        "walk.csv has no column for longitude; its columns are: id, lat, x, fecha. "
        "Name it with --columns lon=x."
    )


def test_columns_can_be_named(tmp_path):
    path = write_text(tmp_path, "who,lat,x,when\na,8,-77,2023-05-01T00:00Z\n")

    sifted = read(path, columns={"lon": "x", "time": "WHEN", "track": "who"})

    assert sifted.fixes["lon"].tolist() == [-77.0]
    assert sifted.fixes["track"].tolist() == [hashed("a", key=KEY)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lon": "z"}, "no column 'z'; the columns are: who, lat"),
        ({"speed": "lat"}, "'speed' is not a role of a column; expected one of track"),
    ],
)
def test_a_wrong_name_of_a_column_is_refused(tmp_path, columns, message):
    path = write_text(tmp_path, "who,lat,x,when\na,8,-77,2023-05-01T00:00Z\n")

    with pytest.raises(SchemaError, match=message):
        read(path, columns=columns)


def test_guesses_are_said(tmp_path):
    path = write_text(
        tmp_path, "grupo;fecha;lat;lon;precision_m\na;2023-05-01T00:00Z;8,5;-77,5;9\n"
    )

    notes = read(path).notes

    assert notes[0] == "read as UTF-8, separator ';', decimal comma"
    assert "column 'precision_m' taken for accuracy: a guess" in notes


def test_a_column_that_differs_in_every_row_is_no_track(tmp_path):
    rows = "1,2023-05-01T00:00Z,8,-77\n2,2023-05-01T00:01Z,8,-77\n"
    path = write_text(tmp_path, "id,time,lat,lon\n" + rows)

    sifted = read(path)

    assert len(set(sifted.fixes["track"])) == 1
    assert "column 'id' is different in every row: not a track" in sifted.notes


def test_a_longer_export_of_a_nameless_log_stays_the_same_track(tmp_path):
    rows = ["2023-05-01T00:00Z,8,-77", "2023-05-01T00:01Z,8.1,-77"]
    short = read(write_text(tmp_path, "\n".join(["time,lat,lon", rows[0]])))
    long = read(write_text(tmp_path, "\n".join(["time,lat,lon", *reversed(rows)])))

    assert set(long.fixes["track"]) == set(short.fixes["track"])


def test_names_are_hashed_with_the_key_of_the_store(tmp_path):
    path = write_text(tmp_path, text_table())

    other = read_fixes(path, key=b"another", now=NOW)

    assert not set(read(path).fixes["track"]) & set(other.fixes["track"])


def test_one_name_in_two_spellings_of_unicode_is_one_track(tmp_path):
    rows = "Jose\u0301,2023-05-01T00:00Z,8,-77\n Jos\u00e9 ,2023-05-01T00:01Z,8,-77\n"

    fixes = read(write_text(tmp_path, "track,time,lat,lon\n" + rows)).fixes

    assert len(set(fixes["track"])) == 1


@pytest.mark.parametrize("where", ["name", "remark"])
def test_simulated_data_say_so(tmp_path, where):
    name = "SIMULADO_walk.csv" if where == "name" else "walk.csv"
    remark = "datos SIMULADOS" if where == "remark" else "-"
    text = f"id,time,lat,lon,observaciones\na,2023-05-01T00:00Z,8,-77,{remark}\n"

    assert read(write_text(tmp_path, text, name=name)).simulated


def test_swapped_columns_are_swapped_back(tmp_path):
    table = WALK.rename(columns={"lat": "lon", "lon": "lat"}).assign(time=ISO)
    path = write_text(tmp_path, table.to_csv(index=False))
    bounds = (-78.5, 7.0, -76.5, 9.3)

    wrong, right = read(path).fixes, read(path, swap=True).fixes

    assert looks_swapped(wrong["lat"].to_numpy(), wrong["lon"].to_numpy(), bounds)
    assert not looks_swapped(right["lat"].to_numpy(), right["lon"].to_numpy(), bounds)
    pd.testing.assert_frame_equal(right[list(FIXES)], expected())


def test_eastings_and_northings_need_their_crs(tmp_path):
    text = "id,time,este,norte\na,2023-05-01T00:00Z,224000,885000\n"
    path = write_text(tmp_path, text)

    with pytest.raises(CRSError, match=r"not degrees.*--crs EPSG:32618"):
        read(path)
    fixes = read(path, crs="EPSG:32618").fixes
    # By pyproj: EPSG:32618 (224000, 885000) is 7.9985 N, 77.5047 W.
    assert fixes["lat"].round(2).tolist() == [8.0]
    assert fixes["lon"].round(2).tolist() == [-77.5]
    with pytest.raises(CRSError, match="'EPSG:1', which is not known"):
        read(path, crs="EPSG:1")


def test_degrees_stay_degrees_though_a_crs_is_given(tmp_path):
    path = write_text(tmp_path, text_table())

    fixes = read(path, crs="EPSG:32618").fixes

    pd.testing.assert_frame_equal(fixes[list(FIXES)], expected())


def test_ties_are_broken_by_position_then_accuracy_then_elevation(tmp_path):
    time = "2023-05-01T00:00Z"
    rows = [(8, -76, 1, 1), (8, -77, 2, 1), (8, -77, 1, 2), (8, -77, 1, 1)]
    body = "\n".join(f"a,{time},{la},{lo},{ac},{el}" for la, lo, ac, el in rows)

    path = write_text(tmp_path, "track,time,lat,lon,accuracy,elevation\n" + body)

    assert read(path).fixes["line"].tolist() == [4, 3, 2, 1]


def test_folders_are_walked_in_order_without_junk(tmp_path):
    for name in ("b.csv", "a.gpx", "sub/c.csv", ".hidden.csv", "Thumbs.db", "r.dbf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    (tmp_path / "empty.csv").touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "d.csv").write_text("x")

    found = find_files([tmp_path, tmp_path / "b.csv"])

    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == ["a.gpx", "b.csv", "sub/c.csv"]


def test_a_missing_path_is_named():
    with pytest.raises(InputError, match=r"june\.gpx does not exist"):
        find_files([Path("june.gpx")])


@pytest.mark.parametrize(
    "name",
    ["/vsicurl/http://127.0.0.1/a.csv", "/vsizip/a.zip/b.gpkg", "no.csv", "a\x00b"],
)
def test_what_is_no_file_here_is_refused(name):
    with pytest.raises(InputError):
        read(Path(name))


def table_of(n=60):
    """Two devices that take turns, with blanks around a name."""
    minutes = pd.to_timedelta(np.arange(n), unit="min")
    return pa.table(
        {
            "device": ["A", " B"] * (n // 2),
            "time": pa.array(pd.Timestamp("2023-05-01T12Z") + minutes),
            "lat": 8.0 + np.arange(n) / 1000,
            "lon": np.full(n, -77.5),
        }
    )


@pytest.mark.parametrize("kind", ["text", "dictionary", "chunks"])
def test_a_table_in_memory_reads_as_its_file(tmp_path, kind):
    table = table_of()
    pq.write_table(table, tmp_path / "walk.parquet")
    if kind == "dictionary":
        table = table.set_column(0, "device", table["device"].dictionary_encode())
    elif kind == "chunks":
        table = pa.concat_tables([table[:7], table[7:7], table[7:]])

    ours = read_table(table, key=b"k")
    theirs = read_fixes(tmp_path / "walk.parquet", key=b"k")

    pd.testing.assert_frame_equal(ours.fixes, theirs.fixes)
    assert ours.fixes["track"].nunique() == 2


def test_rows_out_of_order_read_as_rows_in_order():
    table = table_of()
    rows = np.random.default_rng(1).permutation(len(table))
    names = ["track", "time", "lon", "lat"]

    ours = read_table(table.take(rows), key=b"k").fixes

    pd.testing.assert_frame_equal(ours[names], read_table(table, key=b"k").fixes[names])


def test_an_empty_table_is_refused():
    with pytest.raises(InputError, match="no rows"):
        read_table(table_of().slice(0, 0), key=b"k")


def test_decimal_commas_of_a_table_in_memory_are_said():
    walk = {"device": ["A"], "time": ["2023-05-01T12Z"], "lat": ["8,5"]}
    sifted = read_table(pa.table(walk | {"lon": ["-77,5"]}), key=b"k")

    assert sifted.notes == ("decimal comma",)
    assert sifted.fixes[["lon", "lat"]].to_numpy().tolist() == [[-77.5, 8.5]]
