"""What a summary's rows say, and that the network is afterwards as it was."""

import copy
import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_sequence

from feedline.nn import cnn, mlp, summary


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = self.first
        self.third = nn.Linear(8, 8)
        self.third.weight = self.first.weight

    def forward(self, numbers):
        return self.third(self.second(self.first(numbers)))


@dataclass
class Found:
    boxes: torch.Tensor
    scores: dict


class Detector(nn.Module):
    def forward(self, images, mask=None):
        return Found(images.mean((2, 3)), {"all": (images[:, 0, 0], [images.sum()]), "mask": mask, "count": 3})


class Restless(nn.Module):
    """Changes its buffers in evaluation too, draws random numbers, and has a mode of its own."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("last", torch.full((2,), float("nan")))
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout()
        self.drop.eval()
        self.fails = False

    def train(self, mode=True):
        raise AssertionError("a summary calls no method but forward")

    def forward(self, images):
        assert not torch.is_grad_enabled()
        assert not any(module.training for module in self.modules())
        self.calls += 1
        self.last = torch.rand(2)
        if self.fails:
            raise KeyError("no such thing")
        return self.drop(self.norm(images)) + torch.randn(1)


class Recovers(nn.Module):
    """One layer fails, and it goes on with another."""

    def __init__(self):
        super().__init__()
        self.wrong, self.right = nn.Linear(3, 2), nn.Linear(4, 2)

    def forward(self, numbers):
        try:
            return self.wrong(numbers)
        except RuntimeError:
            return self.right(numbers)


def rows(made):
    return {row.name: row for row in made.rows}


def shapes(row):
    return [info.shape for info in row.outputs]


def state(model):
    """All that must be as before, bit by bit."""
    tensors = [*model.parameters(), *model.buffers()]
    hooks = [(len(each._forward_hooks), len(each._forward_pre_hooks)) for each in model.modules()]
    return (
        [each.training for each in model.modules()],
        [(id(each), each.numpy(force=True).tobytes(), each.requires_grad, each.grad is None) for each in tensors],
        hooks,
        torch.get_rng_state().numpy().tobytes(),
        torch.backends.mha.get_fastpath_enabled(),
        torch.is_grad_enabled(),
    )


def test_a_row_a_layer_in_the_order_of_calls():
    made = summary(cnn((3, 8, 8), 5, widths=(4,)), (3, 8, 8), batch_size=2)
    assert [(row.name, row.kind, row.depth) for row in made.rows[:4]] == [
        ("", "Sequential", 0),
        ("0", "Conv2d", 1),
        ("1", "BatchNorm2d", 1),
        ("2", "ReLU", 1),
    ]
    assert shapes(rows(made)["0"]) == [(2, 4, 8, 8)]
    assert (rows(made)["0"].parameters, rows(made)["0"].multiply_adds) == (108, 2 * 64 * 108)
    assert shapes(made.rows[0]) == shapes(made.rows[-1]) == [(2, 5)]
    assert made.network == "Sequential"
    assert made.batch_size == 2
    assert "native_batch_norm" in " ".join(made.not_counted)


def test_shared_modules_and_tied_parameters_count_once_and_are_marked():
    made = summary(Shared(), (8,))
    assert [(row.name, row.call, row.parameters, row.counted_above) for row in made.rows] == [
        ("", 1, 0, 0),
        ("first", 1, 72, 0),
        ("first", 2, 0, 72),
        ("third", 1, 8, 64),
    ]
    assert [row.multiply_adds for row in made.rows] == [0, 64, 64, 64]
    assert made.notes == ("(in parentheses: parameters that a row above has counted)",)


def test_outputs_of_any_nesting_are_named():
    made = summary(Detector(), (3, 4, 5))
    assert [(info.name, info.shape) for info in made.rows[0].outputs] == [
        ("boxes", (1, 3)),
        ("scores.all.0", (1, 5)),
        ("scores.all.1.0", ()),
    ]


def test_an_output_that_holds_itself():
    class Knot(nn.Module):
        def forward(self, numbers):
            knot = {"numbers": numbers, "rest": [numbers]}
            knot["rest"].append(knot)
            return knot

    made = summary(Knot(), (3,))
    assert [info.name for info in made.rows[0].outputs] == ["numbers", "rest.0"]


def test_named_inputs():
    made = summary(Detector(), {"images": (3, 4, 5), "mask": (7,)}, dtypes={"mask": torch.bool})
    assert [(info.name, info.shape, info.dtype) for info in made.inputs] == [
        ("images", (1, 3, 4, 5), "float32"),
        ("mask", (1, 7), "bool"),
    ]
    assert [info.name for info in made.rows[0].outputs][-1] == "scores.mask"
    assert made.totals.input_bytes == 60 * 4 + 7


@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: [it], lambda it: {"input": it}])
def test_tensors_of_the_callers_own_are_left_alone(wrap):
    own = -torch.ones(3, 4)
    made = summary(nn.ReLU(inplace=True), input_data=wrap(own))
    assert torch.equal(own, -torch.ones(3, 4))
    assert shapes(made.rows[0]) == [(3, 4)]
    assert made.totals.activation_bytes == 0  # in place
    assert made.batch_size is None


@dataclass
class Given:
    images: torch.Tensor


@pytest.mark.parametrize("wrap", [lambda it: [{"x": it}], lambda it: ([it],), lambda it: {"input": (Given(it),)}])
def test_tensors_inside_are_left_alone_too(wrap):
    class Adds(nn.Module):
        def forward(self, input):
            for holder in input.values() if isinstance(input, dict) else input:
                (holder.images if isinstance(holder, Given) else holder).add_(1)

    own = torch.zeros(2)
    made = summary(Adds(), input_data=wrap(own))
    assert own.tolist() == [0, 0]
    assert [info.shape for info in made.inputs] == [(2,)]


def test_a_packed_sequence_of_the_callers_own():
    rows = pack_sequence([torch.rand(3, 4), torch.rand(2, 4)])
    assert summary(nn.LSTM(4, 5), input_data=(rows,)).rows[0].outputs[0].shape == (5, 5)


def test_complex_networks_get_complex_numbers():
    made = summary(nn.Linear(4, 3, dtype=torch.complex64), (4,))
    assert [info.dtype for info in (*made.inputs, *made.rows[0].outputs)] == ["complex64"] * 2


def test_shapes_of_numpys_whole_numbers():
    made = summary(nn.Linear(4, 3), (np.int64(4),))
    assert json.dumps(made.as_dict()["inputs"][0]["shape"]) == "[1, 4]"


def test_shapes_of_all_dimensions():
    assert shapes(summary(nn.LSTM(4, 6), (5, 2, 4), batch_size=None).rows[0]) == [(5, 2, 6), (1, 2, 6), (1, 2, 6)]
    with pytest.raises(ValueError, match="Expected input to be 2D or 3D, got 4D"):
        summary(nn.LSTM(4, 6), (5, 2, 4))


def test_parameters_of_modules_that_hold_modules_have_rows():
    made = summary(nn.MultiheadAttention(8, 2), [(8,)] * 3, batch_size=5)
    assert [(row.name, row.kind, row.call, row.parameters) for row in made.rows] == [
        ("", "MultiheadAttention", 1, 0),
        ("in_proj_weight", "Parameter", 0, 192),
        ("in_proj_bias", "Parameter", 0, 24),
        ("out_proj", "NonDynamicallyQuantizableLinear", 0, 72),
    ]
    assert shapes(made.rows[1]) == [(24, 8)]
    assert made.rows[3].outputs == ()


def test_encoder_layers_show_what_is_inside_in_spite_of_the_fast_path():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    made = summary(nn.TransformerEncoder(layer, 1), (5, 8))
    assert (rows(made)["layers.0.linear1"].multiply_adds, rows(made)["layers.0.linear1"].depth) == (5 * 8 * 16, 2)
    assert rows(made)["layers.0.self_attn"].multiply_adds == 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8
    assert rows(made)["layers.0.linear1"].label == "linear1"
    assert rows(made)["layers.0"].label == "layers.0"


def test_parametrized_layers():
    made = summary(nn.Sequential(weight_norm(nn.Linear(4, 3))), (4,))
    assert {row.name: row.parameters for row in made.rows if row.parameters} == {
        "0.bias": 3,
        "0.parametrizations.weight.original0": 3,
        "0.parametrizations.weight.original1": 12,
    }


def test_memory_of_activations_is_counted_once():
    inner = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Identity(), nn.Unflatten(1, (2, 4)), nn.ReLU())
    made = summary(nn.Sequential(inner), (4,))
    assert [row.output_bytes for row in made.rows] == [0, 0, 32, 0, 0, 0, 32]


def test_folded_rows_take_what_lies_deeper():
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), nn.Linear(2, 2))
    made = summary(model, (4,), depth=1)
    assert [(row.name, row.parameters, row.multiply_adds) for row in made.rows] == [
        ("", 0, 0),
        ("0", 23, 18),
        ("1", 6, 4),
    ]
    assert [row.parameters for row in summary(model, (4,), depth=0).rows] == [29]


@pytest.mark.parametrize("fails", [False, True])
def test_the_network_is_as_before(fails):
    model = nn.Sequential(Restless(), nn.Conv2d(3, 2, 1).requires_grad_(False), nn.MultiheadAttention(4, 2))[:2]
    model[0].fails = fails
    model[0].norm.register_forward_hook(lambda module, given, output: output * 2)
    model[1].bias.grad = None
    before = state(model)
    if fails:
        with pytest.raises(KeyError) as caught:
            summary(model, (3, 4, 4))
        assert caught.value.__notes__ == ["in 0 (Restless), given 1x3x4x4 float32"]
    else:
        assert summary(model, (3, 4, 4)).totals.parameters == 6 + 8
    assert state(model) == before


def test_batch_norm_keeps_what_it_saw():
    model = cnn((3, 8, 8), 2, widths=(4,))
    model(torch.rand(4, 3, 8, 8))
    before = copy.deepcopy(model.state_dict())
    summary(model, (3, 8, 8))
    assert model.training
    assert all(torch.equal(before[name], after) for name, after in model.state_dict().items())


class Writes(nn.Module):
    """Changes its buffers in ways that torch keeps no version of."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        for name in ("averaged", "shared", "resized", "larger", "replaced"):
            self.register_buffer(name, torch.arange(3.0))
        self.register_buffer("cached", None)

    def forward(self, numbers):
        self.averaged.data.mul_(0.9).add_(1)
        self.shared.numpy()[:] = 7
        self.resized.resize_(2).zero_()
        self.larger.resize_(5)
        self.replaced.data = torch.ones(4, dtype=torch.float64)
        self.cached = numbers
        self.register_buffer("late", numbers, persistent=False)
        return self.linear(numbers)


def test_buffers_are_as_before_however_they_are_changed():
    model = Writes()
    before, names = list(map(id, model.buffers())), list(model.state_dict())
    versions = [buffer._version for buffer in model.buffers()]
    summary(model, (2,))
    assert list(map(id, model.buffers())) == before
    assert list(model.state_dict()) == names
    assert model.cached is None
    assert all(torch.equal(buffer, torch.arange(3.0)) for buffer in model.buffers())
    assert model.averaged._version == versions[0]


def test_gradients_are_as_before():
    class Learns(nn.Linear):
        def forward(self, numbers):
            with torch.enable_grad():
                super().forward(numbers).sum().backward()
            return super().forward(numbers)

    model = Learns(2, 2)
    model.bias.grad = own = torch.full((2,), 5.0)
    summary(model, (2,))
    assert model.weight.grad is None
    assert model.bias.grad is own
    assert own.tolist() == [5, 5]


def test_a_network_that_differentiates_in_forward():
    class Slope(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 3)

        def forward(self, numbers):
            with torch.enable_grad():
                numbers = numbers.detach().requires_grad_()
                (slope,) = torch.autograd.grad(self.linear(numbers).sum(), numbers)
            return slope

    made = summary(nn.Sequential(Slope()), (4,), batch_size=2)
    assert shapes(made.rows[0]) == [(2, 4)]
    assert rows(made)["0.linear"].multiply_adds == 2 * 4 * 3
    assert made.totals.multiply_adds == 2 * 2 * 4 * 3  # and once backwards


def test_a_network_made_in_inference_mode():
    with torch.inference_mode():
        model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    assert summary(model, (3, 4, 4)).totals.parameters == 12


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_buffers_of_scripted_and_sparse_networks():
    model = nn.Sequential(torch.jit.script(nn.BatchNorm1d(4)), nn.Identity())
    model[1].register_buffer("sparse", torch.eye(3).to_sparse())
    model[1].register_buffer("turned", torch.ones(3, dtype=torch.complex64).conj())
    model[1].register_buffer("expanded", torch.ones(1).expand(3))
    assert summary(model, (4,)).totals.parameters == 8
    assert torch.equal(model[1].sparse.to_dense(), torch.eye(3))


def test_a_lazy_network_stays_lazy():
    torch.manual_seed(5)
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
    before = torch.get_rng_state()
    made = summary(model, (3, 5, 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(nn.parameter.is_lazy(parameter) for parameter in model.parameters())
    assert [row.kind for row in made.rows] == ["Sequential", "Conv2d", "BatchNorm2d", "Flatten", "Linear"]
    assert [type(layer) for layer in model] == [nn.LazyConv2d, nn.LazyBatchNorm2d, nn.Flatten, nn.LazyLinear]


def test_a_lazy_layer_that_is_never_called_is_named():
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.LazyLinear(3), nn.LazyLinear(4)

        def forward(self, numbers):
            return self.used(numbers)

    made = summary(Half(), (5,))
    assert made.totals.parameters == 18
    assert {row.name: row.kind for row in made.rows} == {"": "Half", "used": "Linear", "unused": "LazyLinear"}
    assert made.notes == ("lazy and never called, so without a size: unused.weight, unused.bias",)


def test_a_failure_says_where_and_given_what():
    model = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
    before = state(model)
    with pytest.raises(RuntimeError, match="cannot be multiplied") as caught:
        summary(model, (4,), batch_size=5)
    assert caught.value.__notes__ == ["in 1.1 (Linear), given 5x3 float32"]
    assert state(model) == before
    with pytest.raises(TypeError) as caught:
        summary(Detector(), [(2,)] * 5)
    assert caught.value.__notes__ == ["in the network itself (Detector), given 1x2, 1x2, 1x2, 1x2, 1x2 float32"]


def test_a_failure_that_the_network_gets_over():
    made = summary(nn.Sequential(Recovers(), nn.Linear(2, 5)), (4,))
    assert [(row.name, row.depth, shapes(row), row.multiply_adds) for row in made.rows] == [
        ("", 0, [(1, 5)], 0),
        ("0", 1, [(1, 2)], 0),
        ("0.wrong", 2, [], 0),
        ("0.right", 2, [(1, 2)], 8),
        ("1", 1, [(1, 5)], 10),
    ]


def test_a_failure_behind_one_that_the_network_got_over():
    with pytest.raises(RuntimeError, match="cannot be multiplied") as caught:
        summary(nn.Sequential(Recovers(), nn.Linear(3, 2)), (4,))
    assert caught.value.__notes__ == ["in 1 (Linear), given 1x2 float32"]


def test_a_hook_that_fails_before_its_layer():
    def refuse(module, given):
        raise KeyError("hook")

    model = nn.Sequential(Recovers())
    model[0].right.register_forward_pre_hook(refuse)
    with pytest.raises(KeyError, match="hook") as caught:
        summary(model, (4,))
    assert caught.value.__notes__ == ["in 0 (Recovers), given 1x4 float32"]


@pytest.mark.parametrize("function", [torch.linalg.inv, torch.fft.fft, lambda it: torch.cdist(it, it)])
def test_half_precision_that_the_cpu_lacks(function):
    class Lacking(nn.Module):
        def forward(self, numbers):
            return function(numbers)

    with pytest.raises(RuntimeError) as caught:
        summary(Lacking(), (2, 2), dtypes=torch.float16)
    assert caught.value.__notes__ == [
        "in the network itself (Lacking), given 1x2x2 float16",
        "the CPU lacks operations in half precision: summarise it in float32, or on another device",
    ]


def test_a_network_on_another_device():
    with torch.device("meta"):
        model = cnn((3, 64, 64), 10)
    made = summary(model, (3, 64, 64), batch_size=4096)
    here = summary(cnn((3, 64, 64), 10), (3, 64, 64))
    assert made.totals.multiply_adds == 4096 * here.totals.multiply_adds
    assert made.totals.activation_bytes == 4096 * here.totals.activation_bytes
    assert summary(nn.ReLU(), (3,), device="meta").totals.activation_bytes == 12


def test_a_compiled_network_runs_eagerly():
    made = summary(torch.compile(mlp((1, 4, 4), 3, hidden=(5,)), backend="eager"), (1, 4, 4))
    assert [row.parameters for row in made.rows if row.parameters] == [85, 18]
    assert rows(made)["_orig_mod.1"].multiply_adds == 80


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_is_seen_from_outside():
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 8), nn.ReLU()))
    made = summary(nn.Sequential(scripted, nn.Linear(8, 2)), (4,))
    assert [(row.scripted, row.parameters, row.multiply_adds) for row in made.rows] == [
        (False, 0, 32),
        (True, 40, 0),
        (False, 18, 16),
    ]
    assert made.notes == ("scripted, so seen only from outside: 0",)
    assert summary(scripted, (4,)).totals.parameters == 40


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ({}, ValueError, "run on input_shape or on input_data: give one"),
        ({"input_shape": (3,), "input_data": 1}, ValueError, "give one of them"),
        ({"input_shape": 3}, TypeError, "input_shape is a shape such as .* not 3"),
        ({"input_shape": "3x4"}, TypeError, "not '3x4'"),
        ({"input_shape": [(3,), 4.5]}, TypeError, "a shape is a row of whole numbers .* not 4.5"),
        ({"input_shape": (3, 0)}, ValueError, r"at least 1, not \(3, 0\)"),
        ({"input_shape": (3,), "batch_size": 0}, ValueError, "batch_size is at least 1, .* not 0"),
        ({"input_shape": (3,), "depth": -1}, ValueError, "depth is at least 0, .* not -1"),
        ({"input_shape": (3,), "style": "keras"}, ValueError, "one of feedline, torchsummary, not 'keras'"),
        ({"input_shape": [(3,), (4,)], "dtypes": [torch.float32]}, ValueError, "one for each of 2 inputs"),
        ({"input_shape": {"a": (3,)}, "dtypes": {"b": torch.bool}}, ValueError, "that input_shape does not: b"),
    ],
)
def test_what_makes_no_input(arguments, kind, says):
    with pytest.raises(kind, match=says):
        summary(nn.Identity(), **arguments)
