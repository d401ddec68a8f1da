"""One pass over the data: order, bounds, errors and every way in which it ends."""

import gc
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import suppress

import pytest
import torch
from foreign import Stuck
from memory import Memory, numbered, picture
from PIL import Image
from torch.utils.data import DataLoader as TorchDataLoader

import feedline
from feedline import DataLoader, DecodeError, ImageDataset
from feedline.transforms import Compose, Resize, ToTensor

LONG = 30  # seconds that nothing here comes near
WORKERS = pytest.mark.parametrize("num_workers", [0, 1, 2, 8])
THREADS = pytest.mark.parametrize("num_workers", [1, 2, 8])


class Own:
    """A dataset by protocol alone; ``visit`` is called for each sample with its index."""

    keyed = True
    thread_safe = True
    spec = None

    def __init__(self, count, visit=lambda _: None):
        self.count = count
        self.visit = visit

    def __len__(self):
        return self.count

    def get(self, index, key):
        self.visit(index)
        return torch.tensor([index]), index


def labels(batches):
    return [batch[1].tolist() for batch in batches]


@pytest.fixture
def broken(tmp_path):
    """A folder of nine images; number 4 is broken."""
    (tmp_path / "class").mkdir()
    for number in range(9):
        Image.fromarray(picture(5, 5, seed=number)).save(tmp_path / "class" / f"{number}.png")
    (tmp_path / "class" / "4.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    return tmp_path


@WORKERS
@pytest.mark.parametrize("transform", [None, Compose([Resize((4, 4)), ToTensor()])], ids=["open sizes", "fixed sizes"])
def test_a_broken_file_is_raised_when_due_and_the_pass_goes_on(broken, num_workers, transform):
    batches = iter(DataLoader(feedline.open(broken, transform), batch_size=3, num_workers=num_workers))
    assert next(batches)[0].shape[0] == 3
    with pytest.raises(DecodeError) as raised:
        next(batches)
    assert raised.value.path == str(broken / "class" / "4.png")
    assert raised.value.index == 4
    (note,) = raised.value.__notes__
    assert note.startswith("in batch 1 of this pass, worker ")
    assert next(batches)[0].shape[0] == 3
    with pytest.raises(StopIteration):
        next(batches)


@WORKERS
def test_the_first_failure_of_a_batch_is_raised(num_workers):
    def visit(index):
        if index in (5, 7):
            raise KeyError(index)

    batches = iter(DataLoader(Own(8, visit), batch_size=8, num_workers=num_workers))
    with pytest.raises(KeyError, match="5"):
        next(batches)


@WORKERS
def test_a_failed_pass_is_dropped_without_the_garbage_collector(num_workers, no_worker_left):
    def visit(index):
        raise KeyError(index)

    batches = iter(DataLoader(Own(8, visit), num_workers=num_workers))
    gone = weakref.ref(batches)
    gc.disable()
    try:
        with suppress(KeyError):
            next(batches)
        del batches
        assert gone() is None
        assert no_worker_left()
    finally:
        gc.enable()


@pytest.mark.parametrize(("num_workers", "prefetch_factor"), [(1, 1), (1, 3), (2, 2), (8, 1)])
def test_no_more_is_made_than_prefetch_allows(num_workers, prefetch_factor):
    lock, made = threading.Lock(), []
    reached, most = threading.Event(), [0]

    def visit(index):
        with lock:
            made.append(index)
            if len(made) >= most[0]:
                reached.set()

    ahead = num_workers * prefetch_factor
    loader = DataLoader(Own(200, visit), batch_size=2, num_workers=num_workers, prefetch_factor=prefetch_factor)
    batches = iter(loader)
    for taken in range(1, 20):
        with lock:
            most[0] = 2 * (taken + ahead)
            reached.clear()
        next(batches)
        assert reached.wait(LONG), "workers stay busy up to the bound"
        for thread in threading.enumerate():
            if thread.name.startswith("feedline-worker"):
                thread.join(0.001)  # time for one sample too many
        with lock:
            assert len(made) == 2 * (taken + ahead)


def test_without_workers_nothing_is_made_or_drawn_before_it_is_asked_for():
    made, drawn = [], []

    def order():
        for number in range(5):
            drawn.append(number)
            yield [number]

    class Order:
        def __iter__(self):
            return order()

    batches = iter(DataLoader(Own(5, made.append), batch_sampler=Order()))
    assert (made, drawn) == ([], [])
    for taken in range(1, 6):
        next(batches)
        assert made == list(range(taken))
        assert drawn == list(range(taken))


@WORKERS
def test_an_error_of_the_sampler_loses_no_batch_before_it(num_workers):
    def order():
        yield [0]
        yield [1]
        raise KeyError("sampler")

    class Order:
        def __iter__(self):
            return order()

    batches = iter(DataLoader(Own(5), batch_sampler=Order(), num_workers=num_workers))
    found, errors = [], 0
    for _ in range(5):
        try:
            found += labels([next(batches)])
        except KeyError:
            errors += 1
        except StopIteration:
            break
    assert found == [[0], [1]]
    assert errors == 1


def test_ctrl_c_without_workers_loses_nothing():
    interrupts = [KeyboardInterrupt()]

    def visit(index):
        if index == 2 and interrupts:
            raise interrupts.pop()

    batches = iter(DataLoader(Own(6, visit), batch_size=2))
    assert labels([next(batches)]) == [[0, 1]]
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    assert labels(batches) == [[2, 3], [4, 5]]


@WORKERS
def test_images_of_different_sizes_say_what_to_do_and_the_pass_goes_on(num_workers):
    sizes = [3, 3, 3, 4, 3, 3]
    dataset = ImageDataset(Memory([picture(side, 3) for side in sizes], range(6)))
    batches = iter(DataLoader(dataset, batch_size=2, num_workers=num_workers))
    next(batches)
    with pytest.raises(
        RuntimeError,
        match=r"\(3, 3, 3\) at index 2 \(memory\[2\]\), \(4, 3, 3\) at index 3 \(memory\[3\]\); add .*Resize",
    ):
        next(batches)
    assert labels(batches) == [[4, 5]]


@THREADS
def test_timeout_and_then_the_batch(num_workers):
    release = threading.Event()
    dataset = Own(6, lambda _: release.wait(LONG))
    batches = iter(DataLoader(dataset, batch_size=2, num_workers=num_workers, timeout=0.01))
    try:
        with pytest.raises(RuntimeError, match=r"timed out after 0\.01 seconds: batch 0 is not ready"):
            next(batches)
    finally:
        release.set()
    found = []
    while len(found) < 3:
        try:
            found += labels([next(batches)])
        except RuntimeError:
            continue
    assert found == [[0, 1], [2, 3], [4, 5]]


@THREADS
def test_exhaustion_ends_the_threads_and_stays(num_workers, no_worker_left):
    batches = iter(DataLoader(numbered(5), num_workers=num_workers))
    assert len(list(batches)) == 5
    assert no_worker_left()
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(batches)


@THREADS
def test_break_ends_the_threads(num_workers, no_worker_left):
    for _ in DataLoader(numbered(50), num_workers=num_workers):
        break
    assert no_worker_left()


@THREADS
@pytest.mark.parametrize("taken", [0, 1])
def test_dropping_the_iterator_ends_the_threads(num_workers, taken, no_worker_left):
    batches = iter(DataLoader(numbered(50), num_workers=num_workers))
    for _ in range(taken):
        next(batches)
    del batches
    assert no_worker_left()


@WORKERS
def test_close(num_workers, no_worker_left):
    batches = iter(DataLoader(numbered(50), num_workers=num_workers))
    next(batches)
    batches.close()
    batches.close()
    assert no_worker_left()
    with pytest.raises(StopIteration):
        next(batches)


def test_dropping_does_not_wait_for_a_sample_that_is_being_made(no_worker_left):
    began, release = threading.Event(), threading.Event()

    def visit(_):
        began.set()
        release.wait(LONG)

    batches = iter(DataLoader(Own(9, visit), num_workers=1, timeout=0.01))
    with pytest.raises(RuntimeError):
        next(batches)
    assert began.wait(LONG)
    del batches
    assert not release.is_set()
    release.set()
    assert no_worker_left()


def test_the_interpreter_exits_in_the_middle_of_a_pass():
    code = (
        "import feedline; loader = feedline.DataLoader(feedline.open('glyphs'), 500, num_workers=8); "
        "batches = iter(loader); next(batches); print('taken')"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "taken\n", "")


@WORKERS
def test_several_iterators_at_once(num_workers):
    loader = DataLoader(numbered(7), batch_size=2, num_workers=num_workers)
    pairs = list(zip(iter(loader), iter(loader), strict=True))
    assert labels(pair[0] for pair in pairs) == labels(pair[1] for pair in pairs) == [[0, 1], [2, 3], [4, 5], [6]]


@WORKERS
def test_several_seeded_iterators_at_once_keep_their_orders(num_workers):
    dataset = numbered(11)
    alone = DataLoader(dataset, batch_size=2, shuffle=True, seed=4, num_workers=num_workers)
    passes = [labels(alone), labels(alone)]
    loader = DataLoader(dataset, batch_size=2, shuffle=True, seed=4, num_workers=num_workers)
    pairs = list(zip(iter(loader), iter(loader), strict=True))
    assert [labels(pair[number] for pair in pairs) for number in (0, 1)] == passes


@WORKERS
def test_length(num_workers):
    batches = iter(DataLoader(numbered(7), batch_size=2, num_workers=num_workers))
    assert len(batches) == 4
    next(batches)
    assert len(batches) == 4
    assert iter(batches) is batches


class Drawing:
    """A batch sampler whose length costs random numbers, as one that makes buckets to know it."""

    def __init__(self, generator):
        self.generator = generator

    def __iter__(self):
        order = torch.randperm(8, generator=self.generator).tolist()
        return iter([order[:4], order[4:]])

    def __len__(self):
        return len(list(iter(self)))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_the_length_is_asked_for_by_nobody_but_the_caller(num_workers):
    told = []
    for kind in (DataLoader, TorchDataLoader):
        generator = torch.Generator().manual_seed(3)
        loader = kind(range(8), batch_sampler=Drawing(generator), num_workers=num_workers, generator=generator)
        told.append([[batch.tolist() for batch in loader] for _ in range(2)] + [torch.rand(1, generator=generator)])
        assert len(iter(loader)) == 2
    assert told[0] == told[1]


def test_an_alarm_of_the_programs_is_no_timeout_of_ours():
    def ring(*_):
        raise TimeoutError("my own alarm")

    batches = iter(DataLoader(Stuck(3, 0), num_workers=1))
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(TimeoutError, match="my own alarm"):
            next(batches)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("worker_type", ["thread", "process"])
def test_a_sampler_may_use_its_list_again(worker_type):
    class Same:
        def __iter__(self):
            batch = [0, 0]
            for index in range(0, 8, 2):
                batch[:] = index, index + 1
                yield batch

    loader = DataLoader(range(8), batch_sampler=Same(), num_workers=2, worker_type=worker_type)
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_no_length_where_the_sampler_has_none():
    batches = iter(DataLoader(numbered(7), sampler=(index for index in range(3))))
    with pytest.raises(TypeError, match="has no len"):
        len(batches)
    assert labels(batches) == [[0], [1], [2]]
