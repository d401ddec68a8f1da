"""reduced.py: the plan for a picture that is decoded smaller."""

import numpy as np
import pytest
from imagebytes import encode
from imagebytes import picture as smooth
from memory import picture

import feedline
from feedline.native import counting
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Pad,
    RandomHorizontalFlip,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    Resize,
    ToTensor,
    Transform,
)
from feedline.transforms.execute import run
from feedline.transforms.pointwise import Curve, line
from feedline.transforms.reduced import reduced, shrinks


class Recoloured(Transform):
    def __init__(self, curve):
        self.curve = curve

    def add(self, draft, key, operation):
        draft.recolour(self.curve)


STEPS = Curve("steps", lambda x, _: np.floor(x * 4) / 4)


@pytest.mark.parametrize(
    ("steps", "least"),
    [
        ([Resize((20, 40))], 4.0),
        ([Resize((40, 20)), RandomRotation((30, 30))], 2.0),
        ([Recoloured(line("brighter", 1.2)), Resize(20)], 4.0),
        ([Recoloured(STEPS), Resize(20)], 1.0),
        ([Resize(20, "nearest")], 1.0),
        ([Resize(20, antialias=False)], 1.0),
        ([Pad(4, padding_mode="reflect"), Resize(20)], 1.0),
        ([ToTensor(), CenterCrop(20)], 1.0),
        ([RandomHorizontalFlip(1.0), CenterCrop(20)], 1.0),
        ([], 1.0),
    ],
)
def test_by_how_much_a_plan_shrinks(steps, least):
    assert shrinks(Compose(steps).plan((80, 160))) == pytest.approx(least)


@pytest.mark.parametrize("step", [2, 4])
def test_a_slope_comes_out_the_same(step):
    large = np.add.outer(np.arange(160) * 0.5, np.arange(240) * 0.7)[:, :, None].repeat(3, 2).astype(np.float32) / 255
    small = large.reshape(160 // step, step, 240 // step, step, 3).mean((1, 3))
    steps = Compose([Pad(8, fill=0.5), Resize((40, 50)), Pad(3, fill=0.25), RandomHorizontalFlip(1.0)])
    plan = steps.plan((160, 240), dtype=np.float32)
    found, exact = run(reduced(plan, step, small.shape[:2]), small), run(plan, large)
    assert np.abs(found - exact)[8:-8, 8:-8].max() < 2e-3, "half a pixel beside it would be more"
    assert np.array_equal(found[:3], exact[:3])
    assert found[3, 3] == pytest.approx([0.5] * 3, abs=1e-6)


def test_what_shrinks_by_just_as_much_is_copied():
    small = picture(60, 70)
    plan = reduced(Compose([CenterCrop(80), Resize(40), Pad(2, fill=9)]).plan((120, 140)), 2, (60, 70))
    with counting() as counters:
        found = run(plan, small)
    assert (counters.resamplings, counters.copies) == (0, 1)
    assert np.array_equal(found[2:-2, 2:-2], small[10:50, 15:55])
    assert (found[:2] == 9).all()
    assert found.shape == (44, 44, 3)


def test_the_outline_and_the_cuts_are_those_of_the_whole():
    whole = Compose([RandomResizedCrop(20), RandomRotation(30)]).plan((120, 160), Key(4))
    plan = reduced(whole, 2, (60, 80), (0.5, 0.25))
    moved = [(x / 2 + 0.25, y / 2 + 0.5) for x, y in whole.outline]
    assert np.allclose(plan.outline, moved)
    assert np.allclose(plan.cuts[0], np.array(whole.cuts[0]) / 2 + (0.25, 0.5))
    assert (plan.source, plan.size) == ((60, 80), whole.size)


def test_perspectives_that_look_over_their_horizon_are_decoded_smaller_too(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.jpg").write_bytes(encode(smooth(width=1000, height=800), "JPEG"))
    dataset = feedline.open(tmp_path).with_transform(Compose([RandomPerspective(1.0, 1), Resize(60)]))
    fast = dataset.with_scale("fast")
    with counting() as counters:
        for seed in range(20, 70):  # among them 61, whose frame looks over the horizon, so that it has five corners
            assert fast.get(0, Key(seed))[0].shape == (60, 75, 3)
    assert counters.pixels_decoded < 50 * 800 * 1000
