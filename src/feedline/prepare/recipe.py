"""What a preparation shall do, as plain data: a recipe in a YAML file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from feedline.errors import DataError
from feedline.prepare.balance import How as Evening
from feedline.prepare.recipe_rules import check_file, check_recipe, check_source

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a part.

    Attributes:
        url: where it is fetched from, or a path.
        size: bytes that it must have.
        sha256: that it must have.
    """

    url: str
    size: int | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        check_file(self)


@dataclass(frozen=True, slots=True)
class Source:
    """One of the sets that a store is made of.

    Attributes:
        name: its own.
        files: an archive or another file that opens; or several, which lie in one folder that opens.
        split: that of all its samples; None where they have splits of their own, or are to be split.
        extract: whether the archive is unpacked, and the folder opened; else it is read in place.
    """

    name: str
    files: tuple[File, ...]
    split: str | None = None
    extract: bool = False

    def __post_init__(self) -> None:
        check_source(self)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is fetched, expected, read, and made of it.

    Attributes:
        name: that of the store.
        sources: what is read.
        about: a sentence for people.
        classes: that each source must have, by name and in this order, or how many; none for any.
        size: (width, height) that each image must have; others are left out as broken. None for any.
        raw: (width, height) of the raw pixels that images become; None keeps files as files.
        mode: of raw pixels: "RGB" or "L"; None: as they are.
        normalize: {"mean": [...], "std": [...]}: what values are meant to be scaled by, where white is 1.
        exact: whether of equal images one is kept.
        near: of images whose perceptual hashes differ in at most so many bits one is kept, of equal ones too; 0: hashes
            are not looked at.
        merge: by split, how many of each class are drawn, evenly; of a split that is not named, all.
        balance: "report", "cap", "drop" or "oversample": see :func:`feedline.prepare.balance`.
        limit: of "cap" and "oversample".
        split: shares of what has no split: {"val": 0.1, "test": 0.1}.
        group_by: what keeps samples in one split: see :func:`groups_by`.
        shuffle: whether samples of a split are in an order drawn by the seed, or in that of their sources.
        seed: of all that is drawn.
        sheet: examples of each class on the contact sheet.
    """

    name: str
    sources: tuple[Source, ...]
    about: str = ""
    classes: tuple[str, ...] | int = ()
    size: tuple[int, int] | None = None
    raw: tuple[int, int] | None = None
    mode: Literal["RGB", "L"] | None = None
    normalize: Mapping[str, Sequence[float]] | None = None
    exact: bool = True
    near: int = 0
    merge: Mapping[str, int] | None = None
    balance: Evening = "report"
    limit: int | None = None
    split: Mapping[str, float] | None = None
    group_by: str | None = None
    shuffle: bool = True
    seed: int = 0
    sheet: int = 10

    def __post_init__(self) -> None:
        check_recipe(self)

    def as_dict(self) -> dict[str, Any]:
        """In plain values, without the places of local files."""
        said = asdict(self)
        for source in said["sources"]:
            for file in source["files"]:
                file["url"] = file["url"] if "://" in file["url"] else os.path.basename(file["url"])
        return said

    def with_archives(self, archives: Sequence[str]) -> Recipe:
        """With local files in the place of its own: each NAME=FILE for a source, or one FILE for all of them.

        One for all has no split of its own: it is split by the recipe's shares, and nothing is drawn from it.

        Raises:
            DataError: no such file or source, or both ways at once.
        """
        if not archives:
            return self
        named = dict(_named(text, [source.name for source in self.sources]) for text in archives)
        missing = next((file for file in named.values() if not os.path.exists(file)), None)
        if missing is not None:
            raise DataError(f"no such file: {os.path.abspath(missing)}")
        if None not in named:
            sources = [_local(each, named[each.name]) if each.name in named else each for each in self.sources]
            return replace(self, sources=tuple(sources))
        if len(archives) > 1:
            raise DataError(f"give one archive for all, or NAME=FILE for each of {', '.join(self._names())}")
        whole = _local(replace(self.sources[0], name="archive", split=None), archives[0])
        return replace(self, sources=(whole,), merge=None)

    def _names(self) -> list[str]:
        return [source.name for source in self.sources]


def _local(source: Source, path: str) -> Source:
    """The source, read from a file or a folder of the user's."""
    return replace(source, files=(File(path),), extract=source.extract and not os.path.isdir(path))


def _named(text: str, names: Sequence[str]) -> tuple[str | None, str]:
    name, equals, file = text.partition("=")
    return (name, file) if equals and name in names else (None, text)


def load(name_or_path: str | os.PathLike[str]) -> Recipe:
    """A recipe of feedline's own by its name, or that of a YAML file.

    Raises:
        DataError: no such recipe, or one that says what no recipe says.
    """
    own = {path.stem: path for path in sorted(RECIPES.glob("*.yaml"))}
    text = os.fspath(name_or_path)
    path = own.get(text, Path(text))
    if not path.is_file():
        raise DataError(f"no recipe {text!r}: give a YAML file, or one of {', '.join(own)}")
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    return _recipe(said, str(path))


def _recipe(said: Any, where: str) -> Recipe:
    if not isinstance(said, dict) or not isinstance(said.get("sources"), list):
        raise DataError(f"{where} is no recipe: it must have a name, and sources with files")
    try:
        sources = tuple(_source(each, f"{where}: source {number}") for number, each in enumerate(said["sources"]))
        return _made(Recipe, {**said, "sources": sources}, where)  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {error}") from error


def _source(said: Any, where: str) -> Any:
    files = said.get("files") if isinstance(said, dict) else None
    if not isinstance(files, list) or not files:
        raise DataError(f"{where} must have a name and files, not {said!r:.80}")
    return _made(Source, {**said, "files": tuple(_file(file, where) for file in files)}, where)


def _file(said: Any, where: str) -> Any:
    return _made(File, {"url": said} if isinstance(said, str) else said, f"{where}: a file")


def _made(kind: type[Any], said: Any, where: str) -> Any:
    known = [field.name for field in fields(kind)]
    wrong = [name for name in said if name not in known] if isinstance(said, dict) else ["it"]
    if wrong:
        raise DataError(f"{where} says {', '.join(map(str, wrong))}: what it may say is {', '.join(known)}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    if isinstance(values.get("classes"), tuple):
        values["classes"] = tuple(map(str, values["classes"]))
    return kind(**values)
