"""The packed format: Arrow files and a manifest that say what is in them, written whole or not at all."""

from feedline.store.columns import Columns
from feedline.store.damage import Damage
from feedline.store.manifest import Manifest
from feedline.store.rows import Part, Row
from feedline.store.source import StoreSource, is_store
from feedline.store.verify import unfinished, verify
from feedline.store.writer import StoreWriter

__all__ = [
    "Columns",
    "Damage",
    "Manifest",
    "Part",
    "Row",
    "StoreSource",
    "StoreWriter",
    "is_store",
    "unfinished",
    "verify",
]
