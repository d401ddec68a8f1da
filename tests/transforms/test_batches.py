"""batches.py: one step behind the other, and one of several."""

from itertools import pairwise

import pytest
import torch

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.batches import BatchChoice, BatchCompose
from feedline.transforms.mix import CutMix, MixUp
from feedline.types import BatchTransform

IMAGES = torch.rand(4, 3, 8, 9, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(4)


class Drawn(BatchTransform):
    """What a step draws, behind what was drawn before it."""

    def __call__(self, *batch, key=Key()):
        return [*batch[0], key.uniform(0xFFF8, 1)[0]]


def test_cutmix_or_mixup_as_torchvisions_recipe_has_it():
    cutmix, mixup = CutMix(num_classes=4), MixUp(num_classes=4)
    choice = BatchChoice([cutmix, mixup])
    cut = 0
    for number in range(200):
        images, shares = choice(IMAGES, LABELS, key=Key(1, 0, number))
        assert torch.allclose(shares.sum(dim=1), torch.ones(4))
        whole = (images == IMAGES) | (images == IMAGES.roll(1, 0))
        cut += bool(whole.all())
    assert 70 < cut < 130


def test_the_pair_may_come_in_one():
    choice = BatchChoice([CutMix(num_classes=4), MixUp(num_classes=4)])
    for found in (choice((IMAGES, LABELS), key=Key(3)), BatchCompose([choice])((IMAGES, LABELS), key=Key(3))):
        assert type(found) is tuple
        assert found[0].shape == IMAGES.shape
    assert all(map(torch.equal, choice((IMAGES, LABELS), key=Key(3)), choice(IMAGES, LABELS, key=Key(3))))


@pytest.mark.parametrize(("p", "first"), [([1, 0], 1.0), ([0, 5], 0.0), ((3, 1), 0.75), (None, 0.5)])
def test_p_says_how_often_each_is_taken(p, first):
    choice = BatchChoice([lambda batch: 0, lambda batch: 1], p)
    taken = [choice("batch", key=Key(8, 1, number)) for number in range(1000)]
    assert taken.count(0) / 1000 == pytest.approx(first, abs=0.06)
    assert taken == [choice("batch", key=Key(8, 1, number)) for number in range(1000)]


def test_a_step_behind_another_takes_its_soft_labels():
    both = BatchCompose([CutMix(num_classes=4, alpha=50), MixUp(alpha=50), lambda batch: batch])
    images, shares = both(IMAGES, LABELS, key=Key(1, 2, 3))
    assert images.shape == IMAGES.shape
    assert torch.allclose(shares.sum(dim=1), torch.ones(4))
    assert ((shares > 0).sum(dim=1) == 3).all()


def test_steps_within_steps_draw_each_its_own():
    nested = BatchCompose(
        [Drawn(), Drawn(), BatchChoice([BatchCompose([Drawn(), Drawn()])]), BatchCompose([BatchChoice([Drawn()])])]
    )
    found = nested([], key=Key(1, 2, 3))
    assert len(set(found)) == len(found) == 5
    assert all(abs(one - other) > 1e-6 for one, other in pairwise(sorted(found)))
    assert found == nested([], key=Key(1, 2, 3))
    assert not set(found) & set(nested([], key=Key(1, 2, 4)))


def test_they_are_data():
    assert BatchChoice([MixUp(alpha=2)], [1]) == BatchChoice((MixUp(alpha=2.0),), (1.0,))
    assert BatchChoice([MixUp(alpha=2)]) != BatchChoice([MixUp(alpha=3)])
    assert hash(BatchCompose([CutMix()])) == hash(BatchCompose([CutMix()]))


@pytest.mark.parametrize("kind", [BatchChoice, BatchCompose])
@pytest.mark.parametrize("given_", [[], None, [3], MixUp()])
def test_what_are_no_steps(kind, given_):
    with pytest.raises(TransformError, match=rf"{kind.__name__}: takes a list of one or more transforms of batches"):
        kind(given_)


@pytest.mark.parametrize("p", [[1], [1, -1], [0, 0], [1, float("nan")], [1, float("inf")], 0.5, ["a", "b"]])
def test_what_is_no_p(p):
    with pytest.raises(TransformError, match="BatchChoice: p must be a number from 0 for each of 2 transforms"):
        BatchChoice([MixUp(), CutMix()], p)
