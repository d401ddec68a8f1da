"""One step said to a draft and run, and pictures of all kinds that transforms take."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.transforms.plan import Plan

KINDS = ("uint8", "uint16", "float32")


def white_of(kind: Any) -> int:
    return {"uint8": 255, "uint16": 65535, "float32": 1}[np.dtype(kind).name]


def as_kind(shares: np.ndarray, kind: str) -> np.ndarray:
    """Numbers in 0..1 as an image of this type."""
    return shares.astype(kind) if kind == "float32" else np.rint(shares * white_of(kind)).astype(kind)


def image_of(height: int, width: int, channels: int, kind: str, seed: int = 0) -> np.ndarray:
    """Noise, with black and white in it."""
    shares = np.random.default_rng(seed).random((height, width, channels)) * 1.4 - 0.2
    return as_kind(shares.clip(0, 1), kind)


images = st.builds(
    image_of, st.integers(1, 12), st.integers(1, 12), st.integers(1, 4), st.sampled_from(KINDS), st.integers(0, 99)
)


def planned(image: np.ndarray, *calls: tuple[Callable[..., None], tuple[Any, ...]]) -> Plan:
    """The plan of functions with their parameters."""
    draft = Draft(*image.shape, image.dtype)
    for function, parameters in calls:
        function(draft, *parameters)
    return draft.finish()


def drafted(image: np.ndarray, function: Callable[..., None], *parameters: Any) -> np.ndarray:
    """What one function makes of a picture."""
    return run(planned(image, (function, parameters)), image.copy())


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference, in levels."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max())
