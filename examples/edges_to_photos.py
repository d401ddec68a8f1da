"""Pairs to train on: python examples/edges_to_photos.py PHOTOS [PHOTOS ...] OUT [--count 290].

PHOTOS are photographs, or folders with them at any depth. Each file of OUT/train and OUT/val is 512x256: outlines on
the left (A), the piece of a photograph that they were drawn from on the right (B). Every fifth photograph is for
validation, with all of its pieces. `benchmarks/photographs.py` names public packages that bring photographs.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

SIDE = 256
SHORTER = 4 * SIDE  # a larger photograph is reduced to this, so that a piece of it shows things and not a surface
HELD_OUT = 5  # every fifth
SUFFIXES = {".jpg", ".jpeg", ".png"}


def photographs(places):
    """The files, by the names that their pieces will begin with."""
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    found = {}
    for file in sorted(files):
        if file.suffix.lower() in SUFFIXES and found.setdefault(file.stem, file) != file:
            raise SystemExit(f"{found[file.stem]} and {file} have one name: rename one, or take it away")
    if len(found) < HELD_OUT:
        told = ", ".join(map(str, places))
        raise SystemExit(f"{HELD_OUT} photographs (.jpg, .png) or more are needed, {len(found)} found in {told}")
    return dict(sorted(found.items()))


def read(file):
    """Its pixels, reduced where it is large."""
    image = cv2.imread(str(file)) if file.is_file() else None
    if image is None:
        raise SystemExit(f"{file} cannot be read as an image: mend it or take it away")
    scale = SHORTER / min(image.shape[:2])
    return image if scale >= 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def pieces(image):
    """All that fit side by side, those with the most outlines first."""
    rows, columns = (size // SIDE for size in image.shape[:2])
    top, left = (size % SIDE // 2 for size in image.shape[:2])
    grid = [(top + row * SIDE, left + column * SIDE) for row in range(rows) for column in range(columns)]
    pairs = [pair(image[y : y + SIDE, x : x + SIDE]) for y, x in grid]
    return sorted(pairs, key=lambda each: each[:, :SIDE].mean())


def pair(photo):
    """Outlines, black on white, beside what they are outlines of."""
    grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), (0, 0), 1.4)
    outlines = 255 - cv2.Canny(grey, 20, 60, L2gradient=True)
    return np.hstack([cv2.cvtColor(outlines, cv2.COLOR_GRAY2BGR), photo])


def jpeg(image):
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def write(files, count, out):
    """One piece of every photograph, then a second of every one, until there are enough."""
    ranked = []
    for number, (name, file) in enumerate(files.items()):
        side = "val" if number % HELD_OUT == HELD_OUT - 1 else "train"
        for rank, image in enumerate(pieces(read(file))):
            ranked.append((rank, out / side / f"{name}_{rank:02}.jpg", jpeg(image)))
    if len(ranked) < count:
        given = f"{len(files)} photographs give {len(ranked)} pieces of {SIDE}x{SIDE}"
        raise SystemExit(f"{given}, --count asks for {count}: add photographs, larger ones, or ask for fewer")
    for _rank, target, data in sorted(ranked, key=lambda each: each[0])[:count]:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("photos", nargs="+", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--count", type=int, default=290)
asked = parser.parse_args()
if asked.count < HELD_OUT:
    raise SystemExit(f"--count is {HELD_OUT} or more, so that one is for validation, not {asked.count}")
if asked.out.is_file() or (asked.out.is_dir() and any(asked.out.iterdir())):
    raise SystemExit(f"{asked.out} is there and not empty: name a new folder")
write(photographs(asked.photos), asked.count, asked.out)
for part in ("train", "val"):
    print(f"{len(list((asked.out / part).glob('*.jpg'))):,} pairs in {asked.out / part}")
