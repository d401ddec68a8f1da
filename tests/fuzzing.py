"""Feeds damaged files to probe and decode in a watched child; run as a program, so that pytest itself never forks.

    python tests/fuzzing.py --count 10000 --save FOLDER jpeg png

prints one line of JSON for each finding, {"format", "seed", "number", "what"}, and saves its bytes in FOLDER. A finding
is all but an array or a DecodeError, and an array that is at odds with the header.
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
from mutations import FORMATS, case, samples
from watching import Limits, watch

from feedline.codecs import decode, probe
from feedline.errors import DecodeError

MODES = ("RGB", "L", "unchanged")
PIXELS = 2**22
"""max_pixels: what is decoded of it fits in the limit of memory several times over, whatever the format."""


def judge(data, mode):
    """What is wrong with what is made of the bytes; None where nothing is."""
    try:
        header = probe(data)
    except DecodeError:
        header = None
    try:
        image = decode(data, mode, max_pixels=PIXELS)
    except DecodeError as error:
        return None if error.cause else "an error without a cause"
    if not isinstance(image, np.ndarray) or image.ndim != 3 or not image.size or image.dtype.kind not in "uif":
        return f"decode gives {getattr(image, 'shape', image)!r} of {getattr(image, 'dtype', None)}"
    if image.shape[2] != {"RGB": 3, "L": 1}.get(mode, image.shape[2]):
        return f"mode {mode} has {image.shape[2]} channels"
    if header is None:
        return "decode reads what probe refuses"
    size = (header.height, header.width) if header.orientation < 5 else (header.width, header.height)
    return None if image.shape[:2] == size else f"{image.shape[:2]} pixels, and the header says {header}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", help=f"of {', '.join(FORMATS)}; all by default")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number to begin with")
    parser.add_argument("--save", type=Path, help="a folder for the bytes of each finding")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for form in options.formats or FORMATS:
        survey(form, options)


def survey(form, options):
    samples(form)  # made once, before children are forked

    def work(position):
        number = options.first + position
        return judge(case(form, options.seed, number), MODES[number % len(MODES)])

    for position, what in sorted(watch(options.count, work, Limits()).items()):
        number = options.first + position
        print(json.dumps({"format": form, "seed": options.seed, "number": number, "what": what}), flush=True)
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            (options.save / f"{form}-{options.seed}-{number}.bin").write_bytes(case(form, options.seed, number))


if __name__ == "__main__":
    main()
