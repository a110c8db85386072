"""Draw the map anew whenever the folder of fixes has changed, and is quiet again."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from geo.config import Config
from geo.errors import InputError, OutputError, TrochaError
from geo.outcome import Built
from geo.upkeep import build

log = logging.getLogger(__name__)

Snapshot = Mapping[Path, tuple[int, int]]

MOST_PAUSES = 60
"""How often a failed build is let rest at most, in wakes, before it is tried again."""


def watch_region(
    config: Config,
    *,
    every_s: float = 2.0,
    poll: bool = False,
    wakes: Iterable[bool] | None = None,
) -> Iterator[Built | TrochaError]:
    """Build a region's map, and again after each change of its folders of files.

    A change is acted upon when nothing has happened in them for `every_s`, and
    no file has grown meanwhile: a file that is still being written is not read half.
    What cannot be built now, for example while another process has the store, is tried
    again, ever more seldom, and at once after the next change.

    Parameters
    ----------
    config
        The region.
    every_s
        How long the folder must be quiet, in seconds.
    poll
        Look at all files each time, where the system does not tell of changes: on
        network shares.
    wakes
        When to look: True after a change, False after a quiet time. By default those
        of the folders, without end.

    Yields
    ------
    Built or TrochaError
        What each build did, or why it could not be done.

    Raises
    ------
    InputError
        If the folder of fixes is not there, or no longer. Its files are then not taken
        for gone: what was read stays in the store. A region may have no points.
    """
    folder, points = config.files.fixes, config.files.points
    seen, done = _look(_present(folder), points), None
    pauses = rest = 0
    if wakes is None:
        both = (folder, points) if points.is_dir() else (folder,)
        wakes = _wakes(both, every_s=every_s, poll=poll)
    for changed in wakes:
        rest = 0 if changed else max(rest - 1, 0)
        settled = done is not None and seen == done
        if rest or (settled and not changed):
            continue
        now = _look(_present(folder), points)
        quiet = now is not None and now == seen and not changed
        seen = now
        if not quiet or now == done:
            continue
        outcome = _try(config)
        if isinstance(outcome, Built):
            done, pauses = now, 0
        else:
            pauses = min(2 * pauses + 1, MOST_PAUSES)
            rest = pauses
        yield outcome


def _try(config: Config) -> Built | TrochaError:
    """Build, or return why that cannot be done."""
    try:
        return build(config)
    except TrochaError as error:
        return error
    except OSError as error:
        # A file that went between being listed and being read, or a full disk.
        log.debug("the system refused", exc_info=True)
        return OutputError(f"The system refused a file: {error.strerror or error}.")


def _present(folder: Path) -> Path:
    """Return a folder; refuse one that is not there."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not there, or is no folder; nothing can be watched.",
            hint="Make it, or bring it back, and start again.",
        )
    return folder


def _look(*folders: Path) -> Snapshot | None:
    """Return size and time of each file but hidden ones; None if some just went.

    Files beside a Shapefile count too: it can be read only when they are there.
    """
    found = {}
    try:
        for folder in folders:
            for path in folder.rglob("*"):
                inside = path.relative_to(folder).parts
                if not any(part.startswith(".") for part in inside) and path.is_file():
                    stat = path.stat()
                    found[path] = stat.st_size, stat.st_mtime_ns
    except OSError:
        return None
    return found


def _wakes(folders: tuple[Path, ...], *, every_s: float, poll: bool) -> Iterator[bool]:
    """Yield True after a change in a folder, False after each quiet time."""
    from watchfiles import watch

    every_ms = max(round(1000 * every_s), 1)
    for changes in watch(
        *folders,
        watch_filter=None,
        debounce=every_ms,
        rust_timeout=every_ms,
        yield_on_timeout=True,
        force_polling=poll or None,
        poll_delay_ms=every_ms,
        ignore_permission_denied=True,
    ):
        yield bool(changes)
