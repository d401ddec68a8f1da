"""What a network is made of, from running it once."""

from feedline.nn.summary.result import Summary
from feedline.nn.summary.rows import Row
from feedline.nn.summary.summary import summary
from feedline.nn.summary.tensors import TensorInfo
from feedline.nn.summary.totals import Totals

__all__ = ["Row", "Summary", "TensorInfo", "Totals", "summary"]
