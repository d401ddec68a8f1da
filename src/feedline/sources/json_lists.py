"""The long lists of a JSON file, element by element: the whole of it is never in memory as objects."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from tqdm import tqdm

from feedline.errors import DataError

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


def each_element(path: str, take: Mapping[str, Callable[[Any], None]]) -> list[str]:
    """Hands each element of the file's top-level lists to the function of the list's name, in the order of the file.

    Returns:
        All names at the top level.

    Raises:
        DataError: the file is missing or damaged, or is no object, or one of the wanted is no list.
    """
    try:
        with open(path, encoding="utf-8-sig") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    with tqdm(
        total=len(text), unit="B", unit_scale=True, disable=None, leave=False, desc=os.path.basename(path)
    ) as bar:
        try:
            return _walk(text, take, bar)
        except (ValueError, RecursionError, IndexError) as error:
            cause = "it is cut off" if isinstance(error, IndexError) else error
            raise DataError(f"cannot read {path} as a JSON object of lists: {cause}") from error


def _walk(text: str, take: Mapping[str, Callable[[Any], None]], bar: Any) -> list[str]:
    names: list[str] = []
    place = _after(text, 0, "{")
    while text[place] != "}":
        name, place = _decode(text, place)
        place = _after(text, place, ":")
        if name in take:
            place = _list(text, place, take[name], bar)
        else:
            _, place = _decode(text, place)
        names.append(name)
        place = _next(text, place, "}")
    if _skip(text, place + 1) != len(text):
        raise ValueError(f"more text behind its end, at character {place + 1}")
    return names


def _list(text: str, place: int, take: Callable[[Any], None], bar: Any) -> int:
    place = _after(text, place, "[")
    while text[place] != "]":
        element, end = _decode(text, place)
        take(element)
        end = _next(text, end, "]")
        bar.update(end - place)
        place = end
    return place + 1


def _next(text: str, place: int, close: str) -> int:
    """Where the next element begins, or the bracket that closes."""
    place = _skip(text, place)
    return place if text[place] == close else _after(text, place, ",")


def _after(text: str, place: int, mark: str) -> int:
    place = _skip(text, place)
    if text[place] != mark:
        raise ValueError(f"expected {mark} at character {place}, found {text[place]!r}")
    return _skip(text, place + 1)


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return place if found is None else found.end()
