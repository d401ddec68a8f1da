"""What a summary says, as data; ``print`` and notebooks show it as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from feedline.nn.summary import classic, notebook, table
from feedline.nn.summary.rows import Row
from feedline.nn.summary.tensors import TensorInfo
from feedline.nn.summary.totals import Totals

Style = Literal["feedline", "torchsummary"]


@dataclass(frozen=True)
class Summary:
    """A network's layers and their sums; ``print`` shows the table of its style, a notebook shows it as HTML.

    Attributes:
        network: its class.
        inputs: what it was run on.
        batch_size: samples in each input; None where that was not said.
        rows: the layers, in the order in which they were called.
        totals: of all rows.
        not_counted: arithmetic without a formula, which counts as no multiply-adds: names of torch's operations.
        notes: what else a reader should know, a sentence each.
        style: of the table.
    """

    network: str
    inputs: tuple[TensorInfo, ...]
    batch_size: int | None
    rows: tuple[Row, ...]
    totals: Totals
    not_counted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    style: Style = "feedline"

    def as_dict(self) -> dict[str, Any]:
        """All of it in dictionaries, lists, texts and numbers, as JSON takes them."""
        return {**asdict(self), "totals": {**asdict(self.totals), "bytes": self.totals.bytes}}

    def __str__(self) -> str:
        if self.style == "torchsummary":
            return classic.text(self.rows, self.totals, self.batch_size)
        return "\n".join(
            [*table.lines(self.rows), "", *table.foot(self.inputs, self.totals, self.not_counted, self.notes)]
        )

    def _repr_html_(self) -> str:
        if self.style == "torchsummary":
            return notebook.plain(str(self))
        foot = table.foot(self.inputs, self.totals, self.not_counted, self.notes)
        return notebook.html(self.rows, foot)
