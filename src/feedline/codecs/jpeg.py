"""JPEG (ITU-T T.81): the header by its markers, the pixels by OpenCV, and parts of them by the kernel where it runs."""

from __future__ import annotations

import cv2
import numpy as np

from feedline.codecs.exif import find_orientation, xmp_orientation
from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes, unpack
from feedline.errors import DecodeError
from feedline.native.choice import extension
from feedline.types import Header, Image

_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1
_BEGINNING, _END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
_REDUCED_GREY = {
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def read_header(data: Bytes) -> Header:
    """Size, channels, bits and EXIF orientation, without decoding.

    Raises:
        DecodeError: the markers end before a frame header, or the frame has no size.
    """
    if extension is not None and isinstance(data, bytes):
        try:
            return Header("jpeg", *extension.jpeg_header(data))
        except extension.Declined:
            pass
    return _walk(data)[0]


def decode(data: bytes, how: How = PLAIN) -> Image:
    """Pixels as stored, HxWxC uint8: one channel for a grey file or where ``how.grey`` asks for luma, else RGB.

    CMYK and YCCK become RGB, inverted as the Adobe marker says. ``how.reduce`` by 2, 4 or 8 decodes fewer cosines: each
    side is the stored one over it, rounded up. ``how.partial`` takes a file that ends early: what is missing is grey.

    Raises:
        DecodeError: truncated (no end-of-image marker behind the scan) or not decodable.
    """
    header, scan = _walk(data)
    if not how.partial and data.rfind(_END_OF_IMAGE, scan) < 0:
        raise DecodeError(f"truncated JPEG: no end-of-image marker in {len(data)} bytes", "truncated")
    if how.partial:
        data += _END_OF_IMAGE  # without one the decoder waits for more, and gives nothing
    while data.startswith(_BEGINNING * 2):
        data = data[len(_BEGINNING) :]
    flags = _flags(how.grey or header.channels == 1, how.reduce)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DecodeError("corrupt JPEG: its compressed data cannot be decoded", "corrupt")
    return image[:, :, np.newaxis] if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def decode_part(data: bytes, grey: bool, region: tuple[int, int, int, int], header: Header) -> Image | None:
    """A region of the upright image, HxWxC: equal to what is cut out of all of it, and nothing else is made.

    None where there is no kernel, or it leaves the file to :func:`decode`: one that is damaged, CMYK or unusual.

    Args:
        data: the file.
        grey: whether luma is enough of a file of colours.
        region: (top, left, height, width) of the upright image, inside it.
        header: the file's.
    """
    if extension is None:
        return None
    channels = 1 if grey or header.channels == 1 else 3
    try:
        pixels = extension.decode_jpeg(data, channels, *region, 1, False, header.orientation)
    except (extension.Declined, MemoryError):
        return None
    return np.frombuffer(pixels, np.uint8).reshape(*region[2:], channels)


def _flags(grey: bool, reduce: int) -> int:
    if reduce == 1:
        return cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_UNCHANGED
    return _REDUCED_GREY[reduce] if grey else _REDUCED[reduce]


def _walk(data: Bytes) -> tuple[Header, int]:
    """The header, and where the first scan begins: all that comes before it is markers with lengths."""
    position, frame = 2, None
    exif: int | None = None
    xmp: int | None = None
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            position += 1
            continue
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE or marker == 0:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _END:
            break
        body = position + 4
        (length,) = unpack(">H", data, position + 2)
        if marker in _FRAMES and body + 6 <= len(data):
            frame = unpack(">BHHB", data, body)
        elif marker == _APP1:
            exif, xmp = _stated(data[body : position + 2 + length], exif, xmp)
        elif marker == _SCAN:
            break
        position += 2 + max(length, 2)
    if frame is None:
        raise DecodeError(f"truncated JPEG: no frame header in {len(data)} bytes", "truncated")
    bits, height, width, channels = frame
    if not width or not height:
        raise DecodeError(f"corrupt JPEG: its header says {width} x {height} pixels", "corrupt")
    return Header("jpeg", width, height, channels, bits, exif or xmp or 1), position


def _stated(segment: bytes, exif: int | None, xmp: int | None) -> tuple[int | None, int | None]:
    """The orientations that EXIF and XMP state, the first of each, with what this segment adds."""
    if segment.startswith(_EXIF):
        return exif or find_orientation(segment[len(_EXIF) :]), xmp
    if segment.startswith(_XMP):
        return exif, xmp or xmp_orientation(segment)
    return exif, xmp
