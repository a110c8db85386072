"""Where the steps of tracks meet lines, pass their ends, and lie beside them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import (
    DEFAULT_VARIANCE,
    LONG_SILENCE_S,
    track_variances,
)
from geo.analysis.crossings.chances import (
    NEVER,
    Bridges,
    beyond_point,
    wrong_side,
)

_RUN = 16
_BLOCK = 200_000
"""Steps looked at together; it bounds the memory and changes nothing."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class Lines(NamedTuple):
    """The reaches of lines, a row each, turned so that all of a line agree.

    Parameters
    ----------
    rows
        Rows of the table of targets, without checkpoints and wholes.
    line
        Which line each reach is part of.
    into, out
        What a crossing that counts +1 leads into, and what one that counts -1 does.
    turn
        -1 where `into` lies right of the reach as it is drawn, else 1.
    whole
        The target that is the whole line of each reach, or -1.
    """

    rows: GeoDataFrame
    line: Whole
    into: NDArray[np.object_]
    out: NDArray[np.object_]
    turn: Whole
    whole: Whole


def lines_of(targets: GeoDataFrame) -> Lines:
    """Return the reaches that are counted at, and how they belong together."""
    rows = targets[targets["kind"].isin(["border", "river"])]
    border = (rows["kind"] == "border").to_numpy()
    own = np.arange(len(rows))
    whole = rows["part_of"].to_numpy(np.int64) if "part_of" in rows else 0 * own - 1
    # Without a whole, all of the border is one line, and each river one of its own.
    belongs = np.where(whole >= 0, whole + len(rows), np.where(border, -1, own))
    left = rows["one_side"].to_numpy(object)
    right = rows["other_side"].to_numpy(object)
    flipped = left > right
    into, out = np.where(flipped, [right, left], [left, right])
    keys = pd.MultiIndex.from_arrays([belongs, into, out])
    turn = np.where(flipped, -1, 1)
    line = keys.factorize()[0].astype(np.int64)
    return Lines(rows, line, into, out, turn, whole)


def steps_of(fixes: pd.DataFrame, *, variance: float | None = None) -> pd.DataFrame:
    """Return each fix with the next one of its track, or itself at the end.

    `inside` says whether the step stays within a trip, `silent` whether it lasts over
    an hour, `ended` whether it is no step but the end of a track, `motion` how far
    walkers stray on it, and not at all within a stop: see `chances.Bridges`. Sorted by
    track, then time, whatever the order of `fixes`.
    """
    fixes = _in_order(fixes)
    track, trip = fixes["track"].to_numpy(), fixes["trip"].to_numpy()
    time = fixes["time"].astype("int64").to_numpy()
    table = {"track": track, "time": time}
    for name, column in (("x", "x_m"), ("y", "y_m"), ("error", "error_m")):
        table[name] = fixes[column].to_numpy(np.float64)
    same = np.append(track[1:] == track[:-1], np.zeros(min(len(track), 1), bool))
    same = same.astype(bool)
    to = np.arange(len(track)) + same
    table |= {f"{name}_to": table[name][to] for name in ("time", "x", "y", "error")}
    seconds = (table["time_to"] - time) / 1000
    if variance is None:
        motion = track_variances(fixes).reindex(track).fillna(DEFAULT_VARIANCE)
        table["motion"] = motion.to_numpy(np.float64) * seconds
    else:
        table["motion"] = variance * seconds
    table |= {"inside": trip == trip[to], "silent": seconds > LONG_SILENCE_S}
    table |= {"ended": ~same}
    if "stop" in fixes:
        stop = fixes["stop"].to_numpy()
        table["motion"] = np.where(
            (stop >= 0) & (stop == stop[to]), 0.0, table["motion"]
        )
    return pd.DataFrame(table)


def _in_order(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the fixes by track and time; as they are if they are already."""
    track = fixes["track"].to_numpy()
    time = fixes["time"].astype("int64").to_numpy()
    later = (track[1:] == track[:-1]) & (time[1:] > time[:-1])
    if (later | (track[1:] > track[:-1])).all():
        return fixes
    by = ["track", "time", "trip", "x_m", "y_m", "error_m"]
    return fixes.sort_values(by, ignore_index=True)


def bridges_of(steps: pd.DataFrame) -> Bridges:
    """Return steps as `chances` wants them."""
    names = ("x", "y", "x_to", "y_to", "error", "error_to", "motion")
    return Bridges(*(steps[name].to_numpy(np.float64) for name in names))


def near_boxes(
    steps: pd.DataFrame, boxes: NDArray[np.object_], *, margin: Floats | float = 0.0
) -> tuple[Whole, Whole]:
    """Return the pairs (step, box) whose bounds meet, step by step.

    `margin` is by how much the bounds of each step are wider than its ends.
    """
    tree = shapely.STRtree(boxes)
    x, y = steps[["x", "x_to"]].to_numpy(), steps[["y", "y_to"]].to_numpy()
    bounds = [x.min(axis=1), y.min(axis=1), -x.max(axis=1), -y.max(axis=1)]
    bounds = [edge - margin for edge in bounds]
    # Making boxes is what takes time: first of runs of steps, then of steps in them.
    runs = np.arange(0, len(steps), _RUN)
    if not len(runs):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    west, south, east, north = (np.minimum.reduceat(edge, runs) for edge in bounds)
    run = np.unique(tree.query(shapely.box(west, south, -east, -north))[0])
    close = (runs[run, None] + np.arange(_RUN)).ravel()
    close = close[close < len(steps)]
    pairs = [np.zeros((2, 0), np.int64)]
    for start in range(0, len(close), _BLOCK):
        part = close[start : start + _BLOCK]
        west, south, east, north = (edge[part] for edge in bounds)
        step, box = tree.query(shapely.box(west, south, -east, -north))
        pairs.append(np.stack([part[step], box]))
    found = np.concatenate(pairs, axis=1)
    return found[0], found[1]


class _Pieces(NamedTuple):
    """The straight pieces of all reaches: their ends, and the row of each."""

    tail: Floats
    head: Floats
    row: Whole


def _pieces(lines: Lines) -> _Pieces:
    parts, row = shapely.get_parts(lines.rows.geometry.to_numpy(), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part[1:] == part[:-1])
    return _Pieces(points[joined], points[joined + 1], row[part[joined]])


def find_meetings(steps: pd.DataFrame, lines: Lines) -> pd.DataFrame:
    """Return every crossing of a straight step and a reach.

    Columns `step`, `row` of the reach, `flow`: +1 when it leads into what the line
    calls `into`, else -1; and `time`, in ms. A vertex counts as on the left of a step.
    """
    tail, head, row = _pieces(lines)
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    step, piece = near_boxes(steps, shapely.box(*low.T, *high.T))
    chosen = steps.iloc[step]
    p, q = chosen[["x", "y"]].to_numpy(), chosen[["x_to", "y_to"]].to_numpy()
    a, b = tail[piece], head[piece]
    before, after = _side(a, b, p), _side(a, b, q)
    # "On the line" counts as left throughout, so a vertex is passed exactly once.
    apart = _left_of(p, q, a) != _left_of(p, q, b)
    met = apart & ((before >= 0) != (after >= 0))
    before, after, chosen = before[met], after[met], chosen[met]
    row = row[piece[met]]
    lasting = (chosen["time_to"] - chosen["time"]).to_numpy()
    crossed = np.rint(before / (before - after) * lasting).astype("int64")
    return pd.DataFrame(
        {
            "step": step[met],
            "row": row,
            "flow": np.where(after >= 0, 1.0, -1.0) * lines.turn[row],
            "time": chosen["time"].to_numpy() + crossed,
        }
    )


def find_passings(steps: pd.DataFrame, lines: Lines) -> pd.DataFrame:
    """Return how much of each step goes round an end of a reach on its far side.

    Columns as of `find_meetings`; what one reach of a line loses, the next one gains.
    A step whose straight line crosses a reach with +1 crosses it, on average, +1 and
    the sum of these more. Round a free end of a line only steps of over an hour go: one
    who rests beside it for hours would seem to do so again and again.
    """
    points, row, gain, free = _ends(lines)
    margin = NEVER * bridges_of(steps).widest_m()
    step, end = near_boxes(steps, shapely.points(points), margin=margin)
    chosen = steps.iloc[step]
    p, q = chosen[["x", "y"]].to_numpy(), chosen[["x_to", "y_to"]].to_numpy()
    close = _distance(points[end], p, q) <= margin[step]
    close &= ~chosen["ended"].to_numpy()
    close &= ~free[end] | chosen["silent"].to_numpy()
    step, end, p, q = step[close], end[close], p[close], q[close]
    chosen = chosen[close]
    bridges = bridges_of(chosen)
    chance, share = beyond_point(bridges, *points[end].T)
    # Who passes a point left of the step comes, seen along the line, from its left.
    flow = np.where(_left_of(p, q, points[end]), -chance, chance)
    lasting = (chosen["time_to"] - chosen["time"]).to_numpy()
    return pd.DataFrame(
        {
            "step": step,
            "row": row[end],
            "flow": flow * gain[end],
            "time": chosen["time"].to_numpy() + np.rint(share * lasting).astype(int),
        }
    )


def _ends(lines: Lines) -> tuple[Floats, Whole, Floats, NDArray[np.bool_]]:
    """Return both ends of each part of each reach, and which ends no other part shares.

    That is: the points, their rows, 1 where the part begins and -1 where it ends, as
    all of the line is turned, and whether the end is free.
    """
    parts, row = shapely.get_parts(lines.rows.geometry.to_numpy(), return_index=True)
    ends = np.array([(*p.coords[0][:2], *p.coords[-1][:2]) for p in parts])
    points = ends.reshape(-1, 2)
    row = np.repeat(row, 2)
    gain = np.tile([1.0, -1.0], len(parts)) * lines.turn[row]
    places = np.column_stack([lines.line[row], np.round(points, 3)])
    _, place = np.unique(places, axis=0, return_inverse=True)
    total = np.bincount(place.ravel(), weights=gain)
    return points, row, gain, total[place.ravel()] != 0


def find_doubts(steps: pd.DataFrame, lines: Lines) -> pd.DataFrame:
    """Return the fixes so near to a line that they may lie on its other side.

    Columns `fix`, `line`, `row` of the nearest reach, `flip`, the chance of that, and
    `seen`: 1 where the fix seems to lie on the side `into`, else 0.
    """
    tail, head, row = _pieces(lines)
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    here = steps.assign(x_to=steps["x"], y_to=steps["y"])
    margin = NEVER * steps["error"].to_numpy()
    fix, piece = near_boxes(here, shapely.box(*low.T, *high.T), margin=margin)
    at = steps[["x", "y"]].to_numpy()[fix]
    a, b, row = tail[piece], head[piece], row[piece]
    away, side = _distance(at, a, b), _side(a, b, at)
    length = np.hypot(*(b - a).T)
    table = pd.DataFrame(
        {
            "fix": fix,
            "line": lines.line[row],
            "row": row,
            "flip": wrong_side(away, steps["error"].to_numpy()[fix]),
            "seen": ((side >= 0) == (lines.turn[row] > 0)).astype(np.int64),
            "away": away,
            # At a corner both pieces are as near: the one that is seen from above.
            "above": -np.abs(side) / np.where(length > 0, length, 1.0),
        }
    )
    table = table[(away <= margin[fix]) & (table["flip"] > 0)]
    table = table.sort_values(["line", "fix", "away", "above", "row", "seen"])
    return table.drop_duplicates(["line", "fix"]).drop(columns=["away", "above"])


def _side(a: Floats, b: Floats, p: Floats) -> Floats:
    """Return twice the area of the triangles a b p: positive with p left of a to b."""
    along, off = b - a, p - a
    area: Floats = along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0]
    return area


def _left_of(p: Floats, q: Floats, point: Floats) -> NDArray[np.bool_]:
    """Return whether points count as left of steps from p to q.

    Looked along from the lesser end, a step and its reverse see the same.
    """
    turned = (p[:, 0] > q[:, 0]) | ((p[:, 0] == q[:, 0]) & (p[:, 1] > q[:, 1]))
    p, q = np.where(turned[:, None], q, p), np.where(turned[:, None], p, q)
    return np.asarray((_side(p, q, point) >= 0) != turned)


def _distance(point: Floats, a: Floats, b: Floats) -> Floats:
    """Return how far points lie from the straight pieces between a and b."""
    way, off = b - a, point - a
    length = (way**2).sum(axis=1)
    share = (way * off).sum(axis=1) / np.where(length > 0, length, 1.0)
    return np.asarray(np.hypot(*(off - share.clip(0.0, 1.0)[:, None] * way).T))
