"""States that cannot be gone on from: each is a ValueError that says the rule, what was found, and what to do."""

import pytest
import torch
from foreign import Squares
from pure import Counter
from torch.utils.data import BatchSampler

from feedline import DataLoader
from feedline.samplers import SequentialSampler, ShuffledSampler, WeightedSampler

GIVE = r"give load_state_dict what state_dict\(\) returned, unchanged"


def begun(loader):
    next(iter(loader))
    return loader.state_dict()


def shuffled():
    return DataLoader(Squares(20), 4, shuffle=True, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: DataLoader(Squares(21), 4, sampler=ShuffledSampler(20)), "samples=20.*samples=21"),
        (lambda: DataLoader(Squares(20), 5, sampler=ShuffledSampler(20)), "batch_size=4.*batch_size=5"),
        (lambda: DataLoader(Squares(20), None, sampler=ShuffledSampler(20)), "batch_size=4.*batch_size=None"),
        (
            lambda: DataLoader(Squares(20), batch_sampler=BatchSampler(ShuffledSampler(20), 5, False)),
            "batch_size=4.*batch_size=5",
        ),
        (lambda: DataLoader(Squares(20), 4, drop_last=True, sampler=ShuffledSampler(20)), "drop_last=False.*=True"),
        (lambda: DataLoader(Squares(20), 4, sampler=SequentialSampler(20)), "sampler='ShuffledSampler'.*'Sequential"),
        (lambda: DataLoader(Squares(20), 4, sampler=ShuffledSampler(20, seed=2)), "order={'seed': 0.*'seed': 2"),
        (lambda: DataLoader(Counter(20), 4), "samples=20.*samples=None"),
    ],
)
def test_other_data(other, words):
    state = begun(DataLoader(Squares(20), 4, sampler=ShuffledSampler(20)))
    with pytest.raises(ValueError, match=f"taken with {words}.*give it the same data, sampler and batch size"):
        other().load_state_dict(state)


def test_other_weights():
    state = DataLoader(Squares(4), sampler=WeightedSampler([1, 2, 3, 4], 9)).state_dict()
    with pytest.raises(ValueError, match="this state was taken with order="):
        DataLoader(Squares(4), sampler=WeightedSampler([1, 2, 3, 5], 9)).load_state_dict(state)


def test_another_seed():
    state = DataLoader(Squares(20), 4, seed=1).state_dict()
    with pytest.raises(ValueError, match="taken with seed=1, this loader has seed=2"):
        DataLoader(Squares(20), 4, seed=2).load_state_dict(state)


@pytest.mark.parametrize(("first", "then"), [(2, 0), (2, 3), (0, 2)])
def test_another_number_of_workers_for_a_stream(first, then):
    state = begun(DataLoader(Counter(20), 2, num_workers=first))
    words = f"taken with {max(first, 1)} shares.*would be {max(then, 1)} here: use the num_workers that it was taken"
    with pytest.raises(ValueError, match=words):
        DataLoader(Counter(20), 2, num_workers=then).load_state_dict(state)


@pytest.mark.parametrize("state", [None, [], "text", 3, {}, {"epoch": 0}])
def test_what_is_no_state(state):
    with pytest.raises(ValueError, match=f"no state of a feedline loader: .* without a version; {GIVE}"):
        shuffled().load_state_dict(state)


def test_another_version():
    state = shuffled().state_dict() | {"version": 99}
    with pytest.raises(ValueError, match="of version 1 is read here, this one is of 99: use the feedline that it was"):
        shuffled().load_state_dict(state)


@pytest.mark.parametrize("name", [name for name in shuffled().state_dict() if name != "version"])
def test_an_entry_is_missing(name):
    state = begun(shuffled())
    del state[name]
    with pytest.raises(ValueError, match=f"not whole, {name} missing: {GIVE}"):
        shuffled().load_state_dict(state)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch", "x"),
        ("epoch", -1),
        ("seed", 1.5),
        ("batch", None),
        ("batch", -1),
        ("ahead", 5),
        ("ahead", ["x"]),
        ("begun", {"fresh": True}),
        ("begun", {"fresh": 1, "twice": False, "base_seed": 1}),
        ("workers", "x"),
        ("generators", 3),
        ("generators", {"loader": 3}),
        ("sampler", {"at": 3}),
        ("streams", "no"),
        ("streams", [{"batches": 1}]),
        ("turn", "x"),
        ("data", 3),
    ],
)
def test_an_entry_is_of_another_kind(name, value):
    loader = shuffled()
    state = begun(loader)
    with pytest.raises(ValueError, match=f"damaged, its {name} is .*: {GIVE}"):
        loader.load_state_dict(state | {name: value})
    loader.load_state_dict(state)
    assert len(list(loader)) == 4


@pytest.mark.parametrize("packed", ["!!", "", "AAAA", "eJwDAAAAAAE="])
def test_a_generators_state_is_damaged(packed):
    with pytest.raises(ValueError, match="states of generators in this loader's state are damaged: give load_state"):
        shuffled().load_state_dict(begun(shuffled()) | {"generators": {"loader": packed}})


@pytest.mark.parametrize(("name", "value"), [("dataset", {"turn": 1}), ("sampler", {"at": 0, "state": {}})])
def test_a_state_for_what_has_none(name, value):
    with pytest.raises(ValueError, match=f"has no load_state_dict: give it the {name} that it was taken with"):
        shuffled().load_state_dict(begun(shuffled()) | {name: value})
