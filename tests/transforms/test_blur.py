import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import KINDS, WHITE, check_draws, check_kept, flat, forms, of_kind

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, ToTensor
from feedline.transforms.blur import GaussianBlur, blurred, weights


@given(size=st.sampled_from([1, 3, (9, 5), 41]), form=forms, index=st.integers(0, 99))
def test_size_and_type_stay(size, form, index):
    check_kept(GaussianBlur(size), form, index)


@given(sigma=st.floats(0.01, 500), reach=st.integers(0, 40))
def test_weights_add_up_are_even_and_fall_from_the_middle(sigma, reach):
    shares = weights(sigma, 2 * reach + 1)
    assert sum(shares) == 2**14
    assert shares == shares[::-1]
    assert min(shares) >= 0
    middle = len(shares) // 2
    assert all(near >= far - 1 for near, far in zip(shares[middle:], shares[middle + 1 :], strict=False))


def exact(image, sigma, across, down):
    """The definition, in float64: mirrored, and weighed pixel by pixel."""
    result = image.astype(float)
    for axis, count in ((0, down), (1, across)):
        reach = count // 2
        shares = np.exp(-((np.arange(-reach, reach + 1) / sigma) ** 2) / 2)
        padded = np.pad(result, [(reach, reach) if each == axis else (0, 0) for each in range(3)], mode="reflect")
        side = image.shape[axis]
        parts = [padded.take(range(place, place + side), axis) * share for place, share in enumerate(shares)]
        result = sum(parts) / shares.sum()
    return result


@given(form=forms, sigma=st.floats(0.1, 6), across=st.sampled_from([1, 3, 9]), down=st.sampled_from([1, 5, 31]))
def test_it_is_the_gaussian_of_its_definition(form, sigma, across, down):
    image = of_kind(*form)
    off = np.abs(blurred(image, sigma, across, down) - exact(image, sigma, across, down)).max()
    assert off <= WHITE[form[0]] * 2**-11 + (1 if form[0] != "float32" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flat_image_stays(kind):
    image = flat(kind, 0.7, 6, 9)
    np.testing.assert_allclose(GaussianBlur(7, 3.0)(image), image, rtol=1e-6)


def test_the_first_size_is_across():
    image = np.zeros((9, 9, 1), np.uint8)
    image[4, 4] = 255
    rows, columns = np.nonzero(GaussianBlur((5, 1), 2.0)(image)[:, :, 0])
    assert set(rows) == {4}
    assert set(columns) == {2, 3, 4, 5, 6}


def test_sigma_is_drawn():
    check_draws(GaussianBlur(9, (0.3, 3.0)), of_kind("uint8", 12, 12))
    names = {Compose([GaussianBlur(5, (1, 2))]).plan((8, 8), Key(index=n)).stages[0].name for n in range(60)}
    sigmas = sorted(float(name.split()[4]) for name in names)
    assert 1 <= sigmas[0] < 1.1 < 1.9 < sigmas[-1] <= 2


def test_normalised_images_are_blurred_too():
    image = of_kind("uint8", 8, 8)
    before = Compose([GaussianBlur(5, 1.0), ToTensor(), Normalize(0.5, 0.2)])(image)
    behind = Compose([ToTensor(), Normalize(0.5, 0.2), GaussianBlur(5, 1.0)])(image)
    assert (before - behind).abs().max() < 1.1 / 255 / 0.2


def test_the_plan_says_it():
    assert "stage     gaussian blur of sigma 1.50 over 3 x 5 pixels\n" in str(
        Compose([GaussianBlur((5, 3), 1.5)]).plan((8, 8))
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GaussianBlur(4), ["GaussianBlur", "odd", "4"]),
        (lambda: GaussianBlur((3, -1)), ["GaussianBlur", "at least 1", "-1"]),
        (lambda: GaussianBlur("big"), ["GaussianBlur", "kernel_size", "big"]),
        (lambda: GaussianBlur(3, 0), ["GaussianBlur", "above 0", "sigma=0"]),
        (lambda: GaussianBlur(3, (2, 1)), ["GaussianBlur", "(least, most)", "(2, 1)"]),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)
    assert "\n" not in str(raised.value)
