"""What samples belong together by, so that a split keeps them on one side."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from feedline.errors import DataError
from feedline.prepare.inputs import Inputs


def groups_by(inputs: Inputs, how: str) -> Sequence[Any]:
    """One value a sample.

    Args:
        inputs: the samples.
        how: "dataset": what the source knows itself; "folder": the folder a file lies in; "name": the file's name
            without its ending; a pattern with a pair of parentheses, whose content in the path it is; or the name of
            an array in the ``.npz`` that the images are from.

    Raises:
        DataError: none of these, or a path in which the pattern is not found.
    """
    if how == "dataset":
        if inputs.groups is None:
            raise DataError('the data know no groups: group by "folder", "name", an array or a pattern such as "(.*)_"')
        return inputs.groups
    if how in ("folder", "name"):
        paths = [PurePosixPath(path) for path in _paths(inputs)]
        return [path.stem if how == "name" else str(path.parent) for path in paths]
    if "(" in how:
        return _found(inputs, how)
    array = _array(inputs, how)
    if array is not None:
        return array
    raise DataError(
        f'cannot group by {how!r}: say "dataset", "folder" or "name", a pattern with parentheses such as '
        '"([^_]*)_", or the name of an array of the .npz that holds the images'
    )


def _paths(inputs: Inputs) -> list[str]:
    return [inputs.origin(place).path(int(inputs.indices[place])) for place in range(len(inputs))]


def _found(inputs: Inputs, pattern: str) -> list[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DataError(f"{pattern!r} is no pattern: {error}") from error
    if compiled.groups != 1:
        raise DataError(f"the pattern must have one pair of parentheses, not {compiled.groups}: {pattern!r}")
    found = []
    for path in _paths(inputs):
        match = compiled.search(path)
        if match is None:
            raise DataError(f"the pattern {pattern!r} is not found in {path}: each path must have it")
        found.append(match[1])
    return found


def _array(inputs: Inputs, name: str) -> list[Any] | None:
    """The values of another array beside the images."""
    file = getattr(inputs.origins[0].source, "file", None)
    if len(inputs.origins) > 1 or not isinstance(file, str) or os.path.splitext(file)[1] != ".npz":
        return None
    with np.load(file, allow_pickle=False) as arrays:
        if name not in arrays.files:
            return None
        values = arrays[name]
    if values.shape != (len(inputs),):
        raise DataError(f"{name} of {file} must have one value a sample, {len(inputs)}, not the shape {values.shape}")
    found: list[Any] = values.tolist()
    return found
