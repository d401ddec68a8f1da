"""What happens to data before it feeds a network."""

from feedline.prepare.check import check

__all__ = ["check"]
