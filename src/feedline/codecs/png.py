"""PNG (ISO/IEC 15948): the header by its chunks, the pixels by the kernel or, where it declines, by OpenCV."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

from feedline.codecs.exif import find_orientation, xmp_orientation
from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes, unpack
from feedline.codecs.png_mend import mend, raw_size
from feedline.errors import DecodeError
from feedline.native.choice import extension
from feedline.types import Header, Image

_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type; a palette is of colours
_GREY, _PALETTE = 0, 3
_COLOUR_KEY = 6  # bytes of the one colour that is transparent
_WITH_ALPHA = (4, 6)
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_BLOWN = frozenset({b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"eXIf"})
_LEFT_OUT = _ANIMATION | _BLOWN
"""What no pixel depends on, and a decoder may crash on or inflate without end."""
_XMP = b"XML:com.adobe.xmp\0"
_SIGNATURE = 8
_SLACK = 65_536
_ENDS = 12  # length, type and check sum of a chunk


def read_header(data: Bytes) -> Header:
    """Size, channels (a palette counts as 3, or 4 with transparency), bits and orientation.

    Raises:
        DecodeError: no whole header chunk, a size of zero, or an unknown colour type.
    """
    chunks = _chunks(data, whole=False)
    start, length = chunks.get(b"IHDR", (0, 0))
    if length != 13:
        raise DecodeError("corrupt PNG: it does not begin with a header chunk", "corrupt")
    width, height, bits, colour = unpack(">IIBB", data, start)
    if not width or not height:
        raise DecodeError(f"corrupt PNG: its header says {width} x {height} pixels", "corrupt")
    if colour not in _CHANNELS:
        raise DecodeError(f"corrupt PNG: colour type {colour} does not exist", "corrupt")
    channels = _CHANNELS[colour]
    if colour not in _WITH_ALPHA and _is_keyed(chunks, colour):
        channels += 1
    return Header("png", width, height, channels, 8 if colour == _PALETTE else bits, _orientation(data, chunks))


def _is_keyed(chunks: dict[bytes, tuple[int, int]], colour: int) -> bool:
    """Whether tRNS says what is transparent; one of a wrong length for a palette or a colour does not, as in libpng."""
    if b"tRNS" not in chunks:
        return False
    length = chunks[b"tRNS"][1]
    if colour == _PALETTE:
        return 0 < length <= chunks.get(b"PLTE", (0, 0))[1] // 3
    return colour == _GREY or length == _COLOUR_KEY


def _orientation(data: Bytes, chunks: dict[bytes, tuple[int, int]]) -> int:
    """EXIF's, or else that of an XMP text that is not packed."""
    start, size = chunks.get(b"eXIf", (0, 0))
    stated = find_orientation(data[start : start + size])
    if stated is None and b"iTXt" in chunks:
        start, size = chunks[b"iTXt"]
        if data[start : start + min(size, len(_XMP))] == _XMP:
            stated = xmp_orientation(data[start : start + size])
    return stated or 1


def decode(data: bytes, how: How = PLAIN) -> Image:
    """Pixels as stored, HxWxC uint8 or uint16, in the order L, LA, RGB or RGBA; luma is left to the caller.

    ``how.partial`` takes a file that ends early: what is missing is 0.

    Raises:
        DecodeError: truncated (no end chunk) or not decodable.
    """
    image = _by_kernel(data)
    return by_opencv(data, how) if image is None else image


def _by_kernel(data: bytes) -> Image | None:
    """The same of the usual kind of file, or None."""
    if extension is None:
        return None
    try:
        pixels, *shape = extension.decode_png(data)
    except extension.Declined:
        return None
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def by_opencv(data: bytes, how: How = PLAIN) -> Image:
    """:func:`decode` of any file: what the kernel equals to the bit, or declines."""
    header = read_header(data)
    chunks = _chunks(data, whole=not how.partial)
    if b"IEND" not in chunks and not how.partial:
        raise DecodeError(f"truncated PNG: no end chunk in {len(data)} bytes", "truncated")
    _check_sums(data)
    _check_packed(data, chunks[b"IHDR"][0])
    if b"IEND" not in chunks:
        data = mend(data)
    still = data if _LEFT_OUT.isdisjoint(chunks) else _still(data)
    image = cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DecodeError("corrupt PNG: its compressed data cannot be decoded", "corrupt")
    if image.ndim == 2:
        image = image[:, :, np.newaxis]
        return image if header.channels == 1 else _keyed(image, data, chunks[b"tRNS"], header.bits)
    if header.channels == 2:  # OpenCV spreads grey with alpha over four channels
        return np.ascontiguousarray(image[:, :, 2:])
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _keyed(image: Image, data: bytes, place: tuple[int, int], bits: int) -> Image:
    """Grey with the alpha that the one transparent grey of tRNS asks for."""
    if place[1] != 2:
        raise DecodeError("corrupt PNG: its transparent grey is not one number", "corrupt")
    (key,) = struct.unpack_from(">H", data, place[0])
    top = np.iinfo(image.dtype).max
    key = key * (255 // (2**bits - 1)) if bits < 8 else key
    return np.concatenate([image, np.where(image == key, 0, top).astype(image.dtype)], axis=2)


def _check_packed(data: bytes, header: int) -> None:
    """Raises DecodeError where there is far more packed data than the header's pixels need: it would be unpacked.

    Args:
        data: the file.
        header: where the body of its header chunk begins.
    """
    packed, position = 0, _SIGNATURE
    while position + _ENDS <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        packed += length if kind == b"IDAT" else 0
        position += _ENDS + length
    needed = raw_size(data[header : header + 13])
    if packed > 2 * needed + _SLACK:
        raise DecodeError(f"corrupt PNG: {packed} bytes of packed data for {needed} bytes of pixels", "corrupt")


def _check_sums(data: bytes) -> None:
    """Raises DecodeError where a chunk is not what was written; decoders say so to the screen alone."""
    position = _SIGNATURE
    while position + _ENDS <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            return
        if zlib.crc32(data[position + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise DecodeError(f"corrupt PNG: the check sum of its {kind.decode('latin-1')} chunk is wrong", "corrupt")
        if kind == b"IEND":
            return
        position = end + 4


def _still(data: bytes) -> bytes:
    """The default image alone, without what animates or describes it."""
    parts, position = [data[:_SIGNATURE]], _SIGNATURE
    while position + _ENDS <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + _ENDS + length
        if kind not in _LEFT_OUT:
            parts.append(data[position:end])
        if kind == b"IEND":
            break
        position = end
    return b"".join(parts)


def _chunks(data: Bytes, *, whole: bool) -> dict[bytes, tuple[int, int]]:
    """Where the body of the first chunk of each type begins, and its length; those before a cut unless ``whole``.

    Raises:
        DecodeError: the file ends within its first chunk, or within any where it shall be whole.
    """
    chunks: dict[bytes, tuple[int, int]] = {}
    position = _SIGNATURE
    while position + _ENDS <= len(data):
        length, kind = unpack(">I4s", data, position)
        if position + _ENDS + length > len(data):
            if chunks and not whole:
                break
            raise DecodeError(
                f"truncated PNG: {len(data)} bytes end within its {kind.decode('latin-1')} chunk", "truncated"
            )
        chunks.setdefault(kind, (position + 8, length))
        if kind == b"IEND":
            break
        position += _ENDS + length
    if not chunks:
        raise DecodeError(f"truncated PNG: no whole chunk in {len(data)} bytes", "truncated")
    return chunks
