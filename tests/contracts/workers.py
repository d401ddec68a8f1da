"""What workers promise, as tests: one for each line of ``feedline/loader/workers/contract.py``."""

import threading
import time
import weakref

import pytest

from feedline.loader.workers import Chunk
from feedline.rng import Key

LONG = 30  # seconds that nothing here comes near


class Value:
    """Something that a weak reference can watch."""


class User:
    """Holds a pool, as an iterator does."""

    def __init__(self, pool):
        self.pool = pool


class WorkersContract:
    """Subclasses have a fixture ``make``, from ``run`` to a pool."""

    runs_when_collected = False

    def test_each_chunk_is_run_once_and_comes_back_once(self, make):
        ran = []
        pool = make(lambda task: ran.append(task) or task * 10)
        chunks = [Chunk(number // 3, number % 3, number) for number in range(50)]
        for chunk in chunks:
            pool.submit(chunk)
        done = [pool.collect() for _ in chunks]
        assert sorted(ran) == list(range(50))
        assert sorted((one.chunk.batch, one.chunk.part) for one in done) == [(one.batch, one.part) for one in chunks]
        assert all(one.value == one.chunk.task * 10 and one.error is None for one in done)

    def test_submit_does_not_wait_for_user_code(self, make):
        release = threading.Event()
        pool = make(lambda _: release.wait(LONG))
        for number in range(20):
            pool.submit(Chunk(0, number, number))
        release.set()
        assert all(pool.collect().value for _ in range(20))

    def test_an_exception_is_an_outcome(self, make):
        def run(task):
            raise KeyError(task)

        pool = make(run)
        pool.submit(Chunk(3, 1, "task"))
        done = pool.collect()
        assert done.value is None
        assert isinstance(done.error, KeyError)
        assert done.error.args == ("task",)
        assert (done.chunk.batch, done.chunk.part) == (3, 1)

    def test_work_goes_on_after_an_exception(self, make):
        pool = make(lambda task: 1 // task)
        for number in range(20):
            pool.submit(Chunk(0, number, number % 2))
        done = [pool.collect() for _ in range(20)]
        assert {type(one.error) for one in done if one.chunk.task == 0} == {ZeroDivisionError}
        assert {one.value for one in done if one.chunk.task == 1} == {1}

    def test_restart_drops_what_is_outstanding(self, make):
        pool = make(lambda task: task)
        for number in range(5):
            pool.submit(Chunk(number, 0, "old"))
        pool.restart(lambda task: task, Key(1, 1), timeout=LONG)
        pool.submit(Chunk(7, 0, "new"))
        assert pool.collect().chunk == Chunk(7, 0, "new")
        with pytest.raises(RuntimeError, match="nothing to collect"):
            pool.collect()

    def test_nothing_to_collect(self, make):
        pool = make(lambda task: task)
        with pytest.raises(RuntimeError, match="nothing to collect"):
            pool.collect()
        pool.submit(Chunk(0, 0, 1))
        pool.collect()
        with pytest.raises(RuntimeError, match="nothing to collect"):
            pool.collect()

    def test_submit_after_close(self, make):
        pool = make(lambda task: task)
        pool.close()
        with pytest.raises(RuntimeError, match="closed"):
            pool.submit(Chunk(0, 0, 1))

    def test_nothing_to_collect_after_close(self, make):
        pool = make(lambda task: task)
        pool.submit(Chunk(0, 0, 1))
        pool.close()
        with pytest.raises(RuntimeError, match="nothing to collect"):
            pool.collect()

    def test_close_more_than_once(self, make):
        pool = make(lambda task: task)
        pool.close()
        pool.close()

    def begin(self, pool, began):
        """Lets user code run, in a thread of its own where the pool has none; returns when it runs."""
        if self.runs_when_collected:
            threading.Thread(target=pool.collect, daemon=True).start()
        assert began.wait(LONG)

    def test_close_does_not_wait_and_what_was_not_begun_is_not_begun(self, make, no_worker_left):
        began, release, ran = threading.Event(), threading.Event(), []

        def run(task):
            ran.append(task)
            began.set()
            release.wait(LONG)

        pool = make(run)
        for number in range(40):
            pool.submit(Chunk(0, number, number))
        self.begin(pool, began)
        started = time.monotonic()
        pool.close()
        assert time.monotonic() - started < LONG / 3
        assert not release.is_set()
        release.set()
        assert no_worker_left()
        assert 1 <= len(ran) <= 8

    def test_close_from_user_code(self, make, no_worker_left):
        pools, ran = [], []

        def run(task):
            ran.append(task)
            pools[0].close()

        pools.append(make(run))
        if self.runs_when_collected:
            pools[0].submit(Chunk(0, 0, 0))
            pools[0].submit(Chunk(0, 1, 1))
            pools[0].collect()
        else:
            pools[0].submit(Chunk(0, 0, 0))
        assert no_worker_left()
        assert ran == [0]
        with pytest.raises(RuntimeError):
            pools[0].collect()

    def test_no_thread_is_left_after_close(self, make, no_worker_left):
        pool = make(lambda task: task)
        for number in range(5):
            pool.submit(Chunk(0, number, number))
        pool.close()
        assert no_worker_left()

    def test_no_result_is_kept_after_close(self, make, no_worker_left):
        began, release, values = threading.Event(), threading.Event(), []

        def run(_):
            value = Value()
            values.append(weakref.ref(value))
            began.set()
            release.wait(LONG)
            return value

        pool = make(run)
        pool.submit(Chunk(0, 0, None))
        self.begin(pool, began)
        pool.close()
        release.set()
        assert no_worker_left()
        deadline = time.monotonic() + 10
        while values[0]() is not None and time.monotonic() < deadline:
            time.sleep(0.005)
        assert values[0]() is None

    def test_no_reference_to_whoever_uses_the_pool(self, make, no_worker_left):
        user = User(make(lambda task: task))
        weakref.finalize(user, user.pool.close)
        user.pool.submit(Chunk(0, 0, 1))
        user.pool.collect()
        gone = weakref.ref(user)
        del user
        assert gone() is None
        assert no_worker_left()
