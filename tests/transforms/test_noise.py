import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import KINDS, WHITE, check_draws, check_kept, flat, forms

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, ToTensor
from feedline.transforms.noise import GaussianNoise, SaltAndPepper

STEPS = [GaussianNoise(), GaussianNoise(0.1, 0.5, clip=False), SaltAndPepper(), SaltAndPepper(0.4, 0.2)]


@given(step=st.sampled_from(STEPS), form=forms, index=st.integers(0, 99))
def test_size_type_and_alpha_stay(step, form, index):
    check_kept(step, form, index, alpha=True)


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_draws_are_keyed(step):
    check_draws(step, flat("uint8", 0.5, 16, 16))


@pytest.mark.parametrize("kind", KINDS)
def test_noise_has_the_mean_and_sigma_that_were_asked_for(kind):
    image = flat(kind, 0.5)
    noise = GaussianNoise(0.1, 0.05)(image, Key(2)) / WHITE[kind] - image / WHITE[kind]
    assert abs(noise.mean() - 0.1) < 0.003
    assert abs(noise.std() - 0.05) < 0.002
    assert abs(np.corrcoef(noise[:, :, 0].ravel(), noise[:, :, 1].ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]) < 0.05


def test_noise_on_8_bits_is_that_on_16_bits_rounded():
    coarse, fine = (GaussianNoise()(flat(kind, 1 / 3), Key(4)).astype(float) for kind in ("uint8", "uint16"))
    assert np.abs(coarse - fine / 257).max() < 0.51


def test_noise_without_sigma_only_moves():
    np.testing.assert_array_equal(GaussianNoise(0, 0)(flat("uint8", 0.4)), flat("uint8", 0.4))
    assert (GaussianNoise(1, 0)(flat("uint16", 0.4)) == 65535).all()
    assert (GaussianNoise(-3, 0)(flat("float32", 0.4)) == 0).all()
    assert GaussianNoise(1, 0, clip=False)(flat("float32", 0.5)).max() == 1.5


def test_noise_stays_within_black_and_white_unless_told():
    white = flat("float32", 1.0)
    assert GaussianNoise()(white).max() == 1
    assert GaussianNoise(clip=False)(white).max() > 1.2
    assert GaussianNoise(clip=False)(flat("uint8", 1.0)).min() > 128


@pytest.mark.parametrize("kind", KINDS)
def test_salt_and_pepper_fall_on_as_many_pixels_as_asked(kind):
    image = flat(kind, 0.5)
    out = SaltAndPepper(0.2, 0.25)(image, Key(3))
    salt, pepper = (out == WHITE[kind]).all(-1), (out == 0).all(-1)
    assert ((out == image).all(-1) | salt | pepper).all()
    assert 0.035 < salt.mean() < 0.065
    assert 0.13 < pepper.mean() < 0.17


def test_the_amount_is_drawn_between_its_ends():
    counts = [(SaltAndPepper((0.1, 0.3))(flat("uint8", 0.5), Key(index=n)) != 127).mean() for n in range(40)]
    assert 0.08 < min(counts) < 0.13
    assert 0.27 < max(counts) < 0.32


def test_all_or_nothing():
    image = flat("uint8", 0.5)
    np.testing.assert_array_equal(SaltAndPepper(0)(image), image)
    assert (SaltAndPepper(1, 1)(image) == 255).all()
    assert (SaltAndPepper(1, 0)(image) == 0).all()


def test_the_plan_says_it():
    said = str(Compose([GaussianNoise(), SaltAndPepper(0.02)]).plan((8, 8)))
    assert "stage     gaussian noise of sigma 0.1\n" in said
    assert "stage     salt and pepper on 2 % of the pixels\n" in said


@pytest.mark.parametrize("step", [GaussianNoise(), SaltAndPepper()], ids=repr)
def test_normalised_images_are_refused(step):
    with pytest.raises(TransformError, match="put it before Normalize"):
        Compose([ToTensor(), Normalize(0.5, 0.5), step])(flat("uint8", 0.5))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GaussianNoise(sigma=-1), ["GaussianNoise", "sigma", "-1"]),
        (lambda: GaussianNoise(mean="grey"), ["GaussianNoise", "mean", "grey"]),
        (lambda: GaussianNoise(clip=2), ["GaussianNoise", "clip", "2"]),
        (lambda: SaltAndPepper(1.2), ["SaltAndPepper", "0..1", "1.2"]),
        (lambda: SaltAndPepper((0.3, 0.1)), ["SaltAndPepper", "(least, most)", "(0.3, 0.1)"]),
        (lambda: SaltAndPepper(0.1, -1), ["SaltAndPepper", "salt_share", "-1"]),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)
    assert "\n" not in str(raised.value)
