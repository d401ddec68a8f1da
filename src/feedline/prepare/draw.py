"""The imbalance, drawn."""

from __future__ import annotations

import io
import os
import warnings

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from feedline._atomic import write_whole
from feedline.prepare.balance import Balance

_BEFORE, _AFTER = "#b8c4d6", "#1f4e8c"
_NAMED = 60  # classes up to which each carries its name
_DPI = 110


def draw(balance: Balance, path: str | os.PathLike[str]) -> None:
    """Writes a bar chart of the classes' counts before and after as a PNG; the same balance gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    count = len(balance.classes)
    figure = Figure(figsize=(min(4 + 0.4 * count, 20), 4), layout="constrained")
    axes = figure.subplots()
    places = np.arange(count)
    axes.bar(places - 0.2, balance.before, 0.4, color=_BEFORE, label=f"before: {int(balance.before.sum()):,}")
    axes.bar(places + 0.2, balance.after, 0.4, color=_AFTER, label=f"after ({balance.how}): {len(balance.kept):,}")
    if count <= _NAMED:
        names = [name.encode("utf-8", "replace").decode() for name in balance.classes]
        axes.set_xticks(places, names, rotation=90 if max(map(len, names), default=0) > 2 else 0)
    axes.set_ylabel("images")
    axes.grid(axis="y", alpha=0.3)
    axes.set_title(f"largest class : smallest = {balance.ratio:.2f}, then {balance.ratio_after:.2f}", fontsize="medium")
    figure.legend(loc="outside right upper")
    write_whole(path, _png(figure))


def _png(figure: Figure) -> bytes:
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a class may be called "$1"
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in another script is drawn as boxes
        figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return stream.getvalue()
