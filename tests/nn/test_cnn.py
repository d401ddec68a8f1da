import pytest
import torch
from torch import nn

from feedline.nn import cnn


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 20), (3, 8, 8)])
def test_one_logit_a_class(shape):
    assert cnn(shape, 7)(torch.randn(2, *shape)).shape == (2, 7)


def test_stages_are_as_wide_as_asked():
    model = cnn((3, 8, 8), 2, widths=(4, 6))
    assert [layer.out_channels for layer in model if isinstance(layer, nn.Conv2d)] == [4, 4, 6, 6]
    assert model(torch.randn(1, 3, 4, 4)).shape == (1, 2)


@pytest.mark.parametrize("shape", [(3, 7, 50), (3, 50, 7)])
def test_a_small_image_is_refused(shape):
    with pytest.raises(
        ValueError, match=f"3 stages need images of at least 8 pixels a side, not {shape[1]}x{shape[2]}"
    ):
        cnn(shape, 2)


def test_it_can_learn():
    torch.manual_seed(0)
    model = cnn((1, 8, 8), 2, widths=(4,))
    labels = torch.arange(16) % 2
    images = torch.randn(16, 1, 8, 8) + 4 * labels.view(-1, 1, 1, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    assert (model(images).argmax(dim=1) == labels).all()
