"""Real JPEG and PNG files as bytes, made by Pillow or chunk by chunk."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(mode="RGB", width=40, height=24, seed=0):
    """A smooth picture without symmetry, so that no wrong turn goes unseen."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, channels), np.uint8)
    bands = [
        Image.fromarray(small[:, :, band]).resize((width, height), Image.Resampling.BICUBIC) for band in range(channels)
    ]
    return Image.merge(mode, bands)


def encode(image, form, orientation=None, **options):
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif.tobytes()
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def pillow(data, mode=None):
    """The pixels as Pillow sees them, upright, HxWxC."""
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        pixels = np.asarray(upright if mode is None else upright.convert(mode))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def difference(one, other):
    """The mean and the largest absolute difference of two images of one shape."""
    assert one.shape == other.shape
    distance = np.abs(one.astype(int) - other.astype(int))
    return distance.mean(), distance.max()


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, bits, colour, rows, *extra):
    """A PNG of the given raw rows (each begins with its filter byte); ``extra`` chunks come before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
