"""Convolutions and transposed convolutions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from feedline.errors import ShapeError
from feedline.nn.shapes.falls import even_kernel, nothing_but_padding, uneven_stamps, unread
from feedline.nn.shapes.layer import Applied, both, picture
from feedline.nn.shapes.receptive import Sliding, Spread
from feedline.nn.shapes.sizes import Pair, Shape, Size, by, conv_transpose_size, extent, padded_size, pair
from feedline.nn.shapes.words import said


@dataclass(frozen=True)
class Conv:
    """torch.nn.Conv2d, its input channels taken from what comes in.

    Attributes:
        filters: channels that come out; None for a depthwise convolution: ``multiplier`` for each that comes in.
        kernel: (height, width), or one number for both; so are stride, padding and dilation.
        stride: pixels from window to window.
        padding: zeros at each side, or "same": as many as keep the size, the odd one below and at the right.
        dilation: pixels from one tap of the kernel to the next.
        groups: channels are taken in so many groups, each for its share of the filters.
        bias: whether each filter has one.
        multiplier: of a depthwise convolution.
    """

    filters: int | None
    kernel: Size
    stride: Size = 1
    padding: Size | Literal["same"] = 0
    dilation: Size = 1
    groups: int = 1
    bias: bool = True
    multiplier: int = 1

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, pair(getattr(self, name), name, 1))
        if self.padding == "same":
            if self.stride != (1, 1):
                raise ShapeError(
                    f"same padding keeps the size, and stride {said(pair(self.stride, 'stride'))} does not: "
                    "leave out one of them, or give a number (p1)"
                )
        else:
            object.__setattr__(self, "padding", pair(self.padding, "padding"))
        if self.filters is not None:
            pair(self.filters, "the number of filters", 1)
        pair(self.groups, "the number of groups", 1)
        pair(self.multiplier, "the multiplier", 1)

    def apply(self, shape: Shape) -> Applied:
        channels, size = picture(shape)
        filters, groups = self._filters(channels)
        before, after = self.paddings()
        kernel, stride, dilation = self._pairs()
        high, wide = (
            padded_size(size[axis] + before[axis] + after[axis], kernel[axis], stride[axis], dilation[axis])
            for axis in (0, 1)
        )
        weights = filters * channels // groups * math.prod(kernel)
        windows = tuple(Sliding(kernel[axis], stride[axis], before[axis], dilation[axis]) for axis in (0, 1))
        return Applied(
            (filters, high, wide),
            weights + filters * self.bias,
            high * wide * weights,
            (windows[0], windows[1]),
            self._formulas(channels, size, filters, groups, (high, wide)),
            (
                *even_kernel(kernel, stride, dilation),
                *nothing_but_padding(kernel, before, dilation),
                *unread((windows[0], windows[1]), size, (high, wide)),
            ),
        )

    def paddings(self) -> tuple[Pair, Pair]:
        """Zeros before (above, at the left) and after (below, at the right) the input."""
        if not isinstance(self.padding, str):
            padding = pair(self.padding, "padding")
            return padding, padding
        kernel, _, dilation = self._pairs()
        high, wide = (extent(kernel[axis], dilation[axis]) - 1 for axis in (0, 1))
        return (high // 2, wide // 2), (high - high // 2, wide - wide // 2)

    def _pairs(self) -> tuple[Pair, Pair, Pair]:
        return pair(self.kernel, "kernel"), pair(self.stride, "stride"), pair(self.dilation, "dilation")

    def _filters(self, channels: int) -> Pair:
        """Filters and groups."""
        if self.filters is None:
            return channels * self.multiplier, channels
        require_groups(self.filters, channels, self.groups)
        return self.filters, self.groups

    def _formulas(
        self, channels: int, size: Pair, filters: int, groups: int, output: Pair
    ) -> tuple[tuple[str, str], ...]:
        kernel, stride, dilation = self._pairs()
        before, after = self.paddings()
        high, wide = (
            f"floor(({size[axis]} + {_padded(before[axis], after[axis])} - {dilation[axis]}*({kernel[axis]}-1) - 1)"
            f" / {stride[axis]}) + 1"
            for axis in (0, 1)
        )
        return (*both(output, high, wide), *counted(filters, channels, kernel, groups, self.bias, output))

    def __str__(self) -> str:
        kernel, stride, dilation = self._pairs()
        padding = "same" if isinstance(self.padding, str) else _setting("p", pair(self.padding, "padding"), 0)
        depthwise = self.filters is None
        words = [
            "depthwise" if depthwise else f"conv {self.filters}",
            by(kernel),
            _setting("s", stride, 1),
            padding,
            _setting("d", dilation, 1),
            f"g{self.groups}" if self.groups > 1 else "",
            f"m{self.multiplier}" if self.multiplier > 1 else "",
            "" if self.bias else "nobias",
        ]
        return " ".join(filter(None, words))


@dataclass(frozen=True)
class ConvTranspose:
    """torch.nn.ConvTranspose2d: each input pixel stamps its kernel, stride apart; padding is cut off the result.

    Attributes:
        filters: channels that come out.
        kernel: (height, width), or one number for both; so are the other sizes.
        stride: pixels from stamp to stamp.
        padding: pixels cut off at each side.
        output_padding: rows and columns added below and at the right; less than the stride or the dilation.
        dilation: pixels from one tap of the kernel to the next.
        groups: channels are taken in so many groups, each for its share of the filters.
        bias: whether each filter has one.
    """

    filters: int
    kernel: Size
    stride: Size = 1
    padding: Size = 0
    output_padding: Size = 0
    dilation: Size = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        for name, least in (("kernel", 1), ("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)):
            object.__setattr__(self, name, pair(getattr(self, name), name.replace("_", " "), least))
        pair(self.filters, "the number of filters", 1)
        pair(self.groups, "the number of groups", 1)

    def apply(self, shape: Shape) -> Applied:
        channels, size = picture(shape)
        require_groups(self.filters, channels, self.groups)
        axes = self._axes()
        high, wide = (conv_transpose_size(size[axis], *axes[axis]) for axis in (0, 1))
        kernel = pair(self.kernel, "kernel")
        weights = self.filters * channels // self.groups * math.prod(kernel)
        windows = [Spread(kernel, stride, padding, dilation) for kernel, stride, padding, _, dilation in axes]
        return Applied(
            (self.filters, high, wide),
            weights + self.filters * self.bias,
            math.prod(size) * weights,
            (windows[0], windows[1]),
            (
                *both((high, wide), *(_stamped(size[axis], *axes[axis]) for axis in (0, 1))),
                *counted(self.filters, channels, kernel, self.groups, self.bias, size),
            ),
            uneven_stamps(kernel, pair(self.stride, "stride"), pair(self.dilation, "dilation")),
        )

    def _axes(self) -> list[tuple[int, int, int, int, int]]:
        """Kernel, stride, padding, output padding and dilation of each axis."""
        given = (self.kernel, self.stride, self.padding, self.output_padding, self.dilation)
        kernel, stride, padding, more, dilation = (pair(one, "a size") for one in given)
        return [(kernel[axis], stride[axis], padding[axis], more[axis], dilation[axis]) for axis in (0, 1)]

    def __str__(self) -> str:
        (kernel, stride, padding, more, dilation) = zip(*self._axes(), strict=True)
        words = [
            f"convt {self.filters} {by(kernel)}",
            _setting("s", stride, 1),
            _setting("p", padding, 0),
            _setting("o", more, 0),
            _setting("d", dilation, 1),
            f"g{self.groups}" if self.groups > 1 else "",
            "" if self.bias else "nobias",
        ]
        return " ".join(filter(None, words))


def require_groups(filters: int, channels: int, groups: int) -> None:
    """
    Raises:
        ShapeError: input channels or filters cannot be shared among the groups.
    """
    for count, what in ((channels, "input channels"), (filters, "filters")):
        if count % groups:
            common = math.gcd(channels, filters)
            fits = [number for number in range(1, common + 1) if common % number == 0]
            raise ShapeError(
                f"{count} {what} do not divide into {groups} groups; for {channels} channels and {filters} filters "
                f"these do: {', '.join(map(str, fits))}"
            )


def counted(
    filters: int, channels: int, kernel: Pair, groups: int, bias: bool, places: Pair
) -> tuple[tuple[str, str], ...]:
    """The formulas of parameters and multiply-adds, the latter of ``places`` at which the kernel is laid."""
    taken = f"{channels}/{groups}" if groups > 1 else f"{channels}"
    weights = f"{filters}*{taken}*{kernel[0]}*{kernel[1]}"
    count = filters * channels // groups * math.prod(kernel)
    return (
        ("parameters", f"{weights}{f' + {filters}' if bias else ''} = {count + filters * bias:,}"),
        ("multiply-adds", f"{places[0]}*{places[1]}*{weights} = {math.prod(places) * count:,}"),
    )


def _setting(letter: str, value: Pair, usual: int) -> str:
    return "" if value == (usual, usual) else letter + said(value)


def _padded(before: int, after: int) -> str:
    return f"2*{before}" if before == after else f"{before} + {after}"


def _stamped(size: int, kernel: int, stride: int, padding: int, more: int, dilation: int) -> str:
    return f"({size}-1)*{stride} - 2*{padding} + {dilation}*({kernel}-1) + {more} + 1"
