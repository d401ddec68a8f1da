"""Damaged JPEGs and PNGs: the same for the same (seed, number); many reach beyond a decoder's first checks."""

import random
import struct
import zlib
from functools import cache

import cv2
from imagebytes import chunk, encode, picture
from mutations import DAMAGES, chunk_bodies, mend_check_sums, samples
from photo import photo
from PIL import Image

SAMPLINGS = (0x111111, 0x211111, 0x221111, 0x121111, 0x411111, None)
"""OpenCV's; None is grey."""
SIZES = ((33, 47), (8, 8), (1, 19), (64, 40), (17, 1))
TABLES = {"DQT": 0xDB, "DHT": 0xC4, "SOF": 0xC0, "SOS": 0xDA, "DRI": 0xDD}
WITHOUT_MARKERS = tuple(damage for damage in DAMAGES if damage.__name__ != "write_extreme")
SAMPLES_OF = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Numbers of a pixel, by the colour type of a PNG."""
SIDES = (0, 1, 2, 7, 8, 9, 16, 33, 255, 256, 1000, 4097, 16_384, 65_500, 65_535)
LARGEST = 6000
"""Bytes of a file that is damaged: a million of them have to be tried. PNGs of other than 8 bits are the twin's."""


def mutant(seed, number):
    """The bytes of one damaged file."""
    rng = random.Random(seed << 40 | number)
    form = rng.choice(("jpeg", "jpeg", "jpeg", "png", "png"))
    files = good(form)
    data = bytearray(rng.choice(files))
    damages = OF_PARTS[form]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        rng.choice(damages if rng.random() < 0.7 else WITHOUT_MARKERS)(data, rng, form, files)
    if form == "png" and rng.random() < 0.8:
        mend_check_sums(data)
    if form == "jpeg" and rng.random() < 0.5 and not data.endswith(b"\xff\xd9"):
        data += b"\xff\xd9"  # else nothing of a file that was cut is decoded
    return bytes(data)


@cache
def good(form):
    files = [*(jpegs() if form == "jpeg" else pngs()), *samples(form)]
    return [data for data in files if len(data) <= LARGEST and (form == "jpeg" or data[24] == 8)]


def jpegs():
    """Every sampling, baseline and progressive, with restarts, turned by Exif, by two writers."""
    for number, (sampling, size) in enumerate((sampling, size) for sampling in SAMPLINGS for size in SIZES):
        image = photo(*size, 1 if sampling is None else 3, seed=number)
        options = [cv2.IMWRITE_JPEG_QUALITY, 60 + number, cv2.IMWRITE_JPEG_PROGRESSIVE, number % 2]
        options += [cv2.IMWRITE_JPEG_RST_INTERVAL, number % 3]
        options += [] if sampling is None else [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        yield cv2.imencode(".jpg", image, options)[1].tobytes()
    image = Image.fromarray(photo(40, 56))
    for orientation in range(1, 9):
        yield encode(image, "JPEG", orientation, optimize=True, progressive=orientation % 2 == 0)
    yield encode(image, "JPEG", keep_rgb=True)
    yield encode(image.convert("CMYK"), "JPEG")


def pngs():
    """Every colour type, in one chunk and in several, of every filter that a writer chooses."""
    for mode in ("L", "LA", "RGB", "RGBA"):
        for width, height in ((1, 1), (28, 28), (19, 3), (40, 24)):
            yield encode(picture(mode, width, height), "PNG", compress_level=width % 10)
    yield encode(picture().quantize(100), "PNG")
    yield encode(picture().quantize(100), "PNG", transparency=3)
    data = encode(Image.fromarray(photo(30, 30)), "PNG")
    start, end = data.index(b"IDAT") + 4, data.index(b"IEND") - 8
    parts = (chunk(b"IDAT", data[at : min(at + 500, end)]) for at in range(start, end, 500))
    yield data[: start - 8] + b"".join(parts) + chunk(b"IEND")


def segments(data):
    """(marker, place of the length, length) of a JPEG's segments up to where they cannot be followed."""
    found, place = [], 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        (length,) = struct.unpack_from(">H", data, place + 2)
        found.append((data[place + 1], place + 2, length))
        if data[place + 1] == TABLES["SOS"]:
            break
        place += 2 + max(length, 2)
    return found


def scramble_segment(data, rng, form, files):
    """Random numbers at a few places of a segment: of tables, of the frame, of the scan."""
    found = [(place, length) for marker, place, length in segments(data) if marker in (*TABLES.values(), 0xC2)]
    if found:
        place, length = rng.choice(found)
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            at = place + 2 + rng.randrange(max(length - 2, 1))
            if at < len(data):
                data[at] = rng.choice((rng.randrange(256), rng.randrange(5), 255))


def write_sides(data, rng, form, files):
    """Another height or width."""
    for marker, place, _ in segments(data):
        if 0xC0 <= marker <= 0xC2 and place + 7 <= len(data):
            struct.pack_into(">H", data, place + rng.choice((3, 5)), rng.choice(SIDES))


def write_sampling(data, rng, form, files):
    """Other samplings, tables and numbers of the colours in the frame."""
    for marker, place, _ in segments(data):
        if 0xC0 <= marker <= 0xC2 and place + 17 <= len(data):
            at = place + 8 + 3 * rng.randrange(3)
            data[at : at + 3] = bytes((rng.randrange(5), rng.randrange(5) << 4 | rng.randrange(5), rng.randrange(5)))


def put_in_codes(data, rng, form, files):
    """A Huffman table whose counts fit together, of random symbols; or of random counts."""
    counts = [0] * 16
    free = 1
    for length in range(16):
        free *= 2
        counts[length] = rng.randrange(min(free, 256 - sum(counts), 30) + 1) if rng.random() < 0.7 else 0
        free = min(free - counts[length], 1 << 16)
    symbols = rng.randbytes(sum(counts))
    if rng.random() < 0.2:
        counts = list(rng.randbytes(16))
    put_in_segment(data, rng, 0xC4, bytes((rng.choice((0, 1, 16, 17, 3)), *counts)) + symbols)


def put_in_quantisation(data, rng, form, files):
    wide = rng.random() < 0.3
    put_in_segment(data, rng, 0xDB, bytes((wide << 4 | rng.randrange(4),)) + rng.randbytes(128 if wide else 64))


def put_in_interval(data, rng, form, files):
    put_in_segment(data, rng, 0xDD, struct.pack(">H", rng.choice((0, 1, 2, 3, 65_535))))


def put_in_segment(data, rng, marker, body):
    """In front of any segment."""
    found = segments(data)
    if found:
        place = rng.choice(found)[1] - 2
        data[place:place] = struct.pack(">BBH", 0xFF, marker, (len(body) + 2) & 0xFFFF) + body


def swap_segments(data, rng, form, files):
    found = [(place - 2, place + length) for _, place, length in segments(data)[:-1] if length >= 2]
    if len(found) > 1:
        (a, b), (c, d) = sorted(rng.sample(found, 2))
        data[a:d] = data[c:d] + data[b:c] + data[a:b]


def scramble_scan(data, rng, form, files):
    """Random bytes in what the codes stand for."""
    start = data.rfind(b"\xff\xda") + 2
    if 2 <= start < len(data):
        for _ in range(rng.choice((1, 1, 3, 10))):
            data[rng.randrange(start, len(data))] = rng.randrange(256)


def write_header(data, rng, form, files):
    """Another side, depth, colour type, compression, filter method or interlacing of a PNG."""
    place, size = rng.choice(((16, 4), (20, 4), (24, 1), (25, 1), (26, 1), (27, 1), (28, 1)))
    if len(data) > 33:
        value = rng.choice((*SIDES, 2**31 - 1, 2**32 - 1)) if size == 4 else rng.choice((*range(9), 16, 255))
        data[place : place + size] = value.to_bytes(size, "big")


def write_length(data, rng, form, files):
    """Another length of a chunk."""
    found = list(chunk_bodies(data))
    if found:
        place, length = rng.choice(found)
        wrong = rng.choice((0, 1, length - 1, length + 1, 2 * length, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 12))
        struct.pack_into(">I", data, place - 8, wrong % 2**32)


def swap_chunks(data, rng, form, files):
    found = [(place - 8, place + length + 4) for place, length in chunk_bodies(data)]
    if len(found) > 1:
        (a, b), (c, d) = sorted(rng.sample(found, 2))
        data[a:d] = data[c:d] + data[b:c] + data[a:b]


def damage_rows(data, rng, form, files):
    """Any damage to the rows behind the compression."""
    rewrite_rows(data, rng, lambda rows: rng.choice(WITHOUT_MARKERS)(rows, rng, "rows", [bytes(rows)]))


def scramble_rows(data, rng, form, files):
    """Other filters and numbers in the rows behind the compression, which stay as many."""

    def scramble(rows):
        for _ in range(rng.choice((1, 3, 30)) if rows else 0):
            rows[rng.randrange(len(rows))] = rng.choice((rng.randrange(5), rng.randrange(256)))

    rewrite_rows(data, rng, scramble)


def set_filters(data, rng, form, files):
    """A filter of its own to each row, of a PNG of 8 bits."""
    if len(data) < 33 or data[25] not in SAMPLES_OF:
        return
    row = 1 + int.from_bytes(data[16:20], "big") * SAMPLES_OF[data[25]]

    def choose(rows):
        for start in range(0, len(rows), row):
            rows[start] = rng.randrange(5)

    rewrite_rows(data, rng, choose)


def rewrite_rows(data, rng, change):
    """Packs what `change` leaves of the rows, in one chunk or in several."""
    bodies = [(place, length) for place, length in chunk_bodies(data) if data[place - 4 : place] == b"IDAT"]
    if not bodies:
        return
    try:
        rows = bytearray(zlib.decompressobj().decompress(b"".join(data[at : at + size] for at, size in bodies), 2**16))
    except zlib.error:
        return
    change(rows)
    packed = zlib.compress(rows, rng.randrange(3))
    step = rng.choice((len(packed), len(packed), 1 + rng.randrange(len(packed)), 100))
    parts = b"".join(chunk(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step))
    data[bodies[0][0] - 8 : bodies[-1][0] + bodies[-1][1] + 4] = parts


OF_PARTS = {
    "jpeg": (
        scramble_segment,
        scramble_segment,
        write_sides,
        write_sampling,
        put_in_codes,
        put_in_quantisation,
        put_in_interval,
        swap_segments,
        scramble_scan,
        scramble_scan,
        scramble_scan,
    ),
    "png": (
        write_header,
        write_length,
        swap_chunks,
        damage_rows,
        scramble_rows,
        scramble_rows,
        scramble_rows,
        set_filters,
        set_filters,
    ),
}
