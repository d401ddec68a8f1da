import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import check_draws, check_kept, flat, of_kind

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import Compose, ToTensor
from feedline.transforms.jpeg import JPEGCompression


def smooth(height=64, width=64):
    down, across = np.mgrid[0:height, 0:width] / max(height, width)
    return (np.stack([down, across, down * across], -1) * 255).astype(np.uint8)


@given(height=st.integers(1, 20), width=st.integers(1, 20), channels=st.integers(1, 4), index=st.integers(0, 99))
def test_size_type_and_alpha_stay(height, width, channels, index):
    check_kept(JPEGCompression((1, 100)), ("uint8", height, width, channels), index, alpha=True)


def test_the_lower_the_quality_the_further_from_the_image():
    image = smooth()
    off = [np.abs(JPEGCompression(quality)(image).astype(int) - image).mean() for quality in (95, 50, 5)]
    assert 0 < off[0] < 1.5
    assert off[0] < off[1] < off[2] < 20


def test_red_stays_red():
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, :, 0] = 200
    red, green, blue = JPEGCompression(95)(image).reshape(-1, 3).mean(0)
    assert red > 195
    assert max(green, blue) < 5


def test_quality_is_drawn_with_both_ends():
    check_draws(JPEGCompression((5, 80)), of_kind("uint8", 16, 16))
    names = {Compose([JPEGCompression((7, 9))]).plan((8, 8), Key(index=n)).stages[0].name for n in range(60)}
    assert names == {"jpeg of quality 7", "jpeg of quality 8", "jpeg of quality 9"}


@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_other_types_are_refused(kind):
    with pytest.raises(TransformError, match=f"takes uint8 images, as JPEGs are, not {kind}: put it before ToTensor"):
        JPEGCompression(50)(flat(kind, 0.5))
    with pytest.raises(TransformError, match="JPEGCompression takes uint8"):
        Compose([ToTensor(), JPEGCompression(50)])(flat("uint8", 0.5))


@pytest.mark.parametrize("quality", [0, 101, 50.5, (60, 50), (1, 2, 3), "best", True])
def test_a_bad_parameter_is_one_line(quality):
    with pytest.raises(TransformError) as raised:
        JPEGCompression(quality)
    assert str(raised.value).startswith("JPEGCompression: quality must be")
    assert repr(quality) in str(raised.value)
    assert "\n" not in str(raised.value)
