"""Files of every format, damaged at random: fixes or one plain sentence, and no more.

`TROCHA_FUZZ=100 pytest tests/test_fuzz.py` reads 100 variants of each specimen.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.read import read_fixes
from tests import damage
from tests import test_read as formats
from tests import test_read_excel as excel
from tests import test_read_fit as fit
from tests import test_read_geojson as geojson
from tests import test_read_google as google
from tests import test_read_kml as kml
from tests import test_read_nmea as nmea
from tests import test_read_plt as plt
from tests import test_read_tcx as tcx

ROOT = Path(__file__).parents[1]
VARIANTS = int(os.environ.get("TROCHA_FUZZ", "5"))

WALK = pd.DataFrame(
    {
        "track": ["Zoraida", "Zoraida", "Zoraida", "Q-7731", "Q-7731"],
        "time": pd.to_datetime(
            [f"2023-05-0{day}T12:0{day}:30Z" for day in (1, 1, 2, 3, 3)]
        ).astype("datetime64[ms, UTC]"),
        "lat": [8.271937, 8.271944, 8.518366, 8.518377, 8.518388],
        "lon": [-77.531821, -77.531832, -77.264243, -77.264254, -77.264265],
        "elevation": [12.0, 20.5, np.nan, 100.0, 90.0],
        "accuracy": [5.0, 8.0, 12.5, np.nan, 30.0],
    }
)
PLACES = list(zip(WALK["lat"], WALK["lon"], strict=True))
ISO = WALK["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def text_file(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def fit_walk(folder):
    rows = [fit.row(60 * n, lat, lon) for n, (lat, lon) in enumerate(PLACES)]
    text_file(folder, "a.fit", fit.fit_file(rows) * 2)


def tcx_walk(folder):
    points = [tcx.point(lat, lon) for lat, lon in PLACES]
    document = tcx.document(tcx.activity(*points, unit="7731", notes="<Notes/>"))
    text_file(folder, "a.tcx", document)


def nmea_walk(folder):
    said = [
        nmea.gga(f"12000{n}", f"0816.31{n}2,N", f"07731.90{n}2,W")
        + nmea.rmc(f"12000{n}", lat=f"0816.31{n}2,N", lon=f"07731.90{n}2,W")
        for n in range(5)
    ]
    text_file(folder, "a.nmea", "".join(said))


def kml_tracks_and_data(folder):
    head = "<ExtendedData><Data name='track'><value>Zoraida</value></Data>"
    marks = [
        kml.point(f"{lon},{lat},3", more=f"{head}</ExtendedData>")
        for lat, lon in PLACES
    ]
    text_file(folder, "a.kml", kml.document(*marks, head="<name>x</name>"))


def workbook(folder, name):
    rows = [
        [row.track, row.time.tz_localize(None).to_pydatetime(), row.lat, row.lon, 5.0]
        for row in WALK.itertuples()
    ]
    if name.endswith("ods"):
        excel.write_ods(folder / name, [excel.HEAD, *rows])
    else:
        excel.write_xlsx(folder / name, {"Hoja": [excel.HEAD, *rows], "b": [["x"]]})


def several(folder):
    formats.write_gpx(folder)
    fit_walk(folder)
    lines_with_times(folder)
    formats.spanish(folder)
    formats.zipped(*sorted(folder.iterdir()))


def history(folder, content):
    text_file(folder, "a.json", json.dumps(content, indent=1))


def lines_with_times(folder):
    line = {
        "type": "Feature",
        "properties": {"id": "Zoraida", "coordTimes": ISO.tolist()},
        "geometry": {"type": "LineString", "coordinates": [p[::-1] for p in PLACES]},
    }
    collection = {"type": "FeatureCollection", "features": [line, line]}
    text_file(folder, "a.geojson", json.dumps(collection))


SPECIMENS = {
    **formats.FORMATS,
    "FIT": fit_walk,
    "TCX": tcx_walk,
    "NMEA": nmea_walk,
    "PLT of GeoLife": lambda d: text_file(d, "a.plt", plt.GEOLIFE),
    "PLT of OziExplorer": lambda d: text_file(d, "a.plt", plt.OZI.encode("cp1252")),
    "KML with data": kml_tracks_and_data,
    "xlsx": lambda d: workbook(d, "a.xlsx"),
    "ods": lambda d: workbook(d, "a.ods"),
    "xls": lambda d: shutil.copy(excel.FIXTURES / "walk.xls", d),
    "xlsb": lambda d: shutil.copy(excel.FIXTURES / "walk.xlsb", d),
    "Google records": lambda d: history(d, google.RECORDS),
    "Google timeline": lambda d: history(d, google.TIMELINE),
    "Google month": lambda d: history(d, google.month_of()),
    "zip of several files": several,
    "EarthRanger": lambda d: text_file(
        d,
        "a.json",
        json.dumps(
            [
                geojson.observation(iso, lat, lon, source="Zoraida")
                for iso, (lat, lon) in zip(ISO, PLACES, strict=True)
            ]
        ),
    ),
    "GeoJSON lines": lines_with_times,
}


@pytest.fixture(scope="module")
def specimens(tmp_path_factory):
    """A folder for each specimen; all of them can be read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "WALK", WALK)
        patch.setattr(formats, "ISO", ISO)
        folder = tmp_path_factory.mktemp("specimens")
        for name, make in SPECIMENS.items():
            place = folder / name.replace("/", " ")
            place.mkdir()
            make(place)
            if "zip" in name:
                for file in place.iterdir():
                    if file.suffix != ".zip":
                        file.unlink()
    return folder


def run(folder, first, last, *names):
    """Read variants in a process of their own, and return what it says."""
    process = subprocess.run(  # noqa: S603
        [sys.executable, damage.__file__, str(folder), str(first), str(last), *names],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    said = [json.loads(line) for line in process.stdout.splitlines()]
    assert said, process.stderr
    assert said[-1] == {"done": True}, f"{said[-1]} ended it: {process.stderr[-3000:]}"
    return said[:-1]


def test_every_specimen_can_be_read(specimens):
    for place in sorted(specimens.iterdir()):
        files = sorted(place.iterdir())
        main = next((file for file in files if file.suffix == ".shp"), files[0])
        fixes = read_fixes(
            main, key=b"k", now=damage.NOW, time_zone="America/Panama"
        ).fixes
        assert len(fixes) > 1, place.name


def test_damaged_files_give_fixes_or_one_plain_sentence(specimens):
    said = run(specimens, 0, VARIANTS)

    assert [line for line in said if "what" in line] == []
    assert len(said) > VARIANTS * (len(SPECIMENS) - 4)


class TestTheWatch:
    """A test that cannot fail says nothing: what it looks for is found."""

    @pytest.fixture
    def guard(self, tmp_path):
        return damage.Guard([tmp_path])

    @pytest.mark.parametrize(
        ("event", "arguments"),
        [
            ("open", ("/etc/hostname", "r", 0)),
            ("open", ("/tmp/elsewhere", "w", os.O_WRONLY | os.O_CREAT)),  # noqa: S108
            ("open", (str(ROOT / "geo" / "read" / "fit.py"), "a", os.O_WRONLY)),
            ("socket.connect", (None, ("127.0.0.1", 9))),
            ("subprocess.Popen", ("/bin/sh", ["sh"], None, None)),
            ("os.remove", ("/etc/hostname", -1)),
        ],
    )
    def test_what_lies_outside_is_a_trespass(self, guard, event, arguments):
        guard(event, arguments)
        assert len(guard.trespasses) == 1

    def test_what_lies_inside_is_none(self, guard, tmp_path):
        guard("open", (str(tmp_path / "a.csv"), "wb", os.O_WRONLY | os.O_CREAT))
        guard("open", (str(ROOT / "geo" / "read" / "fit.py"), "r", 0))
        program = [sys.executable, damage.Guard.PROGRAM]
        guard("subprocess.Popen", (sys.executable, program, None, None))
        assert guard.trespasses == []

    @pytest.mark.parametrize(
        ("name", "fault"), [("Zoraida", True), ("at 8.2719", True), ("a", False)]
    )
    def test_a_secret_in_a_message_is_found(self, tmp_path, name, fault):
        path = tmp_path / f"{name}.csv"
        path.write_text("Zoraida,time,lat\na,2023-05-01T12:00Z,8.5\n")
        assert damage.fault_of(path, {}).startswith("tells a secret") is fault

    def test_an_error_that_is_not_ours_is_found(self, tmp_path, monkeypatch):
        def broken(*_, **__):
            raise ZeroDivisionError("oh")

        monkeypatch.setattr("geo.read.read_fixes", broken)
        assert damage.fault_of(tmp_path, {}) == "ZeroDivisionError: oh"

    def test_a_variant_is_the_same_each_time(self, tmp_path, specimens):
        contents = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            path, options = damage.variant(specimens / "CSV", 3, tmp_path / name)
            contents.append((path.read_bytes(), options))
        assert contents[0] == contents[1]
        whole = next((specimens / "CSV").iterdir()).read_bytes()
        assert contents[0][0] != whole
