import torch
from torch import nn

from feedline.nn import linear, mlp


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_classic_has_669_706_parameters():
    assert parameters(mlp((1, 28, 28), 10)) == 401_920 + 262_656 + 5_130 == 669_706


def test_it_flattens_and_gives_one_logit_a_class():
    assert mlp((3, 5, 7), 4)(torch.randn(2, 3, 5, 7)).shape == (2, 4)


def test_hidden_layers_have_relu_between_them():
    kinds = [type(layer) for layer in mlp((1, 2, 2), 3, hidden=(8, 9))]
    assert kinds == [nn.Flatten, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]


def test_linear_is_one_layer():
    model = linear((1, 28, 28), 10)
    assert parameters(model) == 7_850
    images = torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(model(2 * images) - model(images), model(images) - model(0 * images))


def test_channels_last_images_give_the_same_logits():
    model, images = mlp((3, 4, 4), 2), torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(model(images.contiguous(memory_format=torch.channels_last)), model(images))
