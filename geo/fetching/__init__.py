"""Fetch finer layers where there is a network: nothing else ever asks for one."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from geo.errors import InputError, OutputError
from geo.fetching.contents import keep_raster, keep_ways
from geo.fetching.sources import SOURCES, Bounds, Piece, Source
from geo.fetching.transfer import Manner, MissingError, check_address, download
from geo.files import digest_file

LAYERS = tuple(SOURCES)
"""Layers that can be fetched."""

WARNING = (
    "The servers learn the address of your network, and which region you ask about."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be fetched for a layer, and where it would go.

    Parameters
    ----------
    source
        From whom.
    pieces
        The files.
    bounds
        What is kept of them: west, south, east and north, in degrees.
    folder
        Where it goes.
    """

    source: Source
    pieces: tuple[Piece, ...]
    bounds: Bounds
    folder: Path

    @property
    def place(self) -> Path:
        """The file or the folder that the region file names."""
        layer = self.source.layer
        return self.folder / ("waterways.geojson" if layer == "waterways" else layer)

    @property
    def provenance(self) -> Path:
        """The file that tells where it came from."""
        return self.folder / f"{self.source.layer}.provenance.json"

    def file_of(self, piece: Piece) -> Path:
        """Return where a piece goes."""
        return (
            self.place if self.source.layer == "waterways" else self.place / piece.name
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        source = self.source
        return {
            "layer": source.layer,
            "source": source.title,
            "version": source.version,
            "licence": source.licence,
            "credit": source.credit,
            "files": [piece.url for piece in self.pieces],
            "about_mb": source.about_mb * len(self.pieces),
            "into": str(self.place),
        }

    def as_text(self) -> str:
        """Return the plan as a few lines."""
        source, many = self.source, len(self.pieces)
        host = urlsplit(self.pieces[0].url).hostname
        return (
            f"{source.layer}: {source.title} ({source.version}), {many} "
            f"{'file' if many == 1 else 'files'}, about "
            f"{source.about_mb * many:,.0f} MB from {host}\n"
            f"  licence: {source.licence}\n"
            f"  attribution: {source.credit}\n"
            f"  into: {self.place}"
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched for a layer: new files, those there before, and none at all."""

    plan: Plan
    new: tuple[str, ...]
    known: tuple[str, ...]
    absent: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what was done, for JSON."""
        return {"new": self.new, "known": self.known, "absent": self.absent}

    def as_text(self) -> str:
        """Return what was done in one line."""
        said = f"{self.plan.source.layer}: {len(self.new)} fetched"
        said += f", {len(self.known)} there already" if self.known else ""
        if self.absent:
            said += f", {len(self.absent)} that the source does not have (open sea)"
        return said


def plan_fetch(
    bounds: Bounds,
    *,
    home: Path,
    only: Sequence[str] = LAYERS,
    base: str = "",
) -> list[Plan]:
    """Return what would be fetched; nothing is asked of the network.

    Parameters
    ----------
    bounds
        West, south, east and north of the study area, in degrees.
    home
        Folder of the region; what is fetched goes to layers/fetched/ in it.
    only
        Some of LAYERS.
    base
        How addresses begin instead of those in SOURCES; for one layer.

    Raises
    ------
    InputError
        If the area takes too many files, or the base is no address to fetch from.
    """
    plans = []
    if base:
        check_address(base)
    for layer in sorted(set(only), key=LAYERS.index):
        source = SOURCES[layer]
        pieces = tuple(source.cover(bounds, base=base))
        folder = home / "layers" / "fetched"
        plans.append(Plan(source, pieces, source.around(bounds), folder))
    return plans


def fetch(plan: Plan, *, again: bool = False, manner: Manner | None = None) -> Fetched:
    """Fetch a layer, look at it, cut it to the region, and write where it came from.

    What an earlier call has fetched from the same addresses is not fetched again. A
    file comes to its place when it is whole; a call that fails or is stopped leaves no
    part of one.

    Parameters
    ----------
    plan
        Of `plan_fetch`.
    again
        Fetch also what is there already.
    manner
        How patiently.

    Raises
    ------
    InputError
        If the network or the other side fails, or what comes is something else.
    OutputError
        If it cannot be written.
    """
    told = {} if again else _told_before(plan)
    records: list[dict[str, Any]] = []
    new: list[str] = []
    known: list[str] = []
    absent: list[str] = []
    try:
        (plan.folder if plan.place.suffix else plan.place).mkdir(
            parents=True, exist_ok=True
        )
        _check_room(plan)
        for piece in plan.pieces:
            record = told.get(piece.url)
            if record is None:
                record = _fetch_piece(plan, piece, manner or Manner())
                (new if record else absent).append(piece.name)
            else:
                known.append(piece.name)
            if record:
                records.append(record)
                _write_provenance(plan, records, absent)
        if not records:
            raise InputError(
                f"{plan.source.title} has nothing of the study area.",
                hint="Check [region] bounds.",
            )
        _drop_old(plan, records)
    except OSError as error:
        raise OutputError(
            f"{plan.place} cannot be written: {error.strerror or error}.",
            hint="Make room on the disk, and check the folder's permissions.",
        ) from error
    return Fetched(plan, tuple(new), tuple(known), tuple(absent))


def _fetch_piece(plan: Plan, piece: Piece, manner: Manner) -> dict[str, Any] | None:
    """Fetch one file into its place; None if the source does not have it."""
    target = plan.file_of(piece)
    with TemporaryDirectory(dir=plan.folder, prefix=".fetching-") as folder:
        raw, kept = Path(folder, piece.name), Path(folder, "kept" + target.suffix)
        try:
            limit = int(plan.source.limit_mb * 1e6)
            received = download(piece.url, raw, limit=limit, manner=manner)
        except MissingError:
            if plan.source.optional:
                return None
            raise
        dated = received.modified
        if plan.source.layer == "waterways":
            dated = keep_ways(raw, kept, bounds=plan.bounds) or dated
        else:
            keep_raster(
                raw, kept, piece=piece, layer=plan.source.layer, bounds=plan.bounds
            )
        record = {
            "url": piece.url,
            "bytes": raw.stat().st_size,
            "sha256": digest_file(raw),
            "date": dated,
            "file": target.name,
            "file_sha256": digest_file(kept),
        }
        kept.replace(target)
    return record


def _write_provenance(
    plan: Plan, records: list[dict[str, Any]], absent: list[str]
) -> None:
    """Write where a layer came from, all at once."""
    source = plan.source
    told = {
        "layer": plan.place.name,
        "source": source.title,
        "version": source.version,
        "licence": source.licence,
        "credit": source.credit,
        "fetched": f"{datetime.now(UTC):%Y-%m-%d}",
        "clip_degrees": list(plan.bounds),
        "files": records,
        "absent": absent,
    }
    fresh = plan.provenance.with_suffix(".part")
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(plan.provenance)
    finally:
        fresh.unlink(missing_ok=True)


def _told_before(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what is there already by its address: whole, and cut as it is wanted."""
    try:
        told = json.loads(plan.provenance.read_text(encoding="utf-8"))
        if told["clip_degrees"] != list(plan.bounds):
            return {}
        there = {record["url"]: record for record in told["files"]}
        return {
            piece.url: there[piece.url]
            for piece in plan.pieces
            if piece.url in there
            and digest_file(plan.file_of(piece)) == there[piece.url]["file_sha256"]
        }
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return {}


def _drop_old(plan: Plan, records: list[dict[str, Any]]) -> None:
    """Take away tiles that are no longer part of the layer."""
    if plan.place.is_dir():
        kept = {record["file"] for record in records}
        for path in plan.place.glob("*.tif"):
            if path.name not in kept:
                path.unlink()


def _check_room(plan: Plan) -> None:
    """Refuse to begin where the disk is nearly full."""
    free = shutil.disk_usage(plan.folder).free
    need = 2e6 * plan.source.about_mb * (len(plan.pieces) + 1)
    if free < need:
        raise OutputError(
            f"{plan.folder} has {free / 1e9:,.1f} GB of room; {plan.source.layer} may "
            f"take {need / 1e9:,.1f} GB.",
            hint="Make room on the disk.",
        )
