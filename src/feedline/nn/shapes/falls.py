"""What is allowed and seldom meant: the warnings of single layers."""

from __future__ import annotations

import math

from feedline.nn.shapes.receptive import Sliding
from feedline.nn.shapes.sizes import Pair, by, extent
from feedline.nn.shapes.words import counted_words, listed, said

Warnings = tuple[str, ...]
_MOST_LOOKED_AT = 30_000
"""Rows that all windows together read, above which gaps between them are not looked for."""
_AXES = (("row", "top", "bottom"), ("column", "left", "right"))


def even_kernel(kernel: Pair, stride: Pair, dilation: Pair) -> Warnings:
    """A kernel without a middle; if the stride is even too, its windows lie evenly on what the outputs stand for."""
    even = [axis for axis in (0, 1) if kernel[axis] % 2 == 0]
    if not even:
        return ()
    off = any((extent(kernel[axis], dilation[axis]) - stride[axis]) % 2 for axis in even)
    spread = "" if dilation == (1, 1) else f" and dilation {said(dilation)}"
    at = f"which at stride {said(stride)}{spread} moves nothing by half"
    follows = "and its output lies half a pixel off" if off else at
    return (f"a {by(kernel)} kernel is even: it has no centre pixel, {follows}",)


def nothing_but_padding(kernel: Pair, padding: Pair, dilation: Pair) -> Warnings:
    """Windows at the border that see zeros alone."""
    spans = [extent(kernel[axis], dilation[axis]) for axis in (0, 1)]
    if all(padding[axis] < spans[axis] for axis in (0, 1)):
        return ()
    return (f"padding {said(padding)} is what the kernel spans, or more: outputs at the border see nothing but zeros",)


def uneven_stamps(kernel: Pair, stride: Pair, dilation: Pair) -> Warnings:
    """Transposed convolutions that leave a chequered pattern, or holes."""
    spans = [extent(kernel[axis], dilation[axis]) for axis in (0, 1)]
    if any(spans[axis] < stride[axis] for axis in (0, 1)):
        return (f"a {by(kernel)} kernel is smaller than stride {said(stride)}: some outputs see nothing but the bias",)
    if any(_met(*axis) < axis[1] for axis in zip(kernel, stride, dilation, strict=True)):
        return (
            f"a {by(kernel)} kernel with stride {said(stride)} and dilation {said(dilation)} leaves holes: "
            "some outputs see nothing but the bias",
        )
    if any(kernel[axis] % stride[axis] for axis in (0, 1)):
        return (
            f"a {by(kernel)} kernel is no multiple of stride {said(stride)}: stamps overlap unevenly, which shows as a "
            "chequered pattern",
        )
    return ()


def _met(kernel: int, stride: int, dilation: int) -> int:
    """At how many places of each stride's length the taps of a stamp lie: tap * dilation modulo the stride."""
    return min(kernel, stride // math.gcd(stride, dilation))


def unread(windows: tuple[Sliding, Sliding], size: Pair, output: Pair) -> Warnings:
    """Rows and columns of the input that no window reads: at the end, or between windows."""
    found = [_unread(window, size[axis], output[axis]) for axis, window in enumerate(windows)]
    return (*_at_the_ends(found, windows, size), *_between(found, windows, size))


def _unread(window: Sliding, size: int, output: int) -> tuple[int, int, int]:
    """How many are not read before the first that is, between, and behind the last that is."""
    last = window.reach(output - 1, output - 1)[1]
    behind = max(0, size - 1 - last)
    if (window.kernel >= window.stride and window.dilation == 1) or output * window.kernel > _MOST_LOOKED_AT:
        return 0, 0, behind
    taps = range(0, window.kernel * window.dilation, window.dilation)
    begins = range(-window.padding, output * window.stride - window.padding, window.stride)
    read = {begin + tap for tap in taps for begin in begins if 0 <= begin + tap < size}
    if not read:
        return 0, size, 0
    return min(read), max(read) - min(read) + 1 - len(read), size - 1 - max(read)


def _at_the_ends(found: list[tuple[int, int, int]], windows: tuple[Sliding, Sliding], size: Pair) -> Warnings:
    left = [
        f"{counted_words(count, one)} at the {side}"
        for (one, *sides), (before, _, behind) in zip(_AXES, found, strict=True)
        for side, count in zip(sides, (before, behind), strict=True)
        if count
    ]
    strides = (windows[0].stride, windows[1].stride)
    return (f"stride {said(strides)} leaves {listed(left)} of {by(size)} unread",) if left else ()


def _between(found: list[tuple[int, int, int]], windows: tuple[Sliding, Sliding], size: Pair) -> Warnings:
    never = [f"{count:,} of {size[axis]:,} {_AXES[axis][0]}s" for axis, (_, count, _) in enumerate(found) if count]
    if not never:
        return ()
    kernel = by((windows[0].kernel, windows[1].kernel))
    stride, dilation = (said((getattr(windows[0], name), getattr(windows[1], name))) for name in ("stride", "dilation"))
    spread = "" if dilation == "1" else f" and dilation {dilation}"
    return (f"a {kernel} kernel with stride {stride}{spread} steps over {listed(never)}, which are never read",)
