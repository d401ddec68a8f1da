"""JPEG (ITU-T T.81): the header by its markers, the pixels by OpenCV."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from feedline.codecs.exif import read_orientation
from feedline.errors import DecodeError
from feedline.types import Header, Image

_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1
_EXIF = b"Exif\0\0"


def read_header(data: bytes) -> Header:
    """Size, channels, bits and EXIF orientation, without decoding.

    Raises:
        DecodeError: the markers end before a frame header, or the frame has no size.
    """
    return _walk(data)[0]


def decode(data: bytes, *, grey: bool = False) -> Image:
    """Pixels as stored, HxWxC uint8: one channel for a grey file or where ``grey`` asks for luma, else RGB.

    Raises:
        DecodeError: truncated (no end-of-image marker behind the scan) or not decodable.
    """
    _, scan = _walk(data)
    if data.rfind(b"\xff\xd9", scan) < 0:
        raise DecodeError(f"truncated JPEG: no end-of-image marker in {len(data)} bytes", "truncated")
    flags = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_UNCHANGED
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DecodeError("corrupt JPEG: its compressed data cannot be decoded", "corrupt")
    return image[:, :, np.newaxis] if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _walk(data: bytes) -> tuple[Header, int]:
    """The header, and where the first scan begins: all that comes before it is markers with lengths."""
    position, orientation, frame = 2, 1, None
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
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _FRAMES and body + 6 <= len(data):
            frame = struct.unpack_from(">BHHB", data, body)
        elif marker == _APP1 and data.startswith(_EXIF, body):
            orientation = read_orientation(data[body + len(_EXIF) : position + 2 + length])
        elif marker == _SCAN:
            break
        position += 2 + max(length, 2)
    if frame is None:
        raise DecodeError(f"truncated JPEG: no frame header in {len(data)} bytes", "truncated")
    bits, height, width, channels = frame
    if not width or not height:
        raise DecodeError(f"corrupt JPEG: its header says {width} x {height} pixels", "corrupt")
    return Header("jpeg", width, height, channels, bits, orientation), position
