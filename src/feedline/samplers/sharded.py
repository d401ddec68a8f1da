"""Each rank's part of every global batch."""

from __future__ import annotations

import copy
import operator
from typing import Any, Self

import torch.distributed as dist

from feedline.samplers.base import Indices, KeyedSampler


class ShardedSampler(KeyedSampler):
    """One rank's part of another sampler's order, which is cut into *global* batches.

    Global batch ``g`` is positions ``g * G`` to ``(g + 1) * G - 1`` of the inner order, whatever the world size; rank
    ``r`` takes the ``r``-th of ``num_replicas`` equal consecutive pieces of it. Length, :meth:`take` and :meth:`seek`
    count what this rank takes. Give the loader ``batch_size=sampler.batch_size``: batch ``g`` of each rank
    then is its piece of global batch ``g``, and a pass cut after ``g`` batches goes on at ``seek(g * batch_size)``, on
    any number of ranks.

    The tail: with ``drop_last`` an incomplete last global batch is left out; without, it is filled up from the
    beginning of the same epoch's order, over and over if need be. So every rank has equally many batches.

    Seed and epoch are those of the inner sampler; reading and setting them reads and sets them there.

    Args:
        sampler: the order of the whole.
        global_batch_size: samples in a batch of all ranks together, a multiple of ``num_replicas``.
        rank: 0 to ``num_replicas - 1``; None asks ``torch.distributed``.
        num_replicas: the number of ranks; None asks ``torch.distributed``.
        drop_last: see above.

    Raises:
        TypeError: ``sampler`` is no KeyedSampler.
        ValueError: a batch size that does not divide, or a rank outside the world.
        RuntimeError: ``torch.distributed`` is to be asked and is not initialised.
    """

    def __init__(
        self,
        sampler: KeyedSampler,
        global_batch_size: int,
        rank: int | None = None,
        num_replicas: int | None = None,
        drop_last: bool = False,
    ) -> None:
        if not isinstance(sampler, KeyedSampler):
            raise TypeError(f"sampler must be a KeyedSampler, whose positions can be asked for, not {sampler!r}")
        self.sampler = sampler
        super().__init__(sampler.seed)
        self.num_replicas = _world_size() if num_replicas is None else operator.index(num_replicas)
        self.rank = _rank() if rank is None else operator.index(rank)
        self.global_batch_size = operator.index(global_batch_size)
        self.drop_last = drop_last
        _check_world(self.rank, self.num_replicas)
        _check_batch(self.global_batch_size, self.num_replicas)

    @property
    def batch_size(self) -> int:
        """Samples of a batch on this rank: what its loader's ``batch_size`` must be."""
        return self.global_batch_size // self.num_replicas

    @property
    def seed(self) -> int:
        return self.sampler.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self.sampler.seed = seed

    @property
    def epoch(self) -> int:
        return self.sampler.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self.sampler.set_epoch(epoch)

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.global_batch_size)
        return (whole + (rest > 0 and not self.drop_last)) * self.batch_size

    def at(self, positions: Indices) -> Indices:
        batch, place = positions // self.batch_size, positions % self.batch_size
        inner = batch * self.global_batch_size + self.rank * self.batch_size + place
        return self.sampler.at(inner % max(1, len(self.sampler)))

    def configuration(self) -> dict[str, Any]:
        return {
            "length": len(self.sampler),
            "global_batch_size": self.global_batch_size,
            "drop_last": self.drop_last,
            "inner": self.sampler._identity(),
        }

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__, sampler=copy.copy(self.sampler))
        return twin


def _check_world(rank: int, num_replicas: int) -> None:
    if num_replicas < 1:
        raise ValueError(f"num_replicas must be at least 1, not {num_replicas}")
    if not 0 <= rank < num_replicas:
        raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")


def _check_batch(global_batch_size: int, num_replicas: int) -> None:
    if global_batch_size < 1 or global_batch_size % num_replicas:
        raise ValueError(
            f"global_batch_size must be a positive multiple of num_replicas, {num_replicas}, not {global_batch_size}: "
            f"the nearest is {max(1, round(global_batch_size / num_replicas)) * num_replicas}"
        )


def _world_size() -> int:
    _check_distributed()
    return dist.get_world_size()


def _rank() -> int:
    _check_distributed()
    return dist.get_rank()


def _check_distributed() -> None:
    if not (dist.is_available() and dist.is_initialized()):
        raise RuntimeError(
            "rank and num_replicas that are not given are read from torch.distributed, which is not initialised: "
            "give both, or call torch.distributed.init_process_group first"
        )
