"""Questions in the language itself: "conv 32 5x5 p?" asks for the padding, "conv ? 3x3" for the filters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

from feedline.errors import ShapeError
from feedline.nn.shapes.convolution import Conv, ConvTranspose
from feedline.nn.shapes.inverse import LARGEST_KERNEL, Filters, Solutions, filters, paddings, strides, tried
from feedline.nn.shapes.kinds import KINDS
from feedline.nn.shapes.language import known_name, parse, split
from feedline.nn.shapes.layer import Applied, Layer, picture
from feedline.nn.shapes.plain import Linear
from feedline.nn.shapes.pooling import Pool
from feedline.nn.shapes.sizes import Pair, Shape, Size, by, extent, pair
from feedline.nn.shapes.tracing import input_of, trace
from feedline.nn.shapes.words import counted_words

_LETTERS = {
    "s": ("stride", 1),
    "p": ("padding", 0),
    "d": ("dilation", 1),
    "o": ("output_padding", 0),
    "k": ("kernel", 1),
}
_ASKED = re.compile(rf"(?<!\S)({'|'.join((*(name for name, _ in _LETTERS.values()), *_LETTERS))})\s*=?\s*\?")
_MOST_TRIED = 4096
_CONVOLUTIONS, _POOLS = ("conv", "convt", "depthwise"), ("pool", "avgpool")
_Sized = Conv | ConvTranspose | Pool


@dataclass(frozen=True)
class Question:
    """What was asked of a network's last layer, and every answer to it; of endlessly many, the least.

    Attributes:
        asked: the question in words.
        answers: the layer, once for each answer; empty where there is none.
        why: how they were found, or why there is none.
        before: the layers before it.
    """

    asked: str
    answers: tuple[Layer, ...]
    why: str
    before: tuple[Layer, ...]

    def networks(self) -> list[tuple[Layer, ...]]:
        """The whole network, once for each answer."""
        return [(*self.before, answer) for answer in self.answers]


def ask(
    network: str, input_shape: Sequence[int], output: Size | None = None, parameters: int | None = None
) -> Question:
    """Find what stands for the question mark in a network's last layer.

    "p?", "s?", "d?", "k?" and "o?" ask for the setting that gives the size ``output``; padding, where no size is told,
    for what keeps the size (at a stride, what divides it, rounded up).
    Answers are alike for height and width if any are. "conv ? 3x3", "conv 32 ?", "conv ? ?" and
    "linear ?" ask for what has so many ``parameters``; square kernels up to 15 are tried.

    Args:
        network: in words, as ``parse`` takes them, with a question mark in its last layer.
        input_shape: (channels, height, width), or (features,).
        output: (height, width) behind the last layer, or one number for both.
        parameters: of the last layer. Where both are told, answers have both.

    Raises:
        ShapeError: the words are no question, or what is needed to answer is not told.
    """
    *known, last = split(network) or [""]
    _require_question(known, last)
    layers = parse(",".join(known))
    shape = trace(layers, input_shape).output_shape if layers else input_of(input_shape)
    text = _ASKED.sub(lambda found: f"{found[1][0]}?", last.lower())
    letters = re.findall(r"(?<!\S)([spdok])\?", text)
    marks = [place for place, word in enumerate(text.split()) if word == "?"]
    if len(letters) > 1 or (letters and marks):
        raise ShapeError(f"one thing is asked for: conv 32 3x3 p?, or conv ? 3x3, not {last!r}")
    kind = _kind(text)
    if output is not None and parameters is None and marks:
        text, letters = _for_the_kernel(text, kind, marks), ["k"]
    if letters:
        found = _ask_setting(text, letters[0], layers, shape, output)
    else:
        found = _ask_count(text, layers, shape, parameters)
    return _checked(found, shape, output, parameters)


def _checked(question: Question, shape: Shape, output: Size | None, parameters: int | None) -> Question:
    """Those answers alone that are as told, where both what comes out and the parameters were."""
    if output is None and not (parameters and question.answers):
        return question
    wanted = None if output is None else pair(output, "the output", 1)
    fit = tuple(answer for answer in question.answers if _as_told(answer.apply(shape), wanted, parameters))
    if fit == question.answers:
        return question
    made = "" if wanted is None else by(wanted)
    has = "" if parameters is None else counted_words(parameters, "parameter")
    told = " and ".join(filter(None, (made, has)))
    why = f"{question.why}; asking for {told} leaves {len(fit) or 'none'} of {len(question.answers)}"
    return replace(question, answers=fit, why=why)


def _as_told(made: Applied, output: Pair | None, parameters: int | None) -> bool:
    size = made.output[1:] if len(made.output) == 3 else made.output * 2
    return output in (None, size) and parameters in (None, made.parameters)


def _require_question(known: Sequence[str], last: str) -> None:
    for number, part in enumerate(known, 1):
        if "?" in part:
            raise ShapeError(f"a question is asked of the last layer alone, and layer {number}, {part!r}, asks as well")
    if "?" not in last:
        raise ShapeError(f"a question is asked of the last layer (conv 32 3x3 p?), and {last!r} is the last")


def _kind(text: str) -> str:
    """The name, as the language has it, of a layer that can be asked."""
    kind = known_name(text.split()[0])
    if kind not in (*_CONVOLUTIONS, *_POOLS, "linear"):
        raise ShapeError(f"{text!r}: ? is asked of convolutions, pools and linear layers: conv ? 3x3, or linear ?")
    return kind


def _for_the_kernel(text: str, kind: str, marks: Sequence[int]) -> str:
    """The words with k? where "?" stands for the kernel, which a size tells: "conv 32 ?", "pool ?"."""
    if kind == "linear":
        raise ShapeError(f"{text!r}: what comes out of it is its number of features; ask by its --parameters")
    if list(marks) != [2 if kind in ("conv", "convt") else 1]:
        raise ShapeError(f"{text!r}: no size that comes out tells how many filters it has; ask by its --parameters")
    return re.sub(r"(?<!\S)\?", "k?", text, count=1)


def _guessed(guess: str, text: str, before: Sequence[Layer]) -> Layer:
    """The layer with a guess for what is asked; errors show what was typed, and count the layers before it."""
    try:
        return parse(guess)[0]
    except ShapeError as error:
        words = str(error).replace(f"layer 1, {guess!r}", f"layer {len(before) + 1}, {text!r}")
        raise ShapeError(words) from None


def _ask_setting(text: str, letter: str, before: tuple[Layer, ...], shape: Shape, output: Size | None) -> Question:
    name, least = _LETTERS[letter]
    kind = _kind(text)
    if letter not in KINDS[kind].settings and kind != "linear":
        raise ShapeError(f"{text!r}: {letter}? asks for the {name.replace('_', ' ')}, and {kind} has none")
    layer = None if kind == "linear" else _guessed(text.replace(f" {letter}?", f" {letter}{least}"), text, before)
    if not isinstance(layer, _Sized) or len(shape) != 3:
        raise ShapeError(f"{text!r}: {letter}? is asked of convolutions and pools of pictures")
    size = (shape[1], shape[2])
    wanted = pair(output, "the output", 1) if output is not None else _kept(layer, name, size)
    follows = letter == "k" and kind in _POOLS and not re.search(r"(?<!\S)s(tride)?=?\d", text)
    names = ("kernel", "stride") if follows else (name,)  # a pool's stride is its kernel unless told
    axes = [_solve(_square(layer, axis), names, least, size[axis], wanted[axis]) for axis in (0, 1)]
    word = name.replace("_", " ")
    answers = [_with(layer, **dict.fromkeys(names, both)) for both in _alike(*axes)]
    return Question(
        f"which {word} makes {by(wanted)} of {by(size)}",
        tuple(answers),
        axes[0].why if axes[0] == axes[1] else f"height: {axes[0].why}; width: {axes[1].why}",
        before,
    )


def _alike(high: Solutions[int], wide: Solutions[int]) -> list[Pair]:
    """What answers for height and width alike; where nothing does, each with each."""
    values = sorted({*high.values, *wide.values})
    alike = [(value, value) for value in values if _answers(high, value) and _answers(wide, value)]
    return alike or list(product(high.values, wide.values))


def _answers(found: Solutions[int], value: int) -> bool:
    return value in found.values or (found.endless and value > found.values[-1])


def _kept(layer: _Sized, name: str, size: Pair) -> Pair:
    if name != "padding" or not isinstance(layer, Conv):
        raise ShapeError(f"which {name.replace('_', ' ')} gives which size? Say what is to come out: --output 112")
    stride = pair(layer.stride, "stride")
    return -(-size[0] // stride[0]), -(-size[1] // stride[1])


def _square(layer: _Sized, axis: int) -> _Sized:
    """The layer with the settings of one axis for both."""
    pairs = {one.name: getattr(layer, one.name) for one in fields(layer)}
    alike = {name: (value[axis], value[axis]) for name, value in pairs.items() if isinstance(value, tuple)}
    return _with(layer, **alike)


def _with(layer: _Sized, **settings: Any) -> _Sized:
    return replace(layer, **settings)


def _solve(layer: _Sized, names: tuple[str, ...], least: int, size: int, output: int) -> Solutions[int]:
    name = names[0]
    if isinstance(layer, Conv) and name in ("stride", "padding"):
        kernel, stride, dilation = (pair(one, "")[0] for one in (layer.kernel, layer.stride, layer.dilation))
        if name == "padding":
            return paddings(size, output, kernel, stride, dilation)
        return strides(size, output, kernel, layer.paddings()[0][0], dilation)
    most = min(_MOST_TRIED, max(size, output) + extent(pair(layer.kernel, "")[0], pair(layer.dilation, "")[0]))

    def size_of(value: int) -> int | None:
        channels = _channels(layer)
        try:
            return _with(layer, **dict.fromkeys(names, value)).apply((channels, size, size)).output[1]
        except ShapeError:
            return None

    return tried(size_of, range(least, most + 1), output, name.replace("_", " "))


def _channels(layer: _Sized) -> int:
    """Some that its groups divide: sizes do not depend on them."""
    return 1 if isinstance(layer, Pool) else layer.groups


def _ask_count(text: str, before: tuple[Layer, ...], shape: Shape, parameters: int | None) -> Question:
    if parameters is None:
        raise ShapeError(f"{text!r}: how many parameters has the layer? Say it: --parameters 896")
    words = text.split()
    if _kind(text) in _POOLS:
        raise ShapeError(f"{text!r}: a pool has no parameters; ask by what comes out: --output 112")
    groups = next((int(said[1]) for word in words if (said := re.fullmatch(r"g(?:roups)?=?(\d+)", word))), 1)
    marked = {place for place, word in enumerate(words) if word == "?"}
    guess = {1: str(max(1, groups)), 2: "1"}
    guessed = " ".join(guess.get(place, word) if place in marked else word for place, word in enumerate(words))
    layer = _guessed(guessed, text, before)
    bias = None if "nobias" not in words else False
    if isinstance(layer, Linear):
        found = filters(parameters, shape[-1], 1, bias)
        why = f"each feature has {shape[-1]:,} weights and its bias, if any, of the {parameters:,}"
        found = replace(found, why=why if found else found.why.replace("filter", "feature"))
        answers: list[Layer] = [Linear(one.filters, one.bias) for one in found.values]
    elif isinstance(layer, Conv) and layer.filters is None:
        answers, found = _depthwise(layer, bias, shape, parameters)
    elif isinstance(layer, Conv | ConvTranspose):
        found = filters(parameters, picture(shape)[0], None if 2 in marked else layer.kernel, bias, groups)
        answers = _convolutions(layer, found.values, shape, None if 1 in marked else layer.filters)
    else:
        raise ShapeError(f"{text!r}: ? is asked of convolutions and linear layers: conv ? 3x3, or linear ?")
    asked = f"which {words[0]} on {by(shape)} has {counted_words(parameters, 'parameter')}"
    unfit = "" if answers or not found else "; none of those that have so many is as told, or fits the input"
    return Question(asked, tuple(answers), found.why + unfit, before)


def _depthwise(layer: Conv, bias: bool | None, shape: Shape, parameters: int) -> tuple[list[Layer], Solutions[Filters]]:
    """Those that have so many parameters, by their kernels; their filters are told by what comes in."""
    filters = picture(shape)[0] * layer.multiplier
    each = [
        Filters(filters, (side, side), has)
        for side in range(1, LARGEST_KERNEL + 1)
        for has in ((True, False) if bias is None else (bias,))
        if filters * (side * side + has) == parameters
    ]
    why = f"{counted_words(filters, 'filter')} of one channel; square kernels up to {LARGEST_KERNEL} tried"
    layers: list[Layer] = [replace(layer, kernel=one.kernel, bias=one.bias) for one in each]
    return [one for one in layers if _fits(one, shape)], Solutions(tuple(each), why)


def _convolutions(
    layer: Conv | ConvTranspose, found: Sequence[Filters], shape: Shape, wanted: int | None
) -> list[Layer]:
    """Those that fit the input, and have as many filters as were told."""
    layers = [
        replace(layer, filters=one.filters, kernel=one.kernel, bias=one.bias)
        for one in found
        if wanted in (None, one.filters)
    ]
    return [one for one in layers if _fits(one, shape)]


def _fits(layer: Layer, shape: Shape) -> bool:
    try:
        layer.apply(shape)
    except ShapeError:
        return False
    return True
