"""``feedline transforms``: what there is, and what it does to a picture."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from feedline._atomic import require_parent, write_whole
from feedline.cli.demonstrated import demonstrated, on_batches, recipes
from feedline.cli.subject import Subject, subject_of
from feedline.cli.tiles import Tile, batch_tiles, plan_tiles, result_tiles, subject_tile
from feedline.errors import TransformError
from feedline.train.plots import plot_sheet
from feedline.transforms import Compose, from_recipe, load_recipe
from feedline.transforms.recipe import known_batch_transforms, known_transforms, parameters_of
from feedline.types import Mode

app = typer.Typer(name="transforms", help="What transforms there are, and what a recipe of them does to a picture.")
_TILE, _SMALL_TILE = 240, 160
_EACH, _ACROSS = 3, 9  # tiles a transform, and in a row, where all are shown


@app.command(name="list")
def list_transforms() -> None:
    """Name every transform, its parameters with their defaults, and what it does in one line."""
    for name, kind in known_transforms().items():
        _list_one(name, kind)
    typer.echo("\non batches, as DataLoader(batch_transform=...):\n")
    for name, on_batch in known_batch_transforms().items():
        _list_one(name, on_batch)


def _list_one(name: str, kind: type) -> None:
    parameters = [
        key if default is inspect.Parameter.empty else f"{key}={default!r}"
        for key, default in parameters_of(kind).items()
    ]
    typer.echo(f"{name}({', '.join(parameters)})")
    typer.echo(f"    {inspect.cleandoc(kind.__doc__ or '').splitlines()[0]}")


@app.command()
def show(
    data: Annotated[
        str | None, typer.Argument(help="An image, or anything that opens; without it, a drawn landscape.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="YAML file of transforms.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show every transform there is instead of a recipe.")] = False,
    count: Annotated[int, typer.Option("-n", min=1, max=400, help="How often the recipe is done.")] = 16,
    out: Annotated[Path, typer.Option(help="PNG file to write.")] = Path("sheet.png"),
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    index: Annotated[int | None, typer.Option(help="Of a sample, where DATA holds many.")] = None,
    split: Annotated[str | None, typer.Option(help="Of a folder of splits: train, val or test.")] = None,
    boxes: Annotated[Path | None, typer.Option(help="Annotations (COCO, VOC, YOLO) that name the image.")] = None,
    mask: Annotated[Path | None, typer.Option(help="Image whose numbers are classes, for the image.")] = None,
    pair: Annotated[str | None, typer.Option(help="Where the partners of DATA's images are.")] = None,
    mode: Annotated[Mode | None, typer.Option(help="How images are decoded.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Draw beside each result what it takes of the image.")] = False,
) -> None:
    """Write a sheet of what a recipe does to an image, epoch by epoch, with its boxes and masks drawn.

    The plan of the first is printed in words. A dataset's sample looks here as it does in training with this seed.
    """
    if (recipe is None) == (not all_):
        raise typer.BadParameter("give either --recipe FILE or --all")
    require_parent(out)
    subject = subject_of(data, index, split=split, boxes=boxes, mask=mask, pair=pair, mode=mode)
    if recipe is None:
        _show_all(subject, out, seed)
        return
    size = 2 * _TILE if plan else _TILE
    compose = load_recipe(recipe)
    try:
        tiles = _recipe_tiles(subject, subject.prepared(compose), seed, count, plan, size)
    except TransformError as error:
        raise TransformError(f"{recipe}: {error}") from error
    _write(tiles, out, f"{subject.name}, by {recipe.name}", size)


def _recipe_tiles(subject: Subject, compose: Compose, seed: int, count: int, plan: bool, size: int) -> list[Tile]:
    """Of each epoch, and what they are of; prints the plan of the first."""
    typer.echo(str(subject.plan(compose, subject.key(seed))).rstrip())
    made = plan_tiles if plan else result_tiles
    tiles = [] if plan else [subject_tile(subject, size)]
    for epoch in range(count):
        tiles += made(subject, compose, subject.key(seed, epoch), f"epoch {epoch}", size)
    return tiles


def _show_all(subject: Subject, out: Path, seed: int) -> None:
    """A few tiles for each transform; those that cannot be done to the subject are named."""
    groups = [[subject_tile(subject, _SMALL_TILE)]]
    shown = recipes(subject.height, subject.width)
    for name in known_transforms():
        if name not in shown:
            typer.echo(f"left out: {name}: nobody said with which parameters to show it", err=True)
            continue
        about = demonstrated(name, shown[name])
        try:
            groups.append(_some_tiles(subject, from_recipe(shown[name]), seed, name, about))
        except TransformError as error:
            typer.echo(f"left out: {error}", err=True)
    _write(_packed(groups + _on_batches(subject, seed)), out, "every transform", _SMALL_TILE, _ACROSS)


def _on_batches(subject: Subject, seed: int) -> list[list[Tile]]:
    """Two tiles for each step on batches, above them how much of each picture their labels say."""
    groups = []
    for name, step in on_batches().items():
        try:
            first, second = batch_tiles(subject, step, subject.key(seed), _SMALL_TILE)
        except TransformError as error:
            typer.echo(f"left out: {error}", err=True)
            continue
        groups.append([replace(first, caption=f"{name}\n{first.caption}"), second])
    return groups


def _some_tiles(subject: Subject, compose: Compose, seed: int, name: str, parameters: str) -> list[Tile]:
    """By a few keys, those that differ; or all views by one."""
    made: list[Tile] = []
    for epoch in range(_EACH if compose.views == 1 else 1):
        for tile in result_tiles(subject, compose, subject.key(seed, epoch), "", _SMALL_TILE):
            if compose.views > 1 or not any(np.array_equal(tile.image, other.image) for other in made):
                made.append(tile)
    same = f"{subject.height} x {subject.width}"
    captions = [name, parameters] if len(made) > 1 else [f"{name}\n{parameters}".strip()]
    captions += [tile.caption.strip().removesuffix(same) for tile in made[2:]]
    return [replace(tile, caption=caption) for tile, caption in zip(made, captions, strict=True)]


def _packed(groups: list[list[Tile]]) -> list[Tile]:
    """Those of one transform in one row, as far as they fit into any."""
    tiles: list[Tile] = []
    for group in groups:
        left = -len(tiles) % _ACROSS
        if left < len(group):
            tiles += [Tile.empty(_SMALL_TILE)] * left
        tiles += group
    return tiles


def _write(tiles: list[Tile], out: Path, title: str, side: int, columns: int | None = None) -> None:
    across = columns or max(1, min(8, round((1.6 * len(tiles)) ** 0.5)))
    sheet = plot_sheet(
        [tile.image for tile in tiles], [tile.caption for tile in tiles], title=title, columns=across, tile=side
    )
    write_whole(out, sheet)
    typer.echo(f"{out}: {sum(not tile.blank for tile in tiles)} pictures")
