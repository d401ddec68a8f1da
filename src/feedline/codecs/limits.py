"""How much a file may ask for: what its header claims, before anything is decoded."""

from __future__ import annotations

from feedline.errors import DecodeError
from feedline.types import Header

MAX_PIXELS = 2**28
"""The largest image that is decoded, 268 megapixels: a header that claims more is taken for an attack."""
_MAX_FILE = 2**33
MAX_BYTES = 2**31
"""The largest array that is decoded to, 2 GiB; while that is made, about three times as much is in use."""


def check_limits(header: Header, channels: int, itemsize: int, max_pixels: int, max_bytes: int) -> None:
    """Raises DecodeError ("too large") where the image is larger than a limit.

    Args:
        header: what the file claims.
        channels, itemsize: of the array that is asked for, where that has more of them than the file.
        max_pixels: the largest width times height.
        max_bytes: the largest height x width x channels x bytes a number, of the file's own or of what is asked for.
    """
    size = f"{header.width} x {header.height} pixels"
    if header.width * header.height > max_pixels:
        raise DecodeError(
            f"{size} are more than max_pixels={max_pixels}; raise that limit if you trust the file", "too large"
        )
    wanted = header.width * header.height * max(header.channels, channels) * max(-(-header.bits // 8), itemsize)
    if wanted > max_bytes:
        raise DecodeError(
            f"{size} take {wanted} bytes decoded, more than max_bytes={max_bytes}; "
            "raise that limit if you trust the file",
            "too large",
        )


def check_size(size: tuple[int, int], depth: int, max_bytes: int) -> None:
    """Raises DecodeError ("too large") where a size that is asked for, ``depth`` bytes a pixel, is over it."""
    wanted = size[0] * size[1] * depth
    if wanted > max_bytes:
        raise DecodeError(
            f"a size of {size[0]} x {size[1]} takes {wanted} bytes, more than max_bytes={max_bytes}: raise that limit",
            "too large",
        )


def check_file_size(size: int) -> None:
    """Raises DecodeError ("too large") for a file that no picture is as large as; a sparse one may claim any size."""
    if size > _MAX_FILE:
        raise DecodeError(f"a file of {size} bytes is larger than any picture that is read, {_MAX_FILE}", "too large")
