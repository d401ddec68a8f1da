"""Whether the pictures of pairs are of one size, by their headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tqdm import tqdm

from feedline.errors import DecodeError
from feedline.sources.match import Match
from feedline.sources.problems import Finding
from feedline.types import Source

SizeOf = Callable[[bytes], tuple[int, int]]
"""Of encoded bytes to (width, height) in pixels as shown; raises DecodeError."""


def differing_sizes(a: Source, b: Source, match: Match, size_of: SizeOf) -> list[Finding]:
    """The pairs whose halves are not of one size, and the halves whose size cannot be read."""
    findings: list[Finding] = []
    pairs = zip(match.a.tolist(), match.b.tolist(), strict=True)
    for first, second in tqdm(pairs, "comparing sizes", len(match.a), unit=" pairs", disable=None, delay=1):
        one, other = _size(a, first, size_of), _size(b, second, size_of)
        if isinstance(one, Finding) or isinstance(other, Finding):
            findings += [size for size in (one, other) if isinstance(size, Finding)]
        elif one != other:
            cause = f"{_words(one)} pixels, and {b.path(second)} has {_words(other)}"
            findings.append(Finding(a.path(first), first, "differing sizes", cause))
    return findings


def odd_widths(source: Source, size_of: SizeOf) -> Iterator[Finding]:
    """The pictures that cannot be cut into two halves of one width, and those whose size cannot be read."""
    for index in tqdm(range(len(source)), "measuring", unit=" images", disable=None, delay=1):
        size = _size(source, index, size_of)
        if isinstance(size, Finding):
            yield size
        elif size[0] % 2:
            cause = f"{_words(size)} pixels cannot be cut into two halves of one width"
            yield Finding(source.path(index), index, "odd width", cause)


def _size(source: Source, index: int, size_of: SizeOf) -> tuple[int, int] | Finding:
    try:
        data = source[index].data
        return size_of(data) if isinstance(data, bytes) else (data.shape[1], data.shape[0])
    except DecodeError as error:
        return Finding(source.path(index), index, error.kind, error.cause)


def _words(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
