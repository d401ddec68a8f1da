"""How good a trained classifier is on other images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from feedline._atomic import write_whole
from feedline._open import open as open_dataset
from feedline.cli.trained import Trained
from feedline.dataset import ImageDataset
from feedline.errors import DataError
from feedline.loader import DataLoader
from feedline.train import Judgement, judge
from feedline.train.plots import plot_confusion
from feedline.types import Mode


def evaluate_classes(
    trained: Trained, data: str, split: str | None, batch_size: int, workers: int, out: Path | None
) -> None:
    """Loss, accuracy, and accuracy for each class; where that is wanted the confusion matrix.

    Raises:
        DataError: the network does not know a class of the data.
    """
    mode = cast(Mode, trained.about.mode)
    how: dict[str, Any] = {} if split is None else {"split": split}
    dataset = ImageDataset(open_dataset(data, **how).source, trained.transform, mode)
    loader = _Renumbered(
        DataLoader(dataset, batch_size, num_workers=workers), _numbers(dataset.classes, trained.about.classes, data)
    )
    judgement = judge(trained.model, loader, len(trained.about.classes), trained.device)
    Console().print(_table(judgement, trained.about.classes))
    typer.echo(f"{len(dataset):,} images, loss {judgement.loss:.4f}, accuracy {100 * judgement.accuracy:.2f} %")
    if out is not None:
        write_whole(out, plot_confusion(judgement.confusion, trained.about.classes))
        typer.echo(f"confusion matrix: {out}")


class _Renumbered:
    """Batches whose labels are the numbers that the network knows the classes by."""

    def __init__(self, loader: DataLoader[Any], numbers: NDArray[np.int64]) -> None:
        self._loader = loader
        self._numbers = torch.from_numpy(numbers)

    def __iter__(self) -> Iterator[Any]:
        for images, labels in self._loader:
            yield images, self._numbers[labels]


def _numbers(found: list[str], known: list[str], data: str) -> NDArray[np.int64]:
    """For each class of the data its number in the network.

    Raises:
        DataError: the network does not know a class.
    """
    strange = [name for name in found if name not in known]
    if strange:
        raise DataError(
            f"{data} has classes that the network was not trained on: {', '.join(strange[:5])} "
            f"(it knows {', '.join(known[:10])})"
        )
    return np.array([known.index(name) for name in found], dtype=np.int64)


def _table(judgement: Judgement, classes: list[str]) -> Table:
    table = Table("class", "images", "right", box=None, title_justify="left")
    for name, share, count in zip(classes, judgement.per_class(), judgement.confusion.sum(dim=1).tolist(), strict=True):
        table.add_row(name, f"{count:,}", "-" if share is None else f"{100 * share:.2f} %")
    return table
