"""Turn font files into a notMNIST-like set: the letters A to J, 28x28 grey, white on black.

    pip install 'feedline[fonts]'                     (pillow and fonttools)
    python scripts/make_glyphs.py FONTS --embedded    the small set: glyphs.npz, glyphs.fonts.json
    python scripts/make_glyphs.py FONTS               the whole set: NAME.tar.gz, its manifest

FONTS is a folder of your own, searched for .ttf and .otf files in all its subfolders; Debian's
fonts-* packages are a good source (they install into /usr/share/fonts). Results go to --out.

The small set takes only faces whose own name table states the OFL or the Apache licence, and
glyphs.fonts.json, which credits them, must go where the pictures go. The whole set takes every
face and adds seven files that cannot be decoded, as notMNIST has some; the manifest names them.
The same fonts give the same bytes: the archive carries no dates and no owners.
"""

import argparse
import base64
import gzip
import hashlib
import io
import json
import logging
import random
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageFont

LETTERS = "ABCDEFGHIJ"
SIDE = 28  # of a finished image
INNER = 26  # the longer side of a letter within it
RENDER = 96  # pixels at which the outline is drawn before it is reduced
SAME = 0.030  # two faces nearer than this (mean absolute difference, 0..1) count as one
NOTICE = 200  # characters of a copyright line that are kept
OFL = re.compile(r"open font licen[sc]e|\bOFL\b|openfontlicense", re.IGNORECASE)
APACHE = re.compile(r"\bapache\b", re.IGNORECASE)

Pixels = NDArray[np.uint8]
Files = list[tuple[str, bytes]]  # name within the archive, content


class Names(NamedTuple):
    family: str
    style: str
    copyright: str
    licence: str  # "OFL-1.1", "Apache-2.0" or "" where the file states neither


@dataclass
class Face:
    path: Path
    names: Names
    images: Pixels = field(repr=False)  # 10 x 28 x 28


def readable(text: str) -> str:
    """The text on one line without what does not print; "" where nothing but dots is left."""
    shown = "".join(char for char in text if char.isprintable() or char.isspace())
    line = " ".join(shown.split())
    return line if line.strip(". ") else ""


def read_names(path: Path) -> Names | None:
    """The names the file itself states; None where it lacks one of the letters."""
    with TTFont(path, lazy=True, fontNumber=0) as font:
        cmap = font.getBestCmap() or {}
        if any(ord(letter) not in cmap for letter in LETTERS):
            return None
        table = font["name"]
        text = {i: str(table.getDebugName(i) or "") for i in (0, 1, 2, 13, 14, 16, 17)}
    stated = " ".join(text[i] for i in (13, 14, 0))
    licence = "OFL-1.1" if OFL.search(stated) else "Apache-2.0" if APACHE.search(stated) else ""
    family = readable(text[16]) or readable(text[1]) or path.stem
    style = readable(text[17]) or readable(text[2]) or "Regular"
    return Names(family, style, readable(text[0])[:NOTICE], licence)


def draw_letter(font: ImageFont.FreeTypeFont, letter: str) -> Pixels | None:
    """One letter scaled to fill the frame and centred; None where the font draws nothing."""
    mask = font.getmask(letter, mode="L")
    width, height = mask.size
    if not width or not height:
        return None
    ink = Image.frombytes("L", (width, height), bytes(mask))
    box = ink.getbbox()
    if box is None:
        return None
    ink = ink.crop(box)
    scale = INNER / max(ink.size)
    width, height = (max(1, round(side * scale)) for side in ink.size)
    canvas = Image.new("L", (SIDE, SIDE), 0)
    small = ink.resize((width, height), Image.Resampling.BICUBIC)
    canvas.paste(small, ((SIDE - width) // 2, (SIDE - height) // 2))
    return np.asarray(canvas)


def draw_face(path: Path) -> Pixels | None:
    """All ten letters; None where they are not ten different letters (symbols, placeholders)."""
    font = ImageFont.truetype(str(path), RENDER, layout_engine=ImageFont.Layout.BASIC)
    drawn = [image for letter in LETTERS if (image := draw_letter(font, letter)) is not None]
    if len(drawn) < len(LETTERS):
        return None
    images = np.stack(drawn)
    ink = images.mean(axis=(1, 2)) / 255
    if ink.min() < 0.02 or ink.mean() > 0.85:
        return None
    flat = images.reshape(len(LETTERS), -1).astype(np.float32) / 255
    pairs = np.triu_indices(len(LETTERS), 1)
    apart = np.abs(flat[:, None] - flat[None]).mean(axis=2)[pairs]
    return images if apart.min() > 0.01 and apart.mean() > 0.1 else None


def font_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".ttf", ".otf") and path.is_file())


def read_faces(folder: Path) -> tuple[list[Face], dict[str, int]]:
    """Every usable face in the order of family, style and file name, and how many were not."""
    faces = []
    skipped = {"unreadable": 0, "without A-J": 0, "not letters": 0}
    for path in font_files(folder):
        try:
            names = read_names(path)
            images = draw_face(path) if names else None
        except Exception as error:  # a font file may be wrong in any way at all
            logging.info("%s: %s", path.name, error)
            skipped["unreadable"] += 1
            continue
        if names is None:
            skipped["without A-J"] += 1
        elif images is None:
            skipped["not letters"] += 1
        else:
            faces.append(Face(path, names, images))
    faces.sort(key=lambda f: (f.names.family.lower(), f.names.style.lower(), f.path.name))
    return faces, skipped


def distinct(faces: Sequence[Face]) -> list[Face]:
    """The faces without near-duplicates; of two that look alike the earlier one stays."""
    kept: list[Face] = []
    looks = np.empty((len(faces), len(LETTERS) * 14 * 14), np.float32)
    for face in faces:
        look = face.images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).ravel() / 255
        if not kept or np.abs(looks[: len(kept)] - look).mean(axis=1).min() >= SAME:
            looks[len(kept)] = look
            kept.append(face)
    return kept


def encode_png(image: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def broken_files(data: bytes, rng: random.Random) -> Files:
    """Seven ways to break a good PNG so that it cannot be decoded: (what, bytes)."""
    body = bytearray(data)
    start = data.index(b"IDAT") + 4
    body[start : start + 24] = rng.randbytes(24)
    flat = bytearray(data)
    flat[16:20] = bytes(4)  # IHDR says a width of 0
    flat[29:33] = zlib.crc32(bytes(flat[12:29])).to_bytes(4, "big")
    return [
        ("empty", b""),
        ("empty", b""),
        ("cut in half", data[: len(data) // 2]),
        ("signature alone", data[:8]),
        ("pixel data overwritten", bytes(body)),
        ("width of zero", bytes(flat)),
        ("text, not an image", b"<html><body>404 Not Found</body></html>\n"),
    ]


def file_name(stem: str, taken: set[str]) -> str:
    """The font's name in base64, as notMNIST names its files; a number keeps equal names apart."""
    short = stem.encode()[:120].decode(errors="ignore")  # file systems allow 255 bytes a name
    for number in range(1, 1000):
        text = short if number == 1 else f"{short}-{number}"
        name = base64.urlsafe_b64encode(f"{text}.ttf".encode()).decode() + ".png"
        if name not in taken:
            taken.add(name)
            return name
    raise ValueError(f"too many faces named {stem}")


def write_archive(path: Path, root: str, files: Files) -> None:
    """A tar.gz of the files under root, equal bytes for equal files."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for folder in (root, *(f"{root}/{letter}" for letter in LETTERS)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, data in files:
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def good_entries(faces: Sequence[Face], taken: set[str]) -> tuple[Files, list[dict[str, str]]]:
    """The letters of every face as PNG files, and what the manifest says of each face."""
    files: Files = []
    listed = []
    for face in faces:
        names = face.names
        own = file_name(f"{names.family} {names.style}", taken)
        pairs = zip(LETTERS, face.images, strict=True)
        files += [(f"{letter}/{own}", encode_png(image)) for letter, image in pairs]
        entry = {"file": own, "family": names.family, "style": names.style}
        listed.append({**entry, "licence": names.licence})
    return files, listed


def broken_entries(good: Files, taken: set[str], rng: random.Random) -> tuple[Files, list[dict[str, str]]]:
    """The broken files spread over the letters, and what the manifest says of each."""
    _, data = good[rng.randrange(len(good))]
    files: Files = []
    listed = []
    for number, (what, content) in enumerate(broken_files(data, rng)):
        own = f"{LETTERS[number]}/{file_name(f'Broken Sans {number}', taken)}"
        files.append((own, content))
        listed.append({"file": own, "what": what})
    return files, listed


def make_archive(faces: Sequence[Face], skipped: dict[str, int], out: Path, name: str, seed: int) -> None:
    taken: set[str] = set()
    good, listed = good_entries(faces, taken)
    bad, broken = broken_entries(good, taken, random.Random(seed))
    files = sorted(good + bad)
    path = out / f"{name}.tar.gz"
    write_archive(path, name, files)
    manifest: dict[str, Any] = {
        "archive": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "root": name,
        "files": len(files),
        "per_class": {c: sum(n.startswith(f"{c}/") for n, _ in files) for c in LETTERS},
        "broken": broken,
        "skipped_fonts": skipped,
        "faces": listed,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    write_text(out / f"{name}.manifest.json", f"{text}\n")
    print(f"{path}: {len(faces)} faces, {len(files)} files of which {len(bad)} broken, {manifest['bytes']:,} bytes")


def choose(faces: Iterable[Face], most: int, per_family: int) -> list[Face]:
    """At most so many faces of a family and in all, thinned out evenly over the alphabet."""
    chosen: list[Face] = []
    count: Counter[str] = Counter()
    for face in faces:
        if count[face.names.family] < per_family:
            count[face.names.family] += 1
            chosen.append(face)
    if len(chosen) > most:
        chosen = [chosen[i * len(chosen) // most] for i in range(most)]
    return chosen


def write_credits(path: Path, faces: Sequence[Face]) -> None:
    """A JSON list, one face a line, in the order of the font numbers."""
    credits = [
        {
            "font": number,
            "family": face.names.family,
            "style": face.names.style,
            "licence": face.names.licence,
            "copyright": face.names.copyright,
        }
        for number, face in enumerate(faces)
    ]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in credits)
    write_text(path, f"[\n{lines}\n]\n")


def make_embedded(faces: Sequence[Face], out: Path) -> None:
    path = out / "glyphs.npz"
    np.savez_compressed(
        path,
        images=np.concatenate([face.images for face in faces]),
        labels=np.tile(np.arange(len(LETTERS), dtype=np.uint8), len(faces)),
        font=np.repeat(np.arange(len(faces), dtype=np.uint16), len(LETTERS)),
    )
    write_credits(out / "glyphs.fonts.json", faces)
    kinds = dict(sorted(Counter(face.names.licence for face in faces).items()))
    families = len({face.names.family for face in faces})
    print(
        f"{path}: {len(faces) * len(LETTERS)} images of {len(faces)} faces in "
        f"{families} families, {kinds}, {path.stat().st_size:,} bytes"
    )


def positive(text: str) -> int:
    """A command-line number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("fonts", metavar="FONTS", type=Path, help="folder of .ttf and .otf files")
    add("--out", type=Path, default=Path("build"), help="folder for the results (default build)")
    add("--embedded", action="store_true", help="the small set of freely licensed faces")
    add("--most", type=positive, default=400, help="faces in the small set (default 400)")
    add("--per-family", type=positive, default=6, help="faces of one family in it (default 6)")
    add("--name", default="notMNIST_fonts", help="of the archive (default notMNIST_fonts)")
    add("--seed", type=int, default=0, help="for the archive's broken files (default 0)")
    return parser


def main() -> None:
    parser = make_parser()
    args = parser.parse_args()
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    if not args.fonts.is_dir():
        parser.error(f"FONTS: {args.fonts} is not a folder")
    found, skipped = read_faces(args.fonts)
    if not found:
        parser.error(f"FONTS: {args.fonts} holds no usable .ttf or .otf file; skipped: {skipped}")
    if args.embedded:
        found = [face for face in found if face.names.licence]
    if not found:
        parser.error(f"FONTS: no font in {args.fonts} states the OFL or the Apache licence")
    faces = distinct(found)
    print(f"{len(found)} faces, {len(faces)} of them distinct; skipped: {skipped}")
    args.out.mkdir(parents=True, exist_ok=True)
    if args.embedded:
        make_embedded(choose(faces, args.most, args.per_family), args.out)
    else:
        make_archive(faces, skipped, args.out, args.name, args.seed)


if __name__ == "__main__":
    main()
