"""Stores to be exported and read by others."""

import cv2
import numpy as np

from feedline.store import Columns, Part, Row, StoreWriter
from feedline.types import Objects

CLASSES = ("ant", "bee")
ALL = {"mask": True, "partner": True, "objects": True, "targets": 2, "extra": True, "restarts": True}
ALL |= {"hash": True, "stats": True}
HALF = {"mean": [0.5, 0.5, 0.5], "std": [1.0, 1.0, 1.0]}


def picture(number, height=6, width=5, channels=3):
    return np.random.default_rng(number).integers(0, 256, (height, width, channels), np.uint8)


def png(pixels):
    stored = pixels if pixels.shape[2] == 1 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", stored)[1].tobytes()


def row(number, *, raw=False, label=None, path=None, full=False, **size):
    """A sample whose label is its number modulo 2."""
    pixels = picture(number, **size)
    image = Part(pixels.tobytes() if raw else png(pixels), f"glyphs/{number:03}.png" if path is None else path)
    height, width, _ = pixels.shape
    label = number % 2 if label is None else label
    return Row(image, width, height, "raw" if raw else "png", label, **(more(number) if full else {}))


def more(number):
    """All that may be known of a sample."""
    whose = Objects(
        np.array([[0, 1, 2, 3]], np.float32),
        np.array([1]),
        np.array([number]),
        np.array([False]),
        np.ones((1, 2, 3), np.float32),
        ((np.ones((4, 2), np.float32),),),
    )
    return {
        "group": f"g{number}",
        "source": "made",
        "mask": Part(png(picture(number, channels=1)), "mask.png"),
        "partner": Part(png(picture(number + 1)), "partner.png") if number % 2 else None,
        "objects": whose if number % 3 else None,
        "targets": [0.5, number],
        "extra": {"number": number},
        "restarts": [1, 2],
        "hash": 2**64 - 1 - number,
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
    }


def store(path, splits, *, shape=None, classes=CLASSES, full=False, normalize=None, shard_bytes=2**20):
    """Writes rows, by split, in batches of 4; gives the path."""
    columns = Columns(shape=shape, **(ALL if full else {}))
    how = {"normalize": normalize, "recipe": {"source": "glyphs"}, "shard_bytes": shard_bytes}
    with StoreWriter(path, columns, classes, job={}, **how) as writer:
        for split, rows in splits.items():
            for begin in range(0, len(rows), 4):
                writer.write(rows[begin : begin + 4], split, 0)
        writer.commit()
    return path
