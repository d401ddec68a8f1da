"""Some of many, by seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feedline.samplers.permutation import Permutation

Indices = NDArray[np.int64]


def drawn(members: Indices, count: int, seed: int, stream: int) -> Indices:
    """``count`` of the members (all, where there are no more), without replacement, in the order they were drawn in.

    Fewer of the same draw are the first of them. A pure function of members, count, seed and stream.

    Args:
        members: what is drawn from.
        count: how many.
        seed: of all draws.
        stream: 0 or more, such as a class's number: draws of other streams have nothing to do with each other.
    """
    places = Permutation(len(members), seed, stream)(np.arange(min(count, len(members)), dtype=np.int64))
    return members[places]
