import numpy as np
import pytest
from drafted import KINDS, apart, drafted, image_of, images, white_of
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.draft import Draft
from feedline.transforms.sharpness import RandomAdjustSharpness, sharpness


def by_hand(image, factor):
    """Pixel by pixel in float64."""
    out = image.astype(np.float64)
    for row in range(1, image.shape[0] - 1):
        for column in range(1, image.shape[1] - 1):
            middle = image[row, column].astype(np.float64)
            around = image[row - 1 : row + 2, column - 1 : column + 2].astype(np.float64).sum((0, 1))
            blurred = (around + 4 * middle) / 13
            blurred = blurred if image.dtype.kind == "f" else np.rint(blurred)
            out[row, column] = np.clip(middle + (1 - factor) * (blurred - middle), 0, white_of(image.dtype))
    if image.shape[2] in (2, 4):
        out[:, :, -1] = image[:, :, -1]
    return out


@given(image=images, factor=st.floats(0, 4))
def test_it_is_a_blend_with_a_blur(image, factor):
    before = image.copy()
    out = drafted(image, sharpness, factor)
    assert out.dtype == image.dtype
    white = white_of(image.dtype)
    levels = 2e-6 if white == 1 else 0.5 + white / 2**15 + 1e-6  # the factor is a share of 2**14
    assert np.abs(out - by_hand(image, factor)).max() <= levels
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_against_pillow_within_a_level(factor, channels):
    image = image_of(20, 25, channels, "uint8")
    picture = Image.fromarray(image if channels == 3 else image[:, :, 0])
    expected = np.asarray(ImageEnhance.Sharpness(picture).enhance(factor)).reshape(image.shape)
    assert apart(drafted(image, sharpness, factor), expected) <= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2)])
def test_pictures_without_a_middle_stay(kind, size):
    image = image_of(*size, 3, kind)
    np.testing.assert_array_equal(drafted(image, sharpness, 3.0), image)


def test_always_never_and_half_the_time():
    image = image_of(5, 5, 3, "uint8")
    sharp = drafted(image, sharpness, 2.0)
    steps = [RandomAdjustSharpness(2, p=p) for p in (1, 0, 0.5)]
    always, never, half = ([step(image, Key(index=index)) for index in range(200)] for step in steps)
    assert all(np.array_equal(out, sharp) for out in always)
    assert all(np.array_equal(out, image) for out in never)
    assert 70 < sum(np.array_equal(out, sharp) for out in half) < 130


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RandomAdjustSharpness(-1), "sharpness_factor must be a number, not negative; given"),
        (lambda: RandomAdjustSharpness("a"), "sharpness_factor must be a number, not negative; given"),
        (lambda: RandomAdjustSharpness(2, p=2), "p must be a number in 0..1; given"),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert str(raised.value).startswith(f"RandomAdjustSharpness: {words} RandomAdjustSharpness(")
    assert "\n" not in str(raised.value)


def test_a_normalised_image_is_an_error():
    draft = Draft(4, 4, dtype=np.float32)
    draft.convert((2.0,), (0.0,), normalized=True)
    with pytest.raises(TransformError, match=r"^sharpness 2.00: normalised images"):
        RandomAdjustSharpness(2, p=1).add(draft, Key(), 0)
