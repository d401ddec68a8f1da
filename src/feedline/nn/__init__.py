"""Networks that learn from what feedline feeds."""

from feedline.nn import shapes
from feedline.nn.activations import activations
from feedline.nn.build import GENERATORS, MODELS, build, generator
from feedline.nn.cnn import cnn
from feedline.nn.filters import Filters, filters
from feedline.nn.initialise import initialise
from feedline.nn.mlp import linear, mlp
from feedline.nn.patchgan import least_size, patchgan
from feedline.nn.pooling import Pooled, pooled
from feedline.nn.summary import Summary, summary
from feedline.nn.unet import UNet, unet, unet_32, unet_64, unet_128, unet_256

__all__ = [
    "GENERATORS",
    "MODELS",
    "Filters",
    "Pooled",
    "Summary",
    "UNet",
    "activations",
    "build",
    "cnn",
    "filters",
    "generator",
    "initialise",
    "least_size",
    "linear",
    "mlp",
    "patchgan",
    "pooled",
    "shapes",
    "summary",
    "unet",
    "unet_32",
    "unet_64",
    "unet_128",
    "unet_256",
]
