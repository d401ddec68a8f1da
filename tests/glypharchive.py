"""An archive like notMNIST's: class folders of letters as PNGs, named by their typefaces, some of them broken."""

import io
import tarfile

import numpy as np
from PIL import Image

from feedline._open import EMBEDDED

LETTERS = "ABCDEFGHIJ"
BROKEN = {"A": b"", "B": b"no image", "C": 100, "D": -20, "E": 8, "F": b"<html></html>", "G": 40}


def png(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def write_archive(path, faces, twins=3):
    """A tar.gz of ``faces`` typefaces, seven broken files, and some files that are there twice.

    Returns:
        The names of the broken ones, as they are below the archive.
    """
    with np.load(EMBEDDED / "glyphs.npz") as arrays:
        images = arrays["images"][: 10 * faces]
    good = {f"{LETTERS[n % 10]}/face{n // 10:03}.png": png(image) for n, image in enumerate(images)}
    bad = {f"{letter}/broken.png": how for letter, how in BROKEN.items()}
    files = {**good, **{name: how if isinstance(how, bytes) else png(images[0])[:how] for name, how in bad.items()}}
    for number in range(twins):
        files[f"A/twin{number}.png"] = good[f"A/face{number:03}.png"]
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"glyphs/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return sorted(f"glyphs/{name}" for name in bad)
