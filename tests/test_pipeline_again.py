"""A map that is built again: the same bytes, whatever the order and the history."""

import shutil
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from geo.account import describe_store
from geo.config import load_config
from geo.errors import InputError
from geo.memory import NAME
from geo.pipeline import build, export, forget, make_release
from tests.regions import digests, write_walks


def test_two_builds_give_the_same_bytes(built, tmp_path):
    folder, _ = built
    shutil.copytree(folder, tmp_path / "tiny", ignore=shutil.ignore_patterns("store"))
    config = load_config(tmp_path / "tiny" / "region.toml")

    build(config)

    assert digests(tmp_path / "tiny" / "map") == digests(folder / "map")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_files_added_one_by_one_give_the_same_bytes(built, tmp_path, order):
    folder, _ = built
    shutil.copytree(folder, tmp_path / "tiny", ignore=shutil.ignore_patterns("store"))
    files = (tmp_path / "tiny" / "fixes").rename(tmp_path / "files")
    config = load_config(tmp_path / "tiny" / "region.toml")

    for index in order:
        build(config, new_files=[files / f"walks_{index}.csv"])

    assert digests(tmp_path / "tiny" / "map") == digests(folder / "map")


def test_one_file_or_three_give_the_same_map(built, tmp_path):
    folder, _ = built
    shutil.copytree(folder, tmp_path / "tiny", ignore=shutil.ignore_patterns("store"))
    fixes = tmp_path / "tiny" / "fixes"
    tables = [pd.read_csv(path) for path in sorted(fixes.iterdir(), reverse=True)]
    shutil.rmtree(fixes)
    fixes.mkdir()
    pd.concat(tables).to_csv(fixes / "all.csv", index=False)

    done = build(load_config(tmp_path / "tiny" / "region.toml"))

    before = built[1].release
    for name, layer in done.release.layers.items():
        pd.testing.assert_frame_equal(
            pd.DataFrame(layer), pd.DataFrame(before.layers[name])
        )
    for name, surface in done.release.surfaces.items():
        np.testing.assert_array_equal(surface.values, before.surfaces[name].values)


def test_other_processes_give_the_same_bytes(built, tmp_path):
    folder, _ = built
    shutil.copytree(folder, tmp_path / "tiny", ignore=shutil.ignore_patterns("store"))
    config = load_config(tmp_path / "tiny" / "region.toml")

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        build(config, executor=executor)

    assert digests(tmp_path / "tiny" / "map") == digests(folder / "map")


def test_only_the_month_of_a_new_file_is_computed_again(tiny_region, tmp_path):
    config = load_config(tiny_region)
    first = build(config)
    more = write_walks(tmp_path / "more.csv", [50], month="2023-06")

    again = build(config)
    added = build(config, new_files=[more])

    assert (first.redone, first.reused) == (2, 0)
    assert (again.redone, again.reused) == (0, 2)
    assert (added.redone, added.reused) == (1, 1)


def test_the_same_file_twice_is_no_change(tiny_region, tmp_path):
    config = load_config(tiny_region)
    build(config)
    before = digests(config.files.output)
    copy = tmp_path / "renamed.txt"
    shutil.copy(next(config.files.fixes.iterdir()), copy)

    done = build(config, new_files=[copy])

    assert done.intake.new == ()
    assert digests(config.files.output) == before


def test_a_file_taken_from_the_folder_leaves_no_trace(tiny_region, built):
    config = load_config(tiny_region)
    write_walks(config.files.fixes / "more.csv", range(40, 60), month="2023-05")
    build(config)
    (config.files.fixes / "more.csv").unlink()

    done = build(config)

    assert done.intake.gone == 1
    assert digests(config.files.output) == digests(built[0] / "map")


def test_what_is_forgotten_leaves_no_trace_in_map_or_store(tiny_region, tmp_path):
    config = load_config(tiny_region)
    build(config)
    map_before, store_before = digests(config.files.output), digests(config.files.store)
    # Thirteen walkers: some in a new month, and some whose track moves to an earlier.
    more = write_walks(tmp_path / "more.csv", range(40, 50), month="2023-05")
    moved = write_walks(tmp_path / "moved.csv", [20, 21, 22], month="2023-02")
    build(config, new_files=[more, moved])
    assert digests(config.files.output) != map_before

    first = forget(config, ["moved.csv"])
    second = forget(config, [sha256(more.read_bytes()).hexdigest()[:8].upper()])

    assert (first.forgotten, second.forgotten) == (("moved.csv",), ("more.csv",))
    assert "  forgotten: more.csv" in second.as_text()
    assert second.as_dict()["files"]["forgotten"] == ["more.csv"]
    assert digests(config.files.output) == map_before
    assert digests(config.files.store) == store_before


def test_what_is_damaged_in_memory_is_found_again(tiny_region):
    config = load_config(tiny_region)
    build(config)
    whole = digests(config.files.output)
    kept = sorted((config.files.store / "partials").glob("memory.*/*"))
    known = [path.read_bytes() for path in kept]
    for path, data in zip(kept, known, strict=True):
        path.write_bytes(data[: len(data) // 2])

    build(config)

    assert known
    assert [path.read_bytes() for path in kept] == known
    assert digests(config.files.output) == whole


def test_the_ground_of_the_map_is_drawn_once(tiny_region, walk_csv, monkeypatch):
    config = load_config(tiny_region)
    build(config)

    def drawn_again(*_):
        raise AssertionError("the ground was drawn again")

    monkeypatch.setattr("geo.course.draw_ground", drawn_again)
    monkeypatch.setattr("geo.write.ground.draw_ground", drawn_again)

    assert len(build(config, new_files=[walk_csv]).effects) == 1


def test_nothing_that_was_found_is_remembered_once_a_file_is_forgotten(
    tiny_region, walk_csv, monkeypatch
):
    config = load_config(tiny_region)
    build(config, new_files=[walk_csv])
    assert list((config.files.store / "partials").glob("memory.*/*"))

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("geo.pipeline.gather", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(config, [walk_csv.name])

    assert not list((config.files.store / "partials").glob("memory.*/*"))


def test_nothing_is_forgotten_when_one_name_is_wrong(tiny_region, tmp_path):
    config = load_config(tiny_region)
    more = write_walks(tmp_path / "more.csv", [40])
    build(config, new_files=[more])
    before = digests(config.files.store)

    with pytest.raises(InputError, match=r"holds no file 'other\.csv'"):
        forget(config, ["more.csv", "other.csv"])

    assert digests(config.files.store) == before


def test_an_export_forgets_nothing_that_the_map_remembers(tiny_region, tmp_path):
    config = load_config(tiny_region)
    build(config)
    kept = {path: path.stat().st_mtime_ns for path in remembered(config)}

    export(config, output=tmp_path / "gis", formats=["geojson"])
    make_release(config)

    assert kept
    assert kept == {path: path.stat().st_mtime_ns for path in remembered(config)}


def remembered(config):
    """What the store keeps beside the months."""
    return sorted((config.files.store / "partials").glob(f"{NAME}*/*"))


class TestWhatAMapWasMadeFrom:
    """The store remembers it, and says when it is no longer all there is."""

    def outputs(self, config):
        return {one["folder"]: one for one in describe_store(config)["outputs"]}

    def test_each_output_names_its_files_and_its_record(self, tiny_region, tmp_path):
        config = load_config(tiny_region)
        build(config)
        export(config, output=tmp_path / "gis", formats=["geojson"])

        made = self.outputs(config)

        record = config.files.output / "release.json"
        one = made[str(config.files.output)]
        assert one["record_sha256"] == sha256(record.read_bytes()).hexdigest()
        assert one["files"] == sorted(
            sha256(path.read_bytes()).hexdigest()
            for path in config.files.fixes.iterdir()
        )
        assert set(one["parts"]) == {"2023-03", "2023-06"}
        assert made[str(tmp_path / "gis")]["up_to_date"]

    def test_a_map_that_is_behind_says_so(self, tiny_region, walk_csv, tmp_path):
        config = load_config(tiny_region)
        build(config, output=tmp_path / "old")

        build(config, new_files=[walk_csv])

        made = self.outputs(config)
        assert not made[str(tmp_path / "old")]["up_to_date"]
        assert made[str(config.files.output)]["up_to_date"]
