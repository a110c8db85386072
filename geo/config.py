"""One region file in, one immutable Config out."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from geo.errors import ConfigError
from geo.landscape import Terrain

Positive = Annotated[float, Meta(gt=0, lt=1e9)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Month = Annotated[int, Meta(ge=1, le=12)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the region file; a key it does not know is an error."""


class Region(Section, frozen=True):
    """Where we are and how we measure there."""

    name: str
    crs: str
    """Projected equal-area CRS in metres; every distance and area is measured in it."""
    bounds: tuple[float, float, float, float]
    """West, south, east, north of the study area, in degrees; fixes outside it are
    rejected."""
    cell_m: Positive = 250.0
    """Side of a cell of the corridor surfaces, in metres."""
    time_zone: str = ""
    """IANA zone of times that carry no offset; empty refuses such times."""
    since: str = ""
    """First month of the campaign, YYYY-MM: a file most of whose times lie 1024 or 2048
    weeks outside it (a GPS week counter that rolled over) is refused. Empty asks
    nothing of the times."""
    until: str = ""
    """Last month of the campaign, YYYY-MM; empty for one that goes on. Points without
    a date are taken for seen by then; without it they are not published."""

    def __post_init__(self) -> None:
        """Refuse a campaign that is none."""
        for name, month in (("since", self.since), ("until", self.until)):
            if month and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month, re.ASCII):
                raise ValueError(
                    f'{name} is "{month}"; expected a month from 2000 on, as "2023-01"'
                )
        if self.until and not "" < self.since <= self.until:
            raise ValueError(
                f'the campaign is from "{self.since}" until "{self.until}"; expected '
                "since, and until no earlier"
            )


class Files(Section, frozen=True):
    """Where the files of the region lie, relative to the region file."""

    fixes: Path = Path("fixes")
    """Folder of GPS files that every build reads."""
    points: Path = Path("points")
    """Folder of lists of people or incidents seen at places, which belong to no track;
    every build reads them as well."""
    store: Path = Path("store")
    """Private folder of everything that was read. Never publish it."""
    output: Path = Path("map")
    """Folder for the map and the GIS files."""
    validation: Path = Path("validation.json")
    """File of `trocha validate`: how well corridors predict. Each build reads it."""
    truth: Path = Path("truth")
    """Folder with the true routes of a simulated sample, if there is one."""


class Layer(Section, frozen=True):
    """One base layer."""

    path: Path
    tiles: tuple[Path, ...] = ()
    """Further files of a relief or cover, whose path may be a folder of GeoTIFFs."""
    crs: str = ""
    """CRS of a file that does not carry its own."""
    credit: str = ""
    """Attribution that the licence asks for; shown on the map."""


class Layers(Section, frozen=True):
    """The base layers; each may be left out."""

    land: Layer | None = None
    rivers: Layer | None = None
    border: Layer | None = None
    provinces: Layer | None = None
    places: Layer | None = None
    checkpoints: Layer | None = None
    relief: Layer | None = None
    cover: Layer | None = None
    waterways: Layer | None = None
    """Rivers and streams in detail, in whose place travel otherwise takes rivers."""
    crossings: Layer | None = None
    """CSV of official monthly crossings: year, month, crossings, basis."""
    nationalities: Layer | None = None
    """CSV of official crossings by nationality: year, nationality, persons."""
    effort: Layer | None = None
    """Hours of watching (column hours) at points, along patrols or over areas:
    recorded points are then tested as rates. It is never drawn."""
    trails: Layer | None = None
    """Trails and rivers along which people go, and recorded points are spread."""


class Cleaning(Section, frozen=True):
    """What is physically possible."""

    max_speed_kmh: Positive = 35.0
    """Fastest believable movement (river boats reach about 31 km/h)."""
    location_error_m: Positive = 20.0
    """Standard error per axis of a fix that brings no accuracy of its own."""
    max_accuracy_m: Positive | None = None
    """Reject fixes that claim to be worse than this; by default none."""
    smooth: bool = False
    """Move the fixes of each trip to where all of them together put it."""


class Trips(Section, frozen=True):
    """How tracks are cut into trips and stops."""

    max_gap_h: Positive = 6.0
    """Longest silence within one trip, in hours."""
    min_fixes: Annotated[int, Meta(ge=2)] = 3
    """Fewest fixes of a trip."""
    stop_radius_m: Positive = 100.0
    """A stop keeps within this distance of its anchor, in metres."""
    stop_min_minutes: Positive = 20.0
    """Shortest stay that counts as a stop, in minutes."""
    stop_strays: Annotated[int, Meta(ge=0, le=100)] = 1
    """So many fixes in a row may lie away from a stop without ending it: a receiver
    errs under trees."""


class Season(Section, frozen=True):
    """A named group of months."""

    name: str
    months: tuple[Month, ...]


class Corridors(Section, frozen=True):
    """How corridors are drawn."""

    levels: tuple[Share, ...] = (0.5, 0.75, 0.9)
    """Shares of the movement that the outlines enclose."""
    seasons: tuple[Season, ...] = ()
    """Corridors are drawn for the whole period and for each of these."""
    border_reach_km: Positive = 20.0
    """Length of the pieces in which border crossings are counted."""
    variance: Literal["track", "dynamic"] = "track"
    """How far walkers stray between fixes: one figure a track, or one that changes
    along each trip."""

    def __post_init__(self) -> None:
        """Refuse seasons that cannot be told apart."""
        names = [season.name for season in self.seasons]
        if len({"all", "", *names}) < len(names) + 2:
            raise ValueError(
                f"the seasons are called {names}; expected distinct names, none of "
                'them empty or "all"'
            )


class Hotspots(Section, frozen=True):
    """How hotspots are found."""

    cell_m: Positive = 2000.0
    """Side of a published cell; a whole multiple of [region] cell_m."""
    bandwidth_m: Positive | Literal["cvl", "likelihood", "ppl", "diggle"] = 3000.0
    """Standard deviation of the density kernel, in metres, or how it is chosen."""
    alpha: Share = 0.05
    """False discovery rate of the hotspots."""
    count: Literal["tracks", "hours"] = "tracks"
    """What makes a cell hot: how many tracks pass, or how many hours all of them
    together stay."""
    correction: Literal["bh", "by"] = "bh"
    """How it is held: after Benjamini and Hochberg, or Benjamini and Yekutieli, which
    is stricter and holds whatever cells have to do with one another."""
    chances: Literal["exact", "normal", "permutation"] = "exact"
    """How likely sums of counts are: exactly, by the normal law, or by conditional
    permutations."""


Position = tuple[
    Annotated[float, Meta(ge=-180, le=180)], Annotated[float, Meta(ge=-90, le=90)]
]


class Model(Section, frozen=True):
    """What the ground alone makes likely."""

    entries: tuple[str | Position, ...] = ()
    """Where people come in: checkpoints or places by name, or [lon, lat]."""
    exits: tuple[str | Position, ...] = ()
    """Where they go out."""
    cell_m: Positive = 1000.0
    """Side of a cell of the quickest ways and of the bands of hours; a whole multiple
    of [region] cell_m, or that itself if it is larger."""
    prior_cell_m: Positive = 2000.0
    """Side of a cell of the likely ways, which take longer to compute; as cell_m."""
    slower_pct: tuple[Annotated[int, Meta(gt=0, le=100)], ...] = (5, 10)
    """Outlines hold the ways that take so much longer than the quickest."""
    hours: tuple[Positive, ...] = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0)
    """Upper ends of the bands of hours to the nearest post, clinic or water point."""
    thoroughfares: Annotated[int, Meta(ge=0, le=500)] = 60
    """Ways are drawn between at most so many places, all to all; 0 draws none."""

    def __post_init__(self) -> None:
        """Refuse ways that lead from nowhere, or to nowhere."""
        if bool(self.entries) != bool(self.exits):
            raise ValueError("entries and exits go together; expected both, or none")


class Privacy(Section, frozen=True):
    """What may leave the building."""

    level: Literal["public", "internal"] = "public"
    """"internal" is for the tracks of one's own staff or of animals; it allows
    k below 10, and every output then says INTERNAL."""
    k: Annotated[int, Meta(ge=1)] = 10
    """Fewest distinct tracks behind any published cell, corridor or count."""
    round_to: Annotated[int, Meta(ge=1)] = 5
    """Published counts are rounded to a multiple of this."""
    delay_days: Annotated[int, Meta(ge=0)] = 30
    """A month is published when it has been over for this many days."""
    least_new_tracks: Annotated[int, Meta(ge=0)] | None = None
    """A map stays as it is until at least this many tracks are new, changed or gone,
    or this many recorded points; by default k. 0 draws it after any change."""

    def __post_init__(self) -> None:
        """Refuse a public level that does not protect."""
        for name, least in (("k", 10), ("round_to", 5)):
            if self.level == "public" and getattr(self, name) < least:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; a public map needs at least "
                    f'{least} (level = "internal" allows less)'
                )


class Config(Section, frozen=True):
    """Everything a build depends on, apart from the data."""

    region: Region
    files: Files = Files()
    layers: Layers = Layers()
    cleaning: Cleaning = Cleaning()
    trips: Trips = Trips()
    corridors: Corridors = Corridors()
    hotspots: Hotspots = Hotspots()
    terrain: Terrain = Terrain()
    model: Model = Model()
    privacy: Privacy = Privacy()


def load_config(path: Path) -> Config:
    """Read a region file; its paths come out absolute.

    Parameters
    ----------
    path
        A TOML file as `trocha init` writes it.

    Returns
    -------
    Config
        Frozen; relative paths are resolved against the folder of `path`.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not TOML, lacks a required key, holds a key
        that no section knows, or a value outside its range. The message names the
        key.
    """
    home = path.absolute().parent

    def resolve(kind: type, value: Any) -> Any:
        if kind is Path and isinstance(value, str):
            return home / value
        raise TypeError(f"expected text, got {type(value).__name__}")

    try:
        config = msgspec.toml.decode(path.read_bytes(), type=Config, dec_hook=resolve)
    except OSError as error:
        raise _unreadable(path, error) from error
    except msgspec.ValidationError as error:
        message = str(error)[:1].lower() + str(error)[1:]
        raise ConfigError(
            f"{path}: {message}.", hint="Correct that key and run again."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not text in UTF-8.", hint="Save it as UTF-8 and run again."
        ) from error
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}.",
            hint="Compare it with a file made by: trocha init FOLDER",
        ) from error
    _check_places(config, path)
    defaults = Files()
    files = {name: getattr(config.files, name) for name in Files.__struct_fields__}
    if any(value == getattr(defaults, name) for name, value in files.items()):
        files = {name: home / value for name, value in files.items()}
        config = msgspec.structs.replace(config, files=Files(**files))
    _check_folders(config.files, path)
    return config


def _unreadable(path: Path, error: OSError) -> ConfigError:
    """Return the error for a region file that is not there, or is something else."""
    if path.is_dir():
        return ConfigError(
            f"{path} is a folder; expected a region file.",
            hint=f"Name the file in it: {path / 'region.toml'}",
        )
    return ConfigError(
        f"{path} cannot be read: {error.strerror}.",
        hint="Make a new region with: trocha init FOLDER",
    )


def _check_folders(files: Files, path: Path) -> None:
    """Refuse to read as GPS files what the program writes, or one file in two ways."""
    fixes, points = files.fixes.resolve(), files.points.resolve()
    hint = "Set another folder for one of the two."
    for name in ("store", "output", "validation"):
        ours = getattr(files, name).resolve()
        for what, theirs in (("fixes", fixes), ("points", points)):
            if ours.is_relative_to(theirs):
                raise ConfigError(
                    f"{path}: [files] {name} lies in the folder of {what}, whose files "
                    "are all read.",
                    hint=hint,
                )
    if fixes.is_relative_to(points) or points.is_relative_to(fixes):
        raise ConfigError(
            f"{path}: [files] points and fixes lie in each other; a file is one or the "
            "other.",
            hint=hint,
        )
    if files.output.resolve().is_relative_to(files.store.resolve()):
        raise ConfigError(
            f"{path}: [files] output lies in the store, which is private.",
            hint=hint,
        )


def _check_places(config: Config, path: Path) -> None:
    """Refuse bounds, a CRS, cells or a time zone in which nothing can be measured."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from pyproj import CRS
    from pyproj.exceptions import CRSError as UnknownCRS

    west, south, east, north = config.region.bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ConfigError(
            f"{path}: [region] bounds are {[west, south, east, north]}; expected "
            "west < east and south < north, in degrees.",
            hint="Write them as [west, south, east, north].",
        )
    try:
        crs = CRS.from_user_input(config.region.crs)
    except UnknownCRS as error:
        raise ConfigError(
            f"{path}: [region] crs {config.region.crs!r} is not a known CRS.",
            hint="Use an EPSG code or a PROJ string, in metres.",
        ) from error
    if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise ConfigError(
            f"{path}: [region] crs {config.region.crs!r} does not measure in metres.",
            hint="Use a projected, equal-area CRS centred on the region.",
        )
    try:
        _ = ZoneInfo(config.region.time_zone) if config.region.time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"{path}: [region] time_zone {config.region.time_zone!r} is not known.",
            hint="Use a name such as America/Panama.",
        ) from error
    fine = config.region.cell_m
    for name, side in (
        ("[hotspots] cell_m", config.hotspots.cell_m),
        ("[model] cell_m", max(config.model.cell_m, fine)),
        ("[model] prior_cell_m", max(config.model.prior_cell_m, fine)),
    ):
        used = "hotspots" in name or config.model.entries
        if used and side / fine != int(side / fine):
            raise ConfigError(
                f"{path}: {name} is {side:g}; expected a whole multiple of [region] "
                f"cell_m, {fine:g}.",
                hint="Change one of the two.",
            )
