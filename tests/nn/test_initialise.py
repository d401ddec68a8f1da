"""The weights that adversarial networks begin with."""

import pytest
import torch
from torch import nn

from feedline.nn.initialise import initialise


def drawn(layer, seed=0):
    torch.manual_seed(seed)
    initialise(nn.Sequential(nn.Sequential(layer)))
    return layer


@pytest.mark.parametrize(
    ("layer", "mean"),
    [
        (nn.Conv2d(30, 40, 4), 0),
        (nn.ConvTranspose2d(30, 40, 4), 0),
        (nn.BatchNorm2d(10_000), 1),
        (nn.InstanceNorm2d(10_000, affine=True), 1),
    ],
)
def test_weights_are_normal_and_biases_zero(layer, mean):
    with torch.no_grad():
        layer.bias.fill_(5.0)
    weight = drawn(layer).weight.detach()
    assert float(weight.std()) == pytest.approx(0.02, rel=0.03)
    assert float(weight.mean()) == pytest.approx(mean, abs=0.001)
    share = float(((weight - mean).abs() < 0.02).float().mean())
    assert share == pytest.approx(0.6827, abs=0.02)  # of a normal distribution, within one standard deviation
    assert not layer.bias.any()


def test_layers_without_weights_or_biases():
    assert drawn(nn.InstanceNorm2d(3)).weight is None
    assert drawn(nn.Conv2d(1, 1, 1, bias=False)).bias is None


def test_other_layers_stay():
    layer = nn.Linear(3, 3)
    before = layer.weight.clone()
    assert torch.equal(drawn(layer).weight, before)


def test_torchs_seed_says_the_weights():
    one, same, other = (drawn(nn.Conv2d(2, 2, 3), seed).weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
