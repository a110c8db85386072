"""What a build did, for a person and for a machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geo.ingest import Intake
from geo.privacy import Release


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
    release
        What was published.
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

    release: Release
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

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        about = self.release.about
        return {
            "region": about.region,
            "marks": list(self.release.marks),
            "tracks": about.tracks,
            "points": about.points,
            "fixes": {"read": about.fixes_read, "kept": about.fixes_kept},
            "rejected": dict(about.rejected),
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
            "withheld": dict(self.release.withheld),
            "written": [str(path) for path in self.written],
            "seconds": round(self.seconds, 2),
        }

    def as_text(self) -> str:
        """Return a short account for a person."""
        about, intake = self.release.about, self.intake
        mark = "".join(f" [{mark}]" for mark in self.release.marks)
        rejected = sum(about.rejected.values())
        points = f"{about.points:,} points, " if about.points else ""
        lines = [
            (
                f"{about.region}{mark}: about {about.tracks:,} tracks, {points}"
                f"{about.fixes_kept:,} of {about.fixes_read:,} fixes kept "
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
        lines += [f"  {effect.as_text(self.release.k)}" for effect in self.effects]
        lines += self._changes()
        page = self.folder / "index.html"
        where = page if page in self.written else self.folder
        lines.append(f"  {where} ({len(self.written)} files, {self.seconds:.1f} s)")
        return "\n".join(lines)

    def as_line(self) -> str:
        """Return one line, for a log."""
        about, intake = self.release.about, self.intake
        mark = "".join(f" [{mark}]" for mark in self.release.marks)
        moved = ", ".join(self._moved()) or "the map shows as much as before"
        unusable = len(intake.problems)
        return (
            f"{about.region}{mark}: {len(intake.new):,} new, {intake.known:,} known, "
            f"{intake.gone:,} gone, {unusable:,} unusable; about {about.tracks:,} "
            f"tracks; {moved} ({self.seconds:.1f} s)"
        )

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
                f"{self.release.round_to}, and fewer than {self.release.k} tracks are "
                "never shown)"
            )
        ]
