"""Settings for all tests; its place puts this folder on the import path, for what tests share."""

import threading
import time

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("contracts.source", "contracts.workers")

settings.register_profile("feedline", deadline=None)
settings.load_profile("feedline")


@pytest.fixture
def no_worker_left():
    """Waits until every feedline worker thread that began during the test has ended."""
    before = set(threading.enumerate())

    def wait(seconds=10.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            threads = set(threading.enumerate()) - before
            if not any(thread.name.startswith("feedline-worker") for thread in threads):
                return True
            time.sleep(0.005)
        return False

    return wait
