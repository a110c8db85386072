"""Questions in SQL: all that the store holds, and nothing besides."""

import json
import sys

import pytest
from click.testing import CliRunner

from geo.cli import main
from geo.config import load_config
from geo.errors import ConfigError, InputError
from geo.pipeline import build
from geo.querying import TABLES, query_store
from tests.regions import write_points


@pytest.fixture
def config(tiny_region):
    config = load_config(tiny_region)
    write_points(config.files.points / "list.csv", 20)
    build(config)
    return config


def test_every_table_can_be_asked(config):
    count = {
        name: int(query_store(config, f"SELECT count(*) FROM {name}").iloc[0, 0])  # noqa: S608
        for name in TABLES
    }

    assert count == {"fixes": 1476, "points": 20, "rejects": 3, "sources": 4}


def test_positions_come_in_degrees_and_times_in_utc(config):
    box = query_store(
        config, "SELECT min(lat), max(lat), min(lon), max(lon), min(time) FROM fixes"
    )

    south, north, west, east = (float(box.iloc[0, n]) for n in range(4))
    assert 7.97 < south < 7.99
    assert north == pytest.approx(8.29)
    assert -77.7 < west < east < -77.49
    assert str(box.iloc[0, 4]).startswith("2023-03-01 11:00:00+00:00")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM people",
        "SELEKT 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY fixes TO '/tmp/leak.csv'",
        "SELECT * FROM 'https://example.org/a.parquet'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
    ],
)
def test_what_is_wrong_or_leads_out_is_refused(config, sql):
    with pytest.raises(InputError, match=r"cannot be answered.*The tables are fixes"):
        query_store(config, sql)


def test_a_new_store_answers_too(tiny_region):
    config = load_config(tiny_region)
    assert query_store(config, "SELECT count(*) FROM fixes").iloc[0, 0] == 0


def test_without_duckdb_it_says_how_to_get_it(config, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ConfigError, match=r"trocha\[sql\]"):
        query_store(config, "SELECT 1")


def test_the_command_prints_a_table_or_json(config):
    region = str(config.files.fixes.parent / "region.toml")
    sql = "SELECT reason, count(*) AS n FROM rejects GROUP BY 1"

    text = CliRunner().invoke(main, ["query", region, sql])
    told = CliRunner().invoke(main, ["query", region, sql, "--json"])

    assert "zero position" in text.output
    assert json.loads(told.output) == {"rows": [{"reason": "zero position", "n": 3}]}
