"""Damaged JPEGs with restart markers and damaged offsets, and what the kernel does to them."""

import random
from contextlib import suppress
from functools import cache

import cv2
import numpy as np
from native.mutants import OF_PARTS, good, mutant

from feedline.native import _kernel

SIDE, GUARD = 24, 77
MOST = 2**20
"""Pixels up to which a file that is written again is decoded."""
EXTREMES = (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def tiled(seed, number):
    """A file and its offsets; either may be whole."""
    rng = random.Random(seed << 40 | number)
    files = markered()
    data, offsets = rng.choice(files)
    data, numbers = bytearray(data), offsets.tolist()
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        rng.choice(OF_PARTS["jpeg"])(data, rng, "jpeg", [made for made, _ in files])
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        rng.choice(OF_OFFSETS)(numbers, rng, data)
    return bytes(data), np.array(numbers, np.uint64).astype(np.uint32)


@cache
def markered():
    """Files with a marker every unit or every few, and offsets that fit."""
    made = []
    for every in (1, 3):
        for data in good("jpeg"):
            try:
                rewritten, offsets, _ = _kernel.rewrite_jpeg(data, every)
            except _kernel.Declined:
                continue
            made.append((rewritten, np.frombuffer(offsets, np.uint32)))
    return made


def move_one(numbers, rng, data):
    if numbers:
        place = rng.randrange(len(numbers))
        numbers[place] = (numbers[place] + rng.choice((-2, -1, 1, 2, 8, 100))) % 2**32


def set_one(numbers, rng, data):
    if numbers:
        numbers[rng.randrange(len(numbers))] = rng.choice((*EXTREMES, len(data), len(data) + 2, rng.randrange(2**12)))


def drop_some(numbers, rng, data):
    at = rng.randrange(len(numbers) + 1)
    del numbers[at : at + rng.choice((1, 1, 2, 8))]


def repeat_some(numbers, rng, data):
    at = rng.randrange(len(numbers) + 1)
    numbers[at:at] = numbers[at : at + rng.choice((1, 1, 2, 8))]


def swap_two(numbers, rng, data):
    if numbers:
        one, other = rng.randrange(len(numbers)), rng.randrange(len(numbers))
        numbers[one], numbers[other] = numbers[other], numbers[one]


def find_markers(numbers, rng, data):
    """Those that the file has now, so that damaged codes are decoded by tiles."""
    ends = [at + 2 for at in range(len(data) - 1) if data[at] == 0xFF and (data[at + 1] & 0xF8 == 0xD0)]
    numbers[1:] = [*ends, data.rfind(b"\xff\xd9") + 2]


OF_OFFSETS = (move_one, set_one, drop_some, repeat_some, swap_two, find_markers)


def try_tiles(seed, number, programs):
    """What is wrong with a region by tiles, with a sample by tiles, or with what is written again; None: nothing."""
    data, offsets = tiled(seed, number)
    wrong = try_region(number, data, offsets), try_sample(number, data, offsets, programs), try_again(seed, number)
    words = "; ".join(filter(None, wrong))
    return f"tiles of number {number}: {words}" if words else None


def try_region(number, data, offsets):
    """By tiles it is what it is without, wherever both are decoded."""
    try:
        width, height, _, _, orientation = _kernel.jpeg_header(data)
        reduce = (1, 2, 4, 8)[number % 4]
        rows, columns = (-(-side // reduce) for side in ((width, height) if orientation >= 5 else (height, width)))
        top, left = 5 * number % rows, 7 * number % columns
        region = top, left, min(rows - top, 1 + number % 37), min(columns - left, 1 + number % 41)
        asked = 1 + 2 * (number % 2), *region, reduce, False, orientation
        found = _kernel.decode_jpeg(data, *asked, offsets)
        return None if found == _kernel.decode_jpeg(data, *asked) else "another region than without offsets"
    except _kernel.Declined:
        return None


def try_sample(number, data, offsets, programs):
    """Into a place between two that nobody may write to."""
    _, program = programs[number % len(programs)]
    batch = np.full((3, SIDE, SIDE, program.channels), GUARD, np.uint8)
    with suppress(_kernel.Declined):
        _kernel.run_tiles(data, offsets, program.steps, number, number, program.fast, batch[1])
    return "a write outside of the sample's place" if (batch[::2] != GUARD).any() else None


def try_again(seed, number):
    """A damaged file that is written again has the pixels that it had."""
    data = mutant(seed, number)
    try:
        made, *_ = _kernel.rewrite_jpeg(data, 1 + number % 5)
        width, height, *_ = _kernel.jpeg_header(data)
    except _kernel.Declined:
        return None
    if width * height > MOST:
        return None
    before, after = (cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED) for file in (data, made))
    same = before is None or (after is not None and np.array_equal(before, after))
    return None if same else "another picture when it is written again"
