import numpy as np
import pytest
import torch
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import CenterCrop, RandomCrop, RandomHorizontalFlip, Resize, Transform
from feedline.transforms.base import as_array, as_pair, require


def test_a_transform_must_say_what_it_does_and_what_comes_out():
    with pytest.raises(TypeError, match="abstract"):
        Transform()


def test_without_a_key_it_draws_as_for_the_first():
    image = picture(20, 20)
    np.testing.assert_array_equal(RandomCrop(4)(image), RandomCrop(4)(image, Key(0, 0, 0), 0))


def test_transforms_are_values():
    assert Resize(3) == Resize(3) != Resize(4)
    assert len({Resize(3), Resize(3), RandomHorizontalFlip()}) == 2
    with pytest.raises(AttributeError):
        Resize(3).size = 4


def test_an_array_of_three_axes_passes():
    image = picture(2, 3)
    assert as_array(image)[0] is image
    turned, tensor = as_array(torch.zeros(3, 4, 5))
    assert (turned.shape, tensor) == ((4, 5, 3), True)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (torch.zeros(2, 3, 4, 5), "Tensor of shape (2, 3, 4, 5)"),
        (np.zeros((4, 5), np.uint8), "ndarray of shape (4, 5)"),
        ("text", "str of shape ()"),
    ],
)
@pytest.mark.parametrize("step", [Resize(2), CenterCrop(2)])
def test_they_take_pictures_alone(image, words, step):
    with pytest.raises(TransformError) as raised:
        step(image)
    assert str(raised.value) == f"transforms take an HxWxC array or a CxHxW tensor, not a {words}"


def test_require_names_transform_rule_and_value():
    require(True, Resize(3), "anything")
    with pytest.raises(TransformError, match=r"^Resize: a rule; given Resize\(size=3, ") as raised:
        require(False, Resize(3), "a rule")
    assert isinstance(raised.value, ValueError)


def test_as_pair():
    assert as_pair(3) == (3, 3)
    assert as_pair(0.5) == (0.5, 0.5)
    assert as_pair([1, 2]) == (1, 2)
