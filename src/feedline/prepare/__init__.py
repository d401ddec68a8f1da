"""From raw archives to stores: what is fetched, checked, balanced, split and packed."""

from feedline.prepare.pack import pack
from feedline.prepare.recipe import Recipe, load
from feedline.prepare.run import Prepared, prepare

__all__ = ["Prepared", "Recipe", "load", "pack", "prepare"]
