"""A QGIS project over the GeoPackage, and the same styles inside the GeoPackage."""

import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pandas as pd

from geo.errors import OutputError
from geo.privacy import Release
from geo.write.fields import file_stem
from geo.write.output import replacing
from geo.write.styles import draw
from geo.write.symbols import Drawn, Rule
from geo.write.tables import bounds_of, published_table

VERSION = "3.22.16"
"""Oldest QGIS that the project was opened with."""

WGS_84 = {"srsid": "3452", "srid": "4326", "authid": "EPSG:4326"}


def write_project(
    release: Release,
    folder: Path,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Path:
    """Write a project that opens the GeoPackage of a release with its styles.

    The styles are put into the GeoPackage as well, so that a layer looks the same
    when it is added to another project.

    Parameters
    ----------
    release
        What `geo.write.files.write_layers` has written.
    folder
        Where it was written to, with "gpkg" among the formats.
    tables
        The layers as `geo.write.tables.published_table` gives them, if they are at
        hand.

    Returns
    -------
    Path
        The project, a .qgs for QGIS 3.

    Raises
    ------
    OutputError
        If the GeoPackage is not there or damaged, or the disk is full.
    """
    stem = file_stem(release.about.region, release.marks)
    package, project = f"{stem}.gpkg", f"{stem}.qgs"
    if not (folder / package).is_file():
        raise OutputError(
            f"{folder / package} is missing; the project draws its layers.",
            hint='Write it first, with "gpkg" among the formats.',
        )
    if tables is None:
        tables = {name: published_table(release, name) for name in release.layers}
    layers = list(draw(release))
    with replacing(folder) as fresh:
        (fresh / package).write_bytes((folder / package).read_bytes())
        try:
            _store_styles(fresh / package, layers)
        except sqlite3.Error as error:
            raise OSError(f"{package} does not take its styles ({error})") from error
        root = _project(release, layers, package, bounds=bounds_of(tables))
        xml = ET.tostring(root, encoding="unicode")
        (fresh / project).write_bytes(f"<!DOCTYPE qgis>\n{xml}\n".encode())
    return folder / project


SYMBOLS = {
    "Point": ("marker", "SimpleMarker"),
    "Line": ("line", "SimpleLine"),
    "Polygon": ("fill", "SimpleFill"),
}


def _renderer(drawn: Drawn) -> ET.Element:
    """Return the renderer of a layer; later rules are drawn over earlier ones."""
    root = ET.Element("renderer-v2", type="RuleRenderer", symbollevels="1")
    rules = ET.SubElement(root, "rules", key=f"{{{drawn.table}}}")
    symbols = ET.SubElement(root, "symbols")

    def add(rule: Rule, parent: ET.Element) -> None:
        key = f"{parent.get('key', '')[:-1]}.{len(parent)}}}"
        node = ET.SubElement(parent, "rule", key=key, filter=rule.where)
        node.set("label", rule.label)
        node.set("checkstate", "1" if rule.shown else "0")
        if rule.symbol is not None:
            number = str(len(symbols))
            node.set("symbol", number)
            symbols.append(_symbol(rule.symbol, drawn.geometry, number))
        for child in rule.below:
            add(child, node)

    for rule in drawn.rules:
        add(rule, rules)
    return root


def _symbol(properties: Mapping[str, str], geometry: str, number: str) -> ET.Element:
    """Return a symbol of one layer."""
    kind, simple = SYMBOLS[geometry]
    symbol = ET.Element("symbol", type=kind, name=number, alpha="1")
    layer = ET.SubElement(symbol, "layer", {"class": simple, "enabled": "1"})
    layer.set("pass", number)
    options = ET.SubElement(layer, "Option", type="Map")
    for name, value in properties.items():
        ET.SubElement(options, "Option", name=name, type="QString", value=value)
        ET.SubElement(layer, "prop", k=name, v=value)  # for QGIS before 3.18
    return symbol


def _style(drawn: Drawn) -> str:
    """Return the style of a layer as QML."""
    root = ET.Element("qgis", version=VERSION, styleCategories="Symbology")
    root.append(_renderer(drawn))
    ET.SubElement(root, "layerOpacity").text = f"{drawn.opacity:g}"
    return f"<!DOCTYPE qgis>\n{ET.tostring(root, encoding='unicode')}\n"


def _store_styles(package: Path, layers: Sequence[Drawn]) -> None:
    """Put the styles into the table of a GeoPackage where QGIS looks for them."""
    with closing(sqlite3.connect(package)) as store, store:
        store.execute("PRAGMA synchronous = OFF")  # it is put in place when it is whole
        store.execute("DROP TABLE IF EXISTS layer_styles")
        store.execute("DELETE FROM gpkg_contents WHERE table_name = 'layer_styles'")
        store.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, f_table_catalog TEXT,"
            " f_table_schema TEXT, f_table_name TEXT, f_geometry_column TEXT,"
            " styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,"
            " description TEXT, owner TEXT, ui TEXT, update_time DATETIME)"
        )
        store.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description,"
            " last_change, srs_id) SELECT 'layer_styles', 'attributes', 'layer_styles',"
            " '', max(last_change), 0 FROM gpkg_contents"
        )
        store.executemany(
            "INSERT INTO layer_styles SELECT NULL, '', '', ?1, 'geom', ?1, ?2, '', 1,"
            " ?3, '', NULL, max(last_change) FROM gpkg_contents",
            [(drawn.table, _style(drawn), drawn.title) for drawn in layers],
        )


def _project(
    release: Release,
    layers: Sequence[Drawn],
    package: str,
    *,
    bounds: Sequence[float] | None,
) -> ET.Element:
    """Return the project: a tree of layers, what they are, and what is in view."""
    title = " ".join([release.about.region, *(f"[{m}]" for m in release.marks)])
    root = ET.Element("qgis", version=VERSION, projectname=title)
    ET.SubElement(root, "title").text = title
    root.append(_crs("projectCrs"))
    tree = ET.SubElement(root, "layer-tree-group")
    if bounds is not None:
        _add_canvas(root, bounds)
    known = ET.SubElement(root, "projectlayers")
    for drawn in layers:
        source = f"./{package}|layername={drawn.table}"
        node = ET.SubElement(tree, "layer-tree-layer", id=_id(drawn), source=source)
        node.attrib |= {"name": drawn.title, "checked": _checked(drawn)}
        node.attrib |= {"providerKey": "ogr", "expanded": "1"}
        known.append(_layer(drawn, source))
    properties = ET.SubElement(root, "properties")
    for group, name, kind, value in (
        ("Paths", "Absolute", "bool", "false"),
        ("SpatialRefSys", "ProjectionsEnabled", "int", "1"),
    ):
        parent = ET.SubElement(properties, group)
        ET.SubElement(parent, name, type=kind).text = value
    return root


def _checked(drawn: Drawn) -> str:
    """Return whether a layer is shown when the project opens, as QGIS says it."""
    return "Qt::Checked" if drawn.shown else "Qt::Unchecked"


def _id(drawn: Drawn) -> str:
    """Return what a layer is called inside the project; QGIS wants ten letters."""
    return f"trocha_{drawn.table}"


def _add_canvas(root: ET.Element, edges: Sequence[float]) -> None:
    """Show all of the layers when the project opens."""
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas")
    ET.SubElement(canvas, "units").text = "degrees"
    extent = ET.SubElement(canvas, "extent")
    for name, edge in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True):
        ET.SubElement(extent, name).text = str(edge)
    canvas.append(_crs("destinationsrs"))


def _layer(drawn: Drawn, source: str) -> ET.Element:
    """Return one layer of the project with its style."""
    node = ET.Element("maplayer", type="vector", geometry=drawn.geometry)
    ET.SubElement(node, "id").text = _id(drawn)
    ET.SubElement(node, "datasource").text = source
    ET.SubElement(node, "layername").text = drawn.title
    node.append(_crs("srs"))
    ET.SubElement(node, "provider", encoding="UTF-8").text = "ogr"
    node.append(_renderer(drawn))
    ET.SubElement(node, "layerOpacity").text = f"{drawn.opacity:g}"
    return node


def _crs(name: str) -> ET.Element:
    """Return an element that says EPSG:4326."""
    node = ET.Element(name)
    system = ET.SubElement(node, "spatialrefsys")
    for key, value in WGS_84.items():
        ET.SubElement(system, key).text = value
    return node
