"""Layers by their names."""

import pytest
import torch
from torch import nn

from feedline.nn.named import named_layer, require_initialised


@pytest.fixture
def model():
    return nn.ModuleDict({"stem": nn.Conv2d(3, 4, 3), "head": nn.Sequential(nn.Flatten(), nn.Linear(4, 2))})


def test_by_name(model):
    assert named_layer(model, "head.1") is model["head"][1]
    assert named_layer(model, "") is model


def test_a_shared_layer_has_each_of_its_names(model):
    model["again"] = model["stem"]
    assert named_layer(model, "again") is named_layer(model, "stem")


def test_an_unknown_layer_names_those_that_are_close_and_all(model):
    with pytest.raises(ValueError) as raised:
        named_layer(model, "haed.1")
    assert str(raised.value) == (
        "no layer of the ModuleDict is called 'haed.1'; close to it are head.1, head.0, head; "
        "there are stem, head, head.0, head.1"
    )


def test_of_many_layers_some_are_named():
    with pytest.raises(ValueError, match=r"called 'first'; there are 0, 1, .*, 39 and 10 more$"):
        named_layer(nn.Sequential(*(nn.ReLU() for _ in range(50))), "first")


def test_a_model_without_layers():
    with pytest.raises(ValueError, match="no layer of the ReLU is called 'a'; it has no layers in it"):
        named_layer(nn.ReLU(), "a")


@pytest.mark.parametrize(
    ("lazy", "name"), [(nn.LazyLinear(2), "0.weight"), (nn.LazyBatchNorm2d(affine=False), "0.run")]
)
def test_lazy_layers_are_refused_until_they_have_a_shape(lazy, name):
    model = nn.Sequential(lazy)
    with pytest.raises(ValueError, match=rf"^{name}.* is lazy and has no shape yet: give the model a batch first$"):
        require_initialised(model)
    model(torch.ones(2, 3, 4, 5))
    require_initialised(model)
