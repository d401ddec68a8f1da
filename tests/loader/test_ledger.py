"""What could not be made: each sample once an epoch, with path and cause; and a bound to them."""

import itertools
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import broken_folder
import numpy as np
import pytest
import torch
from pure import Drawing, bits
from torch.utils.data import IterableDataset

import feedline
from feedline import DataLoader
from feedline import transforms as T
from feedline.loader.ledger import Entry, Ledger
from feedline.loader.mend import Failure
from feedline.loader.progress import Progress

quiet = pytest.mark.filterwarnings("ignore:a sample cannot be made:RuntimeWarning")
EPOCHS = 20


def failure(index, path=None, error="ValueError: broken"):
    return Failure(index, path, error)


@quiet
def test_it_is_a_sequence_of_entries():
    ledger = Ledger()
    ledger.begin(Progress(3)).add([failure(5), failure(7, "a/7.png")])
    assert len(ledger) == 2
    assert ledger[0] == Entry(5, None, "ValueError: broken", 3)
    assert list(ledger) == ledger[:] == [ledger[0], ledger[-1]]
    assert repr(ledger) == "Ledger(2 samples that could not be made)"


@quiet
def test_a_sample_is_in_it_once_an_epoch():
    ledger = Ledger()
    for epoch in (0, 1, 0):
        page = ledger.begin(Progress(epoch))
        page.add([failure(5)])
        page.add([failure(5), failure("5")])
    assert [(entry.index, entry.epoch) for entry in ledger] == [(5, 0), ("5", 0), (5, 1), ("5", 1)]


def test_each_sample_is_warned_of_once():
    ledger = Ledger()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for epoch in range(3):
            ledger.begin(Progress(epoch)).add([failure(5, "a/5.png"), failure(6)])
    assert [str(each.message) for each in told] == [
        "a sample cannot be made: index 5 (a/5.png): ValueError: broken",
        "a sample cannot be made: index 6: ValueError: broken",
    ]


@quiet
def test_so_many_are_borne_in_an_epoch():
    ledger = Ledger(2)
    for epoch in range(2):
        page = ledger.begin(Progress(epoch))
        page.add([failure(1), failure(2), failure(1)])
        with pytest.raises(
            RuntimeError, match=f"3 samples of epoch {epoch} could not be made, and max_errors=2; the last"
        ):
            page.add([failure(3)])


@quiet
def test_it_is_saved_as_json_lines(tmp_path):
    loader = DataLoader(Drawing(9, {2, 7}), 2, on_error="skip")
    list(loader)
    loader.ledger.begin(Progress(0)).add(
        [failure((1, Path("x")), "p", "ä\n"), failure(np.int64(4)), failure(torch.tensor(5))]
    )
    loader.ledger.save(tmp_path / "left_out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "left_out.jsonl").read_text().splitlines()]
    assert lines[:2] == [
        {"index": index, "path": None, "error": f"ValueError: sample {index} is broken", "epoch": 0, "kind": None}
        for index in (2, 7)
    ]
    assert [line["index"] for line in lines[2:]] == [[1, repr(Path("x"))], 4, 5]
    loader.ledger.save(tmp_path / "left_out.jsonl")
    loader.ledger.save(tmp_path / "left_out.jsonl", append=True)
    assert len((tmp_path / "left_out.jsonl").read_text().splitlines()) == 10


@quiet
@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("on_error", ["skip", "substitute"])
def test_more_than_max_errors_end_the_pass(on_error, num_workers):
    loader = DataLoader(Drawing(20, {2, 7, 11}), 2, num_workers=num_workers, on_error=on_error, max_errors=2)
    batches = iter(loader)
    for _ in range(5):
        next(batches)
    with pytest.raises(RuntimeError, match="max_errors=2; the last: index 11"):
        next(batches)
    assert len(loader.ledger) == 3
    bearing = DataLoader(Drawing(20, {2, 7, 11}), 2, num_workers=num_workers, on_error=on_error, max_errors=3)
    assert [len(list(bearing)) for _ in range(2)] == [10, 10]


class Rattling(IterableDataset):
    """An iterator that goes on behind an error."""

    def __iter__(self):
        return map(self.make, range(10))

    def make(self, number):
        if number in (3, 4, 9):
            raise ValueError(f"{number} rattles")
        return number


@quiet
@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_stream_skips(num_workers):
    loader = DataLoader(Rattling(), 2, num_workers=num_workers, on_error="skip")
    assert [batch.tolist() for batch in loader] == [[0, 1], [2], [5], [6, 7], [8]]
    assert [(entry.index, entry.error) for entry in loader.ledger] == [
        (number if not num_workers else (0, number), f"ValueError: {number} rattles") for number in (3, 4, 9)
    ]


@quiet
def test_two_streams_have_samples_of_their_own():
    loader = DataLoader(Rattling(), 2, num_workers=2, on_error="skip")
    list(loader)
    assert sorted(entry.index for entry in loader.ledger) == [
        (worker, count) for worker in (0, 1) for count in (3, 4, 9)
    ]


class Generating(IterableDataset):
    def __iter__(self):
        for number in range(10):
            if number == 3:
                raise ValueError("3 is broken")
            yield number


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_generator_cannot_be_skipped_in(num_workers):
    """It ends with its error: what lies behind would be lost without a word."""
    batches = iter(DataLoader(Generating(), 2, num_workers=num_workers, on_error="skip"))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(ValueError, match="3 is broken"):
        next(batches)


def test_a_stream_that_only_fails_ends():
    class Stuck(IterableDataset):
        def __iter__(self):
            return map(int, itertools.repeat("no number"))

    with pytest.raises(ValueError, match="no number") as error:
        list(DataLoader(Stuck(), 2, on_error="skip"))
    assert "1,000 samples in a row failed" in "".join(error.value.__notes__)


@quiet
def test_the_bound_holds_through_a_resume_and_loses_no_batch():
    def make(most):
        return DataLoader(Drawing(20, {2, 3, 12, 13}), 4, on_error="skip", seed=0, max_errors=most)

    whole = [batch[0].tolist() for batch in make(4)]
    loader = make(3)
    batches = iter(loader)
    found = [next(batches)[0].tolist() for _ in range(2)]
    state = json.loads(json.dumps(loader.state_dict()))
    assert state["errors"] == 2
    for first in (loader, make(3)):
        first.load_state_dict(state)
        batches = iter(first)
        rest = [next(batches)[0].tolist()]
        for _ in range(2):
            with pytest.raises(RuntimeError, match="4 samples of epoch 0 could not be made, and max_errors=3"):
                next(batches)
    bearing = make(4)
    bearing.load_state_dict(first.state_dict())
    assert found + rest + [batch[0].tolist() for batch in bearing] == whole


@quiet
def test_two_passes_at_once_are_told_apart():
    loader = DataLoader(Drawing(8, {2, 5}), 4, on_error="skip", seed=0)
    for _ in zip(loader, loader, strict=True):
        pass
    assert sorted((entry.epoch, entry.index) for entry in loader.ledger) == [(0, 2), (0, 5), (1, 2), (1, 5)]


@quiet
@pytest.mark.parametrize("num_workers", [0, 2])
def test_what_fails_beside_an_error_is_in_the_ledger(num_workers):
    loader = DataLoader(Drawing(10, set(range(10))), 5, num_workers=num_workers, on_error="substitute", seed=0)
    with pytest.raises(RuntimeError, match=r"no substitute for index 0: 64 other samples of 10 failed too.*in batch 0"):
        next(iter(loader))
    assert [entry.index for entry in loader.ledger] == list(range(5))


PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from pure import Drawing
from feedline import DataLoader
loader = DataLoader(Drawing(20, {{2, 7}}), 2, num_workers={num_workers}, on_error="skip")
print([batch[0].tolist() for batch in loader])
"""


@pytest.mark.parametrize("num_workers", [0, 2])
def test_no_batch_is_lost_where_warnings_are_errors(num_workers):
    program = PROGRAM.format(tests=str(Path(__file__).parent.parent), num_workers=num_workers)
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=os.environ)
    assert done.stdout.strip() == str([[n for n in (2 * k, 2 * k + 1) if n not in (2, 7)] for k in range(10)])
    assert done.stderr.count("a sample cannot be made: index") == 2


WORKERS = [{"num_workers": 1}, {"num_workers": 3}, {"num_workers": 3, "worker_type": "process"}]


def folder_loader(root, on_error, **options):
    augmented = T.Compose([T.RandomHorizontalFlip(), T.ToTensor()])
    return DataLoader(feedline.open(root, transform=augmented), 16, shuffle=True, seed=2, on_error=on_error, **options)


def passes(loader, epochs):
    return [bits(batch) for _ in range(epochs) for batch in loader]


@quiet
@pytest.mark.parametrize("on_error", ["skip", "substitute"])
def test_a_folder_with_broken_files_over_many_epochs(on_error, tmp_path):
    broken = broken_folder.make(tmp_path)
    quiet_run = folder_loader(tmp_path, on_error)
    whole = passes(quiet_run, EPOCHS)
    each = len(whole) // EPOCHS
    for epoch in range(EPOCHS):
        assert sorted(entry.path for entry in quiet_run.ledger if entry.epoch == epoch) == sorted(broken)
    assert len(quiet_run.ledger) == EPOCHS * len(broken)
    for options in WORKERS:
        loader = folder_loader(tmp_path, on_error, **options)
        assert passes(loader, 3) == whole[: 3 * each]
        assert list(loader.ledger) == [entry for entry in quiet_run.ledger if entry.epoch < 3]
        batches = iter(loader)
        found = [bits(next(batches)) for _ in range(5)]
        again = folder_loader(tmp_path, on_error, **WORKERS[0])
        again.load_state_dict(loader.state_dict())
        assert found + passes(again, 2) == whole[3 * each : 5 * each]
        both = {(entry.path, entry.epoch) for entry in [*loader.ledger, *again.ledger]}
        assert both == {(path, epoch) for path in broken for epoch in range(5)}


def test_a_folder_with_broken_files_raises_with_the_path(tmp_path):
    broken = broken_folder.make(tmp_path)
    for options in ({}, *WORKERS):
        batches, errors, count = iter(folder_loader(tmp_path, "raise", **options)), [], 0
        while True:
            try:
                count += len(next(batches)[1])
            except StopIteration:
                break
            except feedline.errors.DecodeError as error:
                errors.append(str(error))
        assert count == 200 - 16 * len(errors)
        assert all(any(path in error for error in errors) for path in broken)


@quiet
def test_going_back_in_an_epoch_names_nothing_twice():
    loader = DataLoader(Drawing(20, {3, 15}), 4, on_error="skip", max_errors=2)
    batches = iter(loader)
    next(batches)
    state = loader.state_dict()
    list(batches)
    loader.load_state_dict(state)
    left = [batch[0] for batch in loader]
    assert [entry.index for entry in loader.ledger] == [3, 15]
    assert torch.cat(left).tolist() == [*range(4, 15), *range(16, 20)]
