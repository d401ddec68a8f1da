import numpy as np
import pytest
import torch
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Normalize,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomVerticalFlip,
    Resize,
    Transform,
)
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


def test_an_error_of_planning_names_the_step():
    for steps in ([Pad(2, fill=300)], [Resize(9), Pad(2, fill=300)]):
        with pytest.raises(TransformError, match=r"^Pad: fill must be in 0..255 for uint8, not 300; given Pad"):
            Compose(steps)(picture(5, 5))
    with pytest.raises(TransformError, match=r"^Resize: 200000 x 200000 is more than 268,435,456 pixels"):
        Resize(200000)(picture(5, 5))


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 3)])
def test_an_image_without_pixels_is_refused(shape):
    with pytest.raises(TransformError, match="transforms take images with pixels, not"):
        Resize(4)(np.zeros(shape, np.uint8))


def test_parameters_of_numpy_and_torch_become_plain():
    plain = Normalize((0.25, 0.5), (1.0, 2.0))
    assert Normalize(np.array([0.25, 0.5]), torch.tensor([1.0, 2.0])) == plain
    assert Normalize([np.float64(0.25), 0.5], (1.0, 2.0)) == plain
    assert hash(Resize(np.int64(4))) == hash(Resize(4))
    assert type(RandomCrop(3, padding=np.int64(2)).padding) is int


@pytest.mark.parametrize("value", ["false", 1, None, np.array([1, 2])])
def test_a_flag_is_true_or_false(value):
    with pytest.raises(TransformError, match="antialias must be True or False"):
        Resize(4, antialias=value)


@pytest.mark.parametrize("size", [b"x", "8", True, 10**400, np.array([1, 2, 3])])
def test_what_is_no_size(size):
    with pytest.raises(TransformError, match="RandomCrop: size must be"):
        RandomCrop(size)


def test_names_of_torchvision_and_none_are_taken():
    assert Resize(4, interpolation="nearest-exact") == Resize(4, interpolation="nearest")
    assert Pad(1, fill=None) == Pad(1)


def test_a_class_is_no_step():
    with pytest.raises(TransformError, match=r"not the class RandomHorizontalFlip: write RandomHorizontalFlip\(...\)"):
        Compose([RandomHorizontalFlip])


@pytest.mark.parametrize("shape", [(1, 16, 1), (16, 1, 3)])
def test_a_line_of_pixels_can_be_flipped(shape):
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    for step, axis in ((RandomHorizontalFlip(1.0), 1), (RandomVerticalFlip(1.0), 0)):
        np.testing.assert_array_equal(step(image), np.flip(image, axis))
        assert torch.equal(
            step(torch.from_numpy(image).permute(2, 0, 1)).permute(1, 2, 0),
            torch.from_numpy(np.flip(image, axis).copy()),
        )
