"""Pictures that hold two: A on the left and B on the right."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.folder import FolderSource
from feedline.sources.problems import Finding, table
from feedline.sources.sizes import SizeOf, odd_widths
from feedline.types import Record, Source, Spec

Direction = Literal["AtoB", "BtoA"]


class SideBySide:
    """The samples of a source whose pictures are A (left half) and B (right half) of a pair.

    A source decodes nothing, so that whoever decodes a record cuts it: ``extra["side_by_side"]`` says which half is
    the image, the left one for "AtoB" and the right one for "BtoA", and that the other is its partner.

    Args:
        source: the pictures, or the folder that they lie in.
        direction: "AtoB" or "BtoA".
        size_of: of encoded bytes to (width, height) as shown; with it all widths are looked at, which reads every
            file once.
        also: looks at the pictures in the place of ``size_of``: what is wrong with them.

    Raises:
        DataError: pictures of an odd width, or whose size cannot be read, all of them in ``problems``.
        ValueError: another value of ``direction``.
    """

    def __init__(
        self,
        source: Source | str | os.PathLike[str],
        direction: Direction = "AtoB",
        *,
        size_of: SizeOf | None = None,
        also: Callable[[Source], list[Finding]] | None = None,
    ) -> None:
        if direction not in ("AtoB", "BtoA"):
            raise ValueError(f'direction must be "AtoB" or "BtoA", not {direction!r}')
        self.source = FolderSource(source) if isinstance(source, (str, os.PathLike)) else source
        self.direction: Direction = direction
        findings = [] if size_of is None else list(odd_widths(self.source, size_of))
        findings = findings if also is None else also(self.source)
        if findings:
            text = f"{self!r}: {len(findings)} pictures cannot be cut in two:\n{table(findings)}"
            raise DataError(text, problems=findings)

    @property
    def classes(self) -> list[str]:
        return self.source.classes

    @property
    def targets(self) -> NDArray[np.int64]:
        return self.source.targets

    @property
    def groups(self) -> Sequence[object] | None:
        return self.source.groups

    @property
    def has_files(self) -> bool:
        return self.source.has_files

    @property
    def spec(self) -> Spec:
        """Of the pictures as they lie there, both halves."""
        return self.source.spec

    def __len__(self) -> int:
        return len(self.source)

    def path(self, index: int) -> str:
        return self.source.path(index)

    def __getitem__(self, index: int) -> Record:
        return self._told(self.source[index])

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self._told(record) for record in self.source.read_batch(indices)]

    def _told(self, record: Record) -> Record:
        return replace(record, extra={**record.extra, "side_by_side": self.direction})

    def __repr__(self) -> str:
        return f"SideBySide({self.source!r}, {self.direction!r})"
