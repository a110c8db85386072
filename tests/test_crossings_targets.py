"""Where crossings are counted: reaches, rivers and checkpoints, and their sides."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from shapely import LineString, MultiLineString, Point, box

from geo.analysis.crossings.targets import make_targets
from geo.errors import CRSError

CRS = "EPSG:32618"


def layer(*rows, crs=CRS, **columns):
    data = {
        name: [row[name] for row in rows] for name in (rows[0] if rows else columns)
    }
    return gpd.GeoDataFrame(data, geometry="geometry", crs=crs)


def nothing():
    return gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS)


def named(*pairs, **more):
    return layer(*({"name": n, "geometry": g, **more} for n, g in pairs))


def lines(*shapes):
    return layer(*({"name": "", "geometry": shape} for shape in shapes))


PROVINCES = layer(
    {"name": "Darién", "country": "PA", "geometry": box(-50e3, -1e3, -200, 90e3)},
    {"name": "Chocó", "country": "CO", "geometry": box(200, -1e3, 50e3, 90e3)},
)


def targets_of(**layers):
    names = ("border", "rivers", "checkpoints", "places")
    return make_targets(**{name: nothing() for name in names} | layers)


def split(table):
    """Whole lines, and their reaches."""
    whole = table["kind"].str.startswith("whole")
    return table[whole], table[~whole].reset_index(drop=True)


def test_a_border_is_cut_into_equal_reaches_that_touch():
    border = LineString([(0, 0), (0, 30e3), (0, 55e3)])

    whole, reaches = split(targets_of(border=lines(border), reach_km=20.0))

    assert shapely.union_all(whole.geometry).equals(shapely.union_all(reaches.geometry))
    assert reaches.length.round(6).tolist() == [18333.333333] * 3
    ends = [shape.coords[-1] for shape in reaches.geometry[:-1]]
    assert ends == [shape.coords[0] for shape in reaches.geometry[1:]]
    assert shapely.line_merge(shapely.union_all(reaches.geometry)).equals(border)


def test_a_border_shorter_than_half_a_reach_is_one_reach():
    assert len(targets_of(border=lines(LineString([(0, 0), (9, 9)])))) == 1


def test_reaches_are_named_after_the_nearest_place_or_checkpoint_each_once():
    reaches = targets_of(
        border=lines(LineString([(0, 0), (0, 60e3)])),
        places=named(("Sapzurro", Point(3e3, 59e3)), ("", Point(0, 0))),
        checkpoints=named(("Paya", Point(-4e3, 5e3)), precision_m=1000.0),
    )
    assert reaches["name"].tolist() == [
        "border (all reaches)",
        "border near Paya",
        "border near Paya 2",
        "border near Sapzurro",
        "Paya",
    ]


@pytest.mark.parametrize("points", [[(0, 0), (0, 60e3)], [(0, 60e3), (0, 0)]])
def test_sides_of_the_border_are_the_countries_there(points):
    reaches = targets_of(border=lines(LineString(points)), provinces=PROVINCES)
    assert set(reaches["one_side"]) == {"Panama"}
    assert set(reaches["other_side"]) == {"Colombia"}
    _, reaches = split(reaches)
    assert all(r.coords[0][1] < r.coords[-1][1] for r in reaches.geometry)


def test_a_country_without_a_name_here_goes_by_its_code():
    other = PROVINCES.assign(country=["CR", "PA"])
    (reach,) = targets_of(
        border=lines(LineString([(0, 0), (0, 9e3)])), provinces=other
    ).itertuples()
    assert (reach.one_side, reach.other_side) == ("CR", "Panama")


def test_most_of_the_line_decides_where_the_provinces_are_drawn_inexactly():
    bent = LineString([(0, 0), (0, 40e3), (-6e3, 50e3), (0, 60e3)])
    reaches = targets_of(border=lines(bent), provinces=PROVINCES)
    assert set(reaches["one_side"]) == {"Panama"}


def test_without_provinces_sides_go_by_compass():
    (reach,) = targets_of(border=lines(LineString([(0, 0), (9e3, 4e3)]))).itertuples()
    assert (reach.one_side, reach.other_side) == ("north side", "south side")


@pytest.mark.parametrize(
    ("points", "sides"),
    [
        ([(0, 0), (90, 30)], ("north bank", "south bank")),
        ([(90, 30), (0, 0)], ("north bank", "south bank")),
        ([(0, 0), (30, 90)], ("west bank", "east bank")),
        ([(30, -90), (0, 0)], ("west bank", "east bank")),
    ],
)
def test_banks_are_named_by_compass_and_lie_left_and_right(points, sides):
    (river,) = targets_of(rivers=named(("Tuira", LineString(points)))).itertuples()

    assert (river.one_side, river.other_side) == sides
    (start, end) = river.geometry.geoms[0].coords
    run = end[0] - start[0] if sides[0] == "north bank" else end[1] - start[1]
    assert run > 0


def test_lines_of_one_river_are_joined_even_when_drawn_against_each_other():
    rivers = named(
        ("Tuira", LineString([(0, 0), (50, 0)])),
        ("Atrato", LineString([(0, 0), (0, 9)])),
        ("Tuira ", LineString([(90, 0), (50, 0)])),
        ("Tuira", MultiLineString([[(300, 5), (200, 0)], [(120, 0), (100, 0)]])),
        ("", LineString([(0, 0), (5, 5)])),
        (None, LineString([(0, 0), (5, 5)])),
        ("Chico", None),
    )
    table = targets_of(rivers=rivers)
    assert table["name"].tolist() == ["Atrato", "Tuira"]
    tuira = table.geometry[1]
    assert min(part.length for part in tuira.geoms) == 20
    assert tuira.length == pytest.approx(90 + 20 + np.hypot(100, 5))
    assert all(part.coords[0][0] < part.coords[-1][0] for part in tuira.geoms)


def test_a_long_river_is_cut_into_reaches_that_know_their_whole():
    table = targets_of(
        rivers=named(("Tuira", LineString([(0, 0), (58e3, 0)]))),
        places=named(("Yaviza", Point(1e3, 2e3)), ("Paya", Point(57e3, 0))),
        checkpoints=layer({"name": "Paya", "geometry": Point(0, 0), "role": "landing"}),
    )
    assert table["kind"].tolist() == ["whole river", *["river"] * 3, "checkpoint"]
    assert table["name"].tolist() == [
        "Tuira",
        *("Tuira near Paya", "Tuira near Paya 2", "Tuira near Paya 3", "Paya"),
    ]
    assert table["part_of"].tolist() == [-1, 0, 0, 0, -1]
    assert table["role"].tolist() == ["", "", "", "", "landing"]
    assert set(table["one_side"][:4]) == {"north bank"}


def test_a_short_arm_belongs_to_the_nearest_reach():
    rivers = named(
        ("Atrato", LineString([(0, 0), (40e3, 0)])),
        ("Atrato", LineString([(35e3, 100), (38e3, 2e3)])),
    )
    whole, reaches = split(targets_of(rivers=rivers))
    assert [len(shape.geoms) for shape in reaches.geometry] == [1, 2]
    assert whole["target"].tolist() == [0]


def test_a_line_of_one_reach_is_its_own_whole():
    table = targets_of(
        border=lines(LineString([(0, 0), (0, 25e3)])),
        rivers=named(("Tuquesa", LineString([(0, 0), (15e3, 0)]))),
    )
    assert table["kind"].tolist() == ["border", "river"]
    assert table["part_of"].tolist() == [-1, -1]


def test_each_pair_of_countries_has_a_whole_of_its_own():
    border = lines(
        LineString([(0, 0), (0, 60e3)]), LineString([(90e3, 0), (90e3, 60e3)])
    )
    east = layer(
        *(
            {"name": c, "country": c, "geometry": box(x, -1e3, x + 40e3, 90e3)}
            for c, x in (("EC", 50e3), ("PE", 90.2e3))
        )
    )
    table = targets_of(border=border, provinces=gpd.pd.concat([PROVINCES, east]))
    whole, reaches = split(table)
    assert len(whole) == 2
    sides = table.set_index("target")[["one_side", "other_side"]]
    for row in reaches.itertuples():
        assert set(sides.loc[row.part_of]) == {row.one_side, row.other_side}


def test_the_worst_quality_and_precision_of_what_was_joined_stand():
    line = LineString([(0, 0), (50, 0)])
    rivers = layer(
        {"name": "A", "geometry": line, "quality": "mapped", "precision_m": 50.0},
        {"name": "A", "geometry": line, "quality": "schematic", "precision_m": 900.0},
        {"name": "B", "geometry": line, "quality": "mapped", "precision_m": 50.0},
    )
    table = targets_of(rivers=rivers)
    assert table["quality"].tolist() == ["schematic", "mapped"]
    assert table["precision_m"].tolist() == [900.0, 50.0]


def test_targets_do_not_depend_on_the_order_of_rows():
    border = lines(
        LineString([(0, 0), (0, 30e3)]),
        LineString([(0, 60e3), (0, 30e3)]),
        LineString([(9e3, 90e3), (0, 60e3)]),
    )
    layers = {
        "border": border,
        "rivers": named(
            *(
                (name, LineString([(n, 0), (n + 9, 99)]))
                for n, name in enumerate("abab")
            )
        ),
        "checkpoints": named(("x", Point(5, 5)), ("x", Point(1, 1)), precision_m=9.0),
        "places": named(("p", Point(0, 40e3)), ("o", Point(0, 40e3))),
        "provinces": PROVINCES,
    }
    turned = {name: table.iloc[::-1] for name, table in layers.items()}

    table = make_targets(**layers)

    assert_geodataframe_equal(make_targets(**turned), table)
    assert table["name"].is_unique
    assert table["target"].tolist() == list(range(len(table)))


def test_empty_layers_give_an_empty_table_with_its_columns():
    table = targets_of()
    assert list(table) == [
        *("target", "kind", "name", "quality", "precision_m"),
        *("one_side", "other_side", "role", "part_of", "geometry"),
    ]
    assert table.crs == CRS
    assert not len(table)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32617"])
def test_another_crs_or_degrees_are_refused(crs):
    places = named(("p", Point(0, 0))).set_crs(crs, allow_override=True)
    rivers = named(("r", LineString([(0, 0), (1, 1)])))
    with pytest.raises(CRSError, match="different CRS or in degrees"):
        targets_of(places=places, rivers=rivers)


def test_the_layers_are_left_as_they_were():
    rivers = named(("Tuira ", LineString([(9, 0), (0, 0)])))
    before = rivers.copy()
    targets_of(rivers=rivers)
    assert_geodataframe_equal(rivers, before)
