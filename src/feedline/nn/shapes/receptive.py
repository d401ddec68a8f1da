"""Receptive fields: which pixels of the input an output can depend on, followed back through the layers' windows.

Padding counts as pixels, so a field may be larger than the image. Where outputs see differently much (transposed
convolutions, adaptive pools, enlarging), the largest counts. Norms and softmax are taken as if
they looked at one pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from feedline.nn.shapes.sizes import Pair

_LOOKED_AT = 512
"""Outputs along an axis that are followed back, where they differ."""


class Window(Protocol):
    """What a layer's outputs take from its inputs, along one axis."""

    @property
    def jump(self) -> Fraction:
        """How many inputs lie between two neighbouring outputs."""
        ...

    @property
    def regular(self) -> bool:
        """Whether each output takes equally much, at an even distance."""
        ...

    def reach(self, first: int, last: int) -> Pair:
        """The first and the last input that the outputs from ``first`` to ``last`` take."""
        ...


@dataclass(frozen=True)
class Sliding:
    """The window of a convolution or a pool."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    regular: bool = True

    @property
    def jump(self) -> Fraction:
        return Fraction(self.stride)

    def reach(self, first: int, last: int) -> Pair:
        begin = first * self.stride - self.padding
        return begin, last * self.stride - self.padding + self.dilation * (self.kernel - 1)


@dataclass(frozen=True)
class Spread:
    """The window of a transposed convolution: the inputs whose stamps meet an output."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    regular: bool = False

    @property
    def jump(self) -> Fraction:
        return Fraction(1, self.stride)

    def reach(self, first: int, last: int) -> Pair:
        end = (last + self.padding) // self.stride
        begin = -((self.dilation * (self.kernel - 1) - first - self.padding) // self.stride)
        return min(begin, end), end


@dataclass(frozen=True)
class Cells:
    """The windows of an adaptive pool: its outputs share the inputs as evenly as they can."""

    inputs: int
    outputs: int
    regular: bool = False

    @property
    def jump(self) -> Fraction:
        return Fraction(self.inputs, self.outputs) if self.outputs > 1 else Fraction(0)

    def reach(self, first: int, last: int) -> Pair:
        return first * self.inputs // self.outputs, -(-(last + 1) * self.inputs // self.outputs) - 1


@dataclass(frozen=True)
class Whole:
    """The window of a linear layer: each output takes all inputs."""

    inputs: int
    regular: bool = False

    @property
    def jump(self) -> Fraction:
        return Fraction(0)

    def reach(self, first: int, last: int) -> Pair:
        return 0, self.inputs - 1


@dataclass(frozen=True)
class Enlarged:
    """The window of an enlargement: the nearest pixel, or the two around (bilinear)."""

    factor: int
    smooth: bool = False
    regular: bool = False

    @property
    def jump(self) -> Fraction:
        return Fraction(1, self.factor)

    def reach(self, first: int, last: int) -> Pair:
        if not self.smooth:
            return first // self.factor, last // self.factor
        return math.floor(self._place(first)), math.ceil(self._place(last))

    def _place(self, output: int) -> Fraction:
        return Fraction(2 * output + 1, 2 * self.factor) - Fraction(1, 2)


@dataclass(frozen=True)
class Field:
    """The receptive field of a layer's outputs, in pixels of the network's input; each (height, width).

    Attributes:
        size: pixels that one output can depend on.
        jump: pixels between the fields of two neighbouring outputs; 0 behind what makes one output of all.
        centre: where the middle of the first output's field lies; 0 is the middle of the first pixel.
    """

    size: Pair
    jump: tuple[Fraction, Fraction]
    centre: tuple[Fraction, Fraction]


def reach(windows: Sequence[Window], output: int) -> Pair:
    """The first and the last input, along one axis, that an output of the last of these windows can depend on."""
    first = last = output
    for window in reversed(windows):
        first, last = window.reach(first, last)
    return first, last


def field(windows: Sequence[tuple[Window, Window]], outputs: Pair, inputs: Pair) -> Field:
    """Of a stack of layers.

    Args:
        windows: of each layer, those along height and width.
        outputs: (height, width) of the last layer.
        inputs: (height, width) of the network's input.
    """
    axes = [[both[axis] for both in windows] for axis in (0, 1)]
    high = _along(axes[0], outputs[0], inputs[0])
    alike = (outputs[0], inputs[0], axes[0]) == (outputs[1], inputs[1], axes[1])
    wide = high if alike else _along(axes[1], outputs[1], inputs[1])
    return Field((high[0], wide[0]), (high[1], wide[1]), (high[2], wide[2]))


def _along(windows: Sequence[Window], outputs: int, inputs: int) -> tuple[int, Fraction, Fraction]:
    """Size, jump and first centre along one axis."""
    regular = all(window.regular for window in windows)
    ends = [reach(windows, output) for output in range(1 if regular else min(outputs, _LOOKED_AT))]
    if any(isinstance(window, Cells | Whole) for window in windows):  # what takes all there is takes no more than that
        ends = [(max(first, 0), min(last, inputs - 1)) for first, last in ends]
    jump = math.prod((window.jump for window in windows), start=Fraction(1))
    seen = max(0, *(last - first + 1 for first, last in ends))  # of a window wholly in the padding, nothing
    return seen, jump, Fraction(sum(ends[0]), 2)
