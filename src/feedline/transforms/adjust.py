"""What may be done to colours, each as one line that a draft understands; the formulas are torchvision's.

Numbers are rounded half up where torchvision cuts off what lies behind the point, so that they differ by up to 1 level.
"""

from __future__ import annotations

import numpy as np

from feedline import native
from feedline.errors import TransformError
from feedline.transforms.draft import Draft
from feedline.transforms.execute import recolour
from feedline.transforms.hue import turned
from feedline.transforms.pointwise import Colour, Curve, Floats, Row, line, top
from feedline.transforms.stage import colours_of, on_colours, require_white, stage
from feedline.types import Image

LUMA = (0.2989, 0.587, 0.114)
"""How bright red, green and blue are: ITU-R BT.601, as torchvision rounds it."""


def brightness(draft: Draft, factor: float) -> None:
    """Every number times the factor (at least 0)."""
    if factor != 1:
        draft.recolour(line(f"brightness {factor:.2f}", factor))


def contrast(draft: Draft, factor: float) -> None:
    """Away from (factor above 1) or towards (below 1, at least 0) the picture's mean luma, which has to be measured.

    The mean is not rounded, while torchvision cuts off each pixel's luma: up to ``abs(1 - factor)`` levels lie between.
    """
    if factor != 1:
        stage(draft, f"contrast {factor:.2f}", lambda image: _contrasted(image, factor))


def saturation(draft: Draft, factor: float) -> None:
    """Away from (factor above 1) or towards (below 1, at least 0) each pixel's own luma; grey images stay."""
    if factor != 1:
        kept = np.eye(3) * factor + np.array(LUMA) * (1 - factor)
        draft.recolour(_matrix(f"saturation {factor:.2f}", kept))


def hue(draft: Draft, factor: float) -> None:
    """Hues turned by this share of a full turn, -0.5 to 0.5; grey images stay."""
    if factor != 0 and draft.channels >= 3:
        stage(draft, f"hue {factor:+.2f}", lambda image: turned(image, factor))


def grayscale(draft: Draft, channels: int = 3) -> None:
    """Luma, once (``channels`` 1) or three times (3); alpha stays behind it, so that RGBA becomes two or four."""
    colours = colours_of(draft.channels)
    alpha = draft.channels - colours
    if colours == 3 and channels == 3:
        draft.recolour(_matrix("grey", np.array([LUMA] * 3)))
    elif colours == 3:
        require_white(draft, "grey")
        row = np.array([[*LUMA, 0.0]])
        draft.work("grey, one channel", lambda image: native.mix(image, row), channels=1 + alpha)
    elif channels == 3:
        draft.work("grey, three channels", _thrice, channels=3 + alpha)


def invert(draft: Draft) -> None:
    """Black is white."""
    draft.recolour(line("invert", -1.0, 1.0))


def posterize(draft: Draft, bits: int) -> None:
    """The highest ``bits`` (0 to 8) of each whole number; of floats, the largest of ``2**bits`` steps that fits."""
    draft.recolour(Curve(f"posterize {bits} bits", lambda x, white: _stepped(x, white, bits)))


def solarize(draft: Draft, threshold: float) -> None:
    """Numbers from the threshold on inverted.

    Raises:
        TransformError: the threshold, in the unit of the image, is above its white.
    """
    white = top(draft.dtype)
    if draft.colours and threshold > white:
        raise TransformError(f"solarize: threshold must be in 0..{white} for {draft.dtype}, not {threshold}")
    share = threshold / white
    draft.recolour(Curve(f"solarize from {threshold:g}", lambda x, _: np.where(x >= share, 1 - x, x)))


def gamma(draft: Draft, exponent: float, gain: float = 1.0) -> None:
    """``gain * x ** exponent``, where white is 1; both at least 0."""
    if (exponent, gain) != (1, 1):
        draft.recolour(Curve(f"gamma {exponent:.2f}", lambda x, _: gain * x**exponent))


def _contrasted(image: Image, factor: float) -> Image:
    mean = _mean(image)
    weights = np.array(LUMA if image.shape[2] == 3 else (1.0,))
    bias = (1 - factor) * float(mean @ weights) / top(image.dtype)
    return recolour((line("contrast", factor, bias),), image)


def _mean(image: Image) -> Floats:
    """Of each channel: rows are added one after the other, so that floats give the same everywhere."""
    kind = np.float64 if image.dtype.kind == "f" else np.int64
    mean: Floats = image.sum(0, dtype=kind).sum(0) / (image.shape[0] * image.shape[1])
    return mean


def _stepped(x: Floats, white: int, bits: int) -> Floats:
    if white == 1:
        levels = 1 << bits
        return np.clip(np.floor(x * levels), 0, levels - 1) / levels
    dropped = max(white.bit_length() - bits, 0)
    return (np.rint(x * white).astype(np.int64) >> dropped << dropped) / white


def _thrice(image: Image) -> Image:
    """The first channel three times, and alpha."""
    return on_colours(image, lambda grey: np.repeat(grey, 3, -1))


def _matrix(name: str, colours: Floats) -> Colour:
    first, second, third = (_row(numbers) for numbers in colours.tolist())
    return Colour(name, (first, second, third))


def _row(numbers: list[float]) -> Row:
    red, green, blue = numbers
    return red, green, blue, 0.0
