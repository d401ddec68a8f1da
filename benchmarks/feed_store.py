"""What feeds from a store: JPEGs of short side 256 to float32 batches of 64, beside memory, the folder and the peers.

    python benchmarks/corpus.py [FOLDER]                            # once
    python benchmarks/feed_store.py [--corpus FOLDER] [--rounds 5] [--python ffcv_beton=PATH]
    python benchmarks/feed_store.py --raw [--corpus FOLDER] [--images 200000] [--rounds 5]

The photographs of the corpus are packed with ``short_side=256`` and exported again as files; an epoch is 4,000 of them,
each by four names. Every peer writes its own format of exactly these files first, out of its time. Then decode,
RandomResizedCrop(224, antialiased), horizontal flip and normalise, with two workers each in its best configuration.
``--raw`` feeds random grey images of 28x28 as raw pixels in batches of 512, beside a bare NumPy gather of the same
bytes and their labels. Where the cores are shared, the ratios say more than the rates.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import feed
import numpy as np
from feed_jpeg import COPIES, epoch, wish_for
from peers.store_feedline import MARKED, PLAIN

from feedline.prepare import pack
from feedline.prepare.export import export

SHORT, SIDE, RAW = 256, 28, 200_000
STORE, RAW_STORE = "feedline, store", "feedline, store of raw pixels"
ROWS = [
    (STORE, "store_feedline", PLAIN),
    ("feedline, store with restart markers", "store_feedline", MARKED),
    ("feedline, bytes in memory", "memory_feedline", ""),
    ("feedline, folder", "feedline_float", ""),
    ("FFCV", "ffcv_beton", ""),
    ("LitData", "lit_data", ""),
    ("Streaming", "mosaic_streaming", ""),
    ("WebDataset", "web_dataset", ""),
]
RAW_ROWS = [(RAW_STORE, "raw_feedline", ""), ("NumPy gather", "raw_gather", "")]


def shrunk(corpus: Path) -> Path:
    """A corpus beside the other: the same photographs with a short side of 256 at most, as files of class folders."""
    small = corpus / f"short_{SHORT}"
    if not (small / "jpeg").is_dir():
        small.mkdir(exist_ok=True)
        if not (small / "jpeg.feed" / "manifest.json").is_file():
            pack(corpus / "jpeg", small / "jpeg.feed", short_side=SHORT, progress=False)
        export(small / "jpeg.feed", small / "jpeg", "folder", progress=False)
    return small


def photographs(asked: argparse.Namespace) -> None:
    folder = epoch(shrunk(asked.corpus), asked.images)
    wish = wish_for(folder)
    rows = [feed.row_of(title, peer, STORE, wish, feed.pythons(asked), variant) for title, peer, variant in ROWS]
    size = sum(path.stat().st_size for path in folder.rglob("*.jpg"))
    what = f"JPEGs of short side {SHORT} to batches of {wish['batch']}: {folder.name}, {size / 1e6:.1f} MB"
    feed.finish(asked, f"{what}, each file by {COPIES} names", rows)


def raw_file(folder: Path, count: int) -> Path:
    """An .npy of random grey images, and their labels beside it, which are written first."""
    file = folder / f"raw_{count}.npy"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(0)
        np.save(file.with_name(f"{file.stem}.labels.npy"), generator.integers(0, 10, count))
        np.save(file, generator.integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8))
    return file


def raw(asked: argparse.Namespace) -> None:
    count, batch = asked.images or RAW, 512
    file = raw_file(asked.corpus / "raw", count)
    converted = file.with_name(f"{file.stem}_converted")
    batches = 10 * count // batch
    wish = {"source": str(file), "converted": str(converted), "batch": batch, "warm": 20, "batches": batches}
    rows = [feed.row_of(title, peer, RAW_STORE, wish, feed.pythons(asked), which) for title, peer, which in RAW_ROWS]
    feed.finish(asked, f"{count:,} raw images of {SIDE}x{SIDE} to batches of {batch}: {batches} batches a round", rows)


def main() -> None:
    parser = feed.options(__doc__ or "")
    parser.add_argument("--raw", action="store_true", help="small raw images, beside a bare NumPy gather")
    asked = parser.parse_args()
    (raw if asked.raw else photographs)(asked)


if __name__ == "__main__":
    main()
