"""Receptive fields: the classic numbers, and those measured by the gradient."""

from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from feedline.nn import shapes
from feedline.nn.shapes.receptive import reach

LENGTH = 48


def windows(most_stride):
    """Kernel, stride, padding and dilation."""
    return st.tuples(st.integers(1, 4), st.integers(1, most_stride), st.integers(0, 2), st.integers(1, 2))


convolutions = windows(3).map(lambda w: shapes.Conv(1, (w[0], 1), (w[1], 1), (w[2], 0), (w[3], 1)))
transposed = windows(3).map(lambda w: shapes.ConvTranspose(1, (max(w[0], w[1]), 1), (w[1], 1), (w[2], 0)))
pools = windows(3).map(lambda w: shapes.Pool((w[0], 1), (w[1], 1), (min(w[2], w[0] // 2), 0), kind="avg"))
adaptive = st.integers(1, 9).map(lambda size: shapes.AdaptivePool((size, 1)))
upsamplings = st.tuples(st.integers(1, 3), st.booleans()).map(lambda w: shapes.Upsample((w[0], 1), w[1]))
pads = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda sides: shapes.Pad(0, 0, *sides))


def as_torch(layer):
    """torch's layer with one channel, and weights of one."""
    match layer:
        case shapes.Conv(_, kernel, stride, padding, dilation):
            made = nn.Conv2d(1, 1, kernel, stride, padding, dilation, bias=False)
        case shapes.ConvTranspose(_, kernel, stride, padding):
            made = nn.ConvTranspose2d(1, 1, kernel, stride, padding, bias=False)
        case shapes.Pool(kernel, stride, padding):
            return nn.AvgPool2d(kernel, stride, padding)
        case shapes.AdaptivePool(size):
            return nn.AdaptiveAvgPool2d(size)
        case shapes.Upsample(factor, bilinear):
            return nn.Upsample(scale_factor=factor, mode="bilinear" if bilinear else "nearest")
        case shapes.Pad():
            return nn.ZeroPad2d((0, 0, layer.top, layer.bottom))
    nn.init.ones_(made.weight)
    return made.double()


def gradients(layers):
    """Of each output along the height, the gradient at each input: outputs x inputs, both along the height."""
    x = torch.ones(1, 1, LENGTH, 1, dtype=torch.float64, requires_grad=True)
    y = nn.Sequential(*map(as_torch, layers))(x).flatten()
    (found,) = torch.autograd.grad(y, x, torch.eye(len(y), dtype=torch.float64), is_grads_batched=True)
    return found.flatten(1)


def within(windows, output):
    """Whether no layer on the way back takes padding."""
    first = last = output
    for window, size in reversed(windows):
        first, last = window.reach(first, last)
        if first < 0 or last >= size:
            return False
    return True


def measure(layers):
    """What each output depends on by its gradient and by its windows, where it lies within the image."""
    shape, found = (1, LENGTH, 1), []
    for layer in layers:
        applied = layer.apply(shape)
        found.append((applied.windows[0], shape[1]))
        shape = applied.output
    pairs = []
    for output, gradient in enumerate(gradients(layers)):
        if within(found, output):
            seen = gradient.nonzero().flatten().tolist()
            pairs.append((reach([window for window, _ in found], output), (seen[0], seen[-1])))
    return pairs


def agree(layers):
    try:
        row = shapes.trace(layers, (1, LENGTH, 1))[-1]
    except shapes.ShapeError:
        return
    if row.output_shape[1] > 300:
        return
    pairs = measure(layers)
    for computed, measured in pairs:
        assert computed == measured
    if pairs and all(isinstance(layer, shapes.Conv | shapes.Pool) for layer in layers):
        assert row.field.size[0] == max(last - first + 1 for _, (first, last) in pairs)
        ends = [first for _, (first, _) in pairs]
        assert all(after - before == row.field.jump[0] for before, after in pairwise(ends))


stacks = st.lists(convolutions | pools, min_size=1, max_size=5)
mixed = st.lists(convolutions | pools | transposed | upsamplings | pads, min_size=1, max_size=5)
with_adaptive = st.tuples(st.lists(convolutions | pools, max_size=3), adaptive).map(lambda both: [*both[0], both[1]])


@settings(max_examples=300)
@given(layers=stacks)
def test_of_convolutions_and_pools_it_is_what_the_gradient_measures(layers):
    agree(layers)


@settings(max_examples=300)
@given(layers=mixed)
def test_of_layers_that_enlarge_it_is_what_the_gradient_measures(layers):
    agree(layers)


@settings(max_examples=100)
@given(size=st.integers(1, 40), outputs=st.integers(1, 40))
def test_the_cells_of_an_adaptive_pool_are_those_of_the_gradient(size, outputs):
    x = torch.ones(1, 1, size, 1, requires_grad=True)
    y = nn.AdaptiveAvgPool2d((outputs, 1))(x).flatten()
    (window, _) = shapes.AdaptivePool((outputs, 1)).apply((1, size, 1)).windows
    for output in range(outputs):
        (gradient,) = torch.autograd.grad(y[output], x, retain_graph=True)
        seen = gradient.flatten().nonzero().flatten().tolist()
        assert window.reach(output, output) == (seen[0], seen[-1])


@pytest.mark.slow
def test_it_is_what_the_gradient_measures_at_length():
    for strategy in (stacks, mixed, with_adaptive):
        settings(max_examples=2_000)(given(layers=strategy)(agree))()


def field(text, shape=(3, 224, 224)):
    return shapes.trace(text, shape)[-1].field


def test_three_3x3_see_as_much_as_one_7x7():
    three, one = field("conv 8 3x3, conv 8 3x3, conv 8 3x3"), field("conv 8 7x7")
    assert three == one == shapes.Field((7, 7), (Fraction(1),) * 2, (Fraction(3),) * 2)


def test_that_of_vgg_16_before_its_linear_layers():
    stages = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
    text = ", ".join(f"{count}x(conv {width} 3x3 p1, relu), pool 2" for width, count in stages)
    trace = shapes.trace(text, (3, 224, 224))
    assert trace.output_shape == (512, 7, 7)
    assert trace[-1].field.size == (212, 212)
    assert trace[-1].field.jump == (32, 32)
    assert trace.parameters == 14_714_688


def test_the_centre_of_the_first_output():
    assert field("conv 8 3x3 p1").centre == (0, 0)
    assert field("conv 8 3x3 p1 s2, conv 8 3x3 p1").centre == (0, 0)
    assert field("pool 2, pool 2").centre == (Fraction(3, 2), Fraction(3, 2))


def test_height_and_width_are_followed_apart():
    found = field("conv 8 3x5 s1x2, conv 8 1x3")
    assert found.size == (3, 9)
    assert found.jump == (1, 2)


def test_a_linear_layer_and_a_global_pool_see_all_that_was_read():
    assert field("conv 8 3x3 p1, flatten, linear 2").size == (224, 224)
    assert field("conv 8 3x3 p1, globalavg").size == (224, 224)
    assert field("conv 8 3x3 p1, globalavg").jump == field("flatten, linear 2").jump == (0, 0)
    assert field("conv 8 3x3 s2, globalavg").size == (223, 223)  # it leaves a row and a column unread


def test_the_largest_counts_where_outputs_differ():
    assert field("convt 8 3x3 s2").size == (2, 2)
    assert field("adaptiveavg 3", (1, 7, 8)).size == (3, 4)


def test_that_of_a_window_wholly_in_the_padding_is_nothing():
    layers = [
        shapes.Pool(2, 3, 1, kind="avg"),
        shapes.AdaptivePool(2),
        shapes.Pad(1, 0, 1, 2),
        shapes.Pool(1, 3, kind="avg"),
    ]
    assert shapes.trace(layers, (1, 37, 37))[-1].field.size == (0, 0)


def test_a_flat_input_has_none():
    assert field("linear 3", (8,)) is None
