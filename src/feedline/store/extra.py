"""What else is known of a sample, as JSON; what JSON cannot tell is an object that says its form under one name.

{"$feedline": "tuple", "items": [640, 480]}
{"$feedline": "array", "dtype": "<f4", "shape": [2, 1], "values": [0.5, 1.0]}
{"$feedline": "scalar", "dtype": "<i8", "value": 3}
{"$feedline": "rle", "height": 2, "width": 3, "counts": [1, 2, 3]}
{"$feedline": "bytes", "base64": "AAE="}
{"$feedline": "number", "value": "nan"}
{"$feedline": "mapping", "items": [[0, "a key that is no text"], ["$feedline", "a user's own key"]]}
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.rle import Rle, check_counts

_FORM = "$feedline"
_KINDS = "biuf"
"""Of NumPy: true or false, whole numbers, and others."""
_WIDEST = 8
"""Bytes of a number of an array: what is wider is no number of Python's."""
_DTYPE = re.compile(rf"[<>|][{_KINDS}][1248]")
_DEEPEST = 64
"""Of values in each other: what others read without a fault."""
_MOST_BITS = 8192
"""Of a whole number: Python refuses to read what has more than 4300 digits."""


def text_of(extra: Mapping[Any, Any]) -> str | None:
    """The JSON of what else is known of a sample, in ASCII; None where that is nothing. Equal for equal values.

    Kept are None, true and false, numbers, text, bytes, lists, tuples, mappings, ``Rle``, and NumPy's arrays and
    scalars of booleans, whole and floating-point numbers of up to 8 bytes.

    Raises:
        TypeError: something else is in it; names it.
    """
    return json.dumps(_told(extra, "extra", 0), sort_keys=True, allow_nan=False) if extra else None


def extra_of(text: str | None) -> dict[str, Any]:
    """What ``text_of`` was given.

    Raises:
        ValueError, TypeError, KeyError, OverflowError, RecursionError: it is not of this form.
    """
    found = _read(json.loads(text)) if text else {}
    if not isinstance(found, dict):
        raise ValueError(f"extra must be names and values, not {found!r:.40}")
    return found


def keepable(value: Any) -> bool:
    """Whether ``text_of`` keeps a value of ``extra``."""
    try:
        _told(value, "value", 1)
    except TypeError:
        return False
    return True


def _told(value: Any, where: str, depth: int) -> Any:
    """The value as JSON has it; ``where`` it is, in words, and how deep."""
    if depth > _DEEPEST:
        raise TypeError(f"{where:.80} cannot be kept in a store: values may lie in each other {_DEEPEST} deep")
    if isinstance(value, np.generic | np.ndarray) and not isinstance(value, str | bytes):
        return _told_numpy(value, where)
    for kind, told in _PLAIN.items():
        if isinstance(value, kind):
            return told(value, where)
    if isinstance(value, Mapping):
        return _told_mapping(value, where, depth)
    if isinstance(value, list | tuple):
        items = [_told(item, f"{where}[{place}]", depth + 1) for place, item in enumerate(value)]
        return items if isinstance(value, list) else _formed("tuple", items=items)
    raise _refused(value, where)


def _refused(value: Any, where: str, why: str = "plain values, bytes, NumPy's numbers and Rle can") -> TypeError:
    return TypeError(f"{where} cannot be kept in a store: it is of {type(value).__name__}, and {why}")


def _formed(form: str, **values: Any) -> dict[str, Any]:
    return {_FORM: form, **values}


def _told_mapping(value: Mapping[Any, Any], where: str, depth: int) -> Any:
    items = [
        (_told(key, f"a key of {where}", depth + 1), _told(item, f"{where}[{key!r:.40}]", depth + 1))
        for key, item in value.items()
    ]
    if all(isinstance(key, str) for key in value) and _FORM not in value:
        return dict(items)
    return _formed("mapping", items=sorted(items, key=_order))


def _order(item: tuple[Any, Any]) -> tuple[int, str]:
    """Of a mapping's items: equal mappings are told in equal words."""
    text = json.dumps(item[0], sort_keys=True)
    return len(text), text


def _told_numpy(value: Any, where: str) -> Any:
    kind = value.dtype
    if kind.kind not in _KINDS or kind.itemsize > _WIDEST or isinstance(value, np.ma.MaskedArray):
        raise _refused(value, where, "of NumPy's arrays those of numbers of up to 8 bytes can")
    if isinstance(value, np.generic):
        return _formed("scalar", dtype=kind.str, value=_told(value.item(), where, 0))
    values = value.ravel().tolist()
    if kind.kind == "f" and not np.isfinite(value).all():
        values = [_told_float(number) for number in values]
    return _formed("array", dtype=kind.str, shape=list(value.shape), values=values)


def _told_int(value: int, where: str) -> int:
    if value.bit_length() > _MOST_BITS:
        raise TypeError(f"{where} cannot be kept in a store: it has more than {_MOST_BITS} bits")
    return int(value)


def _told_float(value: float, _: str = "") -> Any:
    return float(value) if math.isfinite(value) else _formed("number", value=repr(float(value)))


def _told_rle(value: Rle, where: str) -> Any:
    try:
        return _formed("rle", **_sized(int(value.height), int(value.width), np.asarray(value.counts).tolist()))
    except (DataError, ValueError, TypeError) as error:
        raise TypeError(f"{where} cannot be kept in a store: {error}") from error


def _sized(height: Any, width: Any, counts: Any) -> dict[str, Any]:
    """The fields of an ``Rle`` of plain values; raises ValueError or DataError where they do not fit each other."""
    numbers = [height, width, *counts] if isinstance(counts, list) else [None]
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("run lengths, width and height must be whole numbers from 0")
    return {"height": height, "width": width, "counts": check_counts(counts, height, width)}


_PLAIN: Mapping[type, Callable[[Any, str], Any]] = {
    type(None): lambda *_: None,
    bool: lambda value, _: value,
    int: _told_int,
    float: _told_float,
    str: lambda value, _: str.__str__(value),
    bytes: lambda value, _: _formed("bytes", base64=base64.b64encode(value).decode()),
    Rle: _told_rle,
}


def _read(told: Any) -> Any:
    """What ``_told`` was given."""
    if isinstance(told, list):
        return [_read(item) for item in told]
    if not isinstance(told, dict):
        return told
    if _FORM in told:
        return _FORMS[told[_FORM]](told)
    return {name: _read(value) for name, value in told.items()}


def _read_mapping(told: Mapping[str, Any]) -> dict[Any, Any]:
    return {_read(key): _read(value) for key, value in told["items"]}


def _read_array(told: Mapping[str, Any]) -> NDArray[Any]:
    values = np.array([_read(value) for value in told["values"]], _dtype(told["dtype"]))
    found = values.reshape(told["shape"])
    if list(found.shape) != told["shape"]:
        raise ValueError(f"an array cannot be of shape {told['shape']!r:.40}")
    return found


def _dtype(name: Any) -> np.dtype[Any]:
    """Of what numbers; raises ValueError or TypeError where they are none that are kept."""
    if not _DTYPE.fullmatch(name):
        raise ValueError(f"an array cannot be of {name!r:.40}")
    found: np.dtype[Any] = np.dtype(name)
    return found


def _read_scalar(told: Mapping[str, Any]) -> Any:
    return _dtype(told["dtype"]).type(_read(told["value"]))


def _read_rle(told: Mapping[str, Any]) -> Rle:
    try:
        found = _sized(told["height"], told["width"], told["counts"])
    except DataError as error:
        raise ValueError(str(error)) from error
    return Rle(found["height"], found["width"], np.array(found["counts"], np.uint32))


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "tuple": lambda told: tuple(map(_read, told["items"])),
    "array": _read_array,
    "scalar": _read_scalar,
    "rle": _read_rle,
    "bytes": lambda told: base64.b64decode(told["base64"], validate=True),
    "number": lambda told: float(told["value"]),
    "mapping": _read_mapping,
}
