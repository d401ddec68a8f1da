"""The inverse questions: each answer gives what was asked for, and no other does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.nn import shapes

sizes, kernels, dilations = st.integers(1, 40), st.integers(1, 9), st.integers(1, 4)


def size_of(*given):
    try:
        return shapes.conv_size(*given)
    except shapes.ShapeError:
        return None


@settings(max_examples=400)
@given(size=sizes, output=sizes, kernel=kernels, padding=st.integers(0, 5), dilation=dilations)
def test_strides_are_all_that_give_the_size(size, output, kernel, padding, dilation):
    found = shapes.strides(size, output, kernel, padding, dilation)
    tried = [s for s in range(1, 100) if size_of(size, kernel, s, padding, dilation) == output]
    assert list(found.values) == (tried[:1] if output == 1 else tried)
    assert found.why


@settings(max_examples=400)
@given(size=sizes, output=sizes, kernel=kernels, stride=st.integers(1, 5), dilation=dilations)
def test_paddings_are_all_that_give_the_size(size, output, kernel, stride, dilation):
    found = shapes.paddings(size, output, kernel, stride, dilation)
    tried = [p for p in range(250) if size_of(size, kernel, stride, p, dilation) == output]
    assert list(found.values) == tried
    assert found.why


@given(kernel=kernels, dilation=dilations, size=sizes)
def test_same_padding_keeps_every_size_or_none_does(kernel, dilation, size):
    found = shapes.same_padding(kernel, dilation)
    tried = [p for p in range(40) if size_of(size, kernel, 1, p, dilation) == size]
    assert list(found.values) == tried


@settings(max_examples=200)
@given(
    parameters=st.integers(1, 400),
    channels=st.integers(1, 6),
    groups=st.integers(1, 3),
    bias=st.none() | st.booleans(),
    kernel=st.none() | st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_filters_are_all_that_have_so_many_parameters(parameters, channels, groups, bias, kernel):
    found = shapes.filters(parameters, channels, kernel, bias, groups, largest_kernel=5)
    tried = set()
    for side in range(1, 6) if kernel is None else [kernel]:
        for has in (True, False) if bias is None else [bias]:
            for count in range(groups, parameters + 1, groups):
                layer = shapes.Conv(count, side, groups=groups, bias=has)
                if channels % groups or parameters < count * channels // groups:
                    break
                if layer.apply((channels, 9, 9)).parameters == parameters:
                    tried.add((count, layer.kernel, has))
    assert {(one.filters, one.kernel, one.bias) for one in found.values} == tried
    assert found.why


@pytest.mark.parametrize(
    ("text", "size", "output", "expected", "words"),
    [
        ("conv 32 1x1 d?", 224, 224, ["conv 32 1x1"], "dilation 1 gives 224, and so does every larger one"),
        ("conv 3 3x3 same d?", 8, 8, ["conv 3 3x3 same"], "dilation 1 gives 8, and so does every larger one"),
        ("conv 3 same k?", 8, 8, ["conv 3 1x1 same"], "kernel 1 gives 8, and so does every larger one"),
        ("pool 8 s?", 8, 1, ["pool 8 s1"], "stride 1 gives 1, and so does every larger one"),
        ("pool 3 s?", 8, 1, ["pool 3 s6"], "stride 6 gives 1, and so does every larger one"),
        ("pool 3 s?", 8, 2, ["pool 3", "pool 3 s4", "pool 3 s5"], "stride from 1 to 11 tried"),
        ("conv 3 3x3 s?", 8, 1, ["conv 3 3x3 s6"], "with stride 6 and every larger one there is one window"),
    ],
)
def test_the_least_of_endlessly_many_is_listed(text, size, output, expected, words):
    question = shapes.ask(text, (3, size, size), output=output)
    assert [str(answer) for answer in question.answers] == expected
    assert words in question.why


def test_the_least_that_answers_for_height_and_width_alike():
    assert answers("conv 3 3x3 s?", (3, 8, 6), output=1) == ["conv 3 3x3 s6"]
    assert answers("pool 3 s?", (3, 8, 6), output=1) == ["pool 3 s6"]
    assert answers("conv 3 3x3 s?", (3, 8, 6), output=(2, 1)) == ["conv 3 3x3 s4", "conv 3 3x3 s5"]


def test_why_there_is_none():
    assert shapes.same_padding(4) == shapes.Solutions(
        (),
        "1*(4-1) = 3 pixels are lost, which is odd: unequal padding (1 before and 2 behind: same, or a pad layer "
        "before it) would keep the size",
    )
    assert shapes.strides(224, 113, 3, 1).why.endswith("must be 112: stride 1 gives 224, stride 2 gives 112")
    assert shapes.strides(8, 9, 3).why.endswith("even stride 1 gives only 6")
    assert shapes.strides(2, 1, 5).why == "the kernel spans 3 pixels more than the input and its padding have"
    assert shapes.paddings(8, 3, 3).why == "without any padding there are 6 already, more than 3"
    assert shapes.filters(1000, 3, 3).why == (
        "1,000 is no multiple of 28 numbers a filter with bias: 35 filters have 980 and 36 filters have 1,008"
    )
    assert shapes.filters(29, 3, 3).why.endswith("with bias: 1 filter has 28 and 2 filters have 56")
    assert shapes.ask("conv ? 3x3", IMAGE, parameters=1).asked.endswith("has 1 parameter")
    assert shapes.filters(10, 5, 3, groups=2).why == "5 input channels do not divide into 2 groups"
    assert shapes.filters(7, 10, bias=True).why == "no square kernel up to 15 has weights that divide 7"


def answers(*arguments, **named):
    return [str(answer) for answer in shapes.ask(*arguments, **named).answers]


IMAGE = (3, 224, 224)


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("conv 32 5x5 p? d2", {}, ["conv 32 5x5 p4 d2"]),
        ("conv 32 3x5 p?", {}, ["conv 32 3x5 p1x2"]),
        ("conv 32 4x4 p?", {}, []),
        ("conv 32 4x4 s2 p?", {}, ["conv 32 4x4 s2 p1"]),
        ("conv 32 3x3 s? p1", {"output": 112}, ["conv 32 3x3 s2 p1"]),
        ("conv 32 3x3 s? p1", {"output": (112, 224)}, ["conv 32 3x3 s2x1 p1"]),
        ("conv 32 3x3 s? p1", {"output": 6}, [f"conv 32 3x3 s{stride} p1" for stride in range(38, 45)]),
        ("conv 32 ?", {"output": 220}, ["conv 32 5x5"]),
        ("Conv2d 32 5x5 P? d2", {}, ["conv 32 5x5 p4 d2"]),
        ("conv 32 5x5 padding=? d2", {}, ["conv 32 5x5 p4 d2"]),
        ("conv 32 5x5 d2 p ?", {}, ["conv 32 5x5 p4 d2"]),
        ("conv 32 3x3 Stride=? p1", {"output": 112}, ["conv 32 3x3 s2 p1"]),
        ("conv 32 K?", {"output": 220}, ["conv 32 5x5"]),
        ("MaxPool2d ?", {"output": 32}, ["pool 7"]),
        ("pool ? s2", {"output": 110}, ["pool 5 s2", "pool 6 s2"]),
        ("convt 8 3x3 s2 p1 output_padding?", {"output": 448}, ["convt 8 3x3 s2 p1 o1"]),
        ("conv 32 3x3 d?", {"output": 218}, ["conv 32 3x3 d3"]),
        ("pool 3 s? p1", {"output": 112}, ["pool 3 s2 p1"]),
        ("convt 8 4x4 s2 p?", {"output": 448}, ["convt 8 4x4 s2 p1"]),
        ("convt 8 3x3 s2 p1 o?", {"output": 448}, ["convt 8 3x3 s2 p1 o1"]),
        ("convt 8 4x4 s? p1", {"output": 448}, ["convt 8 4x4 s2 p1"]),
        ("conv ? 3x3", {"parameters": 896}, ["conv 32 3x3"]),
        ("conv ? 3x3", {"parameters": 864}, ["conv 32 3x3 nobias"]),
        ("conv ? 3x3 nobias", {"parameters": 896}, []),
        ("conv ? ?", {"parameters": 896}, ["conv 224 1x1", "conv 32 3x3"]),
        ("conv 32 ?", {"parameters": 896}, ["conv 32 3x3"]),
        ("conv 31 ?", {"parameters": 896}, []),
        ("conv 6 1x1, conv ? 3x3 g2", {"parameters": 280}, ["conv 10 3x3 g2"]),
        ("convt ? 4x4", {"parameters": 98}, ["convt 2 4x4"]),
        ("flatten, linear ?", {"parameters": 1_505_290}, ["linear 10"]),
        ("depthwise ?", {"parameters": 30}, ["depthwise 3x3"]),
        ("depthwise ? p1 m2", {"parameters": 54}, ["depthwise 3x3 p1 m2 nobias"]),
        ("depthwise ? nobias", {"parameters": 30}, []),
        ("depthwise ?", {"output": 220}, ["depthwise 5x5"]),
    ],
)
def test_questions(text, named, expected):
    question = shapes.ask(text, IMAGE, **named)
    assert [str(answer) for answer in question.answers] == expected
    assert question.why
    for network in question.networks():
        last = shapes.trace(network, IMAGE)[-1]
        if "parameters" in named:
            assert last.parameters == named["parameters"]
        else:
            wanted = named.get("output", -(-224 // getattr(network[-1], "stride", (1,))[0]))
            assert last.output_shape[1:] == (wanted if isinstance(wanted, tuple) else (wanted, wanted))


@pytest.mark.parametrize(
    ("text", "shape", "named", "expected", "words"),
    [
        ("conv 2 3x3 s?", (1, 9, 9), {"output": 4, "parameters": 20}, ["conv 2 3x3 s2"], "must be 3"),
        (
            "conv 2 3x3 s?",
            (1, 9, 9),
            {"output": 4, "parameters": 3},
            [],
            "; asking for 4x4 and 3 parameters leaves none of 1",
        ),
        ("conv 2 3x3 p?", (1, 9, 9), {"parameters": 3}, [], "; asking for 3 parameters leaves none of 1"),
        ("linear ?", (784,), {"output": 10, "parameters": 7850}, ["linear 10"], "of the 7,850"),
        ("linear ?", (784,), {"output": 11, "parameters": 7850}, [], "leaves none of 1"),
        (
            "conv ? ?",
            (3, 9, 9),
            {"output": 7, "parameters": 896},
            ["conv 32 3x3"],
            "; asking for 7x7 and 896 parameters leaves 1 of 2",
        ),
        ("conv 32 ?", (3, 9, 9), {"output": 7, "parameters": 896}, ["conv 32 3x3"], "of the 896"),
    ],
)
def test_where_both_are_told_answers_have_both(text, shape, named, expected, words):
    question = shapes.ask(text, shape, **named)
    assert [str(answer) for answer in question.answers] == expected
    assert words in question.why


def test_why_of_linear_and_depthwise_layers():
    def why(text, parameters):
        return shapes.ask(text, (8, 4, 4), parameters=parameters).why

    assert why("flatten, linear ?", 1290) == "each feature has 128 weights and its bias, if any, of the 1,290"
    assert "129 numbers a feature with bias: 1 feature has 129 and 2 features have 258" in why("flatten, linear ?", 130)
    assert why("depthwise ?", 80) == "8 filters of one channel; square kernels up to 15 tried"


def test_the_layers_before_the_question_count():
    assert answers("conv 16 3x3 s2 p1, relu, conv ? 3x3", IMAGE, parameters=4_640) == ["conv 32 3x3"]


@pytest.mark.parametrize(
    ("text", "named", "words"),
    [
        ("conv 32 3x3 s?", {}, "which stride gives which size? Say what is to come out"),
        ("pool 3 p?", {}, "which padding gives which size?"),
        ("conv ? 3x3", {}, "how many parameters has the layer?"),
        ("conv ? 3x3, relu", {}, "of the last layer"),
        ("conv 3 3x3 s? p?", {"output": 3}, "one thing is asked for"),
        ("conv 3 3x3", {"output": 3}, "is the last"),
        ("", {}, "is the last"),
        (
            "Dense ?",
            {"output": 3},
            "'dense ?': what comes out of it is its number of features; ask by its --parameters",
        ),
        ("linear ?", {}, "how many parameters has the layer?"),
        ("linear s?", {"output": 3}, "'linear s?': s? is asked of convolutions and pools of pictures"),
        ("conv ? 3x3", {"output": 112}, "'conv ? 3x3': no size that comes out tells how many filters it has"),
        ("upsample ?", {"output": 112}, "'upsample ?': ? is asked of convolutions, pools and linear layers"),
        ("adaptiveavg ?", {"output": 112}, "'adaptiveavg ?': ? is asked of convolutions, pools and linear layers"),
        ("pool 2 o?", {"output": 112}, "'pool 2 o?': o? asks for the output padding, and pool has none"),
        ("pool ?", {"parameters": 3}, "'pool ?': a pool has no parameters"),
        ("relu, conv 0 3x3 p?", {}, "layer 2, 'conv 0 3x3 p?': the number of filters must be at least 1"),
        ("2x(conv 8 3x3 p?)", {}, "of the last layer alone, and layer 1, 'conv 8 3x3 p?', asks as well"),
        ("convv 3 p?", {}, "no layer is called 'convv'; did you mean conv?"),
        ("flatten, conv 3 3x3 p?", {}, "asked of convolutions and pools of pictures"),
        ("dropout ?", {"parameters": 3}, "asked of convolutions, pools and linear layers"),
        ("flatten, conv ? 3x3", {"parameters": 30}, "it takes a picture"),
        ("conv 8 300x300, conv ? 3x3", {"parameters": 30}, "layer 1, 'conv 8 300x300'"),
    ],
)
def test_what_is_no_question(text, named, words):
    with pytest.raises(shapes.ShapeError) as info:
        shapes.ask(text, IMAGE, **named)
    assert words in str(info.value)
