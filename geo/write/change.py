"""What the columns of change over time mean, and how its classes are drawn."""

CHANGE = (
    ("intensifying hot", "#7d0f2e", "Intensifying hot / Caliente en aumento"),
    ("persistent hot", "#c2263c", "Persistent hot / Caliente persistente"),
    ("diminishing hot", "#e58a72", "Diminishing hot / Caliente en descenso"),
    ("consecutive hot", "#ee8a1d", "Consecutive hot / Caliente consecutivo"),
    ("new hot", "#f7cf3c", "New hot / Caliente nuevo"),
    ("sporadic hot", "#f6c3ad", "Sporadic hot / Caliente esporádico"),
    ("oscillating hot", "#d06a9f", "Oscillating hot / Caliente oscilante"),
    ("historical hot", "#a08670", "Historical hot / Caliente histórico"),
    ("intensifying cold", "#14306e", "Intensifying cold / Frío en aumento"),
    ("persistent cold", "#2f66b3", "Persistent cold / Frío persistente"),
    ("diminishing cold", "#8aa8da", "Diminishing cold / Frío en descenso"),
    ("consecutive cold", "#2e9bb5", "Consecutive cold / Frío consecutivo"),
    ("new cold", "#7fdcd8", "New cold / Frío nuevo"),
    ("sporadic cold", "#c3d4ee", "Sporadic cold / Frío esporádico"),
    ("oscillating cold", "#8f7cc4", "Oscillating cold / Frío oscilante"),
    ("historical cold", "#7d8b99", "Historical cold / Frío histórico"),
    ("none", "#f7f7f7", "No pattern / Sin patrón"),
)
"""Class, colour and label of emerging hotspots; the colours are those of the page."""

CHANGE_FIELDS = (
    (
        "emerging.cell",
        "cell",
        "",
        "Number of the grid cell; it joins hotspots",
        "Número de la celda; enlaza hotspots",
    ),
    (
        "emerging.kind",
        "kind",
        "",
        'One of 17 classes of change over time, as "new hot" or "persistent cold"',
        'Una de 17 clases de cambio en el tiempo, como "new hot"',
    ),
    ("kind_es", "kind_es", "", "The class in Spanish", "La clase en español"),
    (
        "trend",
        "trend",
        "",
        '"rising", "falling" or "none": Mann-Kendall test of the Gi* scores',
        '"rising" sube, "falling" baja o "none" nada: prueba de Mann-Kendall',
    ),
    ("months", "months", "months", "Months compared", "Meses comparados"),
    (
        "hot_months",
        "hot_months",
        "months",
        "Months in which the cell was hot; withheld counts are taken for 0",
        "Meses en que la celda fue caliente; lo reservado se toma por 0",
    ),
    (
        "cold_months",
        "cold_month",
        "months",
        "Months in which the cell was cold; withheld counts are taken for 0",
        "Meses en que la celda fue fría; lo reservado se toma por 0",
    ),
    (
        "last",
        "last",
        "",
        '"hot", "cold" or "none" in the last month',
        '"hot" caliente, "cold" fría o "none" nada en el último mes',
    ),
    (
        "run",
        "run",
        "months",
        "How many last months were like the last one",
        "Cuántos últimos meses fueron como el último",
    ),
    (
        "reason_en",
        "reason_en",
        "",
        "What decided the class, in English",
        "Lo que decidió la clase, en inglés",
    ),
    (
        "reason_es",
        "reason_es",
        "",
        "What decided the class, in Spanish",
        "Lo que decidió la clase, en español",
    ),
)
"""Key, short name, unit and meanings, as in `geo.write.fields`."""
