"""What the columns of crossings mean, in two languages, and on the page."""

CROSSING_FIELDS: list[tuple[str, str, str, str, str]] = [
    (
        "crossings.kind",
        "kind",
        "",
        '"border", "river" or "checkpoint"; "whole border", "whole river": all reaches',
        '"border" frontera, "river" río, "checkpoint" puesto; "whole …" entero',
    ),
    (
        "crossings.tracks",
        "tracks",
        "tracks",
        "Distinct tracks that crossed here with a chance of at least one half, rounded",
        "Recorridos distintos que cruzaron aquí con probabilidad de al menos un medio",
    ),
    (
        "crossings_monthly.tracks",
        "tracks",
        "tracks",
        "Distinct tracks that crossed here then, more likely than not, rounded",
        "Recorridos distintos que cruzaron aquí entonces con más probabilidad que no",
    ),
    (
        "expected",
        "expected",
        "tracks",
        "Sum of the chances of all tracks to have crossed here, rounded as a count",
        "Suma de las probabilidades de cruce de todos los recorridos, redondeada",
    ),
    (
        "gap_pct",
        "gap_pct",
        "%",
        "Share of the expected number that lies in silences of more than an hour",
        "Parte del número esperado que cae en silencios de más de una hora",
    ),
    (
        "role",
        "role",
        "",
        'What a checkpoint is for: "reception station", "landing"; else empty',
        'Para qué sirve un puesto: "reception station", "landing", etc.; si no, vacío',
    ),
    (
        "part_of",
        "part_of",
        "",
        "Number of the whole line that this is a reach of; no value if there is none",
        "Número de la línea entera de la que este es un tramo; sin valor si no hay",
    ),
    (
        "crossings.low",
        "low",
        "tracks",
        "Lower end of the 95 % interval of the expected number (Poisson and chances)",
        "Extremo inferior del intervalo de 95 % de lo esperado (Poisson y reparto)",
    ),
    (
        "crossings.high",
        "high",
        "tracks",
        "Upper end of the 95 % interval of the expected number (Poisson and chances)",
        "Extremo superior del intervalo de 95 % de lo esperado (Poisson y reparto)",
    ),
]
"""Key of `geo.write.fields.FIELDS`, short name, unit, English, Spanish."""

CROSSING_COLUMNS = {
    "target": "target",
    "kind": "kind",
    "name": "name",
    "direction": "direction",
    "tracks": "tracks",
    "expected": "expected",
    "low": "low",
    "high": "high",
    "gap": "gap_pct",
    "partOf": "part_of",
    "quality": "quality",
    "precision": "precision_m",
}
"""What the page calls the columns that it needs."""
