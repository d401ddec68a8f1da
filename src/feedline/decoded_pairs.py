"""Both pictures of a pair, decoded, and as one plan moves them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from feedline.deriving import derived
from feedline.errors import DataError, DecodeError, TransformError
from feedline.pairing import How
from feedline.planned import Chain
from feedline.records import decoded, halves, image_of
from feedline.rng import Key
from feedline.sides import Side, other_path
from feedline.transforms import Compose, Normalize, ToDtype, ToTensor
from feedline.transforms.base import Choice, Step, Transform, apply, as_array
from feedline.transforms.execute import run, run_mask
from feedline.types import Image, Objects, Record

Both = tuple[Any, Any]


def both(record: Record, how: How, sides: tuple[Side, Side], index: int) -> tuple[Image, Image]:
    """Input and target of a record as the source gave it, each HxWxC as its side says; a mask has its numbers.

    Raises:
        DecodeError: one of them cannot be decoded, or is of another kind than its side; names its path, and the index.
        DataError: they are of differing sizes.
    """
    side_a, side_b = how.turned(sides)
    path = other_path(record, "partner")
    if how.derive is not None:
        b = _fit(record, side_b, index)
        a = _fit(replace(record, data=derived(b, how.derive), extra={}), side_a, index)
    elif "side_by_side" in record.extra:
        plain = replace(record, extra={})
        cut = halves(image_of(plain, "unchanged", index), record.extra["side_by_side"])
        a, b = (_fit(replace(plain, data=half), side, index) for half, side in zip(cut, (side_a, side_b), strict=True))
    elif record.partner is not None:
        a = _fit(record, side_a, index)
        b = _fit(replace(record, data=record.partner, path=path, extra={}), side_b, index)
    else:
        path = other_path(record, "mask")
        whole = decoded(record, side_a.mode, index)
        assert isinstance(whole.data, np.ndarray)
        assert isinstance(whole.mask, np.ndarray), f"{record.path} has no partner and no mask"
        a = _as_said(whole.data, side_a, record.path, index)
        b = _as_said(whole.mask, side_b, path, index)
    if a.shape[:2] != b.shape[:2]:
        raise DataError(
            f"{record.path} (index {index}) is {_by(a)} pixels, and {path} is {_by(b)}: a pair must be of one size"
        )
    return how.turned((a, b))


def _fit(record: Record, side: Side, index: int) -> Image:
    return _as_said(image_of(record, side.mode, index), side, record.path, index)


def _as_said(image: Image, side: Side, path: str, index: int) -> Image:
    """The picture in the type of its side; raises DecodeError where it is another, though its header was not."""
    if image.dtype.kind == "f":
        image = image.astype(np.float32, copy=False)
    if (image.shape[2], image.dtype.name) != (side.channels, side.dtype):
        cause = f"it is {image.shape[2]} x {image.dtype}, and its side of the pairs is {side.channels} x {side.dtype}"
        raise DecodeError(cause, "unsupported", path=path, index=index)
    return image


def _by(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


class Moves:
    """The steps for pairs.

    Raises:
        TransformError: a step makes several pictures of one, is not measured, or may move what nobody knows to follow.
    """

    def __init__(self, steps: Compose, how: How) -> None:
        for step in _all_steps(steps.transforms):
            _require_fit(step)
        self._steps, self._how = steps, how

    def __call__(self, pair: tuple[Image, Image], key: Key, mask: Side | None, objects: Objects | None) -> Both:
        """Input and target after the same geometry.

        Args:
            pair: input and target, decoded.
            key: of the sample.
            mask: the side of the mask, where one of them is one (B): its numbers are never mixed.
            objects: what is where in both.
        """
        chains = [Chain(self._steps, key, self._how.colours in (side, "both")) for side in ("input", "target")]
        if mask is None:
            made = [chain.run(image, objects=objects) for chain, image in zip(chains, pair, strict=True)]
            both_made = made[0], made[1]
        else:
            chain, (image, numbers) = self._how.turned((chains[0], chains[1]))[0], self._how.turned(pair)
            both_made = self._how.turned(_with_mask(chain, image, numbers, mask.high, objects))
        sizes = [as_array(each)[0].shape[:2] for each in both_made]
        if sizes[0] != sizes[1]:
            raise TransformError(
                f"a foreign step says by moves = False that it leaves places alone, and input and target are now "
                f"{sizes[0]} and {sizes[1]} (height, width): take that line out"
            )
        return both_made


def _with_mask(chain: Chain, image: Any, mask: Image, high: float, objects: Objects | None) -> Both:
    """An image and its mask: where the image is turned to floats, the mask's numbers are too, as shares of ``high``."""
    for stretch in chain.stretches:
        if stretch.ours:
            array, plan = chain.planned(stretch, image, objects)
            image, mask = run(plan, array), run_mask(plan, mask)
        if chain.colours:
            image = stretch.leave(image, chain.key)
        objects = None
    conversions = [placed for stretch in chain.stretches for placed in stretch.ours if _converts(placed)]
    if conversions:
        return image, apply(conversions, (mask / high).astype(np.float32), chain.key)
    return image, mask


def _converts(placed: tuple[Transform, int]) -> bool:
    step = placed[0]
    return isinstance(step, ToTensor | Normalize) or (isinstance(step, ToDtype) and "float" in str(step.dtype))


def _all_steps(steps: Any) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Choice):
            yield from _all_steps(step.steps)
        else:
            yield step


def _require_fit(step: Any) -> None:
    name = getattr(step, "__name__", None) or repr(step)
    if isinstance(step, Normalize) and not step.measured:
        raise TransformError(
            'Normalize("dataset") has no numbers for pairs, whose sides differ: use Normalize(0.5, 0.5)'
        )
    if isinstance(step, Transform):
        if step.views > 1:
            raise TransformError(f"{name} makes {step.views} pictures of one: pairs take steps that make one")
    elif getattr(step, "moves", True) is not False:
        raise TransformError(
            f"{name} is foreign, and nobody knows how the other picture of a pair would follow it: use a transform of "
            "feedline in its place, or give it moves = False if it leaves everything where it is"
        )
