"""What the benches share: time two things in turn, and say it in one line."""

import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any


def seconds(task: Callable[..., Any], *arguments: Any) -> float:
    start = time.perf_counter()
    task(*arguments)
    return time.perf_counter() - start


def peak_mib() -> int:
    """Return the most memory that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def in_turn(
    ours: Callable[..., Any],
    peer: Callable[..., Any],
    *arguments: Any,
    rounds: int,
    digits: int = 3,
) -> dict[str, float]:
    """Time both in each round; a busy machine slows both sides of a round alike.

    `ratio` is the median over rounds of the peer's time over ours: above 1 is faster.
    """
    times = [
        (seconds(ours, *arguments), seconds(peer, *arguments)) for _ in range(rounds)
    ]
    return {
        "ours_s": round(statistics.median(a for a, _ in times), digits),
        "peer_s": round(statistics.median(b for _, b in times), digits),
        "ratio": round(statistics.median(b / a for a, b in times), 2),
    }


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)
