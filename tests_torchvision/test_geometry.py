"""Our geometry beside torchvision's, pixel by pixel on a smooth picture: run where torchvision is installed.

Random parameters are pinned, or read from our plan's matrix and given to torchvision's functional form.

Left out everywhere: the pixels that mix picture and fill. torchvision weighs the picture there twice (by what
``grid_sample`` left and once more by its mask), so that they are darker than the mixture; ours is the mixture.
"""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode, functional

from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
)
from feedline.transforms.execute import run, run_mask
from feedline.transforms.five_crop import FiveCrop, TenCrop
from feedline.transforms.matrix import at, inverse
from feedline.transforms.perspective import RandomPerspective

TOLERANCES = {
    # name: mean and largest difference of 255, and why it is not 0
    "moves": (0.0, 0.0, "pixels are moved, not mixed"),
    "nearest": (0.01, 60.0, "a place between two pixels may go to either: rare, and then as large as they differ"),
    "resize": (0.25, 1.0, "both round behind each axis, with other integer weights"),
    "resize bicubic": (0.25, 1.0, "the same; both have a = -0.5 where the filter is antialiased"),
    "resize aliased": (0.25, 1.0, "the same"),
    "resize aliased bicubic": (0.4, 3.0, "torch has a = -0.75 there, ours is -0.5 as in Pillow"),
    "turn": (0.01, 1.0, "places are rounded to 1/2048 pixel, and torch's are float32"),
    "shrinking turn": (0.5, 5.0, "ours is antialiased, torchvision's is not"),
    "perspective": (0.6, 6.0, "the local scale is under 1: ours is antialiased there, torchvision's is not"),
}
FLOAT_EASE = 0.01
"""Of 255, added for floats: ours are weighed by integers of 14 bits (turned: 11 bits), and float32 rounds."""

SIZES = [(61, 83), (80, 64)]
FILL = (10, 200, 90)


def photo(height, width, seed=3):
    """A picture as smooth as a photograph, with an edge: HxWx3 uint8."""
    numbers = np.random.default_rng(seed)
    rows, columns = np.indices((height, width)) / 100
    waves = np.zeros((height, width, 3))
    for _ in range(12):
        (down, across), shift = numbers.uniform(-14, 14, 2), numbers.uniform(0, 6.3, 3)
        waves += np.cos((rows * down + columns * across)[:, :, None] + shift) * 18
    waves += 30 * np.tanh(8 * (columns - rows - 0.1))[:, :, None] + numbers.normal(0, 1.5, waves.shape)
    return np.clip(waves + 125, 0, 255).astype(np.uint8)


def as_tensor(image):
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).contiguous()


def planned(step, image, key):
    height, width, channels = image.shape
    return Compose([step]).plan((height, width), key, channels=channels, dtype=image.dtype)


def mixed(step, image, key):
    """Which pixels of the output mix picture and fill, HxW: those of a white picture that are grey."""
    with_fill = getattr(step, "fill", None) is not None
    if not with_fill:
        return None
    black = type(step)(**{**vars(step), "fill": 0})
    white = np.full((*image.shape[:2], 1), 60000, np.uint16)
    seen = run(planned(black, white, key), white)[:, :, 0]
    return (seen > 0) & (seen < 60000)


def compare(ours, theirs, tolerance, left_out=None, white=255.0, ease=0.0):
    mean, largest, _ = TOLERANCES[tolerance]
    theirs = theirs.permute(1, 2, 0).numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    difference = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) * 255 / white
    if left_out is not None:
        assert left_out.mean() < 0.2
        difference = difference[~left_out]
    assert difference.mean() <= mean + ease, (difference.mean(), difference.max())
    assert difference.max() <= largest + ease, (difference.mean(), difference.max())


def window_of(plan):
    left, top = at(inverse(plan.matrix), (0, 0))
    right, bottom = at(inverse(plan.matrix), (plan.size[1], plan.size[0]))
    return round(top), round(left), round(bottom - top), round(right - left)


def corners_of(plan):
    height, width = plan.source
    starts = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    ends = [tuple(round(number) for number in at(plan.matrix, start)) for start in starts]
    return [list(start) for start in starts], [list(end) for end in ends]


def perspective(step):
    def theirs(image, plan):
        starts, ends = corners_of(plan)
        return functional.perspective(
            image, starts, ends, InterpolationMode(step.interpolation), fill=list(as_fill(image))
        )

    return theirs


def resized_crop(step):
    def theirs(image, plan):
        form = InterpolationMode(step.interpolation)
        return functional.resized_crop(image, *window_of(plan), list(step.size), form, step.antialias)

    return theirs


def random_crop(step):
    def theirs(image, plan):
        left, top, right, bottom = (*np.atleast_1d(step.padding),) * (4 // np.atleast_1d(step.padding).size)
        mode = step.padding_mode
        fill = list(as_fill(image)) if mode == "constant" else 0
        image = functional.pad(image, [int(side) for side in (left, top, right, bottom)], fill=fill, padding_mode=mode)
        missing = [max(size - side, 0) for size, side in zip(step.size, image.shape[1:], strict=True)]
        if any(missing):
            image = functional.pad(image, [missing[1], missing[0]], fill=fill, padding_mode=mode)
        row = top + missing[0] - plan.matrix[5]
        column = left + missing[1] - plan.matrix[2]
        assert 0 <= row <= image.shape[1] - step.size[0]
        assert 0 <= column <= image.shape[2] - step.size[1]
        return functional.crop(image, round(row), round(column), *step.size)

    return theirs


def as_fill(image):
    return FILL if image.dtype == torch.uint8 else tuple(number / 255 for number in FILL)


def pinned(theirs):
    """Torchvision's class, with parameters that leave nothing to chance."""
    return lambda image, _: theirs(image)


def affine(angle=0.0, translate=(0, 0), scale=1.0, shear=(0.0, 0.0), center=None, mode="bilinear"):
    def theirs(image, _):
        fill, form = list(as_fill(image)), InterpolationMode(mode)
        return functional.affine(image, angle, list(translate), scale, list(shear), form, fill, center)

    return theirs


def shifted(image, plan):
    return affine(translate=(round(plan.matrix[2]), round(plan.matrix[5])))(image, plan)


def rotation(angle, mode="bilinear", expand=False, center=None):
    def theirs(image, _):
        return functional.rotate(image, angle, InterpolationMode(mode), expand, center, list(as_fill(image)))

    return theirs


def padding(sides, mode):
    def theirs(image, _):
        return functional.pad(image, sides, list(as_fill(image)) if mode == "constant" else 0, mode)

    return theirs


RESIZED_CROPS = [
    (RandomResizedCrop(40), "resize"),
    (RandomResizedCrop((30, 50), (0.3, 0.6), interpolation="bicubic"), "resize bicubic"),
    (RandomResizedCrop(20, antialias=False), "resize aliased"),
    (RandomResizedCrop((24, 16), scale=(0.9, 0.9), ratio=(8.0, 9.0)), "resize"),
    (RandomResizedCrop((24, 16), scale=(0.9, 0.9), ratio=(0.1, 0.125)), "resize"),
    (RandomResizedCrop((24, 16), scale=(2, 2)), "resize"),
]
RANDOM_CROPS = [
    RandomCrop(32),
    RandomCrop((30, 50), padding=6, fill=FILL),
    RandomCrop((60, 64), padding=(4, 7), padding_mode="reflect"),
    RandomCrop(40, padding=(1, 2, 3, 4), padding_mode="edge"),
    RandomCrop(40, padding=9, padding_mode="symmetric"),
    RandomCrop((90, 70), pad_if_needed=True, fill=FILL),
    RandomCrop((70, 90), padding=2, pad_if_needed=True, fill=FILL),
]
PADS = [
    ([3], "constant", FILL),
    ([2, 5], "constant", FILL),
    ([1, 2, 3, 4], "constant", FILL),
    ([5, 1, 0, 9], "edge", 0),
    ([5, 1, 0, 9], "reflect", 0),
    ([5, 1, 0, 9], "symmetric", 0),
]
TURNS = [(angle, expand) for angle in (30, -72.5, 90, 180, 200, 270) for expand in (False, True)]

CASES = [
    (Resize((40, 55)), pinned(v2.Resize((40, 55))), "resize"),
    (Resize((150, 130)), pinned(v2.Resize((150, 130))), "resize"),
    (Resize(33), pinned(v2.Resize(33)), "resize"),
    (Resize(33, max_size=40), pinned(v2.Resize(33, max_size=40)), "resize"),
    (Resize(None, max_size=47), pinned(v2.Resize(None, max_size=47)), "resize"),
    (Resize(29, "bicubic"), pinned(v2.Resize(29, InterpolationMode.BICUBIC)), "resize bicubic"),
    (Resize(29, antialias=False), pinned(v2.Resize(29, antialias=False)), "resize aliased"),
    (Resize(120, antialias=False), pinned(v2.Resize(120, antialias=False)), "resize aliased"),
    (
        Resize(100, "bicubic", antialias=False),
        pinned(v2.Resize(100, InterpolationMode.BICUBIC, antialias=False)),
        "resize aliased bicubic",
    ),
    (Resize((37, 50), "nearest"), pinned(v2.Resize((37, 50), InterpolationMode.NEAREST_EXACT)), "moves"),
    (CenterCrop((31, 40)), pinned(v2.CenterCrop((31, 40))), "moves"),
    (CenterCrop((90, 41)), pinned(v2.CenterCrop((90, 41))), "moves"),
    (CenterCrop(101), pinned(v2.CenterCrop(101)), "moves"),
    (RandomHorizontalFlip(1), pinned(v2.RandomHorizontalFlip(1)), "moves"),
    (RandomVerticalFlip(1), pinned(v2.RandomVerticalFlip(1)), "moves"),
    *[(Pad(sides, fill, mode), padding(sides, mode), "moves") for sides, mode, fill in PADS],
    *[(step, random_crop(step), "moves") for step in RANDOM_CROPS],
    *[(step, resized_crop(step), tolerance) for step, tolerance in RESIZED_CROPS],
    *[(RandomRotation((a, a), expand=e, fill=FILL), rotation(a, expand=e), "turn") for a, e in TURNS],
    (RandomRotation((25, 25), center=(10, 30), fill=FILL), rotation(25, center=[10, 30]), "turn"),
    (RandomAffine((20, 20), fill=FILL), affine(20), "turn"),
    (RandomAffine((-100, -100), center=(20, 11), fill=FILL), affine(-100, center=[20, 11]), "turn"),
    (RandomAffine(0, (0.3, 0.2), fill=FILL), shifted, "moves"),
    (RandomAffine((20, 20), interpolation="nearest", fill=FILL), affine(20, mode="nearest"), "nearest"),
    (RandomAffine(0, scale=(1.7, 1.7), fill=FILL), affine(scale=1.7), "resize"),
    (RandomAffine(0, scale=(0.6, 0.6), fill=FILL), affine(scale=0.6), "shrinking turn"),
    (RandomAffine(0, shear=(15, 15), fill=FILL), affine(shear=(15, 0)), "turn"),
    (RandomAffine(0, shear=(0, 0, -20, -20), fill=FILL), affine(shear=(0, -20)), "turn"),
    (
        RandomAffine((40, 40), scale=(1.3, 1.3), shear=(12, 12, -9, -9), center=(30, 20), fill=FILL),
        affine(40, (0, 0), 1.3, (12, -9), [30, 20]),
        "turn",
    ),
    (
        RandomAffine((-70, -70), scale=(0.8, 0.8), shear=(5, 5, 15, 15), fill=FILL),
        affine(-70, (0, 0), 0.8, (5, 15)),
        "shrinking turn",
    ),
    *[(step, perspective(step), "perspective") for step in (RandomPerspective(s, 1, fill=FILL) for s in (0.2, 0.5))],
]


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("step", "theirs", "tolerance"), CASES, ids=[repr(case[0]) for case in CASES])
def test_pixels_are_torchvisions(step, theirs, tolerance, size, kind):
    image = photo(*size)
    for index in range(3):
        key = Key(index=index)
        if kind == "uint8":
            plan = planned(step, image, key)
            compare(run(plan, image), theirs(as_tensor(image), plan), tolerance, mixed(step, image, key))
            continue
        floats = image.astype(np.float32) / 255
        parameters = {**vars(step)}
        if "fill" in parameters and parameters["fill"] != 0:
            parameters["fill"] = as_fill(torch.empty(0))
        plan = planned(type(step)(**parameters), floats, key)
        left_out = mixed(step, image, key)
        compare(run(plan, floats), theirs(as_tensor(floats), plan), tolerance, left_out, 1.0, FLOAT_EASE)


MASKED = [
    (RandomAffine((20, 20), scale=(1.2, 1.2), fill=FILL), affine(20, scale=1.2, mode="nearest")),
    (RandomRotation((33, 33), expand=True, fill=FILL), rotation(33, mode="nearest", expand=True)),
    (RandomPerspective(0.5, 1, fill=FILL), None),
    (RandomResizedCrop(40), None),
    (RandomHorizontalFlip(1), pinned(v2.RandomHorizontalFlip(1))),
    (CenterCrop((90, 41)), pinned(v2.CenterCrop((90, 41)))),
    (Resize((37, 50)), pinned(v2.Resize((37, 50), InterpolationMode.NEAREST_EXACT))),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("step", "theirs"), MASKED, ids=[repr(case[0]) for case in MASKED])
def test_masks_are_torchvisions_nearest(step, theirs, size):
    """But for places between two pixels, which either rounds its own way: under one in a hundred."""
    image, key = photo(*size), Key(index=4)
    mask = (image[:, :, :1] // 50).astype(np.uint8) + 1
    plan = planned(step, image, key)
    tensor = as_tensor(mask)
    if theirs is not None:
        expected = as_empty(theirs, tensor, plan)
    elif isinstance(step, RandomPerspective):
        expected = functional.perspective(tensor, *corners_of(plan), InterpolationMode.NEAREST, fill=0)
    else:
        exact = InterpolationMode.NEAREST_EXACT
        expected = functional.resized_crop(tensor, *window_of(plan), list(step.size), exact)
    found = run_mask(plan, mask)
    assert found.shape == tuple(expected.permute(1, 2, 0).shape)
    assert np.mean(found != expected.permute(1, 2, 0).numpy()) < 0.01


def as_empty(theirs, mask, plan):
    """Torchvision's on three equal channels that are filled with colours, its fill made 0."""
    out = theirs(mask.expand(3, -1, -1), plan)
    return torch.where((out == torch.tensor(FILL)[:, None, None]).all(0), 0, out[:1])


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("size", [(20, 31), 40])
def test_five_and_ten_crops_come_in_torchvisions_order(size, vertical):
    image = photo(61, 83)
    five = torch.stack(v2.FiveCrop(size)(as_tensor(image))).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(FiveCrop(size)(image), five)
    ten = torch.stack(v2.TenCrop(size, vertical)(as_tensor(image)))
    np.testing.assert_array_equal(TenCrop(size, vertical)(image), ten.permute(0, 2, 3, 1).numpy())
    torch.testing.assert_close(TenCrop(size, vertical)(as_tensor(image)), ten, rtol=0, atol=0)


@pytest.mark.parametrize("size", [(61, 83), (80, 64), (10, 10), (7, 40), (1, 9)], ids=str)
def test_an_expanded_rotation_is_as_large_as_torchvisions(size):
    height, width = size
    for angle in [*range(0, 361, 7), 45, 90, 135, 180, 270, 0.01, 89.99]:
        plan = Compose([RandomRotation((angle, angle), expand=True)]).plan(size)
        expected = functional.rotate(torch.zeros(1, height, width), angle, InterpolationMode.BILINEAR, expand=True)
        assert plan.size == tuple(expected.shape[1:]), angle


@pytest.mark.parametrize("size", [(61, 83), (100, 37), (50, 50), (9, 200)], ids=str)
@pytest.mark.parametrize(("least", "most"), [(20, None), (20, 30), (5, 100), (None, 64), (64, 65)])
def test_resize_finds_torchvisions_size(size, least, most):
    ours = Compose([Resize(least, max_size=most)]).plan(size).size
    assert ours == tuple(v2.Resize(least, max_size=most)(torch.zeros(1, *size)).shape[1:])


@pytest.mark.parametrize("scale", [0.1, 0.5, 0.77])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_perspective_draws_corners_within_torchvisions_bounds(size, scale):
    """Both: the corner of each corner's range is reached, and nothing lies beyond it."""
    height, width = size
    across, down = int(scale * (width // 2)), int(scale * (height // 2))
    reached = []
    for index in range(300):
        plan = Compose([RandomPerspective(scale, 1)]).plan(size, Key(index=index))
        starts, ends = corners_of(plan)
        reached.append(np.abs(np.array(ends) - np.array(starts)))
    assert np.max(reached, (0, 1)).tolist() == [across, down]
    torch.manual_seed(0)
    drawn = []
    for _ in range(300):
        inverse_matrix = v2.RandomPerspective(scale, 1).make_params([torch.zeros(1, *size)])["coefficients"]
        forth = inverse((*inverse_matrix, 1.0))
        drawn.append([np.abs(np.subtract(at(forth, tuple(start)), start)) for start in starts])
    np.testing.assert_allclose(np.max(drawn, (0, 1)), (across, down), atol=0.1)
    assert math.isclose(np.mean(reached), np.mean(np.median(drawn, 0)), rel_tol=0.15)
