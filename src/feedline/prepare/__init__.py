"""From raw archives to a store: the steps of a recipe, each a function that can be used alone, and the recipe."""

from feedline.prepare.balance import Balance, balance
from feedline.prepare.duplicates import Dropped, Duplicates, duplicates
from feedline.prepare.expect import Difference, expect
from feedline.prepare.extract import extract
from feedline.prepare.fetch import fetch
from feedline.prepare.hashing import phash
from feedline.prepare.merging import Merged, merged
from feedline.prepare.pack import pack
from feedline.prepare.packed import Estimate, Packed
from feedline.prepare.recipe import Recipe, load
from feedline.prepare.run import Prepared, prepare
from feedline.prepare.sheet import save_sheet, sheet
from feedline.prepare.splits import split

__all__ = [
    "Balance",
    "Difference",
    "Dropped",
    "Duplicates",
    "Estimate",
    "Merged",
    "Packed",
    "Prepared",
    "Recipe",
    "balance",
    "duplicates",
    "expect",
    "extract",
    "fetch",
    "load",
    "merged",
    "pack",
    "phash",
    "prepare",
    "save_sheet",
    "sheet",
    "split",
]
