"""Change over time, told from nothing but what is published."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.findings.emerging import PATTERNS_ES, find_change, reason
from geo.findings.methods import Methods
from geo.grid import Grid
from geo.privacy import About, Findings, release, rounded_counts
from geo.read.layers import read_layers
from geo.schema import ALL_MONTHS, VISITS
from geo.totals import add_up
from geo.write.change import CHANGE, CHANGE_FIELDS

CRS = "+proj=laea +lat_0=8.1 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
CELLS = Grid(CRS, 0, 20_000, 2_000, rows=10, columns=10)
JANUARY = 12 * 2023
METHODS = Methods(
    levels=(0.5,), seasons={}, bandwidth=1_000.0, alpha=0.05, k=10, round_to=5
)
GROUND = np.ones(CELLS.shape, bool)


def totals_of(cube):
    """Sums with so many tracks in each month, row and column, all different ones."""
    month, row, column = np.nonzero(cube)
    cell = row * CELLS.columns + column
    table = pd.DataFrame(
        {"cell": cell, "month": JANUARY + month, "tracks": cube[month, row, column]}
    )
    whole = table.groupby("cell", as_index=False)["tracks"].sum()
    visits = pd.concat([table, whole.assign(month=ALL_MONTHS)], ignore_index=True)
    for name in VISITS:
        visits[name] = visits.get(name, 0)
    began = pd.DataFrame({"month": JANUARY + np.arange(len(cube)), "tracks": 99})
    empty = add_up([], CELLS, seasons={})
    return replace(empty, visits=visits[list(VISITS)], monthly=began)


def change(cube, **options):
    """The layer; None without one."""
    methods = replace(METHODS, **options)
    layers = find_change(totals_of(cube), CELLS, ground=GROUND, methods=methods)
    return layers.get("emerging")


def crowd(months=12, *, first=8):
    """A few tracks everywhere, and a crowd in the middle from one month on."""
    cube = np.full((months, *CELLS.shape), 12)
    cube[first:, 4:6, 4:6] = 90
    return cube


def test_a_crowd_that_came_and_stayed_is_consecutive_and_says_why():
    found = change(crowd()).set_index("cell")

    row = found.loc[44]
    assert (row["kind"], row["kind_es"]) == ("consecutive hot", "caliente consecutivo")
    assert (row["months"], row["hot_months"], row["cold_months"]) == (12, 4, 0)
    assert (row["last"], row["run"], row["tracks"]) == ("hot", 4, 8 * 12 + 4 * 90)
    assert row["reason_en"].startswith(
        "Hot in 4 of 12 months, cold in 0; hot in the last 4, never before; "
    )
    assert row["reason_es"].startswith(
        "Caliente en 4 de 12 meses, frío en 0; caliente en los últimos 4, nunca antes; "
    )
    assert found.loc[0, "kind"] == "none"
    assert found.loc[0, "kind_es"] == "sin patrón"


@pytest.mark.parametrize(("first", "kind"), [(11, "new hot"), (0, "persistent hot")])
def test_the_last_month_alone_is_new_and_all_of_them_persist(first, kind):
    assert change(crowd(first=first)).set_index("cell").loc[44, "kind"] == kind


def test_nine_months_are_too_few():
    assert change(crowd(9)) is None
    assert change(crowd(10)) is not None


def test_without_variation_or_cells_there_is_no_layer():
    assert change(np.zeros((12, 10, 10), int)) is None
    assert change(np.full((12, 10, 10), 20)) is None
    assert (
        find_change(
            add_up([], CELLS, seasons={}), CELLS, ground=GROUND, methods=METHODS
        )
        == {}
    )


few = st.integers(0, 9)


@given(st.lists(few, min_size=40, max_size=40), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_months_below_k_change_nothing(hidden, seed):
    """Whether nobody came or nine, the layer is the same to the last word."""
    north = np.zeros((12, 3, 10), int)
    place = np.random.default_rng(seed).integers(0, north.size, len(hidden))
    north.reshape(-1)[place] = hidden
    cube, with_few = crowd(), crowd()
    cube[:, :3], with_few[:, :3] = 0, north

    one, two = change(cube), change(with_few)

    pd.testing.assert_frame_equal(
        pd.DataFrame(one.drop(columns="geometry")),
        pd.DataFrame(two.drop(columns="geometry")),
    )


def test_one_track_more_within_a_step_of_rounding_changes_no_class():
    cube = crowd()
    more = cube.copy()
    more[3, 4, 4] -= 1  # 12 and 11 are both said to be 10

    one, two = change(cube), change(more)

    told = ["cell", "kind", "trend", "hot_months", "cold_months", "last", "run"]
    assert one[told].equals(two[told])


def test_all_of_it_follows_from_the_published_months():
    """Whoever has hotspots_monthly can work the layer out; it tells nothing more."""
    rng = np.random.default_rng(2)
    cube = rng.poisson(11, (12, *CELLS.shape))
    cube[6:, 2:5, 2:5] += 40
    published = rounded_counts(cube, k=10, round_to=5).astype(int)

    exact, public = change(cube), change(published)

    told = [name for name in exact.columns if name not in {"tracks", "geometry"}]
    assert exact[told].equals(public[told])


def test_every_row_passes_the_gate_with_its_tracks_rounded():
    layer = change(crowd())
    base = read_layers({}, crs=CRS, bounds=(-77.6, 8, -77.4, 8.2), cell_m=250)
    found = Findings({"emerging": layer}, {}, base, About(region="x", crs=CRS))

    passed = release(found)

    out = passed.layers["emerging"]
    assert passed.withheld["emerging"] == 0
    assert (out["tracks"] % 5 == 0).all()
    assert out["tracks"].min() >= 10


def test_who_is_still_on_the_way_after_the_last_month_makes_no_month():
    cube = np.concatenate([crowd(), np.zeros((1, 10, 10), int)])
    cube[12, 4, 4] = 30
    totals = totals_of(cube)
    totals = replace(totals, monthly=totals.monthly[:12])

    layer = find_change(totals, CELLS, ground=GROUND, methods=METHODS)["emerging"]

    assert set(layer["months"]) == {12}
    assert layer.set_index("cell").loc[44, "kind"] == "consecutive hot"


def test_a_stricter_correction_finds_no_more():
    hot = [
        int((change(crowd(first=6), correction=name)["hot_months"]).sum())
        for name in ("fdr", "by")
    ]

    assert hot[0] >= hot[1] > 0


@pytest.mark.parametrize(
    ("row", "english", "spanish"),
    [
        (
            {
                "hot_steps": 0,
                "cold_steps": 0,
                "last": "none",
                "run": 12,
                "trend": "none",
            },
            "neither in the last 12, from the first on; no trend.",
            "en los últimos 12, desde el primero; sin tendencia.",
        ),
        (
            {
                "hot_steps": 5,
                "cold_steps": 1,
                "last": "cold",
                "run": 1,
                "trend": "falling",
            },
            "cold in the last month, never before; falling.",
            "frío en el último mes, nunca antes; en descenso.",
        ),
        (
            {
                "hot_steps": 5,
                "cold_steps": 0,
                "last": "hot",
                "run": 2,
                "trend": "rising",
            },
            "hot in the last 2, as at times before; rising.",
            "caliente en los últimos 2, como otras veces antes; en aumento.",
        ),
    ],
)
def test_reasons_are_sentences(row, english, spanish):
    said = reason({"steps": 12} | row)

    assert said[0].endswith(english)
    assert said[1].endswith(spanish)


def test_all_seventeen_classes_have_a_colour_of_their_own():
    kinds = [kind for kind, _, _ in CHANGE]
    assert set(kinds) == {
        f"{pattern} {side}" for pattern in PATTERNS_ES for side in ("hot", "cold")
    } | {"none"}
    assert len(kinds) == len({colour for _, colour, _ in CHANGE}) == 17


def test_every_column_is_described():
    named = {key.rpartition(".")[2] for key, *_ in CHANGE_FIELDS}

    assert set(change(crowd()).columns) - named == {"tracks", "geometry"}
