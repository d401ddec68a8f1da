"""deriving.py: what A is made as."""

import numpy as np
import pytest
from photo import WHITE, photo

import feedline
from feedline.deriving import derived, derived_channels

DTYPES = ["uint8", "uint16", "float32"]
HOWS = ["edges", "gray", "downscale4"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(37, 53), (3, 2), (1, 1)])
def test_size_and_type_stay(how, dtype, channels, size):
    image = photo(*size, channels, dtype)
    before = image.copy()
    made = derived(image, how)
    assert (made.shape, made.dtype) == ((*size, derived_channels(channels, how)), image.dtype)
    assert made.flags.c_contiguous
    assert np.array_equal(image, before)
    assert np.array_equal(made, derived(image, how))


@pytest.mark.parametrize("how", HOWS)
def test_more_bits_are_the_same_picture(how):
    image = photo(60, 80)
    made = derived(image, how)[:, :, 0] / 255
    for dtype, other in (("uint16", image.astype(np.uint16) * 257), ("float32", (image / 255).astype(np.float32))):
        assert np.abs(derived(other, how)[:, :, 0] / WHITE[dtype] - made).max() < 1.6 / 255


def test_a_square_has_an_outline_of_one_pixel():
    image = np.zeros((28, 28, 1), np.uint8)
    image[5:20, 8:24] = 255
    made = derived(image, "edges")[:, :, 0]
    ring = np.full((28, 28), 255, np.uint8)
    ring[5:20, 8:24] = 0
    ring[6:19, 9:23] = 255
    assert np.array_equal(made, ring)
    assert (derived(255 - image, "edges")[:, :, 0] == 0).sum() == 2 * (15 + 16)  # on the brighter side, outside


def test_glyphs_have_thin_dark_outlines_on_white():
    glyphs = feedline.open("glyphs")
    shares = []
    for index in range(0, len(glyphs), len(glyphs) // 100):
        image = glyphs[index][0]
        made = derived(image, "edges")
        assert made.min() == 0
        assert (made[image == 0] == 255).all()
        shares.append([(image > 127).mean(), (made < 128).mean()])
    inked, drawn = np.mean(shares, 0)
    assert 0.05 < drawn < 0.75 * inked


def test_grain_and_plain_colours_draw_nothing():
    plain = np.full((64, 64, 3), 120, np.uint8)
    assert (derived(plain, "edges") == 255).all()
    grain = plain + np.random.default_rng(0).integers(0, 7, plain.shape, np.uint8)
    assert (derived(grain, "edges") == 255).all()


def test_a_dull_photograph_has_outlines_too():
    dull = np.full((256, 256, 3), 100, np.uint8)
    dull[:, 100:] = 150
    made = derived(dull, "edges")[:, :, 0]
    assert (made[:, 98:102].min(1) < 30).all()
    assert (made[:, :90] == 255).all()
    assert (made[:, 110:] == 255).all()


BLOCK = ["......", ".####.", ".####.", ".####.", ".####.", "......"]
FRAME = ["......", ".####.", ".#..#.", ".#..#.", ".####.", "......"]


def drawn(rows, ink=255, paper=0, dtype=np.uint8):
    return np.array([[ink if sign == "#" else paper for sign in row] for row in rows], dtype)[:, :, None]


@pytest.mark.parametrize(("ink", "paper", "white", "dtype"), [
    (255, 0, 255, np.uint8), (128, 127, 255, np.uint8), (32768, 32767, 65535, np.uint16), (0.5, 0.4, 1, np.float32),
])  # fmt: skip
def test_outlines_are_the_ink_beside_paper(ink, paper, white, dtype):
    made = derived(drawn(BLOCK, ink, paper, dtype), "outlines")
    assert made.dtype == dtype
    assert (made == drawn(FRAME, white, 0, dtype)).all()


def test_outlines_of_outlines_are_the_same():
    assert (derived(drawn(FRAME), "outlines") == drawn(FRAME)).all()


def test_beyond_the_border_is_paper():
    full = np.full((4, 5, 3), 255, np.uint8)
    assert (derived(full, "outlines") == drawn(["#####", "#...#", "#...#", "#####"])).all()


def test_gray_is_the_luma():
    image = np.zeros((1, 4, 3), np.uint8)
    image[0, :3] = np.eye(3) * 255
    assert derived(image, "gray")[0, :, 0].tolist() == [76, 150, 29, 0]
    assert derived(np.full((1, 1, 6), 9, np.uint16), "gray").tolist() == [[[9]]]


def test_downscaling_loses_what_is_small_and_keeps_what_is_large():
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(derived(stripes, "downscale4").astype(int) - 128).max() < 16
    smooth = photo(128, 128)
    assert np.abs(derived(smooth, "downscale4").astype(int) - smooth).mean() < 6
    assert derived(smooth, "downscale200").std((0, 1)).max() == 0


@pytest.mark.parametrize("how", ["sketch", "downscale", "downscale1", "downscale0", "downscale4.5", "Edges", ""])
def test_another_way_is_refused(how):
    with pytest.raises(
        ValueError, match='derive must be "edges", "outlines", "gray" or "downscaleN" with N of 2 to 999'
    ):
        derived(photo(8, 8), how)
