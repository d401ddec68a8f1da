"""How strong an operation of a policy is, and what it does to a draft.

The operations and their ranges are those of the papers that :mod:`feedline.transforms.policies` names, as torchvision
has them: a magnitude is one of so many steps from nothing to the operation's strongest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from feedline.native import Filter
from feedline.transforms.adjust import brightness, contrast, invert, posterize, saturation, solarize
from feedline.transforms.draft import Draft, Fill
from feedline.transforms.geometry import linear
from feedline.transforms.histogram import autocontrast, equalize
from feedline.transforms.matrix import Matrix, about, shift
from feedline.transforms.pointwise import top
from feedline.transforms.sharpness import sharpness

_BITS = 8


@dataclass(frozen=True, slots=True)
class Ranges:
    """The strongest of each kind of operation.

    Attributes:
        shear: as a slope.
        translate: in pixels; or as a share of the side where ``shares``.
        rotate: in degrees.
        enhance: by how much a factor of brightness, colour, contrast or sharpness differs from 1.
        posterize: how many of 8 bits are dropped.
        shares: what ``translate`` is in.
    """

    shear: float
    translate: float
    rotate: float
    enhance: float
    posterize: int
    shares: bool


NARROW = Ranges(shear=0.3, translate=150.0 / 331.0, rotate=30.0, enhance=0.9, posterize=4, shares=True)
"""Of AutoAugment and RandAugment."""
WIDE = Ranges(shear=0.99, translate=32.0, rotate=135.0, enhance=0.99, posterize=6, shares=False)
"""Of TrivialAugment."""

SIGNED = frozenset(
    {"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"}
)
"""Operations that go either way, each as likely."""
SINGLE = (
    "Identity",
    "ShearX",
    "ShearY",
    "TranslateX",
    "TranslateY",
    "Rotate",
    "Brightness",
    "Color",
    "Contrast",
    "Sharpness",
    "Posterize",
    "Solarize",
    "AutoContrast",
    "Equalize",
)
"""Those that RandAugment and TrivialAugment choose from."""
_ENHANCED: dict[str, Callable[[Draft, float], None]] = {
    "Brightness": brightness,
    "Color": saturation,
    "Contrast": contrast,
    "Sharpness": sharpness,
}
_WHOLE: dict[str, Callable[[Draft], None]] = {"AutoContrast": autocontrast, "Equalize": equalize, "Invert": invert}


def magnitude(name: str, ranges: Ranges, place: int, bins: int, size: tuple[int, int]) -> float:
    """Of step ``place`` (from 0) of ``bins``, for a picture of (height, width); 0 of operations that have none.

    A slope, pixels, degrees, a difference from factor 1, bits that are kept, or a share of white. As float32, which
    torchvision computes in, the nearest to the exact number.
    """
    height, width = size
    share = place / (bins - 1)
    if name == "Posterize":
        return round(_BITS - place / ((bins - 1) / ranges.posterize))
    if name == "Solarize":
        return float(np.float32(1.0 - share))
    if name.startswith("Translate"):
        side = width if name == "TranslateX" else height
        strongest = ranges.translate * side if ranges.shares else ranges.translate
    elif name.startswith("Shear"):
        strongest = ranges.shear
    elif name in _ENHANCED:
        strongest = ranges.enhance
    else:
        strongest = ranges.rotate if name == "Rotate" else 0.0
    return float(np.float32(strongest * place / (bins - 1)))


def perform(draft: Draft, name: str, strength: float, interpolation: Filter, fill: Fill) -> None:
    """Adds the operation to the draft.

    Args:
        draft: of the picture.
        name: of the operation, as in the papers' tables.
        strength: its magnitude, below 0 the other way.
        interpolation, fill: of what moves the picture.
    """
    if name in _WHOLE:
        _WHOLE[name](draft)
    elif name in _ENHANCED:
        _ENHANCED[name](draft, 1.0 + strength)
    elif name == "Posterize":
        if strength < _BITS:
            posterize(draft, int(strength))
    elif name == "Solarize":
        solarize(draft, float(np.float32(strength * top(draft.dtype))))
    elif name != "Identity" and strength != 0:
        matrix = _moved(name, strength, draft.height, draft.width)
        draft.move(matrix, draft.height, draft.width, fill=fill, filter=interpolation)


def _moved(name: str, strength: float, height: int, width: int) -> Matrix:
    """Shears hold the corner, rotations (counter-clockwise) the centre; shifts are whole pixels."""
    if name == "ShearX":
        return 1.0, -strength, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0
    if name == "ShearY":
        return 1.0, 0.0, 0.0, -strength, 1.0, 0.0, 0.0, 0.0, 1.0
    if name == "Rotate":
        centre = width / 2, height / 2
        return about(linear(-strength), centre, centre)
    return shift(int(strength), 0.0) if name == "TranslateX" else shift(0.0, int(strength))
