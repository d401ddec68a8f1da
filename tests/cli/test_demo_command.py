"""feedline demo."""

import re
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from feedline.train import load_checkpoint
from feedline.train.checkpoint import TranslationCheckpoint


# All of its epochs where slow tests run.
@pytest.mark.parametrize("epochs", [("--epochs", "1"), pytest.param((), marks=pytest.mark.slow)])
def test_letters_of_outlines_are_nearer_than_what_needs_no_learning(command, tmp_path, monkeypatch, epochs):
    monkeypatch.chdir(tmp_path)
    status, out, err = command("demo", "pix2pix", *epochs)
    assert (status, err) == (0, "")
    learnt, copied, enclosed = (
        float(re.search(words, out).group(1))
        for words in (r"off by ([\d.]+) in the mean", r"as they are: ([\d.]+)", r"they enclose: ([\d.]+)")
    )
    assert (copied, enclosed) == (0.2876, 0.1702)
    assert learnt < copied / 2
    assert learnt < enclosed
    if not epochs:
        assert learnt < 0.06
    with Image.open(tmp_path / "runs/pix2pix/demo.png") as sheet:
        assert sheet.size[0] > 700
    about = load_checkpoint(tmp_path / "runs/pix2pix/weights/best.pt", TranslationCheckpoint)
    assert (about.derive, about.generator["name"]) == ("outlines", "unet_32")


@pytest.fixture
def discs(tmp_path):
    """A folder of yellow discs."""
    (tmp_path / "discs").mkdir()
    for number in range(8):
        image = np.zeros((40, 30, 3), np.uint8)
        cv2.circle(image, (15, 20), 4 + number, (0, 200, 255), -1)
        cv2.imwrite(str(tmp_path / "discs" / f"{number}.png"), image)
    return tmp_path / "discs"


def test_a_folder_of_colours_has_nothing_to_be_filled(command, discs, tmp_path):
    status, out, err = command("demo", "pix2pix", discs, "--epochs", "1", "--out", tmp_path / "run", "-q")
    assert (status, err) == (0, "")
    assert "enclose" not in out
    assert "off by" in out
    assert (tmp_path / "run" / "demo.png").is_file()


def test_16_bit_is_shown_as_it_is(command, tmp_path):
    (tmp_path / "discs").mkdir()
    for number in range(8):
        image = np.zeros((32, 32), np.uint16)
        cv2.circle(image, (16, 16), 5 + number, 65535, -1)
        cv2.imwrite(str(tmp_path / "discs" / f"{number}.png"), image)
    command("demo", "pix2pix", tmp_path / "discs", "--epochs", "1", "--out", tmp_path / "run", "-q")
    with Image.open(tmp_path / "run" / "demo.png") as sheet:
        assert (np.asarray(sheet.convert("L")) < 10).mean() > 0.2


def test_an_interrupted_demo_says_how_to_go_on(discs, tmp_path):
    code = "import sys; from feedline_command import main; sys.exit(main())"
    arguments = ["demo", "pix2pix", str(discs), "--epochs", "5000", "--out", str(tmp_path / "run"), "-q"]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "epochs" / "0002.png").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"to go on: feedline train --resume {tmp_path / 'run'}" in out
