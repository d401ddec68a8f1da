"""The C kernel behind the names of its twin, which does what the kernel has no code for: wide types, many channels.

Import it where :data:`feedline.native.choice.extension` is not None.
"""

from __future__ import annotations

from feedline.native import twin
from feedline.native.weights import taps

look_up = twin.look_up
mix = twin.mix
regrid = twin.regrid
scale = twin.scale
scale_shift = twin.scale_shift
warp = twin.warp

__all__ = ["look_up", "mix", "regrid", "scale", "scale_shift", "taps", "warp"]
