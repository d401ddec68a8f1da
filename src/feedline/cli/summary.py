"""``feedline summary``: what a network is made of."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import torch
import typer

from feedline.cli.network import Network, network_of, shape_of
from feedline.errors import DataError
from feedline.nn.summary import Summary
from feedline.nn.summary import summary as summary_of


class Style(StrEnum):
    feedline = "feedline"
    torchsummary = "torchsummary"


class Number(StrEnum):
    float32 = "float32"
    float64 = "float64"
    float16 = "float16"
    bfloat16 = "bfloat16"
    int64 = "int64"
    bool = "bool"


def summary(
    model: Annotated[
        str,
        typer.Argument(
            help="cnn, mlp, linear, unet_256 (128, 64, 32), patchgan; a run folder or checkpoint; or "
            "package.module:callable of your own."
        ),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="Shape of a sample, such as 3x224x224; one an input. A run knows its own."),
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="Logits of cnn, mlp and linear: 10.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples in the batch.")] = 1,
    dtype: Annotated[list[Number] | None, typer.Option(help="Of the inputs: one, or one each.")] = None,
    depth: Annotated[int | None, typer.Option(min=0, help="Add what lies deeper to what it lies in.")] = None,
    style: Annotated[Style, typer.Option(help="Of the table.")] = Style.feedline,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one JSON object.")] = False,
) -> None:
    """Run a network once and tell each layer's output, parameters and multiply-adds, and the memory of all."""
    shapes = [shape_of(text) for text in inputs or ()]
    network = network_of(model, shapes[0] if shapes else None, classes)
    options = {"batch_size": batch_size, "dtypes": _types(dtype), "depth": depth, "style": style.value}
    made = _run(model, network, shapes or _known(network, model), options)
    typer.echo(json.dumps(made.as_dict()) if as_json else str(made))


def _known(network: Network, model: str) -> list[tuple[int, ...]]:
    if network.input_shape is None:
        raise typer.BadParameter(f"what {model} takes is not known: say it, such as --input 3x224x224")
    return [network.input_shape]


def _types(names: list[Number] | None) -> list[torch.dtype] | torch.dtype | None:
    types = [getattr(torch, name.value) for name in names or ()]
    return types[0] if len(types) == 1 else types or None


def _run(model: str, network: Network, shapes: list[tuple[int, ...]], options: dict[str, Any]) -> Summary:
    if isinstance(options["dtypes"], list) and len(options["dtypes"]) != len(shapes):
        raise typer.BadParameter(f"--dtype is given once, or once for each of {len(shapes)} inputs")
    try:
        return summary_of(network.model, shapes, **options)
    except (Exception, SystemExit) as error:
        place = "".join(f"; {note}" for note in getattr(error, "__notes__", []))
        raise DataError(f"{model} cannot be run on this: {type(error).__name__}: {error}{place}") from error
