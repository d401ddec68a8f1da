"""In which order samples come: a pure function of (seed, epoch, position), for feedline's loader or torch's.

Every sampler can be asked for any part of its order, begins anywhere, and says in a small state which order it is.
"""

from feedline.samplers.base import KeyedSampler
from feedline.samplers.permutation import Permutation
from feedline.samplers.sequential import SequentialSampler
from feedline.samplers.sharded import ShardedSampler
from feedline.samplers.shuffled import ShuffledSampler
from feedline.samplers.stratified import StratifiedSampler
from feedline.samplers.weighted import WeightedSampler

__all__ = [
    "KeyedSampler",
    "Permutation",
    "SequentialSampler",
    "ShardedSampler",
    "ShuffledSampler",
    "StratifiedSampler",
    "WeightedSampler",
]
