"""What the columns of modelled layers mean, in two languages."""

MODEL_FIELDS = (
    (
        "help",
        "help",
        "",
        'What the hours lead to: "post", "clinic" or "water point"',
        'A qué llevan las horas: "post" puesto, "clinic" clínica o "water point" agua',
    ),
    ("from_h", "from_h", "h", "Hours from which on", "Horas desde las que vale"),
    ("up_to_h", "up_to_h", "h", "Hours up to which", "Horas hasta las que vale"),
    (
        "entry",
        "entry",
        "",
        "Where the modelled way begins",
        "Dónde empieza el camino del modelo",
    ),
    (
        "exit",
        "exit",
        "",
        "Where the modelled way ends",
        "Dónde termina el camino del modelo",
    ),
    (
        "basis",
        "basis",
        "",
        '"observed" where enough tracks were, "modelled" where none may be told of',
        '"observed" con recorridos suficientes, "modelled" donde no se cuenta nadie',
    ),
    (
        "fused.level",
        "level",
        "%",
        "Share of the movement of its basis that the outlines of this level enclose",
        "Parte del movimiento de su base que encierran los contornos de este nivel",
    ),
    (
        "thoroughfares.share_pct",
        "share_pct",
        "%",
        "At least this share of the quickest ways between all places passes in here",
        "Al menos esta parte de los caminos entre todos los lugares pasa aquí dentro",
    ),
    (
        "places",
        "places",
        "",
        "Number of places between which the ways run, each to each",
        "Número de lugares entre los que van los caminos, de cada uno a cada otro",
    ),
    (
        "share_pct",
        "share_pct",
        "%",
        "Share of all movement, seen and modelled, that lies inside",
        "Parte de todo el movimiento, visto y del modelo, que queda dentro",
    ),
    (
        "modelled.level",
        "level",
        "%",
        "Ways in here take at most so much longer than the quickest",
        "Los caminos aquí dentro tardan a lo sumo esto más que el más rápido",
    ),
    (
        "modelled.hours",
        "hours",
        "h",
        "Modelled time of the quickest way, in half hours; nobody was timed",
        "Tiempo del camino más rápido según el modelo; no se midió a nadie",
    ),
)
"""Key, short name, unit and meanings, as in `geo.write.fields`."""
