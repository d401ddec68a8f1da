"""A summary's totals are torch's own counts, on networks of every shape."""

from collections import namedtuple
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.flop_counter import FlopCounterMode

from feedline.nn import cnn, mlp, summary

Pair = namedtuple("Pair", ["left", "right"])


@dataclass
class Boxes:
    corners: torch.Tensor
    scores: list[torch.Tensor]


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU())
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, images):
        return images + self.scale * self.inner(images)


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([nn.Sequential(Residual(4), Residual(4)), Residual(4)])

    def forward(self, images):
        for stage in self.stages:
            images = stage(images)
        return images


class Shared(nn.Module):
    """One layer under two names, called three times."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = self.first

    def forward(self, numbers):
        return self.second(self.second(self.first(numbers)))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 6)
        self.back = nn.Linear(6, 11, bias=False)
        self.back.weight = self.words.weight

    def forward(self, words):
        return self.back(self.words(words))


class Dictionary(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 5)

    def forward(self, images):
        features = self.trunk(images)
        logits = self.head(features.mean((2, 3)))
        return {"features": [features, Pair(logits, None)], "boxes": Boxes(logits * 2, [logits[:, 0], logits[:, 1]])}


class Bare(nn.Module):
    """Nothing but parameters and functions."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(7, 5))
        self.shift = nn.Parameter(torch.zeros(7), requires_grad=False)

    def forward(self, numbers):
        return nn.functional.linear(numbers, self.weight, self.shift)


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.images, self.numbers = nn.Conv2d(3, 4, 8), nn.Linear(6, 4, bias=False)
        self.both = nn.Bilinear(4, 4, 2)

    def forward(self, images, numbers):
        return self.both(self.images(images).flatten(1), self.numbers(numbers))


class Skips(nn.Module):
    """Down and up again, as a U-Net."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 4, 2, 1)
        self.lower = nn.Conv2d(4, 8, 4, 2, 1, groups=2)
        self.up = nn.ConvTranspose2d(8, 4, 4, 2, 1, groups=2)
        self.out = nn.ConvTranspose2d(8, 3, 4, 2, 1)

    def forward(self, images):
        down = self.down(images)
        return self.out(torch.cat([down, self.up(self.lower(down))], 1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(16, 5, batch_first=True)
        self.cell = nn.LSTMCell(5, 3)

    def forward(self, steps):
        out, _ = self.gru(self.lstm(steps)[0])
        return self.cell(out[:, -1])


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(5, 8))
        self.words = nn.Embedding(20, 8)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)

    def forward(self, words):
        return self.layers(self.words(words) + self.place)


class Choice(nn.Module):
    """Its second head is never called."""

    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"used": nn.Linear(6, 2), "unused": nn.Sequential(nn.Linear(6, 9), nn.ReLU())})

    def forward(self, numbers):
        return self.heads["used"](numbers)


class Uncalled(nn.Module):
    """A module whose parameters are used, and which is never called; nor is what it holds but for one layer."""

    def __init__(self):
        super().__init__()
        self.block = Residual(3)

    def forward(self, images):
        return self.block.scale * self.block.inner[0](images)


def lazy():
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(5))


def frozen():
    model = cnn((3, 16, 16), 4, widths=(4, 6))
    return model.requires_grad_(False).append(nn.Linear(4, 3))


def parametrized():
    return nn.Sequential(weight_norm(nn.Conv2d(3, 4, 3)), nn.Flatten(), weight_norm(nn.Linear(36, 2)))


def half():
    return mlp((3, 4, 4), 5, hidden=(6,)).half()


# a network, what it is run on, multiply-adds by hand
CONV = {"input_shape": (3, 16, 16)}
ENCODER = 2 * (5 * 8 * 8 * 4 + 2 * 5 * 5 * 8 + 2 * 5 * 8 * 16)
LSTM = 6 * 2 * 32 * ((4 + 8) + (16 + 8)) + 6 * 15 * (16 + 5) + 12 * (5 + 3)
ARCHITECTURES = {
    "nested": (Nested, {"input_shape": (4, 6, 6)}, 3 * 36 * 4 * 4 * 9),
    "shared": (Shared, {"input_shape": (8,), "batch_size": 3}, 3 * 3 * 64),
    "tied": (Tied, {"input_shape": (4,), "dtypes": torch.int64}, 4 * 6 * 11),
    "dictionary": (Dictionary, CONV, 14 * 14 * 27 * 4 + 20),
    "bare parameters": (Bare, {"input_shape": (5,)}, 35),
    "two inputs": (Two, {"input_shape": [(3, 8, 8), (6,)]}, 3 * 4 * 64 + 24 + 32),
    "skips": (Skips, CONV, 64 * 4 * 48 + 16 * 8 * 2 * 16 + 16 * 8 * 2 * 16 + 64 * 8 * 3 * 16),
    "recurrent": (Recurrent, {"input_shape": (6, 4)}, LSTM),
    "encoder": (Words, {"input_shape": (5,), "dtypes": torch.int64}, ENCODER),
    "unused module": (Choice, {"input_shape": (6,)}, 12),
    "uncalled module": (Uncalled, {"input_shape": (3, 4, 4)}, 16 * 81),
    "lazy": (lazy, {"input_shape": (3, 6, 6), "batch_size": 2}, 2 * (16 * 27 * 4 + 64 * 5)),
    "frozen": (frozen, CONV, 256 * 9 * (12 + 16) + 64 * 9 * (24 + 36) + 24 + 12),
    "parametrized": (parametrized, {"input_shape": (3, 5, 5)}, 9 * 27 * 4 + 72),
    "half": (half, {"input_shape": (3, 4, 4)}, 48 * 6 + 30),
    "attention": (lambda: Attention(), {"input_shape": (2, 7, 4), "batch_size": 3}, 3 * 2 * 7 * 7 * 4 * 2),
    "multilayer": (lambda: mlp((1, 28, 28), 10), {"input_shape": (1, 28, 28)}, 784 * 512 + 512 * 512 + 5120),
}


class Attention(nn.Module):
    def forward(self, words):
        return nn.functional.scaled_dot_product_attention(words, words, words)


every = pytest.mark.parametrize(("make", "run", "multiply_adds"), ARCHITECTURES.values(), ids=ARCHITECTURES)


def materialised(model, run, made):
    """The network that torch counts: a lazy one only has parameters once it ran."""
    model(*[torch.rand(info.shape).to(getattr(torch, info.dtype)) for info in made.inputs])
    return model


@every
def test_parameters_and_bytes_are_torchs(make, run, multiply_adds):
    model = make()
    made = summary(model, **run)
    parameters = list(materialised(model, run, made).parameters())
    buffers = list(model.buffers())
    assert made.totals.parameters == sum(each.numel() for each in parameters)
    assert made.totals.trainable == sum(each.numel() for each in parameters if each.requires_grad)
    assert made.totals.not_trainable == sum(each.numel() for each in parameters if not each.requires_grad)
    assert made.totals.parameter_bytes == sum(each.numel() * each.element_size() for each in parameters)
    assert made.totals.buffer_bytes == sum(each.numel() * each.element_size() for each in buffers)


@every
def test_columns_add_up_at_every_depth(make, run, multiply_adds):
    model = make()
    for depth in (None, 0, 1, 2):
        made = summary(model, **run, depth=depth)
        assert made.rows[0].depth == 0
        assert depth is None or max(row.depth for row in made.rows) <= depth
        for column in ("parameters", "trainable", "multiply_adds"):
            assert sum(getattr(row, column) for row in made.rows) == getattr(made.totals, column)
        assert sum(row.output_bytes for row in made.rows) == made.totals.activation_bytes > 0


@every
def test_multiply_adds_are_those_computed_by_hand(make, run, multiply_adds):
    assert summary(make(), **run).totals.multiply_adds == multiply_adds


# where torch counts all: it has no formula for LSTMs and attention on a CPU, nor for bilinear layers
@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"recurrent", "encoder", "attention", "two inputs"}))
def test_multiply_adds_are_half_of_torchs_operations(name):
    make, run, _ = ARCHITECTURES[name]
    model = make()
    made = summary(model, **run)
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            materialised(model.eval(), run, made)
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
    assert 2 * made.totals.multiply_adds == counter.get_total_flops()


def test_the_classic_network():
    made = summary(mlp((1, 28, 28), 10), (1, 28, 28))
    assert [row.parameters for row in made.rows if row.parameters] == [401_920, 262_656, 5_130]
    assert made.totals.parameters == 669_706
    assert made.totals.multiply_adds == 669_706 - (512 + 512 + 10)


def test_a_batch_multiplies_all_but_parameters():
    one, four = (summary(cnn((3, 16, 16), 5), (3, 16, 16), batch_size=size).totals for size in (1, 4))
    assert one.parameters == four.parameters
    assert 4 * one.multiply_adds == four.multiply_adds
    assert 4 * one.input_bytes == four.input_bytes
    assert 4 * one.activation_bytes == four.activation_bytes


@pytest.mark.parametrize(("dtype", "size"), [(torch.float16, 2), (torch.bfloat16, 2), (torch.float64, 8)])
def test_bytes_are_of_the_dtype(dtype, size):
    made = summary(mlp((3, 4, 4), 5, hidden=(6,)).to(dtype), (3, 4, 4), batch_size=2)
    assert made.totals.input_bytes == 2 * 48 * size
    assert made.totals.parameter_bytes == (49 * 6 + 7 * 5) * size
    assert made.totals.activation_bytes == 2 * (6 + 6 + 5) * size  # flattening makes a view
    assert made.totals.bytes == (2 * 48 + 49 * 6 + 7 * 5 + 2 * 17) * size
    assert {info.dtype for row in made.rows for info in row.outputs} == {str(dtype).removeprefix("torch.")}
