"""What is said, once in a process, where shared memory is short."""

from __future__ import annotations

import os

from feedline.loader.telling import tell

_SHM = "/dev/shm"
_told: set[str] = set()


def tell_of_small_shm(needed: int) -> None:
    """Where torch's loader would have died: ours needs nothing there, but other code of the program may.

    Args:
        needed: bytes of all batches that are under way at one time.
    """
    try:
        found = os.statvfs(_SHM)
    except OSError:
        return
    size = found.f_blocks * found.f_frsize
    if size < needed:
        _say(
            "shm",
            f"{_SHM} has {_mb(size)} and the batches under way take up to {_mb(needed)}: they lie in anonymous memory "
            f"instead, which needs no setting. What else shares tensors here needs a larger {_SHM}, in a container "
            f"--shm-size={-(-needed // 2**20)}m",
        )


def tell_of_pipe(nbytes: int, why: str) -> None:
    """A batch of so many bytes found no shared memory."""
    _say(
        "pipe",
        f"no shared memory for a batch of {_mb(nbytes)} ({why}): such batches go through the pipe, which is slower; "
        "make room for them (memory limit, `ulimit -f`, `ulimit -n`), or use smaller batches or fewer workers",
    )


def _say(what: str, text: str) -> None:
    if what not in _told:
        _told.add(what)
        tell(text)


def _mb(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"
