"""A chart is a PNG of the same bytes each time, whatever the classes are called."""

import cv2
import numpy as np
import pytest

from feedline.prepare.balance import balance
from feedline.prepare.draw import draw


def blue(path):
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB).astype(int)
    return int((np.abs(image - (0x1F, 0x4E, 0x8C)).max(axis=2) < 10).sum())


def test_the_bars_are_of_what_is_kept(tmp_path):
    targets = np.array([0] * 90 + [1] * 10)
    draw(balance(targets, ["a", "b"]), tmp_path / "all.png")
    draw(balance(targets, ["a", "b"], "drop"), tmp_path / "few.png")
    assert 3 * blue(tmp_path / "few.png") < blue(tmp_path / "all.png")


@pytest.mark.parametrize("names", [["$a_1^$", "文字"], ["\udc80", "x" * 40], [str(number) for number in range(61)]])
def test_the_same_bytes_for_any_names(tmp_path, names):
    found = balance(np.array([0, 0, 1]), names, "drop")
    draw(found, tmp_path / "one.png")
    draw(found, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
