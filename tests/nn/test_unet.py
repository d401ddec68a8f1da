"""The generator of pix2pix."""

from inspect import signature

import pytest
import torch
from torch import nn
from torch.nn.functional import pad

from feedline.nn.unet import unet, unet_32, unet_64, unet_128, unet_256

NAMED = {unet_256: 8, unet_128: 7, unet_64: 6, unet_32: 5}


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def small(depth=5, seed=0, **options):
    torch.manual_seed(seed)
    return unet(3, 3, **{"depth": depth, "width": 0.1, **options})


def images(*shape, seed=1):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(
    ("build", "parameters"),
    [(unet_256, 54_413_955), (unet_128, 41_828_995), (unet_64, 29_244_035), (unet_32, 16_659_075)],
)
def test_parameters(build, parameters):
    with torch.device("meta"):
        assert count(build()) == parameters


@pytest.mark.parametrize(("into", "out"), [(1, 1), (4, 2), (1, 5)])
def test_parameters_of_other_channels(into, out):
    """A channel is 4x4 weights for each of the 64 filters that take it, or of the 2 x 64 that give it, and a bias."""
    with torch.device("meta"):
        assert count(unet_32(into, out)) - count(unet_32()) == 16 * 64 * (into - 3) + (16 * 128 + 1) * (out - 3)


@pytest.mark.parametrize("build", NAMED)
def test_names_are_depths(build):
    depth = NAMED[build]
    with torch.device("meta"):
        model = build(1, 2, width=0.5, norm="none", dropout=0.1)
        assert [str(layer) for layer in model.modules()] == [
            str(layer) for layer in unet(1, 2, depth=depth, width=0.5, norm="none", dropout=0.1).modules()
        ]
    assert model(torch.zeros(1, 1, 2**depth, 2**depth, device="meta")).shape == (1, 2, 2**depth, 2**depth)
    assert all(each.kind is each.KEYWORD_ONLY for each in list(signature(build).parameters.values())[2:])


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (28, 28), (33, 31), (1, 1), (5, 100), (7, 32)])
@pytest.mark.parametrize("channels", [(1, 3), (4, 1), (2, 5)])
def test_any_size_comes_back(size, channels):
    model = unet_32(*channels, width=0.05)
    output = model(images(2, channels[0], *size))
    assert output.shape == (2, channels[1], *size)
    assert output.abs().max() <= 1


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_trains_with_a_single_image_down_to_a_single_pixel(norm):
    output = small(norm=norm)(images(1, 3, 32, 32))
    assert output.std() > 0
    output.mean().backward()


def test_the_innermost_is_one_pixel():
    model, seen = small(), []
    model.encoder[-1].register_forward_hook(lambda _layer, _inputs, output: seen.append(output.shape))
    model(images(1, 3, 32, 32))
    assert seen == [(1, 51, 1, 1)]


@pytest.mark.parametrize("size", [(28, 28), (31, 40), (3, 64)])
def test_an_odd_size_is_padded_by_its_edges_and_cut_back(size):
    model = small().eval()
    height, width = size
    down, right = -height % 32, -width % 32
    image = images(1, 3, *size)
    padded = pad(image, (right // 2, right - right // 2, down // 2, down - down // 2), mode="replicate")
    whole = model(padded)
    assert whole.shape == padded.shape
    cut = whole[:, :, down // 2 : down // 2 + height, right // 2 : right // 2 + width]
    assert torch.equal(model(image), cut)


def test_filters_and_where_norm_and_dropout_are():
    with torch.device("meta"):
        model = unet_256()
    halving = [layer for layer in model.encoder.modules() if isinstance(layer, nn.Conv2d)]
    doubling = [layer for layer in model.decoder.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in halving] == [64, 128, 256, 512, 512, 512, 512, 512]
    assert [layer.out_channels for layer in doubling] == [512, 512, 512, 512, 256, 128, 64, 3]
    assert [layer.in_channels for layer in doubling] == [512, 1024, 1024, 1024, 1024, 512, 256, 128]
    assert kinds(model.encoder, nn.BatchNorm2d) == [False, *[True] * 6, False]
    assert kinds(model.decoder, nn.BatchNorm2d) == [*[True] * 7, False]
    assert kinds(model.decoder, nn.Dropout) == [*[True] * 3, *[False] * 5]
    assert [layer.bias is not None for layer in halving + doubling] == [*[False] * 15, True]


@pytest.mark.parametrize(("depth", "layers"), [(2, 0), (4, 0), (5, 1), (6, 2), (7, 3), (9, 3)])
def test_dropout_is_in_the_inner_decoder_layers_of_all_filters(depth, layers):
    assert kinds(small(depth, width=0.02).decoder, nn.Dropout) == [True] * layers + [False] * (depth - layers)


def kinds(layers, kind):
    return [any(isinstance(each, kind) for each in layer) for layer in layers]


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_without_batch_norm_every_convolution_has_a_bias(norm):
    model = small(norm=norm)
    assert all(
        layer.bias is not None for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))
    )
    assert any(isinstance(layer, nn.InstanceNorm2d) for layer in model.modules()) is (norm == "instance")


@pytest.mark.parametrize(("width", "first", "inner"), [(0.25, 16, 128), (0.1, 6, 51), (2, 128, 1024), (0.001, 1, 1)])
def test_width_scales_the_filters(width, first, inner):
    with torch.device("meta"):
        model = unet_32(width=width)
    assert model.encoder[0][0].out_channels == first
    assert model.encoder[-1][1].out_channels == inner


@pytest.mark.parametrize("level", range(4))
def test_each_skip_connection_carries(level):
    """All others cut and what lies deeper silenced, there is no way from the image to the output but this one."""
    model = small().eval()
    with torch.no_grad():
        for depth, up in enumerate(reversed(model.decoder)):
            weight = up[1].weight
            if depth > level:
                weight.zero_()
            elif depth < level:
                weight[: weight.shape[0] // 2] = 0
    assert not torch.equal(model(images(1, 3, 32, 32, seed=1)), model(images(1, 3, 32, 32, seed=2)))


def test_without_skips_nothing_would_come_through():
    """The proof that the test above tests skips: all of the decoder silenced, no image makes a difference."""
    model = small().eval()
    with torch.no_grad():
        for up in model.decoder:
            up[1].weight.zero_()
    assert torch.equal(model(images(1, 3, 32, 32, seed=1)), model(images(1, 3, 32, 32, seed=2)))


def test_dropout_is_noise_in_training_alone():
    model, image = small(norm="instance"), images(1, 3, 32, 32)
    assert not torch.equal(model(image), model(image))
    model.eval()
    assert torch.equal(model(image), model(image))


def test_no_dropout_no_noise():
    model, image = small(norm="instance", dropout=0.0), images(1, 3, 32, 32)
    assert torch.equal(model(image), model(image))


def test_torchs_seed_says_weights_and_noise():
    image = images(1, 3, 32, 32)
    torch.manual_seed(3)
    one = unet_32(width=0.1)(image)
    torch.manual_seed(3)
    assert torch.equal(unet_32(width=0.1)(image), one)
    torch.manual_seed(4)
    assert not torch.equal(unet_32(width=0.1)(image), one)


def test_the_image_is_left_as_it_is():
    image = images(1, 3, 32, 32)
    before = image.clone()
    small()(image)
    assert torch.equal(image, before)


def test_weights_are_drawn_by_initialise():
    model = small(width=0.5)
    assert float(model.encoder[3][1].weight.detach().std()) == pytest.approx(0.02, rel=0.02)


def test_it_can_learn():
    model, image = small(depth=3), images(2, 3, 8, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        loss = (model(image) + image).abs().mean()
        loss.backward()
        optimizer.step()
    assert loss < 0.25


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 1}, "depth is how often the size is halved, at least 2, not 1"),
        ({"norm": "layer"}, "norm is one of batch, instance, none, not 'layer'"),
        ({"width": 0}, "width is a factor above 0 for the numbers of filters, not 0"),
        ({"dropout": 1.5}, "dropout"),
    ],
)
def test_what_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)
