import numpy as np
import pytest
import torch
from memory import picture

from feedline.errors import TransformError
from feedline.transforms import CenterCrop, Compose, Normalize, Pad, ToTensor
from feedline.transforms.five_crop import FiveCrop, TenCrop
from feedline.types import Spec


def five(image, height, width):
    middle = CenterCrop((height, width))(image)
    below, right = image.shape[0] - height, image.shape[1] - width
    corners = [image[row : row + height, column : column + width] for row in (0, below) for column in (0, right)]
    return np.stack([*corners, middle])


@pytest.mark.parametrize("size", [(4, 6), (9, 11), (5, 5), (1, 1)])
def test_the_corners_and_the_middle(size):
    image = picture(9, 11)
    np.testing.assert_array_equal(FiveCrop(size)(image), five(image, *size))
    np.testing.assert_array_equal(Compose([FiveCrop(size)])(image), five(image, *size))


@pytest.mark.parametrize("vertical", [False, True])
def test_ten_are_five_and_those_of_the_flipped_image(vertical):
    image = picture(9, 12)
    flipped = image[::-1] if vertical else image[:, ::-1]
    expected = np.concatenate([five(image, 4, 6), five(flipped, 4, 6)])
    np.testing.assert_array_equal(TenCrop((4, 6), vertical_flip=vertical)(image), expected)


def test_what_follows_is_done_to_each():
    image = picture(9, 11)
    out = Compose([FiveCrop(4), Pad(1, fill=3), ToTensor(), Normalize(0.5, 0.5)])(image)
    assert out.shape == (5, 3, 6, 6)
    alone = torch.from_numpy(Pad(1, fill=3)(five(image, 4, 4)[3]).astype(np.float32) / 255).permute(2, 0, 1)
    torch.testing.assert_close(out[3], (alone - 0.5) / 0.5)


def test_two_of_them_give_every_pair():
    image = picture(20, 24)
    compose = Compose([TenCrop(12), FiveCrop(5)])
    assert compose.views == 50
    expected = [five(crop, 5, 5) for crop in TenCrop(12)(image)]
    found = compose(image).reshape(5, 10, 5, 5, 3).swapaxes(0, 1)
    np.testing.assert_array_equal(found, np.stack(expected))


@pytest.mark.parametrize("step", [FiveCrop(3), TenCrop(3)])
def test_several_pictures_have_no_spec(step):
    assert step.spec(Spec(9, 9, 3)) is None
    assert Compose([step]).spec(Spec(9, 9, 3)) is None


@pytest.mark.parametrize("kind", [FiveCrop, TenCrop])
@pytest.mark.parametrize("size", [(10, 4), (4, 12)])
def test_a_window_larger_than_the_image_is_named(kind, size):
    with pytest.raises(TransformError, match=rf"^{kind.__name__}: the image has only 9 x 11 pixels; given .*{size[0]}"):
        kind(size)(picture(9, 11))


@pytest.mark.parametrize("make", [lambda: FiveCrop(-1), lambda: TenCrop(2.5), lambda: TenCrop(4, "up")])
def test_a_bad_parameter_is_named(make):
    with pytest.raises(TransformError, match=r"^(Five|Ten)Crop: (size|vertical_flip) must be .*(-1|2.5|'up')"):
        make()
