"""The record of a release."""

import json
from hashlib import sha256

import pytest

from geo.record import RECORD, count_published, published_counts, write_record
from tests.releases import make_release


def test_rows_and_shown_cells_are_counted_by_name():
    result = make_release()

    counts = count_published(result)

    assert list(counts) == sorted([*result.layers, *result.surfaces])
    assert counts["hotspots"] == len(result.layers["hotspots"])
    for name, surface in result.surfaces.items():
        shown = [value for value in surface.values.ravel() if value == value]  # noqa: PLR0124
        assert counts[name] == len(shown)


def test_the_record_holds_the_digest_of_every_file_but_itself(tmp_path):
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis" / "a.csv").write_bytes(b"a")
    (tmp_path / "index.html").write_bytes(b"b")

    write_record(make_release(), tmp_path)

    record = json.loads((tmp_path / RECORD).read_text(encoding="utf-8"))
    assert record["sha256"] == {
        "gis/a.csv": sha256(b"a").hexdigest(),
        "index.html": sha256(b"b").hexdigest(),
    }


def test_the_same_release_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_record(make_release(), tmp_path / name)

    one, two = ((tmp_path / name / RECORD).read_bytes() for name in ("one", "two"))

    assert one == two
    assert str(tmp_path).encode() not in one


def test_what_was_published_can_be_read_back(tmp_path):
    write_record(make_release(), tmp_path)

    assert published_counts(tmp_path) == count_published(make_release())


@pytest.mark.parametrize(
    "content",
    [
        *(None, b"", b"{", b"[]", b"{}", b"\xff\xfe"),
        *(b'{"published": 3}', b'{"published": {"a": "x"}}'),
        b'{"published": {"a": null}}',
    ],
)
def test_a_record_that_cannot_be_read_is_none(tmp_path, content):
    if content is not None:
        (tmp_path / RECORD).write_bytes(content)

    assert published_counts(tmp_path) == {}


def test_the_record_says_which_base_layers_there_were(tmp_path):
    layer = tmp_path / "land.gpkg"
    layer.write_bytes(b"land")
    (tmp_path / "map").mkdir()

    write_record(make_release(), tmp_path / "map", layers={"land": [layer]})

    record = json.loads((tmp_path / "map" / RECORD).read_text(encoding="utf-8"))
    assert record["layers"] == {"land": sha256(b"land").hexdigest()}
