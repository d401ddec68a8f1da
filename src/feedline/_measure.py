"""The levels of a dataset, for Normalize."""

from __future__ import annotations

import numpy as np

from feedline.measuring import Measured, measured
from feedline.subsets import AnyDataset


def measure(dataset: AnyDataset, samples: int | None = None, *, seed: int = 0, progress: bool = True) -> Measured:
    """Mean and standard deviation of each channel over all pixels of the images, where white is 1.

    Images are taken as they are decoded in the dataset's mode, before any transform, so that large ones count for more
    than small ones. Sums are exact: the numbers depend neither on the order of the images nor on the number of threads.
    They are kept in the user's cache and measured again when a file behind them has changed. Of a Subset only its
    samples count: ``Normalize(*feedline.measure(train))`` is what the training images alone say.

    Args:
        dataset: whose images.
        samples: how many of them, drawn at random; None for all.
        seed: of the draw.
        progress: shows a bar where standard error is a terminal.

    Returns:
        (mean, std), a number a channel each; std is that of the whole (divided by n).

    Raises:
        DataError: no image, images that differ in their channels, or whose numbers have no white.
        DecodeError: an image that cannot be read; names path and index.
        ValueError: samples below 1.
    """
    if samples is not None and samples < 1:
        raise ValueError(f"samples must be at least 1, or None for all, not {samples}")
    places = np.arange(len(dataset))
    if samples is not None and samples < len(dataset):
        places = np.sort(np.random.default_rng(seed).choice(len(dataset), samples, replace=False))
    return measured(dataset.source, dataset.mode, [dataset.root_index(place) for place in places.tolist()], progress)
