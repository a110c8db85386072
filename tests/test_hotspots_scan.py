"""The scan statistic, in circles and along networks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from geo.analysis.hotspots.scan import gumbel_p, scan_circles, scan_distances


def points():
    """The 460 points of the recipe in the fixture of kernel densities."""
    i, j = np.arange(1, 401), np.arange(1, 61)
    u, v = (0.5 + i * 0.7548776662466927) % 1, (0.5 + i * 0.5698402909980532) % 1
    r = 4 * np.sqrt((j * 0.6180339887498949) % 1)
    angle = 2 * np.pi * ((j * 0.4142135623730951) % 1)
    x = np.concatenate([100 * u**1.7, 62 + r * np.cos(angle)])
    return x, np.concatenate([100 * v, 35 + r * np.sin(angle)])


def field(side=8, seed=1, rate=4.0):
    """Places on a square with about as many cases each."""
    rng = np.random.default_rng(seed)
    row, column = np.divmod(np.arange(side * side), side)
    return rng.poisson(rate, side * side), column * 100.0, row * 100.0


def test_points_on_an_area_agree_with_spatstat():
    """scanLRTS, discs of 5: the best of all has 247.30, at (61.4, 33.9).

    The population is area: fine cells that have no cases, beside points that have
    no area. spatstat takes points and discs on its pixels.
    """
    x, y = points()
    fine = np.arange(0.25, 100, 0.5)
    cell_x, cell_y = (a.ravel() for a in np.meshgrid(fine, fine))
    coarse = np.arange(5.0, 96, 5)
    near_x = np.append(np.arange(58.0, 66, 0.4), 61.392857)
    near_y = np.append(np.arange(31.0, 39, 0.4), 33.892857)
    centres = [
        np.concatenate([a.ravel(), b.ravel()])
        for a, b in zip(
            np.meshgrid(coarse, coarse), np.meshgrid(near_x, near_y), strict=True
        )
    ]

    best = scan_circles(
        np.repeat([1, 0], [460, len(cell_x)]),
        np.repeat([0, 1], [460, len(cell_x)]),
        x=np.concatenate([x, cell_x]),
        y=np.concatenate([y, cell_y]),
        centres=tuple(centres),
        radii_m=[5],
        most=1,
        permutations=99,
    )[0]

    assert 2 * best.log_ratio == pytest.approx(247.30, rel=0.02)
    assert centres[0][best.centre] == pytest.approx(61.4, abs=0.5)
    assert centres[1][best.centre] == pytest.approx(33.9, abs=0.5)
    assert best.p == 0.01
    assert best.gumbel_p < 1e-20


def every_window(cases, population, distances, share=0.5):
    """The best log-likelihood ratio, by its definition, of all windows."""
    number, people = cases.sum(), population.sum()
    best = 0.0
    for row in distances:
        for radius in np.unique(row[np.isfinite(row)]):
            inside = row <= radius
            if population[inside].sum() > share * people * (1 + 1e-12):
                continue
            seen, due = cases[inside].sum(), population[inside].sum() * number / people
            if seen > due > 0:
                rest = number - seen
                ratio = seen * math.log(seen / due)
                ratio += rest * math.log(rest / (number - due)) if rest else 0
                best = max(best, ratio)
    return best


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.2, 0.5, 1.0]))
def test_the_best_window_is_the_best_of_all_windows(seed, share):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 5, (2, 15)).astype(float)  # with ties, and shared places
    cases, population = rng.poisson(2, 15), rng.integers(0, 4, 15)
    cases[0], population[0] = cases[0] + 1, population[0] + 1

    found = scan_circles(
        cases, population, x=x, y=y, largest_share=share, permutations=19
    )

    expected = every_window(cases, population, cdist(*[np.c_[x, y]] * 2), share)
    best = found[0].log_ratio if found else 0.0
    assert best == pytest.approx(expected, abs=1e-9)


def test_a_planted_cluster_is_found_with_its_members():
    cases, x, y = field()
    planted = np.hypot(x - 200, y - 300) <= 150
    cases[planted] += 9

    best = scan_circles(cases, np.ones(64), x=x, y=y)[0]

    assert best.members.tolist() == np.flatnonzero(planted).tolist()
    assert (x[best.centre], y[best.centre]) == (200, 300)
    assert best.radius_m == pytest.approx(100 * math.sqrt(2))
    assert best.cases == cases[planted].sum()
    assert best.expected == pytest.approx(cases.sum() * 9 / 64)
    assert best.p == 0.001
    assert best.gumbel_p < 1e-6


def test_power_and_size():
    """A doubled rate on nine of 64 places is found mostly; nothing, seldom."""
    found, alarms = 0, 0
    for seed in range(100):
        how = {"permutations": 99, "most": 1, "seed": seed}
        cases, x, y = field(seed=seed)
        alarm = scan_circles(cases, np.ones(64), x=x, y=y, **how)
        alarms += int(bool(alarm) and alarm[0].p <= 0.05)
        planted = np.where(np.hypot(x - 200, y - 300) <= 150, 4, 0)
        cases = cases + np.random.default_rng(seed).poisson(planted)
        found += int(scan_circles(cases, np.ones(64), x=x, y=y, **how)[0].p <= 0.05)

    assert found >= 80
    assert alarms <= 10


def test_chances_are_uniform_where_there_is_no_cluster():
    p, fitted = [], []
    for seed in range(150):
        cases, x, y = field(side=6, seed=seed)
        best = scan_circles(
            cases, np.ones(36), x=x, y=y, permutations=199, most=1, seed=seed
        )[0]
        p.append(best.p)
        fitted.append(best.gumbel_p)

    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert stats.kstest(fitted, "uniform").pvalue > 0.01
    assert np.corrcoef(p, fitted)[0, 1] > 0.99


def test_clusters_share_no_place():
    cases, x, y = field()
    cases[
        (np.hypot(x - 100, y - 100) <= 100) | (np.hypot(x - 600, y - 500) <= 100)
    ] += 9

    found = scan_circles(cases, np.ones(64), x=x, y=y, most=3)

    members = np.concatenate([cluster.members for cluster in found])
    assert len(found) == 3
    assert len(set(members)) == len(members)
    assert found[0].log_ratio >= found[1].log_ratio >= found[2].log_ratio
    assert found[1].p <= 0.01 < found[2].p


def river():
    """A river in two bends through a field, and distances along it.

    Places are cells of a field; only those next to each other along the river are
    joined. Off the river, places are joined to nothing.
    """
    side = 12
    row, column = np.divmod(np.arange(side * side), side)
    course = [(2, c) for c in range(10)]
    course += [(r, 9) for r in range(3, 8)]
    course += [(7, c) for c in range(8, 0, -1)]
    cells = [r * side + c for r, c in course]
    joined = np.zeros((side * side,) * 2)
    joined[cells[:-1], cells[1:]] = 100
    return column * 100.0, row * 100.0, cells, dijkstra(joined, directed=False)


def test_a_cluster_along_a_bend_is_found_along_the_network():
    """The circle takes in what lies inside the bend; the network does not."""
    x, y, cells, distance_m = river()
    rng = np.random.default_rng(3)
    planted = cells[6:16]
    cases = rng.poisson(3, 144)
    cases[planted] += rng.poisson(5, 10)

    along = scan_distances(cases, np.ones(144), distance_m=distance_m)[0]
    around = scan_circles(cases, np.ones(144), x=x, y=y)[0]

    assert set(along.members) <= set(cells)
    shared = len(set(along.members) & set(planted))
    assert shared >= 8
    assert len(along.members) <= 12
    assert along.p == 0.001
    assert along.log_ratio > 1.3 * around.log_ratio


def test_circles_are_scanned_by_their_distances():
    cases, x, y = field(seed=5)
    population = np.arange(1.0, 65)
    matrix = cdist(np.c_[x, y], np.c_[x, y])

    one = scan_circles(cases, population, x=x, y=y, permutations=99)
    other = scan_distances(cases, population, distance_m=matrix, permutations=99)

    assert [c.log_ratio for c in one] == [c.log_ratio for c in other]
    assert [c.p for c in one] == [c.p for c in other]
    assert [c.members.tolist() for c in one] == [c.members.tolist() for c in other]


def test_radii_limit_the_windows():
    cases, x, y = field()
    cases[np.hypot(x - 300, y - 300) <= 250] += 5

    narrow = scan_circles(cases, np.ones(64), x=x, y=y, radii_m=[110], permutations=19)

    assert {cluster.radius_m for cluster in narrow} <= {0.0, 100.0}
    assert max(len(cluster.members) for cluster in narrow) <= 5


def test_even_cases_make_no_cluster():
    assert scan_circles([3, 3, 3], [1, 1, 1], x=[0, 1, 2], y=[0, 0, 0]) == []


def test_the_seed_decides_and_the_threads_do_not(monkeypatch):
    cases, x, y = field()
    first = scan_circles(cases, np.ones(64), x=x, y=y)[0]

    monkeypatch.setattr("geo.analysis.hotspots.scan._DRAWS", 3)
    again = scan_circles(cases, np.ones(64), x=x, y=y)[0]
    other = scan_circles(cases, np.ones(64), x=x, y=y, seed=1)[0]

    assert (first.p, first.gumbel_p) == (again.p, again.gumbel_p)
    assert first.gumbel_p != other.gumbel_p


def test_the_gumbel_law_is_recovered():
    highest = stats.gumbel_r.rvs(5, 2, size=20_000, random_state=1)

    assert gumbel_p(12, highest) == pytest.approx(stats.gumbel_r.sf(12, 5, 2), rel=0.05)
    assert gumbel_p(3.0, [3.0, 3.0, 3.0]) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cases": [1, 2]}, "there are 2 numbers of cases, 3 of population"),
        ({"cases": [1, -2, 1]}, "is negative, or cases are not whole"),
        ({"cases": [1, 0.5, 1]}, "cases are not whole"),
        ({"cases": [1, np.nan, 1]}, "a number of cases is missing"),
        ({"cases": [0, 0, 0]}, "there are no cases"),
        ({"population": [0, 0, 0]}, "there is no population"),
        ({"population": [1, np.inf, 1]}, "population is missing or infinite"),
        ({"population": [1, -1, 1]}, "a population is negative"),
        ({"x": [0, 1, np.nan]}, "x is missing"),
        ({"centres": ([np.inf], [0])}, "a centre is missing"),
        ({"radii_m": []}, "radii_m is empty"),
        ({"largest_share": 0}, "largest_share is 0"),
        ({"permutations": 5}, "permutations is 5"),
        ({"seed": -1}, "seed -1"),
        ({"most": 0}, "most 0"),
    ],
)
def test_what_cannot_be_scanned_is_refused(wrong, message):
    good = {"cases": [1, 2, 3], "population": [1, 1, 1], "x": [0, 1, 2], "y": [0, 0, 0]}

    with pytest.raises(ValueError, match=message):
        scan_circles(**(good | wrong))


@pytest.mark.parametrize("distance", [[0, 1, 2], [[0, -1, 2]], [[0, np.nan, 2]]])
def test_distances_that_are_none_are_refused(distance):
    with pytest.raises(ValueError, match="no table of numbers"):
        scan_distances([1, 2, 3], [1, 1, 1], distance_m=distance)


def test_places_that_no_way_reaches_are_in_no_window():
    matrix = [[0, np.inf, np.inf], [np.inf, 0, 5], [np.inf, 5, 0]]

    found = scan_distances([9, 1, 1], [1, 1, 1], distance_m=matrix, permutations=19)

    assert [cluster.members.tolist() for cluster in found] == [[0]]
