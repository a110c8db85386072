"""Questions in SQL to everything that a store holds, for whoever keeps it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from geo.config import Config
from geo.errors import ConfigError, InputError
from geo.store import Store, open_store
from geo.store.parts import COLUMNS

if TYPE_CHECKING:
    import duckdb

TABLES = ("fixes", "points", "rejects", "sources")
"""What a question can ask of."""

_FIXES = """
CREATE VIEW fixes AS SELECT track, time, lon_e7 / 1e7 AS lon, lat_e7 / 1e7 AS lat,
accuracy_m, elevation_m, CAST(source AS VARCHAR) AS source, line FROM parts
"""


def query_store(config: Config, sql: str) -> pd.DataFrame:
    """Answer a question in SQL (DuckDB's) about all that a region's store holds.

    Parameters
    ----------
    config
        The region.
    sql
        One statement. Its tables: `fixes` (track, time, lon, lat, accuracy_m,
        elevation_m, source, line), before cleaning; `points` (point, month, lon, lat);
        `rejects` (file, line, column, reason), from reading; `sources` (sha256, name,
        origin, holds, read, kept). It can read nothing else, and write nothing.

    Returns
    -------
    DataFrame
        The answer. It has not passed the gate: keep it to yourself.

    Raises
    ------
    ConfigError
        If DuckDB is not installed.
    InputError
        If the statement is wrong, or asks for more than there is.

    Notes
    -----
    Fixes are streamed from the store's Parquet; memory grows with the answer.
    """
    try:
        import duckdb
    except ImportError as error:
        raise ConfigError(
            "Questions in SQL need DuckDB, which is not installed.",
            hint="Install it with: pip install 'trocha[sql]'",
        ) from error
    with open_store(config.files.store) as store, duckdb.connect() as connection:
        _lay_out(connection, store, config.files.store)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            answer = connection.sql(sql)
            frame: pd.DataFrame = (
                answer.to_arrow_table().to_pandas() if answer else pd.DataFrame()
            )
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(
                f"That question cannot be answered: {first}",
                hint=f"The tables are {', '.join(TABLES)}.",
            ) from error
    return frame


def _lay_out(
    connection: "duckdb.DuckDBPyConnection", store: Store, folder: Path
) -> None:
    """Make the tables of a store known to a connection."""
    files = [str(folder / store.part(month).file) for month in store.months]
    connection.register("parts", ds.dataset(files) if files else _no_parts())
    connection.execute(_FIXES)
    connection.register("points", store.points())
    sources = sorted(store.sources.values(), key=lambda one: one.digest)
    rejects = [store.rejects(one.digest).assign(file=one.name) for one in sources]
    connection.register("rejects", pd.concat([store.rejects(""), *rejects]))
    told: list[dict[str, Any]] = [
        {"sha256": one.digest}
        | {n: getattr(one, n) for n in ("name", "origin", "holds", "read", "kept")}
        for one in sources
    ]
    columns = ["sha256", "name", "origin", "holds", "read", "kept"]
    connection.register("sources", pd.DataFrame(told, columns=columns))


def _no_parts() -> pa.Table:
    """Return the columns of a part without rows."""
    return pa.table({name: pa.array([], kind) for name, kind in COLUMNS.items()})
