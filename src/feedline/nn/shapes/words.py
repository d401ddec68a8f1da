"""How sizes are said: one number where height and width agree."""

from __future__ import annotations

from collections.abc import Iterable

from feedline.nn.shapes.sizes import Pair, by


def said(value: Pair) -> str:
    """2 for (2, 2), 2x1 for (2, 1)."""
    return str(value[0]) if value[0] == value[1] else by(value)


def counted_words(count: int, one: str) -> str:
    """1 row, 2 rows."""
    return f"{count:,} {one}" + ("" if count == 1 else "s")


def listed(items: Iterable[str], last: str = "and") -> str:
    """a, b and c."""
    *before, end = items
    return f"{', '.join(before)} {last} {end}" if before else end
