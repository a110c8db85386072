"""The cells of a workbook as lines of JSON: a program of its own, run by read.excel.

Two cells can stretch a sheet over a million rows and sixteen thousand columns. The
library then asks for half a terabyte and aborts the process; so it has one to itself.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

CPU_SECONDS = 300


def messages_of(path: Path) -> Iterator[Any]:
    """Yield what a workbook holds, as JSON can say it.

    Parameters
    ----------
    path
        xls, xlsx, xlsb or ods.

    Yields
    ------
    dict or list
        ``{"sheet": name}`` before the rows of each visible sheet; a list of cells
        for each row; ``{"error": word}`` if it cannot be read; last ``{"end": true}``.
        A date is ``{"d": "2023-05-01"}``, with a time of day ``{"t": …}``, a time of
        day alone ``{"c": "12:00:00"}``. Of a formula, the value that was stored.
    """
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            for about in book.sheets_metadata:
                shown = about.visible == calamine.SheetVisibleEnum.Visible
                if not shown or about.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                yield {"sheet": about.name}
                sheet = book.get_sheet_by_name(about.name)
                # Before version 0.9, asking for the rows of an empty sheet panics.
                for row in sheet.iter_rows() if sheet.start else ():
                    yield _trimmed([cell_of(value) for value in row])
    except calamine.PasswordError:
        yield {"error": "password"}
    except (calamine.CalamineError, OSError, ValueError, OverflowError):
        yield {"error": "damaged"}
    yield {"end": True}


def cell_of(value: object) -> Any:
    """Return a cell as JSON can say it; None for an empty one.

    Examples
    --------
    >>> cell_of(date(2023, 5, 1)), cell_of(time(7, 30)), cell_of(8.5), cell_of("")
    ({'d': '2023-05-01'}, {'c': '07:30:00'}, 8.5, None)
    >>> cell_of(timedelta(hours=7, minutes=30))
    {'c': '07:30:00'}
    """
    if value == "":
        return None
    if isinstance(value, datetime):
        return {"t": value.isoformat(timespec="milliseconds")}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, timedelta):
        seconds = value // timedelta(seconds=1)
        hours, minutes = divmod(seconds // 60, 60)
        return {"c": f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}"}
    if isinstance(value, time):
        return {"c": value.isoformat(timespec="seconds")}
    return value


def _trimmed(row: list[Any]) -> list[Any]:
    """Leave out the empty cells at the end."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _limit(memory_bytes: int) -> None:
    """Take no more memory and time than this, where the system can see to it."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def main(path: str, memory_bytes: str) -> None:
    """Write the messages to standard output."""
    _limit(int(memory_bytes))
    for message in messages_of(Path(path)):
        sys.stdout.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
