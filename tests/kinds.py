"""Pictures of every kind, and what each step keeps of them that changes pixels and not the size."""

import numpy as np
import torch
from hypothesis import strategies as st

from feedline.rng import Key
from feedline.types import Spec

KINDS = ("uint8", "uint16", "float32")
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
forms = st.tuples(st.sampled_from(KINDS), st.integers(1, 20), st.integers(1, 20), st.integers(1, 4))


def of_kind(kind: str, height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shares = np.random.default_rng(seed).random((height, width, channels))
    return (shares * WHITE[kind]).astype(kind)


def flat(kind: str, share: float, height: int = 64, width: int = 64, channels: int = 3) -> np.ndarray:
    return np.full((height, width, channels), share * WHITE[kind]).astype(kind)


def check_kept(step, form, index=0, alpha=False):
    """Size, type, the caller's pixels, alpha where ``alpha``; equal keys give equal pixels, of arrays and tensors."""
    image = of_kind(*form)
    before, key = image.copy(), Key(seed=5, index=index)
    image.setflags(write=False)
    out = step(image, key, 3)
    assert (out.shape, out.dtype) == (image.shape, image.dtype)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(step(image, key, 3), out)
    tensor = step(torch.from_numpy(before).permute(2, 0, 1), key, 3)
    np.testing.assert_array_equal(tensor.permute(1, 2, 0).numpy(), out)
    if alpha and image.shape[2] in (2, 4):
        np.testing.assert_array_equal(out[:, :, -1], image[:, :, -1])
    if image.dtype.kind == "f":
        assert np.isfinite(out).all()
    said = Spec(*image.shape)
    assert step.spec(said) == said


def check_draws(step, image, count=30):
    """Equal keys draw equally; other samples, epochs, seeds and operations differently."""

    def drawn(operation=1, **parts):
        return [step(image, Key(**{"index": index, **parts}), operation).tobytes() for index in range(count)]

    first = drawn()
    assert first == drawn()
    assert len(set(first)) > 1
    assert first not in (drawn(2), drawn(epoch=1), drawn(seed=1))
