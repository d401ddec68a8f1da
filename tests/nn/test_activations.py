"""Activations are what the model computes up to a layer, and looking at them changes nothing."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from feedline.nn import activations, cnn


@dataclass
class Answer:
    words: str
    maps: torch.Tensor


class Gives(nn.Module):
    """Wraps what it gets."""

    def __init__(self, wrap):
        super().__init__()
        self.wrap = wrap

    def forward(self, images):
        return self.wrap(images)


class Twice(nn.Module):
    """One layer that is called twice, one that never is."""

    def __init__(self):
        super().__init__()
        self.doubles, self.unused = nn.Conv2d(1, 1, 1, bias=False), nn.ReLU()
        nn.init.constant_(self.doubles.weight, 2)

    def forward(self, images):
        return self.doubles(self.doubles(images))


class Counts(nn.Module):
    """Changes its buffers in evaluation too: one in place, one by putting another in its place."""

    def __init__(self):
        super().__init__()
        self.register_buffer("inside", torch.zeros(2))
        self.register_buffer("instead", torch.zeros(2))

    def forward(self, images):
        self.inside += 1
        self.instead = self.instead + 1
        if images.sum() < 0:
            raise RuntimeError("negative")
        return images + self.inside.sum()


@pytest.fixture
def images():
    return torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) - 0.5


@pytest.mark.parametrize("layer", range(24))
def test_equal_the_model_cut_off_behind_the_layer(images, layer):
    """Also where the next layer, ReLU in place, writes over them."""
    model = cnn((3, 16, 16), 4).eval()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.1, 0.1)
        expected = model[: layer + 1](images)
    assert torch.equal(activations(model, images, str(layer)), expected)


def test_of_the_model_itself(images):
    model = cnn((3, 16, 16), 4).eval()
    output = activations(model, images, "")
    assert torch.equal(output, model(images))
    assert not output.requires_grad


def hooks(model):
    return [hook for module in model.modules() for hook in module._forward_hooks]


def test_modes_and_buffers_are_left_as_they_were_and_no_hook_stays(images):
    model = cnn((3, 16, 16), 4).train()
    model[1].eval()
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    activations(model, images, "9")
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert hooks(model) == []


@pytest.mark.parametrize("raising", [False, True])
def test_also_after_an_exception_and_of_layers_that_count(raising):
    counts = Counts()
    model = nn.Sequential(nn.Identity(), counts).train()
    buffers = counts.inside, counts.instead
    images = torch.full((1, 2), -1.0 if raising else 1.0)
    if raising:
        with pytest.raises(RuntimeError, match="negative"):
            activations(model, images, "0")
    else:
        assert torch.equal(activations(model, images, "1"), torch.full((1, 2), 3.0))
    assert counts.inside is buffers[0]
    assert counts.instead is buffers[1]
    assert not torch.cat(buffers).any()
    assert hooks(model) == []
    assert model.training
    assert counts.training


def test_hooks_of_others_stay():
    model, seen = nn.Sequential(nn.ReLU()), []
    model[0].register_forward_hook(lambda *_: seen.append(1))
    activations(model, torch.ones(1), "0")
    assert seen == [1]
    assert len(hooks(model)) == 1


@pytest.mark.parametrize(("call", "factor"), [(0, 2), (1, 4)])
def test_of_a_shared_layer_the_call_that_is_asked_for(call, factor):
    images = torch.rand(1, 1, 2, 2)
    assert torch.equal(activations(Twice(), images, "doubles", call), factor * images)


@pytest.mark.parametrize("call", [-1, 2])
def test_a_call_that_was_not(call):
    text = f"layer 'doubles' was called 2 times: call is one of 0 to 1, not {call}"
    with pytest.raises(ValueError) as raised:
        activations(Twice(), torch.rand(1, 1, 2, 2), "doubles", call)
    assert str(raised.value) == text


def test_a_layer_that_is_never_called():
    with pytest.raises(ValueError, match=r"layer 'unused' \(ReLU\) was not called: it is unused, or used without"):
        activations(Twice(), torch.rand(1, 1, 2, 2), "unused")


def test_an_unknown_layer():
    with pytest.raises(ValueError, match="is called 'doubels'; close to it are doubles; there are doubles, unused"):
        activations(Twice(), torch.rand(1, 1, 2, 2), "doubels")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda images: (None, [images, images + 1]),
        lambda images: {"loss": None, "maps": images},
        lambda images: Answer("a", images),
        lambda images: [{}, (), {"deep": Answer("b", images)}],
    ],
)
def test_of_nested_outputs_the_first_tensor(wrap):
    images = torch.rand(1, 3)
    assert torch.equal(activations(nn.Sequential(Gives(wrap)), images, "0"), images)


@pytest.mark.parametrize("wrap", [lambda images: None, lambda images: ("words", [])])
def test_an_output_without_tensors(wrap):
    with pytest.raises(ValueError, match=r"layer '0' \(Gives\) gave no tensor"):
        activations(nn.Sequential(Gives(wrap)), torch.rand(1), "0")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_model():
    scripted = torch.jit.script(nn.Sequential(nn.ReLU()))
    for model, layer in ((scripted, "0"), (nn.Sequential(scripted), "0")):
        with pytest.raises(ValueError, match="layer '0' is TorchScript"):
            activations(model, torch.rand(1, 2), layer)


def test_random_numbers_are_put_back():
    before = torch.get_rng_state()
    activations(nn.Sequential(Gives(torch.rand_like)), torch.ones(1), "0")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_lazy_model_is_left_lazy():
    model = nn.Sequential(nn.LazyLinear(3))
    with pytest.raises(ValueError, match=r"0.weight is lazy"):
        activations(model, torch.rand(1, 2), "0")
    assert model[0].has_uninitialized_params()
