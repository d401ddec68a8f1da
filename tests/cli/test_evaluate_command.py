"""feedline evaluate."""

import shutil

from feedline.train import load_checkpoint


def test_judges_all_images(command, trained, tmp_path):
    data, run = trained
    status, out, err = command("evaluate", run, data, "--device", "cpu", "--out", tmp_path / "confusion.png")
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()[1:4]] == [["a", "12"], ["b", "12"], ["c", "12"]]
    assert "36 images, loss " in out
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_classes_are_known_by_name_not_by_number(command, trained, tmp_path):
    """Of b and c alone, which are 0 and 1 here and 1 and 2 to the network: as right as in the whole."""
    data, run = trained
    _, whole, _ = command("evaluate", run, data, "--device", "cpu")
    (tmp_path / "part").mkdir()
    for name in ("b", "c"):
        shutil.copytree(data / name, tmp_path / "part" / name)
    status, part, _ = command("evaluate", run, tmp_path / "part", "--device", "cpu", "--batch-size", "7")
    assert status == 0
    assert part.splitlines()[1].split() == ["a", "0", "-"]
    assert [line.split() for line in part.splitlines()[2:4]] == [line.split() for line in whole.splitlines()[2:4]]
    assert float(part.splitlines()[2].split()[2]) + float(part.splitlines()[3].split()[2]) > 100


def test_a_class_that_the_network_does_not_know(fails, trained, tmp_path, make_folder):
    _, run = trained
    data = make_folder(tmp_path / "data", ("a", "zebra"), 2)
    assert "classes that the network was not trained on: zebra (it knows a, b, c)" in fails("evaluate", run, data)


def test_a_broken_image_is_named(fails, trained, tmp_path, make_folder):
    _, run = trained
    data = make_folder(tmp_path / "data", count=2)
    (data / "b" / "000.png").write_bytes(b"")
    assert f"cannot decode {data / 'b' / '000.png'} (index 2): the file is empty" in fails("evaluate", run, data)


def test_takes_a_checkpoint_too(command, trained):
    data, run = trained
    one, other = (command("evaluate", path, data, "--device", "cpu")[1] for path in (run, run / "weights" / "best.pt"))
    assert one == other
    assert load_checkpoint(run / "weights" / "best.pt").classes == ["a", "b", "c"]
