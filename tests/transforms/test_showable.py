import numpy as np
import pytest
import torch

from feedline.transforms import Compose, Normalize, ToTensor
from feedline.transforms.showable import showable, unnormalized

IMAGE = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        IMAGE.astype(np.uint16) * 257,
        IMAGE.astype(np.float32) / 255,
        torch.from_numpy(IMAGE.copy()).permute(2, 0, 1).float() / 255,
    ],
)
def test_every_type_is_shown_as_it_looks(image):
    shown, word = showable(image)
    assert (shown.dtype, word) == (np.uint8, "")
    np.testing.assert_array_equal(shown, IMAGE)


def test_normalize_is_undone():
    steps = [ToTensor(), Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4)), Normalize(0.1, 2)]
    shown, word = showable(Compose(steps)(IMAGE), steps)
    assert word == "Normalize undone"
    np.testing.assert_array_equal(shown, IMAGE)


def test_a_batch_is_undone_too():
    steps = [Normalize(0.5, 0.25)]
    images = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(unnormalized((images - 0.5) / 0.25, steps), images)


def test_what_nobody_can_undo_is_stretched():
    shown, word = showable(np.linspace(-3, 5, 256, dtype=np.float32).reshape(16, 16, 1))
    assert word == "stretched from -3 to 5"
    np.testing.assert_array_equal(shown[:, :, 0].ravel(), np.arange(256))
    assert showable(np.full((2, 2, 1), 7, np.float32))[0].max() == 0


def test_grey_and_transparent_images():
    grey, _ = showable(IMAGE[:, :, :1])
    np.testing.assert_array_equal(grey, IMAGE[:, :, [0, 0, 0]])
    alpha = np.full((5, 7, 1), 255, np.uint8)
    np.testing.assert_array_equal(showable(np.concatenate([IMAGE, alpha], 2))[0], IMAGE)
    board, _ = showable(np.zeros((16, 16, 2), np.uint8))
    assert {tuple(pixel) for pixel in board.reshape(-1, 3)} == {(255, 255, 255), (204, 204, 204)}
