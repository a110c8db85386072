"""Make the base layers of the Darién from pinned, hash-checked registry packages."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from make.coast import make_land, make_rivers
from make.figures import make_crossings, make_nationalities
from make.frontiers import make_border, make_provinces
from make.relief import make_relief
from make.settlements import make_checkpoints, make_places

MAKERS: dict[str, Callable[..., None]] = {
    "land": make_land,
    "rivers": make_rivers,
    "border": make_border,
    "provinces": make_provinces,
    "places": make_places,
    "checkpoints": make_checkpoints,
    "relief": make_relief,
    "crossings": make_crossings,
    "nationalities": make_nationalities,
}


def main() -> None:
    """Make the layers that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=", ".join(MAKERS))
    parser.add_argument(
        "--cache", type=Path, help="keep packages in this folder (1 GB)"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "layers")
    asked = parser.parse_args()
    unknown = set(asked.layers) - set(MAKERS)
    if unknown:
        parser.error(f"no such layer: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as scratch:
        cache = (asked.cache or Path(scratch)).absolute()
        cache.mkdir(parents=True, exist_ok=True)
        asked.output.mkdir(parents=True, exist_ok=True)
        for name in asked.layers or MAKERS:
            print(f"making {name}")
            MAKERS[name](cache=cache, folder=asked.output)


if __name__ == "__main__":
    main()
