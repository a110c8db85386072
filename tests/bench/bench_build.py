"""Build the map of Darién from nothing, then again, then after one new file.

    python tests/bench/bench_build.py [--rounds 3]

Each build is a process of its own. Prints one line of JSON: wall seconds (median) and
peak memory of each, and whether every build from nothing gave the same bytes. `cold`
compiles the kernels, as a first run does.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
DARIEN = ROOT / "data" / "darien"
WALK = """\
device,time,latitude,longitude
bench-walker,2023-08-03T12:00:00Z,8.5512,-77.4521
bench-walker,2023-08-03T12:10:00Z,8.5478,-77.4569
bench-walker,2023-08-03T12:20:00Z,8.5441,-77.4613
bench-walker,2023-08-03T12:30:00Z,8.5402,-77.4660
"""


def run(*arguments: str, cache: Path) -> dict[str, float]:
    """Run the command in a fresh process; return wall and CPU time, and peak memory."""
    code = (
        "import resource, sys; from geo.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "    print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)},
    )
    wall_s = time.perf_counter() - start
    cpu_s, peak_kib = (float(word) for word in done.stdout.split()[-2:])
    return {"s": wall_s, "cpu_s": cpu_s, "mib": peak_kib / 1024}


def digest(folder: Path) -> str:
    """Return one digest of all files of a map."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    both = (
        path.relative_to(folder).as_posix().encode() + path.read_bytes()
        for path in files
    )
    return sha256(b"".join(both)).hexdigest()


def main() -> None:
    """Time the builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    runs: dict[str, list[dict[str, float]]] = {}
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as home:
        cache = Path(home, "kernels")
        for number in range(rounds + 1):
            region = Path(home, str(number))
            shutil.copytree(DARIEN, region, ignore=shutil.ignore_patterns("store"))
            walk = region / "walk.csv"
            walk.write_text(WALK, encoding="utf-8")
            toml, out = str(region / "region.toml"), ["--out", str(region / "map")]
            first = "nothing" if number else "cold"
            runs.setdefault(first, []).append(run("build", toml, *out, cache=cache))
            seen.add(digest(region / "map"))
            if number:
                runs.setdefault("again", []).append(
                    run("build", toml, *out, cache=cache)
                )
                seen.add(digest(region / "map"))
                added = run("add", toml, str(walk), "--redraw", *out, cache=cache)
                runs.setdefault("one_file", []).append(added)
    told = {
        name: {
            "s": round(statistics.median(r["s"] for r in them), 2),
            "peak_mib": round(max(r["mib"] for r in them)),
        }
        for name, them in runs.items()
    }
    print(
        json.dumps(
            {
                "bench": "build",
                "cores": os.cpu_count(),
                **told,
                "same_bytes": len(seen) == 1,
            }
        )
    )


if __name__ == "__main__":
    main()
