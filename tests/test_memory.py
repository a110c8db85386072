"""What was found once comes back as it was, or is found again."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import Point, Polygon

from geo.grid import Grid, Surface
from geo.memory import Memory, pack_frames, unpack_frames
from geo.store.shelf import Shelf

CRS = "+proj=laea +lat_0=8.1 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
GRID = Grid(CRS, 0, 500, 250, rows=2, columns=3)
GRID_LAND = np.array([[True, False, True]] * 2)


def shapes():
    ring = [(0.1, 0), (9, 0), (9, 9), (0, 9)]
    hole = [(1, 1), (2, 1), (2, 1 / 3), (1, 2)]
    return gpd.GeoDataFrame(
        {
            "corridor": np.arange(2),
            "season": pd.Series(["all", "húmeda"], dtype="str"),
            "tracks": pd.array([12, None], dtype="Int64"),
            "bearing_deg": [np.nan, 1 / 3],
            "hot": [True, False],
        },
        geometry=[Polygon(ring, [hole]), Polygon(ring)],
        crs=CRS,
    )


FRAMES = {
    "shapes": shapes(),
    "none of them": shapes().iloc[:0],
    "points": gpd.GeoDataFrame(geometry=[Point(1, 2)], crs="EPSG:32618"),
    "no crs": gpd.GeoDataFrame({"a": [1]}, geometry=[None]),
    "a table": pd.DataFrame({"month": pd.Series(["2023-03"], dtype="str"), "n": [1]}),
    "an empty table": pd.DataFrame({"month": [], "tracks": []}),
    "a.b": pd.DataFrame({"n": np.arange(3, dtype=np.int32)}),
}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


class Maker:
    """Makes something, and counts how often."""

    def __init__(self, found):
        self.found, self.times = found, 0

    def __call__(self):
        self.times += 1
        return self.found


def test_frames_come_back_as_they_were():
    again = unpack_frames(pack_frames(FRAMES))

    assert list(again) == list(FRAMES)
    for name, frame in FRAMES.items():
        assert type(again[name]) is type(frame)
        assert list(again[name].dtypes) == list(frame.dtypes)
        if isinstance(frame, gpd.GeoDataFrame):
            assert_geodataframe_equal(again[name], frame)
        else:
            pd.testing.assert_frame_equal(again[name], frame)


def test_what_is_known_is_made_once(shelf):
    make = Maker(FRAMES)
    for _ in range(3):
        found = Memory(shelf, "ground").frames("all", "a", make)

    assert make.times == 1
    assert list(found) == list(FRAMES)


@pytest.mark.parametrize(
    ("ground", "name", "made_from"),
    [("other", "all", "a"), ("ground", "other", "a"), ("ground", "all", "b")],
)
def test_what_was_made_from_something_else_is_made_again(
    shelf, ground, name, made_from
):
    make = Maker(FRAMES)
    Memory(shelf, "ground").frames("all", "a", make)

    Memory(shelf, ground).frames(name, made_from, make)

    assert make.times == 2


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: data[::-1]])
def test_what_is_damaged_is_made_again_and_mended(shelf, tmp_path, harm):
    make = Maker(FRAMES)
    Memory(shelf, "ground").frames("all", "a", make)
    [path] = tmp_path.glob("memory.all/*")
    whole = path.read_bytes()
    path.write_bytes(harm(whole))

    Memory(shelf, "ground").frames("all", "a", make)

    assert make.times == 2
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "odd",
    [
        pd.DataFrame({"n": [1, 2]}, index=[5, 7]),
        pd.DataFrame({"n": pd.Series([1, 2], dtype="category")}).assign(
            n=lambda f: f["n"].astype(object)
        ),
    ],
)
def test_what_would_not_come_back_exactly_is_not_kept(shelf, tmp_path, odd):
    make = Maker({"odd": odd})
    for _ in range(2):
        found = Memory(shelf, "ground").frames("odd", "", make)
        assert found["odd"] is odd

    assert make.times == 2
    assert not list(tmp_path.glob("memory.odd/*"))


@pytest.mark.parametrize("values", [np.array([[0, np.nan, 1 / 3]] * 2), None])
def test_surfaces_come_back_and_so_does_that_there_is_none(shelf, values):
    found = None if values is None else Surface(GRID, values, "hours", "h")
    make = Maker(found)
    for _ in range(2):
        again = Memory(shelf, "ground").surface("hours", "", make, GRID)
        if found is None:
            assert again is None
        else:
            assert (again.grid, again.name, again.unit) == (GRID, "hours", "h")
            assert again.values.tobytes() == values.tobytes()

    assert make.times == 1


def test_without_a_shelf_nothing_is_kept(tmp_path):
    make = Maker(FRAMES)
    for memory in (Memory(), Memory(Shelf(tmp_path)), Memory(None, "ground")):
        memory.frames("all", "a", make)
        memory.clear()

    assert make.times == 3
    assert not list(tmp_path.iterdir())


def test_what_nobody_asks_for_goes_and_all_goes_when_told_to(shelf, tmp_path):
    make = Maker(FRAMES)
    Memory(shelf, "ground").frames("all", "old", make)
    shelf.keep("part", "partial", {})
    memory = Memory(shelf, "ground")
    memory.frames("all", "new", make)

    shelf.prune(memory.used | {"partial"})

    assert len(list(tmp_path.glob("memory.all/*"))) == 1
    memory.clear()
    assert not list(tmp_path.glob("memory.all/*"))
    assert shelf.has("part", "partial")


def test_arrays_come_back_to_the_last_bit(shelf):
    found = {"land": GRID_LAND, "0.1": np.array([[0, np.nan, 1 / 3]] * 2)}
    make = Maker(found)
    for _ in range(2):
        again = Memory(shelf, "ground").arrays("priors", "", make)

    assert make.times == 1
    assert list(again) == list(found)
    for name, array in found.items():
        assert again[name].dtype == array.dtype
        assert again[name].tobytes() == array.tobytes()


def test_that_there_are_no_arrays_is_known_too(shelf):
    make = Maker({})
    for _ in range(2):
        assert Memory(shelf, "ground").arrays("priors", "", make) == {}

    assert make.times == 1
