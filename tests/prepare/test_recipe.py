import re
from pathlib import Path

import pytest

from feedline.errors import DataError
from feedline.prepare import Recipe, load
from feedline.prepare.recipe import RECIPES


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_own_recipes_are_whole(name):
    recipe = load(name)
    assert recipe.name == name
    assert len(recipe.classes) == 10
    assert recipe.normalize is not None
    assert recipe.about
    assert all(file.size for source in recipe.sources for file in source.files)


def test_notmnist_is_as_it_was_published():
    recipe = load("notmnist")
    assert [file.size for source in recipe.sources for file in source.files] == [247_336_696, 8_458_043]
    assert {name: 10 * count for name, count in recipe.merge.items()} == {"train": 200_000, "test": 10_000}
    assert (recipe.size, recipe.raw, recipe.mode) == ((28, 28), (28, 28), "L")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 2]", "is no recipe"),
        ("name: x\nsources: []", "there must be sources"),
        ("name: x\nsources: [{name: a}]", "source 0 must have a name and files"),
        ("name: x\nsources: [{name: a, files: [f], url: 3}]", "says url: what it may say is name, files"),
        ("name: x\nsources: [{name: a, files: [f]}]\nraw: 28", "raw must be width and height"),
        ("name: x\nsources: [{name: a, files: [f]}]\nbalance: even", "balance must be one of report, cap"),
        ("name: x\nsources: [{name: a, files: [f]}]\nmerge: {train: 3}", "merge draws for splits that sources have"),
        ("name: x\nsources: [{name: a, files: [f]}]\nmode: grey", "mode must be RGB or L"),
        ("name: x\nsources: [{name: a, files: [f]}, {name: a, files: [f]}]", "a name of its own"),
        ("name: {x", "is no YAML"),
        ("name: x\nsources: [{name: a, files: [{url: f, sha256: 123}]}]", "in quotation marks"),
        ("name: x\nsources: [{name: a, files: [{url: f, size: big}]}]", "a size in bytes"),
        ("sources: [{name: a, files: [f]}]", "name"),
    ],
)
def test_what_no_recipe_says_is_told(tmp_path, text, says):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(DataError, match=says):
        load(tmp_path / "x.yaml")


def test_an_unknown_name_is_told_with_those_there_are():
    with pytest.raises(DataError, match="or one of cifar10, mnist, notmnist"):
        load("notmnists")


def test_archives_take_the_place_of_what_is_fetched(tmp_path):
    for name in ("a.tar", "b.tar"):
        (tmp_path / name).write_bytes(b"")
    both = load("notmnist").with_archives([f"large={tmp_path}/a.tar", f"small={tmp_path}/b.tar"])
    assert [(each.name, each.split, each.files[0].size) for each in both.sources] == [
        ("large", "train", None),
        ("small", "test", None),
    ]
    one = load("notmnist").with_archives([f"{tmp_path}/a.tar"])
    assert [(each.split, each.files[0].url) for each in one.sources] == [(None, f"{tmp_path}/a.tar")]
    assert one.merge is None
    assert str(tmp_path) not in str(one.as_dict())
    with pytest.raises(DataError, match="no such file"):
        load("notmnist").with_archives(["nowhere.tar"])
    with pytest.raises(DataError, match="or NAME=FILE for each of large, small"):
        load("notmnist").with_archives([f"{tmp_path}/a.tar", f"{tmp_path}/b.tar"])


def test_the_recipe_of_the_page_is_one(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "prepare.md").read_text()
    (tmp_path / "pets.yaml").write_text(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])
    recipe = load(tmp_path / "pets.yaml")
    assert [(source.name, source.split, source.extract) for source in recipe.sources] == [
        ("first", "train", False),
        ("second", "test", True),
    ]
    assert (recipe.raw, recipe.near, recipe.limit) == ((64, 48), 4, 5000)


def test_a_recipe_is_plain_data():
    assert isinstance(load("mnist"), Recipe)
    assert load("mnist") == load("mnist")
