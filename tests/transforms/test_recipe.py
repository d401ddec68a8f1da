import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline import transforms
from feedline.errors import TransformError
from feedline.transforms import (
    CenterCrop,
    Choice,
    Compose,
    CutMix,
    Normalize,
    OneOf,
    Pad,
    RandomAffine,
    RandomApply,
    RandomChoice,
    RandomCrop,
    RandomHorizontalFlip,
    RandomOrder,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToDtype,
    ToTensor,
    Transform,
    from_recipe,
    to_recipe,
)
from feedline.transforms.recipe import known_batch_transforms, known_transforms

STEPS = [
    CenterCrop((3, 4)),
    Normalize((0.1, 0.2, 0.3), 0.5),
    RandomAffine(10),
    RandomAffine((5, 10), translate=(0.1, 0.2), scale=(0.5, 2), shear=3, fill=4),
    RandomCrop(5, padding=1, pad_if_needed=True, fill=6),
    Pad((1, 2), fill=(1, 2, 3), padding_mode="edge"),
    RandomHorizontalFlip(0.3),
    RandomVerticalFlip(),
    ToDtype("float32", scale=True),
    RandomResizedCrop((6, 7), scale=(0.5, 1)),
    RandomRotation(15, expand=True),
    Resize(8),
    Resize((8, 9)),
    ToTensor(),
    RandomApply([Resize(8), RandomRotation(15)], p=0.25),
    RandomChoice([Resize(8), [RandomHorizontalFlip(), Pad(1)]], p=(1, 2)),
    RandomOrder([RandomVerticalFlip(), OneOf([Pad(1), Pad(2)])]),
]


@given(st.lists(st.sampled_from(STEPS), max_size=6))
def test_there_and_back_by_way_of_json(steps):
    recipe = json.loads(json.dumps(to_recipe(Compose(steps))))
    assert from_recipe(recipe) == Compose(steps)
    assert to_recipe(from_recipe(recipe)) == recipe == to_recipe(Compose(steps))


def test_what_a_recipe_looks_like():
    assert to_recipe(Compose([Resize((2, 3)), ToTensor()])) == [
        {"name": "Resize", "size": [2, 3]},
        {"name": "ToTensor"},
    ]


def test_every_transform_that_is_exported_is_known():
    exported = [getattr(transforms, name) for name in transforms.__all__]
    ours = {one for one in exported if isinstance(one, type) and issubclass(one, Transform | Choice)}
    assert set(known_transforms().values()) == ours - {Transform, Choice}


class Own(Transform):
    def add(self, draft, key, operation):
        pass


@pytest.mark.parametrize("step", [len, Own()])
def test_a_foreign_step_cannot_be_written_down(step):
    with pytest.raises(TransformError, match="is foreign"):
        to_recipe(Compose([step]))


@pytest.mark.parametrize(
    ("entry", "step"),
    [
        ("ToTensor", ToTensor()),
        ({"ToTensor": None}, ToTensor()),
        ({"Resize": 8}, Resize(8)),
        ({"Resize": [8, 9]}, Resize((8, 9))),
        ({"Resize": {"size": 8, "antialias": False}}, Resize(8, antialias=False)),
        ({"name": "Resize", "size": 8}, Resize(8)),
        ({"RandomApply": ["ToTensor"]}, RandomApply([ToTensor()])),
        (
            {"RandomChoice": {"transforms": [["ToTensor", {"Resize": 8}], "ToTensor"]}},
            RandomChoice([[ToTensor(), Resize(8)], ToTensor()]),
        ),
        ({"Normalize": {"mean": 0.5, "std": "1e-3"}}, Normalize(0.5, 0.001)),
    ],
)
def test_how_a_step_may_be_written(entry, step):
    assert from_recipe([entry]) == Compose([step])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "Flip"}, "step 2: no transform is called 'Flip'; did you mean RandomHorizontalFlip or RandomVer"),
        ("resise", "step 2: no transform is called 'resise'; did you mean Resize?"),
        (
            {"MixUp": {"num_classes": 2}},
            "step 2: MixUp works on batches.*: use it in DataLoader[(]batch_tr",
        ),
        ({"name": "BatchChoice"}, "step 2: BatchChoice works on batches"),
        ("Zzz", "step 2: no transform is called 'Zzz'; there are .*CenterCrop, "),
        ({"size": 3}, "step 2: no transform is called 'size'"),
        ({"name": None}, "step 2: no transform is called None"),
        ({"Compose": []}, "step 2: Compose: steps that belong together are written as a list"),
        (3, "step 2: a step is a name, or a name with its parameters, not 3"),
        ({}, "step 2: a step is a name, or a name with its parameters, not {}"),
        ({"Resize": None, "size": 3}, "step 2: Resize: parameters belong within {}.* beside it is 'size'"),
        ({"name": "Resize", "sise": 3}, "step 2: Resize has no parameter 'sise'; did you mean size?"),
        ({"Resize": {8: 3}}, "step 2: Resize has no parameter 8; there are size, "),
        ({"ToTensor": 3}, "step 2: ToTensor: memory_format must be one of"),
        ({"name": "Resize"}, "step 2: Resize needs size; given {}"),
        ({"Resize": "large"}, "step 2: Resize: size must be .* given Resize[(]size='large'"),
        ({"name": "RandomHorizontalFlip", "p": 2}, "step 2: RandomHorizontalFlip: p must be a number in 0..1; given "),
        ({"Normalize": {"mean": {}, "std": 1}}, "step 2: Normalize: mean must be numbers"),
        ({"RandomApply": [{"Pad": 1}, {"Resize": 0}]}, "step 2.2: Resize: size must be whole pixels"),
        ({"RandomApply": [["ToTensor", "Paad"]]}, "step 2.1.2: no transform is called 'Paad'; did you mean Pad?"),
        ({"RandomApply": "ToTensor"}, "step 2: RandomApply: transforms must be a list of steps, not 'ToTensor'"),
    ],
)
def test_a_wrong_recipe(entry, message):
    with pytest.raises(TransformError, match=f"^{message}") as error:
        from_recipe(["ToTensor", entry])
    assert "\n" not in str(error.value)


def test_a_step_on_batches_is_not_written_down():
    with pytest.raises(TransformError, match=r"CutMix works on batches.*batch_transform=CutMix"):
        to_recipe(Compose([CutMix(num_classes=2)]))


def test_steps_on_batches_that_are_exported_are_known():
    assert list(known_batch_transforms()) == ["BatchChoice", "BatchCompose", "CutMix", "MixUp"]


def test_a_recipe_is_not_changed_by_reading_it():
    recipe = [{"name": "Resize", "size": 3}]
    from_recipe(recipe)
    assert recipe == [{"name": "Resize", "size": 3}]


@pytest.mark.parametrize(
    ("step", "written"),
    [
        (RandomRotation(np.float32(3.0)), {"name": "RandomRotation", "degrees": [-3.0, 3.0]}),
        (Pad(2, fill=np.int64(7)), {"name": "Pad", "padding": 2, "fill": 7}),
        (Pad(2, fill=(np.uint8(7), np.float64(1.5))), {"name": "Pad", "padding": 2, "fill": [7, 1.5]}),
        (
            RandomAffine(10, scale=np.array([0.5, 1])),
            {"name": "RandomAffine", "degrees": [-10.0, 10.0], "scale": [0.5, 1.0]},
        ),
        (RandomRotation(Fraction(5, 2)), {"name": "RandomRotation", "degrees": [-2.5, 2.5]}),
    ],
)
def test_numbers_of_other_kinds_are_written_as_pythons(step, written):
    (recipe,) = to_recipe(Compose([step]))
    assert repr(recipe) == repr(written)


def test_numbers_that_equal_the_default_are_left_out_whatever_their_kind():
    step = RandomResizedCrop(8, scale=(np.float64(0.08), 1.0))
    assert to_recipe(Compose([step])) == [{"name": "RandomResizedCrop", "size": [8, 8]}]


def nested(depth, innermost):
    for _ in range(depth):
        innermost = [innermost]
    return innermost


@pytest.mark.parametrize(
    "entry", [nested(400, "ToTensor"), {"Resize": nested(5000, 3)}, {"OneOf": nested(70, "ToTensor")}]
)
def test_how_deep_a_recipe_may_be(entry):
    with pytest.raises(TransformError, match=r"^a recipe is at most 64 lists and mappings deep, and this more$"):
        from_recipe([entry])


def test_choices_within_choices_may_be_some_twenty_deep():
    step = ToTensor()
    for _ in range(20):
        step = OneOf([step])
    assert from_recipe(to_recipe(Compose([step]))) == Compose([step])
    for _ in range(20):
        step = OneOf([step])
    with pytest.raises(TransformError, match="at most 64 lists"):
        to_recipe(Compose([step]))
