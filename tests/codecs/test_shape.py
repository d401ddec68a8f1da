"""codecs/shape.py: parts and sizes of upright images."""

import numpy as np
import pytest

from feedline.codecs.shape import check_region, crop, reduction, resize, turn, upright_size
from feedline.types import Header

ALL = pytest.mark.parametrize("orientation", range(1, 9))
STORED = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def header(orientation, width=7, height=5):
    return Header("png", width, height, 3, 8, orientation)


@ALL
def test_a_part_is_that_of_the_whole_turned_upright(orientation):
    about = header(orientation)
    whole = turn(STORED, orientation)
    rows, columns = upright_size(about)
    assert whole.shape == (rows, columns, 3)
    for region in [(0, 0, rows, columns), (1, 2, 3, 2), (rows - 1, columns - 1, 1, 1), (0, 1, 2, 3), (2, 0, 1, 4)]:
        check_region(region, about)
        top, left, height, width = region
        part = turn(crop(STORED, region, about), orientation)
        assert np.array_equal(part, whole[top : top + height, left : left + width])


@ALL
@pytest.mark.parametrize(
    "region", [(-1, 0, 2, 2), (0, -1, 2, 2), (0, 0, 8, 2), (0, 0, 2, 8), (4, 4, 2, 4), (7, 7, 1, 1)]
)
def test_a_part_that_is_not_inside_is_an_error(region, orientation):
    with pytest.raises(ValueError, match="region must lie inside the image"):
        check_region(region, header(orientation))


def test_the_larger_side_decides_by_how_much_is_reduced():
    for size, step in [((1, 1), 8), ((10, 12), 8), ((11, 12), 4), ((10, 13), 4), ((21, 25), 2), ((80, 100), 1)]:
        assert reduction(header(1, 96, 80), size) == step
    assert reduction(header(6, 96, 80), (12, 10)) == 8
    assert reduction(header(6, 96, 80), (10, 12)) == 4
    assert reduction(header(1, 97, 81), (11, 13)) == 8
    assert reduction(header(1), None) == 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_smaller_is_the_mean_over_areas(dtype, channels):
    image = np.random.default_rng(0).integers(0, 200, (12, 20, channels)).astype(dtype)
    small = resize(image, (4, 5))
    means = image.reshape(4, 3, 5, 4, channels).mean(axis=(1, 3))
    assert (small.dtype, small.shape) == (np.dtype(dtype), (4, 5, channels))
    assert np.abs(small - means).max() <= (0.51 if np.dtype(dtype).kind in "iu" else 1e-4)


def test_larger_is_linear_and_one_side_may_shrink_while_the_other_grows():
    ramp = np.repeat(np.arange(0, 160, 16, dtype=np.uint8)[:, None, None], 8, axis=1)
    tall = resize(ramp, (40, 4))
    assert tall.shape == (40, 4, 1)
    steps = np.diff(tall[2:-2, 0, 0].astype(int))
    assert set(steps.tolist()) == {4}
    assert (tall == tall[:, :1]).all()
