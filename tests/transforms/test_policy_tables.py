import pytest

from feedline.transforms.magnitudes import SINGLE
from feedline.transforms.policy_tables import POLICIES


@pytest.mark.parametrize("name", ["imagenet", "cifar10", "svhn"])
def test_a_policy_is_25_pairs(name):
    pairs = POLICIES[name]
    assert len(pairs) == 25
    operations = [operation for pair in pairs for operation in pair]
    assert len(operations) == 50
    assert {each for each, _, _ in operations} <= {*SINGLE, "Invert"}
    assert all(0 <= p <= 1 and round(10 * p) == pytest.approx(10 * p) for _, p, _ in operations)
    assert {place for _, _, place in operations} <= set(range(10))


def test_lines_of_the_published_tables():
    assert POLICIES["cifar10"][0] == (("Invert", 0.1, 0), ("Contrast", 0.2, 6))
    assert POLICIES["cifar10"][1] == (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9))
    assert POLICIES["svhn"][0] == (("ShearX", 0.9, 4), ("Invert", 0.2, 0))
    assert POLICIES["imagenet"][0] == (("Posterize", 0.4, 8), ("Rotate", 0.6, 9))
