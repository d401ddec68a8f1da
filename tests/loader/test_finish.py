"""finish.py: a transform of batches, whoever makes them, through resuming and errors."""

import json
import time

import pytest
import torch
from foreign import Squares, as_it_is
from memory import numbered
from pure import Counter, bits, pictures
from torch.utils.data import IterableDataset, get_worker_info

from feedline import DataLoader, prefetch_to_device
from feedline.rng import Key
from feedline.transforms.batches import BatchChoice
from feedline.transforms.mix import CutMix, MixUp
from feedline.types import BatchTransform

COUNT = 13
MIX = BatchChoice([CutMix(num_classes=COUNT), MixUp(num_classes=COUNT)])
MAKERS = [(0, "auto"), (1, "thread"), (3, "thread"), (2, "process")]
WORKERS = pytest.mark.parametrize(("num_workers", "worker_type"), MAKERS)
WAYS = pytest.mark.parametrize(("broken", "on_error"), [((), "raise"), ((2, 7), "skip"), ((2, 7), "substitute")])
pytestmark = pytest.mark.filterwarnings("ignore:a sample cannot be made:RuntimeWarning")


class Named(BatchTransform):
    """The batch and the key that it was given."""

    def __call__(self, *batch, key=Key()):
        return batch[0], key


def loader(dataset=None, batch_size=4, **rest):
    rest = {"seed": 6, "shuffle": True, "batch_transform": MIX} | rest
    return DataLoader(pictures(COUNT) if dataset is None else dataset, batch_size, **rest)


def passes(made, count=2):
    return [[bits(batch) for batch in made] for _ in range(count)]


def by_hand(count=2, **rest):
    """The passes of a loader without a transform, each batch mixed with its key."""
    plain = loader(batch_transform=None, **rest)
    return [
        [bits(MIX(batch, key=Key(6, epoch, number))) for number, batch in enumerate(plain)] for epoch in range(count)
    ]


@WORKERS
@WAYS
def test_batches_are_the_same_whoever_makes_them(num_workers, worker_type, broken, on_error):
    rest = {"dataset": pictures(COUNT, broken), "on_error": on_error}
    found = passes(loader(num_workers=num_workers, worker_type=worker_type, **rest))
    assert found == by_hand(**rest)
    assert found[0] != found[1]


@WORKERS
@WAYS
@pytest.mark.parametrize("taken", [0, 1, 3, 4])
def test_a_pass_that_is_gone_on_with_is_the_same(num_workers, worker_type, broken, on_error, taken):
    rest = {"dataset": pictures(COUNT, broken), "on_error": on_error}
    first = loader(num_workers=num_workers, worker_type=worker_type, **rest)
    batches = iter(first)
    found = [bits(next(batches)) for _ in range(taken)]
    state = json.loads(json.dumps(first.state_dict()))
    again = loader(num_workers=2 - num_workers % 2, **rest)
    again.load_state_dict(state)
    assert found + [bits(batch) for batch in again] == by_hand(1, **rest)[0]


@pytest.mark.parametrize(("num_workers", "worker_type"), MAKERS[1:])
def test_workers_that_persist_and_batches_out_of_order(num_workers, worker_type):
    rest = {"num_workers": num_workers, "worker_type": worker_type}
    assert passes(loader(persistent_workers=True, **rest)) == by_hand()
    assert [set(batches) for batches in passes(loader(in_order=False, **rest))] == [set(each) for each in by_hand()]


def test_the_seed_that_was_drawn_is_the_keys():
    made = [
        loader(seed=None, generator=torch.Generator().manual_seed(3), batch_transform=Named(), num_workers=number)
        for number in (0, 2)
    ]
    keys = [[key for _, key in each] for each in made]
    assert keys[0] == keys[1] == [Key(made[0].state_dict()["seed"], 0, number) for number in range(4)]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_foreign_dataset_has_the_same_keys(num_workers):
    made = DataLoader(Squares(10), 4, num_workers=num_workers, seed=9, batch_transform=Named())
    assert [[key for _, key in made] for _ in range(2)] == [[Key(9, epoch, n) for n in range(3)] for epoch in range(2)]


class Uneven(IterableDataset):
    """Each worker has ten samples more than the one before it."""

    def __iter__(self):
        info = get_worker_info()
        return iter(range(4 + 10 * (0 if info is None else info.id)))


@pytest.mark.parametrize("taken", [1, 5, 7])
@pytest.mark.parametrize(("dataset", "num_workers"), [(Counter(41), 0), (Counter(41), 2), (Uneven(), 3)])
def test_batches_of_a_stream_are_counted(dataset, num_workers, taken):
    """Though workers come to their ends at different batches, and are asked for more before that is known."""
    make = lambda: DataLoader(dataset, 5, num_workers=num_workers, seed=9, batch_transform=Named())  # noqa: E731
    whole = [(bits(batch), key) for batch, key in make()]
    assert [key.index for _, key in whole] == list(range(len(whole)))
    first = make()
    batches = iter(first)
    for _ in range(taken):
        next(batches)
    again = make()
    again.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert [(bits(batch), key) for batch, key in again] == whole[taken:]


def test_a_batch_that_is_left_empty_is_passed_over_and_keeps_its_number():
    dataset = pictures(8, {2, 3})
    made = DataLoader(dataset, 2, on_error="skip", seed=9, batch_transform=Named())
    assert [key.index for _, key in made] == [0, 2, 3]
    assert len(list(DataLoader(dataset, 2, on_error="skip", batch_transform=MIX))) == 3


@WORKERS
def test_a_plain_callable_gets_the_batch_alone(num_workers, worker_type):
    def count(batch):
        return len(batch), batch[1].tolist()

    made = loader(batch_transform=count, shuffle=False, num_workers=num_workers, worker_type=worker_type)
    assert list(made) == [(2, list(range(start, min(start + 4, COUNT)))) for start in range(0, COUNT, 4)]


def test_without_batches_it_gets_the_sample():
    made = loader(batch_size=None, shuffle=False, batch_transform=lambda sample: sample[1])
    assert [int(label) for label in made] == list(range(COUNT))


class Failing(BatchTransform):
    def __init__(self, error):
        self.error = error

    def __call__(self, *batch, key=Key()):
        if key.index == 1:
            raise self.error("no")
        return key.index


@WORKERS
def test_its_error_says_which_batch_it_was_and_the_pass_goes_on(num_workers, worker_type):
    made = loader(batch_transform=Failing(ValueError), num_workers=num_workers, worker_type=worker_type)
    batches = iter(made)
    assert next(batches) == 0
    with pytest.raises(ValueError, match=r"^no\nin batch_transform, batch 1 of this pass$"):
        next(batches)
    again = loader(batch_transform=Named())
    again.load_state_dict(made.state_dict())
    assert [key.index for _, key in again] == [1, 2, 3]
    assert list(batches) == [2, 3]


def test_a_stop_iteration_does_not_end_the_pass():
    with pytest.raises(RuntimeError, match="batch_transform raised StopIteration for batch 1 of this pass"):
        list(loader(batch_transform=Failing(StopIteration)))


@pytest.mark.parametrize(("num_workers", "worker_type"), MAKERS)
def test_memory_that_somebody_holds_is_not_written(num_workers, worker_type):
    """Batches large enough to travel in memory that is used again."""
    kept = []

    class Keeping(BatchTransform):
        def __call__(self, *batch, key=Key()):
            kept.append(batch[0])
            return MIX(*batch, key=key)

    dataset = numbered(COUNT, size=(64, 64))
    rest = {"num_workers": num_workers, "worker_type": worker_type}
    keeping, plain = (loader(dataset, batch_transform=step, **rest) for step in (Keeping(), None))
    mixed = [list(keeping) for _ in range(2)]
    assert [bits(batch) for batch in kept] == [*passes(plain, 1)[0], *passes(plain, 1)[0]]
    assert [[bits(batch) for batch in each] for each in mixed] == by_hand(dataset=dataset)


def test_the_datasets_own_memory_is_not_written():
    images, labels = torch.rand(6, 3, 8, 8), torch.arange(6)
    before = images.clone(), labels.clone()
    made = DataLoader([(images, labels)], batch_size=None, batch_transform=MIX, collate_fn=as_it_is, seed=2)
    for _ in range(3):
        list(made)
    assert torch.equal(images, before[0])
    assert torch.equal(labels, before[1])


@WORKERS
def test_its_time_is_a_stage_of_its_own(num_workers, worker_type):
    def slow(batch):
        time.sleep(0.03)
        return batch

    made = loader(batch_transform=slow, num_workers=num_workers, worker_type=worker_type)
    list(made)
    (epoch,) = made.stats
    assert epoch.stages["batch transform"] >= 4 * 0.03
    assert "batch transform" in str(made.stats)
    assert epoch.limit.startswith("limited by ")
    assert (epoch.batches, epoch.samples) == (4, COUNT)


def test_without_one_there_is_no_such_stage():
    made = loader(batch_transform=None)
    list(made)
    assert "batch transform" not in str(made.stats)


def test_it_is_done_before_batches_go_to_a_device():
    dataset = numbered(COUNT, size=(8, 8))
    mixed = list(prefetch_to_device(loader(dataset), "cpu"))
    normal = list(prefetch_to_device(loader(dataset), "cpu", mean=[0.5] * 3, std=[0.5] * 3))
    assert [bits(batch) for batch in mixed] == by_hand(1, dataset=dataset)[0]
    for (images, shares), (ready, labels) in zip(mixed, normal, strict=True):
        assert torch.allclose(ready, images.permute(0, 3, 1, 2) / 127.5 - 1, atol=1e-5)
        assert torch.equal(shares, labels)


def test_what_is_no_transform():
    with pytest.raises(ValueError, match="batch_transform must be callable, or None, not 3"):
        loader(batch_transform=3)
