"""What is broken, found before the work that depends on it."""

from feedline.checking.check import check

__all__ = ["check"]
