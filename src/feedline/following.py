"""All of a sample under its transforms: what belongs to an image goes where the image goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from feedline.errors import DataError, TransformError
from feedline.planned import Chain, Scale, decoded_part
from feedline.records import decoded
from feedline.sources.rle import Rle
from feedline.transforms.base import as_array
from feedline.transforms.compose import Stretch
from feedline.transforms.execute import run, run_mask
from feedline.transforms.objects import BoxRule, follow
from feedline.transforms.plan import Plan
from feedline.turning import rle_of
from feedline.types import Image, Mode, Objects, Record

Colours = Literal["image", "partner", "both"]
COLOURS = ("image", "partner", "both")


@dataclass(frozen=True, slots=True)
class Rules:
    """How things follow an image.

    Attributes:
        boxes: which boxes are dropped.
        mask_fill: a mask's number where there is no picture.
        colours: of a pair, which picture gets what is neither geometry nor the conversion of numbers.
    """

    boxes: BoxRule = BoxRule()
    mask_fill: int = 0
    colours: Colours = "image"

    def __post_init__(self) -> None:
        if self.colours not in COLOURS:
            raise ValueError(f"colours must be one of {', '.join(COLOURS)}, not {self.colours!r}")


def followed(record: Record, chains: tuple[Chain, Chain], mode: Mode, index: int, scale: Scale, rules: Rules) -> Record:
    """The record with its pictures decoded and transformed, and what belongs to them where it then is.

    Args:
        record: as the source gave it.
        chains: the steps for the image, and for its partner.
        mode, index, scale: of the dataset, and of the record in it.
        rules: how things follow.

    Raises:
        DecodeError: one of its pictures cannot be decoded.
        DataError: mask or partner are of another size than the image.
        TransformError: a step cannot be done, or nobody knows what it moves.
    """
    image, partner = chains
    _require_known(image, record)
    ahead = image.ahead(record, mode, index, scale)
    whole = decoded(record, mode, index, None if ahead is None else decoded_part(record, mode, index, ahead))
    _require_one_size(whole, _array(whole.data).shape[:2] if ahead is None else ahead.whole.source, index)
    if image.views > 1:
        return replace(whole, data=image.run(_array(whole.data), objects=whole.objects))
    objects = whole.objects
    for stretch, other in zip(image.stretches, partner.stretches, strict=True):
        if stretch.ours:
            if whole.partner is not None:
                whole = replace(whole, partner=_done(partner, other, whole.partner, objects)[0])
            if ahead is None:
                data, plan = _done(image, stretch, whole.data, objects)
            else:
                data, plan = run(ahead.plan, _array(whole.data), ahead.origin), ahead.whole
            whole = _moved(replace(whole, data=data), plan, rules)
        if stretch.foreign is not None:
            whole = _under_foreign(whole, stretch, chains)
        ahead = objects = None
    return whole


def _done(chain: Chain, stretch: Stretch, image: Any, objects: Objects | None) -> tuple[Any, Plan]:
    array, plan = chain.planned(stretch, image, objects)
    return run(plan, array), plan


def _array(image: Any) -> Image:
    return as_array(image)[0]


def _moved(record: Record, plan: Plan, rules: Rules) -> Record:
    """Objects and masks as a plan moves them."""
    extra = dict(record.extra)
    if "size" in extra:
        extra["size"] = plan.size[::-1]
    mask = None if record.mask is None else run_mask(plan, _array(record.mask), rules.mask_fill)
    if record.objects is None:
        return replace(record, mask=mask, extra=extra)
    objects, kept = follow(plan, record.objects, rules.boxes)
    if "rle" in extra:
        places = {before: now for now, before in enumerate(kept.tolist())}
        masks = {places[number]: rle for number, rle in extra["rle"].items() if number in places}
        extra["rle"] = {number: _moved_rle(plan, rle) for number, rle in masks.items()}
    return replace(record, mask=mask, objects=objects, extra=extra)


def _moved_rle(plan: Plan, rle: Rle) -> Rle:
    return rle_of(run_mask(plan, rle.mask()[:, :, None].astype(np.uint8))[:, :, 0] > 0)


def _under_foreign(record: Record, stretch: Stretch, chains: tuple[Chain, Chain]) -> Record:
    """Behind a foreign step, which leaves places alone where anything follows the image."""
    assert stretch.foreign is not None
    before = _array(record.data).shape[:2]
    data = stretch.leave(record.data, chains[0].key) if chains[0].colours else record.data
    partner = record.partner
    if partner is not None and chains[1].colours:
        partner = stretch.leave(partner, chains[1].key)
    if _followers(record) and _array(data).shape[:2] != before:
        after = _array(data).shape[:2]
        raise TransformError(
            f"{_name(stretch.foreign)} says by moves = False that it leaves places alone, and made "
            f"{after[0]} x {after[1]} of {before[0]} x {before[1]} pixels: take that line out"
        )
    return replace(record, data=data, partner=partner)


def _followers(record: Record) -> list[str]:
    """What would have to follow the image, in words."""
    sides = record.extra.get("side_by_side")
    partner = sides if record.partner is None else record.partner
    present = {"objects": record.objects, "mask": record.mask, "partner": partner}
    return [name for name, value in present.items() if value is not None]


def _require_known(chain: Chain, record: Record) -> None:
    """Raises TransformError where something follows the image, and a step does not say where to."""
    names = " and ".join(_followers(record))
    if names and chain.views > 1:
        raise TransformError(f"its {names} cannot follow the {chain.views} pictures that the steps make: use get()")
    for stretch in chain.stretches if names else ():
        if stretch.foreign is not None and getattr(stretch.foreign, "moves", True) is not False:
            raise TransformError(
                f"{_name(stretch.foreign)} is foreign, and its sample has {names}, which would have to follow: use a "
                "transform of feedline in its place, or give it moves = False if it leaves everything where it is"
            )


def _name(step: Any) -> str:
    return getattr(step, "__name__", None) or repr(step)


def _require_one_size(record: Record, size: tuple[int, ...], index: int) -> None:
    """Raises DataError where what follows the image would not fit it."""
    sizes = {"mask": record.mask, "partner": record.partner}
    shapes = [(name, _array(picture).shape[:2]) for name, picture in sizes.items() if picture is not None]
    rles = record.extra.get("rle", {})
    shapes += [(f"mask of object {number}", (rle.height, rle.width)) for number, rle in rles.items()]
    for name, shape in shapes:
        if shape != size:
            raise DataError(
                f"{record.path} (index {index}): its {name} is {shape[0]} x {shape[1]} pixels (height x width), "
                f"and must be of the image's size, {size[0]} x {size[1]}"
            )
