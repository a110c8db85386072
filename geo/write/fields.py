"""What files, layers and columns are called, and what they mean, in two languages."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from geo.errors import PrivacyError
from geo.write.change import CHANGE_FIELDS
from geo.write.clusters import CLUSTER_FIELDS
from geo.write.crossings import CROSSING_FIELDS
from geo.write.models import MODEL_FIELDS
from geo.write.recorded import POINT_FIELDS
from geo.write.routes import ROUTE_FIELDS

NO_NUMBER = -9999
"""Stands in a shapefile where other formats have no value: its readers take an
empty number for 0."""

LONGEST_TEXT = 254
"""Bytes that a text of a shapefile can hold."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a published layer.

    Parameters
    ----------
    name
        As in the release, the GeoPackage, GeoJSON, GeoParquet and KML.
    short
        As in the shapefile: at most ten ASCII characters.
    unit
        Empty where there is none.
    en, es
        What it means.
    """

    name: str
    short: str
    unit: str
    en: str
    es: str


_TRACKS = (
    "Distinct tracks behind this row, rounded",
    "Recorridos distintos que respaldan esta fila, redondeados",
)

FIELDS: dict[str, Field] = {
    key: Field(key.rpartition(".")[2], *rest)
    for key, *rest in [
        (
            "corridor",
            "corridor",
            "",
            "Number of the outline, from 1",
            "Número del contorno, desde 1",
        ),
        (
            "season",
            "season",
            "",
            '"all" for the whole period, or the name of a season',
            '"all" para todo el período, o el nombre de una temporada',
        ),
        (
            "level",
            "level",
            "%",
            "Share of all movement that the outlines of this level enclose",
            "Parte de todo el movimiento que encierran los contornos de este nivel",
        ),
        ("tracks", "tracks", "tracks", *_TRACKS),
        (
            "bearing_deg",
            "bearing",
            "degrees",
            "Main direction of travel, clockwise from north; no value if none",
            "Dirección principal, horaria desde el norte; sin valor si no hay",
        ),
        (
            "one_way_pct",
            "oneway_pct",
            "%",
            "Share of tracks that move within 90 degrees of that direction",
            "Parte de los recorridos que avanzan a menos de 90 grados de esa dirección",
        ),
        (
            "bridged_pct",
            "bridge_pct",
            "%",
            "Share of the movement here that lies in silences of more than an hour",
            "Parte del movimiento aquí que cae en silencios de más de una hora",
        ),
        ("area_km2", "area_km2", "km²", "Area of the outline", "Área del contorno"),
        (
            "cell",
            "cell",
            "",
            "Number of the grid cell; it joins hotspots and hotspots_monthly",
            "Número de la celda; enlaza hotspots y hotspots_monthly",
        ),
        (
            "stop_tracks",
            "stop_track",
            "tracks",
            "Distinct tracks that stopped here, rounded; no value if withheld",
            "Recorridos que pararon aquí, redondeados; sin valor si se reserva",
        ),
        (
            "hours",
            "hours",
            "h",
            "Mean time that a track spends in the cell",
            "Tiempo medio que un recorrido pasa en la celda",
        ),
        (
            "stop_hours",
            "stop_hours",
            "h",
            "Mean time that a stopping track rests here; no value if withheld",
            "Tiempo medio de descanso de quienes paran; sin valor si se reserva",
        ),
        (
            "density",
            "density",
            "tracks/km²",
            "Smoothed density of distinct tracks",
            "Densidad suavizada de recorridos distintos",
        ),
        (
            "z",
            "z",
            "",
            "Getis-Ord Gi* score: how far above or below what chance gives",
            "Puntaje Gi* de Getis-Ord: cuánto supera o no alcanza lo que da el azar",
        ),
        (
            "q",
            "q",
            "",
            "p-value of that score, adjusted for the false discovery rate",
            "Valor p de ese puntaje, ajustado por la tasa de falsos hallazgos",
        ),
        (
            "post_h",
            "post_h",
            "h",
            "Hours from here to the nearest open post, modelled from relief and rivers",
            "Horas desde aquí al puesto abierto más cercano, según relieve y ríos",
        ),
        ("kind", "kind", "", '"hot", "cold" or "none"', '"hot", "cold" o "none"'),
        (
            "confidence",
            "confidence",
            "%",
            "Confidence that the cell is hot or cold: 99, 95, 90, or 0",
            "Confianza en que la celda es caliente o fría: 99, 95, 90 o 0",
        ),
        (
            "stable_pct",
            "stable_pct",
            "%",
            "Share of eight grids, shifted or larger, that say the same",
            "Parte de ocho cuadrículas, corridas o mayores, que dicen lo mismo",
        ),
        (
            "method",
            "method",
            "",
            'Bandwidth: "map" that of the map, "half", "double", or how it is chosen',
            'Ancho: "map" el del mapa, "half" mitad, "double" doble, o cómo se elige',
        ),
        (
            "bandwidth_m",
            "bandw_m",
            "m",
            "Standard deviation of the density kernel",
            "Desviación estándar del núcleo de densidad",
        ),
        (
            "peak_per_km2",
            "peak_km2",
            "tracks/km²",
            "Highest density with this bandwidth",
            "Densidad más alta con este ancho",
        ),
        (
            "half_km2",
            "half_km2",
            "km²",
            "Smallest area that holds half of the density",
            "Área menor que contiene la mitad de la densidad",
        ),
        *POINT_FIELDS,
        *CHANGE_FIELDS,
        *CROSSING_FIELDS,
        *CLUSTER_FIELDS,
        *ROUTE_FIELDS,
        *MODEL_FIELDS,
        ("month", "month", "YYYY-MM", "Month", "Mes"),
        (
            "monthly.tracks",
            "tracks",
            "tracks",
            "Tracks that began in this month, rounded",
            "Recorridos que empezaron en este mes, redondeados",
        ),
        (
            "target",
            "target",
            "",
            "Number of the place; it joins crossings and crossings_monthly",
            "Número del lugar; enlaza crossings y crossings_monthly",
        ),
        ("name", "name", "", "Name of the place", "Nombre del lugar"),
        ("direction", "direction", "", "Direction of travel", "Sentido del paso"),
        (
            "low",
            "low",
            "tracks",
            "Lower end of the 95 % interval of the count (Poisson)",
            "Extremo inferior del intervalo de 95 % del conteo (Poisson)",
        ),
        (
            "high",
            "high",
            "tracks",
            "Upper end of the 95 % interval of the count (Poisson)",
            "Extremo superior del intervalo de 95 % del conteo (Poisson)",
        ),
        (
            "quality",
            "quality",
            "",
            '"mapped", or "schematic" where the true line is not known',
            '"mapped" levantado, o "schematic" donde no se conoce la línea real',
        ),
        (
            "precision_m",
            "precis_m",
            "m",
            "How exact the position of the place is",
            "Con qué exactitud se conoce la posición del lugar",
        ),
        (
            "mark",
            "mark",
            "",
            "What the reader has to know before using this row",
            "Lo que hay que saber antes de usar esta fila",
        ),
    ]
}
"""Every column that may be published: by its name, or by "layer.name" where one
layer gives it another meaning."""

TITLES: dict[str, tuple[str, str]] = {
    "corridors": ("Corridors", "Corredores"),
    "hotspots": ("Hotspots", "Puntos calientes"),
    "hotspots_monthly": ("Hotspots by month", "Puntos calientes por mes"),
    "clusters": ("Clusters for analysts (LISA)", "Agrupamientos, análisis (LISA)"),
    "scan": ("Likeliest clusters", "Agrupamientos más probables"),
    "global_tests": ("Is there a cluster at all", "Hay algún agrupamiento"),
    "forecast": ("Hotspots and the next month", "Puntos calientes y mes siguiente"),
    "emerging": ("Change over time", "Cambio en el tiempo"),
    "crossings": ("Crossings", "Cruces"),
    "crossings_monthly": ("Crossings by month", "Cruces por mes"),
    "network": ("Routes", "Rutas"),
    "network_nodes": ("Ends of routes", "Extremos de rutas"),
    "network_tubes": ("Tubes of routes", "Tubos de las rutas"),
    "network_monthly": ("Routes by month", "Rutas por mes"),
    "monthly": ("Tracks by month", "Recorridos por mes"),
    "points": ("Recorded points", "Puntos registrados"),
    "points_monthly": ("Recorded points by month", "Puntos registrados por mes"),
    "recorded": ("Recorded at crossings", "Registrados en los cruces"),
    "points_along": ("Points along trails", "Puntos a lo largo de sendas"),
    "risk": ("More points than tracks explain", "Más puntos que recorridos"),
    "bandwidths": ("Density by bandwidth", "Densidad según el ancho"),
    "recorded_monthly": (
        "Recorded at crossings by month",
        "Registrados en los cruces por mes",
    ),
    "modelled": ("Quickest ways, model", "Caminos más rápidos, modelo"),
    "fused_movement": (
        "Share of movement, seen or modelled",
        "Parte del movimiento, visto o del modelo",
    ),
    "fused": ("Seen and modelled in one", "Lo visto y el modelo en uno"),
    "thoroughfares": (
        "Ways between all places, model",
        "Caminos entre todos los lugares, modelo",
    ),
    "isochrones": ("Hours to help, model", "Horas hasta una ayuda, modelo"),
    "density": ("Density of tracks", "Densidad de recorridos"),
    "movement": ("Share of movement", "Parte del movimiento"),
}
"""What the layers and surfaces are called, in English and Spanish."""


def describe(layer: str, columns: Sequence[str]) -> list[Field]:
    """Return what is known of each column of a layer, in order.

    Raises
    ------
    PrivacyError
        If a column is not in the catalogue: what nobody described is not published.

    Examples
    --------
    >>> [field.en for field in describe("recorded", ["kind"])]
    ['"border", "river" or "checkpoint"']
    >>> describe("crossings", ["track"])
    Traceback (most recent call last):
    geo.errors.PrivacyError: Layer 'crossings' has a column 'track' that the \
catalogue of published columns does not know. Describe it in geo.write.fields first.
    """
    fields = []
    for column in columns:
        field = FIELDS.get(f"{layer}.{column}") or FIELDS.get(column)
        if field is None:
            raise PrivacyError(
                f"Layer {layer!r} has a column {column!r} that the catalogue of "
                "published columns does not know.",
                hint="Describe it in geo.write.fields first.",
            )
        fields.append(field)
    return fields


def file_stem(region: str, marks: Sequence[str] = ()) -> str:
    """Return the beginning of every file name: the region, then the marks.

    Examples
    --------
    >>> file_stem("Tapón del Darién", ["SIMULATED / SIMULADO"])
    'tapon_del_darien_SIMULATED_SIMULADO'
    >>> file_stem("達連")
    'region'
    """
    plain = unicodedata.normalize("NFKD", region).encode("ascii", "ignore").decode()
    slug = "_".join(re.findall(r"[a-z0-9]+", plain.lower()))[:40].strip("_")
    return "_".join([slug or "region", *(w for m in marks for w in m.split(" / "))])


def cut_text(text: str, *, limit: int = LONGEST_TEXT) -> str:
    """Return the text, cut between two characters if it has more bytes than `limit`.

    A text that was cut ends in "…".

    Examples
    --------
    >>> cut_text("ñandú", limit=7), cut_text("ñandú", limit=6)
    ('ñandú', 'ña…')
    """
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode("utf-8")
    room = limit - len("…".encode())
    return raw[:room].decode("utf-8", "ignore") + "…"


def plain_cell(value: object) -> object:
    """Return the value as a spreadsheet may see it: no text runs as a formula.

    Examples
    --------
    >>> plain_cell("=1+1"), plain_cell(-5), plain_cell("Río - sur")
    ("'=1+1", -5, 'Río - sur')
    """
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
