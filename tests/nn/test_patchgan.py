"""The discriminator of pix2pix."""

import pytest
import torch
from torch import nn

from feedline.nn.patchgan import least_size, patchgan


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def convolutions(model):
    return [layer for layer in model if isinstance(layer, nn.Conv2d)]


def receptive_field(model):
    """By arithmetic: each layer adds its kernel less one, in steps of all the strides before it."""
    field, step = 1, 1
    for layer in convolutions(model):
        field += (layer.kernel_size[0] - 1) * step
        step *= layer.stride[0]
    return field


def seen(model, size):
    """By gradient: (rows, columns) of the pixels on which the logit in the middle depends."""
    with torch.no_grad():
        for layer in convolutions(model):
            layer.weight.abs_()
    image = torch.ones(1, 2, size, size, requires_grad=True)
    logits = model(image)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    changed = (image.grad[0] != 0).any(dim=0)
    return int(changed.any(dim=1).sum()), int(changed.any(dim=0).sum())


def test_the_parameters_of_the_paper():
    with torch.device("meta"):
        assert count(patchgan(6)) == 2_768_705


@pytest.mark.parametrize(("layers", "field"), [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142)])
def test_receptive_field(layers, field):
    model = patchgan(2, layers=layers, width=0.05, norm="none")
    assert receptive_field(model) == field
    assert seen(model, field + 3 * 2 ** (layers + 1)) == (field, field)


@pytest.mark.parametrize(("layers", "side"), [(0, 256), (1, 126), (2, 62), (3, 30), (4, 14), (5, 6)])
def test_outputs_on_256_pixels(layers, side):
    with torch.device("meta"):
        assert patchgan(6, layers=layers)(torch.zeros(2, 6, 256, 256)).shape == (2, 1, side, side)


@pytest.mark.parametrize(("layers", "widths"), [(0, [64, 128, 1]), (1, [64, 128, 1]), (4, [64, 128, 256, 512, 512, 1])])
def test_filters(layers, widths):
    with torch.device("meta"):
        assert [layer.out_channels for layer in convolutions(patchgan(6, layers=layers))] == widths


def test_width_scales_the_filters():
    assert [layer.out_channels for layer in convolutions(patchgan(4, width=0.25))] == [16, 32, 64, 128, 1]
    assert [layer.out_channels for layer in convolutions(patchgan(4, width=0.001))] == [1] * 5


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_norm_stands_between_first_and_last_and_takes_the_bias_away(layers):
    for norm, kind in (("batch", nn.BatchNorm2d), ("instance", nn.InstanceNorm2d)):
        model = patchgan(6, layers=layers, width=0.1, norm=norm)
        inner = len(convolutions(model)) - 2
        assert sum(isinstance(layer, kind) for layer in model) == inner
        biases = [layer.bias is not None for layer in convolutions(model)]
        assert biases == [True, *[norm == "instance"] * inner, True]
    model = patchgan(6, layers=layers, width=0.1, norm="none")
    assert {type(layer) for layer in model} == {nn.Conv2d, nn.LeakyReLU}
    assert all(layer.bias is not None for layer in convolutions(model))


def test_logits_are_no_probabilities():
    model = patchgan(1, layers=0, width=0.1, norm="none")
    with torch.no_grad():
        convolutions(model)[-1].bias.fill_(-7)
    assert model(torch.zeros(1, 1, 4, 4)).mean() == -7


@pytest.mark.parametrize("layers", range(5))
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_the_least_size_gives_one_logit_and_trains(layers, norm):
    least = least_size(layers)
    model = patchgan(3, layers=layers, width=0.05, norm=norm, size=(least, least + 1))
    batch = torch.randn(2, 3, least, least + 1)
    logits = model(batch)
    assert logits.shape[:3] == (2, 1, 1)
    logits.mean().backward()


@pytest.mark.parametrize("layers", range(1, 5))
def test_below_the_least_size_torch_has_no_output(layers):
    with pytest.raises(RuntimeError):
        patchgan(3, layers=layers, width=0.05)(torch.zeros(1, 3, 256, least_size(layers) - 1))


@pytest.mark.parametrize("size", [(23, 24), (500, 10)])
def test_a_small_image_is_refused(size):
    message = f"3 layers judge images of at least 24 pixels a side, not {size[0]}x{size[1]}"
    with pytest.raises(ValueError, match=message):
        patchgan(6, size=size)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": -1}, "layers is how often the size is halved, 0 or more, not -1"),
        ({"norm": "layer"}, "norm is one of batch, instance, none, not 'layer'"),
        ({"width": -1}, "width is a factor above 0"),
    ],
)
def test_what_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        patchgan(6, **options)


def test_torchs_seed_says_the_weights():
    weights = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        weights.append(patchgan(3, width=0.1)[0].weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_weights_are_drawn_by_initialise():
    assert float(patchgan(6, width=0.5)[5].weight.detach().std()) == pytest.approx(0.02, rel=0.03)


def test_it_can_learn():
    torch.manual_seed(0)
    model = patchgan(1, layers=1, width=0.1)
    images = torch.randn(8, 1, 8, 8) + torch.arange(8).view(-1, 1, 1, 1) % 2
    real = torch.arange(8) % 2
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(30):
        optimizer.zero_grad()
        logits = model(images).mean(dim=(1, 2, 3))
        nn.functional.binary_cross_entropy_with_logits(logits, real.float()).backward()
        optimizer.step()
    assert ((logits > 0) == real).all()
