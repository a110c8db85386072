"""Whether the map that is there is the one that would be built, so that it may stay."""

import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from geo.config import Config, Files, Layer, Layers
from geo.errors import InputError
from geo.files import digest_file, digest_program, files_inside, with_sidecars
from geo.outcome import RECORD, Built, Intake
from geo.store.manifest import NAME, lock_folder, read_manifest
from geo.store.outputs import Output, Outputs

if TYPE_CHECKING:
    from geo.privacy import Release

Listed = Collection[tuple[str, str]]


def last_moment(today: date | None, delay_days: int) -> datetime:
    """Return the start of the first month that may not be published yet.

    Examples
    --------
    January had been over for 30 days on 3 March.

    >>> str(last_moment(date(2023, 3, 3), 30))
    '2023-02-01 00:00:00+00:00'
    >>> str(last_moment(date(2023, 3, 2), 30))
    '2023-01-01 00:00:00+00:00'
    """
    day = (today or datetime.now(UTC).date()) - timedelta(days=delay_days)
    return datetime(day.year, day.month, 1, tzinfo=UTC)


def digest_ground(config: Config, *, today: date | None) -> str:
    """Return a digest of all that a map depends on, but for its fixes and points.

    That is this program with the libraries under it, the region file, the files of
    the base layers, the verdict on the corridors, and the first month that may not
    be published yet.

    Raises
    ------
    InputError
        If a file of a layer or the verdict cannot be read.
    """
    until = last_moment(today, config.privacy.delay_days)
    named = msgspec.structs.asdict(config.layers)
    layers = {
        name: [
            [(path.name, digest_file(path)) for path in _files_of(layer)],
            msgspec.structs.asdict(layer) | {"path": layer.path.name, "tiles": ()},
        ]
        for name, layer in named.items()
        if layer is not None
    }
    judged = config.files.validation
    verdict = digest_file(judged) if judged.is_file() else ""
    # Where the files lie does not matter, but what is in them.
    # Nor does it when a map is drawn, and when it is held back.
    privacy = msgspec.structs.replace(config.privacy, least_new_tracks=None)
    rest = msgspec.structs.replace(
        config, files=Files(), layers=Layers(), privacy=privacy
    )
    told = msgspec.json.encode(rest, enc_hook=str).decode()
    return _digest([digest_program(), told, layers, verdict, until.isoformat()])


def _files_of(layer: Layer) -> list[Path]:
    """Return all the files that a layer may be read from, and those beside them."""
    return [
        file
        for path in (layer.path, *layer.tiles)
        for file in (
            sorted(inner for inner in path.rglob("*") if inner.is_file())
            if path.is_dir()
            else with_sidecars(path)
        )
    ]


def digest_all(ground: str, *, listed: Listed, state: str) -> str:
    """Return a digest of all that a map depends on.

    Parameters
    ----------
    ground
        Of `digest_ground`.
    listed
        What the region's folders hold; see `geo.outcome.Intake`.
    state
        Digest of what the store holds.
    """
    return _digest([ground, sorted(set(listed)), state])


def find_standing(
    config: Config,
    *,
    output: Path | None = None,
    today: date | None = None,
    released: "Callable[[], Release]",
) -> Built | None:
    """Return what a build would say if it changed nothing; None if it has to be done.

    The map stands when it was made from what is there now, by the program that asks,
    and each of its files still has the digest that was recorded.

    Parameters
    ----------
    config, output, today
        As for `geo.upkeep.build`.
    released
        Makes the release if it is asked for.

    Raises
    ------
    StoreError
        If another process has the store open, or it is damaged.
    """
    start = time.perf_counter()
    folder = Path(output or config.files.output)
    if not (config.files.store / NAME).is_file():
        return None
    lock = lock_folder(config.files.store)
    try:
        state = read_manifest(config.files.store).digest()
        made = Outputs(config.files.store).of(folder)
        if made is None or not made.made_of:
            return None
        record = _record_of(folder, made)
        listed = _listed(config)
        ground = digest_ground(config, today=today)
    except InputError:  # the build will say what is wrong
        return None
    finally:
        os.close(lock)
    if record is None or digest_all(ground, listed=listed, state=state) != made.made_of:
        return None
    shown = {str(layer): int(n) for layer, n in record["published"].items()}
    return Built(
        record=record,
        released=released,
        intake=Intake(
            new=(),
            gone=0,
            known=len({digest for _, digest in listed}),
            problems=(),
            listed=listed,
        ),
        effects=(),
        folder=folder,
        written=tuple(folder / name for name in sorted([*record["sha256"], RECORD])),
        redone=0,
        reused=_months_before(made, config, today),
        before=shown,
        after=shown,
        seconds=time.perf_counter() - start,
    )


def _record_of(folder: Path, made: Output) -> Mapping[str, Any] | None:
    """Return the record of a map if all that it tells of is there, and nothing else.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    if digest_file(folder / RECORD) != made.record:
        return None
    record: dict[str, Any] = json.loads((folder / RECORD).read_bytes())
    names = {name.partition("/")[0] for name in record["sha256"]}
    there = {
        path.relative_to(folder).as_posix()
        for name in names
        for path in [folder / name, *(folder / name).rglob("*")]
        if path.is_file()
    }
    same = there == set(record["sha256"]) and all(
        digest_file(folder / name) == digest
        for name, digest in record["sha256"].items()
    )
    return record if same else None


def _listed(config: Config) -> tuple[tuple[str, str], ...]:
    """Return the files in the region's folders, as `Intake.listed` has them."""
    folders = {"fixes": config.files.fixes, "points": config.files.points}
    found = {
        (holds, digest_file(path))
        for holds, folder in folders.items()
        for path in files_inside(folder)
    }
    return tuple(sorted(found))


def _months_before(made: Output, config: Config, today: date | None) -> int:
    """Return how many months of a map may be published."""
    until = last_moment(today, config.privacy.delay_days)
    return sum(month < 12 * until.year + until.month - 1 for month in made.parts)


def _digest(told: object) -> str:
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
