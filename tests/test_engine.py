"""Running a task over parts, here and elsewhere."""

import multiprocessing
import threading
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from geo.engine import MOST_THREADS, at_once, in_turn, map_parts
from geo.progress import reporter


def square(number):
    if number < 0:
        raise ValueError("less than nothing")
    return number * number


class Lazy(Executor):
    """An executor of another make: it runs a task when it is submitted."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def processes():
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("forkserver"))


@pytest.mark.parametrize(
    "make",
    [lambda: ThreadPoolExecutor(3), processes, Lazy],
    ids=["threads", "processes", "other"],
)
def test_results_come_in_the_order_of_the_parts_wherever_they_run(make):
    parts = [3, 1, 2, 0]
    with make() as executor:
        assert map_parts(square, parts, executor=executor) == [9, 1, 4, 0]
    assert map_parts(square, parts) == [9, 1, 4, 0]


@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(2), processes])
def test_an_error_of_a_task_comes_out_as_it_was(make):
    with make() as executor, pytest.raises(ValueError, match="less than nothing"):
        map_parts(square, [1, -1, 2], executor=executor)
    with pytest.raises(ValueError, match="less than nothing"):
        map_parts(square, [1, -1, 2])


def test_after_an_error_what_has_not_begun_is_cancelled():
    done, gate = [], threading.Event()

    def task(part):
        if part == 0:
            raise ValueError("the first")
        gate.wait(10)
        done.append(part)

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ValueError, match="the first"):
            map_parts(task, range(100), executor=pool)
        gate.set()
    assert len(done) <= 1


def test_ctrl_c_cancels_what_has_not_begun():
    done, gate = [], threading.Event()

    def task(part):
        if part:
            gate.wait(10)
        done.append(part)

    def interrupt(*_):
        raise KeyboardInterrupt

    token = reporter.set(interrupt)
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            map_parts(task, range(100), executor=pool)
        gate.set()
    reporter.reset(token)
    assert done in ([0], [0, 1])


def test_the_executor_stays_open():
    with ThreadPoolExecutor(1) as pool:
        map_parts(square, [1], executor=pool)
        assert map_parts(square, [2], executor=pool) == [4]


@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(2), lambda: None])
def test_progress_is_told_after_each_part(make):
    told = []
    token = reporter.set(lambda *what: told.append(what))
    executor = make()
    map_parts(square, [5, 6], executor=executor, step="squares")
    reporter.reset(token)
    assert told == [("squares", 1, 2), ("squares", 2, 2)]
    if executor:
        executor.shutdown()


def test_no_parts_give_no_results():
    assert map_parts(square, []) == []


def test_what_comes_in_turn_keeps_its_order_and_only_few_wait():
    begun = []

    def task(number):
        begun.append(number)
        return square(number)

    results = in_turn(task, range(50))

    assert next(results) == 0
    assert len(begun) <= MOST_THREADS + 2
    assert list(results) == [number**2 for number in range(1, 50)]


def test_the_first_error_ends_what_comes_in_turn():
    results = in_turn(square, [2, -1, 3])

    assert next(results) == 4
    with pytest.raises(ValueError, match="less than nothing"):
        next(results)


@pytest.mark.parametrize("processors", [1, 2])
def test_two_tasks_come_back_in_their_order_however_many_processors(
    monkeypatch, processors
):
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    assert at_once(lambda: square(3), lambda: "other") == (9, "other")


def test_with_two_processors_two_tasks_run_at_once(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    gate = threading.Barrier(2)
    assert sorted(at_once(lambda: gate.wait(10), lambda: gate.wait(10))) == [0, 1]


def test_warnings_that_threads_set_aside_are_told_of_afterwards(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    inside, both, left = (threading.Event() for _ in range(3))

    def first():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            inside.set()
            assert both.wait(10)
        left.set()

    def last():
        assert inside.wait(10)
        with warnings.catch_warnings():
            both.set()
            assert left.wait(10)

    before = warnings.filters[:]
    at_once(first, last)
    assert warnings.filters == before


@pytest.mark.parametrize("processors", [1, 2])
def test_the_error_of_the_first_task_comes_before_that_of_the_other(
    monkeypatch, processors
):
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    gate = threading.Event()

    def late():
        gate.wait(10 if processors == 2 else 0)
        raise KeyError("late, and the first")

    def soon():
        gate.set()
        raise ValueError("soon, and the other")

    with pytest.raises(KeyError, match="late, and the first"):
        at_once(late, soon)
    with pytest.raises(ValueError, match="less than nothing"):
        at_once(lambda: square(2), lambda: square(-2))
