"""What a file is, by its first bytes."""

from __future__ import annotations

from types import ModuleType

from feedline.codecs import jpeg, png

CODECS: dict[str, ModuleType] = {"jpeg": jpeg, "png": png}
"""Each codec has ``read_header(bytes) -> Header`` and ``decode(bytes, grey=...) -> Image``."""

_SIGNATURES = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"P5": "pgm",
    b"P6": "ppm",
}


def sniff(data: bytes) -> str | None:
    """The format that the bytes begin like, in lower case; None where they begin like no image known here."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((name for start, name in _SIGNATURES.items() if data.startswith(start)), None)
