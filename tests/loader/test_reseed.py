"""The global generators, seeded for a sample and put back."""

import random

import numpy as np
import pytest
import torch
from pure import Drawing, bits

import feedline
from feedline import DataLoader
from feedline.loader.reseed import put_back, reseed, reseed_for_collate
from feedline.rng import Key


def draws():
    return random.random(), float(np.random.rand()), float(torch.rand(1)), torch.initial_seed()


def after(seed, key):
    seed(key)
    return draws()


@pytest.mark.parametrize("seed", [reseed, reseed_for_collate])
def test_draws_are_a_pure_function_of_the_key(seed):
    keys = [Key(*each) for each in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2**64 - 1, 2**32 - 1, 2**40))]
    found = [after(seed, key) for key in keys]
    assert found == [after(seed, key) for key in keys]
    for column in zip(*found, strict=True):
        assert len(set(column)) == len(keys)


def test_samples_and_what_joins_them_draw_otherwise():
    assert after(reseed, Key(1)) != after(reseed_for_collate, Key(1))


def fails_within():
    with put_back():
        reseed(Key(5))
        draws()
        raise KeyError


def test_the_generators_are_put_back_also_behind_an_error():
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    expected = draws()
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    with pytest.raises(KeyError):
        fails_within()
    assert draws() == expected


def test_a_serial_pass_leaves_the_callers_generators_where_they_are():
    loader = DataLoader(Drawing(6), 2, seed=1, reseed="sample")
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    expected = [draws() for _ in range(3)]
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    assert [draws() for _ in loader] == expected


def test_each_sample_and_each_epoch_draws_its_own():
    loader = DataLoader(Drawing(6), None, seed=1, reseed="sample", num_workers=2)
    found = [bits(sample) for _ in range(2) for sample in loader]
    assert len({sample[1:] for sample in found}) == 12
    again = DataLoader(Drawing(6), None, seed=1, reseed="sample")
    again.set_epoch(1)
    assert [bits(sample) for sample in again] == found[6:]


def noisy_image(image):
    return torch.as_tensor(np.asarray(image)).float() + torch.rand(())


def mixed(samples):
    return torch.stack([torch.as_tensor(np.asarray(image)).float() for image, _ in samples]) * torch.rand(())


@pytest.mark.parametrize(
    ("transform", "collate_fn"), [(noisy_image, None), (None, mixed)], ids=["transform", "collate"]
)
def test_foreign_code_around_a_dataset_of_ours_is_seeded_too(transform, collate_fn):
    def run(num_workers):
        torch.manual_seed(0)
        dataset = feedline.Subset(feedline.open("glyphs", transform=transform), range(32))
        loader = DataLoader(
            dataset, 8, shuffle=True, seed=1, num_workers=num_workers, reseed="sample", collate_fn=collate_fn
        )
        found = [bits(batch) for batch in loader]
        assert torch.equal(torch.rand(1), first), "the caller's generator is where it was"
        return found

    torch.manual_seed(0)
    first = torch.rand(1)
    assert run(0) == run(1) == run(2)
