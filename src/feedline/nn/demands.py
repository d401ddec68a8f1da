"""What networks ask of the numbers that they are made of."""

from __future__ import annotations

from collections.abc import Sequence


def require_shape(input_shape: Sequence[int], dimensions: int | None = None) -> None:
    """Raises ValueError unless it is of one input: so many dimensions (any, but one at least), each 1 or more."""
    if dimensions is not None and len(input_shape) != dimensions:
        raise ValueError(f"input_shape is (channels, height, width) of one image, not {tuple(input_shape)}")
    if not input_shape or min(input_shape) < 1:
        raise ValueError(f"input_shape has a dimension at least, and each is 1 or more, not {tuple(input_shape)}")


def require_positive(**counts: int) -> None:
    """Raises ValueError, with its name, for one below 1."""
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} is at least 1, not {count}")
