"""The loader: order, workers, batches. Datasets and samplers come as arguments."""

from feedline.loader.info import get_worker_info
from feedline.loader.loader import DataLoader

__all__ = ["DataLoader", "get_worker_info"]
