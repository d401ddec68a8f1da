"""The C extension; see csrc."""

from typing import Any

class Declined(ValueError):  # noqa: N818 - no error of the caller's
    """The kernel leaves it to the twin."""

def counters() -> dict[str, int]: ...
def png_header(data: bytes) -> tuple[int, int, int, int]:
    """Width, height, channels and bits of a PNG that the kernel takes."""

def decode_png(data: bytes) -> tuple[bytearray, int, int, int]:
    """The pixels of a PNG that the kernel takes, their height, width and channels."""

def place(
    image: Any,
    shape: tuple[int, int, int],
    window: tuple[int, int, int, int],
    frame: tuple[int, int, int, int],
    fill: bytes,
    turns: tuple[bool, bool, bool],
    out: Any,
    offset: int,
    steps: tuple[int, int, int],
    size: tuple[int, int],
    table: Any,
    levels: Any,
    /,
) -> None:
    """For tests: a window of an image into memory.

    Args:
        image: its bytes, rows without gaps.
        shape: of the image: height, width and channels.
        window, frame: top, left, bottom and right; what lies outside of the frame or the image is fill.
        fill: a byte a channel.
        turns: whether rows become columns, and whether rows, then columns are turned round.
        out: memory that can be written to.
        offset, steps: in bytes: the first number's place, and from row to row, pixel to pixel, channel to channel.
        size: height and width of what comes out.
        table: channels x 256 bytes, or None.
        levels: channels x 256 float32, or None.
    """
