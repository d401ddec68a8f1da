"""``feedline shapes``: what each layer of a network told in words makes of an image, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from feedline.nn import shapes as s
from feedline.nn.shapes.sizes import Size, by
from feedline.nn.shapes.words import counted_words, listed, said

_LAYER = 20
"""So many letters of a layer stand on one line, however narrow the terminal is."""
_WIDEST = 1000
_EXAMPLE = "conv 32 3x3 s2 p1, relu, pool 2, flatten, linear 10"


def shapes(
    network: Annotated[str, typer.Argument(help=f'Layers parted by commas: "{_EXAMPLE}".')],
    input_: Annotated[str, typer.Option("--input", help="CxHxW of an image, or one number.")] = "3x224x224",
    explain: Annotated[bool, typer.Option("--explain", help="The formulas, with their numbers.")] = False,
    output: Annotated[str | None, typer.Option(help="Of a question: the size that is to come out, HxW.")] = None,
    parameters: Annotated[int | None, typer.Option(min=1, help="Of a question: those of the last layer.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one JSON object.")] = False,
) -> int:
    """Compute the shape, receptive field, parameters and multiply-adds of each layer of a network, and warn.

    A question mark in the last layer asks: `conv 32 5x5 p?` which padding keeps the size, `conv 32 3x3 s? --output 112`
    which stride gives it, `conv ? 3x3 --parameters 896` how many filters have so many parameters, `conv ? ?` with
    which kernel. Exits with 1 where there is no answer.

    Layers: conv, depthwise, convt, pool, avgpool, adaptiveavg, adaptivemax, globalavg, globalmax, flatten, linear,
    relu, leakyrelu, tanh, sigmoid, softmax, dropout, batchnorm, instancenorm, groupnorm, pad, upsample and others.
    Behind their sizes: s2 stride, p1 padding, same, valid, d2 dilation, g4 groups, o1 output padding, nobias, ceil.
    """
    shape = s.parse_shape(input_)
    if "?" in network:
        return _answer(s.ask(network, shape, _size(output), parameters), shape, explain, as_json)
    for value, option in ((output, "--output"), (parameters, "--parameters")):
        if value is not None:
            raise typer.BadParameter(f"{option} goes with a question: put ? where the answer belongs (conv 32 3x3 s?)")
    _tell(s.trace(network, shape), explain, as_json)
    return 0


def _size(text: str | None) -> Size | None:
    """HxW of what is to come out; channels may stand before them."""
    if text is None:
        return None
    try:
        *_, high, wide = [int(part) for part in text.lower().split("x")] * (1 if "x" in text.lower() else 2)
    except ValueError:
        raise typer.BadParameter(f"--output is HxW, or one number for both, not {text!r}") from None
    return (high, wide) if "x" in text.lower() else high


def _answer(question: s.Question, shape: s.Shape, explain: bool, as_json: bool) -> int:
    networks = [", ".join(map(str, network)) for network in question.networks()]
    if as_json:
        found = {"question": question.asked, "answers": [str(one) for one in question.answers], "why": question.why}
        typer.echo(json.dumps({**found, "networks": networks}))
        return 0 if networks else 1
    typer.echo(f"{question.asked}? " + (counted_words(len(networks), "answer") if networks else "none"))
    for answer in question.answers:
        typer.echo(f"  {answer}")
    typer.echo(question.why)
    if len(networks) == 1:
        _tell(s.trace(question.networks()[0], shape), explain, False)
    return 0 if networks else 1


def _tell(trace: s.Trace, explain: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(trace.as_dict()))
        return
    _print(_table(trace))
    typer.echo(
        f"{trace.parameters:,} parameters, {trace.multiply_adds:,} multiply-adds an image "
        "(biases, norms, activations and pools: none)"
    )
    if explain:
        for row in trace:
            _explain(row)
    for numbers, text in _grouped(trace):
        typer.echo(f"warning: {numbers}: {text}")


def _print(table: Table) -> None:
    """As wide as the terminal, or as the numbers and the least of a layer's column: numbers are never cut."""
    console = Console()
    needed = Measurement.get(console, console.options.update(width=_WIDEST), table).minimum
    Console(width=max(console.width, needed)).print(table)


def _table(trace: s.Trace) -> Table:
    right: Any = {"justify": "right", "no_wrap": True}
    columns = [Column("output", **right), Column("field", **right), Column("jump", **right)]
    table = Table(
        Column("", **right),
        Column("layer", overflow="fold", min_width=min(_LAYER, max(len(str(row.layer)) for row in trace))),
        *columns,
        Column("parameters", **right),
        Column("multiply-adds", **right),
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
        show_footer=False,
    )
    table.add_row("", "input", by(trace.input_shape), "", "", "", "")
    for row in trace:
        field = row.field
        seen = ("", "") if field is None else (said(field.size), _jump(field))
        counts = (f"{count:,}" if count else "" for count in (row.parameters, row.multiply_adds))
        table.add_row(str(row.number), Text(str(row.layer)), by(row.output_shape), *seen, *counts)
    table.add_section()
    table.add_row("", "total", "", "", "", f"{trace.parameters:,}", f"{trace.multiply_adds:,}")
    return table


def _jump(field: s.Field) -> str:
    """Pixels from one output's field to the next; nothing where there is one output."""
    high, wide = (str(jump) if jump.denominator < 100 else f"{float(jump):.3g}" for jump in field.jump)
    return "" if high == wide == "0" else high if high == wide else f"{high}x{wide}"


def _explain(row: s.Row) -> None:
    typer.echo(f"\n{row.number}  {row.layer}: {by(row.input_shape)} -> {by(row.output_shape)}")
    for name, formula in row.formulas:
        typer.echo(f"   {name}: {formula}")


def _grouped(trace: s.Trace) -> Iterable[tuple[str, str]]:
    """Each warning once, with the layers that it is of."""
    found: dict[str, list[str]] = {}
    for row in trace:
        for text in row.warnings:
            found.setdefault(text, []).append(str(row.number))
    for text, numbers in found.items():
        one = f" ({trace[int(numbers[0]) - 1].layer})" if len(numbers) == 1 else ""
        yield f"{'layer' if len(numbers) == 1 else 'layers'} {listed(numbers)}{one}", text
