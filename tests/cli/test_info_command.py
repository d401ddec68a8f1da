"""feedline info, as a user runs it."""

import json

import pyarrow
import pytest
from exported import HALF, row, store

from feedline import __version__
from feedline.store import Columns, StoreWriter


@pytest.fixture
def made(tmp_path):
    rows = [row(number, raw=True) for number in range(6)]
    rows = {"train": [*rows[:4], row(9, raw=True, label=-1)], "val": rows[4:]}
    return store(tmp_path / "x.feed", rows, shape=(6, 5, 3), normalize=HALF, shard_bytes=500)


def begin(path):
    """A job that is left after 8 of its inputs."""
    with StoreWriter(path, Columns(), ("ant", "bee"), job={"of": "glyphs"}, shard_bytes=500) as writer:
        writer.write([row(number) for number in range(3)], "all", 4)
        writer.write([row(number) for number in range(4)], "all", 8)


def test_what_a_store_holds(made, command):
    code, out, err = command("info", made)
    lines = [line.split() for line in out.splitlines()]
    cells = [[cell for cell in line if cell != "│"] for line in lines]
    assert (code, err) == (0, "")
    for row_ in (
        ["ant", "2", "1"],
        ["bee", "2", "1"],
        ["no", "class", "1", "0"],
        ["rows", "5", "2"],
        ["shards", "2", "1"],
    ):
        assert row_ in cells
    size = sum(path.stat().st_size for path in made.glob("*.arrow"))
    assert f"7 samples, {size / 1024:.1f} KiB\n" in out
    assert "images: raw pixels, 6 x 5 x 3, uint8" in out
    assert "columns: pixels, path, label, group, split, source, width, height, format, crc32c\n" in out
    assert 'normalize: {"mean": [0.5, 0.5, 0.5], "std": [1.0, 1.0, 1.0]}' in out
    assert f"written by: feedline {__version__}, pyarrow {pyarrow.__version__}, numpy" in out
    assert "recipe:\n  source: glyphs\n" in out
    assert "unfinished" not in out


def test_as_json(made, command):
    (made / "val-00000.arrow").unlink()
    told = json.loads(command("info", made, "--json")[1])
    assert told["unfinished"] is None
    assert told["store"]["rows"] == 7
    assert told["store"]["splits"]["train"]["classes"] == {"ant": 2, "bee": 2}
    assert told["store"]["splits"]["train"]["unlabelled"] == 1
    assert told["store"]["image"] == {"kind": "raw", "shape": [6, 5, 3], "dtype": "uint8"}
    assert told["store"]["missing"] == ["val-00000.arrow"]
    assert "missing, or not of their size: val-00000.arrow" in command("info", made)[2]


def test_an_unfinished_job_says_how_far_it_is(tmp_path, command):
    begin(tmp_path / "x.feed")
    code, out, _ = command("info", tmp_path / "x.feed")
    assert code == 0
    assert "unfinished: a job is 8 inputs far (7 samples, " in out
    assert "shards closed: 1): give its command again, and it goes on" in out
    told = json.loads(command("info", tmp_path / "x.feed", "--json")[1])
    assert told["store"] is None
    assert told["unfinished"]["job"]["of"] == "glyphs"
    assert told["unfinished"]["part"] == ".all-00001.arrow.part"
    assert told["unfinished"]["bytes"] > (tmp_path / "x.feed/all-00000.arrow").stat().st_size


def test_a_store_of_many_classes_and_of_encoded_files(tmp_path, command):
    classes = [f"class {number}" for number in range(100)]
    out = command("info", store(tmp_path / "x.feed", {"all": [row(0, label=70)]}, classes=classes))[1]
    assert "class 59" in out
    assert "class 60" not in out
    assert "40 more (--json)" in out
    assert "images: encoded files, as they are" in out
    assert "normalize: not said" in out


def test_what_is_no_store(tmp_path, fails):
    assert "no store is at" in fails("info", tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    assert "is no manifest of a store" in fails("info", tmp_path)
