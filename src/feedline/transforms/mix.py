"""Batches mixed with themselves: images and labels in the same proportion.

Sample n of a batch is mixed with sample n - 1, the first with the last, as torchvision does it, and not with one that a
permutation gives: in a batch of a shuffled pass the neighbour is as random as any other, and where a permutation
leaves one sample of a batch where it is, on average, here each has another for its partner. A pass that is not
shuffled mixes neighbours of one class.

They stand in ``DataLoader(..., batch_transform=MixUp(num_classes=10))``, which gives each batch a key of its own. Where
they are called without a key, in a ``collate_fn`` for one, they do the same to every batch.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, NoReturn, final

import torch
from torch.nn.functional import one_hot

from feedline.errors import TransformError
from feedline.rng import BATCH_OPERATION, Key
from feedline.transforms.beta import beta
from feedline.types import BatchTransform

Layout = Literal["auto", "NCHW", "NHWC"]
_MOST_CHANNELS = 4  # a side of an image is longer
_INTEGERS = (torch.uint8, torch.uint16)
_SHARE_BLOCK = 1  # of the words that a step draws: its place and whether it acts, and behind that its share


@dataclass(frozen=True, kw_only=True)
class _Mixing(BatchTransform):
    """What MixUp and CutMix have in common."""

    alpha: float = 1.0
    num_classes: int | None = None
    p: float = 1.0

    def __post_init__(self) -> None:
        self._require(_is_number(self.alpha) and 0 < self.alpha < math.inf, "alpha must be a number above 0")
        known = self.num_classes is None or (_is_number(self.num_classes, Integral) and self.num_classes > 0)
        self._require(known, "num_classes must be a whole number above 0, or None")
        self._require(_is_number(self.p) and 0 <= self.p <= 1, "p must be from 0 to 1")

    @final
    def __call__(self, *batch: Any, key: Key = Key()) -> Any:
        """The mixed batch, new tensors in a container of the same kind.

        Args:
            batch: images and labels, as two arguments or as one pair. Images: NxCxHxW or NxHxWxC, float (mixed in their
                own type), uint8 or uint16 (rounded). Labels: N whole numbers from 0 to num_classes - 1, or shares,
                N x num_classes.
            key: what the draws depend on; without one they are the same every time.

        Returns:
            Images as they came; labels N x num_classes, float32, or of the float type that shares came in.

        Raises:
            TransformError: no such batch; the message names transform, rule and value.
        """
        whole = batch[0] if len(batch) == 1 else batch
        images, labels = self._pair(whole)
        shares = self._shares(labels, len(images))
        if len(images) > 1 and key.uniform(BATCH_OPERATION, 4)[2] < self.p:
            images, kept = self._mixed(images, beta(float(self.alpha), key, BATCH_OPERATION, _SHARE_BLOCK), key)
            shares = blended(shares, kept)
        return _like(whole, images, shares)

    @abstractmethod
    def _mixed(self, images: torch.Tensor, share: float, key: Key) -> tuple[torch.Tensor, float]:
        """The images, mixed so that ``share`` of each is left as nearly as can be, and what is left in truth."""

    def _pair(self, batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            found = f"{len(batch)} items" if isinstance(batch, tuple | list) else f"a {type(batch).__name__}"
            self._fail(f"takes a batch of (images, labels), not {found}")
        for name, value in zip(("images", "labels"), batch, strict=True):
            if not isinstance(value, torch.Tensor):
                self._fail(f"{name} must be a tensor, not a {type(value).__name__}")
        images, labels = batch
        if images.dim() != 4:
            self._fail(f"images must be NxCxHxW or NxHxWxC, not of shape {tuple(images.shape)}")
        if not images.is_floating_point() and images.dtype not in _INTEGERS:
            self._fail(f"images must be float, uint8 or uint16, not {images.dtype}")
        if labels.dim() not in (1, 2) or len(labels) != len(images):
            self._fail(
                f"labels must be N or N x num_classes for N images, not {tuple(labels.shape)} for {len(images)} images"
            )
        return images, labels

    def _shares(self, labels: torch.Tensor, count: int) -> torch.Tensor:
        """The labels, N x num_classes, float: each class's share of a sample."""
        if labels.dim() == 2:
            if self.num_classes not in (None, labels.shape[1]):
                self._fail(f"labels have {labels.shape[1]} columns, num_classes is {self.num_classes}")
            return labels if labels.is_floating_point() else labels.float()
        if labels.is_floating_point() or labels.is_complex() or labels.dtype is torch.bool:
            self._fail(f"labels of one dimension must be whole numbers, not {labels.dtype}")
        if self.num_classes is None:
            self._fail("labels that are numbers of classes need num_classes, which is None")
        if count:
            least, most = (int(each) for each in labels.long().aminmax())
            if least < 0 or most >= self.num_classes:
                wrong = least if least < 0 else most
                self._fail(f"labels must be from 0 to {self.num_classes - 1} (num_classes={self.num_classes}): {wrong}")
        return one_hot(labels.long(), int(self.num_classes)).float()

    def _require(self, holds: bool, rule: str) -> None:
        if not holds:
            self._fail(f"{rule}; given {self!r}")

    def _fail(self, what: str) -> NoReturn:
        raise TransformError(f"{type(self).__name__}: {what}")


@dataclass(frozen=True, kw_only=True)
class MixUp(_Mixing):
    """Each image becomes ``share * image + (1 - share) * its neighbour``, and its label the same.

    Zhang, Cisse, Dauphin, Lopez-Paz: "mixup: Beyond Empirical Risk Minimization", ICLR 2018. One share a batch, of
    Beta(alpha, alpha), as in torchvision's v2.MixUp. A batch of one is not mixed.

    Args:
        alpha: above 0: small ones leave most batches nearly as they are, 1 takes all shares alike.
        num_classes: how many there are; not needed for labels that are N x num_classes already.
        p: in which share of the batches anything is mixed; in the others the labels alone become N x num_classes.

    Raises:
        TransformError: a parameter that breaks a rule.
    """

    def _mixed(self, images: torch.Tensor, share: float, key: Key) -> tuple[torch.Tensor, float]:
        return blended(images, share), share


@dataclass(frozen=True, kw_only=True)
class CutMix(_Mixing):
    """In each image a box is replaced by the same box of its neighbour; its label is mixed by the box's area.

    Yun, Han, Oh, Chun, Choe, Yoo: "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
    Features", ICCV 2019, Algorithm A1. One box a batch; see :func:`cut_box`.

    Args:
        alpha, num_classes, p: as for :class:`MixUp`.
        layout: of the images; "auto" takes for channels the one axis of 1 and 3 that has 1 to 4 of them.

    Raises:
        TransformError: a parameter that breaks a rule; later, images whose channels cannot be told from their sides.
    """

    layout: Layout = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.layout in ("auto", "NCHW", "NHWC"), "layout must be 'auto', 'NCHW' or 'NHWC'")

    def _mixed(self, images: torch.Tensor, share: float, key: Key) -> tuple[torch.Tensor, float]:
        first = self._first_side(images)
        height, width = images.shape[first : first + 2]
        across, down = key.uniform(BATCH_OPERATION, 2)
        top, left, bottom, right = cut_box(height, width, share, down, across)
        window = (slice(None),) * first + (slice(top, bottom), slice(left, right))
        return pasted(images, window), 1 - (bottom - top) * (right - left) / max(1, height * width)

    def _first_side(self, images: torch.Tensor) -> int:
        """Which axis is the height; the next one is the width."""
        few = [images.shape[axis] <= _MOST_CHANNELS for axis in (1, 3)]
        if self.layout == "auto" and few[0] == few[1]:
            self._fail(f"images of shape {tuple(images.shape)} may be NxCxHxW or NxHxWxC: say layout='NCHW' or 'NHWC'")
        return 2 if self.layout == "NCHW" or (self.layout == "auto" and few[0]) else 1


def cut_box(height: int, width: int, share: float, down: float, across: float) -> tuple[int, int, int, int]:
    """The box that CutMix cuts: top, left, bottom and right, the last two behind it, in pixels.

    Its centre is anywhere in the image, at ``down`` and ``across`` of its sides, each in [0, 1); its sides are
    ``sqrt(1 - share)`` of the image's. It is clipped at the border and then rounded, as Algorithm A1 of the paper says,
    so that more than ``share`` of an image may be left: its label goes by the box's true area.
    """
    top, bottom = _cut(height, share, down)
    left, right = _cut(width, share, across)
    return top, left, bottom, right


def _cut(side: int, share: float, centre: float) -> tuple[int, int]:
    half = side * math.sqrt(1 - share) / 2
    return round(max(0.0, side * centre - half)), round(min(float(side), side * centre + half))


def blended(values: torch.Tensor, share: float) -> torch.Tensor:
    """``share * values[n] + (1 - share) * values[n - 1]`` for each n: a new tensor of the same type, shape and strides.

    Integers are rounded. One sample at a time, whose parts stay in the cache. Each product is rounded for itself, so
    that no bit depends on whether torch fuses it with the sum.
    """
    mixed = torch.empty_like(values)
    floats = values.is_floating_point()
    for number in range(len(values)):
        one, other = values[number], values[number - 1]
        if not floats:
            one, other = one.float(), other.float()
        both = one.mul(share).add_(other.mul(1 - share))
        mixed[number] = both if floats else both.round_()
    return mixed


def pasted(values: torch.Tensor, window: tuple[slice, ...]) -> torch.Tensor:
    """``values[n]`` with the ``window`` of ``values[n - 1]`` in it, for each n: a new tensor."""
    mixed = values.clone()
    target, source = mixed[window], values[window]
    target[1:] = source[:-1]
    target[:1] = source[-1:]
    return mixed


def _is_number(value: Any, kind: type = Real) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _like(batch: Any, images: torch.Tensor, labels: torch.Tensor) -> Any:
    """The two in a container of the batch's kind."""
    if hasattr(batch, "_fields"):
        return type(batch)(images, labels)
    return [images, labels] if isinstance(batch, list) else (images, labels)
