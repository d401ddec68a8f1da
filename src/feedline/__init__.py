"""feedline: from images where they lie to a network that learns from them."""

from feedline import samplers, sources, transforms
from feedline._measure import measure
from feedline._open import open
from feedline._open_pairs import open_pairs, pair_splits
from feedline._split import split
from feedline._version import __version__
from feedline.checking import check
from feedline.codecs import decode, probe
from feedline.dataset import ImageDataset
from feedline.errors import (
    CheckpointError,
    DataError,
    DecodeError,
    FeedlineError,
    RunError,
    TransformError,
)
from feedline.loader import DataLoader, get_worker_info, prefetch_to_device
from feedline.native import counting
from feedline.pairs import PairDataset
from feedline.subsets import Subset

__all__ = [
    "CheckpointError",
    "DataError",
    "DataLoader",
    "DecodeError",
    "FeedlineError",
    "ImageDataset",
    "PairDataset",
    "RunError",
    "Subset",
    "TransformError",
    "__version__",
    "check",
    "counting",
    "decode",
    "get_worker_info",
    "measure",
    "open",
    "open_pairs",
    "pair_splits",
    "prefetch_to_device",
    "probe",
    "samplers",
    "sources",
    "split",
    "transforms",
]
