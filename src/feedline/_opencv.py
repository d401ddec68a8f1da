"""OpenCV and fork: its pool of threads, and the lock that it takes for each call, may be left locked in a child.

A process that is forked while another thread warps a picture would wait for that lock in its first call, without end.
In a child OpenCV works in the calling thread alone, which takes neither; the workers are what uses the cores there.
"""

from __future__ import annotations

import os

import cv2


def _alone() -> None:
    cv2.setNumThreads(0)


os.register_at_fork(after_in_child=_alone)
