"""Every example runs."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import feedline

EXAMPLES = Path(__file__).parents[1] / "examples"


def started(name, *arguments):
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def run(name, *arguments):
    done = started(name, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def photographed(folder, count, size=(300, 600)):
    """Discs before a colour of each picture's own, as PNG."""
    for number in range(count):
        image = np.full((*size, 3), (40 * number, 90, 200 - 30 * number), np.uint8)
        cv2.circle(image, (size[1] // 4, size[0] // 2), 60, (255, 255, 255), -1)
        cv2.imwrite(str(folder / f"view{number}.png"), image)


def test_none_is_forgotten():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"edges_to_photos.py", "export_glyphs.py", "own_loop.py"}


def test_own_loop():
    (line,) = run("own_loop.py", 1).splitlines()
    assert line.startswith("epoch 1: ")
    assert float(line.split()[2]) > 20  # guessing gives 10


def test_export_glyphs(tmp_path):
    assert run("export_glyphs.py", tmp_path) == f"4,000 images in {tmp_path}\n"
    assert len(list(tmp_path.glob("?/*.png"))) == 4000
    exported, embedded = feedline.open(tmp_path, mode="L"), feedline.open("glyphs")
    assert exported.classes == embedded.classes == list("ABCDEFGHIJ")
    assert len(exported) == 4000
    for number in (0, 17, 3999):  # of face number // 10 the letter number % 10
        image, label = embedded[number]
        place = exported.paths[:].index(str(tmp_path / embedded.classes[label] / f"{number // 10:03}.png"))
        assert (exported[place][0] == image).all()


def test_edges_to_photos(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    (photos / "deeper").mkdir(parents=True)
    photographed(photos / "deeper", 6)
    told = run("edges_to_photos.py", photos, out, "--count", 8)
    assert told == f"7 pairs in {out / 'train'}\n1 pairs in {out / 'val'}\n"
    names = {path.name for path in (out / "train").iterdir()}
    assert names == {*(f"view{number}_00.jpg" for number in (0, 1, 2, 3, 5)), "view0_01.jpg", "view1_01.jpg"}
    (held,) = (out / "val").iterdir()
    assert held.name == "view4_00.jpg"
    pair = cv2.imread(str(held)).astype(int)
    assert pair.shape == (256, 512, 3)
    assert np.abs(pair[:, 256:] - cv2.imread(str(photos / "deeper" / "view4.png"))[22:278, 44:300]).mean() < 1
    outlines, photo = pair[:, :256].mean(2), pair[:, 256:]
    assert 0.005 < (outlines < 128).mean() < 0.03  # the circle, dark on white
    beside = cv2.dilate((np.ptp(photo, axis=2) < 60).astype(np.uint8), np.ones((7, 7)))
    assert beside[outlines < 128].all()


@pytest.mark.parametrize(
    ("count", "made", "told"),
    [
        (290, 6, "6 photographs give 12 pieces of 256x256, --count asks for 290: add photographs, "),
        (290, 4, "5 photographs (.jpg, .png) or more are needed, 4 found in "),
        (4, 6, "--count is 5 or more, so that one is for validation, not 4"),
    ],
)
def test_too_few_photographs_are_one_line(tmp_path, count, made, told):
    (tmp_path / "photos").mkdir()
    photographed(tmp_path / "photos", made)
    done = started("edges_to_photos.py", tmp_path / "photos", tmp_path / "out", "--count", count)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_two_photographs_of_one_name_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    photographed(tmp_path / "a", 5)
    photographed(tmp_path / "b", 1)
    done = started("edges_to_photos.py", tmp_path / "a", tmp_path / "b", tmp_path / "out")
    both = f"{tmp_path / 'a' / 'view0.png'} and {tmp_path / 'b' / 'view0.png'}"
    assert (done.returncode, done.stderr) == (1, f"{both} have one name: rename one, or take it away\n")


def test_what_is_no_photograph_and_what_is_there_already_is_told(tmp_path):
    (tmp_path / "photos").mkdir()
    photographed(tmp_path / "photos", 5)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"not a picture")
    done = started("edges_to_photos.py", tmp_path / "photos", tmp_path / "out", "--count", 5)
    broken = tmp_path / "photos" / "broken.jpg"
    assert (done.returncode, done.stderr) == (1, f"{broken} cannot be read as an image: mend it or take it away\n")
    done = started("edges_to_photos.py", tmp_path / "photos", tmp_path / "photos")
    told = f"{tmp_path / 'photos'} is there and not empty: name a new folder\n"
    assert (done.returncode, done.stderr) == (1, told)
