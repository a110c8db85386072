"""How far apart two lines run: the area between them, and what lies near the other."""

from collections.abc import Sequence

import numpy as np
import shapely

_SHORTEST_M = 1.0
_STEP_M = 10.0


def area_between(observed: shapely.LineString, predicted: shapely.LineString) -> float:
    """Return the area that two lines enclose, in square metres.

    Their ends are joined, first to first and last to last. Where the lines cross, the
    areas on both sides add up.

    Notes
    -----
    The lines are cut where they meet and the faces between them are measured one by
    one. The shoelace formula over both lines would subtract the areas on one side
    from those on the other.

    Examples
    --------
    Lines that cross in the middle, as far apart on one side as on the other:

    >>> one = shapely.LineString([(0, 0), (50, 20), (100, 0), (150, -20), (200, 0)])
    >>> area_between(one, shapely.LineString([(0, 0), (200, 0)]))
    2000.0
    >>> area_between(one, one)
    0.0
    """
    ends = [
        shapely.LineString([observed.coords[at][:2], predicted.coords[at][:2]])
        for at in (0, -1)
    ]
    lines = shapely.force_2d([observed, predicted, *ends])
    whole = shapely.union_all(lines)  # cut wherever lines meet
    faces = shapely.polygonize(shapely.get_parts(whole))
    return float(shapely.area(shapely.union_all(shapely.get_parts(faces))))


def path_deviation(
    observed: shapely.LineString, predicted: shapely.LineString
) -> float:
    """Return how far two lines lie apart on average, in metres.

    Parameters
    ----------
    observed
        The way that was taken, in a CRS in metres.
    predicted
        The way that was foretold, from about the same start to about the same end.

    Returns
    -------
    float
        The area between them over the distance between the ends of the observed
        one: the path deviation index of Jan, Horowitz and Peng 2000, Using global
        positioning system data to understand variations in path choice,
        Transportation Research Record 1725:37. NaN for a way that ends where it
        began.

    Examples
    --------
    A way round three sides of a square of 100 m, and straight across:

    >>> around = shapely.LineString([(0, 0), (0, 100), (100, 100), (100, 0)])
    >>> path_deviation(around, shapely.LineString([(0, 0), (100, 0)]))
    100.0
    """
    first, last = (np.array(observed.coords[at][:2]) for at in (0, -1))
    distance = float(np.hypot(*(last - first)))
    if not distance >= _SHORTEST_M:
        return float("nan")
    return area_between(observed, predicted) / distance


def buffer_overlap(
    tested: shapely.LineString,
    reference: shapely.LineString,
    *,
    within_m: Sequence[float] = (100.0, 250.0, 500.0),
) -> list[float]:
    """Return which share of a line's length lies within each distance of another.

    Goodchild and Hunter 1997, A simple positional accuracy measure for linear
    features, International Journal of Geographical Information Science 11:299. The
    line is looked at in pieces of 10 m: buffers of long ways are slow to make.

    Parameters
    ----------
    tested
        The line to judge.
    reference
        The line that is taken for right.
    within_m
        Distances, in the unit of the CRS.

    Raises
    ------
    ValueError
        If a distance is not above 0.

    Examples
    --------
    >>> tested = shapely.LineString([(0, 0), (1000, 0)])
    >>> reference = shapely.LineString([(0, 200), (500, 200), (500, 1000)])
    >>> [round(x, 3) for x in buffer_overlap(tested, reference, within_m=[100, 250])]
    [0.0, 0.65]
    """
    if not all(distance > 0 for distance in within_m):
        raise ValueError(f"the distances are {list(within_m)}; expected some above 0")
    if not shapely.length(tested) > 0:
        return [float("nan")] * len(within_m)
    pieces = shapely.get_coordinates(shapely.segmentize(tested, _STEP_M))
    length = np.hypot(*np.diff(pieces, axis=0).T)
    middles = shapely.points((pieces[1:] + pieces[:-1]) / 2)
    shapely.prepare(reference)
    return [
        float(length @ shapely.dwithin(reference, middles, distance) / length.sum())
        for distance in within_m
    ]
