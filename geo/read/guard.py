"""Shut the doors of GDAL before it starts.

GDAL follows names that are written inside a file, to other files and to the network.
The first wall is that no text ever reaches it: sniff looks at the first bytes. This
is the second: the drivers that follow names are not loaded, and the network is closed.
It holds if this module is imported before GDAL is; the package `read` sees to that.
"""

import logging
import os

SKIPPED = "VRT,OGR_VRT,WFS,OAPIF,OGCAPI,CSW,HTTP,GDALG,WMS,WCS,WMTS,DERIVED,STACTA"
"""Drivers that are not loaded."""

SETTINGS = {
    "GDAL_SKIP": SKIPPED,
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_MAX_RETRY": "0",
}

for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)


def _worth_saying(record: logging.LogRecord) -> bool:
    """Drop one warning: a GDAL that has no such driver need not skip it."""
    return "to unload from GDAL_SKIP" not in record.getMessage()


logging.getLogger("rasterio._env").addFilter(_worth_saying)
