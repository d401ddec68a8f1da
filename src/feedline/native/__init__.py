"""What the hot path does a million times, behind one interface: resample, look up, mix colours, turn to float.

The functions here are the Python twin: exact integer arithmetic on 8 and 16 bits, the same on every machine.
"""

from feedline.native.counters import Counters, counting
from feedline.native.pixels import look_up, mix, scale_shift
from feedline.native.resample import scale
from feedline.native.warping import warp
from feedline.native.weights import FILTERS, Filter, Taps, taps

__all__ = [
    "FILTERS",
    "Counters",
    "Filter",
    "Taps",
    "counting",
    "look_up",
    "mix",
    "scale",
    "scale_shift",
    "taps",
    "warp",
]
