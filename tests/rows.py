"""Rows of a file, as the compiled loops take them."""

import numpy as np

from geo.kernels.intake import Read
from geo.kernels.rows import sealed


def read_of(lon, lat, ms, *, elevation=0.0, accuracy=0.0, state=0, doubtful=False):
    """Rows as they were read; what is one value holds for all."""
    n = len(ms)
    real = (np.broadcast_to(v, n) for v in (lon, lat, elevation, accuracy))
    return Read(
        *(sealed(v, np.float64) for v in real),
        sealed(ms, np.int64),
        sealed(np.broadcast_to(state, n), np.int8),
        sealed(np.broadcast_to(doubtful, n), np.bool_),
    )
