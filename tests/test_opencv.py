"""_opencv.py: a forked child does not use OpenCV's threads."""

import os

import cv2

import feedline


def test_a_child_works_alone_and_the_parent_as_before():
    assert feedline.transforms
    before = cv2.getNumThreads()
    child = os.fork()
    if not child:
        os._exit(cv2.getNumThreads())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) <= 1
    assert cv2.getNumThreads() == before
