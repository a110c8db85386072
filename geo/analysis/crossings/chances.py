"""How likely a step between two fixes crossed, given errors and silences, and where."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chndtr, ndtr

from geo.kernels import sides

NEVER = 4.0
"""What lies more standard deviations away than this is not reckoned with: 3 in
100,000."""

_NODES = 64
_BLOCK = 4096  # steps taken together, so that memory is bounded
_SURE = 1e-3  # a chance nearer to 0 or 1 than this is taken for it

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class Bridges(NamedTuple):
    """Steps from fix to fix, one number each.

    Parameters
    ----------
    x, y, x_to, y_to
        Where they begin and end, in metres.
    error_m, error_to_m
        Standard errors of these, per axis.
    motion_m2
        Motion variance times duration: how far walkers stray on the way.
    """

    x: Floats
    y: Floats
    x_to: Floats
    y_to: Floats
    error_m: Floats
    error_to_m: Floats
    motion_m2: Floats

    def at(self, rows: Whole) -> "Bridges":
        """Return the bridges in these rows."""
        return Bridges(*(column[rows] for column in self))

    def widest_m(self) -> Floats:
        """Return a bound of the standard deviation per axis anywhere on each."""
        error = np.fmax(self.error_m, self.error_to_m)
        return np.asarray(np.sqrt(self.motion_m2 / 4 + error**2))


def wrong_side(away_m: Floats, error_m: Floats) -> Floats:
    """Return the chance that a fix truly lies on the other side of a straight line.

    Parameters
    ----------
    away_m
        Its distance from the line, in metres.
    error_m
        Its standard error per axis.

    Examples
    --------
    >>> wrong_side(np.array([0.0, 20.0, 0.0]), np.array([20.0, 20.0, 0.0])).round(4)
    array([0.5   , 0.1587, 0.    ])
    """
    away = np.abs(np.asarray(away_m, dtype=np.float64))
    some = np.asarray(error_m) > 0
    spread = np.divide(away, error_m, where=some, out=np.full(away.shape, np.inf))
    return np.asarray(ndtr(-spread))


def beyond_point(bridges: Bridges, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the chance that a walker passed a point on its other side.

    Parameters
    ----------
    bridges
        Steps.
    x, y
        A point for each, in metres.

    Returns
    -------
    chance
        That the way from the one fix to the other leads round the far side of the
        point, as seen from the straight step.
    share
        Where along the step the point lies, from 0 to 1.

    Notes
    -----
    On a Brownian bridge with errors (Horne, Garton, Krone and Lewis 2007, Ecology
    88:2354) the walker is, at each moment, Gaussian about a mean ``m(t)`` with the
    standard deviation ``s(t)`` per axis. That cloud moves like a fluid whose velocity
    is ``m' + (s'/s) (x - m)``, for then what flows in and out is what changes. What
    flows through the ray from the point away from the step, less what flows back, is
    the expected number of crossings of the ray: the integral over time of
    ``-Q(d / s) dP(w)``, with ``w = (a - m) / s`` along the step, ``d`` the distance
    from its line, ``P`` the normal distribution and ``Q`` its upper tail. It is taken
    at 65 moments, denser at both ends.

    Where nothing errs, the flow through a straight line between both fixes is the mean
    of the densities of the first and of the last passage, so it is a distribution of
    where the line is crossed, and the same one when time runs backwards.

    Examples
    --------
    A step straight over the point: as many pass it here as there. Without errors and
    without straying, who passes it on the right stays there.

    >>> step = Bridges(*map(np.array, ([0.0], [0.0], [900.0], [0.0], [20.0], [20.0])),
    ...                motion_m2=np.array([12_000.0]))
    >>> here = np.array([300.0])
    >>> beyond_point(step, here, np.array([0.0]))[0].round(4)
    array([0.5])
    >>> beyond_point(step, here, np.array([100.0]))[0].round(4)
    array([0.0307])
    >>> exact = step._replace(error_m=0 * here, error_to_m=0 * here, motion_m2=0 * here)
    >>> beyond_point(exact, here, np.array([100.0]))[0]
    array([0.])
    """
    return _flow(bridges, x, y, np.full(len(bridges.x), np.inf))


def within_reach(
    bridges: Bridges, x: Floats, y: Floats, *, reach_m: Floats
) -> tuple[Floats, Floats]:
    """Return the chance that a walker came as near to a point as this.

    Parameters
    ----------
    bridges
        Steps.
    x, y
        A point for each, in metres.
    reach_m
        How near.

    Returns
    -------
    chance
        The largest of three, so rather too low than too high: that either end lies
        within reach, and that the way leads through the gate of twice `reach_m` that
        stands at the point across the step, as in `beyond_point`.
    share
        Where along the step it comes nearest, from 0 to 1; 0 or 1 if an end is
        likelier within reach than the way between.

    Notes
    -----
    The squared distance of a fix from a point, in standard errors, is chi-square with
    two degrees of freedom, not central by the distance that was measured.

    Examples
    --------
    >>> step = Bridges(*map(np.array, ([0.0], [0.0], [9e3], [0.0], [20.0], [20.0])),
    ...                motion_m2=np.array([72_000.0]))
    >>> chance, share = within_reach(
    ...     step, np.array([4500.0]), np.array([990.0]), reach_m=np.array([1000.0])
    ... )
    >>> chance.round(3), share
    (array([0.53]), array([0.5]))
    """
    ends = [
        _near_end(x - bridges.x, y - bridges.y, bridges.error_m, reach_m),
        _near_end(x - bridges.x_to, y - bridges.y_to, bridges.error_to_m, reach_m),
    ]
    best = np.maximum(*ends)
    share = np.where(ends[1] > ends[0], 1.0, 0.0)
    open_ = np.flatnonzero(best < 1.0)
    through, where = _flow(bridges.at(open_), x[open_], y[open_], reach_m[open_])
    likelier = through >= best[open_]
    share[open_] = np.where(likelier, where, share[open_])
    best[open_] = np.where(likelier, through, best[open_])
    return best, share


def last_chances(
    chain: Whole,
    flow: Floats,
    *,
    flips: tuple[Floats, Floats],
    seen: tuple[Whole, Whole],
) -> tuple[Floats, Floats]:
    """Return the chances that a step brought its track over a line for good.

    Parameters
    ----------
    chain
        Number of the track and line that each step belongs to; the steps of one stand
        together, in order of time.
    flow
        How often the step comes out on the left of the line, less how often on its
        right, on average: a whole number but where it may go round the line's end.
    flips
        Chances that the fixes at its beginning and end lie on the other side than they
        seem.
    seen
        On which side these seem to lie: 1 for left, 0 for right.

    Returns
    -------
    left, right
        The chance that the track comes, all its steps taken together, out on that
        side, and that this step is the last that leads there. Over the steps of a
        track they add up to the chance that it crossed.

    Examples
    --------
    A fix on the line between two clear ones: the crossing is in the first or the
    second step, and there is one in any case.

    >>> chain, flow = np.array([0, 0]), np.array([1.0, 0.0])
    >>> flips = np.array([0.0, 0.5]), np.array([0.5, 0.0])
    >>> seen = np.array([0, 1]), np.array([1, 1])
    >>> last_chances(chain, flow, flips=flips, seen=seen)
    (array([0.5, 0.5]), array([0., 0.]))
    """
    begins = np.flatnonzero(np.diff(chain, prepend=-1)) if len(chain) else chain[:0]
    bounds = np.append(begins, len(chain)).astype(np.int64)
    near = np.rint(flow)
    flow = np.where(np.abs(flow - near) < _SURE, near, flow)
    open_ = flow != np.floor(flow)
    # More open steps than the loops can hold: the later ones are taken as likelier.
    earlier = np.cumsum(open_) - open_
    rank = earlier - np.repeat(earlier[begins], np.diff(bounds))
    flow = np.where(open_ & (rank >= sides.MOST_OPEN), near, flow)
    found = []
    for sign in (1, -1):
        signed = sign * flow
        steps = sides.Steps(
            least=np.floor(signed).astype(np.int64),
            more=signed - np.floor(signed),
            flip_from=np.ascontiguousarray(flips[0], dtype=np.float64),
            turn_from=sign * (1 - 2 * seen[0].astype(np.int64)),
            flip_to=np.ascontiguousarray(flips[1], dtype=np.float64),
            turn_to=sign * (1 - 2 * seen[1].astype(np.int64)),
        )
        chances = np.zeros(len(flow))
        sides.last_crossings(bounds, steps, chances)
        found.append(chances.clip(0.0, 1.0))
    return found[0], found[1]


def _flow(
    bridges: Bridges, x: Floats, y: Floats, reach_m: Floats
) -> tuple[Floats, Floats]:
    """Return the flow past a point, on its far side or within reach, and its share."""
    across, along, length = _in_line(bridges, x, y)
    flow = np.empty(len(across))
    for start in range(0, len(flow), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(flow)))
        flow[rows] = _summed(
            bridges.at(rows), across[rows], along[rows], length[rows], reach_m[rows]
        )
    # Cut off before it is divided: a step may be so short that the ratio is no number.
    inside = np.clip(along, 0.0, length)
    share = np.divide(inside, length, where=length > 0, out=np.zeros_like(along))
    return np.clip(flow, 0.0, 1.0), share


def _summed(
    bridges: Bridges, across: Floats, along: Floats, length: Floats, reach_m: Floats
) -> Floats:
    """Return the integral over time of what flows past a point, or within reach."""
    a = np.sin(np.linspace(0.0, np.pi / 2, _NODES + 1))[:, None] ** 2
    variance = a * (1 - a) * bridges.motion_m2
    variance = (
        variance + ((1 - a) * bridges.error_m) ** 2 + (a * bridges.error_to_m) ** 2
    )
    spread = np.sqrt(variance)
    passed = ndtr(_ratio(along - a * length, spread))
    if np.isinf(reach_m).all():
        open_ = ndtr(_ratio(-np.abs(across), spread))
    else:
        open_ = ndtr(_ratio(reach_m - across, spread))
        open_ -= ndtr(_ratio(-reach_m - across, spread))
    flow = (passed[:-1] - passed[1:]) * (open_[:-1] + open_[1:])
    return np.asarray(flow.sum(axis=0) / 2)


def _in_line(bridges: Bridges, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how far points lie left of a step and along it, and its length."""
    dx, dy = bridges.x_to - bridges.x, bridges.y_to - bridges.y
    length = np.hypot(dx, dy)
    still = length == 0
    scale = np.where(still, 1.0, length)
    dx, dy = np.where(still, 1.0, dx) / scale, np.where(still, 0.0, dy) / scale
    east, north = x - bridges.x, y - bridges.y
    return dx * north - dy * east, dx * east + dy * north, length


def _ratio(distance: Floats, spread: Floats) -> Floats:
    """Divide, without NaN: nothing by nothing is nothing, something is infinite."""
    if (spread > 0).all():
        return np.asarray(distance / spread)
    sharp = np.where(distance == 0, 0.0, np.copysign(np.inf, distance))
    spread = np.broadcast_to(spread, np.broadcast_shapes(distance.shape, spread.shape))
    out = np.array(np.broadcast_to(sharp, spread.shape))
    return np.asarray(np.divide(distance, spread, where=spread > 0, out=out))


def _near_end(dx: Floats, dy: Floats, error_m: Floats, reach_m: Floats) -> Floats:
    """Return the chance that a fix lies within reach of a point."""
    away = np.hypot(dx, dy)
    unclear = (error_m > 0) & (np.abs(away - reach_m) < NEVER * error_m)
    error = np.where(unclear, error_m, 1.0)
    far, near = (np.where(unclear, d, 0.0) / error for d in (away, reach_m))
    chance = chndtr(near**2, 2.0, far**2)
    return np.where(unclear, chance, (away <= reach_m).astype(np.float64))
