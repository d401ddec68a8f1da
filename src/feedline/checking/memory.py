"""What earlier checks found, by each file's path, size and time of change."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import PIL
from numpy.typing import NDArray

from feedline._atomic import replacing
from feedline._cache import cache_folder
from feedline.codecs.check import VERSION, Problem
from feedline.errors import Kind

_VERSIONS = f"{cv2.__version__} {PIL.__version__} {find_spec('rawpy') is not None}"
_DIGEST = np.dtype("V16")

Look = Callable[[str, int], Problem | None]


class CheckMemory:
    """Answers of :func:`check_file` for the files below one root; 16 bytes for each good file.

    As a context it saves what is new when it ends, also when it is interrupted. What cannot be read or written is
    not remembered, and that is all.

    Args:
        root: the folder whose files are asked for; None remembers nothing.
        mode: what they are decoded to.
    """

    def __init__(self, root: str | None, mode: str = "unchanged") -> None:
        self._how = f"{VERSION} {mode} {_VERSIONS}"
        self._file = None if root is None else cache_folder() / f"check-{_digest(root).hex()}.npz"
        self._good, self._broken = _load(self._file)
        self._seen_good: list[bytes] = []
        self._seen_broken: dict[str, tuple[Kind, str]] = {}
        self._lock = threading.Lock()

    def recall(self, path: str, index: int, look: Look) -> Problem | None:
        """What is remembered of the file as it is now, else what ``look`` says."""
        stamp = None if self._file is None else _stamp(path, self._how)
        if stamp is None:
            return look(path, index)
        if stamp in self._good:
            problem = None
        elif stamp.hex() in self._broken:
            kind, cause = self._broken[stamp.hex()]
            problem = Problem(path, index, kind, cause)
        else:
            problem = look(path, index)
        self._note(stamp, problem)
        return problem

    def _note(self, stamp: bytes, problem: Problem | None) -> None:
        with self._lock:
            if problem is None:
                self._seen_good.append(stamp)
            elif problem.kind != "unreadable":  # rights and disks mend without a new time of change
                self._seen_broken[stamp.hex()] = (problem.kind, problem.cause)

    def __enter__(self) -> CheckMemory:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._file is None:
            return
        good, broken = self._seen_good, self._seen_broken
        if kind is not None:  # not every file was asked for: what was known before stays
            good, broken = [*self._good.union(good)], {**self._broken, **broken}
        packed = json.dumps(broken).encode()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._file) as stream:
                np.savez(stream, good=np.frombuffer(b"".join(good), _DIGEST), broken=np.frombuffer(packed, np.uint8))
        except OSError:
            return


def _load(file: Path | None) -> tuple[set[bytes], dict[str, tuple[Kind, str]]]:
    if file is None:
        return set(), {}
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            good: NDArray[np.void] = arrays["good"]
            broken = json.loads(arrays["broken"].tobytes())
        return set(good.tolist()), {stamp: (kind, cause) for stamp, (kind, cause) in broken.items()}
    except Exception:  # whatever lies there, it is no memory
        return set(), {}


def _stamp(path: str, how: str) -> bytes | None:
    """What identifies this state of the file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return _digest(f"{how} {status.st_size} {status.st_mtime_ns} {path}")


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()
