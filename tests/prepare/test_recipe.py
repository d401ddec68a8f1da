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
        ("name: x\nsources: [{name: a, files: [f]}]\nmode: grey", "mode must be RGB or L"),
        ("name: x\nsources: [{name: a, files: [f]}, {name: a, files: [f]}]", "a name of its own"),
        ("name: {x", "is no YAML"),
        ("name: x\nsources: [{name: a, files: [{url: f, sha256: 123}]}]", "in quotation marks"),
        ("name: x\nsources: [{name: a, files: [{url: f, size: big}]}]", "size must be a number of bytes"),
        ("name: ../x\nsources: [{name: a, files: [f]}]", "name must be made of letters"),
        ("name: x\nsources: [{name: a/b, files: [f]}]", "a source's name must be made of letters"),
        ("name: x\nsources: [{name: a, files: [a/f, b/f]}]", "names of their own"),
        ("name: x\nsources: [{name: a, files: [1.tar, 2.tar]}]", "give each archive a source of its own"),
        ("name: x\nsources: [{name: a, files: ['s3://b/f']}]", "files are fetched from http"),
        ("name: x\nsources: [{name: a, files: [f], extract: 3}]", "extract must be true or false"),
        ("name: x\nsources: [{name: a, files: [f]}]\nclasses: A", "classes must be a list of names, or how many"),
        ("name: x\nsources: [{name: a, files: [f]}]\nbalance: cap", "cap needs a limit"),
        ("name: x\nsources: [{name: a, files: [f]}]\nlimit: 5", "report and drop take none"),
        ("name: x\nsources: [{name: a, files: [f]}]\nnear: 65", "near must be bits, from 0 to 63"),
        ("name: x\nsources: [{name: a, files: [f]}]\nsplit: {val: 1.5}", "must be between 0 and 1"),
        ("name: x\nsources: [{name: a, files: [f]}]\nsplit: {all: 0.1}", "nor 'all', which is all of them"),
        ("name: x\nsources: [{name: a, files: [f]}]\nsplit: 0.1", "split must be shares by name"),
        ("name: x\nsources: [{name: a, files: [f]}]\nseed: 1.5", "seed must be a whole number"),
        ("name: x\nsources: [{name: a, files: [f]}]\nmode: L", "a mode is for raw pixels"),
        ("name: x\nsources: [{name: a, files: [f]}]\nnormalize: {mean: [0.5]}", "normalize must be mean and std"),
        ("name: x\nsources: [{name: a, files: [f]}]\nnormalize: {mean: [0.5], std: [0]}", "no std of 0"),
        ("name: x\nsources: [{name: a, files: [f]}]\nmerge: {train: many}", "merge must be numbers by split"),
        ("name: x\nsources: [{name: a, files: [f]}]\nexact: maybe", "exact must be true or false"),
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
