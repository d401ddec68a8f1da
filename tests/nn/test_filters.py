"""Filters are the weights, laid out as pictures."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from feedline.nn import build, cnn, filters, mlp
from feedline.nn.filters import first_layer


class Backwards(nn.Module):
    """Its convolution is the first among convolutions, behind a linear layer."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)
        self.stem = nn.Conv2d(3, 4, 5, dtype=torch.float16)


def test_of_the_first_convolution():
    model = cnn((3, 32, 32), 10)
    found = filters(model)
    assert found.layer == "0"
    assert torch.equal(found.weights, model[0].weight)
    assert found.weights.dtype == torch.float32


def test_a_convolution_goes_before_a_linear_layer_and_halves_become_floats():
    model = Backwards()
    found = filters(model)
    assert found.layer == "stem"
    assert found.weights.dtype == torch.float32
    assert torch.equal(found.weights, model.stem.weight.float())


def test_they_are_a_copy_without_gradients():
    model = cnn((1, 8, 8), 2)
    found = filters(model, "3")
    assert found.weights.shape == (16, 16, 3, 3)
    assert not found.weights.requires_grad
    before = model[3].weight.detach().clone()
    found.weights.zero_()
    assert torch.equal(model[3].weight, before)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(6, 8, (3, 5), groups=2), (8, 3, 3, 5)),
        (nn.ConvTranspose2d(6, 4, 2), (6, 4, 2, 2)),
        (weight_norm(nn.Conv2d(3, 4, 3)), (4, 3, 3, 3)),
    ],
)
def test_of_other_convolutions(layer, shape):
    found = filters(layer, "")
    assert found.weights.shape == shape
    assert torch.equal(found.weights, layer.weight.detach())


def test_units_of_a_linear_layer_see_the_pixels_that_they_are_laid_out_as():
    """A picture times a filter, summed, is what the unit gives."""
    model = mlp((3, 4, 5), 2, hidden=(7,))
    found = filters(model, input_shape=(3, 4, 5))
    assert (found.layer, found.weights.shape) == ("1", (7, 3, 4, 5))
    picture = torch.rand(3, 4, 5)
    expected = model[1](picture.reshape(1, -1))[0] - model[1].bias
    torch.testing.assert_close((found.weights * picture).sum((1, 2, 3)), expected)


@pytest.mark.parametrize(
    ("layer", "shape", "text"),
    [
        ("1", None, "layer '1' is linear: its weights are pictures only where input_shape is given"),
        ("1", (1, 5, 5), "layer '1' takes 16 numbers, which no image of 1x5x5 has"),
        ("1", (4, 4), "layer '1' takes 16 numbers, which no image of 4x4 has"),
        ("3", (1, 4, 4), "only of the first layer are the inputs pixels: that is '1', and '3' comes later"),
        ("2", (1, 4, 4), "filters are weights of a Conv2d, ConvTranspose2d or Linear, and layer '2' is a ReLU"),
    ],
)
def test_linear_layers_that_are_no_pictures(layer, shape, text):
    with pytest.raises(ValueError) as raised:
        filters(mlp((1, 4, 4), 2, hidden=(16,)), layer, shape)
    assert str(raised.value) == text


def test_a_network_without_any():
    with pytest.raises(ValueError, match="the Sequential has no filters: neither a Conv2d nor a Linear is in it"):
        filters(nn.Sequential(nn.Flatten(), nn.ReLU()))


def test_a_lazy_network():
    with pytest.raises(ValueError, match="is lazy and has no shape yet"):
        filters(nn.Sequential(nn.LazyConv2d(4, 3)))


@pytest.mark.parametrize(("name", "layer"), [("cnn", "0"), ("mlp", "1"), ("linear", "1")])
def test_every_model_has_a_first_layer(name, layer):
    model = build(name, (1, 8, 8), 3)
    assert first_layer(model) == layer
    assert filters(model, input_shape=(1, 8, 8)).layer == layer
