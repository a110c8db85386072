"""The plan of the house, checked: who may import whom."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "geo"

# From the ground up. A module may import only from floors below its own.
FLOORS = [
    {"errors", "landscape"},
    {"config", "files", "grid", "progress", "regions"} | {"kernels.prefetch"},
    {"kernels.along"}
    | {"kernels.intake", "kernels.verdicts"}
    | {"kernels.draws", "kernels.laea", "kernels.lattice", "kernels.paths"}
    | {
        "kernels.costs",
        "kernels.filling",
        "kernels.pairs",
        "kernels.rows",
        "kernels.series",
    }
    | {"kernels.smoothing", "kernels.surfaces", "kernels.thinning", "kernels.tracks"}
    | {"kernels.sides", "kernels.variances"}
    | {"schema", "verdict"},
    {"kernels.chains", "kernels.following", "kernels.ordering", "frames"}
    | {"kernels.stops", "kernels.trails", "kernels.tubes", "plane"},
    # The readers' wing has floors of its own: what a text means, then whole files.
    {"read.archive", "read.fitrecords", "read.markup", "read.words"}
    | {"store.arrays", "store.manifest"}
    | {"kernels.cleaning", "read.ordering"},
    {"read.workbook", "sieve"}
    | {"read.cells", "read.columns", "read.guard", "read.sniff"},
    {"read.coordinates", "read.features", "read.pointset", "read.times"},
    {"read.found", "read.raster", "read.sifting"} | {"read.waterways"},
    {"read.relief"} | {"fetching.naming", "fetching.sources", "fetching.transfer"},
    {"read.owners", "read.placemarks"} | {"fetching.contents"},
    {"read.bundle", "read.table", "read.weeks"} | {"fetching"},
    {"read.delimited", "read.geojson", "read.gps", "read.kml", "read.parquet"}
    | {"read.excel", "read.fit", "read.google", "read.vector"}
    | {"read.nmea", "read.plt", "read.tcx"}
    | {"crowd", "store.outputs", "store.parts", "store.shelf"}
    | {"calibration", "clean", "engine", "smoothing", "trajectory", "visits"},
    # The analysis wing: what moves, crosses, gathers, and what the ground allows.
    {"analysis.crossings.chances", "analysis.crossings.targets"}
    | {"analysis.density.convolution"}
    | {"analysis.density.network"}
    | {"trails"}
    | {"analysis.hotspots.stats", "analysis.terrain.costs"},
    {"analysis.terrain.rules", "analysis.terrain.streams"}
    | {"analysis.corridors.brownian", "analysis.corridors.fusion"}
    | {"analysis.corridors.network"}
    | {"analysis.corridors.outlines", "analysis.corridors.ridges"}
    | {"analysis.corridors.along", "analysis.corridors.tidying"}
    | {"analysis.corridors.comparison", "analysis.corridors.validation"}
    | {"analysis.density.surfaces"}
    | {"analysis.hotspots.permutation", "analysis.hotspots.rates"}
    | {"analysis.hotspots.along", "analysis.hotspots.trends"}
    | {"analysis.terrain.bands", "analysis.terrain.entries"}
    | {"analysis.terrain.moves", "analysis.terrain.travel"}
    | {"read", "read.layers", "store.store"},
    {"analysis.corridors.journeys", "analysis.corridors.tubes"}
    | {"analysis.crossings.meetings"}
    | {"analysis.hotspots.cells"}
    | {"analysis.terrain.wandering"}
    | {"store"}
    | {"analysis.density.adaptive", "analysis.density.bandwidth"}
    | {"analysis.density.risk"}
    | {"analysis.hotspots.cube", "analysis.hotspots.moran", "analysis.hotspots.scan"},
    {"analysis.corridors.traffic", "analysis.crossings.counts"}
    | {"analysis.hotspots.emerging", "analysis.hotspots.forecast"}
    | {"analysis.hotspots.stability"}
    | {"analysis.terrain.ground", "analysis.terrain.flows"},
    {"analysis.hotspots.points", "analysis.terrain.laying"}
    | {"analysis.corridors.prior", "analysis.corridors.rivals"}
    | {"analysis.corridors.thoroughfares"}
    | {"memory", "partials", "privacy"},
    {"folds", "outcome"},
    {"ingest", "trials"},
    {"analysis.terrain.reach"},
    # The writers' wing: what is said and drawn, then whole pages and files.
    {"write.change", "write.crossings", "write.models"}
    | {"write.clusters", "write.recorded", "write.routes"},
    {"write.basemap", "write.fields", "write.output", "write.plain"}
    | {"packing", "write.symbols"},
    {"write.evidence", "write.ground", "write.headings", "write.modelled"}
    | {"totals", "write.hatching"},
    {"write.notes", "write.payload", "write.styles", "write.tables"}
    | {"findings.counts", "findings.methods", "findings.surfaces"},
    {"findings.routes"}
    | {"findings.along", "findings.bandwidths", "findings.corridors"}
    | {"findings.clusters", "findings.emerging", "findings.hotspots"}
    | {"findings.model", "findings.risk"},
    {"findings.fused"},
    {"findings"},
    {"write.page", "write.qgis"},
    {"write.files"},
    {"recipe", "record", "standing"} | {"truth", "ways"},
    {"account", "holding", "months"},
    {"course"},
    {"pipeline"},
    {"upkeep"},
    {"audit", "checking", "querying", "validating", "watching"},
    {"console"},
    {"commands.layers", "commands.maps", "commands.regions", "commands.stores"}
    | {"commands.studies"},
    {"cli"},
]
FLOOR = {module: n for n, floor in enumerate(FLOORS) for module in floor}

# What only the named modules may import, from this package or from others.
DOORS = {
    "geo.config": {"account", "audit", "checking", "console", "pipeline", "recipe"}
    | {"course", "holding"}
    | {"querying", "standing", "upkeep", "validating", "watching"},
    "geo.store": {
        "account",
        "audit",
        "course",
        "holding",
        "ingest",
        "memory",
        "months",
        "outcome",
        "pipeline",
    }
    | {"querying", "standing", "store", "store.outputs", "store.parts"}
    | {"store.shelf", "store.store", "validating"},
    "duckdb": {"querying"},
    "click": {"cli", "console"}
    | {"commands.layers", "commands.maps", "commands.regions", "commands.stores"}
    | {"commands.studies"},
    "urllib.request": {"fetching.transfer"},
    "folium": {"write.page"},
    "watchfiles": {"watching"},
    "numba": {"kernels.along", "kernels.trails", "kernels.tubes"}
    | {"kernels.chains", "kernels.cleaning", "kernels.intake", "kernels.verdicts"}
    | {"kernels.draws", "kernels.laea", "kernels.lattice", "kernels.paths"}
    | {
        "kernels.costs",
        "kernels.filling",
        "kernels.pairs",
        "kernels.rows",
        "kernels.series",
    }
    | {"kernels.following"}
    | {"kernels.smoothing", "kernels.stops", "kernels.surfaces", "kernels.thinning"}
    | {"kernels.ordering", "kernels.sides", "kernels.tracks"}
    | {"kernels.prefetch", "kernels.variances"},
    "llvmlite": {"kernels.prefetch"},
    "pyogrio": {"read.vector", "write.files"},
    "fitdecode": {"read.fit", "read.fitrecords"},
    "python_calamine": {"read.workbook"},
    "rasterio": {"read.raster", "read.relief"} | {"write.basemap", "write.files"},
}

# The writers see what privacy.release let through, and nothing else of ours.
WRITERS_MAY_SEE = {"errors", "grid", "privacy", "progress", "schema"}

FACES = {"", "__main__", "analysis", "kernels", "write"}
FACES |= {"analysis.corridors", "analysis.crossings", "analysis.density"}
FACES |= {"analysis.hotspots", "analysis.terrain", "commands"}


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


SOURCES = {
    module_name(path): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if module_name(path) not in FACES
}


def test_every_module_has_a_floor():
    assert set(SOURCES) == set(FLOOR)


@pytest.mark.parametrize("module", SOURCES)
def test_imports_only_reach_down(module):
    used = {name.removeprefix("geo.") for name in imports(SOURCES[module])}
    upward = {name for name in used & set(FLOOR) if FLOOR[name] >= FLOOR[module]}
    assert not upward


@pytest.mark.parametrize("module", SOURCES)
def test_each_library_has_its_door(module):
    trespass = {
        door
        for door, keepers in DOORS.items()
        for name in imports(SOURCES[module])
        if (name == door or name.startswith(door + ".")) and module not in keepers
    }
    assert not trespass


@pytest.mark.parametrize("module", [m for m in SOURCES if m.startswith("write.")])
def test_writers_see_only_released_data(module):
    used = {name.removeprefix("geo.") for name in imports(SOURCES[module])}
    others = {name for name in used & set(FLOOR) if not name.startswith("write.")}
    assert others <= WRITERS_MAY_SEE


@pytest.mark.parametrize("module", SOURCES)
def test_no_room_is_too_large(module):
    assert len(SOURCES[module].read_text(encoding="utf-8").splitlines()) <= 400
