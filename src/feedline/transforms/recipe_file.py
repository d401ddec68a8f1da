"""Recipes: transforms in a YAML file, which the command and a program read alike.

transforms:
- RandomResizedCrop: {size: 224, scale: [0.3, 1.0]}
- RandomHorizontalFlip
- RandomApply: {p: 0.3, transforms: [GaussianBlur: 5]}
- ToTensor
- Normalize: {mean: 0.5, std: 0.5}
"""

from __future__ import annotations

import os
from typing import Any

import yaml
from yaml.error import MarkedYAMLError
from yaml.representer import RepresenterError

from feedline._atomic import write_whole
from feedline.errors import TransformError
from feedline.transforms.compose import Compose
from feedline.transforms.recipe import NESTED, from_recipe, to_recipe

_LARGEST = 2**18
_MOST = 10_000
_EXAMPLE = "'transforms:' and below it '- Resize: 224'"


def load_recipe(path: str | os.PathLike[str]) -> Compose:
    """The transforms that a recipe file says: a list of steps, or a mapping whose only key is ``transforms``.

    Raises:
        TransformError: it is no YAML, too large or no recipe, or a step in it is wrong; names file and step.
        OSError: it cannot be read.
    """
    name = os.fspath(path)
    content = _parsed(name)
    if isinstance(content, dict):
        others = [key for key in content if key != NESTED]
        if others or not content:
            raise TransformError(f"{name}: a recipe has one key, 'transforms', not {others[0] if others else 'none'!r}")
        content = content[NESTED]
    if not isinstance(content, list):
        what = "nothing" if content is None else f"a {type(content).__name__}"
        raise TransformError(f"{name}: a recipe is a list of steps, as {_EXAMPLE}, not {what}")
    try:
        return from_recipe(content)
    except TransformError as error:
        raise TransformError(f"{name}: {error}") from error


def save_recipe(compose: Compose, path: str | os.PathLike[str]) -> None:
    """Writes the file that ``load_recipe`` reads the same transforms from; defaults are left out.

    Raises:
        TransformError: a step is foreign, or a parameter no plain value.
        OSError: it cannot be written.
    """
    steps = [_short(entry) for entry in to_recipe(compose)]
    try:
        text = yaml.safe_dump({NESTED: steps}, sort_keys=False, default_flow_style=None, width=100)
    except RepresenterError as error:
        raise TransformError(f"{os.fspath(path)}: {error.args[1]!r} cannot be written down as data") from error
    write_whole(path, text)


class _Loader(yaml.SafeLoader):
    """YAML's plain values; of a key that stands twice in a mapping none is taken."""

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            written = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else key
            if written in seen:
                raise MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(written)
        return node


def _short(value: Any) -> Any:
    """Steps as people write them: a name, or a name with its parameters below it."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    if not isinstance(value, dict) or "name" not in value:
        return value
    parameters = {key: _short(item) for key, item in value.items() if key != "name"}
    return {value["name"]: parameters} if parameters else value["name"]


def _parsed(path: str) -> Any:
    with open(path, "rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise TransformError(f"{path}: a recipe has at most {_LARGEST:,} bytes, and this has more")
    try:
        content = yaml.load(data, _Loader)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        raise TransformError(f"{path}: no YAML: {place}{error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TransformError(f"{path}: no YAML: {' '.join(str(error).split())}") from error
    _check_count(content, path)
    return content


def _check_count(content: Any, path: str) -> None:
    """Raises TransformError for what aliases blow up, or turn into itself."""
    waiting, seen = [content], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > _MOST:
            raise TransformError(f"{path}: a recipe holds at most {_MOST:,} values, aliases counted, and this more")
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
