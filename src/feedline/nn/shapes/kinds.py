"""Every layer that the language knows: its names, what may stand behind them, and what is built of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from feedline.errors import ShapeError
from feedline.nn.shapes.convolution import Conv, ConvTranspose
from feedline.nn.shapes.layer import Layer
from feedline.nn.shapes.plain import Elementwise, Flatten, Linear, Norm, Pad, Upsample
from feedline.nn.shapes.pooling import AdaptivePool, Pool
from feedline.nn.shapes.pooling import Kind as PoolKind
from feedline.nn.shapes.sizes import Size


@dataclass(frozen=True)
class Words:
    """What was said behind a layer's name: sizes without a letter, sizes with one, and single words."""

    sizes: tuple[Size | float, ...]
    settings: dict[str, Size]
    flags: frozenset[str]


@dataclass(frozen=True)
class Kind:
    """How a layer is said: what builds it, an example, how many sizes without a letter, which letters, which words."""

    build: Callable[[Words], Layer]
    example: str
    least: int = 0
    most: int = 0
    settings: str = ""
    flags: str = ""


def _whole(value: Size | float, name: str) -> int:
    if not isinstance(value, int):
        raise ShapeError(f"{name} is one whole number")
    return value


def _size(value: Size | float) -> Size:
    if isinstance(value, float):
        raise ShapeError(f"sizes are whole numbers, as 3 or 3x5, not {value:g}")
    return value


def _convolved(words: Words) -> dict[str, Any]:
    """The settings of a convolution by their names in the description."""
    how: dict[str, Any] = dict(words.settings)
    if "groups" in how:
        how["groups"] = _whole(how["groups"], "the number of groups")
    if {"same", "valid"} & words.flags and ("padding" in how or {"same", "valid"} <= words.flags):
        raise ShapeError("padding is said once: same, valid, or a number (p1)")
    if "same" in words.flags:
        how["padding"] = "same"
    return {**how, "bias": "nobias" not in words.flags}


def _kernel(words: Words, how: dict[str, Any], place: int) -> dict[str, Any]:
    """The settings with the kernel, which stands behind ``place`` other sizes, or has its letter."""
    if (len(words.sizes) > place) == ("kernel" in how):
        raise ShapeError("a kernel is said once" if "kernel" in how else "it has no kernel")
    return how if "kernel" in how else {**how, "kernel": _size(words.sizes[place])}


def _conv(words: Words) -> Conv:
    return Conv(_whole(words.sizes[0], "the number of filters"), **_kernel(words, _convolved(words), 1))


def _depthwise(words: Words) -> Conv:
    how = _kernel(words, _convolved(words), 0)
    if "multiplier" in how:
        how["multiplier"] = _whole(how["multiplier"], "the multiplier")
    return Conv(None, **how)


def _conv_transpose(words: Words) -> ConvTranspose:
    return ConvTranspose(_whole(words.sizes[0], "the number of filters"), **_kernel(words, _convolved(words), 1))


def _pool(kind: PoolKind) -> Callable[[Words], Pool]:
    def build(words: Words) -> Pool:
        how = _kernel(words, dict(words.settings), 0)
        return Pool(**how, ceil_mode="ceil" in words.flags, kind=kind)

    return build


def _adaptive(kind: PoolKind) -> Callable[[Words], AdaptivePool]:
    return lambda words: AdaptivePool(_size(words.sizes[0]), kind)


def _global(kind: PoolKind) -> Callable[[Words], AdaptivePool]:
    return lambda _: AdaptivePool(1, kind)


def _linear(words: Words) -> Linear:
    return Linear(_whole(words.sizes[0], "the number of features"), "nobias" not in words.flags)


def _elementwise(name: str) -> Callable[[Words], Elementwise]:
    def build(words: Words) -> Elementwise:
        given = words.sizes[0] if words.sizes else None
        if isinstance(given, tuple):
            raise ShapeError(f"{name} takes one number")
        return Elementwise(name, given)

    return build


def _norm(kind: Any) -> Callable[[Words], Norm]:
    def build(words: Words) -> Norm:
        if {"affine", "noaffine"} <= words.flags:
            raise ShapeError("it is affine or not")
        affine = True if "affine" in words.flags else False if "noaffine" in words.flags else None
        return Norm(kind, affine, _whole(words.sizes[0], "the number of groups") if words.sizes else 1)

    return build


def _pad(words: Words) -> Pad:
    sizes = [_size(size) for size in words.sizes]
    if len(sizes) not in (1, 4):
        raise ShapeError("it takes one number, HxW, or left right top bottom")
    if len(words.flags) > 1:
        raise ShapeError("it is one of zero, reflect, replicate")
    mode: Any = next(iter(words.flags), "zero")
    if len(sizes) == 1:
        high, wide = sizes[0] if isinstance(sizes[0], tuple) else (sizes[0], sizes[0])
        return Pad(wide, wide, high, high, mode)
    left, right, top, bottom = (_whole(size, "each side") for size in sizes)
    return Pad(left, right, top, bottom, mode)


def _upsample(words: Words) -> Upsample:
    if {"nearest", "bilinear"} <= words.flags:
        raise ShapeError("it is nearest or bilinear")
    return Upsample(_size(words.sizes[0]), "bilinear" in words.flags)


_ACTIVATIONS = ("relu", "relu6", "elu", "gelu", "silu", "hardswish", "tanh", "sigmoid", "softmax", "identity")
KINDS = {
    "conv": Kind(_conv, "conv 32 3x3 s2 p1", 1, 2, "kspdg", "nobias same valid"),
    "depthwise": Kind(_depthwise, "depthwise 3x3 p1", 0, 1, "kspdm", "nobias same valid"),
    "convt": Kind(_conv_transpose, "convt 32 4x4 s2 p1", 1, 2, "kspdgo", "nobias"),
    "pool": Kind(_pool("max"), "pool 3x3 s2 p1", 0, 1, "kspd", "ceil"),
    "avgpool": Kind(_pool("avg"), "avgpool 2", 0, 1, "ksp", "ceil"),
    "adaptiveavg": Kind(_adaptive("avg"), "adaptiveavg 7x7", 1, 1),
    "adaptivemax": Kind(_adaptive("max"), "adaptivemax 7x7", 1, 1),
    "globalavg": Kind(_global("avg"), "globalavg"),
    "globalmax": Kind(_global("max"), "globalmax"),
    "flatten": Kind(lambda _: Flatten(), "flatten"),
    "linear": Kind(_linear, "linear 10", 1, 1, "", "nobias"),
    "leakyrelu": Kind(_elementwise("leakyrelu"), "leakyrelu 0.2", 0, 1),
    "dropout": Kind(_elementwise("dropout"), "dropout 0.5", 0, 1),
    "dropout2d": Kind(_elementwise("dropout2d"), "dropout2d 0.5", 0, 1),
    **{name: Kind(_elementwise(name), name) for name in _ACTIVATIONS},
    "batchnorm": Kind(_norm("batch"), "batchnorm", 0, 0, "", "affine noaffine"),
    "instancenorm": Kind(_norm("instance"), "instancenorm", 0, 0, "", "affine noaffine"),
    "groupnorm": Kind(_norm("group"), "groupnorm 32", 1, 1, "", "affine noaffine"),
    "pad": Kind(_pad, "pad 1, or pad 0 1 0 1 (left right top bottom)", 1, 4, "", "zero reflect replicate"),
    "upsample": Kind(_upsample, "upsample 2", 1, 1, "", "nearest bilinear"),
}
ALSO = {
    "convolution": "conv",
    "depthwiseconv": "depthwise",
    "dwconv": "depthwise",
    "convtranspose": "convt",
    "transposed": "convt",
    "transposedconv": "convt",
    "deconv": "convt",
    "conv2dtranspose": "convt",
    "maxpool": "pool",
    "maxpooling": "pool",
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "avgpooling": "avgpool",
    "adaptivepool": "adaptiveavg",
    "adaptiveavgpool": "adaptiveavg",
    "adaptivemaxpool": "adaptivemax",
    "globalavgpool": "globalavg",
    "globalaveragepool": "globalavg",
    "globalaveragepooling": "globalavg",
    "gap": "globalavg",
    "globalmaxpool": "globalmax",
    "globalmaxpooling": "globalmax",
    "dense": "linear",
    "fc": "linear",
    "lrelu": "leakyrelu",
    "bn": "batchnorm",
    "batchnormalization": "batchnorm",
    "zeropad": "pad",
    "zeropadding": "pad",
    "upsampling": "upsample",
}
