import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import Memory, labelled, picture

import feedline
from feedline import DataError, ImageDataset, split
from feedline.subsets import subset

labels = st.lists(st.integers(0, 4), min_size=1, max_size=30).flatmap(lambda half: st.permutations(half + half))
shares = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**63 - 1)


def sides(dataset, *args, **kwargs):
    return tuple(part.indices.tolist() for part in split(dataset, *args, **kwargs))


@given(targets=labels, val=shares, seed=seeds)
def test_every_class_gives_its_share_and_keeps_one(targets, val, seed):
    counts = np.bincount(targets)
    train, held = split(labelled(targets), val, seed)
    for label, count in enumerate(counts):
        if count:
            taken = (held.targets == label).sum()
            assert abs(taken - val * count) <= 0.5 or taken in (1, count - 1)
            assert 1 <= taken <= count - 1
            assert (train.targets == label).sum() == count - taken


@given(targets=labels, val=shares, seed=seeds)
def test_each_sample_is_on_one_side_in_the_datasets_order(targets, val, seed):
    train, held = sides(labelled(targets), val, seed)
    assert sorted(train + held) == list(range(len(targets)))
    assert train == sorted(train)
    assert held == sorted(held)
    assert (train, held) == sides(labelled(targets), val, seed)


def test_it_depends_on_labels_and_seed_and_not_on_what_the_images_are():
    targets = [0, 1] * 30
    other = ImageDataset(Memory([picture(3, 2, 1)] * 60, targets), len, mode="L")
    assert sides(labelled(targets), 0.3, 5) == sides(other, 0.3, 5)


def test_global_generators_change_nothing():
    targets = [0, 1] * 30
    np.random.seed(1)
    first = sides(labelled(targets))
    np.random.seed(2)
    assert first == sides(labelled(targets))


def test_another_seed_is_another_split():
    dataset = labelled([0, 1] * 30)
    assert len({str(sides(dataset, 0.2, seed)) for seed in range(10)}) == 10


def test_the_usual_share_is_a_fifth():
    train, held = split(labelled([0] * 50 + [1] * 10))
    assert np.bincount(held.targets).tolist() == [10, 2]
    assert np.bincount(train.targets).tolist() == [40, 8]


def test_a_part_can_be_split_again():
    dataset = labelled([0, 1] * 30)
    part = subset(dataset, range(10, 50))
    train, held = split(part)
    assert train.dataset is dataset
    assert sorted([*train.indices, *held.indices]) == list(range(10, 50))


@given(data=st.data(), val=st.floats(0.1, 0.9), seed=seeds)
def test_no_group_is_on_both_sides_and_no_class_is_missing(data, val, seed):
    targets = data.draw(labels)
    groups = data.draw(st.lists(st.integers(0, 9), min_size=len(targets), max_size=len(targets)))
    try:
        train, held = sides(labelled(targets), val, seed, groups)
    except DataError:
        return
    assert sorted(train + held) == list(range(len(targets)))
    assert not {groups[index] for index in train} & {groups[index] for index in held}
    assert {targets[index] for index in train} == {targets[index] for index in held} == set(targets)
    assert (train, held) == sides(labelled(targets), val, seed, groups)


def test_groups_are_near_their_share():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 60, 3000)
    _, held = split(labelled(rng.integers(0, 3, 3000)), 0.25, groups=groups)
    assert np.abs(np.bincount(held.targets) / 1000 - 0.25).max() < 0.05


def test_the_datasets_own_groups_are_the_default():
    groups = [number // 4 for number in range(80)]
    dataset = labelled([0, 1] * 40, groups)
    train, held = split(dataset)
    assert not set(train.groups) & set(held.groups)
    assert sides(dataset) == sides(dataset, groups=groups)
    assert sides(dataset, groups=None) == sides(labelled([0, 1] * 40))


def test_no_font_family_is_on_both_sides_of_the_glyphs():
    train, held = split(feedline.open("glyphs"))
    assert not set(train.groups) & set(held.groups)
    assert np.unique(train.targets).tolist() == np.unique(held.targets).tolist() == list(range(10))
    assert 0.15 < len(held) / (len(train) + len(held)) < 0.25


@pytest.mark.parametrize(
    "name", [str, lambda number: ("patient", number), lambda number: number if number % 2 else str(number)]
)
def test_groups_are_of_any_value_that_can_be_compared(name):
    numbers = [number // 4 for number in range(80)]
    groups = [name(number) for number in numbers]
    train, held = sides(labelled([0, 1] * 40), groups=groups)
    assert held
    assert not {groups[index] for index in train} & {groups[index] for index in held}


def test_a_number_and_its_name_are_two_groups():
    groups = [1, 1, "1", "1"] * 10
    train, held = sides(labelled([0, 1] * 20), 0.5, groups=groups)
    assert {groups[index] for index in train}.isdisjoint({groups[index] for index in held})


def test_a_class_of_one_image():
    with pytest.raises(DataError, match="class 'class1' has one image"):
        split(labelled([0, 0, 1]))


def test_groups_that_no_split_can_keep_together():
    with pytest.raises(DataError, match=r"no image of class 'class1' is left for (training|validation)"):
        split(labelled([0, 0, 0, 1, 1]), groups=["a", "b", "c", "d", "d"])


@pytest.mark.parametrize("val", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_that_is_none(val):
    with pytest.raises(ValueError, match="val must be between 0 and 1, not"):
        split(labelled([0, 0]), val)


def test_too_few_groups():
    with pytest.raises(ValueError, match="one value a sample, 4, not 3"):
        split(labelled([0, 0, 1, 1]), groups=[1, 2, 3])


def test_what_has_no_label_is_split_too(tmp_path):
    for number in range(10):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((4, 4, 3), number, np.uint8))
    train, val = split(feedline.open(tmp_path), 0.3)
    assert (len(train), len(val)) == (7, 3)
    assert not set(train.paths) & set(val.paths)
    with pytest.raises(DataError, match="what has no label has one image"):
        split(train.subset([0]), 0.3)


def test_pairs_are_not_split_by_the_classes_of_their_images():
    glyphs = feedline.open_pairs(labelled([0] * 9 + [1]).source, derive="gray")
    assert [len(part) for part in split(glyphs, 0.3)] == [7, 3]
    with pytest.raises(DataError, match=r"^one pair: a split needs at least two, one to train on and"):
        split(feedline.Subset(glyphs, [9]))
