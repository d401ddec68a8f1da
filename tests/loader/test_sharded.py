"""Loaders of several ranks: the same global batches, whatever their number."""

import pytest
import torch
from torch.utils.data.distributed import DistributedSampler

from feedline import DataLoader
from feedline.samplers import ShardedSampler, ShuffledSampler, StratifiedSampler

COUNT, GLOBAL = 50, 8


def loaders(world, make, num_workers=0):
    samplers = [ShardedSampler(make(), GLOBAL, rank, world) for rank in range(world)]
    return [DataLoader(range(COUNT), each.batch_size, sampler=each, num_workers=num_workers) for each in samplers]


def joined(parts):
    """The global batches that the ranks' batches are shares of."""
    return [torch.cat(shares).tolist() for shares in zip(*parts, strict=True)]


MAKES = [lambda: ShuffledSampler(COUNT, 3), lambda: StratifiedSampler([n % 3 for n in range(COUNT)], 3)]


@pytest.mark.parametrize("make", MAKES, ids=["shuffled", "stratified"])
@pytest.mark.parametrize(("before", "after"), [(4, 2), (2, 4), (1, 8), (4, 1)])
def test_an_epoch_cut_at_one_world_size_goes_on_at_another(make, before, after):
    whole = joined([list(loader) for loader in loaders(1, make)])
    first = loaders(before, make)
    iterators = [iter(loader) for loader in first]
    begun = joined([[next(batches) for _ in range(3)] for batches in iterators])
    states = [loader.state_dict() for loader in first]
    rest = loaders(after, make)
    for rank, loader in enumerate(rest):
        loader.load_state_dict(states[rank % before])
    assert begun + joined([list(loader) for loader in rest]) == whole
    following = joined([list(loader) for loader in rest])
    again = loaders(1, make)[0]
    again.set_epoch(1)
    assert following == joined([list(again)])
    assert following != whole


def test_a_batch_size_that_is_not_the_share_is_refused():
    with pytest.raises(ValueError, match=r"batch_size must be 4, .* not 8: give the loader batch_size=sampler"):
        DataLoader(range(COUNT), 8, sampler=ShardedSampler(ShuffledSampler(COUNT), GLOBAL, 0, 2))


def test_torchs_distributed_sampler_is_told_the_epoch_of_a_state():
    def make():
        return DataLoader(range(20), 2, sampler=DistributedSampler(range(20), 2, 0, seed=5))

    loader, other = make(), make()
    loader.set_epoch(3)
    batches = iter(loader)
    whole = [batch.tolist() for batch in batches]
    loader.set_epoch(3)
    batches = iter(loader)
    begun = [next(batches).tolist() for _ in range(2)]
    other.load_state_dict(loader.state_dict())
    assert begun + [batch.tolist() for batch in other] == whole


def test_another_epoch_is_begun_and_not_mixed():
    loader, other = (DataLoader(range(40), 8, shuffle=True, seed=1) for _ in range(2))
    batches = iter(loader)
    next(batches)
    other.load_state_dict(loader.state_dict())
    other.set_epoch(5)
    loader.set_epoch(5)
    assert [batch.tolist() for batch in other] == [batch.tolist() for batch in loader]
