"""Every exception that feedline raises on purpose.

    FeedlineError
    ├── DataError           a path, folder or array that cannot be a dataset, or not this one
    ├── DecodeError         one image that cannot be decoded: kind, cause, path, index
    ├── TransformError      a transform's parameter that breaks a rule (also a ValueError)
    ├── ShapeError          a network's layer that does not fit its input, or cannot be at all (also a ValueError)
    ├── CheckpointError     a file that is no checkpoint of feedline's, or not one for this data
    └── RunError            a run folder that is missing, taken or incomplete

Messages say the rule, the value found, the place, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Kind = Literal[
    "unreadable", "empty", "truncated", "wrong type", "corrupt", "unsupported", "too large", "blank", "annotation"
]
"""In which way a sample is broken; the last two can be read: nothing but zeros, or an annotation that does not fit."""
SUSPICIOUS = frozenset({"blank", "annotation"})


class FeedlineError(Exception):
    """The root: catch it to catch all that feedline raises on purpose."""


class DataError(FeedlineError):
    """A path, folder or array that cannot be a dataset, or not the one that was asked for.

    Attributes:
        problems: the samples that are broken, where these are the reason.
    """

    def __init__(self, *args: object, problems: Sequence[Any] = ()) -> None:
        super().__init__(*args)
        self.problems = list(problems)


class DecodeError(FeedlineError):
    """One image that cannot be decoded.

    Attributes:
        cause: what is wrong, in words.
        kind: unreadable, empty, truncated, wrong type, corrupt, unsupported or too large ("blank" never is).
        path: where the bytes came from, once that is known.
        index: the index in the dataset, once that is known.
    """

    def __init__(
        self, cause: str, kind: Kind = "corrupt", *, path: str | None = None, index: int | None = None
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.kind: Kind = kind
        self.path = path
        self.index = index

    def at(self, path: str | None, index: int | None) -> DecodeError:
        """The same error, with its place."""
        return DecodeError(self.cause, self.kind, path=path, index=index)

    def __str__(self) -> str:
        what = "cannot decode" if self.path is None else f"cannot decode {self.path}"
        where = "" if self.index is None else f" (index {self.index})"
        return f"{what}{where}: {self.cause}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _decode_error, (self.cause, self.kind, self.path, self.index)


def _decode_error(cause: str, kind: Kind, path: str | None, index: int | None) -> DecodeError:
    return DecodeError(cause, kind, path=path, index=index)


class TransformError(FeedlineError, ValueError):
    """A transform's parameter that breaks a rule; the message names transform, rule and value."""


class ShapeError(FeedlineError, ValueError):
    """A layer that does not fit what comes in, or cannot be at all; the message names layer, rule and value."""


class CheckpointError(FeedlineError):
    """A file that is no checkpoint of feedline's, or one that does not fit the data it is used on."""


class RunError(FeedlineError):
    """A run folder that is missing, taken or incomplete."""
