"""Feeds damaged JPEGs and PNGs to the kernel in a watched child; run as a program, so that pytest itself never forks.

    python tests/native/fuzz.py --count 1000000 --seed 0 --workers 2

prints a line for each finding, with the seed and the number of the file, which is saved in --save FOLDER: a crash, a
hang, an error that is none of the kernel's, a write outside of a sample's place, a picture that is another than the
twin's (one file in 50 is compared), and one that restart markers change. `--first NUMBER --count 1` tries one again.
Exits with 1 if there are any.
"""

import argparse
import multiprocessing
import sys
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from native.mutants import good, mutant
from native.tiled import markered, try_tiles
from tqdm import tqdm
from watching import Limits, watch

from feedline.codecs import jpeg, png
from feedline.codecs.how import How
from feedline.codecs.shape import turn
from feedline.errors import DecodeError
from feedline.native import _kernel
from feedline.native.chunk import Program, packed, run
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Normalize,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    ToTensor,
)
from feedline.transforms.program import program

CHUNK, PIECE = 32, 200
"""Files that the kernel takes at once, and chunks of a forked child."""
LIMITS = Limits(seconds=60.0, memory=2**32, silence=300.0)
TILED = 2
"""Of so many numbers one gives a JPEG with restart markers as well."""
EVERY = 50
"""Of so many files one is compared to the twin's."""
MOST = 2**20
"""Pixels up to which it is."""
SIDE = 24
FLOATS = [ToTensor(), Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))]
CHAINS = (
    (3, True, [RandomResizedCrop(SIDE), RandomHorizontalFlip(), *FLOATS]),
    (3, False, [RandomCrop(SIDE, padding=(3, 40, 5, 30), fill=(9, 80, 200)), RandomHorizontalFlip()]),
    (1, False, [Resize(SIDE + 8, "bicubic"), CenterCrop(SIDE), RandomVerticalFlip(), ToTensor()]),
    (1, True, [RandomResizedCrop(SIDE, (0.01, 1.0), interpolation="nearest"), RandomHorizontalFlip()]),
    (3, False, [RandomCrop(SIDE, padding=30), RandomHorizontalFlip(), *FLOATS]),
)
"""Channels, whether they come first, and steps."""
GUARD = 77
"""What the memory around a batch holds, before and after."""


@cache
def programs():
    return [(first, program(Compose(steps), channels)) for channels, first, steps in CHAINS]


def walled(made, first, count):
    """A batch between two places that nobody may write to, as little as to those of what cannot be made."""
    shape = (made.channels, SIDE, SIDE) if first else (SIDE, SIDE, made.channels)
    return np.full((count + 2, *shape), GUARD, np.float32 if made.levels is not None else np.uint8)


def try_chunk(numbers, seed):
    """What is wrong with what the kernel does to these files; None where nothing is."""
    files = [mutant(seed, number) for number in numbers]
    indices = np.array(numbers, np.int64)
    for first, made in programs():
        batch = walled(made, first, len(files))
        codes = run(made, Key(seed), indices, files, batch[1:-1], first)
        left = np.array([1, *codes, 1], bool)
        if len(left) != len(batch) or (batch[left] != GUARD).any():
            return "a write outside of the places of what was made, or not a code a sample"
    wrong = [try_file(number, data) for number, data in zip(numbers, files, strict=True)]
    wrong += [try_tiles(seed, number, programs()) for number in numbers if number % TILED == 0]
    return "; ".join(filter(None, wrong)) or None


def try_file(number, data):
    try:
        words = compared(data) if number % EVERY == 0 else decoded(number, data)
    except _kernel.Declined:
        return None
    return words and f"number {number}: {words}"


def decoded(number, data):
    """Decodes a PNG, or a part of a JPEG at any scale; all that is asked of it is to do no harm."""
    if not data.startswith(b"\xff\xd8"):
        _kernel.png_header(data)
        _kernel.decode_png(data)
        return
    width, height, _, _, orientation = _kernel.jpeg_header(data)
    reduce = (1, 2, 4, 8)[number % 4]
    rows, columns = (-(-side // reduce) for side in ((width, height) if orientation >= 5 else (height, width)))
    top, left = number % rows, 7 * number % columns
    shape = min(rows - top, 1 + number % 97), min(columns - left, 1 + number % 89)
    _kernel.decode_jpeg(data, 1 + 2 * (number % 2), top, left, *shape, reduce, number % 3 == 0, orientation)


def compared(data):
    """Decodes all of it, and says where it is not what OpenCV makes of it."""
    if data.startswith(b"\xff\xd8"):
        return compared_jpeg(data)
    width, height, *_ = _kernel.png_header(data)
    if width * height > MOST:
        return None
    pixels, *shape = _kernel.decode_png(data)
    found = np.frombuffer(pixels, np.uint8).reshape(shape)
    return differs(found, partial(png.by_opencv, data))


def compared_jpeg(data):
    width, height, _, _, orientation = _kernel.jpeg_header(data)
    if width * height > MOST:
        return None
    shape = (width, height) if orientation >= 5 else (height, width)
    batch = np.zeros((1, *shape, 3), np.uint8)
    if run(Program(packed([]), 3), Key(), np.zeros(1, np.int64), [data], batch, False) != b"\0":
        return None

    def twin():
        image = turn(jpeg.decode(data, How(grey=False)), orientation)
        return np.repeat(image, 3, 2) if image.shape[2] == 1 else image

    return differs(batch[0], twin)


def differs(found, twin):
    try:
        expected = twin()
    except (DecodeError, cv2.error) as error:
        return f"the kernel makes a picture, and the twin says: {error}"
    return None if np.array_equal(found, expected) else "another picture than the twin's"


def survey(piece, seed):
    """(first number, count) -> how many were tried, and the findings in them: {number: words}."""
    start, count = piece
    chunks = [range(at, min(at + CHUNK, start + count)) for at in range(start, start + count, CHUNK)]
    findings = {}
    for guilty, said in watch(len(chunks), lambda case: try_chunk(chunks[case], seed), LIMITS).items():
        numbers = chunks[guilty]
        alone = watch(len(numbers), lambda case, numbers=numbers: try_chunk(numbers[case : case + 1], seed), LIMITS)
        findings |= {numbers[case]: words for case, words in alone.items()}
        if not alone:
            findings[numbers[0]] = f"in a chunk of {len(numbers)} from here, and in none alone: {said}"
    return count, findings


def surveyed(options):
    """The findings of each piece, as they come."""
    good("jpeg"), good("png"), markered()  # made once, before children are forked
    programs()
    cv2.setNumThreads(1)
    end = options.first + options.count
    step = CHUNK * PIECE
    pieces = [(start, min(step, end - start)) for start in range(options.first, end, step)]
    work = partial(survey, seed=options.seed)
    if options.workers < 2:
        yield from map(work, pieces)
        return
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        yield from pool.imap_unordered(work, pieces)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number to begin with")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--save", type=Path, help="a folder for the bytes of each finding")
    options = parser.parse_args()
    found = 0
    with tqdm(total=options.count, unit="file", mininterval=1 if sys.stderr.isatty() else 60) as progress:
        for count, findings in surveyed(options):
            progress.update(count)
            for number, words in sorted(findings.items()):
                found += 1
                tqdm.write(f"seed {options.seed} number {number}: {words}")
                if options.save:
                    options.save.mkdir(parents=True, exist_ok=True)
                    (options.save / f"{options.seed}-{number}.bin").write_bytes(mutant(options.seed, number))
    print(f"{options.count} files, {found} findings")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
