"""The record of a release: what was published, from what, and the files' digests."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import geo
from geo.files import digest_file
from geo.outcome import RECORD
from geo.privacy import About, Release

__all__ = [
    "RECORD",
    "as_record",
    "count_published",
    "published_counts",
    "withheld_counts",
    "write_record",
]


def count_published(result: Release) -> dict[str, int]:
    """Return the published rows and cells of each layer."""
    rows = {name: len(layer) for name, layer in result.layers.items()}
    shown = {
        name: int(np.isfinite(surface.values).sum())
        for name, surface in result.surfaces.items()
    }
    return dict(sorted((rows | shown).items()))


def write_record(
    result: Release, folder: Path, *, layers: Mapping[str, Sequence[Path]] | None = None
) -> None:
    """Write release.json: what was published, from what, and the files' digests.

    Parameters
    ----------
    result
        What was published.
    folder
        Where its files lie.
    layers
        Files of the base layers, by name; their digests tell which they were: that of
        several files, or of a folder, is the digest of their digests. Those
        of the GPS files are not told: they would change with their grouping, and
        tell whoever has one of them that it is in the map. The store keeps them.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    record = as_record(result, layers=layers) | {
        "sha256": {
            path.relative_to(folder).as_posix(): digest_file(path) for path in files
        },
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (folder / RECORD).write_text(text, encoding="utf-8")


def as_record(
    result: Release, *, layers: Mapping[str, Sequence[Path]] | None = None
) -> dict[str, Any]:
    """Return what a record says, as plain values: all but the digests of its files."""
    about = result.about
    return {
        "trocha": geo.__version__,
        "region": about.region,
        "marks": list(result.marks),
        "level": result.level,
        "k": result.k,
        "round_to": result.round_to,
        "period": [about.first_month, about.last_month],
        "tracks": about.tracks,
        "fixes": {"read": about.fixes_read, "kept": about.fixes_kept},
        "rejected": dict(about.rejected),
        **_of_points(about),
        **({"validation": dict(about.validation)} if about.validation else {}),
        "parameters": dict(about.parameters),
        "layers": {name: _digest_of(paths) for name, paths in (layers or {}).items()},
        "published": count_published(result),
        "withheld": dict(result.withheld),
        "models": sorted(result.models),
    }


def _digest_of(paths: Sequence[Path]) -> str:
    """Return the sha256 of a file, or that of the digests of several."""
    files = [
        one
        for path in paths
        for one in (sorted(path.glob("*.tif*")) if path.is_dir() else [path])
    ]
    digests = [digest_file(one) for one in files]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _of_points(about: About) -> dict[str, object]:
    """Return how many points there were, if any."""
    if not (about.points or about.points_rejected):
        return {}
    rejected = dict(about.points_rejected)
    return {
        "points": about.points,
        "points_rejected": rejected,
        "points_shared": about.points_shared,
    }


def published_counts(folder: Path) -> dict[str, int]:
    """Return the rows and cells that the last release in a folder published."""
    return _counts(folder, "published")


def withheld_counts(folder: Path) -> dict[str, int]:
    """Return the rows and cells that the last release in a folder withheld."""
    return _counts(folder, "withheld")


def _counts(folder: Path, name: str) -> dict[str, int]:
    """Return the counts of a record; none if there is none, or it is damaged."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return {str(layer): int(n) for layer, n in record[name].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}
