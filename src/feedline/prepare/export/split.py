"""What of a store is exported into one place: the rows of a split, looked over before they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.dataset import ImageDataset
from feedline.errors import DataError, DecodeError
from feedline.prepare.export.scale import Scaling
from feedline.store import StoreSource
from feedline.store.manifest import Shard
from feedline.store.shard import OpenShard, Rows
from feedline.store.view import view_of
from feedline.types import UNLABELLED

_AT_ONCE = 2**22
"""Bytes of pixels that are decoded at once."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the labels, sizes and groups of a split say, without a look at its images.

    Attributes:
        labels: the classes that there are, UNLABELLED (-1) among them where a sample has none.
        groups: whether any sample has one.
        sizes: (width, height) as stored, two at most: whether there is more than one.
    """

    labels: frozenset[int]
    groups: bool
    sizes: tuple[tuple[int, int], ...]

    @property
    def unlabelled(self) -> bool:
        """Whether a sample has no class."""
        return UNLABELLED in self.labels

    @property
    def labelled(self) -> bool:
        """Whether a sample has a class."""
        return bool(self.labels - {UNLABELLED})


@dataclass(frozen=True, slots=True)
class Sample:
    """One row.

    Attributes:
        index: among all rows of the store.
        data: its encoded bytes, or its pixels (height x width x channels, uint8).
        rows, row: where whatever else is known of it lies.
    """

    index: int
    data: bytes | NDArray[np.uint8]
    rows: Rows
    row: int

    @property
    def label(self) -> int:
        return int(self.rows.labels[self.row])

    @property
    def path(self) -> str:
        """The path that it had; a name from elsewhere, and never to be used as one here."""
        return self.rows.path(self.row)

    def value(self, name: str) -> Any:
        """What a column says of it; None where there is no such column."""
        return self.rows.value(name, self.row)


class Split:
    """The rows of a split, in the order of the store.

    Args:
        source: all of the store.
        name: of the split.
        tell: is told how many samples are done, as they are.
        scaling: what arrays of images are scaled by; None for pixels as they are.
    """

    def __init__(
        self, source: StoreSource, name: str, tell: Callable[[int], object], scaling: Scaling | None = None
    ) -> None:
        self.source, self.name = source, name
        self.manifest = source.manifest
        self.columns, self.classes = source.manifest.columns, source.manifest.classes
        self.scaled = scaling is not None
        self._tell, self._scaling = tell, scaling
        begins = np.cumsum([0, *(shard.rows for shard in self.manifest.shards)]).tolist()
        pairs = zip(begins, self.manifest.shards, strict=False)
        self._shards: list[tuple[int, Shard]] = [(begin, shard) for begin, shard in pairs if shard.split == name]

    def __len__(self) -> int:
        return sum(shard.rows for _, shard in self._shards)

    def class_name(self, label: int) -> str:
        """Of a label from 0; its number where classes have no names."""
        return self.classes[label] if self.classes else str(label)

    def batches(self) -> Iterator[tuple[int, Rows]]:
        """The index of the first row of each batch, and the batch.

        Raises:
            DataError: a label is none of the classes.
            DecodeError: what lies beside the images was damaged.
        """
        for begin, shard in self._shards:
            view = view_of(f"{self.source.root}/{shard.file}", shard.bytes, None)
            opened = OpenShard(view, shard, self.columns)
            for number, batch in enumerate(shard.batches):
                view.require_unchanged()
                rows = opened.rows(number)
                self._check_labels(rows, begin)
                yield begin, rows
                begin += batch.rows

    @cached_property
    def survey(self) -> Survey:
        """What its columns say; raises what ``batches`` raises."""
        labels: set[int] = set()
        sizes: set[tuple[int, int]] = set()
        groups = False
        for _, rows in self.batches():
            labels.update(np.unique(rows.labels).tolist())
            groups |= rows.batch.column("group").null_count < len(rows)
            sizes.update(_sizes(rows, 2 - len(sizes)))
        return Survey(frozenset(labels), groups, tuple(sorted(sizes)))

    def samples(self) -> Iterator[Sample]:
        """Each row, with its image.

        Raises:
            DataError: a label is none of the classes.
            DecodeError: what was damaged; with its place.
        """
        for begin, rows in self.batches():
            for row in range(len(rows)):
                yield Sample(begin + row, self._data(rows, row, begin + row), rows, row)
                self._tell(1)

    def _data(self, rows: Rows, row: int, index: int) -> bytes | NDArray[np.uint8]:
        try:
            return rows.pixels(row) if self.columns.shape is not None else rows.encoded("image", row) or b""
        except DecodeError as error:
            raise error.at(f"{self.source.root}[{index}]", index) from error

    def one_shape(self) -> tuple[tuple[int, int, int], np.dtype[Any]]:
        """Height, width, channels and type of all images as arrays.

        Raises:
            DataError: they have not one size.
            DecodeError: the first cannot be decoded.
        """
        if self.columns.shape is not None:
            shape, dtype = self.columns.shape, np.dtype(np.uint8)
        else:
            sizes = self.survey.sizes
            if len(sizes) > 1:
                raise self._many(*(f"{width} x {height}" for width, height in sizes))
            first = self._dataset()[self._shards[0][0]][0]
            shape, dtype = first.shape, first.dtype
        return shape, dtype if self._scaling is None else self._scaling.checked(shape, dtype)

    def arrays(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
        """All images, some at a time: N x height x width x channels, decoded as they are by all threads.

        Raises:
            DataError: they have not the one shape and type that the first has.
            DecodeError: one cannot be decoded.
        """
        many = max(1, _AT_ONCE // max(1, int(np.prod(shape)) * dtype.itemsize))
        get = partial(self._array, self._dataset(), shape, dtype)
        with ThreadPoolExecutor() as pool:
            for begin, shard in self._shards:
                for first in range(begin, begin + shard.rows, many):
                    found = list(pool.map(get, range(first, min(first + many, begin + shard.rows))))
                    yield np.stack(found)
                    self._tell(len(found))

    def _array(self, dataset: ImageDataset, shape: tuple[int, ...], dtype: np.dtype[Any], index: int) -> NDArray[Any]:
        image: NDArray[Any] = dataset[index][0]
        if image.shape != shape:
            raise self._many(" x ".join(map(str, shape)), f"{' x '.join(map(str, image.shape))} (index {index})")
        if self._scaling is not None:
            image = self._scaling(image)
        if image.dtype != dtype:
            raise self._many(str(dtype), f"{image.dtype} (index {index})")
        return image

    def _dataset(self) -> ImageDataset:
        return ImageDataset(self.source, None, "unchanged")

    def _many(self, *found: str) -> DataError:
        return DataError(
            f"one array needs images of one shape, and those of {self.source.root} are {' and '.join(found)}: "
            "pack them with --raw WIDTHxHEIGHT, or export to folder, tar or parquet"
        )

    def _check_labels(self, rows: Rows, begin: int) -> None:
        most = len(self.classes) - 1 if self.classes else 2**31
        wrong = np.flatnonzero((rows.labels < UNLABELLED) | (rows.labels > most))
        if len(wrong):
            raise DataError(
                f"a label of {self.source.root} must be one of its {len(self.classes)} classes or -1, "
                f"not {rows.labels[wrong[0]]} (index {begin + wrong[0]})"
            )


def _sizes(rows: Rows, most: int) -> Sequence[tuple[int, int]]:
    """The first different sizes of a batch, and so many at the most."""
    pairs = np.stack([rows.batch.column(name).to_numpy() for name in ("width", "height")], axis=1)
    return [(int(width), int(height)) for width, height in np.unique(pairs, axis=0)[: max(0, most)]]
