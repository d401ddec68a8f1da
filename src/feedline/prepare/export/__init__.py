"""A store that leaves feedline again: one file a format."""

from feedline.prepare.export.exporting import FORMATS, Exported, check_format, export

__all__ = ["FORMATS", "Exported", "check_format", "export"]
