"""What the columns of recorded points mean, in two languages."""

POINT_FIELDS = (
    (
        "points",
        "points",
        "points",
        "Distinct people or incidents seen here, rounded; no fixes of devices",
        "Personas o incidentes distintos vistos aquí, redondeados; no son de GPS",
    ),
    (
        "points_along.points",
        "points",
        "points",
        "People or incidents within two bandwidths along the trails, rounded",
        "Personas o incidentes a menos de dos anchos por las sendas, redondeados",
    ),
    (
        "per_km",
        "per_km",
        "points/km",
        "Smoothed density of recorded points along the trail",
        "Densidad suavizada de puntos registrados a lo largo de la senda",
    ),
    (
        "points.cell",
        "cell",
        "",
        "Number of the grid cell; it joins points and points_monthly",
        "Número de la celda; enlaza points y points_monthly",
    ),
    (
        "recorded.target",
        "target",
        "",
        "Number of the place; it joins crossings, recorded and recorded_monthly",
        "Número del lugar; enlaza crossings, recorded y recorded_monthly",
    ),
    (
        "recorded.kind",
        "kind",
        "",
        '"border", "river" or "checkpoint"',
        '"border" frontera, "river" río o "checkpoint" puesto',
    ),
    (
        "effort_h",
        "effort_h",
        "h",
        "Hours that somebody looked here; no value where nobody did",
        "Horas en que alguien miró aquí; sin valor donde nadie lo hizo",
    ),
    (
        "rate",
        "rate",
        "points/100 h",
        "People or incidents seen in a hundred hours of looking",
        "Personas o incidentes vistos en cien horas de mirar",
    ),
    ("area", "area", "", "Number of the area, from 1", "Número del área, desde 1"),
    (
        "risk.level",
        "level",
        "%",
        "Confidence that more were seen here than the tracks that pass explain",
        "Confianza en que aquí se vio a más de lo que explican los recorridos",
    ),
    (
        "ratio",
        "ratio",
        "",
        "Share of all points that lie here, over the share of tracks",
        "Parte de los puntos que cae aquí, entre la parte de los recorridos",
    ),
)
"""Key, short name, unit, and what it means in English and Spanish."""
