"""feedline train."""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml

from feedline.train import Run, load_checkpoint

QUICK = ("--model", "linear", "--epochs", "1", "--device", "cpu", "--workers", "0")


def table(run):
    with open(run / "results.csv", newline="") as stream:
        return [
            [row[name] for name in ("epoch", "train_loss", "val_loss", "val_accuracy")]
            for row in csv.DictReader(stream)
        ]


def test_writes_a_run_folder(command, folder, tmp_path):
    status, out, err = command("train", folder, "--out", tmp_path / "run", *QUICK)
    assert (status, err) == (0, "")
    plan, network, epoch, best, report = out.splitlines()
    assert plan == "data: 30 images to train on, 6 to validate on, 3 classes"
    assert network == f"linear with 2,307 parameters on cpu, 16x16 RGB, 0 workers, into {tmp_path / 'run'}"
    assert epoch.startswith("epoch   1/1  train_loss ")
    assert best.startswith("best: epoch 1, validation accuracy ")
    assert report == f"report: {tmp_path / 'run' / 'report.html'}"
    assert os.path.isfile(report.removeprefix("report: "))
    args = yaml.safe_load((tmp_path / "run" / "args.yaml").read_text())
    assert (args["data"], args["mode"], args["size"], args["seed"]) == (str(folder), "RGB", 16, 0)


def test_quiet_prints_the_result_alone(command, folder, tmp_path):
    _, out, err = command("train", folder, "--out", tmp_path / "run", *QUICK, "-q")
    assert [line.split(":")[0] for line in out.splitlines()] == ["best", "report"]
    assert err == ""


def test_without_out_runs_are_numbered(command, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data", "data-2"):
        _, out, _ = command("train", "data", *QUICK, "-q")
        assert out.endswith(f"report: runs/{name}/report.html\n")
    assert folder.is_dir()


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_takes_the_mode_that_the_images_have(command, tmp_path, make_folder, channels, mode):
    data = make_folder(tmp_path / "data", channels=channels, count=4)
    command("train", data, "--out", tmp_path / "run", *QUICK, "-q")
    about = load_checkpoint(tmp_path / "run" / "weights" / "best.pt")
    assert (about.mode, about.input_shape) == (mode, [channels, 16, 16])


def test_takes_mode_and_size_that_it_is_told(command, folder, tmp_path):
    command(
        "train", folder, "--out", tmp_path / "run", *QUICK, "-q", "--mode", "L", "--size", "12", "--augment", "flip"
    )
    about = load_checkpoint(tmp_path / "run" / "weights" / "best.pt")
    assert (about.mode, about.input_shape) == ("L", [1, 12, 12])


def test_trains_on_arrays(command, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (12, 9, 9), np.uint8)
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(12) % 2)
    status, _, err = command("train", tmp_path / "data.npz", "--out", tmp_path / "run", *QUICK, "-q")
    assert (status, err) == (0, "")


def test_tables_do_not_depend_on_workers(command, folder, tmp_path):
    for workers in (0, 2):
        command("train", folder, "--out", tmp_path / str(workers), *QUICK, "-q", "--workers", workers, "--epochs", 3)
    assert table(tmp_path / "0") == table(tmp_path / "2")
    command("train", folder, "--out", tmp_path / "other", *QUICK, "-q", "--epochs", 3, "--seed", 1)
    assert table(tmp_path / "0") != table(tmp_path / "other")


def test_the_data_that_it_refuses(fails, folder, tmp_path, make_folder):
    (tmp_path / "empty").mkdir()
    assert "no class folder in" in fails("train", tmp_path / "empty", *QUICK)
    assert f"no such file or folder: {tmp_path / 'none'}" in fails("train", tmp_path / "none", *QUICK)
    one = make_folder(tmp_path / "one", ("cat",))
    assert "there is one class only, 'cat'" in fails("train", one, *QUICK)
    for path in sorted((folder / "b").iterdir())[1:]:
        path.unlink()
    assert "class 'b' has one image" in fails("train", folder, *QUICK)


def test_an_existing_run_folder_is_left_alone(fails, folder, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").write_text("")
    assert f"{tmp_path / 'run'} is there already" in fails("train", folder, "--out", tmp_path / "run", *QUICK)
    assert os.listdir(tmp_path / "run") == ["mine"]


@pytest.mark.parametrize("device", ["tpu", "cpu:x"])
def test_an_unknown_device(fails, folder, tmp_path, device):
    line = fails("train", folder, "--out", tmp_path / "run", *QUICK, "--device", device)
    assert f"no device '{device}' on this machine" in line
    assert not (tmp_path / "run").exists()


def test_no_check_does_not_go_with_skip(fails, folder):
    assert "it does not go with --no-check" in fails("train", folder, "--no-check", "--on-error", "skip", status=2)


def test_broken_files_end_it(command, folder, spoil, tmp_path):
    broken = spoil(folder)
    status, out, err = command("train", folder, "--out", tmp_path / "run", *QUICK)
    *named, last = err.splitlines()
    assert [line.split(": ")[:3] for line in named] == [["broken", path, kind] for path, kind, _ in broken]
    assert all(word in line for line, (_, _, word) in zip(named, broken, strict=True))
    assert last.startswith("error: 3 of 39 files cannot be decoded")
    assert (status, out) == (1, "")
    assert not (tmp_path / "run").exists()


def test_broken_files_are_left_out(command, folder, spoil, tmp_path):
    broken = spoil(folder)
    status, out, err = command("train", folder, "--out", tmp_path / "run", *QUICK, "--on-error", "skip")
    assert status == 0
    assert "30 images to train on, 6 to validate on" in out
    assert err.splitlines()[-1] == "left out: 3 of 39 files"
    left_out = [json.loads(line) for line in (tmp_path / "run" / "left_out.jsonl").read_text().splitlines()]
    assert [(each["path"], each["kind"]) for each in left_out] == [(path, kind) for path, kind, _ in broken]
    report = (tmp_path / "run" / "report.html").read_text()
    assert all(path in report for path, _, _ in broken)


def test_a_broken_file_whose_name_is_no_utf_8_is_left_out(folder, tmp_path):
    (folder / "a" / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    code = "from feedline.cli.main import main; main()"
    arguments = [sys.executable, "-c", code, "train", folder, "--out", tmp_path / "run", *QUICK, "--on-error", "skip"]
    done = subprocess.run(arguments, capture_output=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, b"left out: 1 of 37 files")


def test_many_broken_files_are_not_all_shown(command, folder, tmp_path):
    for number in range(25):
        (folder / "a" / f"x{number:02}.png").write_bytes(b"")
    _, _, err = command("train", folder, "--out", tmp_path / "run", *QUICK, "--on-error", "skip")
    assert err.count("broken: ") == 20
    assert "... and 5 more\nleft out: 25 of 61 files\n" in err
    assert len((tmp_path / "run" / "left_out.jsonl").read_text().splitlines()) == 25


def test_a_class_without_a_good_image(fails, folder):
    for path in (folder / "b").iterdir():
        path.write_bytes(b"")
    assert "class 'b' has no image that can be decoded" in fails("train", folder, *QUICK, "--on-error", "skip")


def test_a_broken_file_that_was_not_checked(fails, folder, spoil, tmp_path):
    spoil(folder)
    line = fails("train", folder, "--out", tmp_path / "run", *QUICK, "--no-check", "-q")
    assert "cannot decode" in line
    assert "x_" in line


def test_names_of_classes_are_taken_as_they_are(command, tmp_path, make_folder):
    data = make_folder(tmp_path / "data", ("<b>", r"$\x$", "a b"), count=4)
    status, _, err = command("train", data, "--out", tmp_path / "run", *QUICK, "-q")
    assert (status, err) == (0, "")
    assert "&lt;b&gt;" in (tmp_path / "run" / "report.html").read_text()


def test_resume_goes_with_nothing_else(fails, trained):
    _, run = trained
    line = fails("train", "glyphs", "--resume", run, "--epochs", "3", "--seed", "1", status=2)
    assert "it does not go with data, epochs, seed" in line


def test_resume_of_what_is_no_run(fails, tmp_path):
    assert "no run to go on with" in fails("train", "--resume", tmp_path)
    (tmp_path / "args.yaml").write_text("data: x\n")
    assert "args.yaml lacks size, val" in fails("train", "--resume", tmp_path)


def start(folder, run, epochs):
    """Trains in a child, and stops it after its first epoch as Ctrl-C does; its status, output and errors.

    The pipe is small and is not read while the child is at work, so that it cannot come to its end unheard.
    """
    code = (
        "import signal, torch\nfrom feedline.cli.main import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\ntorch.set_num_threads(1)\nmain()"
    )
    arguments = [sys.executable, "-c", code, "train", folder, "--out", run, *QUICK, "--epochs", str(epochs)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        arguments, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as child:
        fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 4096)
        lines = []
        while not lines or (lines[-1] and not lines[-1].startswith(b"epoch ")):
            lines.append(child.stdout.readline())
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    return child.returncode, (b"".join(lines) + out).decode(), err.decode()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, make_folder):
    """(data, run folder, what ``start`` gives) of 60 epochs that were stopped: to copy, or to leave as it was."""
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("needs a small pipe")
    root = tmp_path_factory.mktemp("stopped")
    data = make_folder(root / "data")
    return data, root / "run", start(data, root / "run", epochs=60)


def test_resume_of_changed_classes(fails, stopped, tmp_path):
    """The network would learn on under names that are not those of its outputs."""
    data, run, (status, _, _) = stopped
    assert status == 130
    run = shutil.copytree(run, tmp_path / "run")
    (data / "a").rename(data / "z")
    try:
        assert "its data have changed since" in fails("train", "--resume", run)
    finally:
        (data / "z").rename(data / "a")


def test_ctrl_c_leaves_what_can_be_used_and_gone_on_with(command, stopped, tmp_path):
    folder, run, (status, out, err) = stopped
    assert status == 130
    assert err.strip() == "error: interrupted"
    assert f"to go on: feedline train --resume {run}" in out
    run = shutil.copytree(run, tmp_path / "run")
    reached = load_checkpoint(Run(run).last).epoch
    assert 1 <= reached < 60
    assert len(table(run)) >= reached
    assert (run / "report.html").is_file()
    image = next((folder / "a").iterdir())
    status, out, _ = command("predict", run, image, "--device", "cpu")
    assert status == 0
    assert str(image) in out
    status, _, err = command("train", "--resume", run, "--quiet", "--workers", "1")
    assert (status, err) == (0, "")
    assert [row[0] for row in table(run)] == [str(epoch) for epoch in range(1, 61)]
    assert load_checkpoint(Run(run).last).epoch == 60
    assert yaml.safe_load((run / "args.yaml").read_text())["workers"] == 1
    command("train", folder, "--out", tmp_path / "whole", *QUICK, "--epochs", "60", "-q")
    assert table(run) == table(tmp_path / "whole")
    one, other = (load_checkpoint(Run(each).last).weights for each in (run, tmp_path / "whole"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_resume_of_changed_images(command, fails, folder, tmp_path):
    command("train", folder, "--out", tmp_path / "run", *QUICK)
    (folder / "a" / "000.png").rename(folder / "a" / "999.png")
    assert "its data have changed since" in fails("train", "--resume", tmp_path / "run")


def test_a_run_that_completed_no_epoch_is_not_in_the_way(command, fails, folder, tmp_path):
    (folder / "b" / "000.png").write_bytes(b"")
    fails("train", folder, "--out", tmp_path / "run", *QUICK, "--no-check")
    assert (tmp_path / "run" / "args.yaml").is_file()
    code, _, _ = command("train", folder, "--out", tmp_path / "run", *QUICK, "--on-error", "skip")
    assert code == 0
    assert "is there already" in fails("train", folder, "--out", tmp_path / "run", *QUICK, "--on-error", "skip")


def test_a_class_whose_name_is_no_utf_8(command, folder, tmp_path):
    os.rename(os.fsencode(folder / "a"), os.fsencode(folder) + b"/a\xff")
    code, _, err = command("train", folder, "--out", tmp_path / "run", *QUICK)
    assert (code, err) == (0, "")


def test_a_loss_that_is_no_number_is_said(command, folder, tmp_path):
    code, _, err = command("train", folder, "--out", tmp_path / "run", *QUICK, "--lr", "1e30", "--epochs", "3")
    assert code == 0
    assert "try a lower --lr" in err
