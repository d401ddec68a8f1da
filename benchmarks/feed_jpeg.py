"""Photographs from files to float32 batches of 64, beside every loader that is installed.

    python benchmarks/corpus.py [FOLDER] [--photographs FOLDER]     # once
    python benchmarks/feed_jpeg.py [--corpus FOLDER] [--rounds 5] [--peers feedline_float dali] [--c-loop PATH]

Decode, RandomResizedCrop(224, antialiased), horizontal flip, normalise to float32: each peer in the best configuration
that was found for two cores (`--variants` runs the others that were tried). An epoch is 4,000 images: the files of the
corpus, each by four names. Sixteen batches warm up, and so many are measured that the end of an epoch is among them.
`--c-loop PATH` runs `PATH FOLDER THREADS WHAT` with WHAT float32 and uint8-decode-only, which prints
`images_per_second=NUMBER` as its last line. `peers/` holds one file a peer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import feed
from peers.job import WORKERS

BATCH, COPIES = 64, 4
WARM = 16
FLOATS, BYTES = "feedline, float32", "feedline, uint8"
PEERS = {
    "feedline_float": FLOATS,
    "feedline_uint8": BYTES,
    "torch_pil": "torch DataLoader, torchvision with Pillow",
    "torch_tensor": "torch DataLoader, decode_jpeg, uint8",
    "dali": "NVIDIA DALI, CPU",
    "ffcv_beton": "FFCV",
    "spdl_ffmpeg": "SPDL",
    "grain_data": "Grain",
    "tfdata": "tf.data",
    "web_dataset": "WebDataset",
    "lit_data": "LitData",
    "mosaic_streaming": "Streaming",
}


def epoch(corpus: Path, images: int | None) -> Path:
    """A folder with each file of the corpus by four names (hard links: the bytes are in the page cache once)."""
    files = sorted((corpus / "jpeg").rglob("*.jpg"))
    if not files:
        raise SystemExit(f"no JPEGs in {corpus / 'jpeg'}: python benchmarks/corpus.py {corpus}")
    files = files[:: max(1, len(files) // images)][:images] if images else files
    folder = corpus / f"epoch_{len(files)}x{COPIES}"
    for path in files:
        for copy in range(COPIES):
            target = folder / path.parent.name / f"{path.stem}_{copy}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(path, target)
    return folder


def wish_for(folder: Path) -> dict[str, Any]:
    count = sum(1 for _ in folder.rglob("*.jpg"))
    converted = folder.with_name(f"{folder.name}_converted")
    return {
        "source": str(folder),
        "converted": str(converted),
        "batch": BATCH,
        "warm": WARM,
        "batches": max(2, count // BATCH),
    }


def c_rows(program: Path, folder: Path) -> list[feed.Row]:
    names = {"float32": FLOATS, "uint8-decode-only": BYTES}
    command = [str(program), str(folder), str(WORKERS)]
    return [feed.Row(f"C loop, {what}", [*command, what], base) for what, base in names.items()]


def main() -> None:
    parser = feed.options(__doc__ or "")
    parser.add_argument("--c-loop", type=Path, help="a compiled loop without Python over the same files")
    asked = parser.parse_args()
    folder = epoch(asked.corpus, asked.images)
    wish, pythons = wish_for(folder), feed.pythons(asked)
    rows = [
        feed.row_of(title, peer, BYTES if peer == "feedline_uint8" else FLOATS, wish, pythons)
        for peer, title in PEERS.items()
    ]
    if asked.c_loop:
        rows += c_rows(asked.c_loop, folder)
    told = asked.corpus / "corpus.json"
    about = json.loads(told.read_text()) if told.is_file() else {}
    what = f"JPEG files to batches of {BATCH}: {folder.name}, corpus {about}"
    feed.finish(asked, what, rows)


if __name__ == "__main__":
    main()
