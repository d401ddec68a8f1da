"""MixUp and CutMix beside torchvision's v2: the same shares and boxes give the same batches.

torchvision's classes make their parameters in one method and use them in another, which is given ours here.
"""

import itertools
import math

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from feedline.rng import BATCH_OPERATION, Key
from feedline.transforms.batches import BatchChoice
from feedline.transforms.beta import beta
from feedline.transforms.mix import CutMix, MixUp, blended, cut_box, pasted

CLASSES = 5


def batch(count=6, height=20, width=15, dtype=torch.float32):
    numbers = torch.Generator().manual_seed(2)
    images = torch.rand(count, 3, height, width, generator=numbers)
    images = images.to(dtype) if dtype.is_floating_point else (255 * images).round().to(dtype)
    return images, torch.randint(0, CLASSES, (count,), generator=numbers)


def theirs(kind, images, labels, **parameters):
    step = kind(num_classes=CLASSES)
    parameters |= {"labels": labels, "batch_size": len(labels)}
    return step.transform(images, parameters), step.transform(labels, parameters)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mixup_of_the_same_share(share, dtype):
    images, labels = batch(dtype=dtype)
    expected, shares = theirs(v2.MixUp, images, labels, lam=share)
    assert torch.allclose(blended(images, share), expected, rtol=0, atol=1e-7)
    hard = torch.nn.functional.one_hot(labels, CLASSES).float()
    assert torch.allclose(blended(hard, share), shares, rtol=0, atol=1e-7)


@pytest.mark.parametrize("number", range(5))
def test_mixup_with_a_key(number):
    images, labels = batch()
    ours = MixUp(num_classes=CLASSES, alpha=0.7)(images, labels, key=Key(1, 2, number))
    share = beta(0.7, Key(1, 2, number), BATCH_OPERATION, 1)
    for one, other in zip(ours, theirs(v2.MixUp, images, labels, lam=share), strict=True):
        assert one.dtype == other.dtype
        assert torch.allclose(one, other, rtol=0, atol=1e-7)


def test_mixup_of_soft_labels():
    images, _ = batch()
    soft = torch.rand(6, CLASSES).softmax(dim=1)
    share = beta(1.0, Key(1, 2, 3), BATCH_OPERATION, 1)
    ours = MixUp()(images, soft, key=Key(1, 2, 3))
    assert torch.allclose(ours[1], theirs(v2.MixUp, images, soft, lam=share)[1], rtol=0, atol=1e-7)


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_cutmix_with_a_key(number, dtype):
    """The pixels are the same to the bit."""
    images, labels = batch(dtype=dtype)
    key = Key(1, 2, number)
    ours = CutMix(num_classes=CLASSES)(images, labels, key=key)
    across, down = key.uniform(BATCH_OPERATION, 2)
    top, left, bottom, right = cut_box(20, 15, beta(1.0, key, BATCH_OPERATION, 1), down, across)
    kept = 1 - (bottom - top) * (right - left) / (20 * 15)
    expected = theirs(v2.CutMix, images, labels, box=(left, top, right, bottom), lam_adjusted=kept)
    assert torch.equal(ours[0], expected[0])
    assert torch.equal(ours[0], pasted(images, (slice(None), slice(None), slice(top, bottom), slice(left, right))))
    assert torch.allclose(ours[1], expected[1], rtol=0, atol=1e-7)


@pytest.mark.parametrize(("height", "width"), [(224, 224), (32, 48), (7, 5)])
def test_boxes_are_theirs_to_a_pixel(height, width):
    """Theirs have whole centres, and cut off where the paper rounds: each side differs by a pixel at most."""
    step, images = v2.CutMix(num_classes=CLASSES), torch.zeros(1, 3, height, width)
    for seed in range(200):
        torch.manual_seed(seed)
        share = float(step._dist.sample(()))
        x, y = (int(torch.randint(side, (1,))) for side in (width, height))
        torch.manual_seed(seed)
        parameters = step.make_params([images])
        left, top, right, bottom = parameters["box"]
        ours = cut_box(height, width, share, y / height, x / width)
        assert all(abs(a - b) <= 1 for a, b in zip(ours, (top, left, bottom, right), strict=True))
        kept = 1 - (bottom - top) * (right - left) / (height * width)
        assert parameters["lam_adjusted"] == pytest.approx(kept)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_shares_have_their_distribution(alpha):
    """Kolmogorov and Smirnov's distance of two samples, which equal distributions exceed once in 10^5."""
    count = 3000
    ours = np.sort([beta(alpha, Key(5, 0, index), BATCH_OPERATION, 1) for index in range(count)])
    theirs_ = np.sort(np.random.default_rng(4).beta(alpha, alpha, count))
    both = np.concatenate([ours, theirs_])
    distance = np.abs(np.searchsorted(ours, both, "right") - np.searchsorted(theirs_, both, "right")).max() / count
    assert distance < 2.47 * math.sqrt(2 / count)


def test_the_recipe_of_their_documentation():
    """RandomChoice([cutmix, mixup]) on a batch: kinds, shapes and types are the same."""
    images, labels = batch()
    recipe = v2.RandomChoice([v2.CutMix(num_classes=CLASSES), v2.MixUp(num_classes=CLASSES)])
    ours = BatchChoice([CutMix(num_classes=CLASSES), MixUp(num_classes=CLASSES)])
    for key in itertools.islice(map(Key, itertools.count()), 5):
        for one, other in zip(ours(images, labels, key=key), recipe(images, labels), strict=True):
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            assert torch.allclose(one.sum(), other.sum(), rtol=0.2)
