"""A layer of a network, by the name that ``named_modules()`` gives it."""

from __future__ import annotations

from difflib import get_close_matches

from torch import nn
from torch.nn.parameter import is_lazy

_LISTED = 40  # names in an error


def named_layer(model: nn.Module, name: str) -> nn.Module:
    """The layer of this name; one that is shared has each of its names, and "" is the model itself.

    Raises:
        ValueError: no layer of that name; the message has those that are close to it, and those that there are.
    """
    layers: dict[str, nn.Module] = dict(model.named_modules(remove_duplicate=False))
    if name in layers:
        return layers[name]
    names = [other for other in layers if other]
    close = get_close_matches(name, names, n=3)
    meant = f"; close to it are {', '.join(close)}" if close else ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    listed = f"there are {', '.join(names[:_LISTED])}{more}" if names else "it has no layers in it"
    raise ValueError(f"no layer of the {type(model).__name__} is called {name!r}{meant}; {listed}")


def require_initialised(model: nn.Module) -> None:
    """Lazy layers would take their shape from whoever only came to look.

    Raises:
        ValueError: a parameter or buffer that has no shape yet.
    """
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if is_lazy(tensor):
            raise ValueError(f"{name} is lazy and has no shape yet: give the model a batch first")
