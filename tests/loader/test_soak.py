"""What must hold over a long time, in a short version for every day; the long ones are marked slow."""

import gc
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset

from feedline import DataLoader
from feedline.sources.path_table import PathTable


class Numbers(Dataset):
    def __len__(self):
        return 4000

    def __getitem__(self, index):
        return torch.full((64,), index)


def leftovers():
    """What this process has open: descriptors, threads and processes of workers."""
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("feedline")]
    return len(os.listdir("/proc/self/fd")), threads, multiprocessing.active_children()


def settle(expected):
    """Waits until nothing is left over, at most a few seconds on a busy machine."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        gc.collect()
        if leftovers() == expected:
            return True
        time.sleep(0.01)
    return False


def interrupt(rng, loader):
    """Some batches, and an end of some kind."""
    kind = rng.choice(["break", "exception", "ctrl-c"])
    timer = threading.Timer(rng.random() * 0.2, os.kill, (os.getpid(), signal.SIGINT))
    try:
        if kind == "ctrl-c":
            timer.start()
        for number, _ in enumerate(loader):
            if kind == "break" and number == 3:
                break
            if kind == "exception" and number == 5:
                raise ValueError("the consumer's")
            if kind == "ctrl-c":
                time.sleep(0.01)
        timer.join(10) if kind == "ctrl-c" else None
        time.sleep(0.01)
    except (KeyboardInterrupt, ValueError):
        pass
    return kind


@pytest.mark.parametrize("worker_type", ["thread", "process"])
@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_random_interruptions_leave_nothing(count, worker_type, no_worker_left):
    rng = random.Random(count)
    list(DataLoader(Numbers(), 16, num_workers=2, worker_type=worker_type))
    assert no_worker_left()
    gc.collect()
    before = leftovers()
    for number in range(count):
        kind = interrupt(rng, DataLoader(Numbers(), 16, num_workers=2, worker_type=worker_type))
        assert settle(before), f"after interruption {number} ({kind}): {leftovers()}, before: {before}"


class Paths(Dataset):
    def __init__(self, count):
        self.paths = PathTable(f"some/folder/of/class_{number % 100}/image_{number:07}.jpg" for number in range(count))

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return len(self.paths[index])


def private(process):
    """Bytes of memory that this process shares with no other."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Private_"))


@pytest.mark.parametrize(("count", "epochs"), [(20_000, 5), pytest.param(200_000, 50, marks=pytest.mark.slow)])
def test_memory_of_workers_does_not_grow(count, epochs):
    loader = DataLoader(
        Paths(count), 1000, shuffle=True, num_workers=4, persistent_workers=True, multiprocessing_context="fork"
    )
    batches = iter(loader)
    for _ in range(8):  # every worker has made its first batches
        next(batches)
    first = [private(process) for process in batches._workers]
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(epochs):
        for _ in loader:
            pass
    last = [private(process) for process in loader._iterator._workers]
    assert max(after - before for before, after in zip(first, last, strict=True)) < 2e6
    assert len(os.listdir("/proc/self/fd")) == descriptors


SMALL = """
import os, torch
from torch.utils.data import Dataset
from feedline import DataLoader
class Large(Dataset):
    def __len__(self): return 400
    def __getitem__(self, index): return torch.full((5_000_000,), index % 251, dtype=torch.uint8)
if __name__ == "__main__":
    assert os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize == 2**20
    seen = [batch[:, [0, -1]].tolist() for batch in DataLoader(Large(), 4, num_workers=2)]
    assert seen == [[[index % 251] * 2 for index in range(start, start + 4)] for start in range(0, 400, 4)]
    print("right", len(seen))
"""


def only_warning(text):
    """The warning that a program printed, where it printed nothing else."""
    first, *rest = text.strip().splitlines()
    assert "RuntimeWarning: /dev/shm has 1.0 MB and the batches under way take up to 114.4 MB" in first
    assert len(rest) == 1
    return first


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting a small /dev/shm needs root")
def test_a_small_dev_shm_is_told_once_and_does_not_matter(tmp_path):
    (tmp_path / "program.py").write_text(SMALL)
    command = f"mount -t tmpfs -o size=1m tmpfs /dev/shm && exec {sys.executable} {tmp_path / 'program.py'}"
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "right 100\n", done.stderr
    assert only_warning(done.stderr)
