"""A summary as a table for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from feedline.nn.summary.rows import Row
from feedline.nn.summary.tensors import TensorInfo, in_words
from feedline.nn.summary.totals import Totals

WIDTH = 100
HEAD = ("layer", "type", "output", "parameters", "multiply-adds")
_TEXTS = 3  # columns of words, which may be cut; numbers are not
_GAP = "  "
_MIB = 2**20


def cells(row: Row) -> tuple[str, ...]:
    """What the columns say of a row."""
    label = row.label or "(network)"
    again = f" (call {row.call})" if row.call > 1 else ""
    kind = f"{row.kind} (scripted)" if row.scripted else row.kind
    return label + again, kind, _output(row), _parameters(row), f"{row.multiply_adds:,}"


def _output(row: Row) -> str:
    if row.call or row.outputs:
        return in_words(row.outputs) or "none"
    return "not seen" if row.scripted or row.kind == "Parameter" else "not called"


def _parameters(row: Row) -> str:
    if not row.counted_above:
        return f"{row.parameters:,}"
    return f"({row.counted_above:,})" if not row.parameters else f"{row.parameters:,} ({row.counted_above:,})"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """Head, rule and a line a row, at most 100 columns wide."""
    filled = [("  " * row.depth + label, *rest) for row in rows for label, *rest in [cells(row)]]
    widths = _widths([HEAD, *filled])
    yield _line(HEAD, widths)
    yield "-" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    yield from (_line(each, widths) for each in filled)


def foot(inputs: tuple[TensorInfo, ...], totals: Totals, not_counted: Sequence[str], notes: Sequence[str]) -> list[str]:
    """The totals, and what they leave out."""
    split = f"{totals.trainable:,} trainable, {totals.not_trainable:,} not"
    types = " and ".join(sorted({info.dtype for info in inputs}))
    said = [
        f"parameters     {totals.parameters:,} ({split})",
        f"multiply-adds  {totals.multiply_adds:,} for an input of {in_words(inputs) or 'no tensor'} {types}".rstrip(),
        f"memory         {_bytes('input', totals.input_bytes)}, {_bytes('activations', totals.activation_bytes)},",
        f"               {_bytes('weights', totals.parameter_bytes)}, {_bytes('buffers', totals.buffer_bytes)}",
        f"               {_bytes('together', totals.bytes)}; activations: what layers give, forward only",
    ]
    if not_counted:
        said.append(f"not counted as multiply-adds: {', '.join(not_counted)}")
    return [short for line in [*said, *notes] for short in textwrap.wrap(line, WIDTH)]


def _bytes(what: str, count: int) -> str:
    return f"{what} {count:,} bytes ({count / _MIB:,.2f} MiB)"


def _widths(filled: Sequence[Sequence[str]]) -> list[int]:
    """As wide as their longest, and the widest of the texts narrower until all fit."""
    widths = [max(map(len, column)) for column in zip(*filled, strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH:
        widest = max(range(_TEXTS), key=widths.__getitem__)
        widths[widest] -= 1
    return widths


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    left = [_cut(text, width).ljust(width) for text, width in zip(texts[:_TEXTS], widths, strict=False)]
    right = [text.rjust(width) for text, width in zip(texts[_TEXTS:], widths[_TEXTS:], strict=True)]
    return _GAP.join([*left, *right])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
