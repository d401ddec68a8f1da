"""Every formula of nn.shapes against torch's own layers, with random settings; what torch refuses is refused."""

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from feedline.nn import shapes

MANY, MORE = 400, 5_000


small = st.integers(1, 7)
sides = st.tuples(st.integers(1, 20), st.integers(1, 20))
strides = st.tuples(st.integers(1, 4), st.integers(1, 4))
dilations = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.tuples(st.integers(0, 4), st.integers(0, 4))
kernels = st.tuples(small, small)
groups = st.sampled_from([1, 1, 2, 3])
channels = st.sampled_from([1, 2, 3, 4, 6])
bools = st.booleans()

convolutions = st.builds(
    shapes.Conv,
    channels,
    kernels,
    strides,
    paddings,
    dilations,
    groups,
    bools,
)
same_convolutions = st.builds(
    lambda *given: shapes.Conv(*given[:2], padding="same", dilation=given[2], groups=given[3], bias=given[4]),
    channels,
    kernels,
    dilations,
    groups,
    bools,
)
depthwise = st.builds(
    lambda kernel, stride, bias, multiplier: shapes.Conv(None, kernel, stride, bias=bias, multiplier=multiplier),
    kernels,
    strides,
    bools,
    st.integers(1, 3),
)
transposed = st.builds(
    shapes.ConvTranspose,
    channels,
    kernels,
    strides,
    paddings,
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    dilations,
    groups,
    bools,
)
max_pools = st.builds(shapes.Pool, kernels, st.none() | strides, paddings, dilations, bools)
average_pools = st.builds(shapes.Pool, kernels, st.none() | strides, paddings, st.just(1), bools, st.just("avg"))
adaptive_pools = st.builds(shapes.AdaptivePool, sides, st.sampled_from(["max", "avg"]))
pads = st.builds(shapes.Pad, *[st.integers(0, 9)] * 4, st.sampled_from(["zero", "reflect", "replicate"]))
upsamplings = st.builds(shapes.Upsample, st.tuples(st.integers(1, 4), st.integers(1, 4)), bools)
norms = st.builds(
    lambda kind, affine, parts: shapes.Norm(kind, affine, parts if kind == "group" else 1),
    st.sampled_from(["batch", "instance", "group"]),
    st.none() | bools,
    st.integers(1, 4),
)


def pool_as_torch(layer):
    match layer:
        case shapes.Pool(kernel, stride, padding, dilation, ceil, "max"):
            return nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil)
        case shapes.Pool(kernel, stride, padding, _, ceil):
            return nn.AvgPool2d(kernel, stride, padding, ceil)
        case shapes.AdaptivePool(size, kind):
            return nn.AdaptiveMaxPool2d(size) if kind == "max" else nn.AdaptiveAvgPool2d(size)


def norm_as_torch(layer, count):
    match layer:
        case shapes.Norm("batch", affine):
            return nn.BatchNorm2d(count, affine=affine).eval()
        case shapes.Norm("instance", affine):
            return nn.InstanceNorm2d(count, affine=affine)
        case shapes.Norm(_, affine, parts):
            return nn.GroupNorm(parts, count, affine=affine)


def as_torch(layer, count):
    """torch's layer of the same settings, for so many input channels."""
    match layer:
        case shapes.Conv(filters=None):
            how = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation, "bias": layer.bias}
            return nn.Conv2d(count, count * layer.multiplier, layer.kernel, groups=count, **how)
        case shapes.Conv(filters, kernel, stride, padding, dilation, parts, bias):
            return nn.Conv2d(count, filters, kernel, stride, padding, dilation, parts, bias)
        case shapes.ConvTranspose(filters, kernel, stride, padding, more, dilation, parts, bias):
            return nn.ConvTranspose2d(count, filters, kernel, stride, padding, more, parts, bias, dilation)
        case shapes.Pool() | shapes.AdaptivePool():
            return pool_as_torch(layer)
        case shapes.Pad(left, right, top, bottom, mode):
            kinds = {"zero": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}
            return kinds[mode]((left, right, top, bottom))
        case shapes.Upsample(factor, bilinear):
            return nn.Upsample(scale_factor=factor, mode="bilinear" if bilinear else "nearest")
        case shapes.Norm():
            return norm_as_torch(layer, count)
        case shapes.Linear(features, bias):
            return nn.Linear(count, features, bias)


def agree(layer, count, size):
    """Output shape and parameters are torch's, or both refuse."""
    shape = (count, *size)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch tells that 'same' of an even kernel copies
            theirs = as_torch(layer, count)
            output = tuple(theirs(torch.zeros(1, *shape)).shape[1:])
        refused = 0 in output  # some of torch's ways to compute make nothing where others refuse
    except (RuntimeError, ValueError):
        refused = True
    if refused:
        with pytest.raises(shapes.ShapeError):
            shapes.trace([layer], shape)
        return
    row = shapes.trace([layer], shape)[0]
    assert row.output_shape == output
    assert row.parameters == sum(parameter.numel() for parameter in theirs.parameters())


KINDS = {
    "convolution": convolutions,
    "same convolution": same_convolutions,
    "depthwise convolution": depthwise,
    "transposed convolution": transposed,
    "max pool": max_pools,
    "average pool": average_pools,
    "adaptive pool": adaptive_pools,
    "pad": pads,
    "upsample": upsamplings,
    "norm": norms,
}


def check(kind, examples):
    @settings(max_examples=examples)
    @given(layer=KINDS[kind], count=channels, size=sides)
    def every(layer, count, size):
        agree(layer, count, size)

    every()


@pytest.mark.parametrize("kind", KINDS)
def test_size_and_parameters_are_those_of_torch(kind):
    check(kind, MANY)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_size_and_parameters_are_those_of_torch_at_length(kind):
    check(kind, MORE)


@settings(max_examples=MANY // 2)
@given(layer=convolutions | depthwise | transposed, count=channels, size=sides)
def test_multiply_adds_are_half_the_flops_that_torch_counts(layer, count, size):
    try:
        row = shapes.trace([layer], (count, *size))[0]
    except shapes.ShapeError:
        return
    with FlopCounterMode(display=False) as counter:
        as_torch(layer, count)(torch.zeros(1, count, *size))
    assert 2 * row.multiply_adds == counter.get_total_flops()


@settings(max_examples=MANY // 2)
@given(inputs=st.integers(1, 300), features=st.integers(1, 300), bias=bools, rows=st.sampled_from([(), (2, 5)]))
def test_a_linear_layer_is_that_of_torch(inputs, features, bias, rows):
    row = shapes.trace([shapes.Linear(features, bias)], (*rows, inputs))[0]
    theirs = nn.Linear(inputs, features, bias)
    with FlopCounterMode(display=False) as counter:
        output = theirs(torch.zeros(1, *rows, inputs))
    assert row.output_shape == tuple(output.shape[1:])
    assert row.parameters == sum(parameter.numel() for parameter in theirs.parameters())
    assert 2 * row.multiply_adds == counter.get_total_flops()


@settings(max_examples=MANY)
@given(layer=convolutions, count=channels, size=sides)
def test_the_functions_of_two_axes_say_the_same(layer, count, size):
    how = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
    try:
        output = shapes.Conv(1, layer.kernel, **how).apply((1, *size)).output
    except shapes.ShapeError:
        with pytest.raises(shapes.ShapeError):
            shapes.conv2d_size(size, layer.kernel, **how)
        return
    assert shapes.conv2d_size(size, layer.kernel, **how) == output[1:]


@settings(max_examples=60)
@given(
    layers=st.lists(
        convolutions | max_pools | average_pools | transposed | norms | adaptive_pools | upsamplings,
        min_size=1,
        max_size=5,
    ),
    size=sides,
)
def test_a_stack_fits_where_torch_runs_it(layers, size):
    try:
        traced = shapes.trace([*layers, shapes.Flatten(), shapes.Linear(3)], (2, *size))
    except shapes.ShapeError:
        return
    if traced.multiply_adds > 10**7:
        return
    x = torch.zeros(1, 2, *size)
    for row in traced.rows[:-2]:
        x = as_torch(row.layer, x.shape[1])(x)
        assert tuple(x.shape[1:]) == row.output_shape
    assert traced[-2].output_shape == (x.numel(),)
    assert traced[-1].parameters == 3 * x.numel() + 3
