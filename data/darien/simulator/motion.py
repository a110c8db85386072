"""How people move: where a journey goes, and where it is at any time, without noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.routes import Leg, Stop

STEP_M = {"walk": 120.0, "river": 150.0, "sea": 600.0, "road": 250.0}
MEMORY_M = {"walk": 1500.0, "river": 800.0, "sea": 8000.0, "road": 600.0}
"""Along the way, how far a track's distance from the centre line is remembered."""
TAPER_M = {"walk": 500.0, "river": 500.0, "sea": 5000.0, "road": 500.0}
"""How far from a gathering place the tracks begin to close up."""
BOAT_KMH = {"river": (12.0, 28.0), "sea": (16.0, 30.0), "road": (18.0, 32.0)}
SHORE_M = 80.0
"""Standard deviation of where one rests within a gathering place."""

DAWN_S = 10.5 * 3600
"""05:30 in Panama, in seconds of the UTC day; dusk is 18:00."""
DUSK_S = 23.0 * 3600
DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Journey:
    """A noise-free path and its timetable.

    Parameters
    ----------
    x, y, height
        Vertices of the path, in metres.
    moved_s
        Seconds of pure movement from the start to each vertex.
    mode
        Manner of the segment that ends at each vertex.
    clock_s, clock_moved_s
        The timetable: UTC seconds and the seconds moved by then.
    places
        The stops on the way, and "border" or "sea border" where it leads over one,
        each with the seconds moved by then.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    height: NDArray[np.float64]
    moved_s: NDArray[np.float64]
    mode: NDArray[np.str_]
    clock_s: NDArray[np.float64]
    clock_moved_s: NDArray[np.float64]
    places: tuple[tuple[str, float], ...]

    def at(
        self, time_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return x, y and height at UTC seconds."""
        moved = np.interp(time_s, self.clock_s, self.clock_moved_s)
        return (
            np.interp(moved, self.moved_s, self.x),
            np.interp(moved, self.moved_s, self.y),
            np.interp(moved, self.moved_s, self.height),
        )

    def mode_at(self, time_s: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return the manner of movement at UTC seconds."""
        moved = np.interp(time_s, self.clock_s, self.clock_moved_s)
        vertex = np.searchsorted(self.moved_s, moved).clip(1, len(self.mode) - 1)
        return self.mode[vertex]


def walking_kmh(slope: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Tobler's (1993) walking speed off path at a slope (rise over run).

    Examples
    --------
    >>> walking_kmh(np.array([-0.05, 0.0, 0.3])).round(2).tolist()
    [3.6, 3.02, 1.06]
    """
    speed: NDArray[np.float64] = 0.6 * 6.0 * np.exp(-3.5 * np.abs(slope + 0.05))
    return speed


def wander(
    step_m: float, count: int, *, memory_m: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw a stationary AR(1) series with unit variance.

    Examples
    --------
    >>> series = wander(100, 20_000, memory_m=1000, rng=np.random.default_rng(1))
    >>> bool(abs(series.std() - 1) < 0.1)
    True
    >>> bool(abs(np.corrcoef(series[:-10], series[10:])[0, 1] - np.exp(-1)) < 0.1)
    True
    """
    keep = np.exp(-step_m / memory_m)
    series = rng.normal(size=count)
    series[1:] *= np.sqrt(1 - keep**2)
    for i in range(1, count):
        series[i] += keep * series[i - 1]
    return series


def plan_journey(
    legs: Sequence[Leg],
    *,
    stops: Mapping[str, Stop],
    backwards: bool,
    wet: bool,
    start_s: float,
    rng: np.random.Generator,
) -> Journey:
    """Lay a path along the legs and make its timetable.

    Parameters
    ----------
    legs
        In the order of travel.
    stops
        All gathering places.
    backwards
        Whether each leg is travelled from its end to its start.
    wet
        Walking is slower in the wet months.
    start_s
        When the person is first at the start, in UTC seconds.
    rng
        The only source of chance.
    """
    fitness = rng.lognormal(0.0, 0.18) * (0.9 if wet else 1.0)
    roam = rng.lognormal(0.0, 0.25)
    spots = {name: rng.normal(0.0, SHORE_M, 2) for name in stops}
    pieces, halts, moved = [], [], 0.0
    for leg in legs:
        piece, at, border = _lay_leg(
            leg, stops=stops, spots=spots, backwards=backwards, roam=roam, rng=rng
        )
        seconds = _segment_seconds(
            piece, leg, backwards=backwards, fitness=fitness, rng=rng
        )
        elapsed = np.concatenate([[0.0], np.cumsum(seconds)])
        halts += [
            (moved + elapsed[vertex], name, leg, elapsed[-1]) for vertex, name in at
        ]
        if border >= 0:
            line = "sea border" if leg.mode == "sea" else "border"
            halts.append((moved + elapsed[border], line, leg, elapsed[-1]))
        pieces.append((*piece, moved + elapsed, np.full(len(elapsed), leg.mode)))
        moved += elapsed[-1]
    halts.append((moved, legs[-1].start if backwards else legs[-1].end, None, 0.0))
    clock = _timetable(halts, stops=stops, start_s=start_s, rng=rng)
    joined = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
    x, y, height, moved_s, mode = joined
    return Journey(
        x=x,
        y=y,
        height=height,
        moved_s=moved_s,
        mode=mode,
        clock_s=clock[0],
        clock_moved_s=clock[1],
        places=tuple((name, at) for at, name, _, _ in halts),
    )


def _lay_leg(
    leg: Leg,
    *,
    stops: Mapping[str, Stop],
    spots: Mapping[str, NDArray[np.float64]],
    backwards: bool,
    roam: float,
    rng: np.random.Generator,
) -> tuple[tuple[NDArray[np.float64], ...], list[tuple[int, str]], int]:
    """Return one track's own line along a leg, its halts, and its border vertex."""
    count = max(3, round(leg.along[-1] / STEP_M[leg.mode]) + 1)
    along = np.linspace(0.0, leg.along[-1], count)
    x, y, height = (np.interp(along, leg.along, v) for v in (leg.x, leg.y, leg.height))
    east, north = np.gradient(x), np.gradient(y)
    length = np.hypot(east, north)
    aside = leg.spread_m * roam
    aside = aside * wander(along[1], count, memory_m=MEMORY_M[leg.mode], rng=rng)
    halts, shift_x, shift_y = [], np.zeros(count), np.zeros(count)
    for name, stop in stops.items():
        if leg.id not in stop.legs:
            continue
        vertex = int(np.argmin(np.hypot(x - stop.x, y - stop.y)))
        apart = np.abs(along - along[vertex])
        aside = aside * np.minimum(1.0, apart / TAPER_M[leg.mode])
        pull = np.maximum(0.0, 1.0 - apart / 400.0)
        shift_x += pull * (spots[name][0] + stop.x - x[vertex])
        shift_y += pull * (spots[name][1] + stop.y - y[vertex])
        halts.append((vertex, name))
    line = (
        x - aside * north / length + shift_x,
        y + aside * east / length + shift_y,
        height,
    )
    border = -1
    if np.isfinite(leg.border_at_m):
        border = int(np.searchsorted(along, leg.border_at_m))
    if backwards:
        line = tuple(values[::-1] for values in line)
        halts = [(count - 1 - vertex, name) for vertex, name in halts]
        border = count - 1 - border if border >= 0 else -1
    # The end of a leg is the start of the next one: only one of them is a halt.
    halts = [(vertex, name) for vertex, name in halts if vertex < count - 1]
    return line, halts, border


def _segment_seconds(
    line: tuple[NDArray[np.float64], ...],
    leg: Leg,
    *,
    backwards: bool,
    fitness: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return how long each segment of a track's line takes."""
    x, y, height = line
    metres = np.maximum(np.hypot(np.diff(x), np.diff(y)), 0.01)
    if leg.mode == "walk":
        slowness = rng.gamma(4.0, 0.25, len(metres)) * 0.8 + 0.2
        speed = walking_kmh(np.diff(height) / metres) * leg.pace * fitness
        speed = np.clip(speed / slowness, 0.5, 4.5)
    else:
        low, high = BOAT_KMH[leg.mode]
        usual = {"river": 15.0 if backwards else 22.0, "sea": 24.0, "road": 25.0}
        pace = usual[leg.mode] * rng.lognormal(0.0, 0.1)
        speed = np.clip(pace * rng.lognormal(0.0, 0.08, len(metres)), low, high)
    seconds: NDArray[np.float64] = metres / (speed / 3.6)
    return seconds


def next_dawn(time_s: float) -> float:
    """Return the next 05:30 of Panama after a UTC time, in seconds.

    Examples
    --------
    >>> next_dawn(0.0) == DAWN_S, next_dawn(DAWN_S) == DAWN_S + DAY_S
    (True, True)
    """
    today = time_s - time_s % DAY_S + DAWN_S
    return today if today > time_s else today + DAY_S


def next_dusk(time_s: float) -> float:
    """Return the dusk that ends the day in which a UTC time lies, or that has passed.

    Examples
    --------
    >>> next_dusk(DAWN_S) == DUSK_S
    True
    >>> next_dusk(DAY_S + 3600.0) == DUSK_S  # 20:00 in Panama: dusk was at 18:00
    True
    """
    day = (time_s - DAWN_S) // DAY_S
    return day * DAY_S + DUSK_S


def _timetable(
    halts: list[tuple[float, str, Leg | None, float]],
    *,
    stops: Mapping[str, Stop],
    start_s: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Walk the clock from halt to halt: rests, nights, and boats that must arrive."""
    clock, moved = [start_s], [0.0]

    def stay(until_s: float) -> None:
        clock.append(until_s)
        moved.append(moved[-1])

    def sleep() -> None:
        stay(next_dawn(clock[-1]) + rng.uniform(0.0, 75 * 60.0))

    for at, name, leg, leg_s in sorted(halts, key=lambda halt: halt[0]):
        while at > moved[-1]:
            day_left = next_dusk(clock[-1]) - clock[-1]
            if day_left <= 0:
                sleep()
                continue
            ahead = min(at - moved[-1], day_left)
            clock.append(clock[-1] + ahead)
            moved.append(at if ahead == at - moved[-1] else moved[-1] + ahead)
        if name not in stops:
            continue
        stop = stops[name]
        if rng.random() < stop.share:
            stay(clock[-1] + 3600.0 * rng.uniform(*stop.hours))
            late = next_dusk(clock[-1]) - clock[-1] < 2.5 * 3600
            if late and rng.random() < 0.85:
                sleep()
        by_boat = leg is not None and leg.mode != "walk"
        if by_boat and next_dusk(clock[-1]) - clock[-1] < 1.15 * leg_s:
            sleep()
    return np.array(clock), np.array(moved)
