"""The QGIS project opens the released layers, drawn by class."""

# ruff: noqa: S314 - the XML is our own

import hashlib
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import pyogrio
import pytest

from geo.errors import OutputError
from geo.write.files import write_layers
from geo.write.qgis import write_project
from tests.releases import corridors, emerging, evidence_layers, make_release

STEM = "darien_SIMULATED_SIMULADO"
TABLES = {"corridors", "crossings_lines", "crossings_points", "hotspots"}
QGIS = "/usr/bin/python3"

OPEN = """
import os
import sys
from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1]), project.error()
print(project.title(), project.crs().authid(), sep="|")
for node in project.layerTreeRoot().findLayers():
    layer = node.layer()
    styled = QgsVectorLayer(layer.source(), "again", "ogr")
    styled.loadDefaultStyle()
    print(layer.isValid(), layer.featureCount(), layer.renderer().type(),
          styled.renderer().type(), sep="|", flush=True)
os._exit(0)  # QGIS may crash while it tidies up, long after the project was read
"""


@pytest.fixture
def folder(tmp_path):
    write_layers(make_release(), tmp_path / "gis", formats=["gpkg"])
    return tmp_path / "gis"


def rules(path):
    """The expressions of a project with their labels, from the outside in."""
    return [
        (layer.findtext("id"), rule.get("filter"), rule.get("label"))
        for layer in ET.parse(path).iter("maplayer")
        for rule in layer.iter("rule")
    ]


def test_every_layer_points_to_a_table_of_the_package_beside_it(folder):
    path = write_project(make_release(), folder)

    sources = [node.text for node in ET.parse(path).iter("datasource")]
    tables = {source.partition("|layername=")[2] for source in sources}
    assert {s.partition("|")[0] for s in sources} == {f"./{STEM}.gpkg"}
    assert tables == TABLES
    assert tables <= {name for name, _ in pyogrio.list_layers(folder / f"{STEM}.gpkg")}


def test_the_project_says_that_its_data_are_simulated(folder):
    root = ET.parse(write_project(make_release(), folder)).getroot()

    assert root.findtext("title") == "Darién [SIMULATED / SIMULADO]"
    for layer in root.iter("layername"):
        assert layer.text.endswith("[SIMULATED / SIMULADO]")


def test_the_package_keeps_its_rows_and_gains_the_styles(folder):
    package = folder / f"{STEM}.gpkg"
    before = pyogrio.read_dataframe(package, layer="hotspots")

    write_project(make_release(), folder)

    assert pyogrio.read_dataframe(package, layer="hotspots").equals(before)
    with closing(sqlite3.connect(package)) as store:
        styles = store.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML,"
            " description FROM layer_styles"
        ).fetchall()
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert {row[0] for row in styles} == TABLES
    for _, geometry, default, qml, description in styles:
        assert (geometry, default) == ("geom", 1)
        assert ET.fromstring(qml).find("renderer-v2").get("type") == "RuleRenderer"
        assert description.endswith("[SIMULATED / SIMULADO]")


def test_change_and_clusters_have_styles_and_wait_to_be_switched_on(tmp_path):
    layers = {"emerging": emerging(), **evidence_layers()}
    result = make_release(layers=layers)
    write_layers(result, tmp_path, formats=["gpkg"])

    root = ET.parse(tmp_path / f"{STEM}.qgs").getroot()

    tree = {
        node.get("source").partition("layername=")[2]: node.get("checked")
        for node in root.iter("layer-tree-layer")
    }
    for name in ("emerging", "clusters", "scan"):
        assert tree[name] == "Qt::Unchecked"
    assert tree["hotspots"] == "Qt::Checked"
    filters = {rule.get("filter") for rule in root.iter("rule")}
    for kind in result.layers["emerging"]["kind"]:
        assert f"\"kind\" = '{kind}'" in filters
    for kind in result.layers["clusters"]["lisa"]:
        assert f"\"lisa\" = '{kind}'" in filters
    assert "\"window\" = 'circle'" in filters


def test_hotspots_of_some_grids_only_are_hatched(folder):
    root = ET.parse(write_project(make_release(), folder)).getroot()

    (layer,) = [
        node
        for node in root.iter("maplayer")
        if node.findtext("datasource").endswith("=hotspots")
    ]
    styles = {
        symbol.get("name"): symbol.find(".//Option[@name='style']").get("value")
        for symbol in layer.iter("symbol")
    }
    rules = {
        (rule.get("filter"), styles[rule.get("symbol")])
        for rule in layer.iter("rule")
        if rule.get("symbol")
    }
    assert ('coalesce("stable_pct", 100) >= 75', "solid") in rules
    assert ('"stable_pct" < 75', "f_diagonal") in rules


def test_every_released_row_falls_under_a_rule(folder):
    """Each kind and confidence, level and season of the release is drawn."""
    result = make_release()

    told = rules(write_project(result, folder))

    filters = {where for _, where, _ in told}
    hot = result.layers["hotspots"]
    for kind, confidence in zip(hot["kind"], hot["confidence"], strict=True):
        assert f'"kind" = \'{kind}\' AND "confidence" = {confidence}' in filters
    for row in result.layers["corridors"].itertuples():
        assert f'"level" = {row.level}' in filters
        assert f"\"season\" = '{row.season}'" in filters


def test_only_the_whole_period_is_shown_at_first(folder):
    root = ET.parse(write_project(make_release(), folder))

    shown = {
        rule.get("filter"): rule.get("checkstate")
        for rule in root.iter("rule")
        if "season" in rule.get("filter")
    }
    assert shown == {"\"season\" = 'all'": "1", "\"season\" = 'lluvias de mañana'": "0"}


def test_the_classes_of_tracks_cover_every_count(folder):
    told = rules(write_project(make_release(), folder))

    classes = [w for layer, w, _ in told if "tracks" in w and layer.endswith("lines")]
    assert classes[:2] == ['"tracks" >= 20 AND "tracks" < 35', '"tracks" >= 35']


def test_the_name_of_a_season_cannot_break_the_expression_or_the_file(folder):
    odd = corridors().assign(season="dry' OR '1'='1</rule>&")

    told = rules(write_project(make_release(layers={"corridors": odd}), folder))

    assert "\"season\" = 'dry'' OR ''1''=''1</rule>&'" in {
        where for _, where, _ in told
    }


def test_the_same_release_gives_the_same_project(folder, tmp_path):
    write_project(make_release(), folder)
    write_layers(make_release(), tmp_path / "again", formats=["gpkg"])
    write_project(make_release(), tmp_path / "again")

    for name in (f"{STEM}.qgs", f"{STEM}.gpkg"):
        one, two = (Path(f, name).read_bytes() for f in (folder, tmp_path / "again"))
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()


def test_writing_it_again_changes_nothing_for_the_reader(folder):
    first = write_project(make_release(), folder).read_bytes()

    assert write_project(make_release(), folder).read_bytes() == first
    with closing(sqlite3.connect(folder / f"{STEM}.gpkg")) as store:
        assert store.execute("SELECT count(*) FROM layer_styles").fetchone() == (4,)


def test_a_release_without_rows_still_gives_a_project(tmp_path):
    empty = make_release(empty=True)
    write_layers(empty, tmp_path, formats=["gpkg"])

    path = write_project(empty, tmp_path)

    assert len(list(ET.parse(path).iter("maplayer"))) == 4
    assert ET.parse(path).find("mapcanvas") is None


def test_a_missing_package_is_said(tmp_path):
    with pytest.raises(OutputError, match=r"gpkg is missing; .*Write it first"):
        write_project(make_release(), tmp_path)


def test_a_damaged_package_is_said_and_left_alone(folder):
    package = folder / f"{STEM}.gpkg"
    package.write_bytes(package.read_bytes()[:5_000])
    (folder / f"{STEM}.qgs").unlink()

    with pytest.raises(OutputError, match="does not take its styles"):
        write_project(make_release(), folder)

    assert package.stat().st_size == 5_000
    assert not (folder / f"{STEM}.qgs").exists()


def has_qgis():
    """Whether the system's Python has QGIS; the other tests do not need it."""
    if not shutil.which(QGIS):
        return False
    command = [QGIS, "-c", "import qgis.core"]
    found = subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    return found.returncode == 0


@pytest.mark.skipif(not has_qgis(), reason="QGIS is not installed on this machine")
def test_qgis_opens_the_project_with_every_layer_styled(folder, tmp_path):
    path = write_project(make_release(), folder)
    (tmp_path / "open.py").write_text(OPEN, encoding="utf-8")

    told = subprocess.run(  # noqa: S603
        [QGIS, tmp_path / "open.py", path],
        env={
            "QT_QPA_PLATFORM": "offscreen",
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    title, *layers = told.stdout.splitlines()
    assert title == "Darién [SIMULATED / SIMULADO]|EPSG:4326"
    assert layers == [f"True|{rows}|RuleRenderer|RuleRenderer" for rows in (1, 2, 5, 5)]
