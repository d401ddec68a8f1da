"""Settings for all tests; its place puts this folder on the import path, for what tests share."""

import gc
import itertools
import os
import signal
import threading
import time

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch starts: threads of programs that are tested fight for the cores

import cv2
import numpy as np
import pytest
import torch
from hypothesis import settings

pytest.register_assert_rewrite("contracts.kernel", "contracts.sampler", "contracts.source", "contracts.workers")

settings.register_profile("feedline", deadline=None)
settings.load_profile("feedline")
torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background jobs begin so, and hand it on
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish():
    """What all tests and their modules are made of stays: no collection of garbage looks through it again."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def caches(tmp_path_factory):
    """Folders one after the other; pytest's own way lists all that there are before it makes one."""
    root = tmp_path_factory.mktemp("caches")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def cache(caches, monkeypatch):
    """The folder that feedline remembers in: never the user's own."""
    folder = next(caches)
    folder.mkdir()
    monkeypatch.setenv("FEEDLINE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def make_folder():
    """Writes class folders of PNG files whose brightness tells the class."""

    def make(root, classes=("a", "b", "c"), count=12, size=16, channels=3, seed=0):
        rng = np.random.default_rng(seed)
        for label, name in enumerate(classes):
            (root / name).mkdir(parents=True)
            for number in range(count):
                shape = (size, size, channels) if channels > 1 else (size, size)
                image = rng.integers(0, 40, shape) + 210 * label // max(1, len(classes) - 1)
                cv2.imwrite(str(root / name / f"{number:03}.png"), image.astype(np.uint8))
        return root

    return make


@pytest.fixture(scope="session")
def spoil():
    """Adds a text file, an empty file and a truncated JPEG; their paths, and kind and a word of the cause of each."""

    def add(root):
        (root / "a" / "x_text.jpg").write_text("this is no image")
        (root / "b" / "x_empty.png").write_bytes(b"")
        noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
        whole = cv2.imencode(".jpg", noise)[1].tobytes()
        (root / "c" / "x_cut.jpg").write_bytes(whole[: len(whole) // 2])
        return [
            (str(root / "a" / "x_text.jpg"), "wrong type", "not an image"),
            (str(root / "b" / "x_empty.png"), "empty", "empty"),
            (str(root / "c" / "x_cut.jpg"), "truncated", "truncated"),
        ]

    return add
