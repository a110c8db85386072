"""`trocha validate`, and what the next map says of it."""

import json
import shutil

import msgspec
import pytest
from click.testing import CliRunner

from geo.cli import main
from geo.config import load_config
from geo.errors import InputError, PrivacyError
from geo.pipeline import build, make_release
from geo.validating import validate_region
from geo.verdict import encode, read_verdict
from geo.write.page import render_map
from tests.regions import REGION, write_walks
from tests.test_verdict import verdict

FEW = 'level = "internal"\nk = 3\n'


@pytest.fixture(scope="module")
def validated(region_once, tmp_path_factory):
    """The tiny region, with a k of which thirty tracks are ten times as many."""
    folder = tmp_path_factory.mktemp("validated") / "tiny"
    shutil.copytree(region_once, folder)
    (folder / "region.toml").write_text(REGION + FEW, encoding="utf-8")
    return folder, validate_region(load_config(folder / "region.toml"))


@pytest.fixture
def copied(validated, tmp_path):
    """The region file of a fresh copy of it, with what was found."""
    shutil.copytree(validated[0], tmp_path / "copy")
    return tmp_path / "copy" / "region.toml"


def test_a_valley_that_all_walk_is_foretold_and_so_is_a_straight_line(validated):
    verdict = validated[1].verdict
    found = {score.name: score for score in verdict.scores}

    assert list(found) == ["corridors", "straight", "isotropic", "anywhere"]
    assert found["corridors"].auc.value > 0.95
    assert verdict.over_straight.low < 1.2
    assert verdict.tracks == 30
    assert verdict.lines == 30
    assert "30 tracks [SIMULATED / SIMULADO]" in validated[1].as_text()


def test_the_same_files_give_the_same_bytes_in_any_store_and_order(
    validated, region_once, tmp_path
):
    folder = tmp_path / "other"
    shutil.copytree(region_once, folder)
    (folder / "region.toml").write_text(REGION + FEW, encoding="utf-8")
    for number in (0, 1, 2):
        path = folder / "fixes" / f"walks_{number}.csv"
        path.rename(folder / "fixes" / f"z{9 - number}.csv")
    again = validate_region(load_config(folder / "region.toml"))

    assert again.path.read_bytes() == validated[1].path.read_bytes()


def test_too_few_tracks_are_refused_and_nothing_is_written(tiny_region):
    with pytest.raises(PrivacyError, match="Fewer than 100 tracks"):
        validate_region(load_config(tiny_region))
    assert not (tiny_region.parent / "validation.json").exists()


def test_no_track_at_all_is_refused(tiny_region):
    shutil.rmtree(tiny_region.parent / "fixes")
    (tiny_region.parent / "fixes").mkdir()

    with pytest.raises(PrivacyError, match="Fewer than 100 tracks"):
        validate_region(load_config(tiny_region))


def test_the_next_map_and_its_record_say_what_was_found(copied):
    done = build(load_config(copied))
    told = done.release.about.validation
    record = json.loads((done.folder / "release.json").read_text(encoding="utf-8"))

    assert told["current"] is True
    assert record["validation"] == json.loads(json.dumps(told))
    page = render_map(done.release)
    assert '"over_straight"' in page
    assert "How well the corridors predict" in page
    assert "Qué tan bien predicen los corredores" in page


def test_a_map_of_other_data_says_that_the_figures_are_old(copied):
    write_walks(copied.parent / "fixes" / "more.csv", range(40, 60))

    assert make_release(load_config(copied)).about.validation["current"] is False


def test_a_map_is_made_again_when_its_verdict_changes(copied):
    from geo.upkeep import build as keep_up

    config = load_config(copied)
    before = keep_up(config).as_dict()
    (copied.parent / "validation.json").unlink()
    after = keep_up(config).as_dict()

    assert before["published"] == after["published"]
    record = json.loads((config.files.output / "release.json").read_text("utf-8"))
    assert "validation" not in record


def test_a_damaged_verdict_stops_the_build_with_one_sentence(copied):
    (copied.parent / "validation.json").write_text("{", encoding="utf-8")

    with pytest.raises(InputError, match="is not a verdict on corridors"):
        build(load_config(copied))


def test_the_command_prints_a_table_or_json(copied):
    told = CliRunner().invoke(main, ["validate", str(copied), "--folds", "3"])
    assert told.exit_code == 0, told.output
    assert "in 3 folds" in told.output
    assert "straight" in told.output
    assert "better than straight lines" in told.output.lower()

    plain = CliRunner().invoke(main, ["validate", str(copied), "--json"])
    answer = json.loads(plain.output)
    assert answer["simulated"] is True
    assert answer["scores"][0]["name"] == "corridors"
    assert read_verdict(copied.parent / "validation.json").folds == 5


@pytest.mark.parametrize("folds", ["1", "11", "many"])
def test_folds_that_make_no_sense_are_wrong_usage(copied, folds):
    told = CliRunner().invoke(main, ["validate", str(copied), "--folds", folds])

    assert told.exit_code == 2


def test_the_verdict_may_not_lie_among_the_fixes(copied):
    text = copied.read_text(encoding="utf-8")
    where = '[files]\nvalidation = "fixes/validation.json"'
    copied.write_text(text.replace("[files]", where), encoding="utf-8")
    told = CliRunner().invoke(main, ["validate", str(copied)])

    assert told.exit_code == 3
    assert "[files] validation lies in the folder of fixes" in told.output


def test_what_stands_in_the_file_is_rounded_and_holds_no_track(validated):
    text = validated[1].path.read_text(encoding="utf-8")
    told = read_verdict(validated[1].path)

    assert encode(told) == text.encode()
    assert len(text) < 10_000
    for word in ("walker", "lat", "lon", "77.5", "-77"):
        assert word not in text
    assert msgspec.to_builtins(told) != msgspec.to_builtins(verdict())
