from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import check_draws, check_kept, forms, of_kind

from feedline.errors import TransformError
from feedline.native import counting
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, RandomResizedCrop, ToTensor
from feedline.transforms.policies import AutoAugment, RandAugment, TrivialAugmentWide

STEPS = [
    AutoAugment(),
    AutoAugment("cifar10"),
    AutoAugment("svhn", "nearest"),
    RandAugment(),
    RandAugment(4, 30),
    TrivialAugmentWide(),
]


@given(step=st.sampled_from(STEPS), form=forms, index=st.integers(0, 999))
def test_size_and_type_stay(step, form, index):
    check_kept(step, form, index)


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_draws_are_keyed(step):
    check_draws(step, of_kind("uint8", 12, 12))


def stages(step, count, size=(64, 48)):
    """What the plans of ``count`` samples say."""
    return [str(Compose([step]).plan(size, Key(index=n))) for n in range(count)]


def test_trivial_augment_chooses_every_operation_alike():
    said = Counter()
    for plan in stages(TrivialAugmentWide(), 1400):
        words = ("brightness", "contrast", "sharpness", "posterize", "solarize", "autocontrast", "equalize", "resample")
        said[next((word for word in words if f" {word} " in plan or f" {word}\n" in plan), "others")] += 1
    weaker = [said[word] for word in ("brightness", "contrast", "sharpness", "posterize", "solarize")]
    assert all(60 < count < 140 for count in [*weaker, said["autocontrast"], said["equalize"]])
    assert 230 < said["resample"] < 370


def test_auto_augment_inverts_as_often_as_its_table_says():
    inverted = [plan.count("invert") > 0 for plan in stages(AutoAugment("imagenet"), 1000)]
    expected = (0.6 + 0.6 + 0.6) / 25
    assert abs(np.mean(inverted) - expected) < 0.03


def test_signs_go_both_ways():
    plans = "".join(stages(TrivialAugmentWide(), 400))
    factors = [float(line.split()[-1]) for line in plans.splitlines() if ": brightness" in line]
    assert min(factors) < 0.3
    assert max(factors) > 1.7
    assert 0.25 < np.mean(np.array(factors) < 1) < 0.75


def test_rand_augment_does_as_many_as_asked():
    assert all("resample" not in plan and "stage" not in plan for plan in stages(RandAugment(0), 20))
    image = of_kind("uint8", 16, 16)
    np.testing.assert_array_equal(RandAugment(0)(image), image)
    assert max(plan.count("stage") for plan in stages(RandAugment(6), 60)) >= 4


def test_geometry_folds_with_its_neighbours():
    steps = Compose([RandomResizedCrop(16), RandAugment(1, 15), ToTensor(), Normalize(0.5, 0.5)])
    image = of_kind("uint8", 40, 30)
    for index in range(40):
        with counting() as counters:
            steps(image, Key(index=index))
        plan = steps.plan((40, 30), Key(index=index))
        assert counters.resamplings == 1
        assert len(plan.resamplings) == 1


def test_a_policy_behind_normalize_is_refused():
    steps = Compose([ToTensor(), Normalize(0.5, 0.5), RandAugment(20)])
    with pytest.raises(TransformError, match="put it before Normalize"):
        steps(of_kind("uint8", 8, 8))


def test_torchvisions_way_to_say_things():
    class Imagenet:
        value = "imagenet"

    assert AutoAugment(Imagenet(), fill=None) == AutoAugment("imagenet", fill=0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AutoAugment("mnist"), ["AutoAugment", "imagenet, cifar10, svhn", "'mnist'"]),
        (lambda: AutoAugment(interpolation="lanczos"), ["AutoAugment", "interpolation", "'lanczos'"]),
        (lambda: AutoAugment(fill=-1), ["AutoAugment", "fill", "-1"]),
        (lambda: RandAugment(-1), ["RandAugment", "num_ops", "-1"]),
        (lambda: RandAugment(2.5), ["RandAugment", "num_ops", "2.5"]),
        (lambda: RandAugment(magnitude=31), ["RandAugment", "below num_magnitude_bins", "31"]),
        (lambda: RandAugment(magnitude=-1), ["RandAugment", "magnitude", "-1"]),
        (lambda: RandAugment(num_magnitude_bins=1), ["RandAugment", "at least 2", "1"]),
        (lambda: TrivialAugmentWide(0), ["TrivialAugmentWide", "at least 2", "0"]),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)
    assert "\n" not in str(raised.value)
