"""Our colour transforms beside torchvision's v2 of the same name, with equal parameters.

Why they differ, where they do, by how many levels (of 255, of 65535, or of 1.0):

* Ours round half up, theirs cut off what lies behind the point: 1 level.
* Theirs cuts off each pixel's luma too, before it moves away from it (saturation) or from its mean (contrast):
  ``abs(1 - factor)`` levels more.
* Colour matrices are shares of 2**14: of 16-bit numbers, half a share of 65535 for each of three colours, 6 levels; the
  factor of sharpness is such a share too, 2 levels.
* Of 16 bits, our 256 levels end at 65535, theirs at 65280: 255 levels.
* Floats are summed in another order, or in float64: a millionth; a hue, divided by a small range, a little more.
* Theirs makes black of what comes to 16-bit white by way of floats (hue, gamma): 16-bit pictures stay below it here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from drafted import apart, as_kind, image_of
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.colour import (
    ColorJitter,
    Gamma,
    Grayscale,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from feedline.transforms.histogram import RandomAutocontrast, RandomEqualize
from feedline.transforms.sharpness import RandomAdjustSharpness


@dataclass(frozen=True)
class Row:
    """One transform with one set of parameters.

    Attributes:
        name: of the case.
        ours, theirs: what to call.
        whole: how many levels of uint8 may lie between.
        wide: of uint16; None where torchvision cannot do it.
        real: how much of float32.
    """

    name: str
    ours: Callable[[Any], Any]
    theirs: Callable[[Any], Any]
    whole: float
    wide: float | None
    real: float = 1e-6


def jitter(name: str, factor: float) -> Callable[[Any], Any]:
    return ColorJitter(**{name: (factor, factor)})


def functionally(name: str, *parameters: Any) -> Callable[[Any], Any]:
    return lambda image: getattr(functional, name)(image, *parameters)


FACTORS = (0.0, 0.4, 1.0, 1.7, 3.0)
TABLE = [
    *[Row(f"brightness {f}", jitter("brightness", f), functionally("adjust_brightness", f), 1, 1) for f in FACTORS],
    *[
        Row(f"contrast {f}", jitter("contrast", f), functionally("adjust_contrast", f), 1 + abs(1 - f), 1 + abs(1 - f))
        for f in FACTORS
    ],
    *[
        Row(f"saturation {f}", jitter("saturation", f), functionally("adjust_saturation", f), 1 + abs(1 - f), 9)
        for f in FACTORS
    ],
    *[
        Row(f"hue {f}", jitter("hue", f), functionally("adjust_hue", f), 1, 1, 4e-6)
        for f in (-0.5, -0.21, 0.0, 0.1, 0.37, 0.5)
    ],
    *[Row(f"grayscale {count}", Grayscale(count), v2.Grayscale(count), 1, 7) for count in (1, 3)],
    Row("random grayscale", RandomGrayscale(1), v2.RandomGrayscale(1), 1, 7),
    Row("invert", RandomInvert(1), v2.RandomInvert(1), 0, 0, 0),
    *[Row(f"posterize {bits}", RandomPosterize(bits, 1), v2.RandomPosterize(bits, 1), 0, 0, 0) for bits in range(9)],
    *[Row(f"sharpness {f}", RandomAdjustSharpness(f, 1), v2.RandomAdjustSharpness(f, 1), 1, 3) for f in FACTORS],
    Row("autocontrast", RandomAutocontrast(1), v2.RandomAutocontrast(1), 1, 1),
    Row("equalize", RandomEqualize(1), v2.RandomEqualize(1), 0, 255),
    *[Row(f"gamma {g}", Gamma(g, 0.9), functionally("adjust_gamma", g, 0.9), 1, 1) for g in (0.0, 0.5, 1.0, 2.2)],
    Row("gamma, gain 1.5", Gamma(0.7, 1.5), functionally("adjust_gamma", 0.7, 1.5), 1, None),  # its white overflows
    *[Row(f"solarize {t}", RandomSolarize(t, 1), v2.RandomSolarize(t, 1), 0, None, 0) for t in (0, 0.3, 1)],
    *[Row(f"solarize {t}", RandomSolarize(t, 1), v2.RandomSolarize(t, 1), 0, None, None) for t in (77.5, 128, 255)],
]


def pictures(channels: int, kind: str) -> list[np.ndarray]:
    """Noise, a slope of little contrast, one colour, white (of 16 bits, almost), and the smallest."""
    most = 0.9 if kind == "uint16" else 1.0
    slope = np.linspace(0.3, 0.6, 40)[:, None, None] + np.linspace(0.0, 0.1, 50 * channels).reshape(1, 50, channels)
    noise = (image_of(*size, channels, "float32") * np.float32(most) for size in ((31, 40), (1, 1), (2, 3)))
    return [
        as_kind(slope, kind),
        as_kind(np.full((5, 6, channels), 0.37), kind),
        as_kind(np.full((4, 4, channels), most), kind),
        *(as_kind(shares, kind) for shares in noise),
    ]


def beside(row: Row, image: np.ndarray) -> float:
    """How many levels lie between ours and theirs."""
    theirs = row.theirs(torch.from_numpy(image.copy()).permute(2, 0, 1)).permute(1, 2, 0).numpy()
    ours = row.ours(image)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    return apart(ours, theirs)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_8_bits(row, channels):
    assert max(beside(row, image) for image in pictures(channels, "uint8")) <= row.whole


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("row", [row for row in TABLE if row.wide is not None], ids=lambda row: row.name)
def test_16_bits(row, channels):
    assert max(beside(row, image) for image in pictures(channels, "uint16")) <= row.wide


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("row", [row for row in TABLE if row.real is not None], ids=lambda row: row.name)
def test_floats(row, channels):
    assert max(beside(row, image) for image in pictures(channels, "float32")) <= row.real


def test_tensors_come_out_as_tensors():
    image = torch.rand(3, 20, 21, generator=torch.Generator().manual_seed(0))
    ours, theirs = jitter("contrast", 0.5)(image), functional.adjust_contrast(image, 0.5)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "parameters", [{"brightness": 0.4}, {"contrast": (0.3, 0.8)}, {"saturation": 0.9}, {"hue": 0.1}], ids=str
)
def test_jitter_draws_as_far_and_as_evenly(parameters):
    """Of one pixel's colour over many draws, the deciles agree."""
    image = np.zeros((1, 2, 3), np.float32)
    image[0] = (0.5, 0.3, 0.1), (0.2, 0.25, 0.3)
    torch.manual_seed(0)
    tensor, step = torch.from_numpy(image).permute(2, 0, 1), v2.ColorJitter(**parameters)
    theirs = [step(tensor)[:, 0, 0].numpy() for _ in range(600)]
    ours = [ColorJitter(**parameters)(image, Key(index=index))[0, 0] for index in range(600)]
    deciles = np.linspace(0.05, 0.95, 10)
    spread = np.quantile(theirs, deciles, axis=0)
    np.testing.assert_allclose(np.quantile(ours, deciles, axis=0), spread, atol=0.05)
    assert np.ptp(spread, axis=0).max() > 0.08


@pytest.mark.parametrize("count", [0, 2, 4])
def test_both_refuse_such_a_number_of_channels(count):
    with pytest.raises(TransformError, match="num_output_channels must be 1 or 3"):
        Grayscale(count)
    with pytest.raises(ValueError, match="num_output_channels must be 1 or 3"):
        v2.Grayscale(count)(torch.zeros(3, 2, 2, dtype=torch.uint8))
