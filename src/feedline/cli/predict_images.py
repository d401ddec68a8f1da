"""What a trained translator makes of images: files under their names, and a sheet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import typer
from tqdm import tqdm

from feedline._atomic import write_whole
from feedline.cli.translator import Translator
from feedline.cli.written import encoded, names_of
from feedline.codecs import sniff
from feedline.errors import DataError, DecodeError
from feedline.train.translation import Shown, pair_sheet
from feedline.train.translation.sheets import visible
from feedline.types import Image

_SHEET = 24  # images on the sheet
_HEAD = 1024  # bytes that tell a format


def predict_images(
    translator: Translator, images: list[Path], out: Path | None, sheet: Path | None, derive: bool
) -> None:
    """Writes a translation of each image to ``out``, and the first ones beside their inputs to ``sheet``.

    Raises:
        DataError: nothing to do, two images of one name, or images that cannot be translated; all others are done.
    """
    if out is None and sheet is None:
        raise typer.BadParameter("say where the images go: --out FOLDER, or --sheet FILE.png, or both")
    if derive and (translator.about.derive is None or translator.about.direction == "BtoA"):
        raise typer.BadParameter("--derive makes inputs as in training, and this network learnt from inputs of files")
    if out is not None and out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file, and --out is the folder that images go to: choose another")
    places = _places(translator, images, out)
    shown: list[Shown] = []
    count = 0
    for path, image, made in _made(translator, list(places), derive):
        if out is not None:
            (out / places[path]).parent.mkdir(parents=True, exist_ok=True)
            write_whole(out / places[path], encoded(made, places[path].suffix))
        if len(shown) < _SHEET:
            pictures = visible(image, translator.input.high), visible(made, translator.target.high)
            shown.append(Shown(path.name, *pictures))
        count += 1
    _tell(count, out, sheet, shown)
    if count < len(places):
        raise DataError(f"{len(places) - count} of {len(places)} images could not be translated")


def _made(translator: Translator, paths: list[Path], derive: bool) -> Iterator[tuple[Path, Image, Image]]:
    """Each input with its translation; those that cannot be read are named and passed over."""
    for path in tqdm(paths, "translating", unit=" images", disable=None):
        try:
            image = translator.read(path, derive)
        except DecodeError as error:
            typer.echo(f"broken: {error.at(str(path), None)}", err=True)
        except DataError as error:
            typer.echo(f"broken: {path}: {error}", err=True)
        except OSError as error:
            typer.echo(f"broken: {path}: {error.strerror or error}", err=True)
        else:
            yield path, image, translator(image)


def _tell(count: int, out: Path | None, sheet: Path | None, shown: list[Shown]) -> None:
    if out is not None and count:
        typer.echo(f"{out}: {count:,} images")
    if sheet is not None and shown:
        write_whole(sheet, pair_sheet(shown, "input and output"))
        typer.echo(f"{sheet}: {len(shown)} images")


def _places(translator: Translator, images: list[Path], out: Path | None) -> dict[Path, Path]:
    """Of each file where its translation goes, under ``out``; raises DataError before anything is written."""
    found = [each for path in images for each in _files(path, out)]
    if not found:
        raise DataError(f"no image in {', '.join(map(str, images))}")
    places = names_of(found, translator.target.channels, translator.target.dtype)
    beside = [path for path, place in places.items() if out is not None and _folder_of(path) == _folder_of(out / place)]
    if beside:
        raise DataError(f"translations would go beside {beside[0]} and may replace images: choose another --out")
    return places


def _folder_of(path: Path) -> Path:
    return path.parent.resolve()


def _files(path: Path, out: Path | None) -> Iterator[tuple[Path, Path]]:
    """The images of a folder, at any depth and by their content, with their names in it; a file with its own name.

    What was translated to a folder in it is none of them.
    """
    if not path.is_dir():
        yield path, Path(path.name)
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not _same(Path(folder, name), out))
        for file in (Path(folder, name) for name in sorted(names) if not name.startswith(".")):
            if _is_image(file):
                yield file, file.relative_to(path)


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()


def _is_image(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return sniff(stream.read(_HEAD)) is not None
