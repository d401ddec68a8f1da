"""The blocks of one worker, as their consumer keeps account of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from feedline.loader.memory import Block

_forks = [0]  # how often this process was forked


@dataclass
class Shelf:
    """The blocks of one worker: all of them, those that are free, and those that it may forget."""

    most_free: int
    blocks: dict[int, Block] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    forget: list[int] = field(default_factory=list)

    def put_back(self, block: int) -> None:
        """The block is free for another batch, or dropped where there are enough of them."""
        if block in self.blocks and len(self.free) < self.most_free:
            self.free.append(block)
        else:
            self.drop(block)

    def drop(self, block: int) -> None:
        """The block is never written again, here and in the worker."""
        if self.blocks.pop(block, None) is not None:
            self.forget.append(block)


@dataclass(frozen=True)
class Return:
    """Gives a block back when its batch is gone; knows neither the batch nor the worker.

    A process that was forked meanwhile may hold the batch too: then the block is not used again.
    """

    shelf: Shelf
    block: int
    forks: int = field(default_factory=lambda: _forks[0])

    def __call__(self) -> None:
        if self.forks == _forks[0]:
            self.shelf.put_back(self.block)
        else:
            self.shelf.drop(self.block)


def _count_fork() -> None:
    _forks[0] += 1


os.register_at_fork(before=_count_fork)
