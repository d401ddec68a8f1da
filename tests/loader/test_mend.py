"""Samples that cannot be made are left out or replaced, by a pure function of key and index."""

import numpy as np
import pytest
import torch
from foreign import as_it_is
from pure import Drawing, bits, pictures
from torch.utils.data import ConcatDataset, Subset

import feedline
from feedline import DataLoader
from feedline.loader.mend import Failure, Mender, NoSubstitute, WorkerDied
from feedline.rng import Key

pytestmark = pytest.mark.filterwarnings("ignore:a sample cannot be made:RuntimeWarning")
WORKERS = [{}, {"num_workers": 2}, {"num_workers": 3, "worker_type": "process"}]


def get(index):
    if index in (2, 5):
        raise ValueError(f"sample {index}\nis broken")
    return index * 10


def mender(how, count=8, lost=(), key=Key(1)):
    return Mender(how, range(count), key, dict(lost))


def test_a_sample_that_is_made_is_left_alone():
    assert mender("skip").make(get, 3) == ([30], None)
    assert mender("substitute").make(get, 3) == ([30], None)


def test_a_sample_that_fails_is_left_out():
    assert mender("skip").make(get, 2) == ([], Failure(2, None, "ValueError: sample 2"))
    assert mender("skip").make_all(get, [1, 2, 3, 5])[0] == [[10], [], [30], []]
    assert [failure.index for failure in mender("skip").make_all(get, [1, 2, 3, 5])[1]] == [2, 5]


def test_a_substitute_depends_on_key_and_index_alone():
    found = [mender("substitute", key=Key(seed)).make(get, 2)[0][0] for seed in range(200)]
    assert found == [mender("substitute", key=Key(seed)).make(get, 2)[0][0] for seed in range(200)]
    assert set(found) == {0, 10, 30, 40, 60, 70}
    epochs = [mender("substitute", key=Key(1, epoch)).make(get, 2)[0][0] for epoch in range(50)]
    assert len(set(epochs)) > 3


def test_where_all_fail_there_is_no_substitute():
    def fails(index):
        raise OSError(index)

    with pytest.raises(NoSubstitute, match=r"no substitute for index 3: 64 other samples of 8 failed too; look at"):
        mender("substitute").make(fails, 3)
    made, failures, short = mender("substitute").make_all(fails, [3, 4])
    assert (made, [failure.index for failure in failures]) == ([[], []], [3, 4])
    assert short.startswith("no substitute for index 3")


def test_substitutes_come_from_among_those_that_are_said():
    chosen = Mender("substitute", range(100), Key(), among=np.array([7, 9]))
    assert {chosen.make(lambda index: index if index in (7, 9) else 1 / 0, index)[0][0] for index in range(20)} == {
        7,
        9,
    }
    assert type(chosen.make(lambda index: 1 / 0 if index == 3 else index, 3)[0][0]) is int


def test_an_exception_that_cannot_say_what_it_is():
    class SilentError(Exception):
        def __str__(self):
            raise RuntimeError

    def fails(index):
        raise SilentError

    assert mender("skip").make(fails, 1)[1].error == "SilentError: "


def test_a_sample_that_killed_its_workers_is_not_tried():
    tried = []
    found, failure = mender("skip", lost={"4": "killed by signal: SIGSEGV"}).make(tried.append, 4)
    assert (found, tried) == ([], [])
    assert failure.error == f"{WorkerDied.__name__}: killed by signal: SIGSEGV"
    everything_but_one = {str(index): "killed" for index in range(8) if index != 6}
    assert mender("substitute", lost=everything_but_one).make(lambda index: index, 4)[0] == [6]


def test_the_path_is_the_errors_or_the_datasets():
    class Files:
        paths = ["a", "b"]

    def with_path(index):
        error = ValueError("no")
        error.path = "elsewhere"
        raise error

    assert Mender("skip", Files(), Key()).make(get, 5)[1].path is None
    assert Mender("skip", Files(), Key()).make([].__getitem__, 1)[1].path == "b"
    assert Mender("skip", Files(), Key()).make(with_path, 1)[1].path == "elsewhere"


@pytest.mark.parametrize("tensor", [True, False])
@pytest.mark.parametrize("options", WORKERS)
def test_batches_are_shorter_and_those_left_empty_are_not_yielded(options, tensor):
    broken = {0, 4, 5, 6, 7, 9}
    loader = DataLoader(pictures(14, broken, tensor), 4, on_error="skip", **options)
    assert [labels.tolist() for _, labels in loader] == [[1, 2, 3], [8, 10, 11], [12, 13]]
    whole = list(DataLoader(pictures(14, (), tensor), 4, seed=loader._base_seed))
    found = list(DataLoader(pictures(14, broken, tensor), 4, seed=loader._base_seed, on_error="skip", **options))
    for batch, number in zip(found, (0, 2, 3), strict=True):
        kept = [place for place, label in enumerate(whole[number][1].tolist()) if label not in broken]
        assert torch.equal(batch[0], whole[number][0][kept])
    assert [entry.index for entry in loader.ledger] == sorted(broken)


@pytest.mark.parametrize("options", WORKERS)
def test_an_order_of_nothing_but_broken_samples_is_empty(options):
    loader = DataLoader(pictures(6, range(6)), 2, on_error="skip", **options)
    assert list(loader) == []
    assert len(loader.ledger) == 6
    assert loader.state_dict()["epoch"] == 1


@pytest.mark.parametrize("options", WORKERS)
def test_sizes_stay_with_substitutes(options):
    loader = DataLoader(pictures(13, {1, 8, 12}), 4, seed=2, on_error="substitute", **options)
    assert [len(labels) for _, labels in loader] == [4, 4, 4, 1]
    found = [
        label
        for _, labels in DataLoader(pictures(13, {1, 8, 12}), 4, seed=2, on_error="substitute")
        for label in labels
    ]
    assert [int(label) for place, label in enumerate(found) if place not in (1, 8, 12)] == [0, *range(2, 8), 9, 10, 11]


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("kind", [Subset, feedline.subsets.subset])
@pytest.mark.parametrize("options", [{}, {"num_workers": 2}])
def test_a_substitute_is_of_the_same_part(own, kind, options):
    if not own and kind is not Subset:
        pytest.skip("feedline's parts are of feedline's datasets")
    part = [3, 11, 17, 5]
    whole = pictures(40, {11, 5}) if own else Drawing(40, {11, 5})
    loader = DataLoader(kind(whole, part), 2, seed=1, on_error="substitute", **options)
    for _ in range(15):
        found = {int(label) for batch in loader for label in (batch[1] if own else batch[0])}
        assert found <= {3, 17}
    assert {entry.index for entry in loader.ledger} == {1, 3}


def test_parts_in_a_row_are_mended_too():
    row = ConcatDataset([pictures(5, {2}), pictures(5, {0})])
    loader = DataLoader(row, 5, on_error="skip")
    assert [len(labels) for _, labels in loader] == [4, 4]
    assert [(entry.index, entry.path) for entry in loader.ledger] == [(2, "memory[2]"), (5, "memory[0]")]


@pytest.mark.parametrize("on_error", ["skip", "substitute"])
@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("own", [True, False])
def test_mended_batches_are_the_same_for_all_workers_and_after_a_resume(own, batch_size, on_error):
    def make(**options):
        data = pictures(20, {3, 4, 5, 19}) if own else Drawing(20, {3, 4, 5, 19})
        reseed = "worker" if own else "sample"
        collate = as_it_is if batch_size and not own else None
        return DataLoader(
            data, batch_size, seed=4, shuffle=True, on_error=on_error, reseed=reseed, collate_fn=collate, **options
        )

    whole = [bits(batch) for batch in make()]
    for options in WORKERS:
        assert [bits(batch) for batch in make(**options)] == whole
        batches = iter(loader := make(**options))
        found = [bits(next(batches)) for _ in range(3)]
        again = make(**WORKERS[1])
        again.load_state_dict(loader.state_dict())
        assert found + [bits(batch) for batch in again] == whole


def test_a_batch_without_samples_of_its_own_error_is_an_error():
    """What joins samples may fail as ever: nobody can be left out for that."""
    loader = DataLoader(Drawing(4), 2, on_error="skip", collate_fn=lambda samples: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(loader)
