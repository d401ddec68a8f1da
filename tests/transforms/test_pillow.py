"""Geometry against Pillow's antialiased resize, of which each step here is a part: in 255ths.

Pillow weighs RGBA by its alpha, which ours does not: each channel is compared as a grey picture. Of 16 bits and floats
its mode "F" is the reference.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo import WHITE, photo
from PIL import Image

from feedline import native
from feedline.transforms import CenterCrop, Compose, RandomCrop, Resize
from feedline.transforms.draft import Draft
from feedline.transforms.execute import run

FORMS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
MEAN, MOST = 0.3, 2.0
"""The bar; of whole photographs the mean is under 0.1."""
MANY = 1000
"""Numbers that a mean says something about."""
sides = st.integers(1, 150)


def pillow(image, size, form):
    """Each channel by itself."""
    kind = np.uint8 if image.dtype == np.uint8 else np.float32
    planes = [Image.fromarray(np.ascontiguousarray(image[:, :, place].astype(kind))) for place in range(image.shape[2])]
    return np.stack([np.asarray(plane.resize(size[::-1], FORMS[form])) for plane in planes], -1)


def check(ours, theirs, dtype, mean=MEAN):
    white = WHITE[dtype]
    if dtype != "float32":
        theirs = np.clip(theirs, 0, white)
    apart = np.abs(ours.astype(float) - theirs) * 255 / white
    assert apart.max() <= MOST
    assert apart.size < MANY or apart.mean() <= mean


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(224, 224), (64, 300), (33, 31), (375, 700)])
def test_resize_of_a_photograph(size, channels, form):
    image = photo(375, 500, channels)
    check(Resize(size, form)(image), pillow(image, size, form), "uint8", mean=0.1)


@settings(max_examples=60)
@given(st.tuples(sides, sides), st.tuples(sides, sides), st.sampled_from([1, 3, 4]))
def test_resize_of_noise_at_any_size(size, other, channels):
    """Bilinear alone: where bicubic overshoots, which axis comes first shows, and Pillow chooses that by the sizes."""
    image = np.random.default_rng(size).integers(0, 256, (*size, channels), dtype=np.uint8)
    apart = np.abs(Resize(other)(image).astype(int) - pillow(image, other, "bilinear"))
    assert apart.max() <= 2
    assert apart.size < MANY or apart.mean() <= 0.3


@settings(max_examples=40, derandomize=True)
@given(st.data(), st.sampled_from([*FORMS]))
def test_crop_and_resize_is_pillow_on_the_region(data, form):
    image = photo(120, 150)
    height, width = data.draw(st.integers(1, 120)), data.draw(st.integers(1, 150))
    top, left = data.draw(st.integers(0, 120 - height)), data.draw(st.integers(0, 150 - width))
    size = data.draw(st.tuples(sides, sides))
    draft = Draft(120, 150)
    draft.crop(top, left, height, width)
    draft.resize(*size, form)
    check(run(draft.finish(), image), pillow(image[top : top + height, left : left + width], size, form), "uint8")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_16_bits_and_floats(dtype, form):
    image = photo(130, 170, 2, dtype)
    for size in ((64, 64), (200, 90)):
        ours = Compose([CenterCrop((120, 150)), Resize(size, form)])(image)
        check(ours, pillow(image[5:125, 10:160], size, form), dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_crops_alone_are_slices(dtype):
    image = photo(40, 50, 3, dtype)
    np.testing.assert_array_equal(CenterCrop((20, 30))(image), image[10:30, 10:40])
    out = RandomCrop((20, 30))(image)
    assert any(np.array_equal(out, image[y : y + 20, x : x + 30]) for y in range(21) for x in range(21))


def test_taps_are_those_of_an_infinite_line_that_ends_at_the_edge():
    """Pillow's rule: beyond the edge nothing takes part, and the others take its share."""
    taps = native.taps(1, 0.0, 4.0, 4.0, 4, "bilinear")
    np.testing.assert_allclose(taps.weight[0] / (1 << 14), [5 / 24, 7 / 24, 7 / 24, 5 / 24], atol=1e-4)
