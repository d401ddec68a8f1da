"""What pictures of one side of pairs are, in words."""

from __future__ import annotations


def side_words(channels: int, dtype: str) -> str:
    """Such as "3 channels of uint8"."""
    return f"{channels} channel{'s' if channels != 1 else ''} of {dtype}"
