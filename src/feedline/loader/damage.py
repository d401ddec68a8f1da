"""Whether a loader's state is whole: every entry is there, and of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_MOST_AHEAD = 10**7
_GIVE = "give load_state_dict what state_dict() returned, unchanged"


def check_whole(state: Any, version: int) -> None:
    """Raises ValueError for what is no state of a loader, is one of another version, or is damaged."""
    if not isinstance(state, Mapping) or "version" not in state:
        raise ValueError(f"this is no state of a feedline loader: {type(state).__name__} without a version; {_GIVE}")
    if state["version"] != version:
        raise ValueError(
            f"a loader's state of version {version} is read here, this one is of {state['version']!r}: "
            "use the feedline that it was taken with, or begin a new run"
        )
    missing = [name for name in _RULES if name not in state]
    if missing:
        raise ValueError(f"this loader's state is not whole, {', '.join(missing)} missing: {_GIVE}")
    for name, is_right in _RULES.items():
        if not is_right(state[name]):
            raise ValueError(f"this loader's state is damaged, its {name} is {state[name]!r}: {_GIVE}")


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_run(value: Any) -> bool:
    """Two numbers; and not so many between them that the memory would not hold them."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(map(_is_count, value))
        and value[0] < value[1] <= value[0] + _MOST_AHEAD
    )


def _is_none_or(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


def _all_are(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(map(rule, value))


def _has(**rules: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A dictionary of just these entries, each of its kind."""
    return lambda value: (
        isinstance(value, Mapping) and set(value) == set(rules) and all(rules[name](value[name]) for name in rules)
    )


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, str) for each in [*value, *value.values()])


_ANYTHING: Callable[[Any], bool] = lambda _: True  # noqa: E731 - the user's own

_RULES: dict[str, Callable[[Any], bool]] = {
    "epoch": _is_count,
    "seed": _is_none_or(_is_integer),
    "batch": _is_count,
    "ahead": _all_are(_is_run),
    "errors": _is_count,
    "begun": _is_none_or(_has(fresh=_is_flag, twice=_is_flag, base_seed=_is_integer, offset=_is_count)),
    "told": _is_none_or(_is_integer),
    "workers": _is_none_or(_is_integer),
    "generators": _are_texts,
    "sampler": _is_none_or(_has(at=_is_count, state=_ANYTHING)),
    "streams": _all_are(_has(batches=_is_count, ended=_is_flag, at=_is_none_or(_is_count), state=_ANYTHING)),
    "turn": _is_count,
    "dataset": _ANYTHING,
    "data": lambda value: isinstance(value, Mapping),
}
