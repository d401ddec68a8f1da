"""The orientation tag of EXIF (CIPA DC-008, tag 0x0112), or else of XMP, and what it asks for."""

from __future__ import annotations

import re
import struct

import cv2

from feedline.types import Image

_TAG = 0x0112
_SHORT = 3
_ENTRY = 12
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


def read_orientation(tiff: bytes) -> int:
    """The orientation, 1 to 8, that an EXIF block states; 1 where it states none or nonsense."""
    return find_orientation(tiff) or 1


def find_orientation(tiff: bytes) -> int | None:
    """The orientation, 1 to 8, that an EXIF block states; 1 where that is nonsense, None where there is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return None
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return None
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for entry in range(start + 2, min(start + 2 + count * _ENTRY, len(tiff) - _ENTRY + 1), _ENTRY):
        tag, kind = struct.unpack_from(order + "HH", tiff, entry)
        if tag == _TAG and kind == _SHORT:
            (value,) = struct.unpack_from(order + "H", tiff, entry + 8)
            return int(value) if 1 <= value <= 8 else 1
    return None


def xmp_orientation(xmp: bytes) -> int | None:
    """The orientation that XMP, which some programs write instead of EXIF, states; None where there is none."""
    found = _XMP.search(xmp)
    return int(found[1]) if found else None


def orient(image: Image, orientation: int) -> Image:
    """The image turned upright: transposed for 5 to 8, then mirrored as the tag says."""
    if orientation >= 5:
        image = cv2.transpose(image)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return image if flip is None else cv2.flip(image, flip)
