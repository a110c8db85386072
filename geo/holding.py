"""Whether a map waits: two maps that differ by few tracks tell about those few."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geo.config import Privacy
from geo.crowd import among, compare, crowd_of_points, no_crowd
from geo.files import digest_file
from geo.outcome import RECORD, Held
from geo.store import Store

log = logging.getLogger(__name__)

_NAME = "crowd"

_SAID = {"region", "marks", "tracks", "fixes", "rejected", "published", "withheld"}
"""What a record has to say for a map to be spoken of."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Who stands behind a map: the tracks and points in the store, but simulated ones.

    Parameters
    ----------
    tracks, points
        As `geo.crowd.CROWD` says. Who is not on the map yet has a mark of 0.
    """

    tracks: pd.DataFrame
    points: pd.DataFrame

    @property
    def nobody(self) -> bool:
        """Whether no person can be behind the map."""
        return self.tracks.empty and self.points.empty


def behind_map(store: Store, tracks: pd.DataFrame, points: pd.DataFrame) -> Behind:
    """Return who would stand behind a map that is drawn now.

    Parameters
    ----------
    store
        Open store.
    tracks
        The tracks that have a trip, as `geo.crowd.CROWD` says.
    points
        The points that may be published, as schema.POINTS says.
    """
    real = [digest for digest, source in store.sources.items() if not source.simulated]
    starts = store.starts()
    seen = starts.loc[starts["source"].isin(real), "track"]
    told = store.points(real)["point"]
    return Behind(
        tracks=among(tracks, seen.to_numpy()),
        points=among(crowd_of_points(points), told.to_numpy()),
    )


def find_held(
    store: Store, behind: Behind, *, folder: Path, privacy: Privacy
) -> Held | None:
    """Return why the map that is there has to stay; None if it may be drawn again.

    It has to stay if the next one would differ from it by somebody, and by fewer than
    the region file asks for, in tracks or in recorded points. A map may be drawn where
    none is, and where something was forgotten since.

    Parameters
    ----------
    store
        Open store.
    behind
        Who would stand behind the next map.
    folder
        Of the map.
    privacy
        How many have to differ.
    """
    made, least = store.outputs.of(folder), _least(privacy)
    if standing_record(folder) is None or (made is not None and made.owed):
        return None
    kept = store.drawn.get(_NAME, digest_file(folder / RECORD))
    if kept is not None:
        return _compared(kept, behind, least=least)
    return Held(least, None, None) if least > 1 and not behind.nobody else None


def find_held_export(
    store: Store, behind: Behind, *, folder: Path, privacy: Privacy
) -> Held | None:
    """Return why layers may not be exported again to a folder; None if they may.

    Parameters are those of `find_held`. Of layers that this store did not export
    nothing is asked: those beside a map have been compared with the map.
    """
    made = store.outputs.of(folder)
    kept = store.drawn.get(_NAME, made.record) if made and not made.owed else None
    return _compared(kept, behind, least=_least(privacy)) if kept else None


def _least(privacy: Privacy) -> int:
    """Return how many have to differ before a map is drawn again."""
    least = privacy.least_new_tracks
    return privacy.k if least is None else least


def _compared(kept: dict[str, Any], behind: Behind, *, least: int) -> Held | None:
    """Return how few differ from those who stood behind a map; None if not few."""
    before = _unpacked(kept)
    tracks = compare(before.tracks, behind.tracks)
    points = compare(before.points, behind.points)
    few = 0 < tracks.total < least or 0 < points.total < least
    return Held(least, tracks, points) if few else None


def remember(store: Store, behind: Behind, *, record: Path) -> None:
    """Keep who stands behind a map that is about to come into its place.

    Before it does, so that no map is there of which that is not known.
    """
    arrays = {
        f"{kind}.{name}": column.to_numpy()
        for kind in ("tracks", "points")
        for name, column in getattr(behind, kind).items()
    }
    store.drawn.keep(_NAME, digest_file(record), arrays)


def forget_others(store: Store) -> None:
    """Forget who stood behind maps that are not there any more."""
    store.drawn.prune({output.record for output in store.outputs.read().values()})


def standing_record(folder: Path) -> dict[str, Any] | None:
    """Return what a map says of itself; None if none is there, or it is damaged."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and set(record) >= _SAID else None


def _unpacked(arrays: dict[str, Any]) -> Behind:
    """Return who stood behind a map, as `remember` kept it."""
    return Behind(
        *(
            pd.DataFrame({name: arrays[f"{kind}.{name}"] for name in no_crowd()})
            for kind in ("tracks", "points")
        )
    )
