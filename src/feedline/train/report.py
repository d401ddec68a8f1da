"""One page with all of a run, pictures included: it can be mailed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from feedline._version import __version__
from feedline.train.evaluate import Judgement
from feedline.train.rows import FeedingRow, Row, best_row
from feedline.train.runs import Run

_PICTURES = ("results.png", "train_batch.png", "val_batch_pred.png", "confusion_matrix.png")


def write_report(
    run: Run, rows: Sequence[Row], feeding: Sequence[FeedingRow], judgement: Judgement | None, classes: Sequence[str]
) -> None:
    """``report.html`` in the run folder, self-contained, from what is in the folder already."""
    write_page(
        run,
        "report.html.j2",
        feeding,
        _PICTURES,
        rows=rows,
        best=best_row(list(rows)) if rows else None,
        judgement=judgement,
        classes=list(zip(classes, _per_class(judgement, classes), strict=True)),
    )


def write_page(run: Run, template: str, feeding: Sequence[FeedingRow], pictures: Sequence[str], **content: Any) -> None:
    """``report.html`` in the run folder, from a template that extends ``page.html.j2``."""
    page = Environment(
        loader=PackageLoader("feedline.train", "."), autoescape=True, undefined=StrictUndefined
    ).get_template(template)
    text = page.render(
        name=run.path.resolve().name,
        version=__version__,
        args=run.read_args(),
        feeding=feeding,
        limit=_limit(feeding),
        pictures={name: _inline(run, name) for name in pictures if (run.path / name).is_file()},
        left_out=run.read_left_out(),
        **content,
    )
    run.write("report.html", text.encode("utf-8", "replace"))


def _limit(feeding: Sequence[FeedingRow]) -> str:
    """What limited the run, in words."""
    if not feeding:
        return "No epoch was completed."
    seconds, waited = sum(row.seconds for row in feeding), sum(row.waited for row in feeding)
    share = 100 * waited / seconds if seconds else 0.0
    what = "feeding limits the training: more workers may help" if share > 20 else "the network's own work limits it"
    return f"Of {seconds:.1f} s of training, {waited:.1f} s ({share:.1f} %) were spent waiting for data: {what}."


def _per_class(judgement: Judgement | None, classes: Sequence[str]) -> list[tuple[float | None, int]]:
    """The share of right answers and the number of images, for each class."""
    if judgement is None:
        return [(None, 0)] * len(classes)
    return list(zip(judgement.per_class(), judgement.confusion.sum(dim=1).tolist(), strict=True))


def _inline(run: Run, name: str) -> str:
    return "data:image/png;base64," + base64.b64encode((run.path / name).read_bytes()).decode("ascii")
