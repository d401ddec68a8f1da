import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline import transforms
from feedline.errors import TransformError
from feedline.transforms import (
    CenterCrop,
    Compose,
    Normalize,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
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


def test_every_transform_can_be_written_down():
    exported = [getattr(transforms, name) for name in transforms.__all__]
    ours = {one for one in exported if isinstance(one, type) and issubclass(one, Transform)} - {Transform}
    assert {type(step) for step in STEPS} == ours


class Own(Transform):
    def add(self, draft, key, operation):
        pass


@pytest.mark.parametrize("step", [len, Own()])
def test_a_foreign_step_cannot_be_written_down(step):
    with pytest.raises(TransformError, match="is foreign"):
        to_recipe(Compose([step]))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "Sharpen"}, "no transform is called 'Sharpen'; there are CenterCrop, "),
        ({"size": 3}, "no transform is called None"),
        ({"name": "Resize", "sise": 3}, "Resize: .*sise"),
        ({"name": "Resize"}, "Resize: .*size"),
        ({"name": "RandomHorizontalFlip", "p": 2}, "RandomHorizontalFlip: p must be a number in 0..1"),
    ],
)
def test_a_wrong_recipe(entry, message):
    with pytest.raises(TransformError, match=message):
        from_recipe([entry])


def test_a_recipe_is_not_changed_by_reading_it():
    recipe = [{"name": "Resize", "size": 3}]
    from_recipe(recipe)
    assert recipe == [{"name": "Resize", "size": 3}]
