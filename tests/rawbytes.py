"""Small DNG files as bytes (Adobe DNG 1.4), directory entry by directory entry."""

import struct

import numpy as np

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
BLACK, WHITE = 256, 4095
SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)  # from XYZ to sRGB, in 1/10000
CODES = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", RATIONAL: "I", SRATIONAL: "i"}
MOSAIC, LINEAR = 32803, 34892
FIRST = 8
"""Where the first directory begins."""


def packed(kind, values, order="<"):
    return struct.pack(f"{order}{len(values)}{CODES[kind]}", *values)


def ratios(values, below=10000):
    return [number for value in values for number in (value, below)]


def tiff(entries, pixels, order="<"):
    """A TIFF of one directory and one strip; ``entries`` by tag: (type, values)."""
    entries = {**entries, 273: (LONG, [0]), 279: (LONG, [len(pixels)])}
    behind = FIRST + 2 + 12 * len(entries) + 4
    bodies = {tag: packed(kind, values, order) for tag, (kind, values) in entries.items()}
    strip = behind + sum(len(body) for body in bodies.values() if len(body) > 4)
    bodies[273] = packed(LONG, [strip], order)
    rows, long = b"", b""
    for tag, (kind, values) in sorted(entries.items()):
        body, count = bodies[tag], len(values) // (2 if kind in (RATIONAL, SRATIONAL) else 1)
        place = struct.pack(order + "I", behind + len(long)) if len(body) > 4 else body.ljust(4, b"\0")
        rows += struct.pack(order + "HHI", tag, kind, count) + place
        long += body if len(body) > 4 else b""
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", FIRST)
    return start + struct.pack(order + "H", len(entries)) + rows + bytes(4) + long + pixels


def dng(values, orientation=1, photometric=MOSAIC, order="<", **changed):
    """A DNG of HxW sensor values, an RGGB mosaic, black and white at 256 and 4095.

    LibRaw reads none of less than 22 x 22. ``changed`` sets entries: tag_50714=(type, values).
    """
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    entries = {
        254: (LONG, [0]),
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [16] * channels),
        259: (SHORT, [1]),
        262: (SHORT, [photometric]),
        271: (ASCII, b"Feedline\0"),
        272: (ASCII, b"Made\0"),
        274: (SHORT, [orientation]),
        277: (SHORT, [channels]),
        278: (LONG, [height]),
        284: (SHORT, [1]),
        50706: (BYTE, [1, 4, 0, 0]),
        50708: (ASCII, b"Feedline Made\0"),
        50714: (SHORT, [BLACK] * channels),
        50717: (SHORT, [WHITE] * channels),
    }
    if photometric == MOSAIC:
        entries |= {33421: (SHORT, [2, 2]), 33422: (BYTE, [0, 1, 1, 2])}
    if photometric == MOSAIC or channels == 3:
        entries |= {
            50721: (SRATIONAL, ratios(SRGB)),
            50728: (RATIONAL, ratios([10000] * 3)),
            50778: (SHORT, [21]),
        }
    entries |= {int(name.removeprefix("tag_")): value for name, value in changed.items()}
    return tiff(entries, values.astype(order + "u2").tobytes(), order)


def scene(height=32, width=48, seed=0):
    """Sensor values without symmetry."""
    rng = np.random.default_rng(seed)
    slope = np.add.outer(np.linspace(300, 1800, height), np.linspace(0, 1800, width))
    return (slope + rng.integers(0, 120, (height, width))).astype(np.uint16)


CAMERAS = (
    (b"NIKON CORPORATION", b"NIKON D750", 34713, 14),
    (b"SONY", b"ILCE-7M3", 32767, 14),
    (b"PENTAX Corporation", b"PENTAX K-5", 65535, 14),
    (b"SAMSUNG", b"NX300", 32770, 14),
    (b"SAMSUNG", b"NX1", 32772, 14),
    (b"Canon", b"Canon EOS 5D", 7, 14),
    (b"Eastman Kodak Company", b"KODAK EASYSHARE Z980", 32867, 12),
    (b"Leaf", b"Aptus 22", 99, 16),
    (b"OLYMPUS IMAGING CORP.", b"E-M1", 1, 12),
    (b"Epson", b"R-D1", 1, 12),
)
"""Maker, model, their own way to pack pixels, and bits."""


def nonsense_of_cameras():
    """Noise that says it comes from a camera, for LibRaw's decoder of that camera's files."""
    noise = np.random.default_rng(0).bytes(6000)
    for maker, model, packing, bits in CAMERAS:
        entries = {
            256: (LONG, [64]),
            257: (LONG, [48]),
            258: (SHORT, [bits]),
            259: (SHORT, [packing]),
            262: (SHORT, [MOSAIC]),
            271: (ASCII, maker + b"\0"),
            272: (ASCII, model + b"\0"),
            277: (SHORT, [1]),
            278: (LONG, [48]),
            33421: (SHORT, [2, 2]),
            33422: (BYTE, [0, 1, 1, 2]),
        }
        yield tiff(entries, noise)
    for start in (b"IIRO", b"IIU\0"):
        yield start + dng(scene())[4:]
