"""Build a map, unless the one that is there is what would be built."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.config import Config
from geo.outcome import Built
from geo.standing import find_standing

if TYPE_CHECKING:
    from geo.privacy import Release


def build(
    config: Config,
    *,
    new_files: Sequence[Path] = (),
    output: Path | None = None,
    reading: Mapping[str, Any] | None = None,
    today: date | None = None,
    redraw: bool = False,
    executor: Executor | None = None,
) -> Built:
    """Read what is new, redo what changed, pass the gate, and write the map.

    The result is a function of the set of fixes and of the region file: the order
    and grouping of files, and what was built before, do not change a byte. If nothing
    has changed at all, and no file of the map either, the map is left as it is; and so
    it is, whatever changed, while fewer than `[privacy] least_new_tracks` tracks differ
    from those behind it: `held` then says why.

    Parameters
    ----------
    config
        The region.
    new_files
        Further files or folders to take into the store.
    output
        Folder for the map instead of the region's own.
    reading
        How to read `new_files`, as options of `geo.ingest.Options`: time_zone,
        columns, swap, crs, rollover.
    today
        Day of publication; months that ended less than `delay_days` before it are
        left out. By default the present day.
    redraw
        Draw the map however few tracks differ. Whoever has the map from before as well
        can then tell what those few add: for private use.
    executor
        Runs the parts; by default a thread for each processor does, up to four.

    Raises
    ------
    TrochaError
        If the region, its layers or the store cannot be used, or the output cannot
        be written.
    """

    def released() -> "Release":
        from geo.pipeline import make_release

        return make_release(config, today=today, executor=executor)

    built = None
    if not new_files:
        built = find_standing(config, output=output, today=today, released=released)
    if built is None:
        # Heavy, and not needed when there is nothing to do.
        from geo.pipeline import build as draw

        built = draw(
            config,
            new_files=new_files,
            output=output,
            reading=reading,
            today=today,
            redraw=redraw,
            executor=executor,
        )
    return built
