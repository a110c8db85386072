"""What became of every row: flags for each fix, and the rows that were turned away.

What is written here holds positions. It is for whoever keeps the store, and never for
others: what may be published comes from the gate.
"""

import csv
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geo.config import Config
from geo.errors import PrivacyError
from geo.kernels.tracks import LONG_SILENCE_MS
from geo.partials import Settings, clean_and_cut
from geo.progress import watch
from geo.recipe import partial_settings
from geo.schema import REJECTS, month_label
from geo.sieve import REASONS
from geo.store import Store, open_store
from geo.write.output import replacing

log = logging.getLogger(__name__)

FLAGS: Mapping[str, int] = {
    "outside the region": 1,
    "poor accuracy": 2,
    "duplicate": 4,
    "impossible speed": 8,
    "spike": 16,
    "short trip": 256,
    "in a stop": 512,
    "after a silence": 1024,
    "no accuracy": 2048,
}
"""Bits of the flags. Those under 256 turn a fix away, and it has one of them at most;
the others tell of a fix that was kept: its trip has too few fixes to be followed, it
lies in a stop, more than an hour of silence lies before it, or the device did not say
how exact it is."""

TURNED_AWAY = 255
"""Bits that turn a fix away: those without any of them are the cleaned fixes."""

NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_README = """PRIVATE. This folder holds positions of people. Do not publish it, do not
send it, and delete it when it has served. What may be published comes from:
trocha build

fixes/   every stored fix by month, with its track (a keyed hash), the file (sha256)
         and line it comes from, its trip and stop (-1 for none), and its flags:
{flags}
         A fix whose flags share a bit with {turned} was not used.
rejects.csv   every row that was not used: its file, line, column and reason.
files.csv     names and sha256 of the files.
"""


def flag_fixes(fixes: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return stored fixes with what the cleaning found of each.

    Parameters
    ----------
    fixes
        As `geo.store.Store.load` returns them: whole tracks.
    settings
        How they are cleaned and cut.

    Returns
    -------
    DataFrame
        The same rows in the same order, with `trip` and `stop` (numbers within this
        table, -1 for none) and `flags`, a sum of values of FLAGS. None is left out.

    Examples
    --------
    >>> sorted(FLAGS.values())[:3], FLAGS["spike"] & TURNED_AWAY > 0
    ([1, 2, 4], True)
    """
    fixes = fixes.reset_index(drop=True)
    # The number of the row travels where its line in the file usually does.
    row = np.arange(len(fixes))
    cleaned, trips = clean_and_cut(fixes.assign(line=row, source=""), settings)
    clean = np.setdiff1d(row, cleaned.turned.line)
    kept = fixes.assign(line=row).take(clean)
    kept = kept.sort_values(["track", "time"], kind="stable")
    flags = np.zeros(len(fixes), np.int32)
    flags[fixes["accuracy_m"].isna().to_numpy()] |= FLAGS["no accuracy"]
    flags[_after_silences(kept)] |= FLAGS["after a silence"]
    flags[np.setdiff1d(clean, trips["line"])] |= FLAGS["short trip"]
    trip, stop = np.full((2, len(fixes)), -1)
    trip[trips["line"]], stop[trips["line"]] = trips["trip"], trips["stop"]
    flags[stop >= 0] |= FLAGS["in a stop"]
    bits = np.array([FLAGS.get(reason, 0) for reason in REASONS], np.int32)
    flags[cleaned.turned.line] = bits[cleaned.turned.why]
    return fixes.assign(trip=trip, stop=stop, flags=flags)


def write_audit(config: Config, folder: Path) -> list[Path]:
    """Write what became of every row in a region's store.

    Parameters
    ----------
    config
        The region.
    folder
        Where to; it becomes readable for its owner only.

    Returns
    -------
    list of Path
        The files written: fixes by month (Parquet, with `flags`), rejects.csv,
        files.csv and README.txt.

    Raises
    ------
    PrivacyError
        If the folder lies in the map that the region publishes.
    StoreError, OutputError
        If the store cannot be opened, or the folder not be written to.

    Notes
    -----
    One month is in memory at a time.
    """
    if folder.resolve().is_relative_to(config.files.output.resolve()):
        raise PrivacyError(
            f"{folder} lies in the folder of the map, which is published; an audit "
            "holds positions of people.",
            hint="Write it to a private folder.",
        )
    settings = partial_settings(config, until=NEVER)
    with open_store(config.files.store) as store, replacing(folder) as fresh:
        folder.chmod(0o700)
        (fresh / "fixes").mkdir()
        names = {digest: source.name for digest, source in store.sources.items()}
        with (fresh / "rejects.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(REJECTS)
            for digest in sorted(names):
                rejects = store.rejects(digest).assign(file=names[digest])
                rows.writerows(rejects.itertuples(index=False))
            for month, flagged in _flagged(store, settings):
                rejects = _turned_away(flagged, names)
                rows.writerows(rejects.itertuples(index=False))
                path = fresh / "fixes" / f"{month_label(month)}.parquet"
                table = pa.Table.from_pandas(flagged, preserve_index=False)
                pq.write_table(table, path, compression="zstd")
        files = pd.DataFrame(sorted(names.items()), columns=["sha256", "name"])
        files.to_csv(fresh / "files.csv", index=False, lineterminator="\n")
        said = "\n".join(f"{bit:>13}  {name}" for name, bit in FLAGS.items())
        text = _README.format(flags=said, turned=TURNED_AWAY)
        (fresh / "README.txt").write_text(text, encoding="utf-8")
        written = [p.relative_to(fresh) for p in sorted(fresh.rglob("*.*"))]
    log.info("audit: %d files", len(written))
    return [folder / path for path in written]


def _flagged(store: Store, settings: Settings) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield each month with its flagged fixes."""
    for month in watch(store.months, "auditing months"):
        yield month, flag_fixes(store.load(month), settings)


def _turned_away(flagged: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the fixes that were not used, as `schema.REJECTS` says."""
    reason = {bit: name for name, bit in FLAGS.items()}
    gone = flagged[(flagged["flags"] & TURNED_AWAY) > 0]
    return pd.DataFrame(
        {
            "file": gone["source"].map(names),
            "line": gone["line"],
            "column": "",
            "reason": gone["flags"].map(reason),
        }
    ).sort_values(["file", "line"])


def _after_silences(kept: pd.DataFrame) -> np.ndarray:
    """Return the rows before which their track was silent for more than an hour."""
    time = kept["time"].astype("int64").to_numpy()
    track, row = kept["track"].to_numpy(), kept["line"].to_numpy()
    silent = (track[1:] == track[:-1]) & (np.diff(time) > LONG_SILENCE_MS)
    rows: np.ndarray = row[1:][silent]
    return rows
