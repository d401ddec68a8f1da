"""The contract of workers on each kind of them, and what each promises beyond it."""

import threading
import weakref

import pytest
from contracts.workers import LONG, Value, WorkersContract

from feedline.loader.workers import Chunk, SerialWorkers, ThreadWorkers


class TestSerialWorkers(WorkersContract):
    runs_when_collected = True

    @pytest.fixture
    def make(self):
        return SerialWorkers

    def test_chunks_are_run_in_order_in_the_callers_thread(self, make):
        pool = make(lambda task: (task, threading.get_ident()))
        for number in range(5):
            pool.submit(Chunk(0, number, number))
        done = [pool.collect(timeout=1) for _ in range(5)]
        assert [one.value for one in done] == [(number, threading.get_ident()) for number in range(5)]
        assert {one.worker for one in done} == {0}

    def test_an_interrupted_chunk_can_be_collected_again(self, make):
        interrupts = [KeyboardInterrupt()]

        def run(task):
            if interrupts:
                raise interrupts.pop()
            return task

        pool = make(run)
        pool.submit(Chunk(0, 0, 5))
        with pytest.raises(KeyboardInterrupt):
            pool.collect()
        assert pool.collect().value == 5


class TestThreadWorkers(WorkersContract):
    @pytest.fixture(params=[1, 2, 8])
    def make(self, request):
        closes = []

        def make(run):
            pool = ThreadWorkers(run, request.param)
            closes.append(weakref.WeakMethod(pool.close))
            return pool

        yield make
        for close in closes:
            if close() is not None:
                close()()

    def test_all_threads_work_at_once(self, make, request):
        count = request.node.callspec.params["make"]
        together = threading.Barrier(count)
        pool = make(lambda _: together.wait(LONG))
        for number in range(count):
            pool.submit(Chunk(0, number, number))
        done = [pool.collect(timeout=LONG) for _ in range(count)]
        assert sorted(one.value for one in done) == list(range(count))
        assert sorted(one.worker for one in done) == list(range(count))

    def test_threads_are_daemons_with_names(self, make):
        pool = make(lambda task: task)
        assert [thread.name for thread in pool.threads] == [f"feedline-worker-{n}" for n in range(len(pool.threads))]
        assert all(thread.daemon and thread.is_alive() for thread in pool.threads)

    def test_timeout(self, make):
        release = threading.Event()
        pool = make(lambda _: release.wait(LONG))
        pool.submit(Chunk(0, 0, 1))
        with pytest.raises(TimeoutError, match=r"within 0\.01 seconds"):
            pool.collect(timeout=0.01)
        release.set()
        assert pool.collect(timeout=LONG).value is True

    def test_an_exit_in_user_code_is_an_outcome_too(self, make):
        def run(_):
            raise SystemExit(3)

        pool = make(run)
        pool.submit(Chunk(0, 0, 1))
        assert isinstance(pool.collect(timeout=5).error, SystemExit)

    def test_a_waiting_thread_keeps_no_task_alive(self, make):
        pool = make(lambda _: None)
        task = Value()
        gone = weakref.ref(task)
        pool.submit(Chunk(0, 0, task))
        del task
        pool.collect()
        pool.submit(Chunk(0, 0, None))
        pool.collect()
        pool.close()
        for thread in pool.threads:
            thread.join(LONG)
        assert gone() is None
