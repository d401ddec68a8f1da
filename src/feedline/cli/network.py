"""A network from what a user types as MODEL."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import typer

from feedline import nn
from feedline.cli.trained import load_trained, task_of_run
from feedline.cli.translator import load_translator
from feedline.errors import DataError
from feedline.types import Spec


@dataclass(frozen=True)
class Network:
    """A network, and the (channels, height, width) of its inputs where that is known."""

    model: torch.nn.Module
    input_shape: tuple[int, ...] | None = None


def network_of(text: str, input_shape: Sequence[int] | None = None, classes: int | None = None) -> Network:
    """A name of ours, a run folder or checkpoint, or ``package.module:callable``; on the CPU.

    The callable is looked for in the working directory too. It is a network, or called without arguments it gives one.

    Args:
        text: what the user typed.
        input_shape: (channels, height, width), which a network of ours is made for.
        classes: how many logits a network of ours gives, 10 where nothing is said; other networks have their own.

    Raises:
        typer.BadParameter: it is none of these, or is ours and wants a shape, or cannot take that one, or classes are
            said of one that is not made for them.
        RunError, CheckpointError: the folder or file holds no network.
        DataError: the module does not load, or does not give a network.
    """
    if classes is not None and text not in nn.MODELS:
        raise typer.BadParameter(f"--classes is for {', '.join(sorted(nn.MODELS))}, not {text}")
    if text in _NAMES:
        return _named(text, input_shape, classes or _CLASSES)
    if Path(text).exists():
        return _trained(Path(text))
    if ":" in text:
        return Network(_imported(text))
    raise typer.BadParameter(
        f"a network is one of {', '.join(_NAMES)}, a run folder or checkpoint, or package.module:callable, not {text!r}"
    )


_CLASSES = 10
_FLAT = ("linear", "mlp")  # take inputs of any shape
_NAMES = [*sorted({**nn.MODELS, **nn.GENERATORS}), "patchgan"]


def _named(name: str, input_shape: Sequence[int] | None, classes: int) -> Network:
    if input_shape is None:
        raise typer.BadParameter(f"{name} is made for one size of images: say it, such as --input 3x224x224")
    if len(input_shape) != 3 and name not in _FLAT:
        raise typer.BadParameter(
            f"{name} takes channels x height x width, such as 3x224x224, not {'x'.join(map(str, input_shape))}"
        )
    try:
        return Network(_built(name, input_shape, classes), tuple(input_shape))
    except ValueError as error:
        raise typer.BadParameter(f"{name}: {error}") from error
    except (RuntimeError, MemoryError, OverflowError, TypeError) as error:
        shape = "x".join(map(str, input_shape))
        said = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{name} cannot be built for {shape} and {classes} classes: {said}") from error


def _built(name: str, input_shape: Sequence[int], classes: int) -> torch.nn.Module:
    """A generator gives as many channels as it takes; a discriminator takes those of both pictures."""
    if name in nn.MODELS:
        return nn.build(name, input_shape, classes)
    channels, height, width = input_shape
    if name == "patchgan":
        return nn.patchgan(channels, size=(height, width))
    return nn.generator(name, channels, channels)


def _trained(path: Path) -> Network:
    """Of a run folder or a checkpoint, to classify or to translate."""
    if task_of_run(path) == "classify":
        trained = load_trained(path, "cpu")
        return Network(trained.model, tuple(trained.about.input_shape))
    translator = load_translator(path, "cpu")
    spec = translator.transform.spec(Spec(None, None, translator.input.channels))
    if spec is None or spec.height is None or spec.width is None:
        return Network(translator.model)  # it takes images as they are
    return Network(translator.model, (translator.input.channels, spec.height, spec.width))


def _imported(text: str) -> torch.nn.Module:
    module, _, path = text.partition(":")
    with _working_directory_first():
        found = _loaded(module, text)
        for name in path.split("."):
            if name not in dir(found):
                raise DataError(f"{module} has no {path}: {text}")
            found = getattr(found, name)
        made = found if isinstance(found, torch.nn.Module) or not callable(found) else _called(found, text)
    if not isinstance(made, torch.nn.Module):
        raise DataError(f"{text} is or gives a torch.nn.Module, not {type(made).__name__}")
    return made


@contextmanager
def _working_directory_first() -> Iterator[None]:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _loaded(module: str, text: str) -> Any:
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:
        raise DataError(f"the module of {text} does not load: {type(error).__name__}: {error}") from error


def _called(found: Any, text: str) -> Any:
    try:
        return found()
    except (Exception, SystemExit) as error:
        raise DataError(f"{text} is called without arguments and fails: {type(error).__name__}: {error}") from error


def shape_of(text: str) -> tuple[int, ...]:
    """``3x224x224`` as numbers.

    Raises:
        typer.BadParameter: it is not whole numbers of at least 1, with an x between them.
    """
    parts = text.lower().split("x")
    if not all(part.isdecimal() and int(part) for part in parts):
        raise typer.BadParameter(f"a shape is whole numbers from 1 with an x between, such as 3x224x224, not {text!r}")
    return tuple(map(int, parts))
