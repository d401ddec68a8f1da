"""sources/handle.py."""

import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedline.errors import DecodeError
from feedline.sources.handle import Handle


def test_it_is_opened_once_for_all_threads():
    opened = []
    all_here = threading.Barrier(8, timeout=60)
    handle = Handle(inherited=False)

    def read(_):
        all_here.wait()
        return handle.get(lambda: opened.append(1) or opened)

    with ThreadPoolExecutor(8) as threads:
        assert {id(found) for found in threads.map(read, range(8))} == {id(opened)}
    assert opened == [1]


def test_what_fails_is_tried_again():
    handle = Handle(inherited=False)
    with pytest.raises(OSError, match="not yet"):
        handle.get(lambda: (_ for _ in ()).throw(OSError("not yet")))
    assert handle.get(lambda: "open") == "open"


def test_an_error_of_opening_gets_the_place_of_its_sample():
    def fail():
        raise DecodeError("another file", "unreadable")

    with pytest.raises(DecodeError, match=r"cannot decode set\[3\] \(index 3\): another file") as caught:
        Handle(inherited=True).get_for("set[3]", 3, fail)
    assert caught.value.kind == "unreadable"
    assert Handle(inherited=True).get_for("set[3]", 3, lambda: "open") == "open"


def test_pickled_it_is_empty():
    handle = Handle(inherited=True)
    handle.get(lambda: threading.Lock())  # which no pickle can hold
    assert pickle.loads(pickle.dumps(handle)).get(lambda: "other") == "other"


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("inherited", [False, True])
def test_a_fork_goes_on_with_it_or_opens_its_own(inherited):
    handle = Handle(inherited=inherited)
    handle.get(os.getpid)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if handle.get(os.getpid) == (parent if inherited else os.getpid()) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert handle.get(os.getpid) == parent


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_does_not_wait_for_a_thread_of_its_parent():
    handle = Handle(inherited=False)
    begun, end = threading.Event(), threading.Event()

    def slow():
        begun.set()
        end.wait(60)
        return "slow"

    opener = threading.Thread(target=handle.get, args=(slow,))
    opener.start()
    begun.wait(60)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if handle.get(lambda: "own") == "own" else 2
        finally:
            os._exit(status)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        end.set()
        opener.join()
