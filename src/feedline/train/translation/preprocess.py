"""What pairs of images go through on their way to a network that makes one of the other."""

from __future__ import annotations

from typing import Literal

from feedline.train.preprocess import Augment
from feedline.transforms import ColorJitter, Compose, Normalize, RandomCrop, RandomHorizontalFlip, Resize, ToTensor
from feedline.transforms.base import Transform

Colours = Literal["none", "input", "target", "both"]
_ROOM = 286 / 256  # pix2pix's: resized to 286, of which a window of 256 is taken


def judged_pairs(size: int, resize: bool = True) -> Compose:
    """``size`` x ``size``, or as they are; numbers in -1..1: CxHxW float32."""
    return Compose([*([Resize((size, size))] if resize else []), *_numbers()])


def learnt_pairs(size: int, resize: bool = True, augment: Augment = "flip", colours: Colours = "none") -> Compose:
    """CxSxS float32 in -1..1, moved first (Isola et al., arXiv 1611.07004, section 6.2).

    Args:
        size: S, in pixels.
        resize: whether the whole image is brought to that size, or a window of it is taken.
        augment: "light" resizes to S * 286 / 256 and takes a window at random; "flip" also mirrors half of them; "none"
            does neither, but takes a window at random where nothing is resized.
        colours: whether brightness, contrast and saturation are changed by up to a fifth, and of whom: that is up to
            the dataset.
    """
    window: list[Transform] = []
    if not resize:
        window = [RandomCrop(size, pad_if_needed=True, padding_mode="edge")]
    elif augment == "none":
        window = [Resize((size, size))]
    else:
        room = round(size * _ROOM)
        window = [Resize((room, room)), RandomCrop(size)]
    mirrored = [RandomHorizontalFlip()] if augment == "flip" else []
    coloured = [ColorJitter(0.2, 0.2, 0.2)] if colours != "none" else []
    return Compose([*window, *mirrored, *coloured, *_numbers()])


def _numbers() -> list[Transform]:
    return [ToTensor(), Normalize(0.5, 0.5)]
