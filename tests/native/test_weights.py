import numpy as np
import pytest

from feedline import native
from feedline.native.weights import kernel, whole_weights


@pytest.mark.parametrize("form", ["bilinear", "bicubic"])
def test_a_filter_is_even_has_a_sum_of_1_and_ends_at_its_reach(form):
    x = np.linspace(-3, 3, 601)
    heights = kernel(form, x)
    np.testing.assert_allclose(heights, kernel(form, -x))
    for shift in (0.0, 0.25, 0.5, 0.9):
        assert kernel(form, np.arange(-5, 6) + shift).sum() == pytest.approx(1.0)
    assert not heights[np.abs(x) >= {"bilinear": 1, "bicubic": 2}[form]].any()


def test_rounding_is_made_up_for_by_the_largest():
    weights = whole_weights(np.array([[1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7]]), 4)
    assert weights.tolist() == [[6, 5, 5], [2, 3, 11]]


def test_an_axis_turned_round_is_the_mirror_image():
    there = native.taps(7, 0.0, 20 / 7, 20 / 7, 20, "bilinear")
    back = native.taps(7, 20.0, -20 / 7, 20 / 7, 20, "bilinear")
    dense = np.zeros((2, 7, 20), int)
    for place, taps in enumerate((there, back)):
        np.add.at(dense[place], (np.arange(7)[:, None], taps.index), taps.weight)
    assert np.abs(dense[0] - dense[1][::-1]).max() <= 2


def test_nearest_takes_the_pixel_that_holds_the_centre():
    assert native.taps(3, 0.0, 2.0, 2.0, 6, "nearest").index[:, 0].tolist() == [1, 3, 5]


def test_taps_are_kept_and_cannot_be_written_to():
    taps = native.taps(5, 0.0, 1.5, 1.5, 8, "bilinear")
    assert native.taps(5, 0.0, 1.5, 1.5, 8, "bilinear") is taps
    with pytest.raises(ValueError, match="read-only"):
        taps.weight[0] = 0


@pytest.mark.parametrize("limit", [4000, 30000])
def test_thousands_of_shares_are_rounded_without_a_tower(limit):
    (weight,) = native.taps(1, 0.0, float(limit), float(limit), limit, "bilinear").weight.astype(int)
    assert weight.sum() == 1 << 14
    assert weight.max() - weight.min() <= 2 * (1 << 14) / limit + 2
    halves = weight[: limit // 2].sum(), weight[limit // 2 :].sum()
    assert abs(halves[0] - halves[1]) <= 2
