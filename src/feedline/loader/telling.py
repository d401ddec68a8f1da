"""Warnings that must not end what they warn of."""

from __future__ import annotations

import sys
import warnings


def tell(text: str) -> None:
    """Warns; where warnings are errors it is printed, for the batch that it is about is right and must not be lost."""
    try:
        warnings.warn(text, RuntimeWarning, stacklevel=4)
    except RuntimeWarning as warning:
        print(f"RuntimeWarning: {warning}", file=sys.stderr)
