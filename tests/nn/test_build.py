import pytest
import torch

from feedline.nn import MODELS, build


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
