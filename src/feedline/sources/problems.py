"""What a source found wrong in the data that it was opened on, and went on without."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LINES = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        path: the file that it concerns, with the line where there is one.
        index: the sample's index; None where no sample came of it.
        kind: a word or two, the same for all findings of the kind.
        cause: what is wrong and what was done about it.
    """

    path: str
    index: int | None
    kind: str
    cause: str


def packed(findings: Sequence[Finding]) -> dict[str, NDArray[Any]]:
    """The findings as arrays that can be saved with an index."""
    text = json.dumps([astuple(finding) for finding in findings]).encode()
    return {"findings": np.frombuffer(text, np.uint8), "finding_count": np.array([len(findings)])}


def unpacked(text: NDArray[np.uint8]) -> list[Finding]:
    return [Finding(*values) for values in json.loads(text.tobytes())]


def warn_of(findings: Sequence[Finding], source: str, stacklevel: int = 4) -> None:
    """One warning for all of them, with the first as the example; none where nothing was found."""
    if not findings:
        return
    first = findings[0]
    warnings.warn(
        f"{len(findings):,} problems in {source}: {counted(findings)}; see source.problems. "
        f"The first: {first.path}: {first.cause}",
        stacklevel=stacklevel,
    )


def counted(findings: Sequence[Finding]) -> str:
    """How many there are of each kind, such as "3 empty, 1 missing partner"."""
    kinds: dict[str, int] = {}
    for finding in findings:
        kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))


def table(findings: Sequence[Finding], lines: int = _LINES) -> str:
    """A line for each of the first findings, and how many more there are."""
    rows = [f"  {_where(found)}: {found.kind}: {found.cause}" for found in findings[:lines]]
    more = len(findings) - lines
    return "\n".join([*rows, f"  ... and {more} more"] if more > 0 else rows)


def _where(found: Finding) -> str:
    return found.path if found.index is None else f"{found.path} (index {found.index})"
