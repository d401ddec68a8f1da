"""One page with all of a translator's run, pictures included."""

from __future__ import annotations

from collections.abc import Sequence

from feedline.train.report import write_page
from feedline.train.rows import FeedingRow, best_row
from feedline.train.runs import Run
from feedline.train.translation.evaluate import TranslationJudgement
from feedline.train.translation.plots import NOTE
from feedline.train.translation.rows import TranslationRow

_PICTURES = ("results.png", "train_batch.png", "val_pairs.png")


def write_translation_report(
    run: Run, rows: Sequence[TranslationRow], feeding: Sequence[FeedingRow], judgement: TranslationJudgement | None
) -> None:
    """``report.html`` in the run folder, self-contained, from what is in the folder already."""
    best = best_row(rows) if rows else None
    write_page(run, "translation.html.j2", feeding, _PICTURES, rows=rows, best=best, judgement=judgement, note=NOTE)
