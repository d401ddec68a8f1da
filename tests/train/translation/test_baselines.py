import cv2
import numpy as np
import pytest

import feedline
from feedline.deriving import derived
from feedline.errors import DataError
from feedline.train.translation.baselines import filled


def drawn(*rows):
    """H x W x 1: # is ink."""
    return np.array([[255 * (sign == "#") for sign in row] for row in rows], np.uint8)[:, :, None]


BLOCK = drawn("......", ".####.", ".####.", ".####.", ".####.", "......")
FRAME = drawn("......", ".####.", ".#..#.", ".#..#.", ".####.", "......")
DIAMOND = drawn("..#..", ".#.#.", "#...#", ".#.#.", "..#..")


def l1(one, other):
    """Mean absolute difference where black is -1 and white is 1."""
    return 2 / 255 * np.abs(one.astype(float) - other).mean()


def outlined(image):
    return derived(image, "outlines")


def test_ink_begins_at_128():
    soft = np.array([[127, 128]], np.uint8)[:, :, None]
    assert (filled(soft) == drawn(".#")).all()


def test_what_a_line_encloses_is_filled():
    assert (filled(FRAME) == BLOCK).all()
    assert (filled(DIAMOND) == drawn("..#..", ".###.", "#####", ".###.", "..#..")).all()


def test_an_open_line_encloses_nothing():
    gap = FRAME.copy()
    gap[1, 2] = 0
    assert (filled(gap) == gap).all()


def test_holes_of_letters_are_filled_though_they_are_paper():
    ring = np.zeros((28, 28, 1), np.uint8)
    cv2.circle(ring[:, :, 0], (14, 14), 8, 255, 5)
    disc = filled(outlined(ring))
    assert disc[14, 14] == 255
    assert ring[14, 14] == 0


def test_the_input_is_not_changed():
    before = FRAME.copy()
    filled(FRAME)
    assert (before == FRAME).all()


def test_filling_is_better_than_copying_and_far_from_right_on_letters_of_unseen_families():
    _train, val = feedline.split(feedline.open("glyphs"), val=0.2, seed=0)
    letters = [image for image, _label in val]
    lines = [outlined(letter) for letter in letters]
    copied = np.mean([l1(line, letter) for line, letter in zip(lines, letters, strict=True)])
    guessed = np.mean([l1(filled(line), letter) for line, letter in zip(lines, letters, strict=True)])
    assert copied == pytest.approx(0.288, abs=0.001)
    assert guessed == pytest.approx(0.170, abs=0.001)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 1))])
def test_other_shapes_and_types_are_refused(image):
    with pytest.raises(DataError, match=r"H x W x 1 uint8, this is \(4, 4.*: open them as grey"):
        filled(image)
