"""What a build did, for a person and for a machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geo.crowd import Turnover
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
class Held:
    """Why what came in is not drawn yet.

    Parameters
    ----------
    least
        How many have to differ before a map is drawn again.
    tracks, points
        How many differ from those behind the map that is there; nobody where that is
        not known.
    """

    least: int
    tracks: "Turnover | None"
    points: "Turnover | None"

    def as_text(self) -> str:
        """Return a sentence or two: why, until when, and what else can be done."""
        few = [
            (noun, turnover)
            for noun, turnover in (("track", self.tracks), ("point", self.points))
            if turnover and 0 < turnover.total < self.least
        ]
        if not few:
            return (
                "the map that is there was not drawn from this store, so that nobody "
                "knows by how many tracks the next would differ, and two maps that "
                "differ by few tracks tell about those few. To draw it all the same, "
                "for private use, add --redraw."
            )
        said = " and ".join(_told(noun, turnover) for noun, turnover in few)
        whom = " or ".join(f"{noun}s" for noun, _ in few)
        text = (
            f"{said} since this map was drawn; it is drawn again when {self.least} "
            f"are, for two maps that differ by few {whom} tell about those few. "
            "To draw it all the same, for private use, add --redraw."
        )
        if any(turnover.gone for _, turnover in few):
            text += (
                " If consent was withdrawn, do that, and withdraw the maps from before."
            )
        return text


def _held_as_dict(held: Held | None) -> dict[str, Any]:
    """Return plain values: whether a map was held back, and by how much it differs."""
    tracks, points = (held.tracks, held.points) if held else (None, None)
    return {
        "held": held is not None,
        "least_new_tracks": held.least if held else None,
        "new_tracks": tracks.total if tracks else None,
        "new_points": points.total if points else None,
    }


def _told(noun: str, turnover: "Turnover") -> str:
    """Return how many are new, changed or gone.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> _told("track", SimpleNamespace(new=2, changed=0, gone=1, total=3))
    '3 tracks are new or gone'
    """
    how = [name for name in ("new", "changed", "gone") if getattr(turnover, name)]
    are = f"{noun} is" if turnover.total == 1 else f"{noun}s are"
    return f"{turnover.total:,} {are} {' or '.join(how)}"


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
        published because fewer than k tracks passed there. If the map was held back,
        all of them count as withheld.
    """

    name: str
    tracks: int
    read: int
    kept: int
    rejected: Mapping[str, int]
    cells_shown: int
    cells_withheld: int
    points: int = 0

    def as_text(self, k: int, *, held: bool = False) -> str:
        """Return two or three sentences; of a map that was held back, what it adds."""
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
        enters = (
            f" {'It enters' if self.tracks == 1 else 'They enter'} {entered:,} cells"
        )
        if entered and held:
            text += f"{enters}, and is not on the map yet."
        elif entered:
            text += (
                f"{enters}: {self.cells_shown:,} are on the map, "
                f"{self.cells_withheld:,} are withheld because fewer than {k} tracks "
                "passed there."
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
    held
        Why the map was not drawn, and is as it was, where that is so.
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
    held: Held | None = None

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
            **_held_as_dict(self.held),
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
            lines.append(
                "  withdraw the maps from before: whoever compares one with the new "
                "one learns what was forgotten"
            )
        held = self.held is not None
        lines += [f"  {one.as_text(about['k'], held=held)}" for one in self.effects]
        page = self.folder / "index.html"
        if self.held:
            lines.append(f"  held back: {self.held.as_text()}")
            lines.append(f"  {page} stays as it was ({self.seconds:.1f} s)")
            return "\n".join(lines)
        lines += self._changes()
        where = page if page in self.written else self.folder
        lines.append(f"  {where} ({len(self.written)} files, {self.seconds:.1f} s)")
        return "\n".join(lines)

    def as_line(self) -> str:
        """Return one line, for a log."""
        intake = self.intake
        moved = ", ".join(self._moved()) or "the map shows as much as before"
        if self.held:
            moved = f"held back: {self.held.as_text()}"
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
