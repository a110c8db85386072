"""What became of every row: nothing is left out, and nothing leaves the house."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.audit import FLAGS, NEVER, TURNED_AWAY, flag_fixes, write_audit
from geo.clean import clean_fixes
from geo.config import load_config
from geo.errors import PrivacyError
from geo.pipeline import build
from geo.recipe import partial_settings
from geo.store import open_store
from tests.regions import write_points, write_walks


@pytest.fixture
def config(tiny_region):
    return load_config(tiny_region)


@pytest.fixture
def how(config):
    return partial_settings(config, until=NEVER)


def walk(minutes, *, lat=None, track=1, accuracy=5.0):
    """One walker going north, 50 m a minute, at the given minutes."""
    minutes = np.asarray(minutes)
    start = pd.Timestamp("2023-03-01T12:00Z").as_unit("ms")
    place = 8.0 + minutes * 50 / 111_000 if lat is None else lat
    return pd.DataFrame(
        {
            "track": track,
            "time": (start + pd.to_timedelta(minutes, unit="min")).astype(
                "datetime64[ms, UTC]"
            ),
            "lon": -77.5,
            "lat": place,
            "elevation_m": np.nan,
            "accuracy_m": accuracy,
            "source": "f" * 64,
            "line": np.arange(1, len(minutes) + 1),
        }
    )


def flags_of(fixes, how):
    return flag_fixes(fixes, how)["flags"].tolist()


def test_a_good_walk_has_no_flags(how):
    assert flags_of(walk(range(30)), how) == [0] * 30


def test_a_jump_has_a_flag_and_stays_in_the_table(how):
    fixes = walk(range(30))
    fixes.loc[10, "lat"] = 8.25

    flagged = flag_fixes(fixes, how)

    assert len(flagged) == 30
    assert flagged.loc[10, "flags"] in {FLAGS["impossible speed"], FLAGS["spike"]}
    assert flagged.loc[10, "trip"] == -1
    assert (flagged["flags"].drop(10) == 0).all()


def test_a_fix_outside_and_a_twin_have_theirs(how):
    fixes = pd.concat([walk(range(20)), walk([5], accuracy=9.0)], ignore_index=True)
    fixes.loc[19, "lat"] = 40.0
    fixes = fixes.sort_values(["time", "accuracy_m"], ignore_index=True)

    flags = flags_of(fixes, how)

    assert flags[6] == FLAGS["duplicate"]
    assert flags[20] == FLAGS["outside the region"]


def test_a_silence_a_stop_and_a_short_trip_are_told(how):
    lat = np.r_[8.0 + np.arange(20) * 5e-4, [8.01] * 31, [8.012, 8.014]]
    minutes = np.r_[np.arange(20), 90 + np.arange(31), 700, 701]

    flagged = flag_fixes(walk(minutes, lat=lat, accuracy=np.nan), how)

    lone, silent = FLAGS["short trip"], FLAGS["after a silence"]
    assert flagged.loc[20, "flags"] & silent
    assert flagged.loc[51:, "flags"].tolist() == [
        lone | silent | FLAGS["no accuracy"],
        lone | FLAGS["no accuracy"],
    ]
    stopped = flagged["flags"] & FLAGS["in a stop"] > 0
    assert stopped.sum() >= 30
    assert ((flagged["stop"] >= 0) == stopped).all()


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_what_is_not_flagged_is_what_the_analysis_uses(region_once, randoms):
    config = load_config(region_once / "region.toml")
    how = partial_settings(config, until=NEVER)
    fixes = walk(range(40))
    for row in randoms.sample(range(40), 6):
        fixes.loc[row, "lat"] += randoms.choice([0.3, 0.002, -0.1, 1.0])

    flagged = flag_fixes(fixes, how)

    kept = clean_fixes(
        fixes,
        crs=how.grid.crs,
        bounds=how.bounds,
        max_speed_kmh=how.max_speed_kmh,
        location_error_m=how.location_error_m,
        max_accuracy_m=how.max_accuracy_m,
    ).fixes
    used = flagged[(flagged["flags"] & TURNED_AWAY) == 0]
    assert used["line"].tolist() == kept["line"].tolist()


def test_every_row_of_every_file_is_accounted_for(config, tmp_path):
    write_walks(config.files.fixes / "bad.csv", [200])
    write_points(config.files.points / "list.csv", 20)
    build(config)

    written = write_audit(config, tmp_path / "audit")

    assert {path.name for path in written} >= {"rejects.csv", "files.csv", "README.txt"}
    rejects = pd.read_csv(tmp_path / "audit" / "rejects.csv")
    months = sorted((tmp_path / "audit" / "fixes").glob("*.parquet"))
    flagged = pd.concat([pd.read_parquet(path) for path in months])
    used = (flagged["flags"] & TURNED_AWAY) == 0
    with open_store(config.files.store) as store:
        read = sum(s.read for s in store.sources.values() if s.holds == "fixes")
    assert used.sum() + len(rejects) == read
    assert set(rejects["reason"]) >= {"duplicate", "zero position"}
    assert rejects.groupby("file").size()["bad.csv"] == 3
    assert (tmp_path / "audit").stat().st_mode & 0o077 == 0


def test_it_does_not_go_where_the_map_is_published(config):
    build(config)

    with pytest.raises(PrivacyError, match="holds positions of people"):
        write_audit(config, config.files.output / "audit")
    assert not (config.files.output / "audit").exists()
