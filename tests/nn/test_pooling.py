"""Pooling is torch's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from feedline.nn import pooled


@given(st.integers(1, 4), st.integers(1, 20), st.integers(1, 20), st.data())
def test_equals_torchs_layers(channels, height, width, data):
    kernel = data.draw(st.integers(1, min(height, width)))
    seed = data.draw(st.integers(0, 1000))
    image = torch.randn(channels, height, width, generator=torch.Generator().manual_seed(seed))
    found = pooled(image, kernel)
    assert torch.equal(found.maximum, nn.MaxPool2d(kernel)(image))
    assert torch.equal(found.average, nn.AvgPool2d(kernel)(image))
    assert torch.equal(found.global_maximum, nn.AdaptiveMaxPool2d(1)(image).flatten())
    torch.testing.assert_close(found.global_average, nn.AdaptiveAvgPool2d(1)(image).flatten())
    assert found.kernel == kernel


def test_by_hand_of_whole_numbers():
    image = torch.arange(20, dtype=torch.uint8).reshape(1, 4, 5)
    found = pooled(image, 2)
    assert found.maximum.tolist() == [[[6, 8], [16, 18]]]
    assert found.average.tolist() == [[[3, 5], [13, 15]]]
    assert (found.global_maximum.tolist(), found.global_average.tolist()) == ([19], [9.5])


@pytest.mark.parametrize("kernel", [-1, 0, 5])
def test_a_kernel_that_does_not_fit(kernel):
    with pytest.raises(ValueError, match=f"must fit into the picture of 4x9: 1 to 4, not {kernel}"):
        pooled(torch.zeros(3, 4, 9), kernel)


def test_a_batch_is_no_picture():
    with pytest.raises(ValueError, match=r"a picture to pool is CxHxW, and this one has shape \(1, 3, 4, 4\)"):
        pooled(torch.zeros(1, 3, 4, 4), 2)
