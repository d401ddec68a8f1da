"""Whether the C kernel runs here, or its twin."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

_ASKED = os.environ.get("FEEDLINE_NATIVE", "")


def _found() -> ModuleType | None:
    """The extension, unless ``FEEDLINE_NATIVE=0`` asks for the twin.

    Raises:
        ImportError: ``FEEDLINE_NATIVE=1`` asks for the kernel, and it was not built.
        ValueError: ``FEEDLINE_NATIVE`` says something else.
    """
    if _ASKED not in ("", "0", "1"):
        raise ValueError(f"FEEDLINE_NATIVE must be 0 (the Python twin), 1 (the C kernel) or empty, not {_ASKED!r}")
    if _ASKED == "0":
        return None
    try:
        return import_module("feedline.native._kernel")
    except ImportError as error:
        if _ASKED == "1":
            raise ImportError(
                f"FEEDLINE_NATIVE=1 asks for the C kernel, which cannot be loaded ({error}): install feedline with a C "
                "compiler and the headers of libjpeg-turbo and zlib there, or unset it"
            ) from error
        return None


extension: ModuleType | None = _found()
"""The extension module, or None."""
IMPLEMENTATION = "twin" if extension is None else "kernel"
"""Which of the two runs."""


def described() -> str:
    """In words for people, such as "C kernel, avx2"."""
    if extension is not None:
        return f"C kernel, {extension.simd()}"
    return "Python twin: " + ("FEEDLINE_NATIVE=0 asks for it" if _ASKED == "0" else "no C kernel was built")
