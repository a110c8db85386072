"""The names of columns, in English and Spanish, and some in French and Portuguese."""

from collections.abc import Mapping

_GLUE = ("", "de_", "del_", "du_", "do_", "de_la_", "da_")


def _joined(heads: str, tails: str) -> str:
    """Return all the ways to put two names together, as "fecha_del_punto".

    Examples
    --------
    >>> _joined("id", "patrulla").split()[:3]
    ['id_patrulla', 'id_de_patrulla', 'id_del_patrulla']
    """
    names = [
        f"{head}_{glue}{tail}"
        for head in heads.split()
        for tail in tails.split()
        for glue in _GLUE
    ]
    return " ".join(names)


# What SMART may call a waypoint and a patrol. Its translations could not be seen: these
# are the words of each language.
_WAYPOINT = (
    "waypoint punto punto_de_ruta punto_de_paso punto_de_referencia point "
    "point_de_passage point_de_repere point_de_cheminement ponto ponto_de_passagem "
    "ponto_de_referencia ponto_de_rota"
)
WAYPOINT_DAYS = "waypoint_date waypoint_fecha " + _joined("fecha date data", _WAYPOINT)
WAYPOINT_CLOCKS = "waypoint_time waypoint_hora " + _joined("hora heure", _WAYPOINT)
PATROLS = "patrol_id patrulla_id patrullaje_id " + _joined(
    "id identificador identifiant codigo", "patrulla patrullaje patrouille patrulha"
)

# Normalised names, best first. A "?" marks a name that is only a guess.
SYNONYMS: Mapping[str, str] = {
    "track": "track track_id trackid individual_local_identifier individual_id "
    "individual animal_id tag_local_identifier tag_id deviceid device_id device "
    "dispositivo id_dispositivo dispositif appareil imei mmsi unit_id tracker "
    "tracker_id subject_id subject subject_name groupby_col persona_id person_id "
    "id_persona recorrido id_recorrido trayecto traza grupo id_grupo group_id group? "
    f"collar collar_id {PATROLS} vessel unit? unidad? usuario? user? user_id? "
    "username? persona? person? source? uid? nombre? name? id?",
    "time": "time_utc utc_time timestamp_utc datetime_utc utc_datetime timestamp "
    "datetime date_time fecha_hora fechahora fecha_y_hora fix_time fixtime gps_time "
    "gpstime recorded_at position_time time tiempo utc hora_utc momento "
    f"horodatage date_heure data_hora {WAYPOINT_CLOCKS} "
    "device_time devicetime local_time? hora_local? start? inicio? date? fecha? "
    "submission_time? submissiondate? end? fin? today? hora? heure? t?",
    "day": f"date fecha {WAYPOINT_DAYS} dia day fecha_local date_local data jour",
    "clock": f"time hora {WAYPOINT_CLOCKS} hora_local time_local clock tiempo heure",
    "lat": "latitude lat latitud decimallatitude decimal_latitude lat_dd latitude_deg "
    "latitud_decimal latitude_decimal lat_wgs84 lat_gps",
    "lon": "longitude lon lng long longitud decimallongitude decimal_longitude lon_dd "
    "long_dd longitude_deg longitud_decimal longitude_decimal lon_wgs84 lon_gps",
    "north": "northing norte utm_northing utm_n utm_y coord_y ycoord point_y y",
    "east": "easting este utm_easting utm_e utm_x coord_x xcoord point_x x",
    "elevation": "elevation elevation_m ele elevacion altitude altitude_m altitud alt "
    "height_above_msl height_above_ellipsoid msnm cota elevacao altura? height? z?",
    "accuracy": "accuracy accuracy_m horizontal_accuracy h_accuracy hacc gps_accuracy "
    "accuracy_horizontal exactitud exactitud_m location_error_numerical eph "
    "precision? precisao? precision_m? gps_precision? error_m? incertidumbre?",
    "hdop": "hdop gps_hdop",
    "geopoint": "geopoint gps location ubicacion coordinates coordenadas coords punto "
    "point posicion position latlon lat_lon latlng loc geo",
    "wkt": "wkt geometry geom the_geom",
    "remark": "remark remarks note notes nota notas observaciones observacion comment "
    "comments comentario comentarios commentaire observacoes description "
    "descripcion desc",
    "valid": "valid visible",
    # Events that are no track: each stands for itself.
    "incident": "incident_id id_incidente main_id web_id",
}
