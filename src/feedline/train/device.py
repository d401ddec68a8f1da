"""Where the network computes."""

from __future__ import annotations

import torch

from feedline.errors import RunError


def pick_device(name: str = "auto") -> torch.device:
    """The device called ``name``: "auto" (the best that is there), "cpu", "cuda", "cuda:1", "mps".

    Raises:
        RunError: no such device on this machine.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or not there.get(device.type, False):
        found = ", ".join(kind for kind in there if there[kind])
        raise RunError(f"no device {name!r} on this machine; there is {found}")
    return device
