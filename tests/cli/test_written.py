"""Files for pictures that were made."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from feedline.cli.written import encoded, ending_for, names_of
from feedline.errors import DataError


@pytest.mark.parametrize(
    ("suffix", "channels", "dtype", "ending"),
    [
        (".jpg", 3, "uint8", ".jpg"),
        (".JPEG", 1, "uint8", ".JPEG"),
        (".jpg", 4, "uint8", ".png"),
        (".jpg", 3, "uint16", ".png"),
        (".tif", 4, "uint16", ".tif"),
        (".webp", 3, "uint8", ".png"),
        ("", 3, "uint8", ".png"),
        (".png", 2, "uint8", ".npy"),
        (".png", 3, "float32", ".npy"),
        (".npy", 3, "uint8", ".png"),
    ],
)
def test_the_ending_stays_where_such_a_file_can_hold_it(suffix, channels, dtype, ending):
    assert ending_for(suffix, channels, dtype) == ending


@pytest.mark.parametrize("ending", [".png", ".tif", ".npy"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_was_written_is_read_back(tmp_path, ending, channels, dtype):
    top = np.iinfo(dtype).max
    image = np.random.default_rng(0).integers(0, top, (6, 5, channels), dtype, endpoint=True)
    path = tmp_path / f"a{ending}"
    path.write_bytes(encoded(image, ending))
    if ending == ".npy":
        back = np.load(path)
    else:
        back = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).reshape(6, 5, -1)
        order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
        back = back[:, :, order]
    assert back.dtype == dtype
    assert (back == image).all()


def test_jpeg_keeps_colours():
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, ::2] = (255, 0, 0)  # red stripes, which halved colours would smear
    back = cv2.imdecode(np.frombuffer(encoded(image, ".jpg"), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(back.astype(int) - image).mean() < 12


def named(*names, folder="x", channels=3):
    found = names_of([(Path(folder, name), Path(name)) for name in names], channels, "uint8")
    return [str(found[Path(folder, name)]) for name in names]


def test_where_the_ending_changes_the_stem_stays():
    assert named("a.jpg", "b.webp", "c", "d/a.bmp") == ["a.jpg", "b.png", "c.png", "d/a.png"]


def test_two_of_one_stem_get_two_names():
    assert named("a.png", "a.webp", "a.gif") == ["a.png", "a.webp.png", "a.gif.png"]
    assert named("a.jpg", "a.webp", channels=4) == ["a.jpg.png", "a.webp.png"]


def test_two_of_one_name_are_refused():
    two = [(Path("x/a.png"), Path("a.png")), (Path("y/a.png"), Path("a.png"))]
    with pytest.raises(DataError, match=r"x/a\.png and y/a\.png would both become a\.png: rename one of them"):
        names_of(two, 3, "uint8")
