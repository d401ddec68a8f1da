"""From raw archives to stores: what is fetched, checked, balanced, split and packed."""

from feedline.prepare.pack import pack

__all__ = ["pack"]
