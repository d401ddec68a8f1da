"""A source whose images are arrays in memory, and pictures whose pixels are all different."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from feedline import ImageDataset
from feedline.types import Record, Spec


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


class Memory:
    has_files = False

    def __init__(self, images: Sequence[np.ndarray], targets: Sequence[int], groups: Any = None) -> None:
        self.images = images
        self.targets = np.asarray(targets, dtype=np.int64)
        self.groups = groups
        self.classes = [f"class{number}" for number in range(int(self.targets.max()) + 1)]
        shapes = {image.shape for image in images}
        self.spec = Spec(*shapes.pop()) if len(shapes) == 1 else Spec(None, None, None)

    def __len__(self) -> int:
        return len(self.targets)

    def path(self, index: int) -> str:
        return f"memory[{index}]"

    def __getitem__(self, index: int) -> Record:
        return Record(self.images[index], int(self.targets[index]), self.path(index))

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def __repr__(self) -> str:
        return f"Memory({len(self)})"


def numbered(count: int, transform: Any = None, size: tuple[int, int] = (6, 5), mode: Any = "RGB") -> ImageDataset:
    """Pictures of one size; the label is the index."""
    return ImageDataset(Memory([picture(*size, seed=seed) for seed in range(count)], range(count)), transform, mode)


def labelled(targets: Sequence[int], groups: Any = None) -> ImageDataset:
    """One picture of a pixel for each label."""
    return ImageDataset(Memory([picture(1, 1)] * len(targets), targets, groups))
