"""Whose rows they are: the device or group of a fix, and who a point records."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from geo.read.cells import as_labels, as_text
from geo.read.columns import Roles
from geo.read.found import Found

Owners = tuple[Any, tuple[str, ...]]


def tracks_of(found: Found, roles: Roles, *, named: bool) -> Owners:
    """Return the name of the device or group of each row, null where it has none.

    Parameters
    ----------
    found
        The table.
    roles
        Which column plays which role.
    named
        Whether the user named the column; a guess is given up if every row has
        another value.

    Returns
    -------
    names : Arrow text, or a dictionary of texts
    notes
        What was understood.
    """
    at = roles.index.get("track", -1)
    size = found.line.size
    if at < 0:
        return pa.nulls(size, pa.string()), ()
    names = as_labels(found.table.column(at))
    given = named or "track" not in roles.guesses
    if not given and size > 1 and _are_all_different(names):
        note = f"column {roles.name('track')!r} is different in every row: not a track"
        return pa.nulls(size, pa.string()), (note,)
    return names, ()


def _are_all_different(names: Any) -> bool:
    """Return whether no two rows have one name; nor are two of them without any."""
    size = len(names)
    if len(pc.unique(names.indices)) < size:
        return False
    return len(pc.unique(names.dictionary_decode())) == size


def recorded_of(found: Found, roles: Roles, *, named: bool) -> Owners:
    """Return who or what each point records, null where the file does not say.

    A device or a group may be whoever wrote the points down. So only the number of
    an incident, or a column that the user names, tells points apart.

    Parameters
    ----------
    found, roles, named
        As for `tracks_of`.

    Returns
    -------
    names : Arrow text
    notes
        What was understood.
    """
    role = "track" if named else "incident"
    at = roles.index.get(role, -1)
    what = (
        "read as points: each row is somebody or something seen at a place, no fix of "
        "a device; points make hotspots and crossings, and no trips"
    )
    if at < 0:
        return pa.nulls(found.line.size, pa.string()), (what,)
    once = f"rows with one {roles.name(role)!r} count once in a place and month"
    return pc.cast(as_text(found.table.column(at)), pa.string()), (what, once)
