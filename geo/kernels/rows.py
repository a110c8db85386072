"""Compiled loops over the rows of tables, and how arrays go into them."""

# mypy: disable-error-code="untyped-decorator"

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def sealed(values: Any, kind: DTypeLike) -> NDArray[Any]:
    """Return the values as an array of one form: contiguous, and only to be read.

    A kernel is compiled anew for each form that its arrays have. Any array can be
    looked at as one that is only to be read, so this copies nothing that need not be.

    Examples
    --------
    >>> sealed([1, 2], np.int64).flags.writeable
    False
    """
    view = np.ascontiguousarray(values, kind).view()
    view.flags.writeable = False
    return view
