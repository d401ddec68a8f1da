"""Where images lie: one file a container. A source maps an index to a Record and decodes nothing."""

from feedline.sources.archive import ArchiveSource
from feedline.sources.array import ArraySource
from feedline.sources.cifar import CifarSource
from feedline.sources.coco import CocoSource
from feedline.sources.folder import FolderSource
from feedline.sources.hdf5 import HDF5Source
from feedline.sources.huggingface import HuggingFaceSource
from feedline.sources.mnist import FASHION, MnistSource
from feedline.sources.paired import PairedSource
from feedline.sources.problems import Finding
from feedline.sources.rle import Rle
from feedline.sources.side_by_side import SideBySide
from feedline.sources.table import TableSource
from feedline.sources.url_folder import UrlFolderSource
from feedline.sources.voc import VocSource
from feedline.sources.yolo import YoloSource

__all__ = [
    "FASHION",
    "ArchiveSource",
    "ArraySource",
    "CifarSource",
    "CocoSource",
    "Finding",
    "FolderSource",
    "HDF5Source",
    "HuggingFaceSource",
    "MnistSource",
    "PairedSource",
    "Rle",
    "SideBySide",
    "TableSource",
    "UrlFolderSource",
    "VocSource",
    "YoloSource",
]
