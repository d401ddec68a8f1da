"""Pools: of windows, adaptive, and of the whole picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from feedline.errors import ShapeError
from feedline.nn.shapes.falls import unread
from feedline.nn.shapes.layer import Applied, both, picture
from feedline.nn.shapes.receptive import Cells, Sliding
from feedline.nn.shapes.sizes import Pair, Shape, Size, by, pair, pool_size
from feedline.nn.shapes.words import said

Kind = Literal["max", "avg"]


@dataclass(frozen=True)
class Pool:
    """torch.nn.MaxPool2d and AvgPool2d.

    Attributes:
        kernel: (height, width), or one number for both; so are stride, padding and dilation.
        stride: the kernel where None.
        padding: at each side, at most half of the kernel.
        dilation: of a max pool; average pools have none.
        ceil_mode: whether the last window may end outside the input.
        kind: what it keeps of a window: "max" or "avg".
    """

    kernel: Size
    stride: Size | None = None
    padding: Size = 0
    dilation: Size = 1
    ceil_mode: bool = False
    kind: Kind = "max"

    def __post_init__(self) -> None:
        if self.stride is None:
            object.__setattr__(self, "stride", self.kernel)
        for name, least in (("kernel", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            object.__setattr__(self, name, pair(getattr(self, name), name, least))
        if self.kind == "avg" and self.dilation != (1, 1):
            raise ShapeError("an average pool has no dilation: leave it out, or take a max pool")

    def apply(self, shape: Shape) -> Applied:
        channels, size = picture(shape)
        axes = self._axes()
        high, wide = (pool_size(size[axis], *axes[axis], ceil_mode=self.ceil_mode) for axis in (0, 1))
        windows = tuple(Sliding(*axes[axis]) for axis in (0, 1))
        return Applied(
            (channels, high, wide),
            windows=(windows[0], windows[1]),
            formulas=both((high, wide), *(self._formula(size[axis], *axes[axis]) for axis in (0, 1))),
            warnings=unread((windows[0], windows[1]), size, (high, wide)),
        )

    def _axes(self) -> list[tuple[int, int, int, int]]:
        """Kernel, stride, padding and dilation of each axis."""
        given = (self.kernel, self.stride or self.kernel, self.padding, self.dilation)
        kernel, stride, padding, dilation = (pair(one, "a size") for one in given)
        return [(kernel[axis], stride[axis], padding[axis], dilation[axis]) for axis in (0, 1)]

    def _formula(self, size: int, kernel: int, stride: int, padding: int, dilation: int) -> str:
        rounded = "ceil" if self.ceil_mode else "floor"
        text = f"{rounded}(({size} + 2*{padding} - {dilation}*({kernel}-1) - 1) / {stride}) + 1"
        whole = -(-(size + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1
        outside = self.ceil_mode and whole > pool_size(size, kernel, stride, padding, dilation, True)
        return text + (" - 1 (it would begin beyond the input)" if outside else "")

    def __str__(self) -> str:
        kernel, stride, padding, dilation = zip(*self._axes(), strict=True)
        words = [
            "pool" if self.kind == "max" else "avgpool",
            said(kernel),
            "" if stride == kernel else f"s{said(stride)}",
            "" if padding == (0, 0) else f"p{said(padding)}",
            "" if dilation == (1, 1) else f"d{said(dilation)}",
            "ceil" if self.ceil_mode else "",
        ]
        return " ".join(filter(None, words))


@dataclass(frozen=True)
class AdaptivePool:
    """torch.nn.AdaptiveAvgPool2d and AdaptiveMaxPool2d: any size becomes this one; 1 is the global pool.

    Attributes:
        size: (height, width) that comes out, or one number for both.
        kind: what it keeps of a window: "max" or "avg".
    """

    size: Size = 1
    kind: Kind = "avg"

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", pair(self.size, "the size that comes out", 1))

    def apply(self, shape: Shape) -> Applied:
        channels, given = picture(shape)
        size = pair(self.size, "size")
        return Applied(
            (channels, *size),
            windows=(Cells(given[0], size[0]), Cells(given[1], size[1])),
            formulas=(("height, width", f"given: {by(size)}, whatever comes in"),),
            warnings=_repeated(given, size),
        )

    def __str__(self) -> str:
        if self.size == (1, 1):
            return f"global{self.kind}"
        return f"adaptive{self.kind} {said(pair(self.size, 'size'))}"


def _repeated(given: Pair, size: Pair) -> tuple[str, ...]:
    if all(size[axis] <= given[axis] for axis in (0, 1)):
        return ()
    return (f"{by(size)} is more than the {by(given)} that comes in: pixels are repeated",)
