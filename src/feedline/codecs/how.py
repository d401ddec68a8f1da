"""How a codec shall decode: what it can do better than who comes behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class How:
    """What is asked of a codec; each takes what it can use.

    Attributes:
        grey: one channel of luma is enough: it may come where that is faster than colours.
        page: which page or frame; 0 but for the formats of ``sniff.PAGED``.
        partial: what is there of a file that ends early, instead of an error.
        linear: 16 bits in proportion to light, of a camera's RAW.
        reduce: each side may come as the stored one over 2, 4 or 8, rounded up; 1 but for ``sniff.REDUCING``.
    """

    grey: bool = False
    page: int = 0
    partial: bool = False
    reduce: int = 1
    linear: bool = False


PLAIN = How()
