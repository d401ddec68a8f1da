"""Questions in the language itself: "conv 32 5x5 p?" asks for the padding, "conv ? 3x3" for the filters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

from feedline.errors import ShapeError
from feedline.nn.shapes.convolution import Conv, ConvTranspose
from feedline.nn.shapes.inverse import Filters, Solutions, filters, paddings, strides, tried
from feedline.nn.shapes.language import parse, split
from feedline.nn.shapes.layer import Layer, picture
from feedline.nn.shapes.plain import Linear
from feedline.nn.shapes.pooling import Pool
from feedline.nn.shapes.sizes import Pair, Shape, Size, by, extent, pair
from feedline.nn.shapes.tracing import trace

_LETTERS = {
    "s": ("stride", 1),
    "p": ("padding", 0),
    "d": ("dilation", 1),
    "o": ("output_padding", 0),
    "k": ("kernel", 1),
}
_MOST_TRIED = 4096
_FLAT = ("linear", "dense", "fc")
_Sized = Conv | ConvTranspose | Pool


@dataclass(frozen=True)
class Question:
    """What was asked of a network's last layer, and every answer to it.

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
        parameters: of the last layer.

    Raises:
        ShapeError: the words are no question, or what is needed to answer is not told.
    """
    *known, last = split(network) or [""]
    if "?" not in last or any("?" in part for part in known):
        raise ShapeError(f"a question is asked of the last layer (conv 32 3x3 p?), and {last!r} is the last")
    layers = parse(",".join(known))
    shape = trace(layers, input_shape).output_shape if layers else tuple(input_shape)
    letters = re.findall(r"(?<!\S)([spdok])=?\?", last)
    if len(letters) > 1 or (letters and re.search(r"(?<!\S)\?", last)):
        raise ShapeError(f"one thing is asked for: conv 32 3x3 p?, or conv ? 3x3, not {last!r}")
    if output is not None and parameters is None and not last.startswith(_FLAT):  # "conv 32 ?" asks for its kernel
        last, letters = re.sub(r"(?<=\s)\?", "k?", last, count=1), letters or ["k"]
    if letters:
        return _ask_setting(last, letters[0], layers, shape, output)
    return _ask_count(last, layers, shape, parameters)


def _ask_setting(text: str, letter: str, before: tuple[Layer, ...], shape: Shape, output: Size | None) -> Question:
    name, least = _LETTERS[letter]
    (layer,) = parse(re.sub(rf"(?<!\S){letter}=?\?", f"{letter}{least}", text))
    if not isinstance(layer, _Sized) or len(shape) != 3:
        raise ShapeError(f"{text!r}: {letter}? is asked of convolutions and pools of pictures")
    size = (shape[1], shape[2])
    wanted = pair(output, "the output", 1) if output is not None else _kept(layer, name, size)
    axes = [_solve(_square(layer, axis), name, least, size[axis], wanted[axis]) for axis in (0, 1)]
    word = name.replace("_", " ")
    answers = [_with(layer, **{name: both}) for both in _alike(axes[0].values, axes[1].values)]
    return Question(
        f"which {word} makes {by(wanted)} of {by(size)}",
        tuple(answers),
        axes[0].why if axes[0] == axes[1] else f"height: {axes[0].why}; width: {axes[1].why}",
        before,
    )


def _alike(high: Sequence[int], wide: Sequence[int]) -> list[Pair]:
    """What answers for height and width alike; where nothing does, each with each."""
    return [(value, value) for value in high if value in wide] or list(product(high, wide))


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


def _solve(layer: _Sized, name: str, least: int, size: int, output: int) -> Solutions[int]:
    if isinstance(layer, Conv) and name in ("stride", "padding"):
        kernel, stride, dilation = (pair(one, "")[0] for one in (layer.kernel, layer.stride, layer.dilation))
        if name == "padding":
            return paddings(size, output, kernel, stride, dilation)
        return strides(size, output, kernel, layer.paddings()[0][0], dilation)
    most = min(_MOST_TRIED, max(size, output) + extent(pair(layer.kernel, "")[0], pair(layer.dilation, "")[0]))

    def size_of(value: int) -> int | None:
        channels = _channels(layer)
        try:
            return _with(layer, **{name: value}).apply((channels, size, size)).output[1]
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
    groups = next((int(said[1]) for word in words if (said := re.fullmatch(r"g(?:roups)?=?(\d+)", word))), 1)
    marked = {place for place, word in enumerate(words) if word == "?"}
    guess = {1: str(groups), 2: "1"}
    (layer,) = parse(" ".join(guess.get(place, word) if place in marked else word for place, word in enumerate(words)))
    bias = None if "nobias" not in words else False
    if isinstance(layer, Linear):
        found = filters(parameters, shape[-1], 1, bias)
        answers: list[Layer] = [Linear(one.filters, one.bias) for one in found.values]
    elif isinstance(layer, Conv | ConvTranspose) and layer.filters is not None:
        found = filters(parameters, picture(shape)[0], None if 2 in marked else layer.kernel, bias, groups)
        answers = _convolutions(layer, found.values, shape, None if 1 in marked else layer.filters)
    else:
        raise ShapeError(f"{text!r}: ? is asked of convolutions and linear layers: conv ? 3x3, or linear ?")
    asked = f"which {words[0]} on {by(shape)} has {parameters:,} parameters"
    unfit = "" if answers or not found else "; none of those that have so many is as told, or fits the input"
    return Question(asked, tuple(answers), found.why + unfit, before)


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
