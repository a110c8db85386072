"""From files to a map: the whole way, on a region with a known answer."""

import json
import shutil
from datetime import date
from hashlib import sha256

import geopandas as gpd
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely import LineString

from geo.account import describe_store
from geo.config import load_config
from geo.errors import InputError, StoreError
from geo.pipeline import build, export, forget
from tests.regions import digests, walk, write_points, write_walks


def test_the_map_shows_where_the_walkers_went(built):
    _, done = built
    layers = done.release.layers

    corridors, hotspots = layers["corridors"], layers["hotspots"]
    widest = corridors.query("season == 'all' and level == 90")
    assert widest["tracks"].max() == 30
    assert widest["bearing_deg"].iloc[0] in {0, 360, 355, 5}
    assert widest["one_way_pct"].iloc[0] == 100
    assert hotspots["tracks"].max() == 30
    # The walk is a straight line north: one column of cells, or two at an edge.
    assert hotspots.geometry.centroid.x.nunique() <= 2


def test_crossings_are_counted_by_month_and_direction(built):
    _, done = built

    crossings = done.release.layers["crossings"].set_index("kind")
    months = done.release.layers["crossings_monthly"]

    assert crossings.loc["border", "direction"] == "into Panama"
    assert crossings.loc["border", "tracks"] == 30
    assert crossings.loc["river", "name"] == "Río Ñu"
    assert crossings.loc["checkpoint", "tracks"] == 30
    border = months[months["target"] == crossings.loc["border", "target"]]
    assert dict(zip(border["month"], border["tracks"], strict=True)) == {
        "2023-03": 20,
        "2023-06": 10,
    }


def test_every_rejected_row_has_its_reason(built):
    _, done = built
    about = done.release.about

    assert about.fixes_read == about.fixes_kept + sum(about.rejected.values())
    # Each of the three files holds one duplicate, one zero and one far-off position.
    assert about.rejected["duplicate"] == 3
    assert about.rejected["zero position"] == 3
    assert about.rejected["impossible speed"] + about.rejected.get("spike", 0) == 3


def test_the_map_and_its_files_are_written_and_recorded(built):
    folder, _ = built
    record = json.loads((folder / "map" / "release.json").read_text(encoding="utf-8"))

    assert {"index.html"} < set(record["sha256"])
    assert any(name.endswith(".gpkg") for name in record["sha256"])
    assert any(name.endswith(".shp") for name in record["sha256"])
    for name, digest in record["sha256"].items():
        assert digest == sha256((folder / "map" / name).read_bytes()).hexdigest()
    assert record["marks"] == ["SIMULATED / SIMULADO"]


def test_one_walker_is_hidden_and_the_account_says_why(tiny_region, tmp_path):
    config = load_config(tiny_region)
    build(config)
    table = walk(7).assign(device="lonely", longitude=-77.4)
    table.to_csv(tmp_path / "lonely.csv", index=False)

    done = build(config, new_files=[tmp_path / "lonely.csv"])

    (effect,) = done.effects
    assert effect.tracks == 1
    assert effect.cells_shown == 0
    assert effect.cells_withheld > 5
    assert done.before == done.after
    assert "fewer than 10 tracks passed there" in done.as_text()


def test_fewer_than_k_walkers_publish_nothing(tiny_region):
    config = load_config(tiny_region)
    shutil.rmtree(config.files.fixes)
    config.files.fixes.mkdir()
    write_walks(config.files.fixes / "nine.csv", range(9))

    done = build(config)

    assert not any(done.after.values())
    assert done.release.about.tracks == 0


def test_nothing_of_a_fix_is_in_any_output(built):
    folder, _ = built
    table = pd.read_csv(folder / "fixes" / "walks_0.csv")
    secrets = {"walker-0", str(folder.parent)}
    for name in ("latitude", "longitude"):
        secrets |= {f"{value:.6f}".rstrip("0") for value in table[name].sample(40)}
    secrets = {text for text in secrets if len(text) >= 8}

    for path in (folder / "map").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [text for text in secrets if text.encode() in data], path


def test_a_bad_file_is_named_and_the_good_ones_are_kept(tiny_region):
    config = load_config(tiny_region)
    (config.files.fixes / "broken.gpx").write_bytes(b"\x00\xff" * 50)

    done = build(config)

    assert len(done.intake.problems) == 1
    assert "broken.gpx" in done.intake.problems[0]
    assert done.release.layers["hotspots"]["tracks"].max() == 30


def test_swapped_coordinates_are_seen_and_can_be_mended(tiny_region, tmp_path):
    config = load_config(tiny_region)
    names = {"latitude": "longitude", "longitude": "latitude"}
    path = tmp_path / "swapped.csv"
    walk(70).rename(columns=names).to_csv(path, index=False)

    plain = build(config, new_files=[path])
    mended = build(config, new_files=[path], reading={"swap": True})

    assert "latitude and longitude look swapped" in plain.intake.problems[0]
    assert mended.intake.problems == ()
    assert mended.effects[0].cells_shown > 5


def test_a_month_that_is_not_over_for_long_is_left_out(tiny_region):
    config = load_config(tiny_region)

    early = build(config, today=date(2023, 5, 1))
    late = build(config, today=date(2023, 8, 15))

    assert early.release.about.last_month == "2023-03"
    assert late.release.about.last_month == "2023-06"


def test_a_smoothed_map_is_reproducible_and_says_that_it_is_smoothed(
    tiny_region, built, tmp_path
):
    plain = built[1].release
    text = tiny_region.read_text(encoding="utf-8")
    tiny_region.write_text(f"{text}\n[cleaning]\nsmooth = true\n", encoding="utf-8")

    done = build(load_config(tiny_region), output=tmp_path / "map")
    again = build(load_config(tiny_region), output=tmp_path / "again")

    assert digests(tmp_path / "map") == digests(tmp_path / "again")
    assert again.redone == 0
    about = done.release.about
    assert about.parameters == plain.about.parameters | {"cleaning.smooth": True}
    assert about.fixes_kept == plain.about.fixes_kept
    page = (tmp_path / "map" / "index.html").read_text(encoding="utf-8")
    assert '"cleaning.smooth":true' in page
    counts = [r.layers["crossings"]["tracks"].tolist() for r in (done.release, plain)]
    assert counts[0] == counts[1]


def test_an_internal_map_says_so_everywhere(tiny_region):
    text = tiny_region.read_text(encoding="utf-8")
    tiny_region.write_text(
        text + 'level = "internal"\nk = 1\nround_to = 1\n', encoding="utf-8"
    )

    done = build(load_config(tiny_region))

    assert done.release.marks[1] == "INTERNAL / INTERNO"
    assert "INTERNAL / INTERNO" in (done.folder / "index.html").read_text("utf-8")


def test_layers_are_exported_without_the_map(tiny_region, tmp_path):
    done = export(load_config(tiny_region), output=tmp_path / "gis", formats=["shp"])

    assert {path.suffix for path in done.written} >= {".shp", ".dbf", ".prj", ".cpg"}
    assert not (tmp_path / "gis" / "index.html").exists()


def test_the_store_is_described_without_ids_or_places(tiny_region):
    config = load_config(tiny_region)
    build(config)

    told = describe_store(config)

    assert told["months"] == ["2023-03", "2023-06"]
    assert [file["name"] for file in told["files"]] == [
        "walks_0.csv",
        "walks_1.csv",
        "walks_2.csv",
    ]
    assert "walker-" not in json.dumps(told)


def test_the_store_says_its_size_its_parts_and_what_is_withheld(tiny_region):
    config = load_config(tiny_region)
    empty = describe_store(config)
    done = build(config)

    told = describe_store(config)

    files = [path for path in config.files.store.rglob("*") if path.is_file()]
    assert told["store"] == {
        "bytes": sum(len(path.read_bytes()) for path in files),
        "parts": 2,
    }
    assert told["withheld"] == dict(done.release.withheld)
    assert (
        told["files"][0]["sha256"]
        == sha256((config.files.fixes / "walks_0.csv").read_bytes()).hexdigest()
    )
    assert (empty["store"]["parts"], empty["withheld"]) == (0, {})


def test_a_damaged_store_is_refused_with_a_way_out(tiny_region):
    config = load_config(tiny_region)
    build(config)
    (config.files.store / "manifest.json").write_text("{", encoding="utf-8")

    with pytest.raises(StoreError):
        build(config)


def test_a_missing_file_is_refused_before_anything_is_done(tiny_region):
    config = load_config(tiny_region)

    with pytest.raises(InputError, match=r"none\.gpx"):
        build(config, new_files=[tiny_region.parent / "none.gpx"])


class TestPoints:
    """People seen at places: their own layers, and no part of the tracks."""

    @pytest.fixture
    def config(self, tiny_region):
        text = tiny_region.read_text(encoding="utf-8")
        campaign = 'since = "2023-01"\nuntil = "2023-12"\n\n[files]'
        tiny_region.write_text(text.replace("\n[files]", campaign), encoding="utf-8")
        return load_config(tiny_region)

    def test_a_folder_of_points_makes_layers_of_its_own(self, config):
        before = build(config).release
        write_points(config.files.points / "cruces.csv", 40)

        after = build(config).release

        assert {"points", "recorded", "points_monthly"}.isdisjoint(before.layers)
        for name, layer in before.layers.items():
            assert_frame_equal(layer, after.layers[name])
        assert after.about.points == 40
        assert after.about.fixes_read == before.about.fixes_read
        recorded = after.layers["recorded"].set_index("kind")
        assert recorded.loc["border", "points"] == 40
        assert recorded.loc["border", "low"] < 40 < recorded.loc["border", "high"]
        months = after.layers["recorded_monthly"]
        assert months[["month", "points"]].to_numpy().tolist() == [["2023-03", 35]]

    def test_fewer_than_k_are_not_shown(self, config):
        write_points(config.files.points / "cruces.csv", 9)

        layers = build(config).release.layers

        assert layers["points"].empty
        assert layers["recorded"].empty

    def test_where_the_watching_is_known_they_are_rates(self, tiny_region):
        text = tiny_region.read_text(encoding="utf-8")
        effort = '\n[layers.effort]\npath = "effort.csv"\n'
        tiny_region.write_text(text + effort, encoding="utf-8")
        table = "lon,lat,hours\n-77.5,8.1,40\n-77.45,8.05,4\n"
        (tiny_region.parent / "effort.csv").write_text(table, encoding="utf-8")
        config = load_config(tiny_region)
        for month in ("2023-02", "2023-03"):
            path = config.files.points / f"{month}.csv"
            write_points(path, 40, month=month, seed=int(month[-1]))

        points = build(config).release.layers["points"]

        assert points["effort_h"].sum() == 40
        most = points.loc[points["effort_h"].idxmax()]
        assert most["rate"] == pytest.approx(100 * most["points"] / 40, rel=0.05)

    def test_along_trails_they_have_a_density_where_k_stand_behind_it(
        self, tiny_region
    ):
        text = tiny_region.read_text(encoding="utf-8")
        trails = '\n[layers.trails]\npath = "trails.geojson"\n'
        tiny_region.write_text(text + trails, encoding="utf-8")
        line = LineString([(-77.5, 7.9), (-77.5, 8.3)])
        frame = gpd.GeoDataFrame(geometry=[line], crs=4326)
        frame.to_file(tiny_region.parent / "trails.geojson")
        config = load_config(tiny_region)
        write_points(config.files.points / "a.csv", 60, latitude=8.1)

        release = build(config).release

        along = release.layers["points_along"]
        assert len(along)
        assert (along["points"] >= release.k).all()
        length_km = along.length / 1000
        assert 45 < (along["per_km"] * length_km).sum() < 56  # 54 of 60 have a date
        assert release.withheld["points_along"] > 0

    def test_what_shares_one_position_is_said_and_lies_in_no_cell(self, config):
        path = write_points(config.files.points / "cruces.csv", 40)
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        place = [row.split(",") for row in rows[:21]]
        looked_up = [
            ",".join([day, "8.05", "-77.45", *end]) for day, _, _, *end in place
        ]
        path.write_text("\n".join([header, *rows[21:], *looked_up]), encoding="utf-8")

        release = build(config).release

        assert release.about.points == 40
        assert release.about.points_shared == 20  # 21, rounded
        assert (release.layers["points"]["points"] < 30).all()

    def test_without_an_end_of_the_campaign_points_without_a_date_wait(
        self, tiny_region
    ):
        config = load_config(tiny_region)
        write_points(config.files.points / "cruces.csv", 40)

        release = build(config).release

        assert release.about.points == 35  # 36, rounded
        assert release.about.points_rejected == {"undated": 4}

    def test_added_and_forgotten_they_leave_no_trace(self, config):
        build(config)
        before = digests(config.files.output)
        path = write_points(config.files.fixes.parent / "x" / "cruces.csv", 40)

        done = build(config, new_files=[path], reading={"points": True})
        assert "40 points" in done.as_text()
        assert digests(config.files.output) != before
        forget(config, ["cruces.csv"])

        assert digests(config.files.output) == before

    def test_two_lists_that_overlap_count_each_once(self, config):
        write_points(config.files.points / "a.csv", 40)
        text = (config.files.points / "a.csv").read_text(encoding="utf-8")
        (config.files.points / "b.csv").write_text(
            text + "2023-05-01,8.1,-77.5,x\n", encoding="utf-8"
        )

        assert build(config).release.about.points == 40  # 41, rounded

    def test_every_format_tells_of_them(self, config, tmp_path):
        write_points(config.files.points / "cruces.csv", 40)

        export(config, output=tmp_path / "gis", formats=["gpkg", "shp", "geojson"])

        for kind in ("gpkg", "geojson"):
            assert list((tmp_path / "gis").rglob(f"*.{kind}"))
        shapes = {path.stem.split("_SIMULADO_")[-1] for path in tmp_path.rglob("*.shp")}
        assert {"points", "recorded_lines", "recorded_points"} <= shapes
