"""feedline predict."""

import csv

import pytest


@pytest.fixture
def images(trained):
    data, _ = trained
    return [data / name / "000.png" for name in "abc"]


def test_says_class_and_probability(command, trained, images):
    status, out, err = command("predict", trained[1], *images, "--device", "cpu", "--batch-size", "2")
    assert (status, err) == (0, "")
    lines = [line.split("  ") for line in out.splitlines()]
    assert [path for _, _, path in lines] == [str(path) for path in images]
    assert lines[0][1] == "a"
    assert lines[2][1] == "c"
    assert all(1 / 3 <= float(share) <= 1 for share, _, _ in lines)


def test_writes_a_table_and_a_sheet(command, trained, images, tmp_path):
    status, _, _ = command("predict", trained[1], *images, "--out", tmp_path / "p.csv", "--sheet", tmp_path / "p.png")
    assert status == 0
    with open(tmp_path / "p.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == [str(path) for path in images]
    assert list(rows[0]) == ["path", "class", "probability"]
    assert rows[0]["class"] == "a"
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_broken_images_are_named_and_the_others_done(command, trained, images, tmp_path):
    (tmp_path / "broken.png").write_text("no image")
    missing = tmp_path / "missing.png"
    status, out, err = command("predict", trained[1], images[0], tmp_path / "broken.png", missing, images[2])
    assert status == 1
    assert [line.split("  ")[2] for line in out.splitlines()] == [str(images[0]), str(images[2])]
    first, second, last = err.splitlines()
    assert first.startswith(f"broken: cannot decode {tmp_path / 'broken.png'}: not an image")
    assert second == f"broken: {missing}: No such file or directory"
    assert last == "error: 2 of 4 images could not be decoded"


def test_of_broken_images_alone_there_is_no_sheet(fails, trained, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"")
    line = fails("predict", trained[1], tmp_path / "broken.png", "--sheet", tmp_path / "s.png", "--out", tmp_path / "o")
    assert line == "error: 1 of 1 images could not be decoded"
    assert not (tmp_path / "s.png").exists()
    assert (tmp_path / "o").read_text() == "path,class,probability\n"
