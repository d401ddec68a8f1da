"""Every way in which a pass over worker processes ends: nothing is left."""

import gc
import os
import subprocess
import sys
import time

import pytest
from foreign import LONG, Squares, Stuck

from feedline import DataLoader

HERE = os.path.dirname(os.path.dirname(__file__))
SOON = 5  # seconds: "within one second" on a machine that is busy


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids, seconds=SOON):
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(alive, pids))


def in_dev_shm():
    """Ours alone: others use it while we are tested."""
    return [name for name in os.listdir("/dev/shm") if "feedline" in name]


def resources():
    with open("/proc/self/maps") as maps:
        mapped = sum("memfd:feedline" in line for line in maps)
    return len(os.listdir("/proc/self/fd")), in_dev_shm(), mapped


@pytest.fixture
def nothing_left():
    """Fails where a descriptor, a mapping or an entry in /dev/shm is left; workers are for the test to look at."""
    list(DataLoader(Squares(4, 9000), num_workers=1))
    gc.collect()
    before = resources()
    yield
    gc.collect()
    assert resources() == before


def pids_of(batches):
    pids = [process.pid for process in batches._workers]
    assert len(pids) == 2
    assert all(map(alive, pids))
    return pids


def start(dataset=None, persistent=False):
    return DataLoader(dataset or Squares(40, 9000), 2, num_workers=2, persistent_workers=persistent)


@pytest.mark.usefixtures("nothing_left")
class TestEnds:
    def test_exhaustion(self):
        batches = iter(start())
        pids = pids_of(batches)
        assert len(list(batches)) == 20
        assert gone(pids)
        for _ in range(2):
            with pytest.raises(StopIteration):
                next(batches)

    def test_break(self):
        pids = []
        for _ in (batches := iter(start())):
            pids = pids_of(batches)
            break
        del batches
        assert gone(pids)

    def test_an_exception_in_the_consumer(self):
        pids = []

        def consume():
            batches = iter(start())
            pids.extend(pids_of(batches))
            for _ in batches:
                raise KeyError

        with pytest.raises(KeyError):
            consume()
        assert gone(pids)

    @pytest.mark.parametrize("taken", [0, 1])
    def test_del(self, taken):
        batches = iter(start())
        pids = pids_of(batches)
        for _ in range(taken):
            next(batches)
        del batches
        assert gone(pids)

    def test_a_garbage_cycle(self):
        cycle = [iter(start())]
        cycle.append(cycle)
        pids = pids_of(cycle[0])
        del cycle
        gc.collect()
        assert gone(pids)

    def test_a_worker_in_user_code_is_not_waited_for(self):
        reads, writes = os.pipe()
        batches = iter(start(Stuck(8, 0, writes)))
        pids = pids_of(batches)
        assert os.read(reads, 1) == b"x"
        started = time.monotonic()
        del batches
        assert time.monotonic() - started < SOON
        assert gone(pids)
        os.close(reads)
        os.close(writes)

    def test_persistent_workers_end_with_the_loader(self):
        loader = start(persistent=True)
        assert len(list(loader)) == 20
        pids = pids_of(loader._iterator)
        assert len(list(loader)) == 20
        assert pids_of(loader._iterator) == pids
        del loader
        assert gone(pids)

    def test_fifty_interruptions_in_a_row(self):
        pids = []
        for number in range(50):
            batches = iter(start())
            pids += pids_of(batches)
            for _ in range(number % 4):
                next(batches)
            del batches
        assert gone(pids)


def run(code, *arguments, **options):
    head = "import os, sys; sys.path.insert(0, sys.argv[1])\nfrom foreign import *\nfrom feedline import DataLoader\n"
    command = [sys.executable, "-W", "ignore", "-c", head + code, HERE, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


TELL = "print(*[worker.pid for worker in batches._workers], flush=True)\n"


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("persistent", [False, True])
def test_the_interpreter_exits_with_a_live_iterator(method, persistent):
    shared = in_dev_shm()
    code = (
        "if __name__ == '__main__':\n"
        f"    loader = DataLoader(Squares(40, 9000), num_workers=2, multiprocessing_context='{method}', "
        f"persistent_workers={persistent})\n    batches = iter(loader); next(batches)\n    {TELL}"
    )
    child = run(code)
    out, err = child.communicate(timeout=LONG)
    assert (child.returncode, err) == (0, "")
    assert gone([int(pid) for pid in out.split()])
    assert in_dev_shm() == shared


def test_the_exit_does_not_wait_for_threads_in_user_code():
    child = run(
        "batches = iter(DataLoader(Stuck(8, 1), num_workers=2, worker_type='thread')); next(batches)\n"
        "print('ends', flush=True)"
    )
    assert child.stdout.readline() == "ends\n"
    started = time.monotonic()
    _, err = child.communicate(timeout=LONG)
    assert (child.returncode, err) == (0, "")
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize("dataset", ["Squares(40, 9000)", "Stuck(40, 1, 1)"], ids=["idle", "in user code"])
def test_the_parent_is_killed(dataset):
    child = run(
        f"batches = iter(DataLoader({dataset}, num_workers=2)); {TELL}\nnext(batches); sys.stdin.read()",
        stdin=subprocess.PIPE,
    )
    pids = [int(pid) for pid in child.stdout.readline().replace("x", "").split()]
    assert len(pids) == 2
    assert all(map(alive, pids))
    child.kill()
    child.wait(LONG)
    assert gone(pids)
    child.communicate(timeout=LONG)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("bystander", ["os.fork", "libc.fork"])
def test_the_parent_is_killed_and_a_child_of_its_own_lives_on(method, bystander):
    """The child has every descriptor that its parent had; one that is forked outside of Python closes none of them."""
    child = run(
        "import ctypes, time\nlibc = ctypes.PyDLL(None)\n"
        "if __name__ == '__main__':\n"
        f"    batches = iter(DataLoader(Squares(400, 9000), num_workers=2, multiprocessing_context='{method}'))\n"
        "    next(batches)\n"
        f"    child = {bystander}()\n"
        f"    if not child:\n        time.sleep({LONG})\n"
        "    print(child, *[worker.pid for worker in batches._workers], flush=True); sys.stdin.read()",
        stdin=subprocess.PIPE,
    )
    other, *pids = map(int, child.stdout.readline().split())
    assert all(map(alive, [other, *pids]))
    child.kill()
    child.wait(LONG)
    ended = gone(pids)
    assert alive(other)
    os.kill(other, 9)
    assert ended
    child.communicate(timeout=LONG)


def test_a_forked_child_may_not_use_the_iterator_and_takes_nothing_with_it():
    batches = iter(start())
    pids = pids_of(batches)
    next(batches)
    reads, writes = os.pipe()
    if not os.fork():
        try:
            next(batches)
        except BaseException as error:
            os.write(writes, f"{type(error).__name__}: {error}".encode())
        del batches
        gc.collect()
        os._exit(0)
    os.close(writes)
    told = os.read(reads, 1000).decode()
    os.wait()
    os.close(reads)
    assert "RuntimeError: this iterator belongs to the process that made it" in told
    assert all(map(alive, pids))
    assert len(list(batches)) == 19
    assert gone(pids)


def test_the_exit_of_a_forked_child_leaves_the_iterator():
    code = (
        "batches = iter(DataLoader(Squares(40, 9000), num_workers=2)); next(batches)\n"
        "if not os.fork():\n    sys.exit(0)\n"
        "os.wait()\nprint(len(list(batches)))"
    )
    child = run(code)
    out, err = child.communicate(timeout=LONG)
    assert (out, err) == ("39\n", "")


def test_a_child_of_multiprocessing_may_have_a_loader_of_its_own():
    code = (
        "import multiprocessing\ncontext = multiprocessing.get_context('fork')\n"
        "batches = iter(DataLoader(Squares(40, 9000), num_workers=2)); next(batches)\n"
        "child = context.Process(target=lambda: print(len(list(DataLoader(Squares(4), num_workers=2))), flush=True))\n"
        "child.start(); child.join()\nprint(len(list(batches)), child.exitcode)"
    )
    child = run(code)
    out, err = child.communicate(timeout=LONG)
    assert (out, err) == ("4\n39 0\n", "")
