"""What the rooms hand to each other, and the protocols that they keep."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from feedline.rng import Key

Mode = Literal["RGB", "L", "RGBA", "unchanged"]
Image = NDArray[Any]
"""Height x width x channels; uint8 unless more is stored and kept, or a transform made it float32."""
Empty = Callable[[tuple[int, ...], torch.dtype], torch.Tensor]
"""Makes uninitialised memory of a shape and a type."""


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """What is where in a picture, one row an object; places in pixels of the upright picture, whose corner is at 0.

    Of a source's own record they are as its annotations have them, which may be of the picture as stored, before EXIF's
    orientation is applied: ``dataset.record()`` turns those whose annotation states the stored size.

    Attributes:
        boxes: N x 4 float32: left, top, right, bottom.
        labels: N int64, which of the source's classes.
        ids: N int64, the annotations' own numbers.
        crowd: N bool, whether it is a crowd and not one object.
        keypoints: N x K x 3 float32 (x, y, visibility), where there are any.
        polygons: for each object its outlines, each M x 2 float32, where there are any.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    ids: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    keypoints: NDArray[np.float32] | None = None
    polygons: tuple[tuple[NDArray[np.float32], ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.boxes)


UNLABELLED = -1
"""The label of a sample that has none."""


class Unmade(Enum):
    """In the place of a label: see ``UNMADE``."""

    UNMADE = "unmade"


UNMADE: Final = Unmade.UNMADE
"""The label of a sample that was left alone when many were made at once."""


@dataclass(frozen=True, slots=True)
class Record:
    """One sample as a source finds it.

    Attributes:
        data: encoded bytes, or an array, HxWxC.
        label: its class, or ``UNLABELLED``.
        path: its place, in words that lead a person there.
        objects: what is where in it.
        mask: a picture of the same size whose values are classes, encoded or HxWx1.
        partner: the other picture of a pair.
        extra: whatever else is known, by name.
    """

    data: bytes | Image
    label: int
    path: str
    objects: Objects | None = None
    mask: bytes | Image | None = None
    partner: bytes | Image | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of an image say: sizes in pixels as stored, before orientation is applied.

    Attributes:
        format: its name in lower case, such as "jpeg".
        width, height: in pixels as stored.
        channels: as stored, alpha counted; a palette counts as its colours.
        bits: of one number of one channel; a palette counts as 8.
        orientation: EXIF's, 1 (upright) to 8.
    """

    format: str
    width: int
    height: int
    channels: int
    bits: int
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Spec:
    """What a dataset yields as its image; ``None`` where that differs from sample to sample.

    Arrays are HxWxC; with ``tensor`` the image is a torch tensor, CxHxW, whose memory is channels-last, or, where it is
    ``planar``, channel after channel.
    """

    height: int | None
    width: int | None
    channels: int | None
    dtype: torch.dtype = torch.uint8
    tensor: bool = False
    planar: bool = False

    @property
    def fixed(self) -> bool:
        return None not in (self.height, self.width, self.channels)

    def resized(self, height: int | None, width: int | None) -> Spec:
        return replace(self, height=height, width=width)

    def empty(self, count: int, make: Empty | None = None) -> torch.Tensor:
        """Memory for ``count`` images: NxHxWxC, or NxCxHxW in their order of memory; from ``make``, else from torch."""
        if self.height is None or self.width is None or self.channels is None:
            raise ValueError(f"no batch can be allocated before every size is known: {self}")
        planar = self.tensor and self.planar
        size = (self.channels, self.height, self.width) if planar else (self.height, self.width, self.channels)
        shape = (count, *size)
        if torch.is_inference_mode_enabled():  # worker threads write into it, and they are in no such mode
            with torch.inference_mode(False):
                return self.empty(count, make)
        batch = torch.empty(shape, dtype=self.dtype) if make is None else make(shape, self.dtype)
        return batch.permute(0, 3, 1, 2) if self.tensor and not planar else batch


@runtime_checkable
class Source(Protocol):
    """Images where they lie: index -> Record. Opened lazily, safe between threads, cheap to pickle."""

    @property
    def classes(self) -> list[str]: ...

    @property
    def targets(self) -> NDArray[np.int64]: ...

    @property
    def groups(self) -> Sequence[Any] | None:
        """One value a sample where samples belong together (a split keeps them on one side), else None."""

    @property
    def has_files(self) -> bool:
        """Whether each sample is a file of its own, at ``path(index)``."""

    @property
    def spec(self) -> Spec:
        """Size and channels of all images, as far as they are fixed and known without reading one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Record: ...

    def read_batch(self, indices: Sequence[int]) -> list[Record]: ...

    def path(self, index: int) -> str: ...


@runtime_checkable
class SeekableSampler(Protocol):
    """An order that is a pure function of its epoch, and can be begun anywhere."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[int]:
        """The indices of the epoch, from where ``seek`` said."""

    @property
    def position(self) -> int:
        """Where the next iteration begins."""

    def set_epoch(self, epoch: int) -> None: ...

    def seek(self, position: int) -> None:
        """The next iteration begins there, and those behind it at 0 again."""


@runtime_checkable
class KeyedDataset(Protocol):
    """What the loader asks of a dataset of ours: a sample is a pure function of (index, key).

    ``keyed`` says so: ``self[index]`` is ``self.get(index, Key())``. A subclass that changes ``__getitem__`` and not
    ``get`` is read by ``__getitem__``, as any other dataset.

    It may have ``fill(indices, key, out)`` too, which writes images to their places in an array and returns their
    labels: UNMADE for those that ``get`` shall make, or None where it makes none. A subclass that changes ``get`` and
    not ``fill`` is read by ``get``.
    """

    @property
    def keyed(self) -> Literal[True]: ...

    @property
    def thread_safe(self) -> bool: ...

    @property
    def spec(self) -> Spec | None: ...

    def __len__(self) -> int: ...

    def get(self, index: int, key: Key) -> tuple[Any, int]: ...


def owner(kind: type, name: str) -> type | None:
    """The class of an object's that says what a name of it is: itself, or the one that it inherits it from."""
    for each in kind.__mro__:
        if name in each.__dict__:
            return each
    return None


class BatchTransform(ABC):
    """A step on finished batches that draws from a key: a pure function of (batch, key) which changes no batch.

    ``DataLoader(batch_transform=...)`` calls one as ``step(batch, key=Key(seed, epoch, number of the batch))``; any
    other callable it gives the batch alone.
    """

    @abstractmethod
    def __call__(self, *batch: Any, key: Key = Key()) -> Any:
        """The batch after this step: from ``step(batch)`` or, where the batch is a row of things, ``step(*batch)``."""
