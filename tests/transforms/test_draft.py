import numpy as np
import pytest
from photo import photo

from feedline.errors import TransformError
from feedline.native import counting
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Gamma,
    Normalize,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomInvert,
    RandomRotation,
    Resize,
    ToTensor,
    Transform,
)
from feedline.transforms.draft import Draft
from feedline.transforms.pointwise import Colour, Curve, line


class Recoloured(Transform):
    def __init__(self, step):
        self.step = step

    def add(self, draft, key, operation):
        draft.recolour(self.step)


class Worked(Transform):
    def add(self, draft, key, operation):
        draft.work("blur", lambda image: image)


GEOMETRY = [
    Resize(120),
    RandomRotation(30),
    RandomAffine(10, (0.1, 0.1), (0.8, 1.2), 5),
    RandomCrop(90),
    RandomHorizontalFlip(1),
]
COLOURS = [Recoloured(line(f"brightness {gain}", gain)) for gain in (0.9, 1.1, 0.8, 1.2)]
FLOATS = [ToTensor(), Normalize((0.5,) * 3, (0.25,) * 3)]
GREYER = Colour("saturation 0.5", ((0.6, 0.3, 0.1, 0.0),) * 3)
BENT = Recoloured(Curve("posterize to 3 bits", lambda x, white: np.floor(x * 7.99) / 7))


def costs(steps, image=None):
    with counting() as counters:
        Compose(steps)(photo(150, 200) if image is None else image, Key(3))
    return counters


ORDERS = {
    "geometry first": [*GEOMETRY, *COLOURS, *FLOATS],
    "colours first": [*COLOURS, *GEOMETRY, *FLOATS],
    "mixed": [GEOMETRY[0], COLOURS[0], *GEOMETRY[1:3], *COLOURS[1:3], *GEOMETRY[3:], COLOURS[3], *FLOATS],
    "turned round": [*GEOMETRY[::-1], *COLOURS, *FLOATS],
    "floats in between": [*GEOMETRY[:3], *COLOURS, *FLOATS, *GEOMETRY[3:]],
}


@pytest.mark.parametrize("steps", ORDERS.values(), ids=ORDERS)
def test_five_geometric_and_four_pixelwise_steps_cost_one_resampling_and_one_float_pass(steps):
    counters = costs(steps)
    assert (counters.resamplings, counters.float_passes) == (1, 1)
    assert counters.pixel_passes <= 1
    assert counters.copies == counters.stages == 0


def test_curves_of_any_form_behind_all_geometry_are_part_of_the_float_table():
    counters = costs([*GEOMETRY, BENT, *COLOURS, *FLOATS])
    assert (counters.resamplings, counters.float_passes, counters.pixel_passes) == (1, 1, 0)


def test_curves_of_any_form_wait_behind_flips_and_crops():
    counters = costs([Resize(100), BENT, RandomHorizontalFlip(1), CenterCrop(50), *FLOATS])
    assert (counters.resamplings, counters.float_passes, counters.pixel_passes) == (1, 1, 0)


def test_curves_of_any_form_go_in_front_where_pixels_were_only_moved():
    counters = costs([CenterCrop(100), BENT, Pad(9, 30), Resize(50)])
    assert (counters.resamplings, counters.pixel_passes) == (1, 1)


FIRST, SECOND = Pad(20, (40, 80, 0)), Pad(30, (90, 91, 92))


@pytest.mark.parametrize(
    ("steps", "first", "level"),
    [
        ([FIRST, RandomInvert(1.0), SECOND], (215, 175, 255), 55),
        ([FIRST, Gamma(2.0), SECOND], (6, 25, 0), 157),
        ([CenterCrop(90), Resize(100), FIRST, RandomInvert(1.0), SECOND], (215, 175, 255), 55),
        ([FIRST, Resize(70), Resize(140), RandomInvert(1.0), SECOND], (215, 175, 255), 55),
    ],
)
def test_a_step_between_two_fills_changes_the_first_alone(steps, first, level):
    steps = [*steps, Resize(100)]
    image = np.full((100, 100, 3), 200, np.uint8)
    assert len(Compose(steps).plan((100, 100)).resamplings) == 1
    out = Compose(steps)(image)
    for places, colour in ((slice(0, 13), (90, 91, 92)), (slice(17, 23), first), (slice(27, 73), (level,) * 3)):
        np.testing.assert_array_equal(out[50, places], np.tile(colour, (places.stop - places.start, 1)))
        np.testing.assert_array_equal(out[places, 50], out[50, places])


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (
            [Resize(90), BENT, Resize(40)],
            "again, for what follows posterize to 3 bits, which weighted sums",
        ),
        ([Resize(90), Worked(), Resize(40)], "again, for what follows blur, which looks at the picture as it is then"),
        ([Resize(90), Resize(40, "bicubic")], "again, for bilinear and bicubic do not fold"),
        ([Resize(90), *FLOATS, RandomRotation((9, 9))], "again, for a fill among floats"),
        ([RandomRotation((9, 9)), Resize((20, 150))], "one side that shrinks much more than the other, behind a turn"),
        ([Resize(9, "nearest"), Resize(80, "nearest")], "again, for the large pixels of what was shrunk"),
        ([Resize(90), Pad(3, padding_mode="edge"), Resize(40)], "the edge border of what was resampled or filled"),
        ([Resize(90), ToTensor(), Recoloured(GREYER), Resize(40)], "saturation 0.5, which works on floats"),
    ],
)
def test_what_costs_two_resamplings_says_why(steps, words):
    plan = Compose(steps).plan((150, 200), Key(3))
    assert len(plan.resamplings) == 2
    assert words in str(plan)


@pytest.mark.parametrize("gain", [1.2, 1.5, 2.0])
@pytest.mark.parametrize("behind", [Resize(70), RandomRotation((20, 20), fill=0)])
def test_a_colour_that_leaves_white_differs_little_more_than_geometry_alone(behind, gain):
    """Where an affine step saturates between weighted sums, the fold saturates behind them, or in front."""
    geometry = [Resize(150), behind]
    apart = []
    for steps in ([geometry[0], Recoloured(line("brightness", gain)), behind], geometry):
        image = single = photo(200, 260)
        for step in steps:
            single = step(single)
        apart.append(np.abs(Compose(steps)(image).astype(int) - single))
    with_colour, alone = apart
    assert with_colour.mean() <= alone.mean() + 0.4
    assert np.quantile(with_colour, 0.99) <= np.quantile(alone, 0.99) * gain + 4
    assert with_colour.max() <= alone.max() * gain + 8


def test_pixelwise_steps_need_black_and_white():
    with pytest.raises(TransformError, match=r"brightness 0\.9: normalised images have no black and white"):
        Compose([*FLOATS, COLOURS[0]]).plan((10, 10))


@pytest.mark.parametrize("dtype", [np.int32, np.float64, "bool"])
def test_other_types_are_named(dtype):
    with pytest.raises(TransformError, match=f"not {np.dtype(dtype)}: decode with dtype="):
        Draft(3, 4, dtype=dtype)


def test_a_fill_must_fit_the_picture():
    with pytest.raises(TransformError, match=r"fill must be in 0..255 for uint8, not 256"):
        Compose([Pad(1, 256)]).plan((3, 3))
    with pytest.raises(TransformError, match="fill must have 1 number, or 1 a channel, 3 here"):
        Compose([Pad(1, (1, 2))]).plan((3, 3))
    assert Compose([Pad(1, 65535)]).plan((3, 3), dtype=np.uint16).stages


def test_cuts_are_the_frames_beyond_which_something_went():
    plan = Compose([CenterCrop(10), RandomHorizontalFlip(1), Resize(5)]).plan((20, 30))
    assert plan.cuts == (((10, 5), (20, 5), (20, 15), (10, 15)),)
    assert plan.outline == ((20, 5), (10, 5), (10, 15), (20, 15))


def test_each_channel_of_a_pad_behind_a_resize_has_its_own_fill():
    image = np.full((20, 30, 3), 77, np.uint8)
    out = Compose([Resize((10, 15)), Pad(2, (10, 20, 30)), Pad((3, 0), (255, 0, 1))])(image)
    expected = np.full((14, 25, 3), (255, 0, 1), np.uint8)
    expected[:, 3:-3] = 10, 20, 30
    expected[2:-2, 5:-5] = 77
    np.testing.assert_array_equal(out, expected)


def test_the_filter_of_a_perspective_is_as_wide_as_its_middle_shrinks():
    draft = Draft(100, 100)
    draft.move((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.01, 0.0, 1.0), 50, 50)  # (x, y) / (1 + x / 100)
    (stage,) = draft.finish().resamplings
    # the middle (25, 25) is that of (100 / 3, 100 / 3), where depth is 4 / 3; the derivatives of x / (1 + x / 100) and
    # y / (1 + x / 100) by x are 9 / 16 and -3 / 16 there, those by y are 0 and 3 / 4
    assert stage.widths == pytest.approx((4 / 3, 16 / np.hypot(9, 3)))
