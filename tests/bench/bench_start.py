"""Time `trocha --help`: the command beside a bare Python, in the same rounds.

Run:  python tests/bench/bench_start.py
Prints one line of JSON. `ratio` is our time over that of `python -c pass`; it is
taken within each round, so a busy machine slows both sides alike.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

OURS = [sys.executable, "-m", "geo", "--help"]
PEER = [sys.executable, "-c", "pass"]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()

    seconds(OURS)  # so that no side pays for compiling to bytecode
    rounds = [(seconds(OURS), seconds(PEER)) for _ in range(options.rounds)]
    print(
        json.dumps(
            {
                "bench": "start",
                "ours_s": round(statistics.median(a for a, _ in rounds), 3),
                "peer_s": round(statistics.median(b for _, b in rounds), 3),
                "ratio": round(statistics.median(a / b for a, b in rounds), 1),
            }
        )
    )


if __name__ == "__main__":
    main()
