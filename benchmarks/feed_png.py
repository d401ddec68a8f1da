"""20,000 grey PNGs of 28x28 from a folder to float32 batches of 512, beside DALI and torch's DataLoader with pyspng.

    python benchmarks/corpus.py [FOLDER] --png                      # once
    python benchmarks/feed_png.py [--corpus FOLDER] [--rounds 5]

Read, decode to one channel, normalise to float32, in a new order each epoch.
"""

from __future__ import annotations

import feed

BATCH = 512
OURS = "feedline"
PEERS = {
    "png_feedline": OURS,
    "png_dali": "NVIDIA DALI, CPU",
    "png_pyspng": "torch DataLoader, pyspng, __getitems__",
}


def main() -> None:
    asked = feed.options(__doc__ or "").parse_args()
    folder = asked.corpus / "png"
    if not folder.is_dir():
        raise SystemExit(f"no {folder}: python benchmarks/corpus.py {asked.corpus} --png")
    count = 2 * (asked.images or 20_000) // BATCH
    wish = {"source": str(folder), "converted": str(asked.corpus), "batch": BATCH, "warm": 10, "batches": count}
    rows = [feed.row_of(title, peer, OURS, wish, feed.pythons(asked)) for peer, title in PEERS.items()]
    feed.finish(asked, f"20,000 PNGs of 28x28 to batches of {BATCH}: {count} batches a round", rows)


if __name__ == "__main__":
    main()
