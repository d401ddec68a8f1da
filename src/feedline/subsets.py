"""Some samples of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch.utils.data import Dataset

from feedline.dataset import ImageDataset, place_of
from feedline.errors import DecodeError
from feedline.filling import Labels
from feedline.pairs import PairDataset
from feedline.planned import Scale
from feedline.rng import Key
from feedline.types import Mode, Record, Source, Spec


class Subset(Dataset[tuple[Any, Any]]):
    """Some samples of a dataset, in a given order: a view that holds indices and nothing else.

    A sample looks as it does in the whole dataset: its randomness depends on its index there.
    """

    keyed: Literal[True] = True

    def __init__(self, dataset: ImageDataset | PairDataset, indices: ArrayLike) -> None:
        self.dataset = dataset
        self.indices: NDArray[np.int64] = np.asarray(indices, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.get(index, Key())

    def get(self, index: int, key: Key) -> tuple[Any, Any]:
        """As :meth:`ImageDataset.get`; ``index`` counts within this part."""
        try:
            return self.dataset.get(self.root_index(index), key)
        except DecodeError as error:
            raise error.at(error.path, index) from error

    @property
    def fills(self) -> bool:
        """As :attr:`ImageDataset.fills`."""
        return self.dataset.fills

    def fill(self, indices: NDArray[np.int64], key: Key, out: NDArray[Any]) -> Labels | None:
        """As :meth:`ImageDataset.fill`; ``indices`` count within this part."""
        if isinstance(self.dataset, PairDataset):
            return None
        if type(self.dataset).fill is not ImageDataset.fill or type(self.dataset).get is not ImageDataset.get:
            return None
        try:
            within = self.indices[indices]
        except IndexError:  # ``get`` says which one
            return None
        return self.dataset.fill(within, key, out)

    def sample(self, index: int, key: Key = Key(), **how: Any) -> Record:
        """As :meth:`ImageDataset.sample`; ``index`` counts within this part."""
        try:
            return self.dataset.sample(self.root_index(index), key, **how)
        except DecodeError as error:
            raise error.at(error.path, index) from error

    def record(self, index: int) -> Record:
        """As :meth:`ImageDataset.record`; ``index`` counts within this part."""
        try:
            return self.dataset.record(self.root_index(index))
        except DecodeError as error:
            raise error.at(error.path, index) from error

    @property
    def thread_safe(self) -> bool:
        return self.dataset.thread_safe

    @property
    def spec(self) -> Spec | None:
        return self.dataset.spec

    @property
    def classes(self) -> list[str]:
        return self.dataset.classes

    @property
    def class_to_idx(self) -> dict[str, int]:
        return self.dataset.class_to_idx

    @property
    def targets(self) -> NDArray[np.int64]:
        return self.dataset.targets[self.indices]

    @property
    def groups(self) -> Sequence[Any] | None:
        groups = self.dataset.groups
        return None if groups is None else [groups[index] for index in self.indices]

    @property
    def paths(self) -> Sequence[str]:
        return [self.source.path(index) for index in self.indices.tolist()]

    @property
    def source(self) -> Source:
        return self.dataset.source

    @property
    def mode(self) -> Mode:
        return self.dataset.mode

    @property
    def scale(self) -> Scale:
        return self.dataset.scale

    def root_index(self, index: int) -> int:
        """The index in the source, of one that counts within this part."""
        return int(self.indices[place_of(index, len(self))])

    def with_transform(self, transform: Callable[[Any], Any] | None) -> Subset:
        """The same samples under another transform."""
        return Subset(self.dataset.with_transform(transform), self.indices)

    def with_mode(self, mode: Mode) -> Subset:
        """The same samples in another mode."""
        return Subset(self.dataset.with_mode(mode), self.indices)

    def with_scale(self, scale: Scale) -> Subset:
        """The same samples, decoded at another scale where their transforms shrink them."""
        return Subset(self.dataset.with_scale(scale), self.indices)

    def subset(self, indices: ArrayLike) -> Subset:
        """Some of these samples, by their indices within this part."""
        return Subset(self.dataset, self.indices[np.asarray(indices, dtype=np.int64)])

    def __repr__(self) -> str:
        return f"Subset({len(self):,} of {self.dataset!r})"


AnyDataset = ImageDataset | PairDataset | Subset


def subset(dataset: AnyDataset, indices: ArrayLike) -> Subset:
    """A view of some samples; of a view, a view of the same depth."""
    return dataset.subset(indices) if isinstance(dataset, Subset) else Subset(dataset, indices)
