"""The loader: order, workers, batches. Datasets and samplers come as arguments."""

from feedline.loader.info import get_worker_info
from feedline.loader.loader import DataLoader
from feedline.loader.prefetch import prefetch_to_device

__all__ = ["DataLoader", "get_worker_info", "prefetch_to_device"]
