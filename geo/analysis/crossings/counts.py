"""Who crosses the border and the rivers, which way and where, and who passes a post."""

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from scipy.special import gammaincinv

from geo.analysis.crossings.chances import NEVER, last_chances, within_reach
from geo.analysis.crossings.meetings import (
    Lines,
    bridges_of,
    find_doubts,
    find_meetings,
    find_passings,
    lines_of,
    near_boxes,
    steps_of,
)
from geo.analysis.crossings.targets import make_targets
from geo.schema import ALL_MONTHS

__all__ = ["NEAR_M", "SURE", "count_crossings", "crossing_interval", "make_targets"]

NEAR_M = 1000.0
"""A track passes a checkpoint when it comes as close as this, in metres, or as the
checkpoint's own precision if that is coarser."""

SURE = 1_000_000
"""What a certain crossing counts: chances are whole millionths, so that sums are
exact."""

COUNTS = ("tracks", "chances", "spread", "silent")
"""What is counted of each target, direction and month."""

_LEAST = 1e-3  # a smaller part of a step's crossing is left out

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def count_crossings(
    fixes: pd.DataFrame, targets: GeoDataFrame, *, variance: float | None = None
) -> pd.DataFrame:
    """Count the distinct tracks that cross each line, each way, and pass each point.

    A track has crossed a line when its steps lead over it more often one way than the
    other. So the zigzag of GPS noise along a line cancels, and so does a journey there
    and back. How likely it has, and at which reach, is reckoned from the errors of the
    fixes and from how far walkers stray between them.

    Parameters
    ----------
    fixes
        Columns `track`, `time`, `trip`, `x_m`, `y_m` and `error_m`, in any order of
        rows, and `stop` if stops are known.
    targets
        What `geo.analysis.crossings.targets.make_targets` returns, in the CRS of the
        fixes.
    variance
        Motion variance in m²/s, the same for all; by default each track's own.

    Returns
    -------
    DataFrame
        One row a `target`, `direction` and `month` (and ALL_MONTHS), sorted by these.
        `tracks`: distinct tracks that crossed there with a chance of at least one
        half. `chances`: the sum of the chances of all tracks, in millionths; `spread`:
        of their variances ``p (1 - p)``; `silent`: the part of `chances` that lies in
        silences of over an hour. Tables of fixes that share no track add up.

    Notes
    -----
    *Lines.* All reaches of the border are one line, and so are those of a river: they
    decide together whether and which way a track crossed; the last crossing that way
    tells where and when. The chances of the reaches add up to that of the line, which
    has a row of its own. Without errors and silences they are those of the straight
    line between fixes. A silence, however long, is bridged: which sides its ends lie on
    is known, and the place of the crossing is spread over the reaches, and round the
    ends of the line, by `geo.analysis.crossings.chances.beyond_point`.

    *Checkpoints* are passed within `NEAR_M` or `precision_m`, with the largest chance
    of all steps; that step tells the month. A silence between trips does not count,
    only its ends do.

    A fix exactly on a line counts as on its left. O(n log n) in the fixes, with n the
    steps near a line; only those become geometries.
    """
    steps = steps_of(fixes, variance=variance)
    parts = [_over_lines(steps, targets), _past_posts(steps, targets)]
    by = ["track", "target", "direction", "month"]
    found = pd.concat(parts, ignore_index=True)
    way, ways = pd.factorize(found["direction"].to_numpy(object), sort=True)
    months = found.assign(direction=way).groupby(by, sort=True).sum().reset_index()
    whole = months.assign(month=ALL_MONTHS).groupby(by, sort=True).sum().reset_index()
    both = pd.concat([whole, months], ignore_index=True)
    chance = both["chances"]
    both["spread"] = chance * (SURE - chance) // SURE
    both["tracks"] = (2 * chance >= SURE).astype("int64")
    counts = both.groupby(by[1:], sort=True)[list(COUNTS)].sum().reset_index()
    counts["direction"] = ways[counts["direction"].to_numpy(np.int64)]
    kinds = {"target": "int64", "direction": "str", "month": "int64"}
    return counts.astype(kinds | dict.fromkeys(COUNTS, "int64"))


def crossing_interval(
    tracks: Floats | Whole, *, variance: Floats | float = 0.0
) -> tuple[Floats, Floats]:
    """Return the 95 % interval of a Poisson mean for each count.

    How far the count itself may be from the mean of what it is one outcome of; it
    knows nothing of people without GPS.

    Parameters
    ----------
    tracks
        Counts, of any shape.
    variance
        Variance of the count itself, where it is a sum of chances: of each ``p (1 -
        p)``. It widens the interval on either side as a sum of independent errors.

    Returns
    -------
    low, high
        Quantiles of chi-square (Garwood 1936, Fiducial limits for the Poisson
        distribution, Biometrika 28:437), exact without `variance`. NaN for NaN.

    Examples
    --------
    >>> low, high = crossing_interval(np.array([0, 10]))
    >>> low.round(4), high.round(4)
    (array([0.    , 4.7954]), array([ 3.6889, 18.3904]))
    >>> low, high = crossing_interval(np.array([10]), variance=np.array([4.0]))
    >>> low.round(4), high.round(4)
    (array([3.4843]), array([19.2609]))
    """
    count = np.asarray(tracks, dtype=np.float64)
    some = np.where(count > 0, count, 1.0)
    low = np.where(count > 0, gammaincinv(some, 0.025), count)
    high = np.asarray(gammaincinv(count + 1, 0.975))
    wide = 1.959964**2 * np.asarray(variance, dtype=np.float64)
    low = count - np.sqrt((count - low) ** 2 + wide)
    return np.maximum(low, 0.0), count + np.sqrt((high - count) ** 2 + wide)


def _over_lines(steps: pd.DataFrame, targets: GeoDataFrame) -> pd.DataFrame:
    """Return the chances of each track at each reach and whole line, each way.

    Columns `track`, `target`, `direction`, `month`, `chances` and `silent`.
    """
    lines = lines_of(targets)
    met = find_meetings(steps, lines)
    passed = find_passings(steps, lines)
    doubts = find_doubts(steps, lines)
    flows = _flows(met, passed, lines)
    chain = _chains(steps, flows, doubts)
    left, right = last_chances(
        chain["chain"].to_numpy(),
        chain["flow"].to_numpy(),
        flips=(chain["flip"].to_numpy(), chain["flip_to"].to_numpy()),
        seen=(chain["seen"].to_numpy(), chain["seen_to"].to_numpy()),
    )
    both = [chain.assign(chance=left, way=1), chain.assign(chance=right, way=-1)]
    taken = pd.concat([way[way["chance"] > 0] for way in both], ignore_index=True)
    found = _in_millionths(_over_reaches(taken, flows, steps))
    row, step = found["row"].to_numpy(), found["step"].to_numpy()
    side = np.where(found["way"] > 0, lines.into[row], lines.out[row])
    verb = np.where(lines.rows["kind"].to_numpy()[row] == "border", "into ", "to the ")
    reaches = pd.DataFrame(
        {
            "track": steps["track"].to_numpy()[step],
            "target": lines.rows["target"].to_numpy(np.int64)[row],
            "direction": verb.astype(object) + side,
            "month": month_of(found["time"]),
            "chances": found["units"],
            "silent": found["units"] * steps["silent"].to_numpy()[step],
        }
    )
    whole = lines.whole[row]
    wholes = reaches.assign(target=whole)[whole >= 0]
    every: pd.DataFrame = pd.concat([reaches, wholes], ignore_index=True)
    return every


def _flows(met: pd.DataFrame, passed: pd.DataFrame, lines: Lines) -> pd.DataFrame:
    """Return how often each step crosses each reach, on average, and when.

    Columns `line`, `step`, `row`, `flow` and `time`: of the last crossing of the
    straight step, or else of the time when it is nearest to an end of the reach.
    """
    both = pd.concat([met.assign(met=1), passed.assign(met=0)], ignore_index=True)
    by = ["step", "row"]
    both = both.sort_values([*by, "met", "time", "flow"])
    flow = both.groupby(by, sort=True)["flow"].sum().rename("flow").reset_index()
    flow["time"] = both.drop_duplicates(by, keep="last")["time"].to_numpy()
    flow.insert(0, "line", lines.line[flow["row"].to_numpy(np.int64)])
    return flow


def _chains(
    steps: pd.DataFrame, flows: pd.DataFrame, doubts: pd.DataFrame
) -> pd.DataFrame:
    """Return the steps that may cross a line, by line and step.

    Columns `line`, `step`, `flow` over all reaches, `flip` and `seen` of the fix at
    the beginning and, with "_to", at the end, `row` of the reach beside the likelier
    of the two to lie across, and `chain`.
    """
    by = ["line", "step"]
    whole = flows.groupby(by, sort=True)["flow"].sum().reset_index()
    fix, ended = doubts["fix"].to_numpy(), steps["ended"].to_numpy()
    begins = doubts.assign(step=fix)[~ended[fix]]
    ends = doubts.assign(step=fix - 1)[(fix > 0) & ~ended[fix - 1]]
    columns = ["line", "step", "row", "flip", "seen"]
    table = whole.merge(begins[columns], on=by, how="outer")
    table = table.merge(ends[columns], on=by, how="outer", suffixes=("", "_to"))
    table = table.fillna(
        {"flow": 0.0, "flip": 0.0, "flip_to": 0.0, "seen": 0, "seen_to": 0}
    )
    likelier = (table["flip_to"] > table["flip"]) | table["row"].isna()
    beside = table["row"].where(~likelier, table["row_to"]).fillna(-1)
    table = table.assign(row=beside).drop(columns="row_to").sort_values(by)
    table = table.astype({"line": "int64", "step": "int64", "row": "int64"})
    track = steps["track"].to_numpy()[table["step"].to_numpy()]
    keys = pd.MultiIndex.from_arrays([table["line"], track])
    return table.assign(chain=keys.factorize()[0].astype(np.int64))


def _over_reaches(
    taken: pd.DataFrame, flows: pd.DataFrame, steps: pd.DataFrame
) -> pd.DataFrame:
    """Spread the chance of each step and way over the reaches that it flows through.

    Columns `chain`, `way`, `step`, `row`, `time` and `chance`. A step that crosses
    only because a fix may lie across does so at the reach beside that fix.
    """
    taken = taken.assign(item=np.arange(len(taken)))
    columns = ["line", "step", "chain", "way", "chance", "item"]
    shares = taken[columns].merge(flows, on=["line", "step"])
    item = shares["item"].to_numpy()
    flow = (shares["way"] * shares["flow"]).clip(lower=0.0).to_numpy()
    total = np.bincount(item, flow, minlength=len(taken))
    flow = np.where(flow >= _LEAST * total[item], flow, 0.0)
    total = np.bincount(item, flow, minlength=len(taken))
    shares["chance"] *= flow / np.where(total > 0, total, 1.0)[item]
    shares = shares[shares["chance"] > 0]
    rest = taken[(total == 0) & (taken["row"] >= 0).to_numpy()]
    ends = steps[["time", "time_to"]].to_numpy()[rest["step"].to_numpy()]
    later = (rest["flip_to"] > rest["flip"]).to_numpy()
    rest = rest.assign(time=np.where(later, ends[:, 1], ends[:, 0]))
    columns = ["chain", "way", "step", "row", "time", "chance"]
    every: pd.DataFrame = pd.concat([shares, rest], ignore_index=True)[columns]
    return every


def _in_millionths(found: pd.DataFrame) -> pd.DataFrame:
    """Return the chances as whole `units`, of which those of a chain never exceed SURE.

    What is rounded is the running sum, so that parts add up as the whole does.
    """
    found = found.sort_values(["chain", "way", "step", "row"], ignore_index=True)
    running = found.groupby(["chain", "way"])["chance"].cumsum().clip(upper=1.0)
    upto = np.rint(running * SURE).astype("int64")
    first = ~found.duplicated(["chain", "way"]).to_numpy()
    before = np.where(first, 0, np.append(0, upto.to_numpy()[:-1])[: len(upto)])
    found = found.assign(units=upto - before)
    return found[found["units"] > 0].reset_index(drop=True)


def _past_posts(steps: pd.DataFrame, targets: GeoDataFrame) -> pd.DataFrame:
    """Return the chance of each track at each checkpoint, columns as `_over_lines`."""
    posts = targets[targets["kind"] == "checkpoint"]
    places = shapely.get_coordinates(posts.geometry.to_numpy())
    reach = np.fmax(posts["precision_m"].to_numpy(np.float64), NEAR_M)
    box = shapely.box(*(places - reach[:, None]).T, *(places + reach[:, None]).T)
    stay = ~steps["inside"].to_numpy()
    steps = steps.assign(
        x_to=steps["x_to"].where(~stay, steps["x"]),
        y_to=steps["y_to"].where(~stay, steps["y"]),
        error_to=steps["error_to"].where(~stay, steps["error"]),
        motion=steps["motion"].where(~stay, 0.0),
    )
    margin = NEVER * bridges_of(steps).widest_m()
    step, post = near_boxes(steps, box, margin=margin)
    chosen = steps.iloc[step]
    chance, share = within_reach(
        bridges_of(chosen), *places[post].T, reach_m=reach[post]
    )
    share = np.where(stay[step], 0.0, share)
    at = [chosen[axis] + share * (chosen[f"{axis}_to"] - chosen[axis]) for axis in "xy"]
    away = np.hypot(at[0] - places[post, 0], at[1] - places[post, 1])
    lasting = (chosen["time_to"] - chosen["time"]).to_numpy()
    units = np.rint(chance * SURE).astype("int64")
    between = chosen["silent"].to_numpy() & (share > 0) & (share < 1)
    near = pd.DataFrame(
        {
            "track": chosen["track"].to_numpy(),
            "target": posts["target"].to_numpy(np.int64)[post],
            "direction": np.full(len(step), "past", dtype=object),
            "time": chosen["time"].to_numpy()
            + np.rint(share * lasting).astype("int64"),
            "chances": units,
            "silent": units * between,
            "nearer": -away.to_numpy(),
        }
    )[units >= SURE * _LEAST]
    near = near.sort_values(["track", "target", "chances", "nearer", "time"])
    near = near.drop_duplicates(["track", "target"], keep="last")
    return near.assign(month=month_of(near["time"])).drop(columns=["time", "nearer"])


def month_of(time: "pd.Series[int]") -> "pd.Series[int]":
    """Return the month of times in ms, as `schema.month_number` does."""
    months = time.to_numpy(np.int64).view("datetime64[ms]").astype("datetime64[M]")
    return pd.Series(months.astype(np.int64) + 12 * 1970, index=time.index)
