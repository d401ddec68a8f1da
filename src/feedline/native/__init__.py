"""What the hot path does a million times, behind one interface: resample, look up, mix colours, turn to float.

There are two implementations, equal to the bit: a C kernel, and its Python twin where that was not built, or where
``FEEDLINE_NATIVE=0`` asks for it. All is exact integer arithmetic on 8 and 16 bits, the same on every machine.
"""

from feedline.native.choice import IMPLEMENTATION
from feedline.native.counters import Counters, counting
from feedline.native.weights import FILTERS, Filter, Grid, Taps, taps

if IMPLEMENTATION == "kernel":
    from feedline.native.kernel import look_up, mix, regrid, scale, scale_shift, warp
else:
    from feedline.native.twin import look_up, mix, regrid, scale, scale_shift, warp

__all__ = [
    "FILTERS",
    "IMPLEMENTATION",
    "Counters",
    "Filter",
    "Grid",
    "Taps",
    "counting",
    "look_up",
    "mix",
    "regrid",
    "scale",
    "scale_shift",
    "taps",
    "warp",
]
