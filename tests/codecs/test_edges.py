"""Every awkward file of data/edge_small: pixels as Pillow's, or a report of the right kind, by expectations.json."""

import json
from pathlib import Path

import numpy as np
import pytest
from imagebytes import difference
from PIL import Image, ImageOps

from feedline.codecs import decode, probe
from feedline.codecs.check import check_file
from feedline.errors import DecodeError

EDGES = Path(__file__).parents[1] / "data" / "edge_small"
EXPECTED = json.loads((EDGES / "expectations.json").read_text(encoding="utf-8"))
READ = sorted(name for name, expected in EXPECTED.items() if "pixels" in expected)
REFUSED = sorted(name for name, expected in EXPECTED.items() if "kind" in expected)
BITS8 = [name for name in READ if EXPECTED[name]["pixels"] != "unchanged"]
BITS16 = [name for name in READ if EXPECTED[name]["pixels"] == "unchanged"]
LIMITS = {"lossless": (0, 0), "lossy": (2, 255)}
"""The mean and the largest difference."""
CMYK = ("made__cmyk.jpg", "pillow__pil_sample_cmyk.jpg", "pillow__tiff_tiled_cmyk_jpeg.tif")
MEMORY = 2**26


def upright(name, mode=None):
    """As Pillow sees it; of a JPEG and mode L the luma that it stores, and not one made of its colours."""
    with Image.open(EDGES / name) as image:
        if mode == "L":
            image.draft("L", image.size)
        return ImageOps.exif_transpose(image)


def converted(image, mode):
    pixels = np.asarray(image.convert(mode))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def on_white(image):
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))


def test_every_file_has_one_expectation():
    files = {path.name for path in EDGES.iterdir() if path.suffix not in (".md", ".json")}
    assert set(EXPECTED) == files
    assert sorted(READ + REFUSED) == sorted(files)
    manifest = json.loads((EDGES / "MANIFEST.json").read_text(encoding="utf-8"))["files"]
    assert {entry["file"] for entry in manifest} == files


@pytest.mark.parametrize("name", BITS8)
def test_pixels_are_pillows(name):
    image = upright(name)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    mean, largest = difference(decode(EDGES / name, mode), converted(image, mode))
    assert mean <= LIMITS[EXPECTED[name]["pixels"]][0]
    assert largest <= LIMITS[EXPECTED[name]["pixels"]][1]


@pytest.mark.parametrize("name", BITS8)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_without_alpha_they_are_pillows_on_white(name, mode):
    image = upright(name, mode)
    flat = on_white(image).convert("RGB") if image.has_transparency_data else image
    flat = flat.convert("RGB") if flat.mode == "CMYK" else flat
    mean, largest = difference(decode(EDGES / name, mode), converted(flat, mode))
    assert mean <= max(LIMITS[EXPECTED[name]["pixels"]][0], 1)
    assert EXPECTED[name]["pixels"] == "lossy" or largest <= 1


@pytest.mark.parametrize("name", BITS16)
def test_16_bits_are_pillows_unchanged(name):
    image = decode(EDGES / name, "unchanged")
    expected = np.asarray(upright(name))
    expected = expected if expected.ndim == 3 else expected[:, :, None]
    if EXPECTED[name].get("reference") == "high byte":
        image = image >> 8
        if image.shape[2] == 2:  # which Pillow spreads over RGBA
            image = image[:, :, [0, 0, 0, 1]]
    assert np.array_equal(image, expected)


@pytest.mark.parametrize("name", BITS16)
def test_16_bits_become_8_by_rounding_over_257(name):
    wide = decode(EDGES / name, "unchanged")
    if wide.dtype != np.uint16:
        with pytest.raises(DecodeError, match="int16 has no one way to uint8") as caught:
            decode(EDGES / name, "unchanged", dtype=np.uint8)
        assert caught.value.kind == "unsupported"
        return
    assert np.array_equal(decode(EDGES / name, "unchanged", dtype=np.uint8), np.rint(wide / 257))


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "unchanged"])
def test_what_is_refused_says_how_and_where(name, mode):
    with pytest.raises(DecodeError) as caught:
        decode(EDGES / name, mode)
    assert (caught.value.kind, caught.value.path) == (EXPECTED[name]["kind"], str(EDGES / name))


@pytest.mark.parametrize("name", EXPECTED)
def test_the_check_says_the_same(name):
    problem = check_file(str(EDGES / name), 5)
    assert (None if problem is None else problem.kind) == EXPECTED[name].get("kind")


@pytest.mark.parametrize("name", READ)
def test_probe_says_what_decode_gives_and_bytes_are_as_good_as_a_path(name):
    header, image = probe(EDGES / name), decode(EDGES / name, "unchanged")
    data = (EDGES / name).read_bytes()
    assert probe(data) == header
    assert np.array_equal(decode(data, "unchanged"), image)
    turned = header.orientation >= 5
    assert image.shape[:2] == ((header.width, header.height) if turned else (header.height, header.width))
    assert image.shape[2] == header.channels or (name in CMYK and (header.channels, image.shape[2]) == (4, 3))
    assert image.dtype.itemsize == max(1, header.bits // 8)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("mode", ["RGB", "unchanged"])
def test_taking_what_is_there_never_crashes(name, mode):
    whole = EXPECTED[name].get("kind") is None
    try:
        image = decode(EDGES / name, mode, truncated="accept", max_bytes=MEMORY)
    except DecodeError as error:
        assert not whole
        assert error.kind != "empty" or name == "made__empty.jpg"
    else:
        assert not whole or np.array_equal(image, decode(EDGES / name, mode))
