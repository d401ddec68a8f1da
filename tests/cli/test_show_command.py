"""feedline show."""

import cv2
import numpy as np
import pytest
import torch

from feedline.cli.demonstration import demonstration
from feedline.cli.main import main
from feedline.cli.trained import load_trained
from feedline.codecs import decode
from feedline.nn import activations
from feedline.train import load_checkpoint, save_checkpoint
from feedline.train.activation_sheet import activation_sheet
from feedline.train.filter_sheet import filter_sheet
from feedline.train.preprocess import showable


@pytest.fixture(scope="module")
def convolutional(tmp_path_factory, make_folder):
    """(data, run folder) of a cnn on colour images, 16x16."""
    root = tmp_path_factory.mktemp("convolutional")
    data = make_folder(root / "data", count=4)
    how = ("--model", "cnn", "--epochs", "1", "--device", "cpu", "--workers", "0", "-q", "--no-check")
    with pytest.raises(SystemExit) as exit_info:
        main(["train", str(data), "--out", str(root / "run"), *how])
    assert not exit_info.value.code
    return data, root / "run"


@pytest.fixture
def show(command, tmp_path):
    """Runs the command, which must succeed; the bytes of its sheet and what it printed about that."""

    def run(*arguments):
        out = tmp_path / "sheet.png"
        status, words, err = command("show", *arguments, "--out", out)
        assert (status, err) == (0, "")
        (line,) = words.splitlines()
        path, about = line.split(": ", 1)
        assert path == str(out)
        return out.read_bytes(), about

    return run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def pixels(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def test_filters_of_the_first_convolution(show, convolutional):
    png, about = show("filters", convolutional[1])
    weights = load_trained(convolutional[1], "cpu").model[0].weight.detach()
    assert png == filter_sheet(weights, "0")
    assert about == "16 filters of layer 0, 3 x 3 x 3 weights each"


def test_filters_of_a_layer_and_only_the_strongest(show, convolutional):
    png, about = show("filters", convolutional[1], "--layer", "7", "-n", 5, "--each")
    weights = load_trained(convolutional[1], "cpu").model[7].weight.detach()
    assert png == filter_sheet(weights, "7", most=5, each=True)
    assert about == "5 of 32 filters of layer 7, 16 x 3 x 3 weights each"


def test_filters_of_a_linear_model_and_of_a_checkpoint(show, trained):
    png, about = show("filters", next(trained[1].glob("weights/*best*")))
    weights = load_trained(trained[1], "cpu").model[1].weight.detach()
    assert png == filter_sheet(weights.reshape(3, 3, 16, 16), "1")
    assert about == "3 filters of layer 1, 3 x 16 x 16 weights each"


def test_sheets_have_names_of_their_own(command, trained, tmp_path):
    for name, *arguments in (("filters", trained[1]), ("activations", trained[1], "--layer", "1"), ("pooling",)):
        assert command("show", name, *arguments)[0] == 0
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["activations.png", "filters.png", "pooling.png"]


def test_activations_for_an_image(show, convolutional):
    data, run = convolutional
    image = data / "a" / "000.png"
    png, about = show("activations", run, image, "--layer", "8", "-n", 20, "--device", "cpu")
    network = load_trained(run, "cpu")
    seen = network.transform(decode(image, "RGB"))[None]
    output = activations(network.model, seen, "8")[0]
    assert png == activation_sheet(showable(seen, network.transform)[0], output, "8", most=20)
    assert about == f"layer 8, 32 x {output.shape[1]} x {output.shape[2]} numbers, for {image}"


def test_activations_of_a_vector_for_the_landscape(show, convolutional):
    png, about = show("activations", convolutional[1], "--layer", "23")
    network = load_trained(convolutional[1], "cpu")
    seen = network.transform(np.asarray(demonstration().data))[None]
    image = showable(seen, network.transform)[0]
    assert png == activation_sheet(image, activations(network.model, seen, "23")[0], "23")
    assert about == "layer 23, 3 numbers, for the drawn landscape"


def test_without_a_layer_the_first_convolution(show, convolutional):
    assert show("activations", convolutional[1])[1].startswith("layer 0, 16 x ")


def test_layers_are_listed_and_nothing_is_drawn(command, convolutional, tmp_path):
    status, out, err = command("show", "activations", convolutional[1], "--list")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 24
    assert lines[0].split(maxsplit=1) == [
        "0",
        "Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)",
    ]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_layer(fails, convolutional):
    for name in ("filters", "activations"):
        line = fails("show", name, convolutional[1], "--layer", "33", status=2)
        assert "--layer: no layer of the Sequential is called '33'; close to it are " in line
        assert "there are 0, 1, 2, " in line


def test_a_layer_without_filters(fails, convolutional):
    line = fails("show", "filters", convolutional[1], "--layer", "2", status=2)
    assert "--layer: filters are weights of a Conv2d, ConvTranspose2d or Linear, and layer '2' is a ReLU" in line


def test_a_call_that_was_not(fails, convolutional):
    line = fails("show", "activations", convolutional[1], "--layer", "2", "--call", 1, status=2)
    assert "--layer, --call: layer '2' was called once: call is 0, not 1" in line
    assert "--call: layer '0' was called once" in fails("show", "activations", convolutional[1], "--call", 3, status=2)


def test_the_network_itself(show, convolutional):
    assert show("activations", convolutional[1], "--layer", "")[1].startswith("the network itself, 3 numbers, for ")


def test_a_picture_of_another_format(fails, tmp_path):
    for arguments in (("filters", "no-run"), ("activations", "no-run"), ("pooling",)):
        line = fails("show", *arguments, "--out", tmp_path / "sheet.jpg", status=2)
        assert "--out is written as PNG: call it sheet.png, not sheet.jpg" in line
    assert not list(tmp_path.iterdir())


def test_an_image_that_cannot_be_decoded(fails, trained, tmp_path):
    (tmp_path / "broken.png").write_text("no image")
    for arguments in (("activations", trained[1]), ("pooling",)):
        line = fails("show", *arguments, tmp_path / "broken.png")
        assert line.startswith(f"error: cannot decode {tmp_path / 'broken.png'}: not an image")
        assert "missing.png" in fails("show", *arguments, tmp_path / "missing.png")
    assert not list(tmp_path.glob("*s.png"))


def test_a_run_that_is_none(fails, tmp_path):
    for name in ("filters", "activations"):
        assert str(tmp_path) in fails("show", name, tmp_path)


def test_a_folder_that_is_not_there_is_said_before_the_work(fails, tmp_path):
    out = tmp_path / "none" / "sheet.png"
    for arguments in (("filters", "no-run"), ("activations", "no-run"), ("pooling", "no-image.png")):
        assert fails("show", *arguments, "--out", out) == f"error: no such folder: {out.parent}"


def test_weights_that_are_no_numbers_are_drawn(show, convolutional, tmp_path):
    about = load_checkpoint(next(convolutional[1].glob("weights/*best*")))
    about.weights["0.weight"].fill_(torch.nan)
    save_checkpoint(tmp_path / "broken.pt", about)
    show("filters", tmp_path / "broken.pt")
    show("activations", tmp_path / "broken.pt")


def test_pooling_of_the_landscape(show):
    png, about = show("pooling")
    assert about == "drawn landscape, 240 x 320, pooled by 2, 4, 8"
    sheet = pixels(png)
    assert sheet.shape[1] == 4 * 290 + 10
    average = demonstration().data.reshape(-1, 3).mean(0)
    assert (np.abs(sheet.astype(int) - average).max(2) <= 1).sum() > 200 * 270


@pytest.mark.parametrize(("mode", "levels"), [("RGB", 3), ("L", 1)])
def test_pooling_of_an_image_by_kernels(show, tmp_path, mode, levels):
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), image)
    png, about = show("pooling", tmp_path / "photo.png", "--kernel", 3, "--kernel", 30, "--mode", mode)
    assert about == "photo.png, 30 x 40, pooled by 3, 30"
    sheet = pixels(png)
    grey = (sheet == sheet[:, :, :1]).all()
    assert grey == (mode == "L")


def test_without_kernels_those_that_fit(show, tmp_path):
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((5, 5, 3), np.uint8))
    assert show("pooling", tmp_path / "small.png")[1] == "small.png, 5 x 5, pooled by 2, 4"
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 5, 3), np.uint8))
    assert show("pooling", tmp_path / "dot.png")[1] == "dot.png, 1 x 5, pooled by 1"


def test_a_kernel_that_does_not_fit(fails):
    line = fails("show", "pooling", "--kernel", 241, status=2)
    assert "--kernel: a kernel must fit into the picture of 240x320: 1 to 240, not 241" in line


def test_pooling_is_of_one_or_three_channels(fails):
    assert "pooling is shown of RGB or L, not of RGBA" in fails("show", "pooling", "--mode", "RGBA", status=2)
