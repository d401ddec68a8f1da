"""The hash is exact, and near for pictures that look alike."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import picture

import feedline
from feedline.prepare.hashing import _sums, _sums_of_strips, phash

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))


def overlaps(side):
    """How many 32nds of each pixel lie in each 32nd of a side."""
    for low in range(0, 32 * side, side):
        yield [max(min(low + side, 32 * pixel + 32) - max(low, 32 * pixel), 0) for pixel in range(side)]


def plain(image):
    """The hash as its description says, in Python's whole numbers."""
    height, width, channels = image.shape
    shares = [299, 587, 114] if channels > 2 else [1000]
    grey = [[sum(s * v for s, v in zip(shares, pixel, strict=False)) for pixel in row] for row in image.tolist()]
    across = [[sum(o * v for o, v in zip(part, row, strict=True)) for part in overlaps(width)] for row in grey]
    columns = list(zip(*across, strict=True))
    cells = [[sum(o * v for o, v in zip(part, column, strict=True)) for column in columns] for part in overlaps(height)]
    cells = [[256 * value // (1000 * height * width) for value in row] for row in cells]
    if len({value for row in cells for value in row}) == 1:
        return 0
    table = [[round(4096 * math.cos(k * (2 * j + 1) * math.pi / 64)) for j in range(32)] for k in range(8)]
    half = [[sum(c * v for c, v in zip(wave, row, strict=True)) for wave in table] for row in cells]
    found = [sum(wave[y] * half[y][x] for y in range(32)) for wave in table for x in range(8)][1:]
    middle = sorted(found)[31]
    return 1 << 63 | sum(1 << bit for bit, value in enumerate(found) if value > middle)


@settings(max_examples=12)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_it_is_what_its_description_says_to_the_bit(shape, seed):
    image = picture(*shape, seed=seed)
    assert phash(image) == plain(image)


@given(shape=SHAPES, seed=st.integers(0, 99))
def test_large_pictures_are_summed_up_in_another_way(shape, seed):
    image = picture(*shape, seed=seed)
    rows = np.sort(np.concatenate([[0, shape[0]], np.random.default_rng(seed).integers(0, shape[0] + 1, 9)]))
    assert np.array_equal(_sums_of_strips(image, rows), _sums(image, rows).reshape(len(rows), -1, shape[2]))


def test_no_cosine_lies_where_machines_may_round_differently():
    for wave in range(1, 8):
        for place in range(32):
            value = 4096 * math.cos(wave * (2 * place + 1) * math.pi / 64)
            assert abs(value - math.floor(value) - 0.5) > 1e-4


@given(shape=SHAPES, value=st.integers(0, 255))
def test_a_picture_of_one_colour_has_the_hash_0_and_none_else(shape, value):
    image = np.full(shape, value, np.uint8)
    assert phash(image) == 0
    image[: (shape[0] + 1) // 2, : (shape[1] + 1) // 2, :3] ^= 128
    assert phash(image) >> 63 == (shape[:2] != (1, 1))


def test_views_alpha_and_size_of_pixels_change_nothing():
    image = picture(28, 20, 3)
    expected = phash(image)
    assert phash(np.repeat(np.repeat(image, 3, 0), 2, 1)) == expected
    assert phash(np.asfortranarray(image)) == phash(image[::-1][::-1]) == expected
    assert phash(np.concatenate([image, picture(28, 20, 1, 7)], 2)) == expected
    assert phash(image[:, :, :1]) == phash(np.repeat(image[:, :, :1], 3, 2))


def distance(one, other):
    return (one ^ other).bit_count()


def test_what_looks_alike_is_near_and_what_does_not_is_far():
    rng = np.random.default_rng(0)
    pictures = [cv2.resize(picture(6, 6, 3, seed), (200, 150), interpolation=cv2.INTER_CUBIC) for seed in range(12)]
    hashes = [phash(image) for image in pictures]
    for image, known in zip(pictures, hashes, strict=True):
        jpeg = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
        smaller = cv2.resize(image, (90, 70), interpolation=cv2.INTER_AREA)
        noisy = np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
        assert max(distance(known, phash(each)) for each in (jpeg, smaller, noisy)) <= 6
    apart = [distance(one, other) for place, one in enumerate(hashes) for other in hashes[:place]]
    assert min(apart) >= 14


def test_glyphs_are_told_apart_as_far_as_their_pictures_differ():
    dataset = feedline.open("glyphs").with_mode("L")
    images = [dataset[index][0] for index in range(0, len(dataset), 2)]
    different = len({image.tobytes() for image in images})
    assert len({phash(image) for image in images}) > 0.9 * different  # most of the others are bars: the letter I


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 5), np.uint8), np.zeros((4, 4, 1))])
def test_what_is_no_picture(image):
    with pytest.raises(ValueError, match="must be HxWxC uint8"):
        phash(image)
