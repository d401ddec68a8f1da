"""Photographs from files to float32 batches of 64, beside every loader that is installed.

    python benchmarks/corpus.py [FOLDER] [--photographs FOLDER]     # once
    python benchmarks/feed_jpeg.py [--corpus FOLDER] [--rounds 5] [--peers feedline_float dali] [--c-loop [PATH]]

Decode, RandomResizedCrop(224, antialiased), horizontal flip, normalise to float32: each peer in the best configuration
that was found for two cores (`--variants` runs the others that were tried). An epoch is 4,000 images: the files of the
corpus, each by four names. Sixteen batches warm up, and so many are measured that the end of an epoch is among them.
`--c-loop` compiles c_loop/main.c and runs it over the same folder with two threads, a row for each of float32, uint8
and uint8-decode-only; `--c-loop PATH` runs a program that was compiled before: `PATH FOLDER 2 float32` prints
`images_per_second=NUMBER`. `peers/` holds one file a peer.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import compiled
import feed
from peers.job import WORKERS

BATCH, COPIES = 64, 4
WARM = 16
COMPILE = "compile"
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


def c_rows(program: Path | str, folder: Path) -> list[feed.Row]:
    """The loop without Python; the folder and its links are those of the peers, whom it is measured beside."""
    names = {"float32": FLOATS, "uint8": BYTES, "uint8-decode-only": BYTES}
    command = [str(program), str(folder), str(WORKERS)]
    return [feed.Row(f"C loop, {what}", [*command, what], base) for what, base in names.items()]


def compiled_rows(workshop: Path, folder: Path) -> list[feed.Row]:
    """The same, compiled in ``workshop``; with the reason where that fails."""
    try:
        return c_rows(compiled.c_loop(workshop), folder)
    except OSError as error:
        rows = c_rows(workshop / "c_loop", folder)
        for row in rows:
            row.reason = f"not compiled: {error}"[:160]
        return rows


def main() -> None:
    parser = feed.options(__doc__ or "")
    parser.add_argument(
        "--c-loop", nargs="?", const=COMPILE, metavar="PATH", help="a loop without Python over the same files"
    )
    asked = parser.parse_args()
    folder = epoch(asked.corpus, asked.images)
    wish, pythons = wish_for(folder), feed.pythons(asked)
    rows = [
        feed.row_of(title, peer, BYTES if peer == "feedline_uint8" else FLOATS, wish, pythons)
        for peer, title in PEERS.items()
    ]
    with tempfile.TemporaryDirectory() as workshop:
        if asked.c_loop == COMPILE:
            rows += compiled_rows(Path(workshop), folder)
        elif asked.c_loop:
            rows += c_rows(Path(asked.c_loop).absolute(), folder)
        feed.finish(asked, what_of(asked.corpus, folder), rows)


def what_of(corpus: Path, folder: Path) -> str:
    told = corpus / "corpus.json"
    about = json.loads(told.read_text()) if told.is_file() else {}
    return f"JPEG files to batches of {BATCH}: {folder.name}, corpus {about}"


if __name__ == "__main__":
    main()
