"""``feedline show``: pictures of what a network has learnt, of what it sees, and of pooling."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from feedline._atomic import require_parent, write_whole
from feedline.cli.seen import landscape, network_of_run
from feedline.codecs import decode
from feedline.errors import DataError
from feedline.nn.activations import activations as activations_of
from feedline.nn.filters import filters as filters_of
from feedline.nn.filters import first_layer
from feedline.nn.pooling import pooled
from feedline.train.activation_sheet import activation_sheet
from feedline.train.filter_sheet import filter_sheet
from feedline.train.pooling_sheet import pooling_sheet
from feedline.train.preprocess import showable
from feedline.types import Image, Mode

app = typer.Typer(
    name="show", help="Pictures of a network: its filters, what a layer makes of an image, what pooling keeps."
)

_LIST_WIDTH = 100
_KERNELS = (2, 4, 8)
_OTHERS = frozenset([".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pdf", ".svg", ".tif", ".tiff", ".webp"])


def _decoded(image: Path | None, mode: Mode) -> Image:
    return decode(landscape() if image is None else image, mode, dtype="uint8")


@app.command()
def filters(
    run: Annotated[Path, typer.Argument(help="Run folder, or a checkpoint file.")],
    layer: Annotated[str | None, typer.Option(help="Whose filters; without it, of the first convolution.")] = None,
    count: Annotated[int, typer.Option("-n", min=1, max=1024, help="Filters on the sheet; the strongest.")] = 64,
    each: Annotated[bool, typer.Option("--each", help="Scale each filter by its own greatest weight.")] = False,
    out: Annotated[Path, typer.Option(help="PNG file to write.")] = Path("filters.png"),
) -> None:
    """Draw the weights of a layer: of a convolution its filters, of a network without one its first linear layer."""
    _require_png(out)
    network = network_of_run(run, "cpu")
    try:
        found = filters_of(network.model, layer, network.input_shape)
    except ValueError as error:
        raise _refused(error, layer) from error
    write_whole(out, filter_sheet(found.weights, found.layer, most=count, each=each))
    number, *shape = found.weights.shape
    shown = f"{number:,}" if number <= count else f"{count:,} of {number:,}"
    typer.echo(f"{out}: {shown} filters of layer {found.layer}, {' x '.join(map(str, shape))} weights each")


@app.command()
def activations(
    run: Annotated[Path, typer.Argument(help="Run folder, or a checkpoint file.")],
    image: Annotated[Path | None, typer.Argument(help="JPEG or PNG; without it, a drawn landscape.")] = None,
    layer: Annotated[str | None, typer.Option(help="Whose output; without it, of the first convolution.")] = None,
    derive: Annotated[bool, typer.Option("--derive", help="Make the input of IMAGE, as in training.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Name the layers and draw nothing.")] = False,
    count: Annotated[int, typer.Option("-n", min=1, max=1024, help="Channels on the sheet; the strongest.")] = 64,
    each: Annotated[bool, typer.Option("--each", help="Scale each channel by its own greatest number.")] = False,
    call: Annotated[int, typer.Option(min=0, help="Which of its calls, of a layer that is called often.")] = 0,
    out: Annotated[Path, typer.Option(help="PNG file to write.")] = Path("activations.png"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Draw what a layer makes of an image: a picture for each channel, or bars where it gives a vector."""
    if list_:
        _list_layers(network_of_run(run, "cpu").model)
        return
    _require_png(out)
    network = network_of_run(run, device, derive)
    seen = network.seen(image)[None]
    try:
        name = first_layer(network.model) if layer is None else layer
        output = activations_of(network.model, seen.to(network.device), name, call)[0]
    except ValueError as error:
        raise _refused(error, layer, call) from error
    write_whole(out, activation_sheet(showable(seen, network.transform)[0], output, name, most=count, each=each))
    of = "the drawn landscape" if image is None else image
    place = f"layer {name}" if name else "the network itself"
    typer.echo(f"{out}: {place}, {' x '.join(map(str, output.shape))} numbers, for {of}")


def _list_layers(model: torch.nn.Module) -> None:
    for name, module in model.named_modules():
        if name:
            words = type(module).__name__ if any(module.children()) else " ".join(str(module).split())
            typer.echo(f"{name:12} {words[:_LIST_WIDTH]}")


@app.command()
def pooling(
    image: Annotated[Path | None, typer.Argument(help="JPEG or PNG; without it, a drawn landscape.")] = None,
    kernel: Annotated[list[int] | None, typer.Option(min=1, help="Side of the windows; repeatable.")] = None,
    mode: Annotated[Mode, typer.Option(help="How the image is decoded: RGB or L.")] = "RGB",
    out: Annotated[Path, typer.Option(help="PNG file to write.")] = Path("pooling.png"),
) -> None:
    """Draw what max, average and global pooling keep of a picture, and what they lose; by kernels of 2, 4 and 8."""
    if mode not in ("RGB", "L"):
        raise typer.BadParameter(f"pooling is shown of RGB or L, not of {mode}")
    _require_png(out)
    pixels = _decoded(image, mode)
    numbers = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float()
    kernels = kernel or [side for side in _KERNELS if side <= min(pixels.shape[:2])] or [1]
    try:
        results = [pooled(numbers, side) for side in kernels]
    except ValueError as error:
        raise typer.BadParameter(f"--kernel: {error}") from error
    name = "drawn landscape" if image is None else image.name
    write_whole(out, pooling_sheet(pixels, results, name))
    height, width = pixels.shape[:2]
    typer.echo(f"{out}: {name}, {height} x {width}, pooled by {', '.join(map(str, kernels))}")


def _refused(error: ValueError, layer: str | None, call: int = 0) -> Exception:
    """Of a layer or call that was asked for the command is at fault, else the run."""
    asked = [option for option, given in (("--layer", layer is not None), ("--call", call > 0)) if given]
    return typer.BadParameter(f"{', '.join(asked)}: {error}") if asked else DataError(str(error))


def _require_png(out: Path) -> None:
    """Before the work: that the file can be written, and that its ending does not promise another format."""
    require_parent(out)
    if out.suffix.lower() in _OTHERS:
        raise typer.BadParameter(f"--out is written as PNG: call it {out.with_suffix('.png').name}, not {out.name}")
