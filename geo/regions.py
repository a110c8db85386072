"""Make the folder of a new region."""

import json
from importlib.resources import files
from pathlib import Path

from geo.errors import ConfigError, OutputError, printable


def make_region(
    folder: Path, *, name: str, bounds: tuple[float, float, float, float]
) -> Path:
    """Write a region file and empty folders for its fixes, points and layers.

    Parameters
    ----------
    folder
        Folder of the region; it may exist, but not hold a region file.
    name
        Title of the region.
    bounds
        West, south, east, north, in degrees.

    Returns
    -------
    Path
        The region file. Its CRS is an equal-area one, centred on the bounds.

    Raises
    ------
    ConfigError
        If there is a region file already, or the bounds are not bounds.
    OutputError
        If the folder cannot be written to.
    """
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ConfigError(
            f"The bounds are {list(bounds)}; expected west < east and south < north.",
            hint="Give them as --bounds WEST SOUTH EAST NORTH, in degrees.",
        )
    path = folder / "region.toml"
    crs = (
        f"+proj=laea +lat_0={(south + north) / 2:.12g} +lon_0={(west + east) / 2:.12g} "
        "+datum=WGS84 +units=m +no_defs"
    )
    template = (files("geo") / "assets" / "region.toml").read_text(encoding="utf-8")
    # JSON quotes text as TOML does, but for one character. The name goes in last, for
    # it may hold anything.
    quoted = json.dumps(printable(name), ensure_ascii=False).replace("\x7f", "\\u007f")
    text = (
        template.replace("@CRS@", crs)
        .replace("@BOUNDS@", ", ".join(f"{edge:.12g}" for edge in bounds))
        .replace("@NAME@", quoted)
    )
    try:
        for part in ("fixes", "points", "layers"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise ConfigError(
            f"{path} exists already.", hint="Edit it, or choose another folder."
        ) from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
    return path
