"""Where images lie: one file a container. A source maps an index to a Record and decodes nothing."""

from feedline.sources.array import ArraySource
from feedline.sources.folder import FolderSource

__all__ = ["ArraySource", "FolderSource"]
