"""Contact sheets show what they say, and the same each time."""

import cv2
import numpy as np
from memory import picture

from feedline.prepare.sheet import rows, save_sheet, sheet


class Counted:
    """Pictures of one brightness each, and how often one was asked for."""

    def __init__(self, levels):
        self.levels = levels
        self.asked = []

    def __getitem__(self, index):
        self.asked.append(index)
        return np.full((5, 3, 1), self.levels[index], np.uint8)


def test_each_class_has_a_row_of_its_own_pictures():
    labels = np.array([0, 1, 2] * 40)
    pictures = Counted([60 * (label + 1) for label in labels])
    image = sheet(pictures, labels, ["first", "second", "third", "none"], each=7, tile=20)
    assert len(pictures.asked) == len(set(pictures.asked)) == 21
    assert image.shape[0] == 4 + 4 * 24
    tiles = image[:, -7 * 24 :]
    for row in range(4):
        greys = set(np.unique(tiles[4 + row * 24 : 24 + row * 24]).tolist()) - {255}
        assert greys == ({60 * (row + 1)} if row < 3 else set())
        assert image[4 + row * 24 : 24 + row * 24, : -7 * 24].min() < 128, "a name at the left"


def test_seeds_draw_other_examples():
    labels = np.zeros(100, np.int64)
    pictures = [picture(6, 6, 3, seed) for seed in range(100)]
    one, same, other = (sheet(pictures, labels, ["a"], seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_it_is_saved_as_a_png_of_the_same_bytes(tmp_path):
    pictures, labels = [picture(30, 20, channels) for channels in (1, 2, 3, 4)], np.array([0, 0, 1, -1])
    for name in ("one.png", "two.png"):
        save_sheet(tmp_path / name, pictures, labels, ["a" * 300, "文"])
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    shown = cv2.imread(str(tmp_path / "one.png"), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(shown, sheet(pictures, labels, ["a" * 300, "文"]))


def test_a_sheet_of_nothing():
    assert rows([]).shape == (4, 8, 3)
    assert sheet([], np.zeros(0, np.int64), ["a"]).shape[0] == 72
