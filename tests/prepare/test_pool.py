import numpy as np
import pytest

from feedline.prepare import Recipe
from feedline.prepare.inputs import Inputs, Origin
from feedline.prepare.pool import choose, digest
from feedline.prepare.recipe import File, Source
from feedline.sources import ArraySource

COUNT = 60


@pytest.fixture
def pool(tmp_path):
    """Sixty images of three classes, of which the last six equal the first six."""
    images = np.arange(COUNT, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    images[-6:] = images[:6]
    np.savez(tmp_path / "x.npz", images=images, labels=np.arange(COUNT) % 3)
    source = ArraySource(tmp_path / "x.npz")
    splits = np.repeat(["all"], COUNT)
    places = np.arange(COUNT)
    inputs = Inputs([Origin(source, "x", "")], 0 * places, places, splits, source.targets, source.classes)
    return inputs, [digest(image.tobytes()) for image in images]


def recipe(**how):
    return Recipe("x", (Source("x", (File("x.npz"),)),), **how)


def test_equal_images_go_once(pool):
    chosen = choose(recipe(shuffle=False), *pool, None)
    assert chosen.inputs.indices.tolist() == list(range(COUNT - 6))
    assert [each.of for each in chosen.duplicates.dropped] == list(range(6))
    assert len(choose(recipe(exact=False), *pool, None).inputs) == COUNT


def test_the_order_is_drawn_by_the_seed_alone(pool):
    one, two, three = (choose(recipe(seed=seed), *pool, None).inputs.indices.tolist() for seed in (1, 1, 2))
    assert one == two != three
    assert sorted(one) == sorted(three) == list(range(COUNT - 6))


def test_splits_follow_each_other_training_first(pool):
    inputs = choose(recipe(split={"test": 0.2, "val": 0.1}), *pool, None).inputs
    assert list(dict.fromkeys(inputs.splits.tolist())) == ["train", "val", "test"]
    assert np.count_nonzero(np.diff(np.unique(inputs.splits, return_inverse=True)[1])) == 2


def test_classes_are_evened(pool):
    inputs, digests = pool
    labels = np.where(np.arange(COUNT) < 40, 0, inputs.labels)
    uneven = Inputs(inputs.origins, inputs.which, inputs.indices, inputs.splits, labels, inputs.classes)
    chosen = choose(recipe(balance="cap", limit=8), uneven, digests, None)
    assert chosen.balance.after.max() <= 8
    assert len(chosen.inputs) == chosen.balance.after.sum()
