"""The private store: whole commits, in any order, through crashes and full disks."""

import contextlib
import errno
import json
import os
import pickle
import stat
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.errors import OutputError, SchemaError, StoreError
from geo.schema import FIXES, REJECTS, check_fixes, no_fixes, no_rejects
from geo.store import Source, open_store
from geo.store.arrays import pack_arrays, unpack_arrays

JANUARY, FEBRUARY, MARCH = 24276, 24277, 24278  # of 2023
FIRST = np.datetime64("2023-01-01", "ms")


def fixes_of(*rows, line=True):
    """Fixes from rows (track, day of 2023, lon, lat)."""
    table = pd.DataFrame(sorted(rows), columns=["track", "day", "lon", "lat"])
    days = (table.pop("day").to_numpy(float) * 86_400_000).astype("timedelta64[ms]")
    table["time"] = pd.Series(FIRST + days).dt.tz_localize("UTC")
    table["elevation_m"] = np.nan
    table["accuracy_m"] = np.where(table["lon"] > -77, 5.0, np.nan)
    if line:
        table["line"] = np.arange(1, len(table) + 1)
    return table.astype(FIXES)


def source_of(digest, fixes, **more):
    return Source(digest, f"{digest}.csv", "folder", len(fixes), len(fixes), **more)


def adding(**tables):
    return [(source_of(name, t), t, no_rejects()) for name, t in tables.items()]


def seen(store):
    """Everything one can ask a store for, as something to compare."""
    return (
        dict(store.sources),
        {month: store.part_digest(month) for month in store.months},
        {month: store.load(month).to_csv() for month in store.months},
        {name: store.rejects(name).to_csv() for name in store.sources},
    )


def files_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


A = fixes_of((1, 40, -77.1234567, 8.7654321), (1, 41, -76.5, 8.5), (2, 3, -77.2, 8.1))
B = fixes_of((1, 20, -77.3, 8.3), (3, 70, -77.4, 8.4))


def test_fixes_come_back_as_given_with_source_and_line(tmp_path):
    with open_store(tmp_path / "store") as store:
        store.commit(adding(a=A))
        february = store.load(FEBRUARY)

    assert list(february) == [*FIXES, "source", "line"]
    assert check_fixes(february).equals(A[A["track"] == 1][list(FIXES)])
    assert february["source"].tolist() == ["a", "a"]
    assert february["line"].tolist() == [1, 2]


@given(
    st.lists(st.integers(-1_800_000_000, 1_800_000_000), min_size=1, max_size=30),
    st.lists(st.floats(width=64), min_size=30, max_size=30),
)
@settings(max_examples=30, deadline=None)
def test_rounded_positions_and_any_accuracy_survive_exactly(tmp_path_factory, e7, odd):
    fixes = fixes_of(*((5, n, e / 1e7, e / 2e7) for n, e in enumerate(e7)))
    fixes["accuracy_m"] = odd[: len(fixes)]

    with open_store(tmp_path_factory.mktemp("store")) as store:
        store.commit(adding(a=fixes))
        back = pd.concat([store.load(month) for month in store.months])

    assert (back["lon"].to_numpy() == fixes["lon"].to_numpy()).all()
    assert np.abs(back["lat"].to_numpy() - fixes["lat"].to_numpy()).max() <= 0.51e-7
    np.testing.assert_array_equal(back["accuracy_m"], fixes["accuracy_m"])


def test_an_earlier_fix_moves_its_track_and_removal_moves_it_back(tmp_path):
    with open_store(tmp_path) as store:
        assert store.commit(adding(a=A)) == {JANUARY, FEBRUARY}
        alone = seen(store)

        assert store.commit(adding(b=B)) == {JANUARY, FEBRUARY, MARCH}
        assert store.months == [JANUARY, MARCH]
        assert store.load(JANUARY)["track"].tolist() == [1, 1, 1, 2]

        assert store.commit(remove=["b"]) == {JANUARY, FEBRUARY, MARCH}
        assert seen(store) == alone


def test_only_the_parts_concerned_change(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A, b=B))
        before = store.part_digest(MARCH)

        touched = store.commit(adding(c=fixes_of((9, 5, -77.0, 8.0))))

        assert touched == {JANUARY}
        assert store.part_digest(MARCH) == before


MANY = fixes_of(*((n, 40 + n / 100, -77 - n / 100, 8.0) for n in range(100, 140)))


def test_a_store_says_what_the_last_commit_changed_in_a_part(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(many=MANY, a=fixes_of((1, 41, -77.1, 8.1))))
        before = store.part(FEBRUARY)
        assert store.difference(FEBRUARY) is None

        store.commit(adding(b=fixes_of((1, 42, -77.2, 8.2), (2, 43, -77.3, 8.3))))

        found = store.difference(FEBRUARY)
        assert (found.before, found.after) == (before, store.part(FEBRUARY))
        assert found.gone[["track", "source"]].values.tolist() == [[1, "a"]]
        assert found.come["track"].tolist() == [1, 1, 2]
        assert list(found.come) == list(store.load(FEBRUARY))
    with open_store(tmp_path) as store:
        assert store.difference(FEBRUARY) is None


def test_tracks_that_move_to_another_month_go_in_the_one_and_come_in_the_other(
    tmp_path,
):
    others = [(-n, 1 + n / 100, -77 - n / 100, 8.0) for n in range(100, 140)]
    with open_store(tmp_path) as store:
        store.commit(adding(many=MANY, more=fixes_of(*others)))
        store.commit(adding(early=fixes_of((105, 9, -77.0, 8.0))))

        gone, come = store.difference(FEBRUARY).gone, store.difference(JANUARY).come
        assert gone["track"].tolist() == [105]
        assert come["track"].tolist() == [105, 105]
        assert store.difference(FEBRUARY).come.empty
        assert store.difference(JANUARY).gone.empty


def test_a_part_that_changed_much_or_is_new_has_no_difference(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
        store.commit(adding(many=MANY))
        assert store.difference(FEBRUARY) is None
        store.commit(adding(c=fixes_of((9, 70, -77.0, 8.0))))
        assert store.difference(MARCH) is None


@pytest.mark.parametrize("fresh", [True, False], ids=["just added", "from the disk"])
def test_the_fixes_of_one_source_are_those_that_the_parts_hold_of_it(tmp_path, fresh):
    with open_store(tmp_path) as store:
        store.commit(adding(many=MANY))
        store.commit(adding(a=A))
        if not fresh:
            store.commit(adding(b=B))
        parts = pd.concat([store.load(month) for month in store.months])
        parts = parts[parts["source"] == "a"].sort_values(["track", "time"])
        assert store.load_source("a").equals(parts.reset_index(drop=True))
        assert store.load_source("nothing").empty


def test_a_commit_does_not_open_other_parts(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A, b=B))
        (march,) = tmp_path.glob("parts/2023-03-*")
        march.write_bytes(b"not to be read")

        store.commit(adding(c=fixes_of((9, 5, -77.0, 8.0))))

        with pytest.raises(StoreError, match="2023-03"):
            store.load(MARCH)


def test_the_same_digest_again_replaces_its_fixes_and_rejects(tmp_path):
    rejects = pd.DataFrame(
        [["a", 7, "lat", "no position"]], columns=list(REJECTS)
    ).astype(REJECTS)
    with open_store(tmp_path) as store:
        store.commit([(source_of("a", B, reading="old"), B, rejects)])
        assert store.rejects("a").equals(rejects)

        store.commit([(source_of("a", A, reading="new"), A, no_rejects())])

        assert store.sources["a"].reading == "new"
        assert store.rejects("a").empty
        assert store.months == [JANUARY, FEBRUARY]
    assert not list(tmp_path.glob("rejects/*"))


def test_the_same_digest_unchanged_changes_nothing(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A, b=B))
        files = files_in(tmp_path)

        assert store.commit(adding(a=A)) == set()
        assert store.commit() == set()
    assert files_in(tmp_path) == files


def test_a_source_without_fixes_is_remembered(tmp_path):
    with open_store(tmp_path) as store:
        assert store.commit(adding(empty=no_fixes())) == set()
    with open_store(tmp_path) as store:
        assert store.sources["empty"].kept == 0
        assert store.months == []


def test_identical_rows_of_two_files_are_both_kept(tmp_path):
    fixes = fixes_of((1, 3, -77.0, 8.0), (1, 3, -77.0, 8.0), line=False)
    with open_store(tmp_path) as store:
        store.commit(adding(b=fixes, a=fixes))
        back = store.load(JANUARY)
    assert back["source"].tolist() == ["a", "a", "b", "b"]
    assert back["line"].tolist() == [0, 0, 0, 0]


row = st.tuples(
    st.integers(-2, 2),
    st.integers(0, 100),
    st.sampled_from([-77.0, -77.25, 0.0, -0.0]),
    st.sampled_from([8.0, 8.5]),
)
tables = st.lists(st.lists(row, max_size=6), min_size=1, max_size=5)


@given(tables, st.data())
@settings(max_examples=40, deadline=None)
def test_order_and_grouping_of_commits_and_removals_do_not_show(
    tmp_path_factory, rows, data
):
    """What the incremental build rests on: a store is a function of a set."""
    named = [(str(n), fixes_of(*r)) for n, r in enumerate(rows)]
    extra = data.draw(st.lists(st.sampled_from(named), unique_by=lambda n: n[0]))
    shuffled = data.draw(st.permutations(named))

    with open_store(tmp_path_factory.mktemp("whole")) as store:
        store.commit(adding(**dict(named)))
        store.commit(remove=[name for name, _ in extra])
        once = seen(store)
    with open_store(tmp_path_factory.mktemp("pieces")) as store:
        gone = {name for name, _ in extra}
        pending = [n for n in shuffled if n[0] not in gone]
        while pending:
            cut = data.draw(st.integers(1, len(pending)))
            store.commit(adding(**dict(pending[:cut])))
            pending = pending[cut:]
        assert seen(store) == once


def crash_at(number, folder, change):
    """Fork, commit there, and die at the given call that touches the disk."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    calls = 0

    def dying(real, *, half=False):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == number:
                if half:  # what was not yet on the disk may be lost
                    with contextlib.suppress(OSError):
                        os.ftruncate(args[0], 9)
                os._exit(9)
            return real(*args, **kwargs)

        return call

    try:
        with open_store(folder) as store:
            os.fsync = dying(os.fsync, half=True)
            for name in ("replace", "unlink", "mkdir", "rename"):
                setattr(os, name, dying(getattr(os, name)))
            change(store)
        os._exit(0)
    finally:
        os._exit(1)


def test_a_crash_at_any_moment_leaves_the_old_state_or_the_new(tmp_path):
    def prepare(folder):
        with open_store(folder) as store:
            store.commit(adding(a=A, c=B))
            return seen(store)

    def change(store):
        rejects = pd.DataFrame([["b", 1, "", "no time"]], columns=list(REJECTS))
        store.commit([(source_of("b", B), B, rejects.astype(REJECTS))], remove=["c"])

    old = prepare(tmp_path / "model")
    with open_store(tmp_path / "model") as store:
        change(store)
        new = seen(store)
    clean = len(files_in(tmp_path / "model"))
    outcomes = []
    for number in range(1, 200):
        folder = tmp_path / str(number)
        prepare(folder)
        code = crash_at(number, folder, change)
        if code == 0:
            break
        assert code == 9
        with open_store(folder) as store:
            outcomes.append(seen(store))
            assert len(files_in(folder)) <= clean + 1
            store.commit(remove=["c"] if "c" in store.sources else [])

    assert number > 15
    assert all(outcome in (old, new) for outcome in outcomes)
    switches = [outcomes[n] != outcomes[n + 1] for n in range(len(outcomes) - 1)]
    assert outcomes[0] == old
    assert outcomes[-1] == new
    assert sum(switches) == 1


@pytest.mark.parametrize("number", range(1, 8))
def test_a_full_disk_leaves_the_old_state(tmp_path, monkeypatch, number):
    calls, real = 0, os.fsync

    def full(handle):
        nonlocal calls
        calls += 1
        if calls == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
        old, files = seen(store), files_in(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OutputError, match=r"No space left.*nothing was lost"):
                store.commit(adding(b=B))
        if number < 7:  # the 7th comes after the switch
            assert seen(store) == old
            assert files_in(tmp_path) == files
        store.commit(remove=["a"])
        new = seen(store)
    with open_store(tmp_path) as store:
        assert seen(store) == new


def test_a_store_is_open_once_at_a_time(tmp_path):
    with (
        open_store(tmp_path),
        pytest.raises(StoreError, match="in use by another trocha"),
        open_store(tmp_path),
    ):
        pass
    with open_store(tmp_path):
        pass


def test_key_and_folder_are_for_the_owner_only_and_the_key_stays(tmp_path):
    folder = tmp_path / "deep" / "store"
    with open_store(folder) as store:
        key = store.key
        store.commit(adding(a=A))
        store.shelf.keep("x", "y", {"n": np.arange(3)})
    assert len(key) == 32
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in filter(Path.is_file, folder.rglob("*")):
        assert not path.stat().st_mode & 0o077
        assert path.name == "key" or key not in path.read_bytes()
    with open_store(folder) as store:
        assert store.key == key


def test_a_lost_key_is_an_error_once_there_are_sources(tmp_path):
    with open_store(tmp_path):
        pass
    (tmp_path / "key").unlink()
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
    (tmp_path / "key").unlink()
    with pytest.raises(StoreError, match="key in the store is missing or damaged"):
        open_store(tmp_path).__enter__()


def spoil(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda part: part.unlink(),
        lambda part: part.write_bytes(b""),
        lambda part: part.write_bytes(part.read_bytes()[:-20]),
        spoil,
        lambda part: pq.write_table(pq.ParquetFile(part).read().slice(1), part),
        lambda part: pq.write_table(pq.ParquetFile(part).read(columns=["time"]), part),
    ],
    ids=["gone", "empty", "cut short", "one byte", "one row less", "no columns"],
)
def test_a_damaged_part_is_named_and_what_to_do_is_said(tmp_path, harm):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
    (part,) = tmp_path.glob("parts/2023-02-*")
    harm(part)
    with (
        pytest.raises(StoreError, match=r"2023-02.*damaged\. Delete the store"),
        open_store(tmp_path) as store,
    ):
        store.load(FEBRUARY)


def test_a_damaged_index_of_tracks_stops_the_next_commit(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
    (index,) = tmp_path.glob("tracks-*")
    spoil(index)
    with open_store(tmp_path) as store, pytest.raises(StoreError, match="tracks-"):
        store.commit(adding(b=B))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schema": "x"}', '{"schema": 1, "parts": 3}', "\0"],
)
def test_a_damaged_manifest_is_refused(tmp_path, text):
    with open_store(tmp_path):
        pass
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=r"manifest\.json .* damaged"):
        open_store(tmp_path).__enter__()


def test_a_missing_manifest_beside_parts_is_refused(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"manifest\.json .* Delete the store"):
        open_store(tmp_path).__enter__()


def test_a_newer_store_is_refused_and_left_alone(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"schema": 99, "rooms": []}))
    files = files_in(tmp_path)
    with pytest.raises(StoreError, match=r"newer trocha \(version 99.*Update trocha"):
        open_store(tmp_path).__enter__()
    assert files_in(tmp_path) == files


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreError, match=r"cannot be opened: .*\[files\] store"):
        open_store(tmp_path / "store").__enter__()


def test_foreign_files_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "draft.tmp").write_text("mine")
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
    with open_store(tmp_path):
        pass
    assert {"notes.txt", "draft.tmp"} <= set(files_in(tmp_path))


@pytest.mark.parametrize(
    ("column", "value"),
    [("lon", np.nan), ("lat", 90.5), ("lon", 500.0), ("time", None)],
)
def test_fixes_that_cannot_be_kept_are_refused_without_telling_where(
    tmp_path, column, value
):
    fixes = A.copy()
    fixes.loc[0, column] = value
    with open_store(tmp_path) as store:
        with pytest.raises(SchemaError, match="cannot be stored") as caught:
            store.commit(adding(a=fixes))
        assert "90.5" not in str(caught.value)
        assert not store.sources


def test_a_digest_that_comes_twice_or_is_unknown_is_refused(tmp_path):
    with open_store(tmp_path) as store:
        with pytest.raises(ValueError, match="comes twice"):
            store.commit(adding(a=A) + adding(a=B))
        with pytest.raises(ValueError, match="is not here"):
            store.commit(remove=["a"])
        with pytest.raises(ValueError, match="no part 5"):
            store.load(5)


def test_the_manifest_and_files_do_not_depend_on_the_order_either(tmp_path):
    names = []
    for folder, order in [("one", "ab"), ("two", "ba")]:
        with open_store(tmp_path / folder) as store:
            for name in order:
                store.commit(adding(**{name: {"a": A, "b": B}[name]}))
        names.append(files_in(tmp_path / folder))
    assert names[0] == names[1]
    manifests = [(tmp_path / f / "manifest.json").read_bytes() for f in ("one", "two")]
    assert manifests[0] == manifests[1]


def test_a_pickled_store_loads_in_another_process(tmp_path):
    with open_store(tmp_path) as store:
        store.commit(adding(a=A))
        load = pickle.loads(pickle.dumps(store.load))  # noqa: S301
        assert load(JANUARY).equals(store.load(JANUARY))


def test_partials_come_back_until_pruned(tmp_path):
    kept = {"file": np.eye(3), "a/b": np.array([1, 2]), "text": np.array(["x", "yy"])}
    with open_store(tmp_path) as store:
        assert store.shelf.get("line", "k1") is None
        store.shelf.keep("line", "k1", kept)
        store.shelf.keep("line", "k2.b", {})
    with open_store(tmp_path) as store:
        back = store.shelf.get("line", "k1")
        assert list(back) == list(kept)
        assert all((back[name] == kept[name]).all() for name in kept)

        store.shelf.prune({"k2.b"})

        assert store.shelf.get("line", "k1") is None
        assert store.shelf.get("line", "k2.b") == {}


@pytest.mark.parametrize("keep", [0, 10, 200, -1], ids=str)
def test_a_damaged_partial_is_as_good_as_none(tmp_path, keep):
    with open_store(tmp_path) as store:
        store.shelf.keep("line", "k", {"n": np.arange(1000)})
        (path,) = tmp_path.glob("partials/*/*")
        data = bytearray(path.read_bytes())
        if keep < 0:
            data[100] ^= 0xFF
        path.write_bytes(data[:keep] if keep >= 0 else data)
        assert store.shelf.get("line", "k") is None


def test_a_partial_never_holds_pickles(tmp_path):
    with open_store(tmp_path) as store:
        with pytest.raises(ValueError, match="Python objects"):
            store.shelf.keep("line", "k", {"n": np.array([object()])})
        store.shelf.keep("line", "k", {"n": np.arange(3)})
        (path,) = tmp_path.glob("partials/*/*")
        whole = b'[["n","|O",[1]]]' + bytes(8)
        packed = pa.compress(whole, codec="zstd", asbytes=True)
        start = struct.pack("<IIQ", zlib.crc32(packed), 16, len(whole))
        path.write_bytes(start + packed)
        assert store.shelf.get("line", "k") is None


@given(
    st.dictionaries(
        st.text(max_size=9),
        st.sampled_from([np.int8, np.int16, np.int64, np.float64, "U5", bool]).flatmap(
            lambda kind: arrays(kind, st.sampled_from([(0,), (3,), (2, 5), ()]))
        ),
        max_size=5,
    )
)
@settings(max_examples=50, deadline=None)
def test_arrays_of_any_shape_and_type_come_back(named):
    back = unpack_arrays(pack_arrays(named))

    assert list(back) == list(named)
    for name, array in named.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.aligned


@pytest.mark.parametrize(
    ("name", "key"), [("..", "k"), ("a", "b/c"), ("a", ""), ("ñ", "k")]
)
def test_a_partial_cannot_be_named_out_of_the_store(tmp_path, name, key):
    with (
        open_store(tmp_path) as store,
        pytest.raises(ValueError, match="cannot name a partial"),
    ):
        store.shelf.keep(name, key, {})
