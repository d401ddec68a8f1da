"""The loader: order, workers, batches. Datasets and samplers come as arguments."""

from feedline.loader.loader import DataLoader

__all__ = ["DataLoader"]
