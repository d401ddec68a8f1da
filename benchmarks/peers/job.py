"""What a peer is asked to do, and the numbers that all of them share."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIDE = 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WORKERS = 2
SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)


@dataclass(frozen=True)
class Job:
    """Images of ``source`` in batches of ``batch``; what a peer converts lies below ``converted``."""

    source: Path
    converted: Path
    batch: int
    variant: str
    seed: int = 0

    def paths(self) -> list[str]:
        """Files of class folders, class after class."""
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.source) for name in names)

    def labels(self) -> list[int]:
        folders = [os.path.dirname(path) for path in self.paths()]
        numbers = {folder: number for number, folder in enumerate(sorted(set(folders)))}
        return [numbers[folder] for folder in folders]

    def shuffled(self) -> list[tuple[str, int]]:
        """Paths and labels in a random order: how a set is converted for readers that shuffle only nearby samples."""
        items = list(zip(self.paths(), self.labels(), strict=True))
        random.Random(self.seed).shuffle(items)
        return items


def endless(epochs: Iterable[Any]) -> Iterator[Any]:
    """The batches of a loader, pass after pass."""
    for _ in itertools.count():
        yield from epochs
