"""Networks that learn from what feedline feeds."""

from feedline.nn.build import MODELS, build
from feedline.nn.cnn import cnn
from feedline.nn.mlp import linear, mlp

__all__ = ["MODELS", "build", "cnn", "linear", "mlp"]
