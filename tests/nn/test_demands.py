"""Networks say which of the numbers that they are made of cannot be."""

import math

import pytest

from feedline.nn import cnn, linear, mlp, patchgan, unet_32


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: mlp((1, 28, 28), 0), "classes is at least 1, not 0"),
        (lambda: linear((), 10), r"a dimension at least, and each is 1 or more, not \(\)"),
        (lambda: mlp((3, 0), 10), r"each is 1 or more, not \(3, 0\)"),
        (lambda: cnn((28, 28), 10), r"\(channels, height, width\) of one image, not \(28, 28\)"),
        (lambda: cnn((0, 28, 28), 10), "each is 1 or more"),
        (lambda: unet_32(0, 3), "in_channels is at least 1, not 0"),
        (lambda: unet_32(3, -1), "out_channels is at least 1, not -1"),
        (lambda: patchgan(0), "in_channels is at least 1, not 0"),
        (lambda: unet_32(3, 3, width=math.inf), "width is a factor above 0 .* not inf"),
    ],
)
def test_what_no_network_is_made_of(make, says):
    with pytest.raises(ValueError, match=says):
        make()
