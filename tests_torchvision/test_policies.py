"""AutoAugment, RandAugment and TrivialAugmentWide beside torchvision's v2: tables, strengths, and single operations."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.transforms.magnitudes import NARROW, SIGNED, SINGLE, WIDE, magnitude, perform
from feedline.transforms.policies import AutoAugment, RandAugment, TrivialAugmentWide
from feedline.transforms.policy_tables import POLICIES

SPACES = [(v2.AutoAugment, NARROW), (v2.RandAugment, NARROW), (v2.TrivialAugmentWide, WIDE)]
MOVING = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")


@pytest.mark.parametrize("policy", list(v2.AutoAugmentPolicy))
def test_the_tables_are_theirs(policy):
    theirs = v2.AutoAugment(policy)._policies
    ours = POLICIES[policy.value]
    assert [[(name, p, place or 0) for name, p, place in pair] for pair in theirs] == [list(pair) for pair in ours]
    assert AutoAugment(policy) == AutoAugment(policy.value)


@pytest.mark.parametrize("kind", [v2.AutoAugment, v2.RandAugment, v2.TrivialAugmentWide])
def test_the_operations_are_theirs(kind):
    names = {*SINGLE, "Invert"} - {"Identity"} if kind is v2.AutoAugment else set(SINGLE)
    assert set(kind._AUGMENTATION_SPACE) == names
    assert {name for name, (_, signed) in kind._AUGMENTATION_SPACE.items() if signed} == SIGNED


@pytest.mark.parametrize(("kind", "ranges"), SPACES)
@pytest.mark.parametrize("bins", [2, 3, 10, 11, 30, 31, 50])
@pytest.mark.parametrize("size", [(32, 32), (224, 331), (375, 500)])
def test_strengths_are_theirs(kind, ranges, bins, size):
    """Within what torchvision's float32 rounds: the step that should move by 16 pixels, it takes for 15.999999."""
    for name, (make, _) in kind._AUGMENTATION_SPACE.items():
        theirs = make(bins, *size)
        ours = [magnitude(name, ranges, place, bins, size) for place in range(bins)]
        if theirs is None:
            assert set(ours) == {0.0}
        else:
            np.testing.assert_allclose(ours, theirs.tolist(), rtol=3e-7, atol=1e-7)


def picture(height=64, width=48, channels=3):
    down, across = np.mgrid[0:height, 0:width]
    waves = [np.sin(down / (6 + c)) * np.cos(across / (9 - c)) for c in range(channels)]
    return np.clip(128 + 100 * np.stack(waves, -1), 0, 255).astype(np.uint8)


def both(image, name, strength, interpolation="bilinear", fill=0):
    draft = Draft(*image.shape, image.dtype)
    perform(draft, name, strength, interpolation, fill)
    step = v2.RandAugment(interpolation=interpolation, fill=fill)
    mode = v2.InterpolationMode(interpolation)
    tensor = torch.from_numpy(image).permute(2, 0, 1)
    theirs = step._apply_image_or_video_transform(tensor, name, strength, mode, step._fill)
    return run(draft.finish(), image).astype(float), theirs.permute(1, 2, 0).numpy().astype(float)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("place", [0, 4, 10, 19, 30])
@pytest.mark.parametrize("name", [name for name in (*SINGLE, "Invert") if name not in MOVING])
def test_colours_are_theirs(name, place, channels):
    """Within 1 of 255, where numbers are rounded and not cut off; within 2, where grey is too."""
    image = picture(channels=channels)
    strength = magnitude(name, WIDE, place, 31, image.shape[:2])
    for sign in (1, -1) if name in SIGNED else (1,):
        ours, theirs = both(image, name, sign * strength)
        assert np.abs(ours - theirs).max() <= (2 if name in ("Color", "Contrast") else 1)


@pytest.mark.parametrize("fill", [0, 90])
@pytest.mark.parametrize("place", [0, 4, 10, 19, 30])
@pytest.mark.parametrize("name", MOVING)
def test_what_moves_goes_where_theirs_goes(name, place, fill):
    """Within 1 of 255; up to a quarter on the pixels where picture and fill meet, as torchvision weighs those twice."""
    image = picture()
    strength = magnitude(name, NARROW, place, 31, image.shape[:2])
    for sign in (1, -1):
        ours, theirs = both(image, name, sign * strength, fill=fill)
        whites = both(np.full_like(image, 255), name, sign * strength)
        inner, outer = ((whites[0] == each) & (whites[1] == each) for each in (255, 0))
        difference = np.abs(ours - theirs)
        assert inner.mean() > 0.5
        assert difference[inner].max() <= 1
        assert difference.max() <= 66
        assert (~(inner | outer)).any(-1).sum() <= 4 * sum(image.shape[:2])
        assert (ours[outer] == theirs[outer]).all()


@pytest.mark.parametrize("name", MOVING)
def test_what_moves_by_whole_pixels_is_theirs(name):
    """The nearest pixel is theirs but where two are as near."""
    image = picture()
    strength = magnitude(name, NARROW, 13, 31, image.shape[:2])
    ours, theirs = both(image, name, strength, "nearest")
    assert (ours != theirs).any(-1).mean() < (0.01 if name.startswith("Translate") else 0.03)


@pytest.mark.parametrize("ours", [AutoAugment(), RandAugment(), TrivialAugmentWide()], ids=repr)
def test_their_parameters_are_ours(ours):
    theirs = getattr(v2, type(ours).__name__)(interpolation=v2.InterpolationMode.BILINEAR, fill=None)
    same = type(ours)(interpolation=theirs.interpolation, fill=theirs.fill)
    assert same == ours
    for name in ("num_ops", "magnitude", "num_magnitude_bins"):
        assert getattr(ours, name, None) == getattr(theirs, name, None)
