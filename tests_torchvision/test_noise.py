"""Blur, noise, JPEG and erasing beside torchvision's v2."""

import albumentations
import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from feedline.rng import Key
from feedline.transforms import Compose
from feedline.transforms.blur import GaussianBlur
from feedline.transforms.erase import CoarseDropout, RandomErasing
from feedline.transforms.jpeg import JPEGCompression
from feedline.transforms.noise import GaussianNoise


def picture(height=60, width=80, channels=3):
    """A ramp with a little noise: it has both flat parts and edges."""
    down, across = np.mgrid[0:height, 0:width]
    waves = [np.sin(down / (3 + c)) * np.cos(across / (7 - c)) for c in range(channels)]
    noise = np.random.default_rng(2).normal(0, 8, (height, width, channels))
    return np.clip(128 + 100 * np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)


def tensor(image):
    return torch.from_numpy(image.copy()).permute(2, 0, 1)


def off(ours, theirs):
    return np.abs(ours.astype(float) - theirs.permute(1, 2, 0).numpy().astype(float))


@pytest.mark.parametrize("size", [3, 9, (5, 11), (23, 3)])
@pytest.mark.parametrize("sigma", [0.1, 0.8, 2.0, 7.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_blur_is_theirs_within_1_of_255(size, sigma, channels):
    image = picture(channels=channels)
    difference = off(GaussianBlur(size, sigma)(image), v2.GaussianBlur(size, sigma)(tensor(image)))
    assert difference.max() <= 1
    assert difference.mean() < 0.3


@pytest.mark.parametrize("size", [3, (5, 11)])
def test_blur_of_floats_is_theirs_within_a_2000th(size):
    image = (picture() / 255).astype(np.float32)
    assert off(GaussianBlur(size, 1.5)(image), v2.GaussianBlur(size, 1.5)(tensor(image))).max() < 5e-4


@pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")
@pytest.mark.parametrize("quality", [1, 5, 30, 75, 95, 100])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_theirs(quality, channels):
    """Both are libjpeg-turbo; another build of it may round a colour otherwise."""
    image = picture(channels=channels)
    difference = off(JPEGCompression(quality)(image), v2.JPEG(quality)(tensor(image)))
    assert difference.mean() < 0.05
    assert difference.max() <= 4


def test_noise_has_their_mean_and_spread():
    image = np.full((200, 200, 3), 128, np.uint8)
    torch.manual_seed(0)
    theirs = v2.GaussianNoise(0.05, 0.1)(tensor(image).float() / 255).numpy() - 128 / 255
    ours = GaussianNoise(0.05, 0.1)((image / 255).astype(np.float32)) - 128 / 255
    whole = GaussianNoise(0.05, 0.1)(image) / 255 - 128 / 255
    for noise in (ours, whole):
        assert abs(noise.mean() - theirs.mean()) < 0.002
        assert abs(noise.std() - theirs.std()) < 0.001
        shares = np.linspace(0.01, 0.99, 9)
        np.testing.assert_allclose(np.quantile(noise, shares), np.quantile(theirs, shares), atol=0.006)


def erased(image):
    """Top, left, height and width of what is black."""
    rows, columns = np.flatnonzero((image == 0).any(1)), np.flatnonzero((image == 0).any(0))
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


@pytest.mark.parametrize("size", [(100, 100), (40, 120)])
def test_erased_parts_are_distributed_as_theirs(size):
    image, count = np.ones((*size, 1), np.float32), 800
    step, theirs = RandomErasing(1), v2.RandomErasing(1)
    torch.manual_seed(3)
    found = []
    for draw in (
        lambda n: step(image, Key(index=n))[:, :, 0],
        lambda _: theirs(tensor(image))[0].numpy(),
    ):
        holes = np.array([erased(draw(n)) for n in range(count)], float)
        top, left, tall, wide = holes.T
        found.append(np.stack([tall * wide / image.size, np.log(tall / wide), top / size[0], left / size[1]]))
    ours, others = found
    spread = np.hypot(ours.std(1), others.std(1)) / count**0.5
    assert (np.abs(ours.mean(1) - others.mean(1)) < 3.5 * spread).all()
    np.testing.assert_allclose(ours.std(1), others.std(1), rtol=0.12)
    for end in (np.min, np.max):  # of areas and ratios, which have ends
        np.testing.assert_allclose(end(ours[:2], 1), end(others[:2], 1), atol=0.1)


@pytest.mark.parametrize("value", [0.5, (0.1, 0.2, 0.3)])
def test_erased_parts_hold_their_value(value):
    image = np.ones((30, 30, 3), np.float32)
    ours = RandomErasing(1, value=value)(image).reshape(-1, 3)
    theirs = v2.RandomErasing(1, value=value)(tensor(image)).permute(1, 2, 0).reshape(-1, 3).numpy()
    assert {tuple(pixel) for pixel in ours.tolist()} == {tuple(pixel) for pixel in theirs.tolist()}


def test_erased_parts_of_random_values_are_normal_as_theirs():
    image = np.zeros((64, 64, 3), np.float32)
    torch.manual_seed(1)
    ours = np.concatenate([RandomErasing(1, value="random")(image, Key(index=n)).ravel() for n in range(30)])
    theirs = np.concatenate([v2.RandomErasing(1, value="random")(tensor(image)).numpy().ravel() for n in range(30)])
    ours, theirs = ours[ours != 0], theirs[theirs != 0]
    assert abs(ours.mean() - theirs.mean()) < 0.03
    assert abs(ours.std() - theirs.std()) < 0.03


@pytest.mark.parametrize(
    "ranges",
    [
        {"num_holes_range": (2, 4), "hole_height_range": (0.1, 0.3), "hole_width_range": (0.2, 0.25)},
        {"num_holes_range": (1, 1), "hole_height_range": (3, 9), "hole_width_range": (5, 80)},
    ],
)
def test_coarse_dropout_covers_as_much_as_albumentations(ranges):
    image = np.ones((50, 60, 1), np.uint8)
    theirs = albumentations.Compose([albumentations.CoarseDropout(**ranges, p=1)], seed=4)
    ours = [1 - CoarseDropout(**ranges, p=1)(image, Key(index=n)).mean() for n in range(500)]
    others = [1 - theirs(image=image)["image"].mean() for _ in range(500)]
    spread = np.hypot(np.std(ours), np.std(others)) / 500**0.5
    assert abs(np.mean(ours) - np.mean(others)) < 3.5 * spread
    np.testing.assert_allclose([min(ours), max(ours)], [min(others), max(others)], atol=0.06)


def test_all_of_them_stand_in_one_plan():
    steps = Compose([GaussianBlur(3), JPEGCompression(50), GaussianNoise(), RandomErasing(1), CoarseDropout(p=1)])
    assert str(steps.plan((32, 32))).count("stage ") == 5
