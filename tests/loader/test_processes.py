"""Worker processes: the contract, deaths, errors, timeouts, Ctrl-C."""

import gc
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import warnings
import weakref
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from contracts.workers import LONG, WorkersContract
from foreign import Dying, Failing, OddError, Squares, Stream, Stuck, as_it_is

from feedline import DataLoader
from feedline.loader.workers import Begin, Chunk, Job, ProcessWorkers
from feedline.loader.workers.child import Made
from feedline.loader.workers.peer import Peer
from feedline.rng import Key

pytestmark = [
    pytest.mark.filterwarnings("ignore:DataLoader worker:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:a sample cannot be made:RuntimeWarning"),
]
SOON = 5  # seconds: "a second or two" on a machine that is busy


@dataclass(frozen=True)
class RunFetch:
    """Makes of a task what a function makes of it."""

    function: Any

    def __call__(self, dataset, key, again=None):
        return self

    def without(self, lost):
        return self

    def state(self):
        return None

    def plan(self, indices):
        return [indices]

    def run(self, task):
        return self.function(task)

    def join(self, tasks, values):
        return values[0]


class TestProcessWorkers(WorkersContract):
    """Functions run in other processes here: what they do to variables of the test is not seen by it."""

    @pytest.fixture(params=[1, 2])
    def make(self, request):
        closes = []

        def make(run):
            context = multiprocessing.get_context("fork")
            job = Job(0, request.param, 1, None, RunFetch(run), None, Begin(Key()))
            pool = ProcessWorkers(context, request.param, job, most_free=3)
            closes.append(weakref.WeakMethod(pool.close))
            return pool

        yield make
        for close in closes:
            if close() is not None:
                close()()

    def test_each_chunk_is_run_once_and_comes_back_once(self, make, tmp_path):
        log = tmp_path / "log"
        descriptor = os.open(log, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        pool = make(lambda task: os.write(descriptor, b"%d\n" % task) and task * 10)
        chunks = [Chunk(number, 0, number) for number in range(50)]
        for chunk in chunks:
            pool.submit(chunk)
        done = [pool.collect() for _ in chunks]
        os.close(descriptor)
        assert sorted(map(int, log.read_text().split())) == list(range(50))
        assert sorted(one.chunk.batch for one in done) == list(range(50))
        assert all(one.value == one.chunk.task * 10 and one.error is None for one in done)

    def test_submit_does_not_wait_for_user_code(self, make):
        release = multiprocessing.get_context("fork").Event()
        pool = make(lambda _: release.wait(LONG))
        for number in range(20):
            pool.submit(Chunk(number, 0, number))
        release.set()
        assert all(pool.collect().value for _ in range(20))

    def test_submit_does_not_wait_though_tasks_and_values_fill_the_pipe(self, make):
        pool = make(lambda task: task)
        for number in range(6):
            pool.submit(Chunk(number, 0, bytes([number]) * 3_000_000))
        done = sorted((pool.collect(LONG) for _ in range(6)), key=lambda one: one.chunk.batch)
        assert [one.value[:1] for one in done] == [bytes([number]) for number in range(6)]

    def test_an_exception_is_an_outcome(self, make):
        def run(task):
            raise KeyError(task)

        pool = make(run)
        pool.submit(Chunk(3, 1, "task"))
        done = pool.collect()
        assert done.value is None
        assert isinstance(done.error, KeyError)
        assert "KeyError: 'task'" in str(done.error)
        assert (done.chunk.batch, done.chunk.part) == (3, 1)

    def test_close_does_not_wait_and_what_was_not_begun_is_not_begun(self, make):
        reads, writes = os.pipe()

        def run(task):
            os.write(writes, b"x")
            time.sleep(LONG)

        pool = make(run)
        for number in range(40):
            pool.submit(Chunk(number, 0, number))
        assert os.read(reads, 1) == b"x"
        started = time.monotonic()
        pool.close()
        assert time.monotonic() - started < LONG / 3
        assert not any(process.is_alive() for process in pool.processes)
        os.close(writes)
        assert len(os.read(reads, 100)) < len(pool.processes)
        os.close(reads)

    def test_close_from_user_code(self):
        """User code has no pool there."""

    def test_no_result_is_kept_after_close(self, make):
        pool = make(lambda _: torch.zeros(100_000))
        pool.submit(Chunk(0, 0, None))
        pool.submit(Chunk(1, 0, None))
        gone = weakref.ref(pool.collect().value.untyped_storage())
        pool.close()
        assert gone() is None
        assert not pool._ready

    def test_no_process_is_left_after_close(self, make):
        pool = make(lambda task: task)
        pool.submit(Chunk(0, 0, 1))
        pool.close()
        assert not any(process.is_alive() for process in pool.processes)

    def test_timeout(self, make):
        release = multiprocessing.get_context("fork").Event()
        pool = make(lambda _: release.wait(LONG))
        pool.submit(Chunk(0, 0, 1))
        with pytest.raises(TimeoutError, match=f"feedline-worker-0, pid {pool.processes[0].pid}"):
            pool.collect(timeout=0.01)
        release.set()
        assert pool.collect(timeout=LONG).value is True

    def test_chunks_go_round(self, make):
        pool = make(lambda task: os.getpid())
        for number in range(8):
            pool.submit(Chunk(number, 0, number))
        done = sorted((pool.collect() for _ in range(8)), key=lambda one: one.chunk.batch)
        pids = [process.pid for process in pool.processes]
        assert [one.value for one in done] == (pids * 8)[:8]


def failure(batches):
    """The first exception, and how long it took."""
    started = time.monotonic()
    with pytest.raises(Exception) as raised:
        for _ in batches:
            pass
    return raised.value, time.monotonic() - started


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("num_workers", [1, 2])
@pytest.mark.parametrize(("how", "word"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGTERM, "SIGTERM"), (None, "3")])
def test_a_sample_that_kills_its_workers_is_an_error_with_pid_and_index(how, word, num_workers, persistent):
    loader = DataLoader(Dying(20, 4, how), num_workers=num_workers, persistent_workers=persistent, restarts=0)
    batches = iter(loader)
    error, seconds = failure(batches)
    assert type(error) is RuntimeError
    assert re.match(r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly", str(error))
    assert word in str(error).partition("unexpectedly")[2]
    assert "at index 4 of Dying" in str(error)
    assert seconds < SOON
    assert [labels.tolist() for _, labels in batches] == [[index] for index in range(5, 20)]
    assert persistent or not any(process.is_alive() for process in batches._workers)


@pytest.mark.parametrize("restarts", [0, 1, 2])
def test_a_chunk_may_kill_so_many_workers(restarts, tmp_path):
    class Once(Squares):
        """Kills its workers so many times in all."""

        def __getitem__(self, index):
            if index == 5 and len(list(tmp_path.iterdir())) < restarts:
                (tmp_path / str(os.getpid())).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__getitem__(index)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        batches = [labels.tolist() for _, labels in DataLoader(Once(20), 4, num_workers=2, restarts=restarts)]
    assert batches == [list(range(start, start + 4)) for start in range(0, 20, 4)]
    told = [str(each.message) for each in caught if "another takes its place" in str(each.message)]
    assert len(told) == restarts
    assert all("SIGKILL" in text for text in told)


@pytest.mark.parametrize("batch_size", [None, 1, 4, 16])
@pytest.mark.parametrize("on_error", ["raise", "skip", "substitute"])
def test_the_sample_that_kills_is_found(batch_size, on_error):
    loader = DataLoader(Dying(20, 6), batch_size, num_workers=2, on_error=on_error, restarts=1)
    batches, found, errors = iter(loader), [], []
    while True:
        try:
            label = next(batches)[1]
            found += [label] if batch_size is None else label.tolist()
        except StopIteration:
            break
        except RuntimeError as error:
            errors.append(str(error))
    if on_error == "raise":
        assert len(errors) == 1
        assert "each time it made the sample at index 6 of Dying" in errors[0]
        lost = {6} if batch_size in (None, 1) else set(range(4, 8)) if batch_size == 4 else set(range(16))
        assert found == [index for index in range(20) if index not in lost]
    else:
        assert not errors
        assert [(entry.index, entry.epoch) for entry in loader.ledger] == [(6, 0)]
        assert "SIGKILL" in loader.ledger[0].error
        others = [label for place, label in enumerate(found) if place != 6 or on_error == "skip"]
        assert others == [index for index in range(20) if index != 6]
        assert len(found) == (19 if on_error == "skip" else 20)
        assert found[6] != 6


def test_workers_that_cannot_live_are_an_error_that_says_so():
    error, _ = failure(DataLoader(Squares(), 4, num_workers=2, worker_init_fn=lambda _: os._exit(9)))
    assert "exit code 9" in str(error)
    assert "before it made anything: look at worker_init_fn" in str(error)


def test_an_iterable_without_a_state_cannot_be_made_again():
    class Fatal(Stream):
        def __iter__(self):
            yield from range(3)
            os.kill(os.getpid(), signal.SIGKILL)

    error, seconds = failure(DataLoader(Fatal(), num_workers=1))
    assert re.fullmatch(r"DataLoader worker \(pid.*\) exited unexpectedly \(killed by signal: SIGKILL\)", str(error))
    assert seconds < SOON


def test_an_idle_worker_that_is_killed_is_replaced(recwarn):
    batches = iter(DataLoader(Squares(50), num_workers=2, prefetch_factor=1))
    next(batches)
    victim = batches._workers[1]
    os.kill(victim.pid, signal.SIGKILL)
    victim.join(LONG)
    assert [labels.item() for _, labels in batches] == list(range(1, 50))
    assert victim.pid not in [process.pid for process in batches._workers]


def test_a_worker_that_is_killed_while_it_sends_is_replaced():
    """Its batch is larger than the pipe, so that half of it is there."""
    samples = [b"x" * 20_000_000] * 4
    batches = iter(DataLoader(samples, num_workers=1, prefetch_factor=1, collate_fn=as_it_is))
    assert batches._pool._workers[0].pipe.poll(LONG)
    os.kill(batches._workers[0].pid, signal.SIGKILL)
    assert [len(batch[0]) for batch in batches] == [20_000_000] * 4


def test_persistent_workers_that_die_between_two_passes_are_replaced():
    loader = DataLoader(Squares(6), num_workers=2, persistent_workers=True)
    expected = [labels.tolist() for _, labels in loader]
    for _ in range(2):
        os.kill(loader._iterator._workers[0].pid, signal.SIGKILL)
        assert [labels.tolist() for _, labels in loader] == expected


def fails_with(error, **options):
    return failure(DataLoader(Failing(6, {3: error}), 2, num_workers=1, **options))[0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_exception_has_its_own_type_the_workers_traceback_and_the_index(method):
    error = fails_with(ValueError("three is bad"), multiprocessing_context=method)
    assert type(error) is ValueError
    text = str(error) + "\n".join(error.__notes__)
    for part in ("in DataLoader worker process 0", "three is bad", "foreign.py", "__getitem__", "at index 3"):
        assert part in text
    assert "in batch 1 of this pass, worker 0" in error.__notes__


def test_a_key_error_keeps_its_message():
    error = fails_with(KeyError("some key"))
    assert isinstance(error, KeyError)
    assert "KeyError: 'some key'" in str(error)
    assert "\n" in str(error)
    assert "\\n" not in str(error)


def test_an_exception_with_an_odd_constructor_is_quoted():
    error = fails_with(OddError(5, reason="no reason"))
    assert type(error) is RuntimeError
    assert "OddError" in str(error)
    assert "5: no reason" in str(error)


def test_an_exception_group_is_quoted():
    error = fails_with(ExceptionGroup("some", [ValueError("one"), KeyError("two")]))
    assert type(error) is RuntimeError
    assert "ExceptionGroup" in str(error)
    assert "ValueError: one" in str(error)


class Inventing(Squares):
    """Raises an exception of a class that no other process can import."""

    def __getitem__(self, index):
        if index == 2:
            kind = type("Invented", (Exception,), {"__module__": __name__})
            globals()["Invented"] = kind
            raise kind("out of nothing")
        return index


def test_an_exception_of_a_class_that_the_consumer_does_not_have_is_quoted_and_the_pass_goes_on():
    batches = iter(DataLoader(Inventing(6), None, num_workers=2))
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(RuntimeError, match=r"(?s)Invented.*out of nothing"):
        next(batches)
    assert list(batches) == [3, 4, 5]


class Forking(Squares):
    """The worker dies, and a process that it made lives on with all its descriptors."""

    def __getitem__(self, index):
        if index == 3:
            if not os.fork():
                time.sleep(8)
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)
        return index


def test_a_worker_that_dies_and_leaves_a_process_behind_is_noticed():
    error, seconds = failure(DataLoader(Forking(12), None, num_workers=2, restarts=0))
    assert "SIGKILL" in str(error)
    assert seconds < SOON


def test_a_signal_without_a_name():
    error, _ = failure(DataLoader(Dying(6, 2, 40), num_workers=1))
    assert type(error) is RuntimeError
    assert "killed by signal: 40" in str(error)


def test_an_exception_of_a_local_class_is_quoted():
    class LocalError(Exception):
        pass

    error = fails_with(LocalError("of the test"))
    assert "LocalError" in str(error)
    assert "of the test" in str(error)
    assert "exited unexpectedly" not in str(error)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_stop_iteration_of_a_sample_is_an_error(num_workers):
    batches = iter(DataLoader(Failing(6, {3: StopIteration("oops")}), 2, num_workers=num_workers))
    assert next(batches)[1].tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="StopIteration"):
        next(batches)
    assert next(batches)[1].tolist() == [4, 5]


def test_a_batch_that_cannot_be_pickled_is_an_error_and_the_pass_goes_on():
    samples = [1, lambda: None, 3]
    batches = iter(DataLoader(samples, num_workers=1, collate_fn=as_it_is))
    assert next(batches) == [1]
    with pytest.raises(Exception, match="pickle"):
        next(batches)
    assert next(batches) == [3]


def test_a_failing_worker_init_fn():
    def init(worker):
        raise ValueError(f"init of {worker}")

    loader = DataLoader(Squares(), num_workers=2, worker_init_fn=init, persistent_workers=True)
    for _ in range(2):
        batches = iter(loader)
        for number in range(10):
            with pytest.raises(ValueError, match=f"init of {number % 2}"):
                next(batches)
        with pytest.raises(StopIteration):
            next(batches)


class NotIterable(Stream):
    def __iter__(self):
        raise OSError("no stream")


def test_a_stream_that_does_not_begin_is_one_error_of_each_worker():
    batches = iter(DataLoader(NotIterable(), num_workers=2))
    for _ in range(2):
        with pytest.raises(OSError, match="no stream"):
            next(batches)
    with pytest.raises(StopIteration):
        next(batches)


@pytest.mark.parametrize("worker_type", ["thread", "process"])
def test_the_timeout_holds_for_what_a_broken_pass_left_behind(worker_type):
    loader = DataLoader(
        *(Stuck(6, 2), 1, False), num_workers=1, timeout=0.5, persistent_workers=True, worker_type=worker_type
    )
    batches = iter(loader)
    next(batches)
    with pytest.raises(RuntimeError, match=r"timed out after 0\.5 seconds: the batches under way of the pass before"):
        iter(loader)
    with pytest.raises(StopIteration):
        next(batches)


def test_an_index_that_cannot_be_pickled_is_an_error_of_its_batch_alone():
    class Order:
        def __iter__(self):
            return iter([[0], [lambda: None], 5, [2]])

    batches = iter(DataLoader(Squares(6), batch_sampler=Order(), num_workers=1))
    assert next(batches)[1].tolist() == [0]
    with pytest.raises(Exception, match="pickle"):
        next(batches)
    with pytest.raises(TypeError, match="not iterable"):
        next(batches)
    assert next(batches)[1].tolist() == [2]


def test_indices_that_are_tensors_stay_out_of_shared_memory():
    order = torch.tensor([4, 1])
    assert [label.item() for _, label in DataLoader(Squares(6), None, sampler=order, num_workers=1)] == [4, 1]
    assert not order.is_shared()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_an_iterator_that_is_kept_holds_no_descriptor_after_its_end(method):
    def used():
        return len(os.listdir("/proc/self/fd"))

    options = {"num_workers": 2, "multiprocessing_context": method}
    list(DataLoader(Squares(4), **options))
    gc.collect()  # what other tests left
    before = used()
    batches = iter(DataLoader(Squares(4), **options))
    assert used() > before
    assert len(list(batches)) == 4
    assert used() == before
    assert not any(process.is_alive() or process.exitcode is None for process in batches._workers)


def test_an_exit_in_a_worker_is_an_error():
    error = fails_with(SystemExit(7))
    assert type(error) is RuntimeError
    assert "exited unexpectedly" in str(error)


def test_a_timeout_names_the_worker_and_how_long():
    batches = iter(DataLoader(Stuck(6, 1), num_workers=2, timeout=0.5))
    pid = batches._workers[1].pid
    next(batches)
    with pytest.raises(RuntimeError, match=rf"timed out after 0\.5 seconds.*feedline-worker-1, pid {pid}"):
        next(batches)


INTERRUPTED = """
import os, signal, sys, time
sys.path[:0] = sys.argv[1:]
from foreign import Squares
from feedline import DataLoader

class Slow(Squares):
    def __getitem__(self, index):
        if index == 2:
            os.write(ready, b"x")
            os.read(gate, 1)
        return index

reads, ready = os.pipe()
gate, release = os.pipe()
batches = iter(DataLoader(Slow(8), num_workers=2))
found = [next(batches).item(), next(batches).item()]
os.read(reads, 1)
signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGINT))
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    found.append(next(batches).item())
except KeyboardInterrupt:
    print("interrupted")
os.write(release, b"x")
found += [batch.item() for batch in batches]
print(found, flush=True)
os._exit(0)
"""


def test_ctrl_c_leaves_an_iterator_that_goes_on():
    here = os.path.dirname(os.path.dirname(__file__))
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INTERRUPTED, here],
        capture_output=True,
        text=True,
        timeout=LONG * 4,
        check=False,
        start_new_session=True,
    )
    assert run.stdout == "interrupted\n[0, 1, 2, 3, 4, 5, 6, 7]\n", run.stderr
    assert run.stderr == ""


LARGE = """
import os, signal, sys, threading
sys.path[:0] = sys.argv[1:]
import numpy as np
from foreign import Squares, as_it_is
from feedline import DataLoader

class Large(Squares):
    def __getitem__(self, index):
        return [np.full(40_000_000, index, np.uint8)]

batches = iter(DataLoader(Large(8), None, num_workers=1, collate_fn=as_it_is))
found, interrupted = [], 0
threading.Timer(float(sys.argv[2]), os.kill, (os.getpid(), signal.SIGINT)).start()
while True:
    try:
        found.append(int(next(batches)[0][-1]))
    except StopIteration:
        break
    except KeyboardInterrupt:
        interrupted += 1
print(found, interrupted, flush=True)
"""


@pytest.mark.parametrize("after", [0.1, 0.2, 0.3])
def test_ctrl_c_while_a_batch_is_received_loses_none(after):
    here = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, "-W", "ignore", "-c", LARGE, here, str(after)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=LONG * 4, check=False)
    assert run.stdout.startswith("[0, 1, 2, 3, 4, 5, 6, 7]"), run.stdout + run.stderr


def test_a_job_can_be_pickled():
    job = Job(0, 1, 2, Squares(), RunFetch(as_it_is), None, Begin(Key()))
    assert pickle.loads(pickle.dumps(job)).worker == 0


@pytest.mark.parametrize("num_workers", [1, 3])
@pytest.mark.parametrize("prefetch_factor", [1, 3])
def test_no_more_is_begun_than_prefetch_allows(num_workers, prefetch_factor, tmp_path):
    ahead = num_workers * prefetch_factor
    drawn = []

    class Order:
        def __iter__(self):
            for index in range(60):
                drawn.append(index)
                yield index

    batches = iter(DataLoader(Squares(60), sampler=Order(), num_workers=num_workers, prefetch_factor=prefetch_factor))
    drawn.clear() if len(drawn) > ahead else None
    for taken in range(1, 10):
        next(batches)
        assert len(drawn) == taken + ahead


def test_the_open_file_limit_is_an_error_that_helps():
    code = (
        "import resource, sys; sys.path[:0] = sys.argv[1:]\n"
        "from foreign import Squares\nfrom feedline import DataLoader\n"
        "import os; used = max(map(int, os.listdir('/proc/self/fd')))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (used + 12, used + 12))\n"
        "try:\n    list(DataLoader(Squares(), num_workers=40))\n"
        "except RuntimeError as error:\n    print(error)\n"
    )
    here = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, "-W", "ignore", "-c", code, here]
    run = subprocess.run(command, capture_output=True, text=True, timeout=LONG * 4, check=False)
    assert "too many open files for 40 workers: raise the limit with `ulimit -n`" in run.stdout, run.stderr


class Sour:
    """Cannot be unpickled when its number is 3."""

    def __init__(self, number):
        self.number = number

    def __setstate__(self, state):
        if state["number"] == 3:
            raise OSError("sour")
        self.__dict__.update(state)


class SourSamples(Squares):
    def __getitem__(self, index):
        return Sour(index)


def test_a_sample_that_cannot_be_unpickled_is_an_error_of_its_batch_alone():
    batches = iter(DataLoader(SourSamples(6), None, num_workers=2))
    found, errors = [], []
    while True:
        try:
            found.append(next(batches).number)
        except OSError as error:
            errors.append(str(error))
        except StopIteration:
            break
    assert (found, errors) == ([0, 1, 2, 4, 5], ["sour"])


def test_a_forked_child_iterates_a_persistent_loader_anew():
    loader = DataLoader(Squares(40), 4, num_workers=2, persistent_workers=True)
    expected = [labels.tolist() for _, labels in DataLoader(Squares(40), 4)]
    batches = iter(loader)
    first = next(batches)[1].tolist()
    child = os.fork()
    if not child:
        try:
            os._exit(0 if [labels.tolist() for _, labels in loader] == expected else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [first, *(labels.tolist() for _, labels in batches)] == expected


def test_a_worker_that_dies_between_a_message_and_its_memory_is_no_lack_of_files():
    """What it had not read yet resets the pipe, and the descriptor that it wanted to send never comes."""
    here, there = multiprocessing.Pipe(duplex=True)
    peer = Peer.__new__(Peer)  # its pipe alone
    peer.pipe = here
    here.send_bytes(b"work that is not read")
    there.send(Made(size=4096, block=1))
    there.close()
    with pytest.raises(EOFError):
        peer._received()
    here.close()
