"""Write the embedded letters as PNG files in class folders: python examples/export_glyphs.py FOLDER."""

import sys
from pathlib import Path

import cv2

import feedline

folder = Path(sys.argv[1])
dataset = feedline.open("glyphs")
for name in dataset.classes:
    (folder / name).mkdir(parents=True, exist_ok=True)
for number, (image, label) in enumerate(dataset):
    cv2.imwrite(str(folder / dataset.classes[label] / f"{number // 10:03}.png"), image)
print(f"{len(dataset):,} images in {folder}")
