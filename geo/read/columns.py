"""Which column plays which role, by its name or its hashtag."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from geo.errors import SchemaError
from geo.read.words import PATROLS, SYNONYMS, WAYPOINT_CLOCKS, WAYPOINT_DAYS

ROLES = ("track", "time", "lon", "lat", "elevation", "accuracy")
"""What a user may name with `columns`."""

# Tags of the Humanitarian Exchange Language -> role; attributes in any order.
_TAGS = (
    ("lat", "#geo", "lat"),
    ("lon", "#geo", "lon"),
    ("elevation", "#geo", "elevation"),
    ("elevation", "#geo", "alt"),
    ("accuracy", "#geo", "precision"),
    ("accuracy", "#geo", "accuracy"),
    ("geopoint", "#geo", "coord"),
    ("geopoint", "#geo", "point"),
    ("time", "#date", ""),
    ("track", "#meta", "track"),
    ("track", "#meta", "device"),
    ("remark", "#description", ""),
)

# Roles whose names also count at the end of a longer one (_loc_latitude).
_ENDINGS = ("lat", "lon", "elevation", "accuracy", "hdop", "time", "track")
_TOO_SHORT = 3
_MOST_NAME = 300
"""Longest part of a name that is looked at: what a column is, stands at its end."""

_DATA = re.compile(r"[+-]?\d+[.,]\d{2,}|\d{4,}")
_PLAIN_ENDINGS = {"track", "time"}


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column plays which role.

    Parameters
    ----------
    index
        Position of the column by role; a role that nobody plays is missing.
    names
        The columns, as the file calls them.
    guesses
        Roles that were guessed.
    """

    index: Mapping[str, int]
    names: Sequence[str]
    guesses: frozenset[str] = field(default_factory=frozenset)

    def name(self, role: str) -> str:
        """Return the file's name for the column in a role, "" if there is none."""
        at = self.index.get(role, -1)
        return shown(self.names[at]) if at >= 0 else ""


@lru_cache(maxsize=256)
def plain(name: str) -> str:
    """Return a column name without accents, case, units, groups or punctuation.

    Examples
    --------
    >>> plain("Ubicación/Latitud (°)"), plain(" _loc_latitude"), plain("location-long")
    ('latitud', 'loc_latitude', 'location_long')
    """
    name = re.sub(r"[(\[].*?[)\]]", "", name.strip()[-_MOST_NAME:])
    name = name.rstrip("/").rsplit("/", 1)[-1]
    spread = unicodedata.normalize("NFKD", name)
    ascii_ = "".join(c for c in spread if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_).strip("_")


def shown(name: str) -> str:
    r"""Return a column name fit for a message: printable and short.

    Where a line end is lost, what stands for a name may be somebody's data: numbers
    that could be a position or a number of a device are left out.

    Examples
    --------
    >>> shown("a" * 60 + "b"), shown("lat\x1b[31m")
    ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…', 'lat?[31m')
    >>> shown("POINT (-77.53 8.27)"), shown("PM2.5 (24 h)"), shown("E-04177")
    ('POINT (… …)', 'PM2.5 (24 h)', 'E-…')
    """
    clean = name.strip()[:_MOST_NAME]
    clean = "".join(c if c.isprintable() else "?" for c in clean)
    clean = _DATA.sub("…", clean)
    return clean if len(clean) <= 40 else clean[:39] + "…"


def find_roles(
    names: Sequence[str], *, columns: Mapping[str, str], tags: Sequence[str] = ()
) -> Roles:
    """Find the column of each role.

    Parameters
    ----------
    names
        Columns as the file calls them.
    columns
        What the user named: role of ROLES -> column.
    tags
        HXL hashtags of the columns; they say more than the names.

    Raises
    ------
    SchemaError
        If `columns` has an unknown role or names a column that is not there.

    Examples
    --------
    >>> find_roles(["ID", "Latitud", "Longitud"], columns={}).index
    {'lat': 1, 'lon': 2, 'track': 0}
    """
    keys = tuple(plain(name) for name in names)
    named = {role: _named(role, name, names) for role, name in columns.items()}
    tagged = _tagged(tags, taken=set(named.values()))
    named = {**tagged, **named}
    taken = set(named.values())
    found: dict[str, int] = {}
    guesses: set[str] = set()
    _find_position(keys, found, named)
    taken |= set(found.values())
    for role in ("hdop", "elevation", "accuracy", "valid", "remark", "wkt", "geopoint"):
        _find_one(role, keys, (found, guesses, taken), named)
    _find_times(keys, (found, guesses, taken), named)
    _find_one("track", keys, (found, guesses, taken), named)
    _find_one("incident", keys, (found, guesses, taken), named)
    return Roles(found | named, names, frozenset(guesses - set(named)))


def are_hashtags(record: Sequence[str]) -> bool:
    """Return whether a record is the row of HXL tags under a header.

    Examples
    --------
    >>> are_hashtags(["#date", "#geo+lat", ""]), are_hashtags(["#1", "8.5", "-77"])
    (True, False)
    """
    filled = [field.strip() for field in record if field.strip()]
    tags = [field for field in filled if field.startswith("#")]
    return bool(tags) and 2 * len(tags) >= len(filled)


def _tagged(tags: Sequence[str], *, taken: set[int]) -> dict[str, int]:
    """Return the first column that hashtags give to each role."""
    found: dict[str, int] = {}
    for at, text in enumerate(tags):
        tag, *attributes = re.sub(r"\s", "", text.lower()).split("+")
        for role, wanted, attribute in _TAGS:
            fits = tag == wanted and (not attribute or attribute in attributes)
            if fits and at not in taken and role not in found:
                found[role] = at
                taken.add(at)
                break
    return found


def is_patrol(names: Sequence[str]) -> bool:
    """Return whether the columns are those of a query of SMART, in some language.

    Examples
    --------
    >>> is_patrol(["ID de patrulla", "Fecha del waypoint", "Hora del waypoint", "X"])
    True
    >>> is_patrol(["Patrol ID", "Date", "X"])
    False
    """
    keys = {plain(name) for name in names}
    wanted = (PATROLS, WAYPOINT_DAYS, WAYPOINT_CLOCKS)
    return all(keys & set(words.split()) for words in wanted)


def _named(role: str, name: str, names: Sequence[str]) -> int:
    if role not in ROLES:
        raise SchemaError(
            f"{role!r} is not a role of a column; expected one of {', '.join(ROLES)}."
        )
    for same in (lambda a: a, lambda a: a.strip(), plain):
        for at, candidate in enumerate(names):
            if same(candidate) == same(name):
                return at
    raise SchemaError(
        f"There is no column {shown(name)!r}; the columns are: {listed(names)}.",
        hint=f"Correct --columns {role}=…",
    )


def listed(names: Sequence[str]) -> str:
    """Return the names of columns for a message, at most twenty of them."""
    some = ", ".join(shown(name) or '""' for name in names[:20])
    return f"{some} and {len(names) - 20} more" if len(names) > 20 else some


@lru_cache(maxsize=256)  # files of one folder mostly have the same columns
def _candidates(role: str, keys: tuple[str, ...]) -> tuple[tuple[int, bool], ...]:
    """Return the columns that could play a role, best first, and if it is a guess."""
    words = SYNONYMS[role].split()
    sure = [word for word in words if not word.endswith("?")]
    unsure = [word.rstrip("?") for word in words if word.endswith("?")]
    exact = [(at, False) for word in sure for at in _places(word, keys)]
    loose = [(at, True) for word in unsure for at in _places(word, keys)]
    longer = [(at, k) for at, k in enumerate(keys) if "_" in k and k not in unsure]
    ends = [
        (at, role in _PLAIN_ENDINGS or word in unsure)
        for word in (sure + unsure if longer and role in _ENDINGS else ())
        for at, key in longer
        if len(word) >= _TOO_SHORT and key.endswith("_" + word)
    ]
    return _first(exact + ends + loose)


def _places(word: str, keys: tuple[str, ...]) -> list[int]:
    return [at for at, key in enumerate(keys) if key == word] if word in keys else []


def _first(found: list[tuple[int, bool]]) -> tuple[tuple[int, bool], ...]:
    """Keep the first mention of each column."""
    seen: dict[int, bool] = {}
    for at, guess in found:
        seen.setdefault(at, guess)
    return tuple(seen.items())


Books = tuple[dict[str, int], set[str], set[int]]


def _find_one(
    role: str, keys: tuple[str, ...], books: Books, named: Mapping[str, int]
) -> None:
    """Give a role to the best column that has none yet."""
    found, guesses, taken = books
    if role in named:
        return
    for at, guess in _candidates(role, keys):
        if at not in taken:
            found[role] = at
            taken.add(at)
            if guess:
                guesses.add(role)
            return


def _find_position(
    keys: tuple[str, ...], found: dict[str, int], named: Mapping[str, int]
) -> None:
    """Find latitude and longitude, or else northing and easting, as a pair."""
    if "lat" in named and "lon" in named:
        return
    lats = [at for at, _ in _candidates("lat", keys)]
    lons = [at for at, _ in _candidates("lon", keys)]
    if "lat" not in named and lats:
        found["lat"] = lats[0]
    if "lon" not in named and lons:
        # Of several points in one row, keep to the one whose latitude was taken.
        stem = keys[found["lat"]].rsplit("_", 1)[0] if "lat" in found else ""
        kin = [at for at in lons if keys[at].rsplit("_", 1)[0] == stem]
        found["lon"] = (kin or lons)[0]
    norths = [at for at, _ in _candidates("north", keys)]
    easts = [at for at, _ in _candidates("east", keys)]
    if norths and easts and not named.keys() & {"lat", "lon"}:
        found["north"], found["east"] = norths[0], easts[0]


def _find_times(keys: tuple[str, ...], books: Books, named: Mapping[str, int]) -> None:
    """Find the time: one column, or a day and a clock."""
    if "time" in named:
        return
    found, guesses, taken = books
    _find_one("time", keys, books, named)
    at = found.get("time", -1)
    parts = {*SYNONYMS["day"].split(), *SYNONYMS["clock"].split()}
    if at < 0 or keys[at] not in parts:
        return
    days = [d for d, _ in _candidates("day", keys) if d not in taken or d == at]
    clocks = [c for c, _ in _candidates("clock", keys) if c not in taken or c == at]
    pairs = [(d, c) for d in days for c in clocks if d != c]
    if pairs:
        found["day"], found["clock"] = pairs[0]
        taken |= set(pairs[0])
        guesses.discard("time")
