import threading
import time

import pytest

from feedline import timing


def spend(milliseconds):
    time.sleep(milliseconds / 1000)


def test_nobody_looks():
    timing.lap("read")
    with timing.stage("fetch"):
        pass


def test_a_stage_is_counted_without_those_within_it():
    times = timing.chunk()
    with timing.stage("fetch"):
        spend(5)
        with timing.stage("collate"):
            spend(20)
    assert times["fetch"] >= 0.005
    assert times["collate"] >= 0.020
    assert times["fetch"] < times["collate"]


def test_a_sample_stands_for_many():
    times = timing.chunk()
    for number in range(3):
        with timing.sample(10) if number == 1 else timing.stage("other"):
            spend(2)
            timing.lap("read")
            spend(8)
            timing.lap("decode")
    timing.lap("read")
    assert times["read"] >= 0.020
    assert times["decode"] >= 0.080
    assert times["read"] < times["decode"]


def test_a_sample_that_fails_is_watched_no_more():
    times = timing.chunk()
    with pytest.raises(KeyError), timing.sample(1):
        raise KeyError
    timing.lap("read")
    assert times == {}


def test_each_thread_has_its_own():
    times, others = timing.chunk(), []

    def work():
        timing.lap("read")
        with timing.stage("fetch"):
            pass
        others.append(dict(timing.chunk()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert times == {}
    assert others == [{}]
