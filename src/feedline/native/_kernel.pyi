"""The C extension; see csrc. An array of another shape or type than asked for is a ValueError."""

from typing import Any

from numpy.typing import NDArray

class Declined(ValueError):  # noqa: N818 - no error of the caller's
    """The kernel leaves it to the twin."""

_Grid = tuple[int, float, float, float]

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

def jpeg_header(data: bytes, /) -> tuple[int, int, int, int, int]:
    """Width, height, channels, bits and orientation, as feedline.codecs.jpeg.read_header finds them.

    Raises:
        Declined: no JPEG, damaged, or unusual.
    """

def decode_jpeg(
    data: bytes,
    channels: int,
    top: int,
    left: int,
    height: int,
    width: int,
    reduce: int,
    fast: bool,
    orientation: int = 1,
    offsets: Any = None,
    /,
) -> bytearray:
    """A window of the picture at 1 / ``reduce``, upright as ``orientation`` says: height x width x channels.

    Equal to what is cut out of all of it, but where ``fast`` asks for the fast DCT.

    Args:
        data: the file.
        channels: 1 (luma) or 3 (RGB).
        top, left, height, width: in pixels of the upright picture at that size.
        reduce: 1, 2, 4 or 8: each side is the stored one over it, rounded up.
        fast: whether the DCT may be a little off.
        orientation: EXIF's, 1 to 8.
        offsets: uint32, where the restart intervals begin, as ``rewrite_jpeg`` gives them: the codes of those tiles
            alone are read that the window needs. Numbers that do not fit the file are as none.

    Raises:
        Declined: damaged, or of a kind that the kernel does not decode.
        ValueError: a number that none of these may be.
        MemoryError: it does not fit into memory.
    """

def rewrite_jpeg(data: bytes, every: int, /) -> tuple[bytes, bytes, int]:
    """The same picture with restart markers; see :func:`feedline.native.restarts.rewritten`.

    Returns:
        The file, its offsets (uint32), and how many units lie between two markers.

    Raises:
        Declined: damaged, or of a kind that is not written again.
        ValueError: ``every`` is less than 1.
        MemoryError: it does not fit into memory.
    """

def run_tiles(data: bytes, offsets: Any, steps: bytes, seed: int, index: int, fast: bool, out: Any, /) -> None:
    """For tests: one sample by steps, as ``run`` makes it, into height x width x channels, with offsets."""

def read_file(path: str | bytes, /) -> bytes:
    """A whole file.

    Raises:
        Declined: empty, or of more than 1 GiB.
        OSError: it cannot be read, or is no regular file.
    """

def regrid(image: Any, rows: _Grid, columns: _Grid, form: int, out: Any, /) -> None: ...
def regrid_into(
    image: Any,
    rows: _Grid,
    columns: _Grid,
    form: int,
    out: Any,
    place: tuple[int, int, int, int],
    table: Any,
    levels: Any,
    affine: Any,
    /,
) -> None: ...
def scale(image: Any, first_row: Any, row_weight: Any, first_column: Any, column_weight: Any, out: Any, /) -> None: ...
def taps(size: int, start: float, step: float, width: float, limit: int, form: int, /) -> tuple[bytes, bytes, int]: ...
def simd() -> str: ...
def simd_names() -> tuple[str, ...]: ...
def choose_simd(name: str, /) -> None: ...
def warp(image: NDArray[Any], back: tuple[float, ...], form: int, out: NDArray[Any], /) -> None: ...
def look_up(image: NDArray[Any], table: NDArray[Any], out: NDArray[Any], /) -> None: ...
def mix(image: NDArray[Any], matrix: NDArray[Any], out: NDArray[Any], /) -> None: ...
def scale_shift(image: NDArray[Any], factor: NDArray[Any], offset: NDArray[Any], out: NDArray[Any], /) -> None: ...
def words(seed: int, epoch: int, index: int, operation: int, count: int, block: int, /) -> list[int]: ...
def crc32c(data: Any, value: int = 0, way: str | None = None, /) -> int:
    """The CRC-32C of bytes, going on from ``value``, by the best way of this processor or one of ``crc32c_names()``."""

def crc32c_names() -> list[str]: ...
def permute(positions: NDArray[Any], n: int, keys: NDArray[Any], out: NDArray[Any], /) -> None:
    """What lies at positions of a shuffled order, int64, as feedline.samplers.permutation.walk finds it.

    Raises:
        ValueError: a position that is not from 0 to n - 1, or an odd number of keys.
    """

def run(
    steps: Any,
    channels: int,
    fast: bool,
    seed: int,
    epoch: int,
    indices: Any,
    source: Any,
    batch: Any,
    channels_first: bool,
    levels: Any,
    line: Any,
    /,
) -> tuple[bytes, dict[int, str], int, int, int]:
    """A byte a sample, 0 where it was made; why others were not; nanoseconds of reading, decoding and transforming."""

def plan(steps: Any, seed: int, epoch: int, index: int, height: int, width: int) -> bytes: ...
