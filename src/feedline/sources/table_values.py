"""Arrow columns to numbers and paths: labels, targets, boxes."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.errors import DataError
from feedline.sources.files import SUSPICIOUS
from feedline.types import UNLABELLED

Where = Callable[[int], str]
"""The place of a row, in words."""
Inside = Callable[[str, str], str]
"""A path that may be odd, and the place of its row in words, to a path relative to the root; raises DataError."""
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})(\.0+)?")
_MOST_CLASSES = 2**20
_BRACKETS = str.maketrans("[](),;", "      ")


def plain_paths(column: Any, where: Where, inside: Inside) -> Any:
    """Paths relative to the root, as an Arrow array of large_string; raises DataError."""
    arrow, compute = require("pyarrow", "table"), require("pyarrow.compute", "table")
    paths = _texts(column)
    if paths is None:
        raise DataError(f"{where(0)}: a column of images must hold paths, or bytes in Parquet, not {column.type}")
    odd = np.flatnonzero(_numpy(compute.match_substring_regex(paths, SUSPICIOUS)))
    if len(odd) == 0:
        return paths
    mended = [inside(paths[row].as_py(), where(row)) for row in odd.tolist()]
    mask = np.zeros(len(paths), bool)
    mask[odd] = True
    return compute.replace_with_mask(paths, arrow.array(mask), arrow.array(mended, arrow.large_string()))


def label_numbers(
    column: Any, name: str, where: Where, classes: Sequence[str] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """The class of each row (UNLABELLED: none) and the classes' names; raises DataError."""
    texts = _texts(column)
    if texts is not None:
        return _named(texts, name, where, classes)
    values = numbers(column, name, where)
    wrong = np.flatnonzero(~np.isnan(values) & ((values % 1 != 0) | (np.abs(values) > 2**53)))
    if len(wrong):
        raise _no_class(where(int(wrong[0])), name, f"{values[wrong[0]]:g}")
    return _counted(np.where(np.isnan(values), UNLABELLED, values).astype(np.int64), name, where, classes)


def numbers(column: Any, name: str, where: Where) -> NDArray[np.float64]:
    """A column as float64, NaN where it is empty; raises DataError."""
    arrow, compute = require("pyarrow", "table"), require("pyarrow.compute", "table")
    texts = _texts(column)
    plain = _one(column) if texts is None else compute.if_else(compute.equal(texts, ""), None, texts)
    if arrow.types.is_boolean(plain.type):
        plain = plain.cast(arrow.int8())
    try:
        return np.array(_numpy(plain.cast(arrow.float64(), safe=False)), np.float64)
    except arrow.ArrowException as error:
        for row, value in enumerate(plain):
            if not _is_number(value.as_py()):
                raise DataError(f"{where(row)}: column {name!r} must hold numbers, not {value.as_py()!r}") from error
        raise DataError(f"column {name!r} must hold numbers: {error} ({where(0)} and on)") from error


def box_lists(column: Any, name: str, where: Where) -> NDArray[np.float64]:
    """N x 4 numbers from a column of lists, or of text such as "[1, 2, 3, 4]"; NaN where it is empty."""
    arrow = require("pyarrow", "table")
    found = array("d")
    texts = _texts(column)
    column = _one(column) if texts is None else texts
    if texts is None and not (
        arrow.types.is_list(column.type)
        or arrow.types.is_large_list(column.type)
        or arrow.types.is_fixed_size_list(column.type)
        or arrow.types.is_null(column.type)
    ):
        raise DataError(f"{where(0)}: column {name!r} must hold lists of four numbers, not {column.type}")
    for row, value in enumerate(column):
        given = value.as_py()
        try:
            four = [
                float(part) for part in (given.translate(_BRACKETS).split() if isinstance(given, str) else given or ())
            ]
        except (TypeError, ValueError):
            four = [math.nan]
        if len(four) not in (0, 4):
            raise DataError(f"{where(row)}: column {name!r} must hold lists of four numbers, not {given!r}")
        found.extend(four or [math.nan] * 4)
    return np.array(found, np.float64).reshape(-1, 4)


def corners(boxes: NDArray[np.float64], form: str) -> NDArray[np.float64]:
    """Left, top, right, bottom of boxes in this format."""
    if form == "xyxy":
        return boxes
    first, size = boxes[:, :2], boxes[:, 2:]
    start = first if form == "xywh" else first - size / 2
    return np.hstack([start, start + size])


def _named(texts: Any, name: str, where: Where, classes: Sequence[str] | None) -> tuple[NDArray[np.int64], list[str]]:
    """Classes in words; words that are all whole numbers are these, and empty ones and NaN are none."""
    encoded = texts.dictionary_encode()
    words, codes = encoded.dictionary.to_pylist(), _numpy(encoded.indices)
    if len(words) > _MOST_CLASSES:
        raise DataError(
            f"column {name!r} has {len(words):,} different labels: is it one of classes? ({where(0)} and on)"
        )
    known = [word for word in words if not _is_none(word)]
    places = {word: place for place, word in enumerate(sorted(known) if classes is None else classes)}
    whole = bool(known) and all(_WHOLE.fullmatch(word) for word in known)
    if whole and (classes is None or not set(known) <= set(places)):
        values = np.array([UNLABELLED if _is_none(word) else int(word.partition(".")[0]) for word in words], np.int64)
        return _counted(values[codes], name, where, classes)
    for number, word in enumerate(words):
        unknown = classes is not None and word not in places
        if not _is_none(word) and (unknown or (classes is None and _is_measure(known))):
            raise _no_class(where(int(np.flatnonzero(codes == number)[0])), name, word)
    values = np.array([UNLABELLED if _is_none(word) else places[word] for word in words], np.int64)
    return values[codes], list(places)


def _counted(
    values: NDArray[np.int64], name: str, where: Where, classes: Sequence[str] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """Classes that are numbers from 0, and -1 for none; without names they are called by them."""
    most = _MOST_CLASSES if classes is None else len(classes)
    wrong = np.flatnonzero((values < UNLABELLED) | (values >= most))
    if len(wrong):
        raise DataError(
            f"{where(int(wrong[0]))}: a label that is a number must be from 0 to {most - 1}, or -1 for none, "
            f"not {values[wrong[0]]} in column {name!r}"
        )
    if classes is not None:
        return values, list(classes)
    return values, [str(number) for number in range(int(values.max(initial=-1)) + 1)]


def _no_class(where: str, name: str, value: str) -> DataError:
    return DataError(
        f"{where}: column {name!r} has {value!r}, which is no class: give classes= with all names, "
        f"or targets=[{name!r}] if these are numbers to be learnt"
    )


def _is_none(word: str) -> bool:
    return word == "" or word.lower() == "nan"


def _is_measure(words: list[str]) -> bool:
    """Whether all are numbers with decimals or exponents, and not numbers written as names, as 01 is."""
    return all(_is_number(word) for word in words) and any(set(word) & set(".eE") for word in words)


def _is_number(value: Any) -> bool:
    try:
        float(0.0 if value is None else value)
    except (TypeError, ValueError):
        return False
    return True


def _texts(column: Any) -> Any:
    """The column as one array of large_string, trimmed, empty for null; None where it is not of text."""
    arrow, compute = require("pyarrow", "table"), require("pyarrow.compute", "table")
    whole = _one(column)
    if not (arrow.types.is_string(whole.type) or arrow.types.is_large_string(whole.type)):
        return None
    return compute.fill_null(compute.utf8_trim_whitespace(whole.cast(arrow.large_string())), "")


def _one(column: Any) -> Any:
    """A column of many chunks as one array, its dictionary resolved."""
    arrow = require("pyarrow", "table")
    whole = column.combine_chunks() if isinstance(column, arrow.ChunkedArray) else column
    whole = arrow.concat_arrays(whole.chunks) if isinstance(whole, arrow.ChunkedArray) else whole
    return whole.cast(whole.type.value_type) if arrow.types.is_dictionary(whole.type) else whole


def _numpy(values: Any) -> NDArray[Any]:
    found: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return found
