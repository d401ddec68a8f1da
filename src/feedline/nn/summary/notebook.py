"""A summary as HTML, complete in itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from feedline.nn.summary.rows import Row
from feedline.nn.summary.table import HEAD, cells

_LEFT, _RIGHT = "text-align:left", "text-align:right"
_ALIGNED = (_LEFT, _LEFT, _LEFT, _RIGHT, _RIGHT)


def html(rows: Iterable[Row], foot: Sequence[str]) -> str:
    """A table, and the totals beneath; every text in it is escaped."""
    head = _line("th", HEAD, 0)
    body = "".join(_line("td", cells(row), row.depth) for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{plain(chr(10).join(foot))}"


def plain(text: str) -> str:
    """Text in its lines and columns."""
    return f"<pre>{escape(text)}</pre>"


def _line(tag: str, texts: Sequence[str], depth: int) -> str:
    styles = (f"{_LEFT};padding-left:{depth + 0.5}em", *_ALIGNED[1:])
    filled = (f'<{tag} style="{style}">{escape(text)}</{tag}>' for style, text in zip(styles, texts, strict=True))
    return f"<tr>{''.join(filled)}</tr>"
