"""The language: what is understood, how it is said again, and what is refused with what would be right."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.nn import shapes

Conv, ConvTranspose, Pool, Norm = shapes.Conv, shapes.ConvTranspose, shapes.Pool, shapes.Norm


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv 32 3x3 s2 p1", Conv(32, 3, 2, 1)),
        ("conv 32 3", Conv(32, (3, 3))),
        ("conv 32 k3", Conv(32, 3)),
        ("Conv2d 32 3x5 s2x1 p0x2 d2 g4 nobias", Conv(32, (3, 5), (2, 1), (0, 2), 2, 4, False)),
        ("conv 32 3 stride=2 padding=1 dilation=3 groups=2", Conv(32, 3, 2, 1, 3, 2)),
        ("conv 32 3 stride2 padding1", Conv(32, 3, 2, 1)),
        ("conv 32 3 same", Conv(32, 3, padding="same")),
        ("conv 32 3 valid", Conv(32, 3)),
        ("conv 32 3 padding=same", Conv(32, 3, padding="same")),
        ("conv 32 3 Padding = Valid", Conv(32, 3)),
        ("conv 32 3 x 5 stride 2 padding 1", Conv(32, (3, 5), 2, 1)),
        ("conv 32 3×5 s 2 x 1 p = 1 dilation= 2", Conv(32, (3, 5), (2, 1), 1, 2)),
        ("Conv2DTranspose 8 4 stride 2", ConvTranspose(8, 4, 2)),
        ("MaxPooling2D 2", Pool(2)),
        ("AveragePooling2D 2 X 3", Pool((2, 3), kind="avg")),
        ("GlobalAveragePooling2D", shapes.AdaptivePool(1, "avg")),
        ("GlobalMaxPooling2D", shapes.AdaptivePool(1, "max")),
        ("BatchNormalization", Norm("batch", True)),
        ("ZeroPadding2D 1", shapes.Pad(1, 1, 1, 1)),
        ("UpSampling2D 2", shapes.Upsample(2)),
        ("depthwise 3x3 p1 m2", Conv(None, 3, padding=1, multiplier=2)),
        ("convt 8 4 s2 p1 o1", ConvTranspose(8, 4, 2, 1, 1)),
        ("transposed 8 4 g2 d3 nobias", ConvTranspose(8, 4, groups=2, dilation=3, bias=False)),
        ("pool 2", Pool(2, 2)),
        ("max-pool 3x2 s2 p1 d2 ceil", Pool((3, 2), 2, 1, 2, True)),
        ("MaxPool2d 3", Pool(3)),
        ("avg_pool 2 ceil", Pool(2, ceil_mode=True, kind="avg")),
        ("adaptivepool 7", shapes.AdaptivePool(7, "avg")),
        ("AdaptiveAvgPool2d 7x5", shapes.AdaptivePool((7, 5), "avg")),
        ("adaptivemax 7x5", shapes.AdaptivePool((7, 5), "max")),
        ("gap", shapes.AdaptivePool(1, "avg")),
        ("globalmax", shapes.AdaptivePool((1, 1), "max")),
        ("flatten", shapes.Flatten()),
        ("dense 10 nobias", shapes.Linear(10, bias=False)),
        ("ReLU", shapes.Elementwise("relu")),
        ("leaky_relu 0.2", shapes.Elementwise("leakyrelu", 0.2)),
        ("dropout .5", shapes.Elementwise("dropout", 0.5)),
        ("bn", Norm("batch", True)),
        ("Dropout1d", shapes.Elementwise("dropout")),
        ("BatchNorm1d noaffine", Norm("batch", False)),
        ("instancenorm", Norm("instance", False)),
        ("instancenorm affine", Norm("instance", True)),
        ("groupnorm 8", Norm("group", groups=8)),
        ("pad 1", shapes.Pad(1, 1, 1, 1)),
        ("pad 1x2 reflect", shapes.Pad(2, 2, 1, 1, "reflect")),
        ("pad 0 1 2 3", shapes.Pad(0, 1, 2, 3)),
        ("upsample 2 bilinear", shapes.Upsample(2, True)),
        ("upsample 2x3", shapes.Upsample((2, 3))),
    ],
)
def test_words_and_what_they_mean(text, layer):
    assert shapes.parse(text) == (layer,)
    assert shapes.parse(str(layer)) == (layer,)


def test_layers_are_parted_by_commas_semicolons_and_lines():
    assert shapes.parse("conv 8 3, relu;pool 2\n  flatten ,,") == shapes.parse("conv 8 3x3,relu,pool 2,flatten")
    assert shapes.parse(" ") == ()


def test_layers_are_repeated():
    assert shapes.parse("2x(conv 8 3 p1, relu), pool 2") == shapes.parse("conv 8 3 p1,relu,conv 8 3 p1,relu,pool 2")
    assert shapes.parse("flatten, 2 * (linear 8, 2x(relu, tanh)), linear 2") == shapes.parse(
        "flatten, linear 8, relu, tanh, relu, tanh, linear 8, relu, tanh, relu, tanh, linear 2"
    )
    assert shapes.parse("2 × (relu)") == shapes.parse("relu, relu")
    with pytest.raises(shapes.ShapeError, match="repeat fewer"):
        shapes.parse("999x(999x(relu))")
    assert len(shapes.parse("1000x(relu)")) == 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv 8 3, 0x(relu, tanh)", "'0x(relu, tanh)' repeats nothing: leave it out"),
        ("tanh, 999x(relu", "'999x(relu': brackets repeat what is in them, a number stands before, and each is closed"),
        ("relu)", "'relu)': brackets repeat"),
        ("tanh, (relu)", "'(relu)': brackets repeat"),
        ("ax(relu)", "'ax(relu)': brackets repeat"),
        ("1.5x(relu)", "'1.5x(relu)': brackets repeat"),
        ("99999999999x(relu)", "'99999999999x(relu)': brackets repeat"),
    ],
)
def test_brackets_that_repeat_nothing(text, message):
    with pytest.raises(shapes.ShapeError, match=re.escape(message)) as info:
        shapes.parse(text)
    assert "right would be: 2x(conv" in str(info.value) or "how many times" in str(info.value)


@pytest.mark.parametrize("name", shapes.NAMES)
def test_every_name_has_an_example_that_is_right(name):
    with pytest.raises(shapes.ShapeError) as info:
        shapes.parse(f"relu, {name} x")
    example = str(info.value).split("right would be: ")[1].split(", or ")[0]
    (layer,) = shapes.parse(example)
    assert shapes.parse(str(layer)) == (layer,)
    assert str(info.value).startswith(f"layer 2, '{name} x': 'x' is not understood")


@given(
    st.builds(
        Conv,
        st.integers(1, 99),
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.integers(0, 9),
        st.integers(1, 9),
        st.integers(1, 9),
        st.booleans(),
    )
    | st.builds(Pool, st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(1, 9), st.booleans())
    | st.builds(shapes.Pad, *[st.integers(0, 3)] * 4, st.sampled_from(["zero", "reflect", "replicate"]))
)
def test_what_is_said_again_means_the_same(layer):
    assert shapes.parse(str(layer)) == (layer,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("convv 3", "layer 1, 'convv 3': no layer is called 'convv'; did you mean conv?"),
        ("relu, conv1d 10 3", "layer 2, 'conv1d 10 3': 'conv1d' works along one axis, and pictures have two: conv"),
        ("MaxPool_1d 2", "'maxpool_1d' works along one axis, and pictures have two: maxpool"),
        ("relu, zzzzzz", "layer 2, 'zzzzzz': no layer is called 'zzzzzz'; there are conv, depthwise, "),
        ("conv 16", "layer 1, 'conv 16': it has no kernel; right would be: conv 32 3x3 s2 p1"),
        ("conv", "it takes 1 to 2 sizes without a letter, not 0; right would be: conv 32 3x3 s2 p1"),
        ("conv 16 3 k3", "a kernel is said once"),
        ("conv 16x3 3", "the number of filters is one whole number"),
        ("conv 0 3", "the number of filters must be at least 1, not 0; right"),
        ("conv 16 0x3", "kernel must be at least 1, not 0x3; right"),
        ("conv 16 3 s0", "stride must be at least 1"),
        ("conv 16 3 d0", "dilation must be at least 1"),
        ("conv 16 3 g0", "the number of groups must be at least 1"),
        ("conv 16 3 g2x2", "the number of groups is one whole number"),
        ("conv 16 3 s2 s3", "stride is said twice"),
        ("conv 16 0.5", "sizes are whole numbers, as 3 or 3x5, not 0.5"),
        ("conv 16 3 same p1", "padding is said once"),
        ("conv 16 3 same s2", "same padding keeps the size, and stride 2 does not"),
        ("conv 16 3 o1", "'o1' is not understood; behind the sizes may stand s1 (stride), p1 (padding), "),
        ("conv 16 3 ceil", "'ceil' is not understood"),
        ("pool 2 same", "'same' is not understood"),
        ("avgpool 2 d2", "'d2' is not understood"),
        ("pool", "it has no kernel; right would be: pool 3x3 s2 p1"),
        ("linear 3x3", "the number of features is one whole number; right would be: linear 10"),
        ("linear 3 3", "it takes 1 size without a letter, not 2"),
        ("relu 3", "it takes no sizes without a letter, not 1; right would be: relu"),
        ("flatten 2", "it takes no sizes"),
        ("dropout 2", "the share that dropout drops must be in 0..1, not 2"),
        ("dropout 2x2", "dropout takes one number"),
        ("pad 1 2", "it takes one number, HxW, or left right top bottom"),
        ("pad 1 zero reflect", "it is one of zero, reflect, replicate"),
        ("upsample 0", "factor must be at least 1"),
        ("upsample 2 nearest bilinear", "it is nearest or bilinear"),
        ("batchnorm affine noaffine", "it is affine or not"),
        ("adaptiveavg 0", "the size that comes out must be at least 1"),
        ("conv 99999999999 3", "'99999999999' is not understood"),
        ("conv ² 3", "'²' is not understood"),
    ],
)
def test_what_is_wrong_and_what_would_be_right(text, message):
    with pytest.raises(shapes.ShapeError, match=re.escape(message)) as info:
        shapes.parse(text)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: shapes.conv_size(10, 3, 0),
        lambda: shapes.conv_size(10, 0),
        lambda: shapes.conv_size(-4, 3, 1, 10),
        lambda: shapes.conv_size(10, 3, padding=1.5),
        lambda: shapes.conv_size(10, 3, dilation=0),
        lambda: shapes.pool_size(10, 0),
        lambda: shapes.pool_size(10, 2, 0),
        lambda: shapes.pool_size(10, 2, padding=-1),
        lambda: shapes.conv_transpose_size(10, 3, 0),
        lambda: shapes.conv_transpose_size(10, 3, output_padding=-1),
        lambda: shapes.strides(224, 0, 3),
        lambda: shapes.strides(224, 112, 0),
        lambda: shapes.paddings(224, 112, 3, 0),
        lambda: shapes.paddings(224, 0, 3),
        lambda: shapes.filters(896, 3, 3, groups=0),
        lambda: shapes.filters(896, 0),
        lambda: shapes.filters(0, 3),
        lambda: shapes.filters(896, 3, largest_kernel=0),
        lambda: shapes.same_padding(0),
        lambda: shapes.same_padding(3, 0),
        lambda: shapes.trace("relu", 5),
        lambda: shapes.trace("relu", (3.0, 4, 4)),
        lambda: shapes.trace(["relu"], (3, 4, 4)),
        lambda: shapes.ask("conv 3 3x3 p?", 5),
        lambda: shapes.ask("conv 3 3x3 p?", (3, -1, 4)),
        lambda: Conv(8, (3, 3, 3)),
        lambda: Conv(8, 2.5),
        lambda: Conv(8, True),
        lambda: Pool(2, dilation=2, kind="avg"),
        lambda: shapes.conv2d_size(8, 3, padding=-1),
        lambda: shapes.pool2d_size(8, 3, stride=0),
        lambda: shapes.conv_transpose2d_size((8, 8), 3, output_padding=1),
    ],
)
def test_settings_that_cannot_be(make):
    with pytest.raises(shapes.ShapeError):
        make()


def test_the_functions_of_two_axes():
    assert shapes.conv2d_size(224, 7, stride=2, padding=3) == (112, 112)
    assert shapes.conv2d_size((224, 200), (3, 5)) == (222, 196)
    assert shapes.conv_transpose2d_size((4, 5), 4, stride=2, padding=1) == (8, 10)
    assert shapes.pool2d_size((7, 9), 2, ceil_mode=True) == (4, 5)
    assert shapes.pool2d_size((7, 9), 2) == (3, 4)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("3x224x224", (3, 224, 224)),
        (" 3 x 32X48", (3, 32, 48)),
        ("3,8,9", (3, 8, 9)),
        ("1×28×28", (1, 28, 28)),
        ("784", (784,)),
    ],
)
def test_shapes_are_read(text, shape):
    assert shapes.parse_shape(text) == shape


@pytest.mark.parametrize("text", ["28x28", "", "x", "3x0x4", "3x-1x4", "axbxc", "3x4x5x6", "1.5", "²"])
def test_what_is_no_shape(text):
    with pytest.raises(shapes.ShapeError, match=r"a shape is CxHxW, as 3x224x224 \(a grey image is 1x28x28\)"):
        shapes.parse_shape(text)
