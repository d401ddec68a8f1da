"""Flatten, linear, activations, norms, padding and enlarging."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from feedline.errors import ShapeError
from feedline.nn.shapes.layer import SAME, Applied, both, picture
from feedline.nn.shapes.receptive import Enlarged, Sliding, Whole
from feedline.nn.shapes.sizes import Shape, Size, by, pair
from feedline.nn.shapes.words import counted_words, said


@dataclass(frozen=True)
class Flatten:
    """torch.nn.Flatten: CxHxW becomes one row of numbers."""

    def apply(self, shape: Shape) -> Applied:
        formula = f"{'*'.join(map(str, shape))} = {math.prod(shape):,}"
        return Applied((math.prod(shape),), formulas=(("features", formula),))

    def __str__(self) -> str:
        return "flatten"


@dataclass(frozen=True)
class Linear:
    """torch.nn.Linear, its inputs taken from what comes in; of a picture, as torch does, the last axis."""

    features: int
    bias: bool = True

    def __post_init__(self) -> None:
        pair(self.features, "the number of features", 1)

    def apply(self, shape: Shape) -> Applied:
        *before, inputs = shape
        weights = inputs * self.features
        rows = math.prod(before)
        times = f"{by(tuple(before)).replace('x', '*')}*" if before else ""
        return Applied(
            (*before, self.features),
            weights + self.features * self.bias,
            rows * weights,
            (SAME[0], Whole(inputs)) if before else None,
            (
                (
                    "parameters",
                    f"{inputs}*{self.features}{f' + {self.features}' if self.bias else ''}"
                    f" = {weights + self.features * self.bias:,}",
                ),
                ("multiply-adds", f"{times}{inputs}*{self.features} = {rows * weights:,}"),
            ),
            (_on_a_picture(shape),) if before else (),
        )

    def __str__(self) -> str:
        return f"linear {self.features}" + ("" if self.bias else " nobias")


def _on_a_picture(shape: Shape) -> str:
    return (
        f"a linear layer on a picture ({by(shape)}) works along its last axis, "
        f"the {counted_words(shape[-1], 'column')}, alone: put flatten or globalavg, flatten before it"
    )


@dataclass(frozen=True)
class Elementwise:
    """An activation or dropout: each number by itself, or weighed against the others of its pixel (softmax).

    Attributes:
        name: relu, leakyrelu, tanh, ... as the language calls it.
        value: the slope of leakyrelu, the share of dropout; None for torch's own.
    """

    name: str
    value: float | None = None

    def __post_init__(self) -> None:
        if self.name.startswith("dropout") and self.value is not None and not 0 <= self.value <= 1:
            raise ShapeError(f"the share that dropout drops must be in 0..1, not {self.value:g}")

    def apply(self, shape: Shape) -> Applied:
        return Applied(shape)

    def __str__(self) -> str:
        return self.name + ("" if self.value is None else f" {self.value:g}")


@dataclass(frozen=True)
class Norm:
    """torch.nn.BatchNorm2d (1d where it is flat), InstanceNorm2d and GroupNorm.

    Attributes:
        kind: "batch", "instance" or "group".
        affine: whether each channel has a weight and a bias; None for torch's own: all but instance norms.
        groups: of a group norm.
    """

    kind: Literal["batch", "instance", "group"] = "batch"
    affine: bool | None = None
    groups: int = 1

    def __post_init__(self) -> None:
        if self.affine is None:
            object.__setattr__(self, "affine", self.kind != "instance")
        pair(self.groups, "the number of groups", 1)

    def apply(self, shape: Shape) -> Applied:
        channels = shape[0]
        if self.kind == "instance" and picture(shape)[1] == (1, 1):
            raise ShapeError("an instance norm of one pixel gives zeros, and torch refuses it: leave it out here")
        if channels % self.groups:
            raise ShapeError(f"{channels} channels do not divide into {self.groups} groups")
        if self.kind == "group" and math.prod(shape) == self.groups:
            raise ShapeError("a group norm of one number a group gives zeros, and torch refuses it: leave it out here")
        parameters = 2 * channels if self.affine else 0
        formula = f"2*{channels} = {parameters:,} (weight and bias)" if self.affine else "0 (not affine)"
        return Applied(shape, parameters, formulas=(("parameters", formula),), warnings=self._warnings(shape))

    def _warnings(self, shape: Shape) -> tuple[str, ...]:
        if self.kind != "batch" or math.prod(shape[1:]) > 1:
            return ()
        return ("a batch norm of one number a channel: torch refuses to train it on a batch of one image",)

    def __str__(self) -> str:
        words = [f"{self.kind}norm", str(self.groups) if self.kind == "group" else ""]
        usual = self.kind != "instance"
        return " ".join(filter(None, [*words, "" if self.affine == usual else "affine" if self.affine else "noaffine"]))


@dataclass(frozen=True)
class Pad:
    """torch.nn.ZeroPad2d, ReflectionPad2d and ReplicationPad2d.

    Attributes:
        left: columns at the left, and so on.
        right: columns.
        top: rows.
        bottom: rows.
        mode: what is put there.
    """

    left: int
    right: int
    top: int
    bottom: int
    mode: Literal["zero", "reflect", "replicate"] = "zero"

    def __post_init__(self) -> None:
        for count in (self.left, self.right, self.top, self.bottom):
            pair(count, "padding")

    def apply(self, shape: Shape) -> Applied:
        channels, (high, wide) = picture(shape)
        for size, sides in ((high, (self.top, self.bottom)), (wide, (self.left, self.right))):
            if self.mode == "reflect" and max(sides) >= size:
                raise ShapeError(f"reflection pads at most {size - 1} pixels of {size}, not {max(sides)}")
        output = (high + self.top + self.bottom, wide + self.left + self.right)
        return Applied(
            (channels, *output),
            windows=(Sliding(1, 1, self.top), Sliding(1, 1, self.left)),
            formulas=both(output, f"{high} + {self.top} + {self.bottom}", f"{wide} + {self.left} + {self.right}"),
        )

    def __str__(self) -> str:
        sides = (self.left, self.right, self.top, self.bottom)
        if self.left == self.right and self.top == self.bottom:
            text = said((self.top, self.left))
        else:
            text = " ".join(map(str, sides))
        return f"pad {text}" + ("" if self.mode == "zero" else f" {self.mode}")


@dataclass(frozen=True)
class Upsample:
    """torch.nn.Upsample by a whole factor, (height, width) or one number for both: nearest pixel, or bilinear."""

    factor: Size
    bilinear: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", pair(self.factor, "factor", 1))

    def apply(self, shape: Shape) -> Applied:
        channels, (high, wide) = picture(shape)
        factor = pair(self.factor, "factor")
        output = (high * factor[0], wide * factor[1])
        return Applied(
            (channels, *output),
            windows=(Enlarged(factor[0], self.bilinear), Enlarged(factor[1], self.bilinear)),
            formulas=both(output, f"{high}*{factor[0]}", f"{wide}*{factor[1]}"),
        )

    def __str__(self) -> str:
        return f"upsample {said(pair(self.factor, 'factor'))}" + (" bilinear" if self.bilinear else "")
