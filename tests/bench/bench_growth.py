"""Build a map from ten million fixes, then add a file of ten thousand.

    python tests/bench/bench_growth.py [--fixes 10000000] [--added 10000] [--spread 1]

The fixes are a simulated crowd over Darién and three years, in one Parquet file; the
tracks of the added file begin in its first month, or over `--spread` months. Each
build is a process of its own, with the kernels compiled. Prints one line of JSON: wall
and CPU seconds and peak memory of the build from nothing, of the build after the file
was added, and of a build with nothing new; the ratio of the first two, by either time
(a busy machine stretches the one, and hardly the other); and whether the map is, byte
for byte, that of a build from nothing with both files.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from tests.bench.bench_build import DARIEN, digest, run
from tests.bench.crowd import write_crowd


def main() -> None:
    """Time the builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=10_000_000)
    parser.add_argument("--added", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--spread", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        cache = Path(home, "kernels")
        many, few = Path(home, "many.parquet"), Path(home, "few.parquet")
        write_crowd(many, options.fixes, months=options.months)
        write_crowd(few, options.added, months=options.spread, seed=7)
        for name in ("warm", "growing", "whole"):
            region = Path(home, name)
            skipped = shutil.ignore_patterns("store", "fixes", "points")
            shutil.copytree(DARIEN, region, ignore=skipped)
            (region / "fixes").mkdir()
            files = {"warm": [few], "growing": [many], "whole": [many, few]}[name]
            for file in files:
                shutil.copy(file, region / "fixes")

        def build(name: str, command: str, *files: str) -> dict[str, float]:
            region = Path(home, name)
            arguments = [command, str(region / "region.toml"), *files]
            return run(*arguments, "--out", str(region / "map"), cache=cache)

        build("warm", "build")
        nothing = build("growing", "build")
        added = build("growing", "add", str(few))
        again = build("growing", "build")
        build("whole", "build")
        same = digest(Path(home, "growing", "map")) == digest(
            Path(home, "whole", "map")
        )
    told = {
        name: {
            "s": round(one["s"], 1),
            "cpu_s": round(one["cpu_s"], 1),
            "MiB": round(one["mib"]),
        }
        for name, one in {"nothing": nothing, "added": added, "again": again}.items()
    }
    share = {name: round(added[name] / nothing[name], 3) for name in ("s", "cpu_s")}
    print(
        json.dumps(
            {"bench": "growth", "fixes": options.fixes, "added_fixes": options.added}
            | {"added_months": options.spread}
            | told
            | {"added_to_nothing": share, "same_bytes": same}
        )
    )


if __name__ == "__main__":
    main()
