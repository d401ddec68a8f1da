"""Small real image files of each format, and damage done to them: the same for the same (format, seed, number)."""

import io
import random
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from imagebytes import chunk, encode, picture
from PIL import Image
from rawbytes import LINEAR, dng, nonsense_of_cameras, scene

DATA = Path(__file__).parent / "data"
STARTS = {
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG",),
    "webp": (b"RIFF",),
    "tiff": (b"II*\0", b"MM\0*"),
    "bmp": (b"BM",),
    "gif": (b"GIF8",),
    "raw": (),
    "npy": (b"\x93NUMPY",),
}
FORMATS = tuple(STARTS)
LARGEST = 40_000
"""Bytes of a file that is taken for a sample."""
EXTREMES = (0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 31, 32, 64, 127, 128, 129, 254, 255)


def case(form, seed, number):
    """The bytes of one damaged file."""
    rng = random.Random(f"{form}/{seed}/{number}")
    files = samples(form)
    data = bytearray(rng.choice(files))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        damage = within_chunk if form == "png" and rng.random() < 0.6 else rng.choice(DAMAGES)
        damage(data, rng, form, files)
    if form == "png" and rng.random() < 0.75:  # else the check sums stop nearly all of it
        mend_check_sums(data)
    return bytes(data)


@cache
def samples(form):
    """Good files made here, and the awkward ones among the tests' data."""
    made = MAKERS[form]()
    kept = sorted((DATA / "edge_small").iterdir())
    return [*made, *(data for path in kept if (data := path.read_bytes()).startswith(STARTS[form]) and STARTS[form])]


def jpegs():
    yield encode(picture(), "JPEG", 6)
    yield encode(picture("L"), "JPEG")
    yield encode(picture("CMYK"), "JPEG")
    yield encode(picture(width=65, height=33), "JPEG", progressive=True, quality=95)
    yield encode(picture(), "JPEG", restart_marker_blocks=2, subsampling=0)


def pngs():
    for mode in ("L", "LA", "RGB", "RGBA"):
        yield encode(picture(mode), "PNG", 5)
    yield encode(picture().quantize(16), "PNG", transparency=3)
    yield encode(picture("L").convert("1"), "PNG")
    yield encode(Image.fromarray(scene()), "PNG")


def webps():
    yield encode(picture(), "WEBP")
    yield encode(picture("RGBA"), "WEBP", 7, lossless=True)
    yield encode(picture("RGBA"), "WEBP", quality=60)
    yield encode(picture(), "WEBP", save_all=True, append_images=[picture(seed=1)])


def tiffs():
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield encode(picture(), "TIFF", compression=compression)
    yield encode(picture("L").convert("1"), "TIFF", compression="group4")
    yield encode(picture("CMYK"), "TIFF", compression="tiff_lzw")
    yield encode(picture("RGBA"), "TIFF", 3)
    yield encode(picture().quantize(8), "TIFF")
    yield encode(Image.fromarray(scene()), "TIFF", compression="tiff_lzw")
    yield encode(Image.fromarray(scene().astype(np.float32)), "TIFF")
    yield encode(picture(), "TIFF", save_all=True, append_images=[picture(seed=1)])


def bmps():
    for mode in ("L", "RGB", "RGBA"):
        yield encode(picture(mode), "BMP")
    yield encode(picture("L").convert("1"), "BMP")
    yield encode(picture().quantize(16), "BMP")


def gifs():
    yield encode(picture(), "GIF")
    yield encode(picture("L"), "GIF", interlace=1)
    yield encode(picture(), "GIF", save_all=True, append_images=[picture(seed=1), picture(seed=2)], disposal=2)


def raws():
    yield dng(scene())
    yield dng(scene(25, 31), orientation=6, order=">")
    yield dng(scene(), photometric=LINEAR)
    yield dng(np.stack([scene(), scene(seed=1), scene(seed=2)], axis=2), photometric=LINEAR)
    yield from nonsense_of_cameras()


def npys():
    rng = np.random.default_rng(0)
    for shape, dtype in (((9, 7), "u1"), ((9, 7, 3), "u1"), ((9, 7, 4), "<u2"), ((9, 7, 1), "<f4"), ((9, 7, 3), ">f8")):
        stream = io.BytesIO()
        np.save(stream, rng.integers(0, 255, shape).astype(dtype))
        yield stream.getvalue()
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], object), allow_pickle=True)
    yield stream.getvalue()


MAKERS = {
    "jpeg": jpegs,
    "png": pngs,
    "webp": webps,
    "tiff": tiffs,
    "bmp": bmps,
    "gif": gifs,
    "raw": raws,
    "npy": npys,
}


def flip_bits(data, rng, form, files):
    end = len(data) if rng.random() < 0.5 else min(len(data), 128)
    for _ in range(rng.choice((1, 1, 2, 8, 32)) if end else 0):
        data[rng.randrange(end)] ^= 1 << rng.randrange(8)


def write_extreme(data, rng, form, files):
    places = fields(form, data)
    place, size = rng.choice(places) if places else (rng.randrange(len(data) + 1), rng.choice((1, 2, 4, 8)))
    top = 256**size
    value = rng.choice((*EXTREMES, top - 1, top // 2, top // 2 - 1, top // 4, top - 2, 20_000, 65_535)) % top
    data[place : place + size] = value.to_bytes(size, rng.choice(("little", "big")))


def write_anywhere(data, rng, form, files):
    place, size = rng.randrange(len(data) + 1), rng.choice((1, 2, 4))
    data[place : place + size] = rng.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * size


def cut_off(data, rng, form, files):
    del data[rng.randrange(len(data) + 1) :]


def block(data, rng):
    start = rng.randrange(len(data) + 1)
    return slice(start, start + rng.choice((1, 2, 4, 16, 64, 256, 1024)))


def take_out(data, rng, form, files):
    del data[block(data, rng)]


def double(data, rng, form, files):
    part = block(data, rng)
    data[part.start : part.start] = data[part] * rng.choice((1, 1, 2, 16))


def put_in(data, rng, form, files):
    part = block(data, rng)
    length = part.stop - part.start
    data[part.start : part.start] = rng.choice((bytes(length), rng.randbytes(length), b"\xff" * length))


def write_over(data, rng, form, files):
    part = block(data, rng)
    length = len(data[part])
    data[part] = rng.choice((bytes(length), rng.randbytes(length), b"\xff" * length))


def splice(data, rng, form, files):
    other = rng.choice(files)
    data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other) + 1) :]


def within_chunk(data, rng, form, files):
    """Damages what one chunk of a PNG holds, for pixels the rows behind the compression, and leaves all else whole."""
    chunks = [(place, size) for place, size in chunk_bodies(data) if size]
    if not chunks:
        return
    place, size = rng.choice(chunks)
    kind, body = bytes(data[place - 4 : place]), data[place : place + size]
    if kind == b"IDAT" and rng.random() < 0.7:
        inflater = zlib.decompressobj()
        try:
            rows = bytearray(inflater.decompress(body, 2**20))
        except zlib.error:
            rows = body
        rng.choice(DAMAGES)(rows, rng, "rows", [bytes(rows)])
        body = zlib.compress(rows, 1)
    else:
        rng.choice(DAMAGES)(body, rng, "rows", [bytes(body)])
    data[place - 8 : place + size + 4] = chunk(kind, bytes(body))


DAMAGES = (
    flip_bits,
    flip_bits,
    write_extreme,
    write_extreme,
    write_extreme,
    write_anywhere,
    cut_off,
    take_out,
    double,
    put_in,
    write_over,
    splice,
)


def fields(form, data):
    """(place, length) of numbers that decoders believe."""
    if form in ("tiff", "raw"):
        return directory_fields(data)
    if form == "jpeg":
        return marker_fields(data)
    return FIELDS.get(form, [])


FIELDS = {
    "png": [(8, 4), (16, 4), (16, 4), (20, 4), (20, 4), (24, 1), (25, 1), (26, 1), (28, 1), (33, 4), (41, 2)],
    "webp": [(4, 4), (16, 4), (20, 4), (21, 4), (24, 3), (26, 2), (27, 3), (28, 2), (30, 4), (34, 4)],
    "bmp": [(place, 4) for place in (2, 10, 14, 18, 22, 30, 34, 46, 50, 54)] + [(26, 2), (28, 2)],
    "gif": [(6, 2), (8, 2), (10, 1), (11, 1), (13, 1)],
    "npy": [(6, 1), (7, 1), (8, 2), *((place, 1) for place in range(10, 80))],
}


def directory_fields(data):
    """Tag, type, count and value of each entry of the first directory of a TIFF."""
    order = ">" if data[:2] == b"MM" else "<"
    if len(data) < 10:
        return []
    (start,) = struct.unpack_from(order + "I", data, 4)
    if start + 2 > len(data):
        return [(4, 4)]
    (count,) = struct.unpack_from(order + "H", data, start)
    entries = range(start + 2, min(start + 2 + 12 * count, len(data) - 12), 12)
    return [(4, 4), (start, 2)] + [
        (entry + place, size) for entry in entries for place, size in ((2, 2), (4, 4), (8, 4), (8, 4), (8, 2))
    ]


def marker_fields(data):
    """Lengths, sizes and table numbers behind the markers of a JPEG."""
    places = []
    for place in range(2, len(data) - 12):
        if data[place] == 0xFF and (0xC0 <= data[place + 1] <= 0xCF or 0xDA <= data[place + 1] <= 0xEF):
            places += [(place + 2, 2), (place + 4, 1), (place + 5, 2), (place + 7, 2), (place + 9, 1), (place + 11, 1)]
    return places


def chunk_bodies(data):
    """(place, length) of the bodies of a PNG's chunks, as far as they are whole."""
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        if place + 12 + length > len(data):
            return
        yield place + 8, length
        place += 12 + length


def mend_check_sums(data):
    for place, length in chunk_bodies(data):
        struct.pack_into(">I", data, place + length, zlib.crc32(data[place - 4 : place + length]))
