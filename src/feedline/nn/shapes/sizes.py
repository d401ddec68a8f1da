"""Output sizes of convolutions and pools along one axis and two, in whole numbers; the formulas are torch.nn's."""

from __future__ import annotations

from feedline.errors import ShapeError

Pair = tuple[int, int]
Size = int | tuple[int, int]
"""One number for height and width, or (height, width)."""
Shape = tuple[int, ...]
"""Of one sample, without the batch: (channels, height, width), or (features,) once it is flat."""


def pair(value: Size, name: str, least: int = 0) -> Pair:
    """(height, width) of one number or two.

    Raises:
        ShapeError: neither, or a number below ``least``.
    """
    both = value if isinstance(value, tuple) else (value, value)
    if len(both) != 2 or any(not isinstance(one, int) or isinstance(one, bool) for one in both):
        raise ShapeError(f"{name} is a whole number, or (height, width), not {value!r}")
    if min(both) < least:
        raise ShapeError(f"{name} must be at least {least}, not {by(value) if isinstance(value, tuple) else value}")
    return both


def require_whole(**given: tuple[int, int]) -> None:
    """Whole numbers by their names, each with the least that it may be.

    Raises:
        ShapeError: one is no whole number, or below that.
    """
    for name, (value, least) in given.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            what = name.replace("_", " ")
            raise ShapeError(f"{what} must be a whole number of at least {least}, not {value!r}")


def by(size: Shape) -> str:
    """(3, 5) as 3x5, and a square as one number would be: 3x3."""
    return "x".join(map(str, size))


def extent(kernel: int, dilation: int = 1) -> int:
    """How many pixels a kernel spans: dilation * (kernel - 1) + 1."""
    return dilation * (kernel - 1) + 1


def conv_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1, as torch.nn.Conv2d.

    Raises:
        ShapeError: the kernel spans more than the padded input has, or a number is none that can be.
    """
    require_whole(size=(size, 1), kernel=(kernel, 1), stride=(stride, 1), padding=(padding, 0), dilation=(dilation, 1))
    return padded_size(size + 2 * padding, kernel, stride, dilation)


def padded_size(padded: int, kernel: int, stride: int = 1, dilation: int = 1) -> int:
    """As ``conv_size``, of an input that was padded before."""
    spans = extent(kernel, dilation)
    if spans > padded:
        raise ShapeError(f"the kernel spans {spans} pixels, and the input with its padding has {padded}")
    return (padded - spans) // stride + 1


def conv_transpose_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1, as torch.nn.ConvTranspose2d.

    Raises:
        ShapeError: nothing is left after the padding was cut off, or the output padding is too large.
    """
    require_whole(size=(size, 1), kernel=(kernel, 1), stride=(stride, 1), padding=(padding, 0), dilation=(dilation, 1))
    require_whole(output_padding=(output_padding, 0))
    if output_padding >= max(stride, dilation):
        raise ShapeError(
            f"output padding must be below the stride or the dilation ({max(stride, dilation)}), not {output_padding}"
        )
    made = (size - 1) * stride + extent(kernel, dilation) + output_padding
    if made - 2 * padding < 1:
        raise ShapeError(f"padding {padding} cuts {2 * padding} pixels off an output of {made}: nothing is left")
    return made - 2 * padding


def pool_size(
    size: int, kernel: int, stride: int | None = None, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """As ``conv_size``; with ``ceil_mode`` rounded up, less a window that would begin beyond the input and its padding.

    Args:
        size: pixels that come in.
        kernel: of the window.
        stride: the kernel where None.
        padding: at each side, at most half of the kernel.
        dilation: of the window; average pools have none.
        ceil_mode: whether a window may end outside.

    Raises:
        ShapeError: no window fits, or the padding is more than half of the kernel.
    """
    step = kernel if stride is None else stride
    require_whole(size=(size, 1), kernel=(kernel, 1), stride=(step, 1), padding=(padding, 0), dilation=(dilation, 1))
    if padding > kernel // 2:
        raise ShapeError(f"padding of a pool is at most half of its kernel {kernel}, so {kernel // 2}, not {padding}")
    left = size + 2 * padding - extent(kernel, dilation)
    if not ceil_mode and left < 0:
        raise ShapeError(
            f"the window spans {extent(kernel, dilation)} pixels, and the input with its padding has "
            f"{size + 2 * padding}"
        )
    windows = (-(-left // step) if ceil_mode else left // step) + 1
    if ceil_mode and (windows - 1) * step >= size + padding:
        windows -= 1
    if windows < 1:
        raise ShapeError(f"no window of {extent(kernel, dilation)} fits {size} pixels with padding {padding}")
    return windows


def conv2d_size(size: Size, kernel: Size, stride: Size = 1, padding: Size = 0, dilation: Size = 1) -> Pair:
    """(height, width) after a convolution of an input of (height, width); ``conv_size`` has the formula."""
    axes = _axes(size=(size, 1), kernel=(kernel, 1), stride=(stride, 1), padding=(padding, 0), dilation=(dilation, 1))
    return conv_size(**axes[0]), conv_size(**axes[1])


def conv_transpose2d_size(
    size: Size, kernel: Size, stride: Size = 1, padding: Size = 0, output_padding: Size = 0, dilation: Size = 1
) -> Pair:
    """(height, width) after a transposed convolution; ``conv_transpose_size`` has the formula."""
    axes = _axes(
        size=(size, 1),
        kernel=(kernel, 1),
        stride=(stride, 1),
        padding=(padding, 0),
        output_padding=(output_padding, 0),
        dilation=(dilation, 1),
    )
    return conv_transpose_size(**axes[0]), conv_transpose_size(**axes[1])


def pool2d_size(
    size: Size,
    kernel: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Pair:
    """(height, width) after a max or average pool; ``pool_size`` has the formula."""
    axes = _axes(
        size=(size, 1),
        kernel=(kernel, 1),
        stride=(kernel if stride is None else stride, 1),
        padding=(padding, 0),
        dilation=(dilation, 1),
    )
    return pool_size(**axes[0], ceil_mode=ceil_mode), pool_size(**axes[1], ceil_mode=ceil_mode)


def _axes(**given: tuple[Size, int]) -> tuple[dict[str, int], dict[str, int]]:
    """The settings of each axis, from those of both and the least that each may be."""
    both = {name: pair(value, name.replace("_", " "), least) for name, (value, least) in given.items()}
    return {name: value[0] for name, value in both.items()}, {name: value[1] for name, value in both.items()}
