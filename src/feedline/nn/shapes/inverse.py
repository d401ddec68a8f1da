"""The formulas turned around: which settings give a size, and which layer has so many parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from feedline.nn.shapes.sizes import Pair, Size, conv_size, extent, pair, require_whole
from feedline.nn.shapes.words import counted_words

Value = TypeVar("Value")
_ENDLESS = 10**9
"""What answers, and is so large, stands for all that is larger: sizes only grow with a setting, or only shrink."""
LARGEST_KERNEL = 15
"""Square kernels that are tried where none is named."""


@dataclass(frozen=True)
class Solutions(Generic[Value]):
    """All answers, from the smallest on, and why it is these or none.

    Attributes:
        values: the answers; empty where there is none.
        why: the formula with its numbers, or what stands in the way.
        endless: whether every larger number than the last of the values is an answer, too.
    """

    values: tuple[Value, ...]
    why: str
    endless: bool = False

    def __bool__(self) -> bool:
        return bool(self.values)


@dataclass(frozen=True)
class Filters:
    """One layer that has so many parameters: its filters, its kernel (height, width), and whether it has a bias."""

    filters: int
    kernel: Pair
    bias: bool


def same_padding(kernel: int, dilation: int = 1) -> Solutions[int]:
    """The padding that keeps the size of any input at stride 1: dilation * (kernel - 1) / 2.

    There is none where that is no whole number.

    Raises:
        ShapeError: a number is none that can be; as in all functions here.
    """
    require_whole(kernel=(kernel, 1), dilation=(dilation, 1))
    total = extent(kernel, dilation) - 1
    formula = f"{dilation}*({kernel}-1) = {total} pixels are lost"
    if total % 2 == 0:
        return Solutions((total // 2,), f"{formula}, half of them at each side: {total // 2}")
    return Solutions((), f"{formula}, which is odd: {_unequal(total)} would keep the size")


def paddings(size: int, output: int, kernel: int, stride: int = 1, dilation: int = 1) -> Solutions[int]:
    """All paddings, equal at both sides, with which a convolution makes ``output`` pixels of ``size``.

    From (output - 1) * stride <= size + 2 * padding - dilation * (kernel - 1) - 1 < output * stride.
    """
    require_whole(size=(size, 1), output=(output, 1), kernel=(kernel, 1), stride=(stride, 1), dilation=(dilation, 1))
    spans = extent(kernel, dilation)
    least = (output - 1) * stride - size + spans
    most = least + stride - 1
    found = tuple(range(max(0, -(-least // 2)), most // 2 + 1))
    if found:
        missing = f"{most}" if max(0, least) == most else f"{max(0, least)} to {most}"
        return Solutions(found, f"{missing} pixels are to be added in all, equally many at both sides")
    if most < 0:
        without = conv_size(size, kernel, stride, 0, dilation)
        return Solutions((), f"without any padding there are {without:,} already, more than {output:,}")
    return Solutions((), f"{most} pixels are to be added in all, which is odd: {_unequal(most)} would do")


def strides(size: int, output: int, kernel: int, padding: int = 0, dilation: int = 1) -> Solutions[int]:
    """All strides with which a convolution makes ``output`` pixels of ``size``; of one pixel, the least of them.

    From floor(steps / stride) = output - 1, where steps = size + 2 * padding - dilation * (kernel - 1) - 1.
    """
    require_whole(size=(size, 1), output=(output, 1), kernel=(kernel, 1), padding=(padding, 0), dilation=(dilation, 1))
    steps = size + 2 * padding - extent(kernel, dilation)
    formula = f"{size} + 2*{padding} - {dilation}*({kernel}-1) - 1 = {steps}"
    if steps < 0:
        return Solutions((), f"the kernel spans {-steps} pixels more than the input and its padding have")
    if output == 1:
        return Solutions(
            (steps + 1,), f"{formula}: with stride {steps + 1} and every larger one there is one window", True
        )
    found = tuple(range(steps // output + 1, steps // (output - 1) + 1))
    condition = f"{formula}, and floor({steps} / stride) must be {output - 1}"
    if found:
        return Solutions(found, condition)
    if steps < output - 1:
        return Solutions((), f"{condition}: even stride 1 gives only {steps + 1:,}")
    near = steps // (output - 1)
    below = f"stride {near} gives {steps // near + 1:,}, " if near else ""
    return Solutions((), f"{condition}: {below}stride {near + 1} gives {steps // (near + 1) + 1:,}")


def filters(
    parameters: int,
    channels: int,
    kernel: Size | None = None,
    bias: bool | None = True,
    groups: int = 1,
    largest_kernel: int = LARGEST_KERNEL,
) -> Solutions[Filters]:
    """All convolutions with so many parameters: filters * (channels / groups * kernel height * kernel width + bias).

    Args:
        parameters: of the layer, its bias among them.
        channels: that come in.
        kernel: None where it is not known: all square ones up to ``largest_kernel``.
        bias: whether it has one; None where that is not known.
        groups: of the convolution.
        largest_kernel: the side of the largest that is tried.
    """
    require_whole(parameters=(parameters, 1), channels=(channels, 1), groups=(groups, 1))
    require_whole(largest_kernel=(largest_kernel, 1))
    if channels % groups:
        return Solutions((), f"{channels} input channels do not divide into {groups} groups")
    kernels = [pair(kernel, "kernel", 1)] if kernel is not None else [(k, k) for k in range(1, largest_kernel + 1)]
    biases = (True, False) if bias is None else (bias,)
    tried = [(each, has, channels // groups * math.prod(each) + has) for each in kernels for has in biases]
    found = [
        Filters(parameters // weights, each, has)
        for each, has, weights in tried
        if parameters % weights == 0 and parameters // weights % groups == 0
    ]
    if found:
        return Solutions(tuple(found), f"each filter has channels / groups * kernel + bias of the {parameters:,}")
    if len(kernels) > 1:
        return Solutions((), f"no square kernel up to {largest_kernel} has weights that divide {parameters:,}")
    return Solutions((), "; ".join(_no_filters(parameters, weights, has, groups) for _, has, weights in tried))


def tried(size_of: Callable[[int], int | None], values: Iterable[int], output: int, name: str) -> Solutions[int]:
    """Those of some values that give a size, by trying each; where none does, what comes nearest is told.

    Args:
        size_of: the size that a value gives, None where it cannot be.
        values: what is tried.
        output: the size that is wanted.
        name: of the values.
    """
    sizes = {value: size for value in values if (size := size_of(value)) is not None}
    found = tuple(value for value, size in sizes.items() if size == output)
    if found and found[-1] == max(sizes) and size_of(_ENDLESS) == output:
        first = next((value + 1 for value in reversed(sizes) if sizes[value] != output), min(sizes))
        least = tuple(value for value in found if value <= first)
        return Solutions(least, f"{name} {first} gives {output:,}, and so does every larger one", True)
    if found:
        return Solutions(found, f"{name} from {min(sizes)} to {max(sizes)} tried")
    if not sizes:
        return Solutions((), f"no {name} fits this input")
    nearest = sorted(sizes, key=lambda value: (abs(sizes[value] - output), value))[:2]
    return Solutions((), "; ".join(f"{name} {value} gives {sizes[value]:,}" for value in sorted(nearest)))


def _unequal(total: int) -> str:
    return f"unequal padding ({total // 2} before and {total - total // 2} behind: same, or a pad layer before it)"


def _no_filters(parameters: int, weights: int, bias: bool, groups: int) -> str:
    step = weights * groups
    below = parameters // step * groups
    near = [
        f"{counted_words(count, 'filter')} {'has' if count == 1 else 'have'} {count * weights:,}"
        for count in (below, below + groups)
        if count
    ]
    what = f"{weights:,} numbers a filter {'with' if bias else 'without'} bias"
    many = f", {groups} filters at a time" if groups > 1 else ""
    return f"{parameters:,} is no multiple of {what}{many}: {' and '.join(near)}"
