"""CRC-32C (Castagnoli; RFC 3720, appendix B.4): what a store's bytes are checked by."""

from __future__ import annotations

from typing import Any

import google_crc32c
import numpy as np

from feedline.native.choice import extension

_MOST = (1 << 32) - 1


def crc32c(data: Any, value: int = 0) -> int:
    """The CRC-32C of bytes, by the kernel, or by the package google-crc32c where there is none.

    Args:
        data: anything whose bytes lie in one piece, such as bytes, a memoryview or a NumPy array; it is not copied.
        value: the CRC of what came before, to go on from: ``crc32c(b, crc32c(a)) == crc32c(a + b)``.

    Raises:
        BufferError, ValueError: the bytes do not lie in one piece.
        ValueError: ``value`` is not 0 to 2**32 - 1.
    """
    if extension is None:
        return _without(data, value)
    found: int = extension.crc32c(data, value)
    return found


def _without(data: Any, value: int = 0) -> int:
    if not 0 <= value <= _MOST:
        raise ValueError(f"a CRC to go on from has to be 0 to 2**32 - 1, found {value}")
    bytes_of = np.frombuffer(data, np.uint8)  # the package takes no bytearrays and no views, but arrays
    found: int = google_crc32c.extend(value, bytes_of)
    return found
