"""What goes with the files: where they come from, what they mean, what they are not."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from geo.privacy import About, Release
from geo.write.fields import NO_NUMBER, TITLES, describe

CAVEAT = {
    "en": "Aggregated, late and coarse: not for navigation, and not a picture of where "
    "anybody is now. Counts are rounded; places with few tracks are withheld, and an "
    "empty place does not mean that nobody passes there.",
    "es": "Agregado, tardío y grueso: no sirve para navegar ni muestra dónde está "
    "alguien ahora. Los conteos se redondean; los lugares con pocos recorridos se "
    "reservan, y un lugar vacío no significa que nadie pase por ahí.",
}

LICENCE = {
    "en": "Whoever publishes these files sets their licence; the credits have to stay.",
    "es": "Quien publica estos archivos fija su licencia; los créditos deben quedarse.",
}


def metadata(
    release: Release,
    *,
    files: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    bounds: Sequence[float] | None,
    cut: Mapping[str, int],
) -> dict[str, Any]:
    """Return what a catalogue wants to know of the files, ready for JSON.

    Parameters
    ----------
    release
        What was written.
    files
        Names of the files.
    columns
        Columns of each layer.
    bounds
        West, south, east, north in degrees; None without data.
    cut
        Cells that did not fit a shapefile, by column.
    """
    about = release.about
    return {
        "title": {
            "en": f"{about.region}: corridors and hotspots of movement",
            "es": f"{about.region}: corredores y puntos calientes de movimiento",
        },
        "marks": list(release.marks),
        "caveat": CAVEAT,
        "extent": {"crs": "EPSG:4326", "bounds": bounds},
        "period": {"first": about.first_month, "last": about.last_month},
        "privacy": {
            "level": release.level,
            "k": release.k,
            "round_to": release.round_to,
            "withheld": dict(sorted(release.withheld.items())),
        },
        "lineage": _lineage(about),
        "licence": LICENCE,
        "credits": dict(sorted(release.base.credits.items())),
        "crs": {"vectors": "EPSG:4326", "surfaces": about.crs},
        "no_value": {"shapefile": NO_NUMBER, "geotiff": "NaN", "others": None},
        "layers": {
            name: {"title": _title(name), "rows": len(release.layers[name])}
            | _marked(release, name)
            | {"fields": _fields(name, columns[name])}
            for name in sorted(release.layers)
        },
        "surfaces": {
            name: {"title": _title(name), "name": surface.name, "unit": surface.unit}
            | _marked(release, name)
            for name, surface in sorted(release.surfaces.items())
        },
        "cut_in_shapefile": dict(sorted(cut.items())),
        "files": sorted(files),
    }


def _marked(release: Release, name: str) -> dict[str, list[str]]:
    """Return what a modelled layer has to say of itself; nothing for the others."""
    modelled = name in release.models
    return {"marks": list(release.marks_of(name))} if modelled else {}


def _models(release: Release) -> tuple[str, str]:
    """Return which layers tell of no track, in both languages; nothing without any."""
    if not release.models:
        return "", ""
    names = ", ".join(sorted(release.models))
    cell_m, relief = release.base.relief_cell_m or 0.0, ("", "")
    if cell_m >= COARSE_M:
        km = f"({cell_m / 1000:g} km)"
        relief = (f" Coarse relief {km}.", f" Relieve grueso {km}.")
    english, spanish = (f"{names}.{said}\n" for said in relief)
    return (
        f"Except MODEL, which no tracks are behind unless basis says so: {english}",
        f"Salvo MODELO, sin recorridos detrás si no lo dice basis: {spanish}",
    )


COARSE_M = 500.0
"""A relief in cells as large as this knows no slope that a walker meets."""


def _lineage(about: About) -> dict[str, Any]:
    """Return what the release was made from, and how."""
    return {
        "tracks": about.tracks,
        "files": about.files,
        "fixes_read": about.fixes_read,
        "fixes_kept": about.fixes_kept,
        "rejected": dict(sorted(about.rejected.items())),
        "bridged_share": about.bridged_share,
        "points": about.points,
        "points_rejected": dict(sorted(about.points_rejected.items())),
        "points_shared": about.points_shared,
        "simulated": about.simulated,
        "parameters": dict(sorted(about.parameters.items())),
    }


def _title(name: str) -> dict[str, str]:
    """Return the title of a layer in both languages."""
    english, spanish = TITLES.get(name, (name, name))
    return {"en": english, "es": spanish}


def _fields(layer: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return what each column means."""
    named = [column for column in columns if column != "geometry"]
    return [
        {"name": f.name, "shapefile": f.short, "unit": f.unit, "en": f.en, "es": f.es}
        for f in describe(layer, named)
    ]


def readme(release: Release) -> str:
    """Return a page of text for whoever finds the files, in both languages."""
    about = release.about
    marks = "".join(f"*** {mark} ***\n" for mark in release.marks)
    period = " / ".join(sorted({about.first_month, about.last_month})) or "-"
    credit = "".join(
        f"- {name}: {text}\n" for name, text in sorted(release.base.credits.items())
    )
    models = _models(release)
    return f"""{about.region}
{marks}
ENGLISH
Corridors, hotspots and crossings, {period}, from {about.tracks:,} tracks.
{fill(CAVEAT["en"], 80)}
At least {release.k} distinct tracks stand behind every row and every cell.
{models[0]}Vectors are in EPSG:4326 (degrees); surfaces (.tif) in the region's CRS.
Without a value: {NO_NUMBER} in shapefiles, NaN in .tif, empty elsewhere.
metadata.json says how all this was made, and what each column means.

ESPAÑOL
Corredores, puntos calientes y cruces, {period}, de {about.tracks:,} recorridos.
{fill(CAVEAT["es"], 80)}
Detrás de cada fila y de cada celda hay al menos {release.k} recorridos distintos.
{models[1]}Vectores en EPSG:4326 (grados); superficies (.tif) en el CRS propio.
Sin valor: {NO_NUMBER} en los shapefiles, NaN en los .tif, vacío en los demás.
metadata.json dice cómo se hizo todo esto y qué significa cada columna.

CREDITS / CRÉDITOS
{credit}"""
