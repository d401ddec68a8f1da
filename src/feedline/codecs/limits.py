"""How much a file may ask for: what its header claims, before anything is decoded."""

from __future__ import annotations

from feedline.errors import DecodeError
from feedline.types import Header

MAX_PIXELS = 2**28
"""The largest image that is decoded, 268 megapixels: a header that claims more is taken for an attack."""
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
