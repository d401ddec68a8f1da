import pytest
import torch

from feedline.nn import GENERATORS, MODELS, build, generator


@pytest.mark.parametrize("name", ["cnn", "linear", "mlp"])
def test_every_name_builds_a_network(name):
    assert build(name, (3, 16, 12), 5)(torch.randn(2, 3, 16, 12)).shape == (2, 5)


def test_the_names():
    assert sorted(MODELS) == ["cnn", "linear", "mlp"]


def test_a_name_gives_its_own_network():
    assert sum(parameter.numel() for parameter in build("mlp", (1, 28, 28), 10).parameters()) == 669_706


def test_an_unknown_name():
    with pytest.raises(ValueError, match="no model is called 'resnet'; there are cnn, linear, mlp"):
        build("resnet", (3, 8, 8), 2)


def test_images_that_it_cannot_take():
    with pytest.raises(ValueError, match="at least 8 pixels"):
        build("cnn", (3, 4, 4), 2)


@pytest.mark.parametrize(("name", "depth"), [("unet_32", 5), ("unet_64", 6), ("unet_128", 7), ("unet_256", 8)])
def test_every_name_builds_a_generator(name, depth):
    with torch.device("meta"):
        model = generator(name, 1, 2, width=0.1, norm="none", dropout=0.25)
    assert len(model.encoder) == depth
    assert model.encoder[0][0].out_channels == 6
    assert [layer.p for layer in model.modules() if isinstance(layer, torch.nn.Dropout)] == [0.25] * min(3, depth - 4)
    assert model(torch.zeros(1, 1, 20, 30, device="meta")).shape == (1, 2, 20, 30)


def test_the_names_of_generators():
    assert list(GENERATORS) == ["unet_32", "unet_64", "unet_128", "unet_256"]


def test_an_unknown_generator():
    message = "no generator is called 'cnn'; there are unet_32, unet_64, unet_128, unet_256"
    with pytest.raises(ValueError, match=message):
        generator("cnn", 3, 3)


def test_filters_that_a_generator_cannot_have():
    with pytest.raises(ValueError, match="width is a factor above 0"):
        generator("unet_32", 3, 3, width=-1.0)
