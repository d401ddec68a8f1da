"""Makes the corpus of the feed benchmarks, once, from photographs in public packages.

    python benchmarks/corpus.py [FOLDER] [--photographs FOLDER ...]    # 1,000 JPEGs: FOLDER/jpeg/class_0/0000.jpg ...
    python benchmarks/corpus.py [FOLDER] --png                         # 20,000 PNGs of 28x28: FOLDER/png/A/00000.png
    python benchmarks/corpus.py [FOLDER] --cifar                       # FOLDER/cifar.npz: 50,000 x 32 x 32 x 3

840 photographs are around 500x375, 110 are 1000x750 and 50 are 2000x1500, of both orientations, quality 87 to 92,
4:2:0. Each is a window of a photograph, mirrored half the time, and mostly reduced: never enlarged by more than 1.3, so
that fine detail, and with it the work of the decoder, stays that of a photograph. Same packages and Pillow, same
bytes. `photographs.py` says which packages bring photographs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import PIL
from photographs import fingerprint, found
from PIL import Image

import feedline

DEFAULT = Path.home() / ".cache" / "feedline-benchmarks"
CLASSES = 10
SEED = 7
ENLARGED = 1.3
ZOOM = 2.5
SIZES = (((500, 375), 840), ((1000, 750), 110), ((2000, 1500), 50))
PNGS = 20_000
CUTS = 50_000
Pixels = Any


class Wanted(NamedTuple):
    """A file of the corpus before it has pixels."""

    width: int
    height: int
    quality: int
    mirrored: bool


def wanted(index: int, generator: np.random.Generator) -> Wanted:
    """Size within 20 % for the small ones, every third one upright, quality 87 to 92."""
    (wide, tall), spread = size_of(index)
    width, height = (round(side * generator.uniform(1 - spread, 1 + spread)) for side in (wide, tall))
    if generator.random() < 1 / 3:
        width, height = height, width
    return Wanted(width, height, int(generator.integers(87, 93)), bool(generator.random() < 0.5))


def size_of(index: int) -> tuple[tuple[int, int], float]:
    """Size of the file ``index`` and how much it may vary; the sizes are spread over the classes."""
    for size, count in SIZES:
        if index < count:
            return size, 0.2 if size == SIZES[0][0] else 0.0
        index -= count
    raise IndexError(index)


def cut(photograph: Image.Image, want: Wanted, generator: np.random.Generator) -> Image.Image:
    """A window of ``photograph``, from the whole to a zoom of 2.5, brought to the size that is wanted."""
    fitting = min(photograph.width / want.width, photograph.height / want.height)
    nearest = max(1 / ENLARGED, fitting / ZOOM)
    reduction = float(np.exp(generator.uniform(np.log(min(nearest, fitting)), np.log(fitting))))
    width, height = want.width * reduction, want.height * reduction
    left = generator.uniform(0, photograph.width - width)
    top = generator.uniform(0, photograph.height - height)
    box = (left, top, left + width, top + height)
    window = photograph.resize((want.width, want.height), Image.Resampling.LANCZOS, box=box)
    return window.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if want.mirrored else window


def fits(photograph: Image.Image, want: Wanted) -> bool:
    return photograph.width * ENLARGED >= want.width and photograph.height * ENLARGED >= want.height


def write_jpegs(folder: Path, photographs: list[Path]) -> None:
    """Written photograph by photograph, so that one is in memory at a time."""
    total = sum(count for _size, count in SIZES)
    generators = [np.random.default_rng((SEED, index)) for index in range(total)]
    wants = [wanted(index, generator) for index, generator in enumerate(generators)]
    shared = assign(wants, photographs)
    for path, indices in shared.items():
        with Image.open(path) as opened:
            photograph = opened.convert("RGB")
        for index in indices:
            picture = cut(photograph, wants[index], generators[index])
            target = folder / f"class_{index % CLASSES}" / f"{index:04}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            picture.save(target, quality=wants[index].quality, subsampling="4:2:0")


def assign(wants: list[Wanted], photographs: list[Path]) -> dict[Path, list[int]]:
    """To each photograph the files that are cut from it, in turn among those that are large enough."""
    sizes = {path: Image.open(path) for path in photographs}
    shared: dict[Path, list[int]] = {path: [] for path in photographs}
    for index, want in enumerate(wants):
        large = [path for path in photographs if fits(sizes[path], want)]
        if not large:
            raise SystemExit(f"no photograph is large enough for {want.width}x{want.height}: see photographs.py")
        shared[large[index % len(large)]].append(index)
    return shared


def write_pngs(folder: Path) -> None:
    """The embedded letters, each at five places within its frame."""
    letters = feedline.open("glyphs")
    generator = np.random.default_rng(SEED)
    for index in range(PNGS):
        letter, label = np.asarray(letters[index % len(letters)][0]), letters.targets[index % len(letters)]
        moved = np.roll(letter.reshape(28, 28), generator.integers(-2, 3, 2), (0, 1))
        target = folder / letters.classes[label] / f"{index:05}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(moved).save(target)


def write_cifar(file: Path, jpegs: Path) -> None:
    """Windows of 96x96 of the photographs, reduced to 32x32, as an uncompressed npz, which can be memory-mapped."""
    paths = sorted(jpegs.rglob("*.jpg"))
    each = -(-CUTS // len(paths))
    images = np.empty((len(paths) * each, 32, 32, 3), np.uint8)
    for number, path in enumerate(paths):
        generator = np.random.default_rng((SEED, number))
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        for place in range(each):
            left, top = int(generator.integers(picture.width - 95)), int(generator.integers(picture.height - 95))
            images[number * each + place] = picture.reduce(3, (left, top, left + 96, top + 96))
    np.savez(file, images=images[:CUTS], labels=(np.arange(CUTS) % CLASSES).astype(np.int64))


def describe(folder: Path, photographs: list[Path]) -> dict[str, Any]:
    files = sorted(folder.rglob("*.jpg"))
    sizes = [Image.open(path).size for path in files]
    weights = [path.stat().st_size for path in files]
    small = [weight for weight, size in zip(weights, sizes, strict=True) if max(size) <= 600]
    return {
        "photographs": len(photographs),
        "fingerprint": fingerprint(photographs),
        "pillow": PIL.__version__,
        "files": len(files),
        "megapixels_mean": round(sum(width * height for width, height in sizes) / len(sizes) / 1e6, 3),
        "bytes_mean": round(sum(weights) / len(weights)),
        "bytes_mean_around_500x375": round(sum(small) / len(small)),
    }


def make_jpegs(folder: Path, more: list[Path]) -> Path:
    """The folder of the JPEGs, made where it is not there; ``corpus.json`` beside it is written last."""
    told = folder / "corpus.json"
    if not told.is_file():
        photographs = found(more)
        write_jpegs(folder / "jpeg", photographs)
        told.write_text(json.dumps(describe(folder / "jpeg", photographs), indent=1))
    return folder / "jpeg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--photographs", nargs="*", type=Path, default=[], help="folders of Debian's, unpacked")
    parser.add_argument("--png", action="store_true")
    parser.add_argument("--cifar", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    if asked.png:
        write_pngs(asked.folder / "png")
        return
    jpegs = make_jpegs(asked.folder, asked.photographs)
    print((asked.folder / "corpus.json").read_text())
    if asked.cifar:
        write_cifar(asked.folder / "cifar.npz", jpegs)


if __name__ == "__main__":
    main()
