"""A network, layer by layer: shapes, receptive fields, parameters and multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from operator import index
from typing import Any

from feedline.errors import ShapeError
from feedline.nn.shapes.language import parse
from feedline.nn.shapes.layer import SAME, Applied, Layer
from feedline.nn.shapes.neighbours import neighbour_warnings
from feedline.nn.shapes.receptive import Field, Sliding, Whole, Window, field
from feedline.nn.shapes.sizes import Shape, by
from feedline.nn.shapes.words import said

_PICTURE = 16
"""So many channels of so many rows, 1, 3 or 4 pixels wide, are rather a picture with its channels last."""
_LARGEST = 2**14
"""The largest side that is tried when a network is told which images it could take."""


@dataclass(frozen=True)
class Row:
    """One layer of a network.

    Attributes:
        number: from 1.
        layer: its description; ``str`` of it is what the language says.
        input_shape: what comes in: (channels, height, width), or (features,).
        output_shape: what comes out.
        field: receptive field of an output, in pixels of the network's input; None of networks whose input is flat.
        parameters: numbers that training changes.
        multiply_adds: for one image; biases, activations, norms and pools count as none.
        formulas: (name, formula with its numbers).
        warnings: what is allowed and seldom meant.
    """

    number: int
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    field: Field | None
    parameters: int
    multiply_adds: int
    formulas: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        known = self.field
        return {
            "number": self.number,
            "layer": str(self.layer),
            "input_shape": list(self.input_shape),
            "output_shape": list(self.output_shape),
            "receptive_field": None if known is None else list(known.size),
            "jump": None if known is None else [float(jump) for jump in known.jump],
            "centre": None if known is None else [float(centre) for centre in known.centre],
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "formulas": dict(self.formulas),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Trace:
    """A network on an input of one shape: a sequence of rows, and their totals."""

    input_shape: Shape
    rows: tuple[Row, ...]

    @property
    def output_shape(self) -> Shape:
        return self.rows[-1].output_shape

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        return sum(row.multiply_adds for row in self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "input_shape": list(self.input_shape),
            "output_shape": list(self.output_shape),
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "layers": [row.as_dict() for row in self.rows],
        }


def trace(network: str | Sequence[Layer], input_shape: Sequence[int]) -> Trace:
    """What each layer of a network makes of an image.

    Args:
        network: in words, "conv 32 3x3 s2 p1, relu, ...", or layers.
        input_shape: (channels, height, width), or (features,).

    Raises:
        ShapeError: words that are no network, or a layer that does not fit what comes in; its number is named.
    """
    layers = parse(network) if isinstance(network, str) else _described(network)
    shape = input_of(input_shape)
    if not layers:
        raise ShapeError("a network has at least one layer: conv 32 3x3 p1, relu, ...")
    applied = _applied(layers, shape)
    inputs = [shape, *(one.output for one in applied[:-1])]
    neighbours = neighbour_warnings(layers, inputs)
    neighbours[0] += _channels_last(shape)
    rows = [
        Row(
            number,
            layer,
            before,
            one.output,
            known,
            one.parameters,
            one.multiply_adds,
            one.formulas + formulas,
            (*one.warnings, *more),
        )
        for number, layer, before, one, (known, formulas), more in zip(
            count(1), layers, inputs, applied, _fields(applied, shape), neighbours, strict=False
        )
    ]
    return Trace(shape, tuple(rows))


def _described(network: Sequence[Layer]) -> tuple[Layer, ...]:
    for number, layer in enumerate(network, 1):
        if not isinstance(layer, Layer):
            raise ShapeError(
                f"a network is words, or descriptions of layers (shapes.Conv(32, 3)), and layer {number} is {layer!r}"
            )
    return tuple(network)


def input_of(given: Sequence[int]) -> Shape:
    """The shape of what comes in, in plain numbers; numpy's are taken, too.

    Raises:
        ShapeError: it is neither (channels, height, width) nor (features,).
    """
    rule = "an input is CxHxW, as 3x224x224 (a grey image 1x28x28), or one number"
    try:
        shape = tuple(index(side) for side in given)
    except TypeError:
        raise ShapeError(f"{rule}, in a tuple of whole numbers, not {given!r}") from None
    if len(shape) not in (1, 3) or min(shape) < 1:
        raise ShapeError(f"{rule}, not {by(shape) or 'nothing'}")
    return shape


def _channels_last(shape: Shape) -> list[str]:
    """A warning of an input that was told height first."""
    if len(shape) != 3 or shape[2] not in (1, 3, 4) or min(shape[:2]) < _PICTURE:
        return []
    high, wide, channels = shape
    meant = by((channels, high, wide))
    return [f"an input is CxHxW: {by(shape)} is {high} channels of {wide}x{channels} pixels; was {meant} meant?"]


def _applied(layers: Sequence[Layer], shape: Shape) -> list[Applied]:
    """Each layer on what the one before it makes."""
    done: list[Applied] = []
    current = shape
    for number, layer in enumerate(layers, 1):
        try:
            done.append(layer.apply(current))
        except ShapeError as error:
            place = f"layer {number}, {str(layer)!r}, on {by(current)}"
            raise ShapeError(f"{place}: {error}{_would_do(layers[:number], shape)}") from None
        current = done[-1].output
    return done


def _would_do(layers: Sequence[Layer], shape: Shape) -> str:
    """Words on the least square input that layers take which do not take this one; none where no size helps."""
    if len(shape) != 3 or not _takes(layers, (shape[0], _LARGEST, _LARGEST)):
        return ""
    low, high = 0, _LARGEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _takes(layers, (shape[0], middle, middle)) else (middle, high)
    return f"; inputs of {by((shape[0], high, high))} or more would do"


def _takes(layers: Sequence[Layer], shape: Shape) -> bool:
    try:
        for layer in layers:
            shape = layer.apply(shape).output
    except ShapeError:
        return False
    return True


def _fields(applied: Sequence[Applied], shape: Shape) -> list[tuple[Field | None, tuple[tuple[str, str], ...]]]:
    """The receptive field behind each layer, and how it was computed."""
    if len(shape) != 3:
        return [(None, ()) for _ in applied]
    size = first = (shape[1], shape[2])
    windows: list[tuple[Window, Window]] = []
    found: list[tuple[Field | None, tuple[tuple[str, str], ...]]] = []
    before = field(windows, first, first)
    for one in applied:
        if one.windows is SAME:
            found.append((before, ()))
            continue
        mine = one.windows or (Whole(size[0]), Whole(size[1]))
        windows.append(mine)
        size = (one.output[1], one.output[2]) if len(one.output) == 3 else size
        now = field(windows, size, first)
        found.append((now, _formula(before, now, mine, windows)))
        before = now
    return found


def _formula(
    before: Field, now: Field, mine: tuple[Window, Window], windows: Sequence[tuple[Window, Window]]
) -> tuple[tuple[str, str], ...]:
    """Of receptive field and jump, where they changed."""
    if now == before:
        return ()
    regular = all(window.regular for both in windows for window in both)
    high, wide = mine
    if isinstance(high, Whole) and isinstance(wide, Whole):
        return (("receptive field", f"each output takes all that comes in, which sees {said(now.size)}"),)
    if not (regular and isinstance(high, Sliding) and isinstance(wide, Sliding)):
        return (("receptive field", f"the most that an output can depend on, followed back: {said(now.size)}"),)
    axes = [_grown(before, axis, (high, wide)[axis]) for axis in (0, 1)]
    return (
        ("receptive field", _of_both([f"{axes[axis][0]} = {now.size[axis]}" for axis in (0, 1)])),
        ("jump", _of_both([f"{axes[axis][1]} = {now.jump[axis]}" for axis in (0, 1)])),
    )


def _grown(before: Field, axis: int, window: Sliding) -> tuple[str, str]:
    jump = before.jump[axis]
    return (
        f"{before.size[axis]} + {window.dilation}*({window.kernel}-1)*{jump}",
        f"{jump}*{window.stride}",
    )


def _of_both(axes: Sequence[str]) -> str:
    return axes[0] if axes[0] == axes[1] else f"{axes[0]} high, {axes[1]} wide"
