"""A recipe for each transform that shows what it does."""

from __future__ import annotations

import inspect
from typing import Any

from feedline.transforms import BatchChoice, BatchCompose, BatchTransform, Choice, CutMix, MixUp
from feedline.transforms.recipe import NESTED, Kind, known_transforms, parameters_of

_FLIPS = ["RandomHorizontalFlip", "RandomVerticalFlip"]


def recipes(height: int, width: int) -> dict[str, list[dict[str, Any]]]:
    """A recipe for each transform, by its name, that suits a picture of this size; ``p`` is 1 unless that shows more.

    Transforms that are not among those below are shown with their defaults; those that have none for a parameter
    are left out.
    """
    given = _geometry(min(height, width)) | _colours() | _choices()
    shown = {}
    for name, kind in known_transforms().items():
        parameters = _always(kind) | given.get(name, {})
        if all(default is not inspect.Parameter.empty or key in parameters for key, default in _of(kind)):
            floats: list[dict[str, Any]] = [{"ToTensor": None}] if name == "Normalize" else []
            shown[name] = [*floats, {name: parameters}]
    return shown


def on_batches() -> dict[str, BatchTransform]:
    """Each step on batches, by its name, for batches of two classes."""
    mix_up, cut_mix = MixUp(num_classes=2), CutMix(num_classes=2, layout="NHWC")
    return {
        "BatchChoice": BatchChoice([mix_up, cut_mix]),
        "BatchCompose": BatchCompose([mix_up, cut_mix]),
        "CutMix": cut_mix,
        "MixUp": mix_up,
    }


def demonstrated(name: str, recipe: list[dict[str, Any]]) -> str:
    """The caption of a recipe: the transform's parameters, without those that are a matter of course."""
    given = recipe[-1][name].items()
    return ", ".join(_said(key, value) for key, value in given if (key, value) != ("p", 1.0))


def _said(key: str, value: Any) -> str:
    if key == NESTED:
        return ", ".join(step if isinstance(step, str) else next(iter(step)) for step in value)
    return f"{key}={value}".replace("'", "").replace(", ", ",")


def _of(kind: Kind) -> list[tuple[str, Any]]:
    return list(parameters_of(kind).items())


def _always(kind: Kind) -> dict[str, Any]:
    """Done for certain, where that can be said."""
    probable = isinstance(parameters_of(kind).get("p"), float)
    return {"p": 1.0} if probable and not issubclass(kind, Choice) else {}


def _geometry(short: int) -> dict[str, dict[str, Any]]:
    return {
        "CenterCrop": {"size": short * 2 // 3},
        "CropToBox": {"margin": 0.2, "jitter": 0.1, "index": "random"},
        "FiveCrop": {"size": short // 2},
        "Pad": {"padding": short // 6, "padding_mode": "reflect"},
        "RandomAffine": {"degrees": 20, "translate": [0.1, 0.1], "scale": [0.7, 1.2], "shear": 15},
        "RandomCrop": {"size": short * 2 // 3},
        "RandomPerspective": {"distortion_scale": 0.5},
        "RandomResizedCrop": {"size": short * 2 // 3, "scale": [0.1, 0.6]},
        "RandomRotation": {"degrees": 40, "expand": True},
        "Resize": {"size": [short // 4, short // 2]},
        "TenCrop": {"size": short // 2},
    }


def _colours() -> dict[str, dict[str, Any]]:
    return {
        "CoarseDropout": {"num_holes_range": [4, 8]},
        "ColorJitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.6, "hue": 0.2},
        "Gamma": {"gamma": [0.4, 2.5]},
        "GaussianBlur": {"kernel_size": 13, "sigma": [1.0, 4.0]},
        "JPEGCompression": {"quality": [3, 20]},
        "Normalize": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        "RandomAdjustSharpness": {"sharpness_factor": 4},
        "RandomPosterize": {"bits": 2},
        "RandomSolarize": {"threshold": 128},
        "ToDtype": {"dtype": "float32", "scale": True},
    }


def _choices() -> dict[str, dict[str, Any]]:
    several: list[Any] = [*_FLIPS, {"RandomRotation": 30}]
    return {
        "OneOf": {"transforms": several, "p": 1.0},
        "RandomApply": {"transforms": [{"RandomRotation": 30}], "p": 0.5},
        "RandomChoice": {"transforms": several},
        "RandomOrder": {"transforms": [{"RandomRotation": [30, 30]}, {"Pad": 30}]},
    }
