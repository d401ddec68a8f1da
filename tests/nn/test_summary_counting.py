"""Multiply-adds of what torch itself does not count."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from feedline.nn import summary
from feedline.nn.summary.counting import FORMULAS, MultiplyAdds


def counted(function, *sizes):
    numbers = [torch.rand(size) for size in sizes]
    with torch.no_grad(), MultiplyAdds() as counter:
        function(*numbers)
    return counter.total, counter.not_counted


@pytest.mark.parametrize(
    ("function", "sizes", "multiply_adds"),
    [
        (torch.mv, [(3, 4), (4,)], 12),
        (torch.dot, [(5,), (5,)], 5),
        (torch.addmv, [(3,), (3, 4), (4,)], 12),
        (torch.matmul, [(2, 3, 4), (4,)], 24),
        (torch.matmul, [(2, 3, 4), (4, 5)], 120),
        (torch.baddbmm, [(2, 3, 5), (2, 3, 4), (2, 4, 5)], 120),
        (lambda a, b: torch.einsum("bij,bkj->bik", a, b), [(2, 3, 4), (2, 5, 4)], 120),
        (nn.functional.bilinear, [(6, 3), (6, 4), (5, 3, 4)], 360),
        (nn.functional.scaled_dot_product_attention, [(2, 1, 3, 4), (2, 1, 7, 4), (2, 1, 7, 6)], 2 * 3 * 7 * (4 + 6)),
    ],
)
def test_functions(function, sizes, multiply_adds):
    assert counted(function, *sizes)[0] == multiply_adds


def test_what_has_no_formula_is_named_once_and_in_order():
    total, names = counted(lambda it: torch.cat([it.relu_().view(6), it.relu().add(1).flatten()]), (2, 3))
    assert (total, names) == (0, ("relu", "add"))


def test_what_is_no_arithmetic_is_not_named():
    def packed(numbers):
        with torch.profiler.record_function("step"):
            rows = pack_padded_sequence(numbers, torch.tensor([2, 3]), enforce_sorted=False)
        return rows.data.as_strided((2, 2), (1, 1)).as_strided_((1, 2), (1, 1))

    assert counted(packed, (3, 2, 4)) == (0, ())


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_an_lstm_of_any_kernel(both_ways, dtype):
    model = nn.LSTM(4, 8, num_layers=2, bidirectional=both_ways).to(dtype)
    weights = sum(each.numel() for each in model.parameters() if each.ndim == 2)
    assert summary(model, (5, 3, 4), batch_size=None).totals.multiply_adds == 5 * 3 * weights


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own word for a slower kernel
def test_an_lstm_with_a_projection():
    model = nn.LSTM(4, 8, proj_size=3)
    weights = sum(each.numel() for each in model.parameters() if each.ndim == 2)
    assert summary(model, (5, 3, 4), batch_size=None).totals.multiply_adds == 5 * 3 * weights


def test_the_formula_of_what_runs_on_gpus_only():
    model = nn.GRU(4, 8, num_layers=2, bidirectional=True)
    sizes = [tuple(each.shape) for each in model.parameters()]
    assert FORMULAS[torch.ops.aten._cudnn_rnn]((5, 3, 4), sizes, 4, None) == 2 * counted(model, (5, 3, 4))[0]
