"""Some samples of a source, where others were left out."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DecodeError
from feedline.sources.problems import Finding
from feedline.sources.saved import saved
from feedline.types import Record, Source, Spec


class ChosenSource:
    """The samples of a source at some places, in their order; classes and labels are those of the source.

    Args:
        source: what holds them.
        places: int64, the indices of the samples in the source.
        findings: what was wrong with those that were left out, by their index in the source.

    Attributes:
        findings: as given; a pickled source has none, since they were told to who opened it.
    """

    def __init__(self, source: Source, places: NDArray[np.int64], findings: Sequence[Finding] = ()) -> None:
        self.source = source
        self.findings = tuple(findings)
        digest = blake2b(places.tobytes()).hexdigest()
        self._kept = saved(f"chosen 1 {source!r}", digest, lambda: {"places": places})

    @property
    def _places(self) -> NDArray[np.int64]:
        return self._kept["places"]

    @property
    def classes(self) -> list[str]:
        return self.source.classes

    @property
    def targets(self) -> NDArray[np.int64]:
        return self.source.targets[self._places]

    @property
    def groups(self) -> Sequence[Any] | None:
        groups = self.source.groups
        return None if groups is None else [groups[place] for place in self._places]

    @property
    def has_files(self) -> bool:
        return self.source.has_files

    @property
    def spec(self) -> Spec:
        return self.source.spec

    def __len__(self) -> int:
        return len(self._places)

    def path(self, index: int) -> str:
        return self.source.path(self._inner([index])[0])

    def __getitem__(self, index: int) -> Record:
        return self.read_batch([index])[0]

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        places = self._inner(indices)
        try:
            return self.source.read_batch(places)
        except DecodeError as error:
            own = int(indices[places.index(error.index)]) if error.index in places else None
            raise error.at(error.path, own) from error

    def _inner(self, indices: Sequence[int]) -> list[int]:
        outside = next((index for index in indices if not 0 <= index < len(self)), None)
        if outside is not None:
            raise IndexError(f"no sample {outside} among {len(self)}")
        return [int(self._places[index]) for index in indices]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "findings": ()}

    def __repr__(self) -> str:
        return f"ChosenSource({self.source!r}, {len(self):,} samples)"
