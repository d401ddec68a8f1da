"""Steps that are not ours: torchvision's and albumentations' transforms, and plain callables.

Which library a step comes from, its class says; neither is imported here. Each gets the picture in its own form:

* torchvision's a CxHxW tensor. What it gives is an HxWxC array again where an array came and its type is the same, and
  a tensor where it made another type of it (``v2.ToDtype(torch.float32, scale=True)``). It draws from torch's global
  generator: see the loader's ``reseed="sample"``.
* albumentations' an HxWxC array by the name ``image``; its own generators are seeded from the key before each call, so
  that equal keys give equal pictures.
* Any other callable the image as it is: an HxWxC array, or the CxHxW tensor behind ToTensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from feedline.rng import Key
from feedline.transforms.base import as_array

_SEED_BITS = 0x7FFFFFFF


def call(step: Callable[..., Any], image: Any, key: Key, operation: int) -> Any:
    """What a foreign step makes of an image."""
    library = _library(step)
    if library == "torchvision":
        return _torchvision(step, image)
    if library == "albumentations":
        return _albumentations(step, image, key.words(operation, 1)[0] & _SEED_BITS)
    return step(image)


def _library(step: object) -> str:
    for kind in type(step).__mro__:
        library = kind.__module__.partition(".")[0]
        if library in ("torchvision", "albumentations"):
            return library
    return ""


def _torchvision(step: Callable[..., Any], image: Any) -> Any:
    if not isinstance(image, np.ndarray) or type(step).__name__ == "ToTensor":  # which takes arrays alone
        return _plain(step(image))
    made = _plain(step(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)))
    if not isinstance(made, torch.Tensor) or made.ndim != 3:
        return made
    array, _ = as_array(made)
    return np.ascontiguousarray(array) if array.dtype == image.dtype else made


def _plain(made: Any) -> Any:
    """Without torchvision's own kinds of tensor, which would go on through a batch."""
    return made.as_subclass(torch.Tensor) if isinstance(made, torch.Tensor) else made


def _albumentations(step: Any, image: Any, seed: int) -> Any:
    array, tensor = as_array(image)
    step.set_random_seed(seed)
    made = step(image=np.ascontiguousarray(array))["image"]
    if not isinstance(made, np.ndarray):
        return made
    made = made if made.ndim == 3 else made[:, :, np.newaxis]
    return torch.from_numpy(np.ascontiguousarray(made)).permute(2, 0, 1) if tensor else made
