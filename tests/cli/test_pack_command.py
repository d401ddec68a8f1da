import cv2
import numpy as np
import pytest

from feedline.cli.main import main
from feedline.store import StoreSource


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    for number in range(12):
        folder = root / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number:02}.png"), np.full((20, 30, 3), number, np.uint8))
    return root


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["pack", *map(str, arguments)])
    return end.value.code


def test_an_estimate_before_and_a_report_behind(photos, tmp_path, capsys):
    assert not run(photos, tmp_path / "x.feed")
    out = capsys.readouterr().out
    assert out.startswith("packing 12 images, about ")
    assert "12 of 12 images went in, 0 broken" in out
    assert len(StoreSource(tmp_path / "x.feed")) == 12


def test_broken_files_are_named_on_the_way(photos, tmp_path, capsys):
    (photos / "a" / "x.png").write_bytes(b"no image")
    assert run(photos, tmp_path / "x.feed") == 1
    assert "a/x.png" in capsys.readouterr().err
    assert not run(photos, tmp_path / "x.feed", "--on-error", "skip")
    assert "broken: a/x.png (index 6): wrong type" in capsys.readouterr().out


def test_options_say_what_becomes_of_images(photos, tmp_path, capsys):
    assert not run(photos, tmp_path / "x.feed", "--raw", "15x10", "--mode", "L", "--split", "val=0.3", "-q")
    assert capsys.readouterr().out == ""
    assert StoreSource(tmp_path / "x.feed", "val").spec.width == 15
    assert StoreSource(tmp_path / "x.feed", "train").spec.channels == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--raw", "15"], "--raw takes WIDTHxHEIGHT"),
        (["--split", "val"], "--split takes NAME=SHARE"),
        (["--split", "val=1.5"], "--split takes NAME=SHARE"),
        (["--raw", "15x10", "--short-side", "5"], "leave out short_side"),
        (["--group-by", "font"], "cannot group by 'font'"),
        (["--append"], "there is no store"),
    ],
)
def test_what_does_not_fit_is_said_before_work_begins(photos, tmp_path, capsys, options, says):
    assert run(photos, tmp_path / "x.feed", *options) in (1, 2)
    assert says in capsys.readouterr().err
    assert not (tmp_path / "x.feed").exists()
