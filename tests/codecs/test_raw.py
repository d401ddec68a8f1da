"""codecs/raw.py: what is RAW, and what is made of it; made DNGs of known light, and rawpy's own word."""

import io
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagebytes import encode, picture
from rawbytes import ASCII, BLACK, BYTE, LINEAR, LONG, MOSAIC, RATIONAL, SHORT, WHITE, dng, scene, tiff

from feedline.codecs.exif import orient
from feedline.codecs.raw import develop as decode
from feedline.codecs.raw import is_raw, read_header
from feedline.errors import DecodeError
from feedline.types import Header

rawpy = pytest.importorskip("rawpy")

PHOTO = (Path(__file__).parents[1] / "data" / "derived.dng").read_bytes()
SMALL = dng(scene())
CFA, MAKE = (SHORT, [MOSAIC]), (ASCII, b"Maker\0")


def libraw(data, **options):
    """What rawpy makes of it by itself, turned as the file says."""
    with rawpy.imread(io.BytesIO(data)) as raw:
        return raw.postprocess(use_camera_wb=True, no_auto_bright=True, **options).copy()


@pytest.mark.parametrize(
    "data",
    [
        PHOTO,
        SMALL,
        dng(scene(), order=">"),
        tiff({262: CFA, 271: MAKE}, b"pixels"),
        b"II*\0\x10\0\0\0CR\2\0",
        b"\0\0\0\x18ftypcrx \0\0\0\1",
        b"IIRO\x08\0\0\0",
        b"IIRS\x08\0\0\0",
        b"MMOR\0\0\0\x08",
        b"IIU\0\x18\0\0\0",
        b"FUJIFILMCCD-RAW 0201",
        b"FOVb\0\0\2\0",
        b"\0MRM\0\0\0\0",
        b"II\x1a\0\0\0HEAPCCDR",
    ],
    ids=lambda data: repr(data[:16]),
)
def test_raw_is_told_by_content(data):
    assert is_raw(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        encode(picture(), "TIFF"),
        encode(picture(), "JPEG"),
        encode(picture(), "PNG"),
        tiff({262: (SHORT, [2]), 271: MAKE}, b"a camera's plain TIFF"),
        tiff({262: CFA}, b"a mosaic that no camera made"),
        b"\0\0\0\x18ftypavif\0\0\0\0",
        b"FOV",
    ],
    ids=lambda data: repr(data[:16]),
)
def test_what_is_not_raw_is_left_alone(data):
    assert not is_raw(data)


def test_a_mosaic_in_a_directory_below_is_found():
    below = tiff({262: CFA}, b"")[8:]  # its entries hold no offsets
    whole = tiff({271: (ASCII, b"Ma\0"), 330: (LONG, [0])}, b"")
    place = whole.index(struct.pack("<HH", 330, LONG)) + 8
    assert is_raw(whole[:place] + struct.pack("<I", len(whole)) + whole[place + 4 :] + below)


def test_directories_in_a_ring_come_to_an_end():
    ring = bytearray(tiff({271: MAKE, 330: (LONG, [8, 8, 8])}, b""))
    end = 8 + 2 + 12 * 4
    struct.pack_into("<I", ring, end, 8)
    assert not is_raw(bytes(ring))


@given(st.binary(max_size=300), st.sampled_from([b"II*\0", b"MM\0*"]))
def test_any_bytes_are_raw_or_not(data, start):
    assert is_raw(start + data) in (True, False)


@given(st.binary(min_size=1, max_size=8), st.integers(8, 400))
def test_no_damage_to_directories_stops_the_question(damage, place):
    assert is_raw(SMALL[:place] + damage + SMALL[place + len(damage) :]) in (True, False)


def test_the_header_says_size_depth_and_orientation():
    assert read_header(PHOTO) == Header("raw", 480, 320, 3, 16, 1)
    assert read_header(dng(scene(24, 30), orientation=6)) == Header("raw", 30, 24, 3, 16, 6)


def test_the_photo_is_what_libraw_makes_of_it():
    image = decode(PHOTO)
    assert image.dtype == np.uint8
    assert image.flags.owndata
    assert np.array_equal(image, libraw(PHOTO))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_once_and_not_by_libraw(orientation):
    data = dng(scene(), orientation)
    assert np.array_equal(decode(data), decode(SMALL))
    assert read_header(data).orientation == orientation
    assert np.array_equal(orient(decode(data), orientation), libraw(data))


@pytest.mark.parametrize("nonsense", [0, 9, 14])
def test_an_orientation_that_does_not_exist_turns_nothing(nonsense):
    assert read_header(dng(scene(), nonsense)).orientation == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 1.0])
def test_linear_values_are_in_proportion_to_light(share):
    flat = np.full((32, 32), round(BLACK + share * (WHITE - BLACK)), np.uint16)
    image = decode(dng(flat), linear=True)
    assert image.dtype == np.uint16
    assert np.abs(image - share * 65535.0).max() < 24  # one step of a sensor of 12 bits


def test_eight_bits_follow_the_curve_of_bt_709():
    flat = np.full((32, 32), BLACK + (WHITE - BLACK) // 5, np.uint16)
    expected = 255 * (1.099 * 0.2**0.45 - 0.099)
    assert np.abs(decode(dng(flat)) - expected).max() <= 1


def test_colours_are_those_of_the_mosaic():
    red = np.full((32, 32), BLACK, np.uint16)
    red[::2, ::2] = WHITE
    assert np.array_equal(decode(dng(red))[16, 16], [255, 0, 0])


def test_half_size_makes_one_pixel_of_four():
    half, whole = decode(PHOTO, half_size=True), decode(PHOTO)
    assert half.shape == (160, 240, 3)
    mean = whole.reshape(160, 2, 240, 2, 3).mean(axis=(1, 3))
    assert np.abs(half - mean).mean() < 6  # of 255; the mosaic's noise
    assert np.abs((half - mean).mean(axis=(0, 1))).max() < 1
    assert decode(dng(scene(31, 45)), half_size=True).shape == (16, 23, 3)


@pytest.mark.parametrize(
    ("size", "shape"), [((16, 24), (16, 24)), ((3, 24), (16, 24)), ((17, 24), (32, 48)), ((16, 25), (32, 48))]
)
def test_a_size_of_at_most_half_is_read_in_half(size, shape):
    assert decode(SMALL, size=size).shape == (*shape, 3)


def test_a_sensor_without_colours_gives_one_channel():
    data = dng(scene(), photometric=LINEAR)
    assert read_header(data).channels == 1
    assert decode(data).shape == (32, 48, 1)


@pytest.mark.parametrize(("scale", "size"), [([2, 1, 1, 1], (32, 96)), ([1, 1, 2, 1], (64, 48))])
def test_cells_that_are_no_squares_are_counted_in_the_header(scale, size):
    data = dng(scene(), tag_50718=(RATIONAL, scale))
    header = read_header(data)
    assert decode(data).shape[:2] == (header.height, header.width) == size


@pytest.mark.parametrize("length", [len(PHOTO) - 1, len(PHOTO) // 2, 600, 300])
def test_a_file_that_ends_early_is_truncated(length):
    with pytest.raises(DecodeError, match="truncated RAW") as error:
        decode(PHOTO[:length])
    assert error.value.kind == "truncated"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (dng(scene(), tag_259=(SHORT, [9999])), "unsupported"),
        (b"FUJIFILMCCD-RAW 0201".ljust(2000, b"\0"), "unsupported"),
        (dng(scene(), tag_259=(SHORT, [8])), "corrupt"),
        (dng(scene(), tag_256=(LONG, [60000]), tag_257=(LONG, [60000])), "too large"),
    ],
)
def test_what_libraw_refuses_is_named(data, kind):
    with pytest.raises(DecodeError, match=f"{kind} RAW: LibRaw says '") as error:
        decode(data)
    assert error.value.kind == kind


@pytest.mark.parametrize("cells", [[3, 0, 0, 0], [0, 0, 0, 2], [2, 1, 255, 255]])
def test_colours_of_which_libraw_would_guess_are_refused(cells):
    data = dng(scene(), tag_33422=(BYTE, cells))
    for work in (read_header, decode):
        with pytest.raises(DecodeError, match="no mosaic has just the colours") as error:
            work(data)
        assert error.value.kind == "corrupt"


def test_colours_that_the_file_names_are_taken():
    assert decode(dng(scene(), tag_33422=(BYTE, [0, 2, 2, 6]), tag_50710=(BYTE, [0, 2, 6]))).shape == (32, 48, 3)


def test_without_rawpy_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    assert is_raw(SMALL)
    for work in (read_header, decode):
        with pytest.raises(DecodeError, match=r"feedline\[raw\]"):
            work(SMALL)


def test_eight_threads_see_what_one_sees():
    files = [dng(scene(seed=seed)) for seed in range(8)]
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert all(map(np.array_equal, pool.map(decode, files), alone))


def run(program):
    """The exit status of a Python program in a process of its own, which ends after a minute at the latest."""
    return subprocess.run([sys.executable, "-c", program], env=os.environ | {"OMP_NUM_THREADS": "4"}, timeout=60)


FORK = """
import os, pathlib, signal, warnings
import {first}
from feedline.codecs.raw import decode
warnings.simplefilter("ignore", DeprecationWarning)  # that a process of several threads forks is what is tried
data = pathlib.Path({path!r}).read_bytes()
here = decode(data)
child = os.fork()
if not child:
    signal.alarm(30)
    os._exit(0 if (decode(data) == here).all() else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("first", ["torch", "rawpy"])  # whose OpenMP LibRaw calls hangs on it
def test_a_fork_behind_a_decoded_file_decodes_too(tmp_path, first):
    (tmp_path / "photo.dng").write_bytes(PHOTO)
    assert run(FORK.format(first=first, path=str(tmp_path / "photo.dng"))).returncode == 0


THREADS = """
import pathlib
import torch
from feedline.codecs.raw import _openmp, decode, read_header
torch.set_num_threads(3)
for library in _openmp():
    library.omp_set_num_threads(3)
data = pathlib.Path({path!r}).read_bytes()
decode(data)
read_header(data)
try:
    decode(data[:300])
except Exception:
    pass
assert torch.get_num_threads() == 3
assert [library.omp_get_max_threads() for library in _openmp()] == [3] * len(_openmp())
"""


def test_what_others_asked_of_openmp_stays(tmp_path):
    (tmp_path / "small.dng").write_bytes(SMALL)
    assert run(THREADS.format(path=str(tmp_path / "small.dng"))).returncode == 0
