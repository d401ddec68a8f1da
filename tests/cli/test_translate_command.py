"""feedline train --task translate, and what predicts and evaluates with what came of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings

import cv2
import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from feedline.cli.main import main
from feedline.codecs import decode
from feedline.deriving import derived
from feedline.train import Run, load_checkpoint
from feedline.train.checkpoint import TranslationCheckpoint

QUICK = (
    "--task", "translate", "--epochs", "1", "--width", "0.05", "--device", "cpu", "--workers", "0", "--augment", "none",
    "-q",
)  # fmt: skip
A, B = "A", "B"


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def pairs_in(root, count=10, size=(16, 16), channels=(3, 3), dtype=np.uint8, splits=("",)):
    """A and B = the darker half of A, as PNG files of equal names."""
    rng = np.random.default_rng(5)
    for split in splits:
        for number in range(count):
            height, width = size
            shape = (height, width, max(channels))
            image = rng.integers(0, np.iinfo(dtype).max, (4, 4, shape[2]), dtype, endpoint=True)
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).reshape(shape)
            save(root / split / A / f"{number:02}.png", image[:, :, : channels[0]])
            save(root / split / B / f"{number:02}.png", (image // 2)[:, :, : channels[1]])
    return root


def size_of(path):
    """Width and height."""
    with Image.open(path) as image:
        return image.size


@pytest.fixture
def pairs(tmp_path):
    return pairs_in(tmp_path / "pairs")


@pytest.fixture(scope="module")
def translated(tmp_path_factory):
    """(data, run folder) of a run that is complete: 3 channels to 1, from B to A."""
    root = tmp_path_factory.mktemp("translated")
    data = pairs_in(root / "pairs", 12, channels=(1, 3))
    with pytest.raises(SystemExit) as exit_info:
        main(["train", str(data), *QUICK, "--direction", "BtoA", "--out", str(root / "run"), "--epochs", "3"])
    assert not exit_info.value.code
    return data, root / "run"


def load(run, name="best"):
    return load_checkpoint(run / "weights" / f"{name}.pt", TranslationCheckpoint)


def test_says_what_it_does_and_fills_the_run_folder(command, pairs, tmp_path):
    arguments = [each for each in QUICK if each != "-q"]
    status, out, err = command("train", pairs, *arguments, "--out", tmp_path / "run")
    assert (status, err) == (0, "")
    plan, networks, epoch, best, copy, report = out.splitlines()
    assert plan == (
        "pairs: 8 pairs to train on, 2 to validate on (A/ and B/), AtoB: 3 channels of uint8 to 3 channels of uint8"
    )
    assert networks.startswith("unet_32 with ")
    assert " parameters and a discriminator with " in networks
    assert networks.endswith(f"on cpu, 16x16, 0 workers, into {tmp_path / 'run'}")
    assert epoch.startswith("epoch   1/1  gan ")
    assert best.startswith("best: epoch 1, gan ")
    assert copy.startswith("to hand on the input as it is would be off by ")
    assert report == f"report: {tmp_path / 'run' / 'report.html'}"
    assert (tmp_path / "run" / "epochs" / "0001.png").is_file()
    args = yaml.safe_load((tmp_path / "run" / "args.yaml").read_text())
    assert (args["task"], args["model"], args["size"], args["norm"]) == ("translate", "unet_32", 16, "instance")


def test_the_checkpoint_says_how_it_is_to_be_used(translated):
    about = load(translated[1])
    assert about.generator == {
        "name": "unet_32", "in_channels": 3, "out_channels": 1, "width": 0.05, "norm": "instance", "dropout": 0.5,
    }  # fmt: skip
    assert (about.direction, about.derive, about.mask) == ("BtoA", None, False)
    assert about.target == {"channels": 1, "dtype": "uint8", "mode": "unchanged", "high": 255.0}


def test_a_split_of_the_data_is_used(command, tmp_path):
    data = pairs_in(tmp_path / "pairs", 6, splits=("train", "val"))
    arguments = [each for each in QUICK if each != "-q"]
    _, out, _ = command("train", data, *arguments, "--out", tmp_path / "run")
    assert out.startswith("pairs: 6 pairs to train on, 6 to validate on")


@pytest.mark.parametrize(
    ("channels", "dtype"), [((4, 4), np.uint8), ((1, 1), np.uint16), ((3, 4), np.uint16), ((4, 1), np.uint8)]
)
def test_16_bit_and_4_channels_train_and_translate(command, tmp_path, channels, dtype):
    data = pairs_in(tmp_path / "pairs", 5, channels=channels, dtype=dtype)
    assert command("train", data, *QUICK, "--out", tmp_path / "run")[0] == 0
    status, _, err = command("predict", tmp_path / "run", data / A, "--out", tmp_path / "made")
    assert (status, err) == (0, "")
    made = cv2.imread(str(tmp_path / "made" / "00.png"), cv2.IMREAD_UNCHANGED).reshape(16, 16, -1)
    assert (made.shape[2], made.dtype) == (channels[1], dtype)


def test_arrays_of_five_channels(command, tmp_path):
    for name, channels in ((A, 5), (B, 2)):
        (tmp_path / "pairs" / name).mkdir(parents=True)
        for number in range(5):
            image = np.random.default_rng(number).random((16, 16, channels), np.float32)
            np.save(tmp_path / "pairs" / name / f"{number}.npy", image)
    assert command("train", tmp_path / "pairs", *QUICK, "--out", tmp_path / "run")[0] == 0
    sheet = tmp_path / "s.png"
    command("predict", tmp_path / "run", tmp_path / "pairs" / A, "--out", tmp_path / "made", "--sheet", sheet)
    made = np.load(tmp_path / "made" / "0.npy")
    assert (made.shape, made.dtype) == ((16, 16, 2), np.float32)
    assert 0 <= made.min() <= made.max() <= 1


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_masks_keep_their_numbers(command, tmp_path, direction):
    rng = np.random.default_rng(0)
    for number in range(6):
        mask = cv2.resize(rng.integers(0, 4, (3, 3), np.uint8), (20, 20), interpolation=cv2.INTER_NEAREST)
        save(tmp_path / "pairs" / "images" / f"{number}.png", np.stack([60 * mask] * 3, 2))
        save(tmp_path / "pairs" / "masks" / f"{number}.png", mask)
    options = ("--direction", direction, "--size", "16", "--out", tmp_path / "run")
    assert command("train", tmp_path / "pairs", *QUICK, *options)[0] == 0
    assert load(tmp_path / "run").mask
    folder = tmp_path / "pairs" / ("images" if direction == "AtoB" else "masks")
    status, _, err = command("predict", tmp_path / "run", folder, "--out", tmp_path / "made")
    assert (status, err) == (0, "")
    made = cv2.imread(str(tmp_path / "made" / "0.png"), cv2.IMREAD_UNCHANGED)
    if direction == "AtoB":
        assert made.shape == (20, 20)
        assert made.max() <= 3
    else:
        assert made.shape == (20, 20, 3)
        save(folder / "0.png", np.full((20, 20), 9, np.uint8))
        status, _, err = command("predict", tmp_path / "run", folder, "--out", tmp_path / "made")
        assert status == 1
        assert "it has the number 9, and the masks that the network was trained on had none above 3" in err


def test_without_resizing_images_of_any_size_are_translated_as_they_are(command, tmp_path):
    data = tmp_path / "pairs"
    for number, size in enumerate([(33, 21), (16, 40), (50, 50), (7, 9), (40, 40)]):
        image = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
        save(data / A / f"{number}.png", image)
        save(data / B / f"{number}.png", 255 - image)
    options = ("--no-resize", "--size", "16", "--batch-size", "2", "--out", tmp_path / "run")
    assert command("train", data, *QUICK, *options)[0] == 0
    command("predict", tmp_path / "run", data / A, "--out", tmp_path / "made")
    assert size_of(tmp_path / "made" / "0.png") == (21, 33)
    assert size_of(tmp_path / "made" / "3.png") == (9, 7)


def test_derived_inputs_can_be_made_in_use_too(command, tmp_path):
    folder = tmp_path / "photos"
    for number in range(6):
        save(folder / f"{number}.png", np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8))
    assert command("train", folder, *QUICK, "--derive", "gray", "--out", tmp_path / "run")[0] == 0
    assert load(tmp_path / "run").generator["in_channels"] == 1
    command("predict", tmp_path / "run", folder, "--derive", "--out", tmp_path / "made")
    grey = tmp_path / "grey"
    for number in range(6):
        image = cv2.imread(str(folder / f"{number}.png"))
        save(grey / f"{number}.png", np.asarray(Image.fromarray(image[:, :, ::-1]).convert("L")))
    status, _, err = command("predict", tmp_path / "run", folder, "--out", tmp_path / "wrong")
    assert status == 1
    assert "it is 3 channels of uint8, and the network was trained on 1 channel of uint8" in err
    command("predict", tmp_path / "run", grey, "--out", tmp_path / "same")
    one, other = (cv2.imread(str(tmp_path / name / "0.png")) for name in ("made", "same"))
    assert np.abs(one.astype(int) - other).max() <= 4  # Pillow's luma is rounded otherwise
    status, out, _ = command("evaluate", tmp_path / "run", folder)
    assert status == 0
    assert out.startswith("6 pairs, L1 ")


def test_l1_alone_and_gan_alone(command, pairs, tmp_path):
    assert command("train", pairs, *QUICK, "--gan", "0", "--out", tmp_path / "l1")[0] == 0
    assert load(tmp_path / "l1", "last").progress["discriminator"] is None
    options = ("--l1", "0", "--loss", "least_squares", "--discriminator", "0", "--colours", "input")
    assert command("train", pairs, *QUICK, *options, "--out", tmp_path / "gan")[0] == 0


def test_predict_keeps_names_and_sizes(command, translated, tmp_path):
    data, run = translated
    photos = tmp_path / "photos"
    image = cv2.imread(str(data / B / "00.png"))
    save(photos / "a" / "one.jpg", cv2.resize(image, (31, 45)))
    save(photos / "two.png", image)
    save(photos / "three.bmp", image)
    (photos / "words.txt").write_text("no image")
    status, out, err = command("predict", run, photos, "--out", tmp_path / "made", "--sheet", tmp_path / "s.png")
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"{tmp_path / 'made'}: 3 images", f"{tmp_path / 's.png'}: 3 images"]
    assert size_of(tmp_path / "made" / "a" / "one.jpg") == (31, 45)
    assert sorted(os.listdir(tmp_path / "made")) == ["a", "three.png", "two.png"]
    assert size_of(tmp_path / "s.png")[0] > 200


def test_predict_is_what_was_validated(command, translated, tmp_path):
    """The files that predict writes are as near to the targets as evaluate says."""
    data, run = translated
    _, out, _ = command("evaluate", run, data, "--out", tmp_path / "sheet.png")
    said = float(out.split("L1 ")[1].split()[0])
    command("predict", run, data / B, "--out", tmp_path / "made")
    made, targets = (
        np.stack([cv2.imread(str(folder / f"{number:02}.png"), cv2.IMREAD_UNCHANGED) for number in range(12)])
        for folder in (tmp_path / "made", data / A)
    )
    assert np.abs(made.astype(float) - targets).mean() * 2 / 255 == pytest.approx(said, abs=0.003)
    assert (tmp_path / "sheet.png").is_file()


def test_what_was_made_in_a_folder_is_not_translated_again(command, translated, tmp_path):
    data, run = translated
    folder = shutil.copytree(data / B, tmp_path / "photos")
    for _ in range(2):
        _, out, _ = command("predict", run, folder, "--out", folder / "made")
        assert out == f"{folder / 'made'}: 12 images\n"


def test_greys_and_transparent_pictures_go_through_a_network_for_colours(command, translated, tmp_path):
    _, run = translated
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 4), np.uint8)
    image[:, :, 3] = 255
    save(tmp_path / "in" / "colours.png", image[:, :, :3])
    save(tmp_path / "in" / "alpha.png", image)
    save(tmp_path / "in" / "grey.png", image[:, :, 0])
    save(tmp_path / "in" / "deep.png", image[:, :, :3].astype(np.uint16) * 257)
    assert command("predict", run, tmp_path / "in", "--out", tmp_path / "made")[0] == 0
    plain, alpha, deep = ((tmp_path / "made" / f"{name}.png").read_bytes() for name in ("colours", "alpha", "deep"))
    assert plain == alpha == deep
    assert (tmp_path / "made" / "grey.png").is_file()


def test_losses_that_are_no_numbers_end_the_run(fails, pairs, tmp_path):
    line = fails("train", pairs, *QUICK, "--lr", "1e12", "--epochs", "3", "--out", tmp_path / "run")
    assert "the generator's L1 is no number any more in epoch" in line
    assert "try a lower learning rate than 1e+12" in line
    assert not (tmp_path / "run" / "weights" / "best.pt").exists()


def test_going_on_with_changed_pictures_is_refused(command, fails, pairs, tmp_path):
    command("train", pairs, *QUICK, "--out", tmp_path / "run")
    for number in range(10):
        save(pairs / A / f"{number:02}.png", np.full((16, 16), 700 * number, np.uint16))
    line = fails("train", "--resume", tmp_path / "run")
    assert "its data have changed since (generator, input)" in line


def test_noise_is_dropout_and_repeats(command, translated, tmp_path):
    data, run = translated
    made = []
    for name, options in (("a", ()), ("b", ("--noise", 1)), ("c", ("--noise", 1)), ("d", ("--noise", 2))):
        command("predict", run, data / B / "00.png", "--out", tmp_path / name, *options)
        made.append((tmp_path / name / "00.png").read_bytes())
    assert made[1] == made[2]
    assert len(set(made)) == 3


def test_a_translator_is_shown_and_summarised(command, translated, tmp_path, monkeypatch):
    data, run = translated
    monkeypatch.chdir(tmp_path)
    _, out, _ = command("show", "filters", run)
    assert out == "filters.png: 3 filters of layer encoder.0.0, 3 x 4 x 4 weights each\n"
    status, out, _ = command("show", "activations", run, data / B / "00.png", "--layer", "decoder.0")
    assert status == 0
    assert out.startswith("activations.png: layer decoder.0, ")
    _, out, _ = command("summary", run, "--depth", "1")
    assert "1x1x16x16" in out
    total = sum(tensor.numel() for name, tensor in load(run).weights.items() if "running" not in name)
    assert f"parameters     {total:,} ({total:,} trainable, 0 not)" in out


def test_the_landscape_stands_in_for_inputs_of_one_channel(command, fails, pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command("train", pairs_in(tmp_path / "grey", channels=(1, 3)), "--out", tmp_path / "run", *QUICK)
    status, out, err = command("show", "activations", tmp_path / "run")
    assert (status, err) == (0, "")
    assert out.endswith("for the drawn landscape\n")


def test_an_image_of_other_channels_is_named(fails, pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "deep.png", np.zeros((16, 16, 3), np.uint16))
    deep = pairs_in(tmp_path / "deep", channels=(3, 3), dtype=np.uint16)
    with pytest.raises(SystemExit):
        main(["train", str(deep), "--out", str(tmp_path / "run"), *QUICK])
    line = fails("show", "activations", tmp_path / "run")
    assert "the drawn landscape, which stands in where no image is given: it has 1, 3 or 4 channels of uint8" in line
    assert line.endswith("and the network takes 3 of uint16: give an image")
    image = pairs / A / "00.png"
    line = fails("show", "activations", tmp_path / "run", image)
    assert line == f"error: {image}: it is 3 channels of uint8, and the network was trained on 3 channels of uint16"


def test_activations_of_derived_inputs(command, fails, translated, trained, pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = tmp_path / "images"
    for path in (pairs / A).iterdir():
        save(images / path.name, cv2.imread(str(path)))
    assert command("train", images, "--out", tmp_path / "run", *QUICK, "--derive", "gray")[0] == 0
    status, _, err = command("show", "activations", tmp_path / "run", images / "00.png", "--derive", "--out", "own.png")
    assert (status, err) == (0, "")
    save(tmp_path / "gray.png", derived(decode(images / "00.png", "RGB"), "gray"))
    assert command("show", "activations", tmp_path / "run", "gray.png")[0] == 0
    assert (tmp_path / "own.png").read_bytes() == (tmp_path / "activations.png").read_bytes()
    assert command("show", "activations", tmp_path / "run", "--derive")[0] == 0
    assert "learnt from inputs of files" in fails("show", "activations", translated[1], "--derive", status=2)
    assert "--derive is for a translator" in fails("show", "activations", trained[1], "--derive", status=2)


def test_what_predict_refuses(fails, translated, trained, tmp_path):
    data, run = translated
    assert "say where the images go" in fails("predict", run, data / B, status=2)
    assert "--batch-size is for a classifier" in fails("predict", run, data / B, "--batch-size", 2, status=2)
    assert "learnt from inputs of files" in fails(
        "predict", run, data / B, "--out", tmp_path / "x", "--derive", status=2
    )
    line = fails("predict", run, data / B / "00.png", "--out", data / B)
    assert "translations would go beside" in line
    assert "may replace images" in line
    (tmp_path / "none").mkdir()
    assert "no image in" in fails("predict", run, tmp_path / "none", "--out", tmp_path / "x")
    for name in ("one", "two"):
        save(tmp_path / name / "a.png", np.zeros((16, 16, 3), np.uint8))
    line = fails("predict", run, tmp_path / "one", tmp_path / "two", "--out", tmp_path / "x")
    assert "would both become a.png: rename one" in line
    (tmp_path / "file").write_text("")
    assert "--out is the folder that images go to" in fails("predict", run, data / B, "--out", tmp_path / "file")
    assert not (tmp_path / "x").exists()
    assert "--noise is for a translator" in fails("predict", trained[1], data, "--noise", 1, status=2)
    assert "--pair is for a translator" in fails("evaluate", trained[1], data, "--pair", data, status=2)


def test_options_of_another_task_are_refused(fails, pairs):
    assert "--mode does not go with --task translate" in fails("train", pairs, *QUICK, "--mode", "L", status=2)
    assert "--direction does not go with --task classify" in fails("train", pairs, "--direction", "AtoB", status=2)
    line = fails("train", pairs, *QUICK, "--model", "cnn", status=2)
    assert "--model cnn is not for --task translate, which has unet_128, unet_256, unet_32, unet_64" in line
    assert "both 0: nothing is left to train for" in fails("train", pairs, *QUICK, "--l1", "0", "--gan", "0", status=2)


def test_options_of_wrong_values_are_refused(fails, pairs):
    def refused(*options):
        return fails("train", pairs, *QUICK, *options, status=2)

    assert 'derive must be "edges", "outlines", "gray" or "downscaleN"' in refused("--derive", "sketch")
    assert "pairs come of one of pair, mask and derive" in refused("--pair", pairs, "--derive", "gray")
    assert "--constant 2 is more than all 1 epochs" in refused("--constant", "2")
    assert "with --gan 0 there is none" in refused("--gan", "0", "--discriminator", "2")
    assert "with --gan 0 there is none" in refused("--gan", "0", "--loss", "least_squares")


def test_all_that_keeps_files_from_being_pairs_is_in_one_table(command, pairs):
    (pairs / A / "00.png").unlink()
    save(pairs / A / "01.png", np.zeros((9, 16, 3), np.uint8))
    save(pairs / B / "02.jpg", np.zeros((16, 16, 3), np.uint8))
    (pairs / B / "03.png").write_bytes(b"no picture")
    status, _, err = command("train", pairs, *QUICK)
    assert status == 1
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1
    for kind in ("missing partner", "differing sizes", "doubled name"):
        assert kind in err
    assert "files of " in err.splitlines()[-1]
    assert "cannot be paired" in err.splitlines()[-1]


def test_pairs_without_a_partner_can_be_left_out(command, pairs, tmp_path):
    (pairs / A / "00.png").unlink()
    arguments = [each for each in QUICK if each != "-q"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        status, out, err = command("train", pairs, *arguments, "--on-error", "skip", "--out", tmp_path / "run")
    assert status == 0
    assert "left out" in err
    (row,) = Run(tmp_path / "run").read_left_out()
    assert (row["path"], row["kind"]) == (str(pairs / B / "00.png"), "missing partner")
    assert out.startswith("pairs: 7 pairs to train on, 2 to validate on")


def test_a_wrong_layout_is_one_line(fails, tmp_path):
    save(tmp_path / "facades" / "photos" / "0.png", np.zeros((16, 16, 3), np.uint8))
    save(tmp_path / "facades" / "labels" / "0.png", np.zeros((16, 16, 3), np.uint8))
    line = fails("train", tmp_path / "facades", *QUICK)
    assert "expected" in line
    assert "found" in line
    assert "photos" in line


def test_a_run_killed_in_the_middle_goes_on_to_the_same_weights(command, pairs, tmp_path):
    options = [*QUICK, "--epochs", "4", "--batch-size", "2"]
    assert command("train", pairs, *options, "--out", tmp_path / "whole")[0] == 0
    code = "import sys; from feedline_command import main; sys.exit(main())"
    arguments = ["train", str(pairs), *options, "--out", str(tmp_path / "cut")]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (tmp_path / "cut" / "epochs" / "0002.png").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    assert command("train", "--resume", tmp_path / "cut", "-q")[0] == 0
    one, other = (load(tmp_path / name, "last") for name in ("whole", "cut"))
    assert one.epoch == other.epoch == 4
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_going_on_with_other_pairs_is_refused(command, fails, tmp_path):
    data = pairs_in(tmp_path / "pairs")
    command("train", data, *QUICK, "--out", tmp_path / "run")
    save(data / A / "new.png", np.zeros((16, 16, 3), np.uint8))
    save(data / B / "new.png", np.zeros((16, 16, 3), np.uint8))
    assert "its data have changed since" in fails("train", "--resume", tmp_path / "run")
