"""Source, decoding and transforms, joined to a map-style dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from feedline import _opencv as _opencv  # before anything of OpenCV is used: see there
from feedline import timing
from feedline.codecs.wish import check_mode
from feedline.errors import DecodeError, TransformError
from feedline.filling import Labels, fill
from feedline.following import Colours, Rules, followed
from feedline.measuring import measured, with_numbers
from feedline.native.chunk import AVAILABLE, Program
from feedline.planned import CHANNELS, SCALES, Ahead, Chain, Scale, decoded_part
from feedline.records import decoded, label_of, objects_of
from feedline.rng import Key
from feedline.transforms import Compose
from feedline.transforms.objects import BoxRule
from feedline.transforms.program import program
from feedline.types import Image, Mode, Record, Source, Spec


class Paths(Sequence[str]):
    """The paths of a dataset's samples, made when they are asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._source.path(place) for place in range(*index.indices(len(self)))]
        return self._source.path(place_of(index, len(self)))


class Sourced:
    """What is known of the samples of a source, without reading one."""

    source: Source

    def __len__(self) -> int:
        return len(self.source)

    @property
    def classes(self) -> list[str]:
        return self.source.classes

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.classes)}

    @property
    def targets(self) -> NDArray[np.int64]:
        """The label of every sample, without reading an image."""
        return self.source.targets

    @property
    def groups(self) -> Sequence[Any] | None:
        """What each sample belongs to (a font family, a patient), where the source knows; else None."""
        return self.source.groups

    @property
    def paths(self) -> Sequence[str]:
        return Paths(self.source)

    def root_index(self, index: int) -> int:
        """The index in the source."""
        return place_of(index, len(self))


class ImageDataset(Sourced, Dataset[tuple[Any, int]]):
    """Images and labels, decoded and transformed on access; serves torch's DataLoader too.

    ``dataset[i]`` is (image, label): an HxWxC uint8 array, or what ``transform`` makes of it, and an int. It is the
    sample of epoch 0; the loader asks for those of later epochs through :meth:`get`.

    Args:
        source: where the images lie.
        transform: a Compose, a single transform or any callable that takes the image. A Normalize("dataset") in it is
            given its numbers here, which decodes every image of the source once: see :func:`feedline.measure`.
        mode: "RGB", "L" or "RGBA", as uint8; or "unchanged", of the type that is stored: 16 bit and float stay.
        scale: "exact", or "fast": a JPEG that the transforms shrink to 1/2, 1/4, 1/8 or less is decoded at that size
            and resampled from there. Over grainy pictures made for measuring, levels differed by 1 to 2.6 of 255 in the
            mean, and an epoch took 0.54 to 0.91 of the time; what is shrunk less, and other formats, stay as they are.
    """

    keyed: Literal[True] = True

    def __init__(
        self,
        source: Source,
        transform: Callable[[Any], Any] | None = None,
        mode: Mode = "RGB",
        scale: Scale = "exact",
    ) -> None:
        check_mode(mode)
        if scale not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}, not {scale!r}")
        self.source = source
        self._given = transform
        self.transform = with_numbers(transform, lambda: measured(source, mode, range(len(source))))
        self.mode: Mode = mode
        self.scale: Scale = scale
        self._steps = Compose([] if self.transform is None else [self.transform])
        self._program, self._made_for = self._for_kernel(), (mode, scale)
        spec = self.spec
        self._tensors = spec is not None and spec.tensor

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.get(index, Key())

    def get(self, index: int, key: Key) -> tuple[Any, int]:
        """The sample as a pure function of its index and of the key's seed and epoch.

        Raises:
            DecodeError: the image cannot be read or decoded; names path and index.
            IndexError: no such index.
        """
        index = place_of(index, len(self))
        watch, doing = timing.watch(), "read"
        try:
            record = self.source[index]
            if watch is not None:
                watch.lap(doing)
            doing = "transform"
            chain = Chain(self._steps, Key(key.seed, key.epoch, index))
            ahead = chain.ahead(record, self.mode, index, self.scale)
            if watch is not None:
                watch.lap(doing)
            doing = "decode"
            image = self._image(record, index, ahead)
            objects = objects_of(record, index) if ahead is None else None
            if watch is not None:
                watch.lap(doing)
            doing = "transform"
            return chain.run(image, ahead, objects), label_of(record)
        except DecodeError:
            raise
        except Exception as error:
            error.add_note(f"{self.source.path(index)} (index {index})")
            raise
        finally:
            if watch is not None:
                watch.lap(doing)

    @property
    def fills(self) -> bool:
        """Whether :meth:`fill` makes samples, of places of the right size."""
        return AVAILABLE and self._program is not None  # which may have been pickled where there is a kernel

    def fill(self, indices: NDArray[np.int64], key: Key, out: NDArray[Any]) -> Labels | None:
        """Many samples at once, equal to those of :meth:`get`: images to their places, and their labels.

        Args:
            indices: of the samples.
            key: seed and epoch.
            out: as many places, each as ``spec`` says: of a tensor, its ``numpy()``.

        Returns:
            Labels: an array, or a list with UNMADE for each sample that ``get`` shall make; None where it makes all.
        """
        if not AVAILABLE or self._program is None or (self.mode, self.scale) != self._made_for:
            return None
        return fill(self.source, self._program, indices, key, out, self._tensors)

    def _for_kernel(self) -> Program | None:
        """The steps for the kernel, where it can make all of a sample: of one type and number of channels."""
        stored = self.source.spec
        channels = CHANNELS.get(self.mode, stored.channels if stored.dtype == torch.uint8 else None)
        if not AVAILABLE or channels is None or self.mode == "RGBA":
            return None
        return program(self._steps, channels, self.scale == "fast")

    def _image(self, record: Record, index: int, ahead: Ahead | None) -> Image:
        return decoded_part(record, self.mode, index, ahead)

    def record(self, index: int) -> Record:
        """All that is known of a sample, its pictures decoded, nothing transformed: objects, mask, partner, extra.

        Arrays are HxWxC and upright; so are objects and masks that were made on the picture as it is stored. The mask
        has the numbers that are stored, of a palette too; the partner is in the mode of the image.

        Raises:
            DecodeError: one of its pictures cannot be read or decoded; names path and index.
            IndexError: no such index.
        """
        index = place_of(index, len(self))
        return decoded(self.source[index], self.mode, index)

    def sample(
        self,
        index: int,
        key: Key = Key(),
        *,
        colours: Colours = "image",
        rule: BoxRule = BoxRule(),
        mask_fill: int = 0,
    ) -> Record:
        """All that is known of a sample, transformed: its ``data`` is the image of :meth:`get` for this key.

        The mask moves as the image does, and its numbers are never mixed; objects are clipped and dropped by a rule,
        and masks of objects (``extra["rle"]``, by the object's number) follow and go with them. The partner of a pair
        gets the same geometry and is converted to the same numbers. ``extra["size"]``, where there is one, is the new
        (width, height); all else stays. A callable that is no transform of ours, and says by an attribute
        ``moves = False`` that it leaves everything where it is, counts as a change of colours.

        Args:
            index: of the sample.
            key: its seed and epoch; the index in it is this one's.
            colours: which picture of a pair gets what is neither geometry nor the conversion of numbers (colours,
                noise, erasing): the "image", the "partner", or "both" of them the same.
            rule: which boxes are dropped.
            mask_fill: the mask's number where there is no picture.

        Raises:
            DecodeError: one of its pictures cannot be read or decoded; names path and index.
            DataError: mask or partner are of another size than the image.
            TransformError: a step cannot be done, or may move what nobody knows to follow.
            IndexError: no such index.
        """
        index = place_of(index, len(self))
        rules = Rules(rule, mask_fill, colours)
        own = Key(key.seed, key.epoch, index)
        chains = Chain(self._steps, own, colours != "partner"), Chain(self._steps, own, colours != "image")
        try:
            return followed(self.source[index], chains, self.mode, index, self.scale, rules)
        except TransformError as error:
            error.add_note(f"{self.source.path(index)} (index {index})")
            raise

    @property
    def thread_safe(self) -> bool:
        """Whether samples may be made in threads: every transform is one of ours."""
        return self._steps.thread_safe

    @property
    def spec(self) -> Spec | None:
        """What each image is, as far as that is fixed; None where a foreign transform leaves it open."""
        stored = self.source.spec
        channels = CHANNELS.get(self.mode, stored.channels)
        dtype = stored.dtype if self.mode == "unchanged" else torch.uint8
        return self._steps.spec(Spec(stored.height, stored.width, channels, dtype))

    def with_transform(self, transform: Callable[[Any], Any] | None) -> ImageDataset:
        """The same images under another transform."""
        return ImageDataset(self.source, transform, self.mode, self.scale)

    def with_mode(self, mode: Mode) -> ImageDataset:
        """The same images in another mode."""
        return ImageDataset(self.source, self._given, mode, self.scale)

    def with_scale(self, scale: Scale) -> ImageDataset:
        """The same images, decoded at another scale where their transforms shrink them."""
        other = ImageDataset(self.source, self.transform, self.mode, scale)
        other._given = self._given
        return other

    def __repr__(self) -> str:
        names = ", ".join(self.classes[:4]) + (", ..." if len(self.classes) > 4 else "")
        step = "" if self.transform is None else f", transform={self.transform!r}"
        fast = "" if self.scale == "exact" else f", scale={self.scale!r}"
        return (
            f"ImageDataset({self.source!r}, {len(self):,} images, {len(self.classes)} classes: {names}, "
            f"mode={self.mode!r}{fast}{step})"
        )


def place_of(index: int, count: int) -> int:
    """The index from the front, of one that may count from the end."""
    place = int(index)
    if not -count <= place < count:
        raise IndexError(f"index {index} is out of range for {count} samples")
    return place + count if place < 0 else place
