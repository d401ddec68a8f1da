"""Whole networks: the classic numbers, totals, formulas, warnings, and errors that name their place."""

import json

import numpy as np
import pytest
import torch

from feedline.nn import cnn, mlp, shapes

PATCHGAN = (
    "conv 64 4x4 s2 p1, leakyrelu 0.2, "
    "conv 128 4x4 s2 p1 nobias, batchnorm, leakyrelu 0.2, "
    "conv 256 4x4 s2 p1 nobias, batchnorm, leakyrelu 0.2, "
    "conv 512 4x4 p1 nobias, batchnorm, leakyrelu 0.2, "
    "conv 1 4x4 p1"
)
IMAGE = (3, 224, 224)


def test_the_multilayer_perceptron_of_the_courses():
    trace = shapes.trace("flatten, linear 512, relu, linear 512, relu, linear 10", (1, 28, 28))
    assert [row.parameters for row in trace if row.parameters] == [401_920, 262_656, 5_130]
    assert trace.parameters == 669_706 == sum(p.numel() for p in mlp((1, 28, 28), 10).parameters())
    assert trace.output_shape == (10,)


def test_the_70x70_patchgan():
    trace = shapes.trace(PATCHGAN, (6, 256, 256))
    assert trace.parameters == 2_768_705
    assert trace.output_shape == (1, 30, 30)
    assert trace[-1].field.size == (70, 70)
    assert trace[-1].field.jump == (8, 8)


def test_the_cnn_of_this_package():
    stage = "conv {0} 3x3 p1 nobias, batchnorm, relu, conv {0} 3x3 p1 nobias, batchnorm, relu, pool 2"
    text = ", ".join([*(stage.format(width) for width in (16, 32, 64)), "globalavg, flatten, linear 10"])
    trace, model = shapes.trace(text, (3, 32, 32)), cnn((3, 32, 32), 10)
    assert trace.parameters == sum(p.numel() for p in model.parameters())
    x = torch.zeros(1, 3, 32, 32)
    for row, layer in zip(trace, model.eval(), strict=True):
        x = layer(x)
        assert tuple(x.shape[1:]) == row.output_shape


def test_the_first_layers_of_alexnet_and_resnet():
    assert shapes.trace("conv 64 11x11 s4 p2, relu, pool 3 s2", IMAGE).output_shape == (64, 27, 27)
    resnet = shapes.trace("conv 64 7x7 s2 p3 nobias, batchnorm, relu, pool 3x3 s2 p1", IMAGE)
    assert resnet.output_shape == (64, 56, 56)
    assert (resnet[0].parameters, resnet[0].multiply_adds) == (9_408, 118_013_952)
    assert [row.warnings for row in resnet] == [()] * 4  # the row that is left over is padding


def test_an_input_shape_may_be_numpy_s():
    assert shapes.trace("relu", np.array([3, 4, 4])) == shapes.trace("relu", (3, 4, 4))
    with pytest.raises(shapes.ShapeError, match=r"one number, not 3x-4x4"):
        shapes.trace("relu", np.array([3, -4, 4]))


def test_layers_may_be_given_as_such():
    layers = [shapes.Conv(32, 3, 2, 1), shapes.Flatten(), shapes.Linear(10)]
    assert shapes.trace(layers, IMAGE) == shapes.trace("conv 32 3x3 s2 p1, flatten, linear 10", IMAGE)


def test_it_is_a_sequence_of_rows_with_totals():
    trace = shapes.trace("conv 32 3x3 p1, relu, pool 2", [3, 8, 8])
    assert len(trace) == 3
    assert [row.number for row in trace] == [1, 2, 3]
    assert [str(row.layer) for row in trace] == ["conv 32 3x3 p1", "relu", "pool 2"]
    assert trace[1].input_shape == trace[0].output_shape == (32, 8, 8)
    assert (trace.input_shape, trace.output_shape) == ((3, 8, 8), (32, 4, 4))
    assert (trace.parameters, trace.multiply_adds) == (896, 8 * 8 * 32 * 27)


def test_formulas():
    rows = shapes.trace("conv 6 3x5 s2x1 p1x2 g3, convt 4 4x4 s2 p1 o1, pool 2 ceil, flatten, linear 7", (3, 9, 8))
    assert dict(rows[0].formulas) == {
        "height": "floor((9 + 2*1 - 1*(3-1) - 1) / 2) + 1 = 5",
        "width": "floor((8 + 2*2 - 1*(5-1) - 1) / 1) + 1 = 8",
        "parameters": "6*3/3*3*5 + 6 = 96",
        "multiply-adds": "5*8*6*3/3*3*5 = 3,600",
        "receptive field": "1 + 1*(3-1)*1 = 3 high, 1 + 1*(5-1)*1 = 5 wide",
        "jump": "1*2 = 2 high, 1*1 = 1 wide",
    }
    assert dict(rows[1].formulas)["height"] == "(5-1)*2 - 2*1 + 1*(4-1) + 1 + 1 = 11"
    assert dict(rows[2].formulas)["height"] == "ceil((11 + 2*0 - 1*(2-1) - 1) / 2) + 1 = 6"
    assert rows[3].formulas[0] == ("features", "4*6*9 = 216")
    assert rows[4].formulas[0] == ("parameters", "216*7 + 7 = 1,519")


def test_each_formula_computes_what_it_says():
    convolutions = "conv 6 3x5 s2x1 p1x2 d2 g3, conv 8 4 same nobias, depthwise 3 m2"
    text = f"{convolutions}, avgpool 3 s2 p1 ceil, pad 1 2 3 4, upsample 2x3, flatten, linear 7"
    names = {"floor": lambda x: int(x // 1), "ceil": lambda x: -int(-x // 1)}
    count = 0
    for row in shapes.trace(text, (3, 29, 28)):
        for name, formula in row.formulas:
            for part in formula.split(" high, ") if name in ("receptive field", "jump") else [formula]:
                left, equals, right = part.removesuffix(" wide").partition(" = ")
                if equals:
                    assert eval(left, names) == float(right.split()[0].replace(",", "")), (row.number, name)
                    count += 1
    assert count > 15


def test_plain_values_go_through_json():
    trace = shapes.trace("conv 8 3x3 s2, relu, flatten, linear 2", (1, 8, 8))
    values = json.loads(json.dumps(trace.as_dict()))
    assert values["parameters"] == trace.parameters
    assert values["layers"][0] == {
        "number": 1,
        "layer": "conv 8 3x3 s2",
        "input_shape": [1, 8, 8],
        "output_shape": [8, 3, 3],
        "receptive_field": [3, 3],
        "jump": [2.0, 2.0],
        "centre": [1.0, 1.0],
        "parameters": 80,
        "multiply_adds": 648,
        "formulas": dict(trace[0].formulas),
        "warnings": ["stride 2 leaves 1 row at the bottom and 1 column at the right of 8x8 unread"],
    }
    assert json.loads(json.dumps(shapes.trace("linear 2", (8,)).as_dict()))["layers"][0]["receptive_field"] is None


@pytest.mark.parametrize(
    ("text", "size", "number", "words"),
    [
        ("conv 8 4x4", (8, 8), 1, "a 4x4 kernel is even: it has no centre pixel"),
        ("conv 8 3x2", (8, 8), 1, "a 3x2 kernel is even"),
        ("conv 8 4x4 p1", (8, 8), 1, "no centre pixel, and its output lies half a pixel off"),
        ("conv 8 3x4 s2x1", (9, 8), 1, "no centre pixel, and its output lies half a pixel off"),
        ("conv 8 4x4 s3", (10, 10), 1, "no centre pixel, and its output lies half a pixel off"),
        ("conv 8 4x4 s2 p1", (8, 8), 1, "no centre pixel, which at stride 2 moves nothing by half"),
        ("conv 8 2x2 s2", (8, 8), 1, "no centre pixel, which at stride 2 moves nothing by half"),
        ("conv 8 2x2 d2", (8, 8), 1, "no centre pixel, which at stride 1 and dilation 2 moves nothing by half"),
        ("pool 2", (7, 7), 1, "stride 2 leaves 1 row at the bottom and 1 column at the right of 7x7 unread"),
        ("pool 2", (8, 7), 1, "stride 2 leaves 1 column at the right of 8x7 unread"),
        ("pool 3", (8, 9), 1, "stride 3 leaves 2 rows at the bottom of 8x9 unread"),
        ("conv 8 5x5 s3", (10, 8), 1, "stride 3 leaves 2 rows at the bottom of 10x8 unread"),
        ("conv 8 1x1 s2", (8, 8), 1, "steps over 3 of 8 rows and 3 of 8 columns, which are never read"),
        ("conv 8 1x1 s2", (8, 8), 1, "stride 2 leaves 1 row at the bottom and 1 column at the right of 8x8 unread"),
        ("conv 8 3x3 s2 d2", (9, 9), 1, "a 3x3 kernel with stride 2 and dilation 2 steps over 4 of 9 rows"),
        ("conv 8 3x3 p3", (9, 9), 1, "padding 3 is what the kernel spans, or more"),
        ("convt 8 3x3 s2", (9, 9), 1, "a 3x3 kernel is no multiple of stride 2: stamps overlap unevenly"),
        ("convt 8 1x1 s2", (9, 9), 1, "a 1x1 kernel is smaller than stride 2: some outputs see nothing but the bias"),
        ("convt 1 4x4 s2 d2", (6, 6), 1, "a 4x4 kernel with stride 2 and dilation 2 leaves holes: some outputs see"),
        ("convt 1 2x2 s3 d4", (6, 6), 1, "a 2x2 kernel with stride 3 and dilation 4 leaves holes"),
        ("adaptiveavg 7", (5, 5), 1, "7x7 is more than the 5x5 that comes in: pixels are repeated"),
        ("conv 8 3x3, linear 10", (9, 9), 2, "works along its last axis, the 7 columns, alone: put flatten"),
        ("linear 10", (9, 1), 1, "works along its last axis, the 1 column, alone"),
        ("conv 8 9x9 nobias, batchnorm", (9, 9), 2, "torch refuses to train it on a batch of one image"),
        ("conv 8 3x3, batchnorm", (9, 9), 1, "its bias is useless: the norm behind it"),
        ("flatten, linear 8, batchnorm", (9, 9), 2, "its bias is useless"),
        ("flatten, linear 8, linear 8", (9, 9), 2, "nothing stands between it and linear 8"),
        ("conv 8 3x3, conv 8 3x3", (9, 9), 1, "nothing stands between it and conv 8 3x3"),
        ("flatten, linear 8, softmax", (9, 9), 3, "CrossEntropyLoss has softmax in it"),
    ],
)
def test_warnings(text, size, number, words):
    rows = shapes.trace(text, (3, *size))
    assert any(words in warning for warning in rows[number - 1].warnings), rows[number - 1].warnings


@pytest.mark.parametrize("shape", [(224, 224, 3), (28, 28, 1), (16, 64, 4)])
def test_channels_that_stand_last_are_warned_of(shape):
    first, second = shapes.trace("relu, relu", shape)
    channels, high, wide = shape[2], *shape[:2]
    assert first.warnings[0].endswith(f"x{channels} pixels; was {channels}x{high}x{wide} meant?")
    assert second.warnings == ()


@pytest.mark.parametrize("shape", [(3, 224, 224), (512, 1, 1), (512, 3, 3), (3, 224, 3), (64, 28, 2), (8,)])
def test_channels_that_stand_first_are_not(shape):
    assert shapes.trace("relu", shape)[0].warnings == ()


def test_the_bias_of_each_column_is_of_use_before_a_norm_of_each_channel():
    assert not any("useless" in warning for warning in shapes.trace("linear 10, bn", (3, 4, 6))[0].warnings)


@pytest.mark.parametrize("dilation", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_holes_are_told_where_torch_leaves_them(kernel, stride, dilation):
    layer = torch.nn.ConvTranspose2d(1, 1, (kernel, 1), (stride, 1), dilation=(dilation, 1), bias=False)
    torch.nn.init.ones_(layer.weight)
    made = layer(torch.ones(1, 1, 40, 1))[0, 0, :, 0]
    (row,) = shapes.trace(f"convt 1 {kernel}x1 s{stride}x1 d{dilation}x1 nobias", (1, 40, 1))
    told = any("nothing but the bias" in warning for warning in row.warnings)
    assert told == bool((made[18:-18] == 0).any())  # the ends apart, where stamps are few


@pytest.mark.parametrize(
    "text",
    [
        "conv 8 3x3 p1, relu, pool 2",
        "conv 8 3x3 s2 p1",
        "pool 3 s2 ceil",
        "conv 8 3x3 nobias, batchnorm",
        "conv 8 3x3, groupnorm 4",
        "conv 8 3x3, relu, conv 8 3x3",
        "depthwise 3 p1, conv 8 1x1",
        "convt 8 4x4 s2 p1",
        "conv 8 3x3 d2 p2",
        "flatten, linear 8, relu, linear 8",
        "globalavg, flatten, linear 8",
    ],
)
def test_no_warning_where_nothing_is_amiss(text):
    assert [row.warnings for row in shapes.trace(text, IMAGE)] == [()] * text.count(",") + [()]


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        (
            "pool 2, pool 2, pool 2, relu, conv 16 7x7",
            (3, 20, 20),
            "layer 5, 'conv 16 7x7', on 3x2x2: the kernel spans 7 pixels, and the input with its padding has 2; "
            "inputs of 3x56x56 or more would do",
        ),
        ("pool 2, pool 2", (1, 2, 9), "layer 2, 'pool 2', on 1x1x4: .* has 1; inputs of 1x4x4 or more would do"),
        (
            "pool 3 p2",
            IMAGE,
            "layer 1, 'pool 3 p2', on 3x224x224: padding of a pool .* 3, so 1, not 2$",
        ),
        (
            "conv 16 3x3 g3",
            (6, 9, 9),
            "16 filters do not divide into 3 groups; .* 16 filters these do: 1, 2$",
        ),
        ("conv 16 3x3 g4", (6, 9, 9), "6 input channels do not divide into 4 groups"),
        ("convt 4 3x3 s2 o2", IMAGE, r"output padding must be below the stride or the dilation \(2\), not 2$"),
        ("convt 4 1x1 p2", (1, 4, 4), "padding 2 cuts 4 pixels off an output of 4: nothing is left; inputs of 1x5x5"),
        ("flatten, conv 8 3x3", IMAGE, "layer 2, 'conv 8 3x3', on 150528: it takes a picture, CxHxW"),
        ("conv 8 3x3", (784,), "784 is flat: put it before flatten$"),
        ("pad 9 reflect", (1, 9, 20), "reflection pads at most 8 pixels of 9, not 9; inputs of 1x10x10 or more"),
        ("globalavg, instancenorm", IMAGE, "an instance norm of one pixel gives zeros, and torch refuses it"),
        ("groupnorm 2", IMAGE, "3 channels do not divide into 2 groups"),
        ("", IMAGE, "a network has at least one layer"),
        ("relu", (3, 4), "an input is CxHxW, as 3x224x224 .*, or one number, not 3x4"),
        ("relu", (3, 0, 4), "not 3x0x4"),
        ("relu", (), "not nothing"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(text, shape, message):
    with pytest.raises(shapes.ShapeError, match=message):
        shapes.trace(text, shape)


@pytest.mark.parametrize("text", ["conv 8 7x7 s2, pool 3 s2, conv 8 5x5", "conv 4 3x3 d3, avgpool 4 s3, pool 2 ceil"])
def test_the_inputs_that_would_do_do_and_smaller_ones_do_not(text):
    side = 1
    while side < 100:
        try:
            trace = shapes.trace(text, (3, side, side))
            break
        except shapes.ShapeError as error:
            told = int(str(error).split("inputs of 3x")[1].split("x")[0])
        assert told > side
        side = told
    assert trace.output_shape[1:] == (1, 1)
    with pytest.raises(shapes.ShapeError):
        shapes.trace(text, (3, side - 1, side - 1))
