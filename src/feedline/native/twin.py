"""The Python twin: all that the kernel does, in NumPy and OpenCV; what the kernel has to equal to the bit."""

from feedline.native.pixels import look_up, mix, scale_shift
from feedline.native.resample import regrid, scale
from feedline.native.warping import warp
from feedline.native.weights import taps

__all__ = ["look_up", "mix", "regrid", "scale", "scale_shift", "taps", "warp"]
