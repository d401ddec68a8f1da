import pytest

from feedline.cli.parts import open_all, parts
from feedline.prepare import pack


def paths(part):
    return {part.source.origin(part.root_index(index))[0] for index in range(len(part))}


@pytest.mark.parametrize("shares", [{"val": 0.1, "test": 0.2}, {"test": 0.2}])
def test_a_stores_own_splits_are_used_and_test_is_in_neither(tmp_path, shares):
    pack("glyphs", tmp_path / "x.feed", split=shares, progress=False)
    dataset = open_all(str(tmp_path / "x.feed"))
    train, val = parts(dataset, 0.25, seed=0)
    held = dataset.source.split_names()
    assert {str(held[train.root_index(index)]) for index in range(len(train))} == {"train"}
    assert {str(held[val.root_index(index)]) for index in range(len(val))} == {"val" if "val" in shares else "train"}
    assert abs(len(val) - (400 if "val" in shares else 800)) < 60
    assert not paths(train) & paths(val)


def test_what_was_never_split_is_split(tmp_path):
    pack("glyphs", tmp_path / "x.feed", progress=False)
    train, val = parts(open_all(str(tmp_path / "x.feed")), 0.25, seed=0)
    assert (len(train), len(val)) == (3000, 1000)
