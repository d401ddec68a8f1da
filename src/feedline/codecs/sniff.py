"""What a file is, by its content.

| read | recognised, and not read |
| --- | --- |
| jpeg (also the first picture of an MPO), png, webp, tiff (also BigTIFF), bmp, gif, npy, raw (of \
cameras, DNG among them) | jpeg2000, avif, heif, jxl, ico, cur, pbm, pgm, ppm, pam, tga, pcx, qoi, psd, sgi, sun, exr |

TGA has no mark at its beginning: it is known by the one that newer files end with, or by a header all of whose
numbers are possible in one.
"""

from __future__ import annotations

from types import ModuleType

from feedline.codecs import bmp, gif, jpeg, npy, png, raw, tiff, webp
from feedline.codecs.lazy import Bytes

CODECS: dict[str, ModuleType] = {
    "jpeg": jpeg,
    "png": png,
    "webp": webp,
    "tiff": tiff,
    "bmp": bmp,
    "gif": gif,
    "npy": npy,
    "raw": raw,
}
"""Each codec has ``read_header(data) -> Header`` and ``decode(data, how) -> Image``; see how.py."""
PAGED = frozenset({"tiff", "gif", "webp"})
"""Whose ``read_header`` takes a page as well."""
REDUCING = frozenset({"jpeg", "raw"})

_SIGNATURES = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0\x08\0\0\0": "tiff",
    b"MM\0+\0\x08\0\0": "tiff",
    b"\x93NUMPY": "npy",
    b"P1": "pbm",
    b"P2": "pgm",
    b"P3": "ppm",
    b"P4": "pbm",
    b"P5": "pgm",
    b"P6": "ppm",
    b"P7\n": "pam",
    b"\0\0\0\x0cjP  \r\n\x87\n": "jpeg2000",
    b"\xff\x4f\xff\x51": "jpeg2000",
    b"\xff\x0a": "jxl",
    b"\0\0\0\x0cJXL \r\n\x87\n": "jxl",
    b"\0\0\1\0": "ico",
    b"\0\0\2\0": "cur",
    b"qoif": "qoi",
    b"8BPS\0\1": "psd",
    b"8BPS\0\2": "psd",
    b"\x01\xda": "sgi",
    b"\x59\xa6\x6a\x95": "sun",
    b"v/1\x01": "exr",
}
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heif", b"heix": "heif", b"mif1": "heif"}
_TGA_END = b"TRUEVISION-XFILE.\0"


def sniff(data: Bytes) -> str | None:
    """The format that the bytes look like, in lower case; None where they look like no image known here."""
    head = data[:32]
    name = next((name for start, name in _SIGNATURES.items() if head.startswith(start)), None)
    if name in (None, "tiff") and raw.is_raw(data):
        return "raw"
    if name in ("ico", "cur") and head[4:6] in (b"", b"\0", b"\0\0"):
        name = None
    if name == "sgi" and not (head[2:3] in (b"\0", b"\1") and head[3:4] in (b"\1", b"\2")):
        name = None
    return name or _marked_within(head) or _unmarked(data, head)


def _marked_within(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return _BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None


def _unmarked(data: Bytes, head: bytes) -> str | None:
    """PCX and TGA, whose headers are only numbers: each must be a possible one."""
    if len(head) < 18:
        return None
    if head[0] == 10 and head[1] in (0, 2, 3, 4, 5) and head[2] == 1 and head[3] in (1, 2, 4, 8):
        return "pcx"
    if data[max(len(data) - len(_TGA_END), 0) :] == _TGA_END:
        return "tga"
    mapped, kind, depth = head[1], head[2] & ~8, head[16]
    no_map = not any(head[3:8]) if mapped == 0 else head[7] in (15, 16, 24, 32)
    possible = kind in (1, 2, 3) and head[2] < 12 and mapped == (kind == 1) and depth in (8, 15, 16, 24, 32)
    sized = any(head[12:14]) and any(head[14:16]) and not head[17] & 0xC0
    return "tga" if possible and no_map and sized else None
