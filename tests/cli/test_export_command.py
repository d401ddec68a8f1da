"""feedline export, as a user runs it."""

import pytest
from exported import HALF, row, store

import feedline


@pytest.fixture
def made(tmp_path):
    rows = [row(number) for number in range(6)]
    return store(tmp_path / "x.feed", {"train": rows[:4], "val": rows[4:]}, normalize=HALF)


def test_all_splits_and_what_is_left_out(made, tmp_path, command):
    code, out, err = command("export", made, tmp_path / "out", "--to", "tar", "--quiet")
    assert (code, out, err) == (0, "", "")
    code, out, err = command("export", made, tmp_path / "x.tar", "--to", "tar", "--split", "train")
    assert code == 0
    assert out == f"{tmp_path / 'x.tar'}: 4 samples (train 4)\n"
    assert "left out: the names of the classes of train, but for KEY.json: open it with" in err
    for path in (tmp_path / "x.tar", tmp_path / "out/train.tar"):
        assert feedline.open(path).targets.tolist() == [0, 1, 0, 1]


def test_scaled(made, tmp_path, command):
    assert command("export", made, tmp_path / "out", "--to", "npz", "--normalized", "--quiet")[0] == 0
    image, _ = feedline.open(tmp_path / "out/val.npz")[0]
    assert str(image.dtype) == "float32"
    assert -0.5 <= image.min() < 0 < image.max() <= 0.5


def test_errors_are_one_line(made, tmp_path, fails):
    assert "one of folder, tar, npz, h5, parquet, not 'zip'" in fails("export", made, "x", "--to", "zip", status=2)
    assert "scaled in npz and h5" in fails("export", made, "x", "--to", "tar", "--normalized", status=2)
    assert "is there already" in fails("export", made, tmp_path, "--to", "tar")
    assert "no store is at" in fails("export", tmp_path, tmp_path / "x", "--to", "tar")
