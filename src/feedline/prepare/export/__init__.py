"""A store that leaves feedline again: one file a format."""

from feedline.prepare.export.exporting import FORMATS, Exported, export

__all__ = ["FORMATS", "Exported", "export"]
