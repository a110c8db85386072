"""Who crosses the border and the rivers, which way and where, and who passes a post."""

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from scipy.special import gammaincinv

from geo.analysis.crossings.targets import make_targets
from geo.schema import ALL_MONTHS

__all__ = ["NEAR_M", "count_crossings", "crossing_interval", "make_targets"]

NEAR_M = 1000.0
"""A track passes a checkpoint when it comes as close as this, in metres, or as the
checkpoint's own precision if that is coarser."""

_RUN = 16
_BLOCK = 200_000
"""Steps looked at together; it bounds the memory and changes nothing."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def count_crossings(fixes: pd.DataFrame, targets: GeoDataFrame) -> pd.DataFrame:
    """Count the distinct tracks that cross each line, each way, and pass each point.

    Every step from one fix to the next that meets a line counts +1 or -1, by the
    side it comes from. A track whose sum is positive has crossed once, one way;
    negative, once the other way; zero, not at all. So the zigzag of GPS noise along
    a line cancels, and so does a journey there and back.

    Parameters
    ----------
    fixes
        Columns `track`, `time`, `trip`, `x_m` and `y_m`, in any order of rows.
    targets
        What `geo.analysis.crossings.targets.make_targets` returns, in the CRS of the
        fixes.

    Returns
    -------
    DataFrame
        `target`, `direction`, `month`, `tracks`, sorted by the first three. A track
        counts at most once for a target, in the month of its crossing, and again
        under ALL_MONTHS. Tables of fixes that share no track add up.

    Notes
    -----
    *Border.* All its reaches are one line: the sum over all of them decides whether
    and which way a track crossed, the last crossing that way tells where and when.
    A silence, however long, is crossed in a straight line: the countries at its two
    ends are known, the place and time of the crossing then are not. Going round the
    end of the line, by sea, is not seen.

    *Rivers.* Each by itself, and only within trips: over a longer silence a straight
    line would cross rivers that the track went around.

    *Checkpoints.* Passed when a trip, followed in straight lines, comes within
    `NEAR_M` or `precision_m`; the month is that of the nearest approach.

    A fix exactly on a line counts as on its left. The time of a crossing is
    interpolated along its step. O(n log n) in the fixes, with n the steps near a
    line; only those become geometries.
    """
    steps = _steps(fixes)
    found = [_line_crossings(steps, targets), _passes(steps, targets)]
    once = pd.concat(found, ignore_index=True)
    by = ["target", "direction", "month"]
    both = pd.concat([once, once.assign(month=ALL_MONTHS)], ignore_index=True)
    counts = both.groupby(by, sort=True).size().rename("tracks").reset_index()
    return counts.astype(
        {"target": "int64", "direction": "str", "month": "int64", "tracks": "int64"}
    )


def crossing_interval(tracks: Floats | Whole) -> tuple[Floats, Floats]:
    """Return the exact 95 % interval of a Poisson mean for each count.

    How far the count itself may be from the mean of what it is one outcome of; it
    knows nothing of people without GPS.

    Parameters
    ----------
    tracks
        Counts, of any shape.

    Returns
    -------
    low, high
        Quantiles of chi-square (Garwood 1936, Fiducial limits for the Poisson
        distribution, Biometrika 28:437). NaN for NaN.

    Examples
    --------
    >>> low, high = crossing_interval(np.array([0, 10]))
    >>> low.round(4), high.round(4)
    (array([0.    , 4.7954]), array([ 3.6889, 18.3904]))
    """
    count = np.asarray(tracks, dtype=np.float64)
    some = np.where(count > 0, count, 1.0)
    low = np.where(count > 0, gammaincinv(some, 0.025), count)
    return low, np.asarray(gammaincinv(count + 1, 0.975))


def _steps(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return each fix with the next one of its track, or itself at the end.

    `inside` says whether the step stays within a trip.
    """
    table = pd.DataFrame(
        {
            "track": fixes["track"].to_numpy(),
            "time": fixes["time"].astype("int64").to_numpy(),
            "trip": fixes["trip"].to_numpy(),
            "x": fixes["x_m"].to_numpy(),
            "y": fixes["y_m"].to_numpy(),
        }
    )
    track, time = table["track"].to_numpy(), table["time"].to_numpy()
    later = (track[1:] == track[:-1]) & (time[1:] > time[:-1])
    if not (later | (track[1:] > track[:-1])).all():
        order = np.lexsort([table[c] for c in ("y", "x", "trip", "time", "track")])
        table = table.iloc[order].reset_index(drop=True)
    track, trip = table["track"].to_numpy(), table["trip"].to_numpy()
    same = np.append(track[1:] == track[:-1], np.zeros(min(len(track), 1), bool))
    to = np.arange(len(track)) + same
    for name in ("time", "x", "y"):
        table[f"{name}_to"] = table[name].to_numpy()[to]
    return table.assign(inside=trip == trip[to])


def _near(steps: pd.DataFrame, boxes: NDArray[np.object_]) -> tuple[Whole, Whole]:
    """Return the pairs (step, box) whose bounds meet, step by step."""
    tree = shapely.STRtree(boxes)
    x, y = steps[["x", "x_to"]].to_numpy(), steps[["y", "y_to"]].to_numpy()
    bounds = [x.min(axis=1), y.min(axis=1), -x.max(axis=1), -y.max(axis=1)]
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


def _line_crossings(steps: pd.DataFrame, targets: GeoDataFrame) -> pd.DataFrame:
    """Return `target`, `direction`, `month` of the crossing of each track that made it.

    One row a track and line, the border being one line.
    """
    lines = targets[targets["kind"] != "checkpoint"]
    met = _meetings(steps, lines)
    row = met.pop("row").to_numpy()
    border = (lines["kind"] == "border").to_numpy()[row]
    left = lines["one_side"].to_numpy(object)[row]
    right = lines["other_side"].to_numpy(object)[row]
    # Reaches need not be drawn the same way round: count into the side named first.
    flipped = left > right
    first, second = np.where(flipped, [right, left], [left, right])
    met = met.assign(
        target=lines["target"].to_numpy()[row],
        into=first,
        out=second,
        line=np.where(border, -1, row),
        sign=np.where(flipped, -met["sign"], met["sign"]),
        verb=np.where(border, "into ", "to the "),
    )
    met = met[border | met["inside"]]
    by = ["track", "line", "into", "out"]
    net = np.sign(met.groupby(by)["sign"].transform("sum"))
    met = met[(met["sign"] == net) & (net != 0)]
    last = met.sort_values([*by, "time", "step", "share", "target"])
    last = last.drop_duplicates(by, keep="last")
    side = np.where(last["sign"] > 0, last["into"], last["out"])
    return pd.DataFrame(
        {
            "target": last["target"].astype("int64"),
            "direction": last["verb"] + pd.Series(side, last.index, dtype="str"),
            "month": _month(last["time"]),
        }
    )


def _meetings(steps: pd.DataFrame, lines: GeoDataFrame) -> pd.DataFrame:
    """Return every crossing of a step and a line, +1 when it comes out on the left.

    Columns `track`, `step`, `inside`, `row` of the line, `sign`, `share` of the step
    that lies before the crossing, and `time` there in ms.
    """
    parts, row = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part[1:] == part[:-1])
    tail, head = points[joined], points[joined + 1]
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    step, piece = _near(steps, shapely.box(*low.T, *high.T))
    chosen = steps.iloc[step]
    p, q = chosen[["x", "y"]].to_numpy(), chosen[["x_to", "y_to"]].to_numpy()
    a, b = tail[piece], head[piece]
    before, after = _side(a, b, p), _side(a, b, q)
    # Looked along from the lesser end, a step and its reverse see the same.
    turned = (p[:, 0] > q[:, 0]) | ((p[:, 0] == q[:, 0]) & (p[:, 1] > q[:, 1]))
    p, q = np.where(turned[:, None], q, p), np.where(turned[:, None], p, q)
    # "On the line" counts as left throughout, so a vertex is passed exactly once.
    apart = (_side(p, q, a) >= 0) != (_side(p, q, b) >= 0)
    met = apart & ((before >= 0) != (after >= 0))
    before, after = before[met], after[met]
    share = before / (before - after)
    chosen = chosen[met]
    lasting = (chosen["time_to"] - chosen["time"]).to_numpy()
    return pd.DataFrame(
        {
            "track": chosen["track"].to_numpy(),
            "step": step[met],
            "inside": chosen["inside"].to_numpy(),
            "row": row[part[joined]][piece[met]],
            "sign": np.where(after >= 0, 1, -1),
            "share": share,
            "time": chosen["time"].to_numpy()
            + np.rint(share * lasting).astype("int64"),
        }
    )


def _passes(steps: pd.DataFrame, targets: GeoDataFrame) -> pd.DataFrame:
    """Return `target`, `direction` and `month` of each track at each checkpoint."""
    posts = targets[targets["kind"] == "checkpoint"]
    places = shapely.get_coordinates(posts.geometry.to_numpy())
    reach = np.fmax(posts["precision_m"].to_numpy(np.float64), NEAR_M)
    box = shapely.box(*(places - reach[:, None]).T, *(places + reach[:, None]).T)
    step, post = _near(steps, box)
    chosen = steps.iloc[step]
    start = chosen[["x", "y"]].to_numpy()
    way = chosen[["x_to", "y_to"]].to_numpy() - start
    way[~chosen["inside"].to_numpy()] = 0.0
    away = places[post] - start
    length = (way**2).sum(axis=1)
    share = (way * away).sum(axis=1) / np.where(length > 0, length, 1.0)
    share = share.clip(0.0, 1.0)
    distance = np.hypot(*(away - share[:, None] * way).T)
    lasting = (chosen["time_to"] - chosen["time"]).to_numpy()
    near = pd.DataFrame(
        {
            "track": chosen["track"].to_numpy(),
            "target": posts["target"].to_numpy(np.int64)[post],
            "distance": distance,
            "time": chosen["time"].to_numpy()
            + np.rint(share * lasting).astype("int64"),
        }
    )[distance <= reach[post]]
    near = near.sort_values(["track", "target", "distance", "time"])
    near = near.drop_duplicates(["track", "target"])
    return pd.DataFrame(
        {
            "target": near["target"],
            "direction": pd.Series("past", index=near.index, dtype="str"),
            "month": _month(near["time"]),
        }
    )


def _side(a: Floats, b: Floats, p: Floats) -> Floats:
    """Return twice the area of the triangles a b p: positive with p left of a to b."""
    along, off = b - a, p - a
    area: Floats = along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0]
    return area


def _month(time: "pd.Series[int]") -> "pd.Series[int]":
    """Return the month of times in ms, as `schema.month_number` does."""
    months = time.to_numpy().view("datetime64[ms]").astype("datetime64[M]")
    return pd.Series(months.astype(np.int64) + 12 * 1970, index=time.index)
