"""What the columns of the route network mean, in two languages."""

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
