"""Tables as the tools of the field write them, and what is said about them."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import Transformer

from geo.errors import CRSError, SchemaError
from geo.read import delimited, read_fixes
from geo.read.cells import as_labels
from geo.read.sifting import hashed
from geo.schema import UNDATED

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def table(tmp_path):
    def read(text, **options):
        path = tmp_path / "walk.csv"
        path.write_text(text, encoding="utf-8")
        return read_fixes(path, key=b"k", now=NOW, **options)

    return read


def where(sifted):
    fixes = sifted.fixes.sort_values("line")
    return fixes[["lat", "lon"]].to_numpy().tolist()


def when(sifted):
    stamps = sifted.fixes.sort_values("line")["time"]
    return stamps.dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()


def tracks(*names):
    return {hashed(name, key=b"k") for name in names}


KOBO = (
    "start;end;grupo/dispositivo;Registre su ubicación;_loc_latitude;_loc_longitude;"
    "_loc_altitude;_loc_precision;loc;_id;_uuid;_submission_time;_validation_status;"
    "_index\n"
    "2023-05-01T07:00:00.000-05:00;2023-05-01T07:04:00.000-05:00;E-1;x;{0};"
    "7;0b1c;2023-05-03 01:00:00;;1\n"
    "2023-05-01T08:00:00.000-05:00;2023-05-01T08:02:00.000-05:00;E-1;x;{1};"
    "8;0b1d;2023-05-03 01:00:01;;2\n"
)


def test_kobo_takes_its_four_columns(table):
    sifted = table(
        KOBO.format(
            "8.5;-77.5;12.0;4.9;8.5 -77.5 12 4.9", "8.6;-77.5;10;5;8.6 -77.5 10 5"
        )
    )

    assert where(sifted) == [[8.5, -77.5], [8.6, -77.5]]
    assert when(sifted) == ["2023-05-01T12:00:00Z", "2023-05-01T13:00:00Z"]
    assert sifted.fixes["accuracy_m"].tolist() == [4.9, 5.0]
    assert set(sifted.fixes["track"]) == tracks("E-1")
    assert "column 'start' taken for time: a guess" in sifted.notes


def test_kobo_takes_the_one_cell_where_its_columns_are_blank(table):
    sifted = table(
        KOBO.format("8.5;-77.5;12.0;4.9;8.5 -77.5 12 4.9", ";;;;8.6 -77.5 10.5 5.5")
    )

    assert where(sifted) == [[8.5, -77.5], [8.6, -77.5]]
    assert sifted.fixes["elevation_m"].tolist() == [12.0, 10.5]
    assert sifted.fixes["accuracy_m"].tolist() == [4.9, 5.5]
    assert (
        "1 positions were read from column 'loc': latitude and longitude are blank "
        "there" in sifted.notes
    )


def test_a_row_that_is_blank_in_all_columns_has_no_position(table):
    sifted = table(KOBO.format("8.5;-77.5;12;4.9;8.5 -77.5 12 4.9", ";;;;"))

    assert where(sifted) == [[8.5, -77.5]]
    assert sifted.counts() == {"no position": 1}


def test_odk_central_joins_groups_with_hyphens(table):
    sifted = table(
        "SubmissionDate,walk-seen_at,walk-place-Latitude,walk-place-Longitude,"
        "walk-place-Altitude,walk-place-Accuracy,meta-instanceID,KEY,SubmitterID,"
        "SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,"
        "DeviceID,Edits,FormVersion\n"
        "2023-06-01T00:00:00.000Z,2023-05-01T07:00:00.000-05:00,8.5,-77.5,12,4.5,"
        "uuid:a,uuid:a,3,A. R.,0,0,,approved,collect:x,0,1\n",
        columns={"time": "walk-seen_at"},
    )

    assert where(sifted) == [[8.5, -77.5]]
    assert when(sifted) == ["2023-05-01T12:00:00Z"]
    assert sifted.fixes[["elevation_m", "accuracy_m"]].to_numpy().tolist() == [
        [12, 4.5]
    ]
    assert set(sifted.fixes["track"]) == tracks("collect:x")


def test_movebank_drops_what_is_not_visible_and_is_in_utc(table):
    sifted = table(
        "event-id,visible,timestamp,location-long,location-lat,gps:hdop,"
        "height-above-msl,sensor-type,individual-taxon-canonical-name,"
        "tag-local-identifier,individual-local-identifier,study-name\n"
        '1,true,2023-05-01 12:00:00.000,-77.5,8.5,1.0,20,"gps","x","T1","A","s"\n'
        '2,false,2023-05-01 12:05:00.000,-70.5,1.5,9.0,20,"gps","x","T1","A","s"\n'
        '3,true,2023-05-01 12:10:00.000,-77.6,8.5,1.0,20,"gps","x","T1","A","s"\n',
        time_zone="America/Panama",
    )

    assert where(sifted) == [[8.5, -77.5], [8.5, -77.6]]
    assert when(sifted) == ["2023-05-01T12:00:00Z", "2023-05-01T12:10:00Z"]
    assert sifted.rejects[["line", "column", "reason"]].to_numpy().tolist() == [
        [2, "visible", "poor accuracy"]
    ]
    assert set(sifted.fixes["track"]) == tracks("A")


def test_hdop_stands_in_for_each_accuracy_that_is_not_there(table):
    sifted = table(
        "device,time,lat,lon,accuracy,hdop\n"
        "a,2023-05-01T12:00Z,8.5,-77.5,9,1\n"
        "a,2023-05-01T12:01Z,8.5,-77.5,,1\n"
        "a,2023-05-01T12:02Z,8.5,-77.5,,\n"
    )

    # 1.515 * sqrt((10 m * 1)² / 2) = 10.71 m
    accuracy = sifted.fixes["accuracy_m"].round(2).fillna(-1).tolist()
    assert accuracy == [9, 10.71, -1]
    assert any("HDOP" in note for note in sifted.notes)


def test_an_hdop_that_is_not_needed_is_not_spoken_of(table):
    sifted = table(
        "device,time,lat,lon,accuracy,hdop\na,2023-05-01T12:00Z,8.5,-77.5,9,1\n"
    )

    assert not any("HDOP" in note for note in sifted.notes)


def test_traccar_takes_the_time_of_the_fix(table):
    sifted = table(
        "id,deviceId,protocol,serverTime,deviceTime,fixTime,valid,latitude,longitude,"
        "altitude,speed,course,address,accuracy,batteryLevel\n"
        "1,7,osmand,2023-05-01 09:00:00,2023-05-01 08:00:00,2023-05-01 07:00:00,true,"
        "8.5,-77.5,12,1.9,90,,5,80\n"
        "2,7,osmand,2023-05-01 09:00:00,2023-05-01 08:00:00,2023-05-01 07:01:00,false,"
        "8.5,-77.5,12,1.9,90,,5,80\n",
        time_zone="America/Panama",
    )

    assert when(sifted) == ["2023-05-01T12:00:00Z"]
    assert sifted.counts() == {"poor accuracy": 1}
    assert "times without an offset were read as America/Panama" in sifted.notes


def test_relocations_of_earthranger_have_points_as_text(table):
    sifted = table(
        ",groupby_col,fixtime,junk_status,extra__subject__name,geometry\n"
        "0,s-1,2023-05-01 12:00:00+00:00,False,Uno,POINT (-77.5 8.5)\n"
        "1,s-2,2023-05-01 12:00:00+00:00,False,Dos,POINT (-77.6 8.5)\n"
    )

    assert where(sifted) == [[8.5, -77.5], [8.5, -77.6]]
    assert set(sifted.fixes["track"]) == tracks("s-1", "s-2")
    assert "positions were read from column 'geometry'" in sifted.notes


SMART = (
    "Patrol ID,Type,Patrol Start Date,Patrol End Date,Station,Team,Objective,Mandate,"
    "Armed,Patrol Leg ID,Leader,Pilot,Waypoint ID,Waypoint Date,Waypoint Time,X,Y,"
    "Observation Category 0\n"
    "P_000001,GROUND,{0},{0},Yaviza,A,,M,false,1,R. L.,,1,{0},{1},-77.5,8.5,People\n"
)


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("2023-05-01", "07:00:00"),
        ("May 1, 2023", "7:00:00 AM"),
        ("1-may-2023", "07:00:00"),
        ("13/05/2023", "07:00"),
        ("2023-05-01 00:00:00.0", "07:00:00"),
        ("5/13/2023 12:00:00 AM", "7:00:00 AM"),
    ],
)
def test_smart_joins_the_date_and_the_time_of_a_waypoint(table, day, clock):
    sifted = table(SMART.format(f'"{day}"', clock), time_zone="America/Bogota")

    assert where(sifted) == [[8.5, -77.5]]
    assert when(sifted)[0][:8] == "2023-05-"
    assert when(sifted)[0][10:] == "T12:00:00Z"
    assert set(sifted.fixes["track"]) == tracks("P_000001")
    assert {
        "column 'Y' taken for lat: a guess",
        "column 'X' taken for lon: a guess",
    } <= set(sifted.notes)


SMART_WORDS = {
    "Spanish": (
        "ID de patrulla;Tipo;Fecha de inicio de la patrulla;Fecha de fin de la "
        "patrulla;Estación;Líder;ID del waypoint;Fecha del waypoint;Hora del waypoint"
    ),
    "French": (
        "Identifiant de la patrouille;Type;Date de début de la patrouille;Date de fin "
        "de la patrouille;Station;Chef;ID du point;Date du point de passage;Heure du "
        "point de passage"
    ),
    "Portuguese": (
        "ID da patrulha;Tipo;Data de início da patrulha;Data de fim da patrulha;"
        "Estação;Líder;ID do ponto;Data do waypoint;Hora do waypoint"
    ),
}


@pytest.mark.parametrize("words", SMART_WORDS.values(), ids=SMART_WORDS.keys())
@pytest.mark.parametrize("day", ["2023-05-03", "03/05/2023", "3-may-2023"])
def test_smart_is_read_in_other_languages(table, words, day):
    sifted = table(
        f"{words};X;Y\n"
        f"P-1;G;01/05/2023;13/05/2023;a;R. L.;1;{day};07:00:00;-77.5;8.5\n"
        f"P-2;G;01/05/2023;13/05/2023;a;R. L.;1;{day};08:00:00;-77.25;8.25\n",
        time_zone="America/Bogota",
    )

    assert where(sifted) == [[8.5, -77.5], [8.25, -77.25]]
    assert when(sifted) == ["2023-05-03T12:00:00Z", "2023-05-03T13:00:00Z"]
    assert set(sifted.fixes["track"]) == tracks("P-1", "P-2")
    assert "its columns are those of patrols of SMART" in sifted.notes


@pytest.mark.parametrize(
    "header",
    [
        "Unit ID;Date;Time;Latitude;Longitude;Altitude;Accuracy;Observer",
        "Device Id;Date;Time;Latitude;Longitude;Altitude;Accuracy;Taxon",
        "DeviceId;Date;Time;Lat;Long;Alt;GPS Accuracy;Note",
        "ID dispositivo;Fecha;Hora;Latitud;Longitud;Altitud;Exactitud;Especie",
        "Appareil;Date;Heure;Latitude;Longitude;Altitude;Accuracy;Espèce",
        "Dispositivo;Data;Hora;Latitude;Longitude;Altitude;Precisão;Espécie",
    ],
)
def test_sightings_of_cybertracker_in_other_languages(table, header):
    sifted = table(
        f"{header}\nD 1;13/05/2023;7:00:05;8,5;-77,5;12;4;x\n"
        "D 1;13/05/2023;19:00:05;8,5;-77,5;12;4;x\n",
        time_zone="America/Panama",
    )

    assert where(sifted) == [[8.5, -77.5]] * 2
    assert when(sifted) == ["2023-05-13T12:00:05Z", "2023-05-14T00:00:05Z"]
    assert set(sifted.fixes["track"]) == tracks("D 1")
    assert sifted.fixes["elevation_m"].tolist() == [12, 12]
    assert sifted.fixes["accuracy_m"].tolist() == [4, 4]


def test_cybertracker_has_a_date_and_a_time(table):
    sifted = table(
        '"Date","Time","Latitude","Longitude","Altitude","Accuracy","Device Id","Sp"\n'
        '"13/05/2023","7:00:05","8,5","-77,5","12","4","D 1","x"\n',
        time_zone="America/Panama",
    )

    assert where(sifted) == [[8.5, -77.5]]
    assert when(sifted) == ["2023-05-13T12:00:05Z"]
    assert set(sifted.fixes["track"]) == tracks("D 1")


MISSING = (
    "Main ID,Incident ID,Incident Type,Region of Incident,Incident Date,Incident Year,"
    "Reported Month,Number of Dead,Total Number of Dead and Missing,Cause of Death,"
    "Migration Route,Location of Incident,Coordinates,UNSD Geographical Grouping,"
    "Source Quality,URL\n"
    "2023.MMP1,2023.MMP1.1,Incident,Central America,{0},2023,May,1,1,x,Darien,x,"
    '"8.5, -77.5",x,4,x\n'
    "2023.MMP2,2023.MMP2.1,Incident,Central America,{1},2023,May,1,1,x,Darien,x,"
    '"8.6, -77.6",x,4,x\n'
    "2023.MMP3,2023.MMP3.1,Incident,Central America,{1},2023,May,1,1,x,Darien,x,,x,4,"
    "x\n"
)


@pytest.mark.parametrize(
    "days", [("2023-05-01", "2023-05-13"), ('"Mon, 05/01/2023"', '"Sat, 05/13/2023"')]
)
def test_missing_migrants_are_points_without_a_track(table, days):
    sifted = table(MISSING.format(*days), time_zone="America/Panama")

    assert sifted.fixes.empty
    assert sorted(sifted.points[["lat", "lon"]].to_numpy().tolist()) == [
        [8.5, -77.5],
        [8.6, -77.6],
    ]
    assert sifted.points["month"].tolist() == [12 * 2023 + 4] * 2
    assert len(set(sifted.points["point"])) == 2
    assert sifted.counts() == {"no position": 1}
    assert any(note.startswith("read as points") for note in sifted.notes)
    assert "column 'Incident Date' taken for time: a guess" in sifted.notes


def test_the_day_of_an_incident_needs_no_time_zone(table):
    sifted = table(MISSING.format("2023-05-01", "2023-05-31"))

    assert sifted.points["month"].tolist() == [12 * 2023 + 4] * 2


def test_an_incident_without_an_id_is_not_taken_for_another(table):
    sifted = table(
        "incident_id,time,lat,lon\n"
        "7,2023-05-01T00:00Z,8,-77\n,2023-05-01T00:01Z,8,-77\n"
        ",2023-05-01T00:02Z,8,-77\n7,2023-05-01T00:03Z,8,-77\n"
    )

    assert len(set(sifted.points["point"])) == 3


class TestPoints:
    """Rows that are said to be people at places, not fixes of a device."""

    PLAIN = "lon,lat,puesto\n-77.3,8.6,Acandí\n-77.3,8.6,Acandí\n-77.9,8.1,\n"

    def test_without_a_time_they_have_no_month(self, table):
        sifted = table(self.PLAIN, points=True)

        assert sifted.points["month"].tolist() == [UNDATED] * 3
        assert len(set(sifted.points["point"])) == 3  # two people at one post
        assert "3 of 3 points have no date" in sifted.notes

    def test_a_table_without_times_is_refused_unless_it_is_said_to_hold_points(
        self, table
    ):
        with pytest.raises(SchemaError, match=r"no column for time.*--points"):
            table(self.PLAIN)

    def test_a_later_export_of_the_same_list_names_them_alike(self, table):
        first = table(self.PLAIN, points=True).points
        longer = table(self.PLAIN + "-77.5,8.2,x\n-77.3,8.6,y\n", points=True).points

        assert set(first["point"]) < set(longer["point"])
        assert len(longer) == 5

    def test_their_order_in_the_file_does_not_matter(self, table):
        head, *rows = self.PLAIN.splitlines(keepends=True)
        turned = "".join([head, *reversed(rows)])

        assert_frame_equal(
            table(self.PLAIN, points=True).points, table(turned, points=True).points
        )

    def test_the_device_of_whoever_counts_tells_nobody_apart(self, table):
        sifted = table(
            "deviceid,fecha,lat,lon\nP1,2023-05-01,8,-77\nP1,2023-05-01,8,-77\n",
            points=True,
        )

        assert len(set(sifted.points["point"])) == 2

    def test_a_column_that_the_user_names_does(self, table):
        sifted = table(
            "persona,fecha,lat,lon\nA,2023-05-01,8,-77\nA,2023-05-03,8,-77\n",
            points=True,
            columns={"track": "persona"},
        )

        assert len(set(sifted.points["point"])) == 1

    def test_bad_rows_have_their_reasons(self, table):
        sifted = table(
            "fecha,lat,lon\n2023-05-01,8,-77\n1970-01-01,8,-77\n2023-05-01,95,-77\n"
            ",8,-77\n2023-05-01,,\n",
            points=True,
        )

        assert set(sifted.points["month"]) == {UNDATED, 12 * 2023 + 4}
        assert sifted.counts() == {
            "before 2000": 1,
            "no position": 1,
            "off the globe": 1,
        }


def test_hashtags_say_more_than_names(table):
    sifted = table(
        "Grupo,Cuando,Lugar,Col 1,Col 2,n\n"
        "#meta+device,#date+seen,#adm1+name,#geo+lat,#geo + LON,#affected\n"
        "E-1,2023-05-01T12:00Z,Chocó,8.5,-77.5,3\n"
    )

    assert where(sifted) == [[8.5, -77.5]]
    assert sifted.fixes["line"].tolist() == [2]
    assert set(sifted.fixes["track"]) == tracks("E-1")
    assert (
        "the row of HXL hashtags was used for the roles of the columns" in sifted.notes
    )


def test_what_the_user_names_goes_before_hashtags(table):
    sifted = table(
        "a,b,t,lat\n#geo+lat,#geo+lon,#date,#x\n1,-77.5,2023-05-01T12:00Z,8.5\n",
        columns={"lat": "lat"},
    )

    assert where(sifted) == [[8.5, -77.5]]


@pytest.mark.parametrize("text", ["8.5, -77.5", "8.5,-77.5", "8.5; -77.5"])
def test_a_pair_in_one_column_of_any_name_is_a_position(table, text):
    sifted = table(
        f'quien,cuando,sitio\na,2023-05-01T12:00Z,"{text}"\n',
        columns={"time": "cuando"},
    )

    assert where(sifted) == [[8.5, -77.5]]
    assert "positions were read from column 'sitio'" in sifted.notes


def test_well_known_text_in_a_column_of_any_name_is_a_position(table):
    sifted = table("time;sitio\n2023-05-01T12:00Z;POINT Z(-77.5 8.5 30)\n")

    assert where(sifted) == [[8.5, -77.5]]
    assert sifted.fixes["elevation_m"].tolist() == [30.0]


SYSTEMS = {
    "EPSG:32617": "UTM 17N",
    "EPSG:32618": "UTM 18N",
    "EPSG:9377": "MAGNA-SIRGAS Origen Nacional",
    "EPSG:3116": "MAGNA-SIRGAS Colombia Bogota",
    "EPSG:3115": "MAGNA-SIRGAS Colombia West",
    "EPSG:5469": "Panama Lambert",
}


def projected(crs, *, swapped=False):
    lat, lon = np.array([8.25, 8.5, 7.75]), np.array([-77.25, -77.5, -77.75])
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    x, y = (y, x) if swapped else (x, y)
    rows = "".join(
        f"a,2023-05-01T12:0{n}:00Z,{east:.3f},{north:.3f}\n"
        for n, (east, north) in enumerate(zip(x, y, strict=True))
    )
    return f"track,time,este,norte\n{rows}", list(zip(lat, lon, strict=True))


@pytest.mark.parametrize("crs", SYSTEMS)
def test_projected_coordinates_come_back_as_degrees(table, crs):
    text, places = projected(crs)

    fixes = table(text, crs=crs).fixes

    # Millimetres were written; a degree is 111 km.
    np.testing.assert_allclose(fixes[["lat", "lon"]], places, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("crs", "name"), SYSTEMS.items())
def test_numbers_that_look_like_a_system_name_it(table, crs, name):
    with pytest.raises(CRSError, match=rf"look like {name}; if so, say --crs {crs}\."):
        table(projected(crs)[0])


def test_swapped_columns_of_a_system_are_told(table):
    text, places = projected("EPSG:9377", swapped=True)

    with pytest.raises(CRSError, match=r"swapped; if so, say --crs EPSG:9377 --swap"):
        table(text)
    fixes = table(text, crs="EPSG:9377", swap=True).fixes
    np.testing.assert_allclose(fixes[["lat", "lon"]], places, rtol=0, atol=1e-8)


def test_a_hint_never_holds_a_position(table):
    with pytest.raises(CRSError) as caught:
        table("track,time,x,y\na,2023-05-01T12:00Z,123456789,987654321\n")

    assert "1234" not in str(caught.value)
    assert "for example --crs EPSG:32618" in str(caught.value)


@given(
    st.lists(st.sampled_from(["A", " A", "", "B", "señal", None]), max_size=9),
    st.sampled_from([pa.string(), pa.large_string()]),
    st.integers(1, 9),
    st.integers(0, 5),
)
def test_labels_are_the_texts_however_they_follow_each_other(cells, kind, often, cut):
    cells = [cell for cell in cells for _ in range(often)]
    chunks = [pa.array(cells[:cut], kind), pa.array(cells, kind).slice(cut)]
    column = pa.chunked_array(chunks, kind)

    texts = [(cell or "").strip() or None for cell in cells]
    assert as_labels(column).to_pylist() == texts


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", "A,2023-05-01T12:00Z,8.5,-77.5,too much"])
def test_a_plain_table_of_several_blocks_is_read_as_one(table, monkeypatch, end, tail):
    monkeypatch.setattr(delimited, "MAX_LINE_BYTES", 1_000)
    rows = [f"A{n % 7},2023-05-01T12:{n % 60:02d}Z,8.{n},-77.5" for n in range(200)]
    text = end.join(["id,time,lat,lon", *rows, tail])
    once = table(text.replace("A0", '"A0"'))  # with care

    assert_frame_equal(table(text).fixes, once.fixes)
    assert_frame_equal(table(text).rejects, once.rejects)
    assert len(once.fixes) == 200
    assert once.rejects["line"].tolist() == [201] * bool(tail)
