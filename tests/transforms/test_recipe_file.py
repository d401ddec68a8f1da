import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.errors import TransformError
from feedline.transforms import (
    Compose,
    Normalize,
    OneOf,
    Pad,
    RandomApply,
    RandomHorizontalFlip,
    RandomResizedCrop,
    Resize,
    ToTensor,
    load_recipe,
    save_recipe,
)

STEPS = st.sampled_from([Resize(8), Pad((1, 2), fill=3), RandomHorizontalFlip(0.25), ToTensor()])
NESTED = st.recursive(STEPS, lambda inner: st.builds(OneOf, st.lists(inner, min_size=1, max_size=3)), max_leaves=6)
TEXT = """\
transforms:
  - RandomResizedCrop: {size: 224, scale: [0.3, 1.0]}   # a comment
  - RandomHorizontalFlip
  - RandomApply: {p: 0.3, transforms: [Pad: {padding: 5}]}
  - ToTensor
  - Normalize:
      mean: 0.5
      std: [0.1, 0.2, 1e-1]
"""


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "recipe.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_what_a_user_types(written):
    assert load_recipe(written(TEXT)) == Compose(
        [
            RandomResizedCrop(224, scale=(0.3, 1.0)),
            RandomHorizontalFlip(),
            RandomApply([Pad(5)], p=0.3),
            ToTensor(),
            Normalize(0.5, (0.1, 0.2, 0.1)),
        ]
    )


@pytest.mark.parametrize(
    "text", ["- {name: Resize, size: 3}\n- ToTensor", '[{"name": "Resize", "size": 3}, "ToTensor"]']
)
def test_the_plain_form_of_checkpoints(written, text):
    assert load_recipe(str(written(text))) == Compose([Resize(3), ToTensor()])


@given(st.lists(NESTED, max_size=4))
def test_there_and_back(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("recipe") / "r.yaml"
    save_recipe(Compose(steps), path)
    assert load_recipe(path) == Compose(steps)


def test_what_is_written_is_what_people_write(tmp_path):
    save_recipe(Compose([Resize((2, 3)), ToTensor(), OneOf([[Pad(1), Pad(2)]])]), tmp_path / "r.yaml")
    assert (tmp_path / "r.yaml").read_text() == (
        "transforms:\n- Resize:\n    size: [2, 3]\n- ToTensor\n"
        "- OneOf:\n    transforms:\n    - - Pad: {padding: 1}\n      - Pad: {padding: 2}\n"
    )


def test_a_foreign_step_leaves_no_file(tmp_path):
    with pytest.raises(TransformError, match="is foreign"):
        save_recipe(Compose([len]), tmp_path / "r.yaml")
    assert list(tmp_path.iterdir()) == []


LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("transforms:\n  - [Resize: {size: 3", "no YAML: line 2, column 22: "),
        ("transforms: [!!python/object:os.system {}]", "no YAML: line 1, column 14: could not determine a constructor"),
        (b"\xff\xfe\xff", "no YAML: "),
        ("[" * 100_000, "no YAML: "),
        ("a: 2026-99-99", "no YAML: month must be in 1..12"),
        ("#" * 2**18 + "\n", "a recipe has at most 262,144 bytes"),
        (LAUGHS, "a recipe holds at most 10,000 values"),
        ("&a [*a]", "a recipe holds at most 10,000 values"),
        ("", "a recipe is a list of steps, .* not nothing"),
        ("{}", "a recipe has one key, 'transforms', not 'none'"),
        ("Resize", "a recipe is a list of steps, .* not a str"),
        ("transforms: {Resize: 3}", "a recipe is a list of steps, .* not a dict"),
        ("transforms: []\nbatch: []", "a recipe has one key, 'transforms', not 'batch'"),
        ("transforms: []\ntransforms: []", "no YAML: line 2, column 1: the key 'transforms' stands twice"),
        ("- Resize: {size: 32, 'size': 64}", "no YAML: line 1, column 22: the key 'size' stands twice"),
        ("- " + "[" * 400 + "]" * 400, "a recipe is at most 64 lists and mappings deep"),
        ("transforms: [ToTensor, Resise: 3]", "step 2: no transform is called 'Resise'; did you mean Resize?"),
        ("- RandomHorizontalFlip: 1.5", "step 1: RandomHorizontalFlip: p must be a number in 0..1; given .*p=1.5"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(written, content, message):
    path = written(content)
    with pytest.raises(TransformError, match=message) as error:
        load_recipe(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_recipe(tmp_path / "none.yaml")


def test_a_mapping_may_be_merged_into_another(written):
    text = "- Resize: &small {size: 8, antialias: false}\n- Resize: {<<: *small, size: 9}\n"
    assert load_recipe(written(text)) == Compose([Resize(8, antialias=False), Resize(9, antialias=False)])


def test_numbers_of_numpy_are_written_as_pythons(tmp_path):
    save_recipe(Compose([Pad(2, fill=np.float64(3.5))]), tmp_path / "r.yaml")
    assert load_recipe(tmp_path / "r.yaml") == Compose([Pad(2, fill=3.5)])


class Word(str):
    """A string that is not plain."""


def test_what_yaml_cannot_write_is_named_and_leaves_no_file(tmp_path):
    with pytest.raises(TransformError, match=r"r\.yaml: 'edge' cannot be written down as data"):
        save_recipe(Compose([Pad(2, padding_mode=Word("edge"))]), tmp_path / "r.yaml")
    assert list(tmp_path.iterdir()) == []
