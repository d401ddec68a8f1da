"""How near outputs are to their targets."""

import math

import numpy as np
import pytest
import torch

from feedline.train.translation import judge_translation

CPU = torch.device("cpu")


class Fixed(torch.nn.Module):
    """Makes of each image its first ``channels``, darker; notes in which mode it was asked."""

    def __init__(self, channels=3, factor=0.5):
        super().__init__()
        self.channels, self.factor = channels, factor
        self.modes = set()

    def forward(self, images):
        self.modes.add(self.training)
        return self.factor * images[:, : self.channels]


def pair(samples=1, channels=3, size=(16, 20), seed=0):
    rng = np.random.default_rng(seed)
    images = rng.uniform(-1, 1, (2, samples, channels, *size)).astype(np.float32)
    return torch.from_numpy(images[0]), torch.from_numpy(images[1])


def l1(one, other):
    """Sum and number of absolute differences."""
    differences = np.abs(np.float64(one) - np.float64(other))
    return differences.sum(), differences.size


def psnr(one, other):
    """Of each sample, on numbers from 0 to 1."""
    errors = (((np.float64(one) - np.float64(other)) / 2) ** 2).mean(axis=(1, 2, 3))
    return list(10 * np.log10(1 / errors))


def ssim(one, other):
    """Of one plane of numbers from 0 to 1, position by position, its edges mirrored."""
    places = np.arange(11) - 5
    gauss = np.exp(-(places**2) / (2 * 1.5**2))
    weights = np.outer(gauss, gauss) / gauss.sum() ** 2
    one, other = (np.pad(np.float64(plane), 5, mode="reflect") for plane in (one, other))
    values = []
    for row in range(one.shape[0] - 10):
        for column in range(one.shape[1] - 10):
            a, b = (plane[row : row + 11, column : column + 11] for plane in (one, other))
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            var_a, var_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
            shared = (weights * (a - mean_a) * (b - mean_b)).sum()
            c1, c2 = 0.01**2, 0.03**2
            structure = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
            values.append(structure / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))
    return np.mean(values)


@pytest.mark.parametrize("sizes", [(4,), (1, 3), (3, 1), (2, 2), (1, 1, 1, 1)])
def test_l1_and_psnr_by_hand_whatever_the_batches(sizes):
    inputs, targets = pair(4)
    judgement = judge_translation(Fixed(), list(zip(inputs.split(sizes), targets.split(sizes), strict=True)), CPU)
    total, count = l1(0.5 * inputs, targets)
    assert judgement.l1 == pytest.approx(total / count, rel=1e-5)
    assert judgement.psnr == pytest.approx(np.mean(psnr(0.5 * inputs, targets)), rel=1e-5)
    total, count = l1(inputs, targets)
    assert judgement.copy_l1 == pytest.approx(total / count, rel=1e-5)


def test_images_of_differing_sizes_weigh_by_their_numbers_in_l1_and_alike_in_psnr():
    pairs = [pair(size=(12, 30), seed=1), pair(size=(40, 11), seed=2)]
    judgement = judge_translation(Fixed(), pairs, CPU)
    sums = np.sum([l1(0.5 * inputs, targets) for inputs, targets in pairs], axis=0)
    assert judgement.l1 == pytest.approx(sums[0] / sums[1], rel=1e-5)
    assert judgement.psnr == pytest.approx(np.mean([psnr(0.5 * a, b) for a, b in pairs]), rel=1e-5)
    alone = [judge_translation(Fixed(), [each], CPU).ssim for each in pairs]
    assert judgement.ssim == pytest.approx(np.mean(alone))


def test_ssim_by_hand():
    inputs, targets = pair(2, channels=2, size=(13, 12))
    outputs, targets_01 = (0.5 * inputs + 1) / 2, (targets + 1) / 2
    planes = zip(outputs.flatten(0, 1).numpy(), targets_01.flatten(0, 1).numpy(), strict=True)
    by_hand = np.mean([ssim(*each) for each in planes])
    assert judge_translation(Fixed(2), [(inputs, targets)], CPU).ssim == pytest.approx(by_hand, abs=1e-4)


def test_a_perfect_generator():
    inputs, _ = pair(3)
    judgement = judge_translation(Fixed(factor=1.0), [(inputs, inputs)], CPU)
    assert judgement.l1 == judgement.copy_l1 == 0
    assert judgement.psnr == pytest.approx(100)
    assert judgement.ssim == pytest.approx(1, abs=1e-6)


def test_the_worst_generator():
    white = torch.ones(1, 3, 16, 16)
    judgement = judge_translation(Fixed(factor=-1.0), [(white, white)], CPU)
    assert judgement.l1 == 2
    assert judgement.psnr == pytest.approx(0, abs=1e-6)
    assert judgement.ssim == pytest.approx(0, abs=1e-3)
    assert judgement.copy_l1 == 0


def test_nothing_can_be_copied_into_other_channels():
    inputs, targets = pair(2)
    judgement = judge_translation(Fixed(1), [(inputs, targets[:, :1])], CPU)
    assert judgement.copy_l1 is None
    total, count = l1(0.5 * inputs[:, :1], targets[:, :1])
    assert judgement.l1 == pytest.approx(total / count, rel=1e-5)


@pytest.mark.parametrize("size", [(10, 30), (30, 10), (3, 3), (1, 1)])
def test_no_ssim_where_the_window_does_not_fit(size):
    judgement = judge_translation(Fixed(), [pair(size=size), pair()], CPU)
    assert judgement.ssim is None
    assert math.isfinite(judgement.l1)
    assert math.isfinite(judgement.psnr)


def test_the_window_fits_into_11_pixels():
    assert judge_translation(Fixed(), [pair(size=(11, 11))], CPU).ssim is not None


@pytest.mark.parametrize("training", [True, False])
def test_judges_in_evaluation_mode_and_puts_the_mode_back(training):
    model = Fixed().train(training)
    judge_translation(model, [pair()], CPU)
    assert model.modes == {False}
    assert model.training is training


def test_puts_the_mode_back_after_an_error():
    model = Fixed()
    with pytest.raises(ZeroDivisionError):
        judge_translation(model, (1 / 0 for _ in range(1)), CPU)
    assert model.training


def test_learns_nothing():
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Conv2d(3, 3, 1))
    before = {name: each.clone() for name, each in model.state_dict().items()}
    judge_translation(model, [pair()], CPU)
    assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
