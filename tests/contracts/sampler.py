"""What every sampler keeps: subclass SamplerContract in the sampler's test file and say how one is made."""

import itertools
import json
import pickle
import random

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, Sampler

from feedline.samplers import KeyedSampler


class Numbers(torch.utils.data.Dataset):
    """A dataset whose samples are their indices."""

    def __len__(self):
        return 10**6

    def __getitem__(self, index):
        return index


def global_states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


class SamplerContract:
    """The tests ask for ``make(seed=0)``, a sampler of 5 to 1000 positions; ``other``, one whose state does not fit."""

    shuffles = True

    @staticmethod
    def make(seed=0):
        raise NotImplementedError

    @staticmethod
    def other():
        raise NotImplementedError

    @pytest.fixture
    def sampler(self):
        return self.make()

    def whole(self, sampler):
        return sampler.take(0, len(sampler)).tolist()

    def test_it_is_a_sampler(self, sampler):
        assert isinstance(sampler, KeyedSampler)
        assert isinstance(sampler, Sampler)
        assert 5 <= len(sampler) <= 1000
        assert (self.make().seed, sampler.epoch) == (0, 0)

    def test_iterating_yields_what_take_gives(self, sampler):
        indices = list(sampler)
        assert indices == self.whole(sampler)
        assert all(type(index) is int and index >= 0 for index in indices)
        assert sampler.take(0, 3).dtype == np.int64

    def test_two_passes_in_one_epoch_are_equal_and_do_not_change_it(self, sampler):
        sampler.set_epoch(3)
        assert list(sampler) == list(sampler)
        assert sampler.epoch == 3

    @pytest.mark.parametrize("example", range(8))
    def test_windows_together_are_the_whole(self, example):
        choose = random.Random(example)
        sampler = self.make(seed=choose.randrange(-(2**70), 2**70))
        sampler.set_epoch(choose.randrange(2**32))
        edges = [0, *sorted(choose.choices(range(len(sampler) + 1), k=example)), len(sampler)]
        windows = list(itertools.pairwise(edges))
        parts = {window: sampler.take(*window).tolist() for window in choose.sample(windows, len(windows))}
        assert [index for window in windows for index in parts[window]] == self.whole(sampler)

    def test_at_gives_positions_in_any_order(self, sampler):
        whole = self.whole(sampler)
        positions = [4, 0, 0, len(whole) - 1]
        assert sampler.at(np.array(positions)).tolist() == [whole[position] for position in positions]

    def test_the_order_is_a_pure_function_of_seed_and_epoch(self):
        one, two = self.make(seed=1), self.make(seed=2)
        two.set_epoch(4)
        self.whole(two)
        two.seed = 1 + 2**64
        one.set_epoch(7)
        two.set_epoch(7)
        assert self.whole(one) == self.whole(two)

    def test_another_seed_or_epoch_is_another_order(self):
        orders = set()
        for seed, epoch in ((0, 0), (1, 0), (0, 1), (2**63, 0), (0, 2**32 - 1)):
            sampler = self.make(seed=seed)
            sampler.set_epoch(epoch)
            orders.add(tuple(self.whole(sampler)))
        assert len(orders) == (5 if self.shuffles else 1)

    def test_global_generators_neither_count_nor_change(self, sampler):
        whole = self.whole(sampler)
        random.seed(7)
        np.random.seed(7)
        torch.manual_seed(7)
        before = global_states()
        assert list(self.make()) == whole
        assert global_states() == before

    def test_a_pass_keeps_the_epoch_that_it_began_in(self, sampler):
        whole = self.whole(sampler)
        indices = iter(sampler)
        first = next(indices)
        sampler.set_epoch(1)
        sampler.seed = 5
        assert [first, *indices] == whole

    @pytest.mark.parametrize("window", [(-1, 2), (0, 10**9), (3, 2), (10**9, 10**9)])
    def test_take_outside_is_an_index_error(self, sampler, window):
        with pytest.raises(IndexError, match=rf"take needs 0 <= start <= stop <= {len(sampler)}.*not {window[0]} and"):
            sampler.take(*window)

    @pytest.mark.parametrize("position", [-1, 10**9])
    def test_seek_outside_is_an_index_error(self, sampler, position):
        with pytest.raises(IndexError, match=f"from 0 to {len(sampler)}, the length, not {position}"):
            sampler.seek(position)

    def test_an_empty_window_is_empty(self, sampler):
        assert sampler.take(3, 3).tolist() == sampler.take(len(sampler), len(sampler)).tolist() == []

    def test_seek_serves_one_pass(self, sampler):
        whole = self.whole(sampler)
        sampler.seek(4)
        assert list(sampler) == whole[4:]
        assert list(sampler) == whole
        sampler.seek(len(whole))
        assert list(sampler) == []

    def test_an_iterator_that_is_not_used_leaves_the_position(self, sampler):
        sampler.seek(4)
        iter(sampler)
        assert list(sampler) == self.whole(sampler)[4:]

    @pytest.mark.parametrize("epoch", [-1, 2**32])
    def test_an_epoch_that_no_key_holds_is_refused(self, sampler, epoch):
        with pytest.raises(ValueError, match=f"an epoch must be from 0 to 4294967295, not {epoch}"):
            sampler.set_epoch(epoch)

    def test_a_state_goes_through_json_into_a_fresh_sampler(self):
        sampler, fresh = self.make(seed=2**64 - 1), self.make()
        sampler.set_epoch(2**32 - 1)
        text = json.dumps(sampler.state_dict())
        assert len(text) < 2000
        fresh.load_state_dict(json.loads(text))
        assert self.whole(fresh) == self.whole(sampler)
        assert (fresh.seed, fresh.epoch) == (sampler.seed, 2**32 - 1)
        assert json.loads(text)["version"] == 1

    def test_a_state_of_another_configuration_is_refused_and_changes_nothing(self, sampler):
        state = self.other().state_dict()
        with pytest.raises(ValueError, match=r"the state's is .*: make the sampler as it was when the state was saved"):
            sampler.load_state_dict({**state, "epoch": 5})
        assert sampler.epoch == 0

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"version": 2}, "version is 1, the state's is 2"),
            ({"sampler": "OtherSampler"}, "the state's is 'OtherSampler'"),
            ({"length": 3}, "length is .*, the state's is 3"),
            ({"seed": None}, "seed in a sampler's state must be an integer of at least 0, not None"),
            ({"epoch": -1}, "epoch in a sampler's state must be an integer of at least 0, not -1"),
            ({"epoch": 2**32}, "an epoch must be from 0 to 4294967295"),
        ],
    )
    def test_a_state_that_does_not_fit_is_refused(self, sampler, change, words):
        with pytest.raises(ValueError, match=words):
            sampler.load_state_dict({**sampler.state_dict(), "seed": 9, **change})
        assert (sampler.seed, sampler.epoch) == (0, 0)

    def test_what_is_no_state_is_refused(self, sampler):
        with pytest.raises(ValueError, match="must be a dictionary, not 3"):
            sampler.load_state_dict(3)
        with pytest.raises(ValueError, match="version is 1, the state's is None"):
            sampler.load_state_dict({})

    def test_it_pickles_with_seed_epoch_and_position_and_without_what_it_can_make_again(self, sampler):
        fresh = pickle.dumps(sampler)
        sampler.seed = 3
        sampler.set_epoch(2)
        whole = self.whole(sampler)
        sampler.seek(2)
        data = pickle.dumps(sampler)
        assert len(data) <= len(fresh) + 64
        twin = pickle.loads(data)
        assert list(twin) == whole[2:]
        assert list(twin) == whole

    def test_it_serves_torchs_batch_sampler_and_loader(self, sampler):
        whole = self.whole(sampler)
        batches = list(BatchSampler(sampler, 4, drop_last=False))
        assert batches == [whole[start : start + 4] for start in range(0, len(whole), 4)]
        assert [batch.tolist() for batch in DataLoader(Numbers(), batch_size=4, sampler=sampler)] == batches
        sampler.seek(4)
        assert [batch.tolist() for batch in DataLoader(Numbers(), batch_size=4, sampler=sampler)] == batches[1:]
