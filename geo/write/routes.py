"""What the columns of the route network mean, in two languages."""

_WAYS = (
    ("ahead", "a", "from begin to end", "de principio a fin"),
    ("back", "b", "the other way", "en sentido contrario"),
)


_MEANS = (
    ("foot", "on foot: 7 km/h or slower, on land", "a pie: a 7 km/h o menos"),
    (
        "boat",
        "by boat: off land, or faster along a river",
        "en bote: fuera de tierra, o más rápido junto a un río",
    ),
)

_TIMES = (
    ("", "median", "the median, stops included", "la mediana, con paradas"),
    ("low_", "low", "a quarter took less", "una cuarta parte tardó menos"),
    ("high_", "high", "a quarter took more", "una cuarta parte tardó más"),
    ("moving_", "moving", "the median without stops", "la mediana sin paradas"),
)


def _of_way(way: str, letter: str, en: str, es: str) -> tuple[tuple[str, ...], ...]:
    """Describe what is told of those who go one way."""
    few, pocos = "no value if withheld", "sin valor si se reserva"
    counts = (
        (
            f"{way}_{name}_tracks",
            f"{letter}_{name}_trk",
            "tracks",
            f"Distinct tracks {en} {how}, rounded; {few}",
            f"Recorridos {es} {como}, redondeados; {pocos}",
        )
        for name, how, como in _MEANS
    )
    shares = (
        (
            f"{way}_{name}_pct",
            f"{letter}_{name}_pct",
            "%",
            f"Share of {way}_{name}_tracks in {way}_tracks, to 5 %; {few}",
            f"Parte de {way}_{name}_tracks en {way}_tracks, al 5 %; {pocos}",
        )
        for name, _, _ in _MEANS
    )
    hours = (
        (
            f"{way}_timed_{name}h",
            f"{letter}_{short}_h",
            "hours",
            f"Hours from node to node {en}: {what}; rounded; {few}",
            f"Horas de nodo a nodo {es}: {que}; redondeadas; {pocos}",
        )
        for name, short, what, que in _TIMES
    )
    timed = (
        f"{way}_timed_tracks",
        f"{letter}_timed",
        "tracks",
        f"Distinct tracks seen to go all the way {en}, rounded; {few}",
        f"Recorridos vistos en todo el trayecto {es}, redondeados; {pocos}",
    )
    return (*counts, *shares, timed, *hours)


ROUTE_FIELDS = (
    (
        "edge",
        "edge",
        "",
        "Number of the route; it joins network and network_monthly",
        "Número de la ruta; enlaza network y network_monthly",
    ),
    (
        "from_node",
        "from_node",
        "",
        "Node at which the route begins; more go ahead from it than back",
        "Nodo donde empieza la ruta; van más desde él que hacia él",
    ),
    ("to_node", "to_node", "", "Node at which it ends", "Nodo donde termina"),
    (
        "from_name",
        "from_name",
        "",
        "Name of the node at which the route begins",
        "Nombre del nodo donde empieza la ruta",
    ),
    (
        "to_name",
        "to_name",
        "",
        "Name of the node at which the route ends",
        "Nombre del nodo donde termina la ruta",
    ),
    (
        "ahead_tracks",
        "ahead_trk",
        "tracks",
        "Distinct tracks from begin to end, rounded; no value if withheld",
        "Recorridos de principio a fin, redondeados; sin valor si se reserva",
    ),
    (
        "back_tracks",
        "back_trk",
        "tracks",
        "Distinct tracks the other way, rounded; no value if withheld",
        "Recorridos en sentido contrario, redondeados; sin valor si se reserva",
    ),
    *(field for way in _WAYS for field in _of_way(*way)),
    (
        "tube_m",
        "tube_m",
        "m",
        "Half width of the 90 % tube (draws, cells, smoothing); median, up to 50 m",
        "Media anchura del tubo del 90 % (sorteos, celdas, suavizado); mediana, a 50 m",
    ),
    (
        "stability_pct",
        "there_pct",
        "%",
        "Share of the draws in which the route is there at all, to 5 %",
        "Parte de los sorteos en que la ruta existe, al 5 %",
    ),
    ("length_km", "length_km", "km", "Length of the route", "Longitud de la ruta"),
    (
        "node",
        "node",
        "",
        "Number of the node; from_node and to_node of network name it",
        "Número del nodo; lo nombran from_node y to_node de network",
    ),
    (
        "network_nodes.kind",
        "kind",
        "",
        '"junction", "end", "checkpoint" or "border"',
        '"junction" cruce, "end" extremo, "checkpoint" puesto o "border" frontera',
    ),
    (
        "network_nodes.tracks",
        "tracks",
        "tracks",
        "Distinct tracks that came near, rounded",
        "Recorridos distintos que pasaron cerca, redondeados",
    ),
    (
        "network.tracks",
        "tracks",
        "tracks",
        "Distinct tracks seen on the middle half of the route, rounded",
        "Recorridos distintos vistos en la mitad central de la ruta, redondeados",
    ),
)
"""Key, short name, unit and meanings, as in `geo.write.fields`."""
