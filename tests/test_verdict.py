"""What is kept and published of how well corridors predict."""

import json

import msgspec
import pytest

from geo.errors import InputError, PrivacyError
from geo.privacy import About, Findings, release
from geo.verdict import (
    Estimate,
    Score,
    Stability,
    Truth,
    Verdict,
    admit,
    encode,
    is_better,
    read_verdict,
    rounded,
)
from tests.releases import base_layers

SURE = Estimate(value=1.43219, low=1.35555, high=1.51234)


def score(name="corridors", **changes):
    figures = {
        "inside": Estimate(value=0.8671, low=0.8555, high=0.8777),
        "lift": Estimate(value=208.4, low=205.1, high=211.9),
        "auc": Estimate(value=0.997423, low=0.99712, high=0.99771),
        "log_gain": SURE,
        "boyce": 0.98765,
        "deviation_m": Estimate(value=723.4, low=499.1, high=1001.2),
        "overlap": {"100": 0.20345},
    }
    return Score(name=name, **(figures | changes))


def verdict(**changes):
    whole = {
        "made_from": "0123456789abcdef",
        "tracks": 2233,
        "folds": 5,
        "level": 75,
        "corridor_km2": 212.5,
        "ground_km2": 51576.9,
        "scores": (score(), score("straight")),
        "over_straight": SURE,
        "stability": Stability(draws=40, jaccard=0.93789, stable=0.95123),
        "lines": 58,
        "truth": (Truth(name="corridors", routes={"walk": 0.94321}, near=0.998),),
    }
    return Verdict(**(whole | changes))


def plain(**changes):
    return msgspec.to_builtins(verdict(**changes))


def numbers_in(value):
    if isinstance(value, dict):
        return [n for part in value.values() for n in numbers_in(part)]
    if isinstance(value, list | tuple):
        return [n for part in value for n in numbers_in(part)]
    return [value] if isinstance(value, float) else []


def test_figures_have_two_digits_and_counts_are_rounded():
    told = admit(plain(), k=10, round_to=5)

    assert told["tracks"] == 2235
    assert told["lines"] == 60
    assert told["scores"][0]["auc"] == {"value": 0.9974, "low": 0.9971, "high": 0.9977}
    told["scores"] = [one | {"auc": {}} for one in told["scores"]]
    for number in numbers_in(told):
        assert float(f"{number:.2g}") == number


def test_nothing_is_said_of_fewer_than_ten_times_k_tracks():
    assert admit(plain(tracks=99), k=10, round_to=5) == {}
    assert admit(plain(tracks=100), k=10, round_to=5)["tracks"] == 100


def test_few_lines_are_not_compared_in_public():
    told = admit(plain(lines=9), k=10, round_to=5)

    assert told["lines"] == 0
    assert {one["deviation_m"] for one in told["scores"]} == {None}
    assert all(one["overlap"] == {} for one in told["scores"])


def test_what_is_admitted_twice_stays_as_it_is():
    once = admit(plain() | {"current": True}, k=10, round_to=5)

    assert admit(once, k=10, round_to=5) == once
    assert once["current"] is True
    assert admit({}, k=10, round_to=5) == {}


@pytest.mark.parametrize(
    "smuggled",
    [{"track": -77.5}, {"made_from": "walker-007"}, {"scores": [{"name": "Ana"}]}],
)
def test_the_gate_refuses_what_no_verdict_holds(smuggled):
    findings = Findings(
        layers={},
        surfaces={},
        base=base_layers(),
        about=About("Darién", "EPSG:32618", validation=plain() | smuggled),
    )

    with pytest.raises(PrivacyError, match="holds something else"):
        release(findings)


def test_the_gate_rounds_a_verdict_that_was_written_by_hand():
    about = About("Darién", "EPSG:32618", validation=plain())
    passed = release(
        Findings(layers={}, surfaces={}, base=base_layers(), about=about), k=20
    )

    assert passed.about.validation["tracks"] == 2235
    assert passed.about.validation["over_straight"]["value"] == 1.4
    few = About("Darién", "EPSG:32618", validation=plain(tracks=150))
    told = release(Findings({}, {}, base_layers(), few), k=20).about.validation
    assert told == {}


def test_a_file_comes_back_as_it_was(tmp_path):
    path = tmp_path / "validation.json"
    whole = rounded(verdict(), k=10, round_to=5)
    path.write_bytes(encode(whole))

    assert read_verdict(path) == whole
    assert encode(read_verdict(path)) == path.read_bytes()
    assert read_verdict(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "\xff",
        json.dumps(plain() | {"more": 1}),
        json.dumps(plain() | {"scores": [{"name": "x"}]}),
        json.dumps(plain()).replace("1.43219", "NaN"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path, text):
    path = tmp_path / "validation.json"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(InputError, match="is not a verdict on corridors"):
        read_verdict(path)


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_verdict(tmp_path)


def test_better_means_that_one_lies_below_the_interval():
    assert is_better(verdict())
    unsure = Estimate(value=1.2, low=1.0, high=1.4)
    assert not is_better(verdict(over_straight=unsure))


def test_boyce_of_nothing_is_left_out():
    told = admit(plain(scores=(score(boyce=None),)), k=10, round_to=5)

    assert told["scores"][0]["boyce"] is None
