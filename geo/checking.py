"""Read files as a build would, and say what would be kept; store nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geo.analysis.hotspots.points import clean_points
from geo.clean import clean_fixes
from geo.config import Config
from geo.errors import InputError, printable
from geo.files import find_files
from geo.ingest import Options, look_at
from geo.recipe import partial_settings, point_settings, reading_options
from geo.schema import REASONS, UNDATED, month_label, month_number

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Before it, everything may be published."""

EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one file holds.

    Parameters
    ----------
    name
        Name of the file.
    read, kept, tracks, points
        Rows in the file, rows that would be kept, and the tracks or the points among
        them.
    first_month, last_month
        Period of the kept rows, YYYY-MM.
    rejected
        Rows that would be turned away, by reason.
    notes
        What was understood, and what was guessed.
    simulated
        Whether the file says that it is simulated.
    problem
        Why the file cannot be used at all; empty if it can.
    """

    name: str
    read: int = 0
    kept: int = 0
    tracks: int = 0
    points: int = 0
    first_month: str = ""
    last_month: str = ""
    rejected: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    simulated: bool = False
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "file": self.name,
            "read": self.read,
            "kept": self.kept,
            "tracks": self.tracks,
            "points": self.points,
            "period": [self.first_month, self.last_month],
            "rejected": dict(self.rejected),
            "notes": list(self.notes),
            "simulated": self.simulated,
            "problem": self.problem,
        }

    def as_text(self) -> str:
        """Return a few lines for a person."""
        if self.problem:
            return f"{self.name}: cannot be used\n  {self.problem}"
        mark = " (SIMULATED / SIMULADO)" if self.simulated else ""
        what = f"{self.tracks:,} {'track' if self.tracks == 1 else 'tracks'}"
        if self.points:
            what = f"{self.points:,} {'point' if self.points == 1 else 'points'}"
        head = (
            f"{self.name}{mark}: {self.read:,} rows, {self.kept:,} kept, "
            f"{self.read - self.kept:,} rejected; {what}, "
            f"{self.first_month} to {self.last_month}"
        )
        lines = [head]
        lines += [
            f"  {count:>9,}  {reason}: {REASONS[reason]}"
            for reason, count in self.rejected.items()
        ]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)


def check_files(
    paths: Sequence[Path],
    *,
    config: Config | None = None,
    reading: Mapping[str, Any] | None = None,
) -> list[FileReport]:
    """Read files, and clean each by itself if a region is given.

    Parameters
    ----------
    paths
        Files or folders.
    config
        A region whose bounds and speed limit to apply; None reads only.
    reading
        Options of `geo.ingest.Options`.

    Returns
    -------
    list of FileReport
        One for each file; those that cannot be used say why.
    """
    if config:
        options = reading_options(config, reading)
    else:
        given = {key: value for key, value in (reading or {}).items() if value}
        options = Options(bounds=EVERYWHERE, **given)
    return [_check(path, options, config) for path in find_files(list(paths))]


def _check(path: Path, options: Options, config: Config | None) -> FileReport:
    """Read one file, and clean it if there is a region."""
    try:
        # Ids are hashed with an empty key: nothing of this is stored.
        sifted = look_at(path, options, key=b"")
    except InputError as error:
        return FileReport(name=printable(path.name), problem=str(error))
    fixes, points = sifted.fixes, sifted.points
    rejected = Counter(sifted.counts())
    read = len(fixes) + len(points) + len(sifted.rejects)
    if config:
        points, turned = clean_points(
            points, **point_settings(config, partial_settings(config, until=NEVER))
        )
        cleaned = clean_fixes(
            fixes,
            crs=config.region.crs,
            bounds=config.region.bounds,
            max_speed_kmh=config.cleaning.max_speed_kmh,
            location_error_m=config.cleaning.location_error_m,
            max_accuracy_m=config.cleaning.max_accuracy_m,
        )
        fixes = cleaned.fixes
        rejected.update(cleaned.counts())
        rejected.update(turned)
    months = {*month_number(fixes["time"]), *points["month"]} - {UNDATED}
    return FileReport(
        name=printable(path.name),
        read=read,
        kept=len(fixes) + len(points),
        tracks=int(fixes["track"].nunique()),
        points=int(points["point"].nunique()),
        first_month=month_label(int(min(months))) if months else "none",
        last_month=month_label(int(max(months))) if months else "none",
        rejected=dict(sorted(rejected.items(), key=lambda item: (-item[1], item[0]))),
        notes=sifted.notes,
        simulated=sifted.simulated,
    )
