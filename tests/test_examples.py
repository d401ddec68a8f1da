"""Every example runs."""

import subprocess
import sys
from pathlib import Path

import feedline

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *arguments):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_none_is_forgotten():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"export_glyphs.py", "own_loop.py"}


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
