"""What a recipe may say: told before anything is fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from feedline.prepare.balance import How as Evening
from feedline.prepare.splits import check_shares

_NAME = re.compile(r"\w[\w.-]*")
_MODES = (None, "RGB", "L")
_BITS = 64
_URLS = ("http://", "https://", "file://")


def check_file(file: Any) -> None:
    """Raises a ValueError where a file's url, size or sha256 is none."""
    if not isinstance(file.url, str) or not file.url:
        raise ValueError(f"a file has a url or a path, not {file.url!r}")
    if "://" in file.url and not file.url.startswith(_URLS):
        raise ValueError(f"files are fetched from {', '.join(_URLS)} or are paths, not {file.url}")
    if file.size is not None and not _is_whole(file.size, 0):
        raise ValueError(f"size must be a number of bytes, not {file.size!r}")
    if file.sha256 is not None and not isinstance(file.sha256, str):
        raise ValueError(f"sha256 must be text, in quotation marks where it is digits alone, not {file.sha256!r}")
    if file.sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", file.sha256):
        raise ValueError(f"sha256 must be 64 hexadecimal digits, not {file.sha256!r}")


def check_source(source: Any) -> None:
    """Raises a ValueError where a source's name, split or extract is none, or its files do not go together."""
    _require_name("a source's name", source.name)
    if source.split is not None:
        _require_name("a source's split", source.split)
    _require("extract", source.extract, isinstance(source.extract, bool), "true or false")
    names = [file.url.rsplit("/", 1)[-1] for file in source.files]
    if len(set(names)) < len(names):
        raise ValueError(f"files of one source have names of their own, not {', '.join(names)}")
    if len(names) > 1 and any(re.search(r"\.(tar|zip|tgz)\b", name) for name in names):
        raise ValueError(f"give each archive a source of its own: {', '.join(names)}")


def check_recipe(recipe: Any) -> None:
    """Raises a ValueError that says the rule and what was found."""
    _require_name("name", recipe.name)
    names = [source.name for source in recipe.sources]
    if not names or len(set(names)) < len(names):
        raise ValueError("there must be sources, each with a name of its own")
    for name in ("size", "raw"):
        _require(name, getattr(recipe, name), _is_size(getattr(recipe, name)), "width and height in pixels")
    _require("classes", recipe.classes, _are_classes(recipe.classes), "a list of names, or how many there are")
    _require("mode", recipe.mode, recipe.mode in _MODES, "RGB or L")
    if recipe.mode is not None and recipe.raw is None:
        raise ValueError("a mode is for raw pixels: say raw, or leave it out")
    _require("about", recipe.about, isinstance(recipe.about, str), "text")
    _check_normalize(recipe.normalize)
    for name in ("exact", "shuffle"):
        _require(name, getattr(recipe, name), isinstance(getattr(recipe, name), bool), "true or false")
    _require("near", recipe.near, _is_whole(recipe.near, 0) and recipe.near < _BITS, f"bits, from 0 to {_BITS - 1}")
    _require("seed", recipe.seed, _is_whole(recipe.seed, 0), "a whole number from 0")
    _require("sheet", recipe.sheet, _is_whole(recipe.sheet, 1), "a whole number from 1")
    _check_counts(recipe)


def _check_counts(recipe: Any) -> None:
    """What decides how many there are, and where."""
    _require("balance", recipe.balance, recipe.balance in get_args(Evening), f"one of {', '.join(get_args(Evening))}")
    _require("limit", recipe.limit, recipe.limit is None or _is_whole(recipe.limit, 1), "a whole number from 1")
    if (recipe.balance == "cap" and recipe.limit is None) or (recipe.balance in ("report", "drop") and recipe.limit):
        raise ValueError(f"cap needs a limit, and report and drop take none: {recipe.balance}, {recipe.limit}")
    merge = recipe.merge
    merged = merge is None or (isinstance(merge, Mapping) and merge and all(_is_whole(n, 1) for n in merge.values()))
    _require("merge", merge, merged and all(isinstance(name, str) for name in merge or ()), "numbers by split")
    if recipe.split is not None:
        numbers = isinstance(recipe.split, Mapping) and all(isinstance(n, float | int) for n in recipe.split.values())
        _require("split", recipe.split, numbers and all(isinstance(n, str) for n in recipe.split), "shares by name")
        check_shares(recipe.split)
    _require("group_by", recipe.group_by, isinstance(recipe.group_by, str | None), "text")


def _check_normalize(normalize: Any) -> None:
    if normalize is None:
        return
    said = isinstance(normalize, Mapping) and set(normalize) == {"mean", "std"}
    rows = [normalize[name] for name in ("mean", "std")] if said else []
    fits = said and all(isinstance(row, list | tuple) and row for row in rows) and len(rows[0]) == len(rows[1])
    fits = fits and all(type(number) in (int, float) for row in rows for number in row) and min(rows[1]) > 0
    _require("normalize", normalize, fits, "mean and std, a number a channel each, and no std of 0")


def _are_classes(classes: Any) -> bool:
    return _is_whole(classes, 1) or (isinstance(classes, tuple) and all(isinstance(name, str) for name in classes))


def _is_size(pair: Any) -> bool:
    return pair is None or (isinstance(pair, tuple) and len(pair) == 2 and all(_is_whole(side, 1) for side in pair))


def _is_whole(number: Any, least: int) -> bool:
    return type(number) is int and number >= least


def _require_name(what: str, name: Any) -> None:
    fits = isinstance(name, str) and _NAME.fullmatch(name)
    _require(what, name, fits, "made of letters, digits, '_', '-' and '.', for it becomes a file's")


def _require(what: str, value: Any, fits: Any, rule: str) -> None:
    if not fits:
        raise ValueError(f"{what} must be {rule}, not {value!r}")
