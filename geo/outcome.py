"""What a build did, for a person and for a machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geo.privacy import Release
    from geo.store import Source

RECORD = "release.json"
"""What a map says of itself, and of all its files."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in.

    Parameters
    ----------
    new
        Sources that were not in the store before.
    gone
        How many sources of the folder are no longer there.
    known
        How many of the files were in the store already.
    problems
        A sentence for every file that could not be used.
    listed
        The files in the region's folders, sorted: "fixes" or "points", and a digest.
    lasting
        Whether a problem will be there at the next build as well: one with a file in
        the region's folders.
    """

    new: "tuple[Source, ...]"
    gone: int
    known: int
    problems: tuple[str, ...]
    listed: tuple[tuple[str, str], ...] = ()
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What one new file adds to the map.

    Parameters
    ----------
    name
        Name of the file.
    tracks
        Tracks in it that passed the cleaning.
    read, kept
        Rows in it, and fixes that passed the cleaning.
    rejected
        Rows turned away, by reason.
    points
        Points in it that belong to no track.
    cells_shown, cells_withheld
        Published cells that its tracks enter, and cells they enter that are not
        published because fewer than k tracks passed there.
    """

    name: str
    tracks: int
    read: int
    kept: int
    rejected: Mapping[str, int]
    cells_shown: int
    cells_withheld: int
    points: int = 0

    def as_text(self, k: int) -> str:
        """Return two or three sentences."""
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in self.rejected.items())
        turned = f" ({reasons})" if reasons else ""
        what = f"{self.tracks:,} {'track' if self.tracks == 1 else 'tracks'}"
        if self.points:
            what = f"{self.points:,} {'point' if self.points == 1 else 'points'}"
        text = (
            f"{self.name}: {self.read:,} rows, {self.kept:,} kept, "
            f"{self.read - self.kept:,} rejected{turned}; {what}."
        )
        entered = self.cells_shown + self.cells_withheld
        if entered:
            text += (
                f" {'It enters' if self.tracks == 1 else 'They enter'} {entered:,} "
                f"cells: {self.cells_shown:,} are on the map, {self.cells_withheld:,} "
                f"are withheld because fewer than {k} tracks passed there."
            )
        elif self.tracks:
            text += " No trip in it is long enough to be drawn."
        return text


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did.

    Parameters
    ----------
    record
        What was published, as release.json says it; see `geo.record.as_record`.
    released
        Returns the release: at once if it was just made, or else it is made again from
        the store.
    intake
        What came in.
    effects
        What each new file adds, where files were added to an earlier store.
    folder, written
        Where the output lies, and the files written.
    redone, reused
        Parts that were computed, and parts whose partial was still good.
    before, after
        Published rows and cells of each layer, at the last release and now.
    seconds
        Wall time.
    forgotten
        Names of the files that were taken out of the store for good.
    """

    record: Mapping[str, Any]
    released: "Callable[[], Release]" = field(compare=False)
    intake: Intake
    effects: tuple[Effect, ...]
    folder: Path
    written: tuple[Path, ...]
    redone: int
    reused: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    seconds: float = field(compare=False)
    forgotten: tuple[str, ...] = ()

    @property
    def release(self) -> "Release":
        """What was published."""
        return self.released()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        about = self.record
        return {
            "region": about["region"],
            "marks": list(about["marks"]),
            "tracks": about["tracks"],
            "points": about.get("points", 0),
            "fixes": dict(about["fixes"]),
            "rejected": dict(about["rejected"]),
            "files": {
                "new": len(self.intake.new),
                "known": self.intake.known,
                "gone": self.intake.gone,
                "forgotten": list(self.forgotten),
                "problems": list(self.intake.problems),
            },
            "effects": [
                {
                    "file": effect.name,
                    "tracks": effect.tracks,
                    "points": effect.points,
                    "read": effect.read,
                    "kept": effect.kept,
                    "rejected": dict(effect.rejected),
                    "cells_shown": effect.cells_shown,
                    "cells_withheld": effect.cells_withheld,
                }
                for effect in self.effects
            ],
            "months": {"redone": self.redone, "reused": self.reused},
            "published": dict(self.after),
            "published_before": dict(self.before),
            "withheld": dict(about["withheld"]),
            "written": [str(path) for path in self.written],
            "seconds": round(self.seconds, 2),
        }

    def as_text(self) -> str:
        """Return a short account for a person."""
        about, intake = self.record, self.intake
        rejected = sum(about["rejected"].values())
        points = f"{about['points']:,} points, " if about.get("points") else ""
        lines = [
            (
                f"{self._name()}: about {about['tracks']:,} tracks, {points}"
                f"{about['fixes']['kept']:,} of {about['fixes']['read']:,} fixes kept "
                f"({rejected:,} rows rejected)"
            ),
            (
                f"  files: {len(intake.new):,} new, {intake.known:,} known, "
                f"{intake.gone:,} gone; months: {self.redone} computed, "
                f"{self.reused} reused"
            ),
        ]
        if self.forgotten:
            lines.append(f"  forgotten: {', '.join(self.forgotten)}")
        lines += [f"  {effect.as_text(about['k'])}" for effect in self.effects]
        lines += self._changes()
        page = self.folder / "index.html"
        where = page if page in self.written else self.folder
        lines.append(f"  {where} ({len(self.written)} files, {self.seconds:.1f} s)")
        return "\n".join(lines)

    def as_line(self) -> str:
        """Return one line, for a log."""
        intake = self.intake
        moved = ", ".join(self._moved()) or "the map shows as much as before"
        unusable = len(intake.problems)
        return (
            f"{self._name()}: {len(intake.new):,} new, {intake.known:,} known, "
            f"{intake.gone:,} gone, {unusable:,} unusable; about "
            f"{self.record['tracks']:,} tracks; {moved} ({self.seconds:.1f} s)"
        )

    def _name(self) -> str:
        """Return the region with its marks."""
        marks = "".join(f" [{mark}]" for mark in self.record["marks"])
        return f"{self.record['region']}{marks}"

    def _moved(self) -> list[str]:
        """Return, for each layer that shows more or less than before, how much."""
        return [
            f"{name} {self.before.get(name, 0):,} → {n:,}"
            for name, n in self.after.items()
            if n != self.before.get(name, 0)
        ]

    def _changes(self) -> list[str]:
        """Return a line on what is published, beside what was before."""
        if not self.before:
            shown = ", ".join(f"{name} {n:,}" for name, n in self.after.items())
            return [f"  published: {shown}"]
        if moved := self._moved():
            return [f"  published: {', '.join(moved)}"]
        return [
            (
                "  published: as many cells and rows as before (counts are rounded to "
                f"{self.record['round_to']}, and fewer than {self.record['k']} tracks "
                "are never shown)"
            )
        ]
