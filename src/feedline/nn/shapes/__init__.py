"""Shapes, receptive fields, parameters and multiply-adds of networks told in words, in whole numbers and formulas."""

from feedline.errors import ShapeError
from feedline.nn.shapes.convolution import Conv, ConvTranspose
from feedline.nn.shapes.inverse import Solutions, filters, paddings, same_padding, strides
from feedline.nn.shapes.language import NAMES, parse, parse_shape
from feedline.nn.shapes.layer import Applied, Layer
from feedline.nn.shapes.plain import Elementwise, Flatten, Linear, Norm, Pad, Upsample
from feedline.nn.shapes.pooling import AdaptivePool, Pool
from feedline.nn.shapes.question import Question, ask
from feedline.nn.shapes.receptive import Field
from feedline.nn.shapes.sizes import (
    Shape,
    conv2d_size,
    conv_size,
    conv_transpose2d_size,
    conv_transpose_size,
    pool2d_size,
    pool_size,
)
from feedline.nn.shapes.tracing import Row, Trace, trace

__all__ = [
    "NAMES",
    "AdaptivePool",
    "Applied",
    "Conv",
    "ConvTranspose",
    "Elementwise",
    "Field",
    "Flatten",
    "Layer",
    "Linear",
    "Norm",
    "Pad",
    "Pool",
    "Question",
    "Row",
    "Shape",
    "ShapeError",
    "Solutions",
    "Trace",
    "Upsample",
    "ask",
    "conv2d_size",
    "conv_size",
    "conv_transpose2d_size",
    "conv_transpose_size",
    "filters",
    "paddings",
    "parse",
    "parse_shape",
    "pool2d_size",
    "pool_size",
    "same_padding",
    "strides",
    "trace",
]
