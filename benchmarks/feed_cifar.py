"""The CIFAR recipe, 50,000 images of 32x32x3 in memory to batches of 512, beside torch's DataLoader and numba.

    python benchmarks/corpus.py [FOLDER] --cifar                    # once
    python benchmarks/feed_cifar.py [--corpus FOLDER] [--rounds 5]

Pad 4, random crop of 32x32, horizontal flip, normalise to float32. feedline reads an uncompressed npz, memory-mapped,
in the page cache; the others have the array in memory. numba's loop runs on one thread and hands out four batches in
turn, which are written again; feedline's batches are never written while they are held.
"""

from __future__ import annotations

import feed

BATCH = 512
OURS = "feedline"
PEERS = {
    "cifar_feedline": OURS,
    "cifar_torch": "torch DataLoader, NumPy, __getitems__",
    "cifar_numba": "numba, one thread",
}


def main() -> None:
    asked = feed.options(__doc__ or "").parse_args()
    file = asked.corpus / "cifar.npz"
    if not file.is_file():
        raise SystemExit(f"no {file}: python benchmarks/corpus.py {asked.corpus} --cifar")
    count = 2 * (asked.images or 50_000) // BATCH
    wish = {"source": str(file), "converted": str(asked.corpus), "batch": BATCH, "warm": 20, "batches": count}
    rows = [feed.row_of(title, peer, OURS, wish, feed.pythons(asked)) for peer, title in PEERS.items()]
    feed.finish(asked, f"50,000 images of 32x32x3 to batches of {BATCH}: {count} batches a round", rows)


if __name__ == "__main__":
    main()
