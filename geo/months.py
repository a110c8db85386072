"""The partials of all months: kept in the store, and made again when they are not."""

from collections.abc import Collection, Iterator
from concurrent.futures import Executor
from hashlib import sha256

import geopandas as gpd
import pandas as pd

from geo.engine import in_turn, map_parts, workers
from geo.packing import Arrays, pack, unpack
from geo.partials import Partial, Settings, analyse_part, with_change
from geo.store import Part, Store


class Partials:
    """The partial of every month that may be published; iterate over them, packed.

    Parameters
    ----------
    store
        Open store.
    settings, targets
        What the partials depend on, apart from the fixes.

    Attributes
    ----------
    months : list of int
        The months that begin before the last moment of the settings.
    too_recent : int
        How many fixes lie in the parts of later months.
    """

    def __init__(
        self, store: Store, settings: Settings, targets: gpd.GeoDataFrame
    ) -> None:
        self._store, self._settings, self._targets = store, settings, targets
        self._recipe = settings.digest(targets)
        self.months = publishable(store, settings.until_ms)
        later = set(store.months) - set(self.months)
        self.too_recent = sum(store.part(month).rows for month in later)

    def __iter__(self) -> Iterator[Arrays]:
        """Yield what `geo.packing.pack` made of each month, few at a time."""
        return in_turn(self._packed, self.months)

    def bring_up_to_date(self, executor: Executor | None = None) -> int:
        """Make and keep the partials that are not kept.

        Parameters
        ----------
        executor
            Where to make them; by default in a thread for each processor, up to four.

        Returns
        -------
        int
            How many were made.
        """
        shelf = self._store.shelf
        keys = {month: self._key(self._store.part(month)) for month in self.months}
        missing = [month for month in self.months if not shelf.has("part", keys[month])]
        with workers(executor) as pool:
            map_parts(self.make, missing, executor=pool, step="analysing months")
        return len(missing)

    @property
    def keys(self) -> set[str]:
        """The keys under which partials are kept that are still of use."""
        return {self._key(self._store.part(month)) for month in self.months}

    def digest(self, of_year: Collection[int] | None = None) -> str:
        """Return a digest of what the partials are made from.

        Parameters
        ----------
        of_year
            Those of these months (1 to 12) of each year; by default all.
        """
        keys = [
            (month, self._key(self._store.part(month)))
            for month in self.months
            if of_year is None or month % 12 + 1 in of_year
        ]
        return sha256(repr(keys).encode()).hexdigest()

    def make(self, month: int) -> None:
        """Make and keep a partial, in whichever thread or process this runs."""
        self._made(month)

    def _packed(self, month: int) -> Arrays:
        """Return what is kept of a month, or make it."""
        kept = self._store.shelf.get("part", self._key(self._store.part(month)))
        return kept if kept is not None else self._made(month)

    def _made(self, month: int) -> Arrays:
        """Analyse a part and keep its partial; only what changed in it, if little."""
        store = self._store
        difference = store.difference(month)
        before = difference and store.shelf.get("part", self._key(difference.before))
        if difference and before:
            gone = difference.gone
            found = with_change(
                unpack(before, self._settings.grid),
                come=self._analysed(month, difference.come),
                gone=None if gone.empty else self._analysed(month, gone),
            )
        else:
            found = self._analysed(month, store.load(month))
        arrays = pack(found)
        store.shelf.keep("part", self._key(store.part(month)), arrays)
        return arrays

    def _analysed(self, month: int, fixes: pd.DataFrame) -> Partial:
        return analyse_part(month, fixes, self._settings, targets=self._targets)

    def _key(self, part: Part) -> str:
        """Return under which key the partial of a part is kept."""
        reaches_past = part.last_ms >= self._settings.until_ms
        end = f"-{self._settings.until_ms}" if reaches_past else ""
        return f"{part.digest[:16]}-{self._recipe}{end}"


def publishable(store: Store, until_ms: int) -> list[int]:
    """Return the months of the parts that begin before a moment."""
    until = pd.Timestamp(until_ms, unit="ms")
    return [
        month for month in store.months if month < 12 * until.year + until.month - 1
    ]
