"""What lies beyond frames: fill, mirrors, and nothing at all."""

import numpy as np
import pytest

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Pad,
    RandomAffine,
    RandomPerspective,
    RandomRotation,
    Resize,
)
from feedline.transforms.canvas import canvas
from feedline.transforms.plan import Clip

TURNS = [RandomRotation((45, 45)), RandomRotation((5, 5)), RandomAffine(0, shear=(5, 5)), RandomPerspective(0.3, 1)]


@pytest.mark.parametrize("size", [5, 10, 50, 300])
@pytest.mark.parametrize("turn", TURNS, ids=repr)
def test_what_a_crop_behind_a_turn_cut_away_never_shows_again(turn, size):
    steps = [turn, CenterCrop(100)]
    outline = np.array(Compose(steps).plan((300, 300)).outline)
    centre = outline.mean(0)
    sides = np.roll(outline, -1, 0) - outline
    x, y = np.meshgrid(np.arange(300) + 0.5, np.arange(300) + 0.5)
    wide = centre + (outline - centre) * 1.03  # 1.5 pixels beyond the crop, for the filter of the turn itself
    turns = [side[0] * (y - corner[1]) - side[1] * (x - corner[0]) for corner, side in zip(wide, sides, strict=True)]
    inside = np.min(turns, 0) >= 0
    image = np.where(inside[:, :, None], [90, 90, 90], [255, 0, 0]).astype(np.uint8)
    seen = Compose([*steps, Resize(size)])(image).astype(int)
    assert (seen[:, :, 0] - seen[:, :, 1]).max() == 0


def test_an_enlarged_edge_behind_a_turn_is_not_mixed_with_what_lies_beyond():
    image = np.full((40, 40, 1), 200, np.uint8)
    for turn in (RandomAffine(0, shear=(8, 8)), RandomRotation((3, 3))):
        assert (Compose([turn, Resize(400)])(image)[-8:, 200] == 200).all()
    banded = Compose([RandomAffine(0, shear=(5, 5)), Resize(320), Pad(50, padding_mode="edge")])(image)
    assert banded[0, 210, 0] == banded[-1, 210, 0] == 200


def test_fills_that_overlap_are_painted_in_their_order():
    image = np.full((4, 4, 1), 9, np.uint8)
    inner, outer = ((1, 1), (3, 1), (3, 3), (1, 3)), ((0, 0), (4, 0), (4, 4), (0, 4))
    diamond = ((2.0, -1.0), (5.0, 2.0), (2.0, 5.0), (-1.0, 2.0))
    painted = canvas(image, (0, 0), (4, 4), (-1, -1, 5, 5), (Clip(outer, (1.0,)), Clip(diamond, (2.0,))))[:, :, 0]
    assert painted.tolist() == [
        [2, 2, 1, 1, 2, 2],
        [2, 9, 9, 9, 9, 2],
        [1, 9, 9, 9, 9, 1],
        [1, 9, 9, 9, 9, 1],
        [2, 9, 9, 9, 9, 2],
        [2, 2, 1, 1, 2, 2],
    ]
    assert canvas(image, (0, 0), (4, 4), (0, 0, 4, 4), (Clip(inner, (3.0,)),))[:, :, 0].tolist() == [
        [3, 3, 3, 3],
        [3, 9, 9, 3],
        [3, 9, 9, 3],
        [3, 3, 3, 3],
    ]


def test_a_zoom_out_that_would_fill_the_memory_is_refused():
    shrunk = Compose([RandomAffine((30, 30), scale=(0.01, 0.01)), RandomAffine((30, 30), scale=(0.01, 0.01))])
    with pytest.raises(
        TransformError, match=r"a picture of 300 x 300 shrunk so far that its fill takes .* scale it by less"
    ):
        shrunk(np.zeros((300, 300, 3), np.uint8))
    with pytest.raises(TransformError, match="RandomAffine: nothing is left of the picture"):
        Compose([RandomAffine(0, scale=(1e-200, 1e-200)), Resize(9)]).plan((30, 30), Key())
