"""Pickles that hold plain data and nothing else: read without running what they ask for."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from typing import Any, Literal

import numpy as np

from feedline.errors import DataError

MAX_BYTES = 2**31
"""The largest pickle that is read."""

_NUMBERS = "biufS"


class _NotPlainError(Exception):
    """What the pickle asks for, which plain data does not."""


def read_plain_pickle(path: str | os.PathLike[str], encoding: Literal["bytes", "latin1", "ASCII"] = "bytes") -> Any:
    """What is pickled in the file: numbers, text, bytes, lists, tuples, sets, dicts and arrays of numbers.

    Nothing is imported and nothing that the file names is called: arrays are built by functions of this module.

    Args:
        path: the file.
        encoding: what the text of Python 2 becomes; arrays of Python 2 need "bytes" or "latin1".

    Raises:
        DataError: no such file, one larger than ``MAX_BYTES``, no pickle, or one that asks for anything else.
    """
    place = os.fspath(path)
    try:
        data = _read(place)
        _require_modest(data)
        return _PlainUnpickler(io.BytesIO(data), encoding=encoding).load()
    except _NotPlainError as error:
        raise DataError(
            f"refused to unpickle {place}: {error}; only plain data and arrays of numbers are read"
        ) from None
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"no such file: {place}") from error
    except Exception as error:  # a damaged pickle raises anything
        raise DataError(f"cannot read {place} as a pickle: {error or type(error).__name__}") from error


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DataError(f"{path} has more than {MAX_BYTES} bytes: too large for a pickle")
    return data


def _require_modest(data: bytes) -> None:
    """Raises a _NotPlainError where the pickle numbers its objects beyond its own bytes: each number takes memory."""
    for code, argument, _ in pickletools.genops(data):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(data):
            raise _NotPlainError(f"it asks for room for {argument} objects")


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What builds arrays, for the names that they are pickled by; a _NotPlainError for all others."""
        if (module, name) not in _PLAIN:
            raise _NotPlainError(f"it asks for {module}.{name}")
        return _PLAIN[module, name]

    def persistent_load(self, name: Any) -> Any:
        raise _NotPlainError("it asks for an object outside of it")

    def get_extension(self, code: int) -> Any:
        raise _NotPlainError("it asks for a registered extension")


class _Dtype:
    """Takes the place of a dtype until its state is there: numbers of one size, in either byte order."""

    def __init__(self, name: Any, *_: Any) -> None:
        text = name.decode("ascii") if isinstance(name, bytes) else name
        if not isinstance(text, str) or len(text) > 8:
            raise _NotPlainError("it asks for a dtype with fields")
        self.dtype = np.dtype(text)
        if self.dtype.kind not in _NUMBERS:
            raise _NotPlainError(f"it asks for an array of {text}")

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if any(field is not None for field in state[2:5]):
            raise _NotPlainError("it asks for a dtype with fields")
        if order in ("<", ">"):
            self.dtype = np.dtype(f"{order}{self.dtype.str[1:]}")


class _Array(np.ndarray[Any, Any]):
    """An array that takes its content from the pickle, where that is numbers and as many as it needs."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, by_columns, content = state
        if not isinstance(dtype, _Dtype):
            raise _NotPlainError("it asks for an array of objects")
        values = np.frombuffer(_raw(content), dtype.dtype)
        state = (1, _shape(shape), dtype.dtype, bool(by_columns), values.tobytes())
        super().__setstate__(state)


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise _NotPlainError("it asks for an array without a shape")
    return shape


class _Kind:
    """Stands for the class of arrays; cannot be called or changed, as nothing that a pickle gets hold of can."""

    __slots__ = ()


class _MakeDtype:
    __slots__ = ()

    def __call__(self, *arguments: Any) -> _Dtype:
        return _Dtype(*arguments)


class _MakeArray:
    __slots__ = ()

    def __call__(self, *_: Any) -> _Array:
        return _Array((0,), np.uint8)


class _MakeNumber:
    __slots__ = ()

    def __call__(self, dtype: Any, content: Any) -> Any:
        if not isinstance(dtype, _Dtype):
            raise _NotPlainError("it asks for a number that is none")
        return np.frombuffer(_raw(content), dtype.dtype, 1)[0]


class _FromBuffer:
    """What protocol 5 makes arrays of."""

    __slots__ = ()

    def __call__(self, content: Any, dtype: Any, shape: Any, order: Any) -> Any:
        if not isinstance(dtype, _Dtype):
            raise _NotPlainError("it asks for an array of objects")
        return np.frombuffer(_raw(content), dtype.dtype).reshape(_shape(shape), order="F" if order == "F" else "C")


class _NoBytes:
    """How protocols before 3 hold no bytes at all."""

    __slots__ = ()

    def __call__(self) -> bytes:
        return b""


class _Encode:
    """How protocols before 3 hold bytes."""

    __slots__ = ()

    def __call__(self, text: Any, encoding: Any) -> bytes:
        if encoding not in ("latin1", "latin-1"):
            raise _NotPlainError("it asks for an unusual encoding")
        return _raw(text)


def _raw(content: Any) -> bytes:
    """The bytes of numbers, which Python 2 had as text."""
    raw = content.encode("latin1") if isinstance(content, str) else content
    if not isinstance(raw, bytes | bytearray):
        raise _NotPlainError("it asks for an array of objects")
    return bytes(raw)


_PLAIN: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _MakeDtype(),
    ("numpy", "ndarray"): _Kind(),
    ("_codecs", "encode"): _Encode(),
    ("builtins", "bytes"): _NoBytes(),
    ("__builtin__", "bytes"): _NoBytes(),
    ("collections", "OrderedDict"): dict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
}
for _core in ("numpy.core", "numpy._core"):
    _PLAIN[f"{_core}.multiarray", "_reconstruct"] = _MakeArray()
    _PLAIN[f"{_core}.multiarray", "scalar"] = _MakeNumber()
    _PLAIN[f"{_core}.numeric", "_frombuffer"] = _FromBuffer()
