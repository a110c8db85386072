"""A private folder of Parquet: everything that was read, by part, with a manifest.

A part holds the tracks whose first fix, over all sources, lies in one month. What a
part holds is a pure function of the set of (source, its fixes): neither the order
nor the grouping of commits shows, and a source that was removed leaves no trace.

A commit is one step: new files are written under new names, then the manifest that
names them replaces the old one, then the old files go. A crash at any moment leaves
the old state or the new one. The folder holds positions of people: never publish it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.store.manifest import Part, Source
    from geo.store.outputs import Output
    from geo.store.parts import Difference
    from geo.store.store import Store, open_store

_HOME = {
    "Difference": "geo.store.parts",
    "Output": "geo.store.outputs",
    "Part": "geo.store.manifest",
    "Source": "geo.store.manifest",
    "Store": "geo.store.store",
    "open_store": "geo.store.store",
}

__all__ = ["Difference", "Output", "Part", "Source", "Store", "open_store"]


def __getattr__(name: str) -> object:
    """Load a part when it is first used: whether a map stands asks for few."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'geo.store' has no attribute {name!r}")
