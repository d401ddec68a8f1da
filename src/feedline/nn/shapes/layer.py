"""What a layer is here: it tells what comes out of it, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from feedline.errors import ShapeError
from feedline.nn.shapes.receptive import Sliding, Window
from feedline.nn.shapes.sizes import Pair, Shape, by

SAME = (Sliding(1), Sliding(1))
"""The windows of a layer whose outputs look at one pixel each."""


@dataclass(frozen=True)
class Applied:
    """A layer on an input of one shape.

    Attributes:
        output: its shape.
        parameters: numbers that training changes.
        multiply_adds: multiplications with an addition each, for one image; biases, norms and pools count as none.
        windows: what the outputs take, along height and width; None where each takes all there is.
        formulas: what was computed, by name, with its numbers.
        warnings: what is allowed and seldom meant.
    """

    output: Shape
    parameters: int = 0
    multiply_adds: int = 0
    windows: tuple[Window, Window] | None = SAME
    formulas: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


@runtime_checkable
class Layer(Protocol):
    """A frozen description of a layer; ``str`` of it is what the language says."""

    def apply(self, shape: Shape) -> Applied:
        """What it does to one sample of this shape.

        Raises:
            ShapeError: the layer does not fit; the message leaves its place to the caller.
        """
        ...


def picture(shape: Shape) -> tuple[int, Pair]:
    """Channels, and (height, width).

    Raises:
        ShapeError: the shape is flat.
    """
    if len(shape) != 3:
        raise ShapeError(f"it takes a picture, CxHxW, and {by(shape)} is flat: put it before flatten")
    return shape[0], (shape[1], shape[2])


def both(size: Pair, height: str, width: str) -> tuple[tuple[str, str], ...]:
    """The formula of height and width, or one of both where it is the same."""
    if height == width:
        return (("height = width", f"{height} = {size[0]:,}"),)
    return ("height", f"{height} = {size[0]:,}"), ("width", f"{width} = {size[1]:,}")
