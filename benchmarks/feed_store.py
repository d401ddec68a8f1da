"""What feeds from a store: JPEGs of short side 256 to float32 batches of 64, beside memory, the folder and the peers.

    python benchmarks/corpus.py [FOLDER]                            # once
    python benchmarks/feed_store.py [--corpus FOLDER] [--rounds 5] [--python ffcv_beton=PATH]

The photographs of the corpus are packed with ``short_side=256`` and exported again as files; an epoch is 4,000 of them,
each by four names. Every peer writes its own format of exactly these files first, out of its time. Then decode,
RandomResizedCrop(224, antialiased), horizontal flip and normalise, with two workers each in its best configuration.
Where the cores are shared, the ratios say more than the rates. Raw pixels: ``feed_raw.py --store``.
"""

from __future__ import annotations

from pathlib import Path

import feed
from feed_jpeg import COPIES, epoch, wish_for
from peers.store_feedline import MARKED, PLAIN

from feedline.prepare import pack
from feedline.prepare.export import export

SHORT = 256
STORE = "feedline, store"
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


def shrunk(corpus: Path) -> Path:
    """A corpus beside the other: the same photographs with a short side of 256 at most, as files of class folders."""
    small = corpus / f"short_{SHORT}"
    if not (small / "jpeg").is_dir():
        small.mkdir(exist_ok=True)
        if not (small / "jpeg.feed" / "manifest.json").is_file():
            pack(corpus / "jpeg", small / "jpeg.feed", short_side=SHORT, progress=False)
        export(small / "jpeg.feed", small / "jpeg", "folder", progress=False)
    return small


def main() -> None:
    asked = feed.options(__doc__ or "").parse_args()
    folder = epoch(shrunk(asked.corpus), asked.images)
    wish = wish_for(folder)
    rows = [feed.row_of(title, peer, STORE, wish, feed.pythons(asked), variant) for title, peer, variant in ROWS]
    size = sum(path.stat().st_size for path in folder.rglob("*.jpg"))
    what = f"JPEGs of short side {SHORT} to batches of {wish['batch']}: {folder.name}, {size / 1e6:.1f} MB"
    feed.finish(asked, f"{what}, each file by {COPIES} names", rows)


if __name__ == "__main__":
    main()
