import json
import re
from pathlib import Path

import pytest

from feedline import nn

OWN = """
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.images = nn.Embedding(9, 4), nn.Conv2d(3, 4, 8)

    def forward(self, words, images):
        return {"sum": self.words(words).mean(1) + self.images(images).flatten(1)}
"""

LEAVES = """
import sys
from torch import nn

def network():
    sys.exit(5)

class Late(nn.Module):
    def forward(self, numbers):
        sys.exit(5)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_two.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return "own_two:Two"


def test_a_network_of_ours(command):
    status, out, err = command("summary", "mlp", "--input", "1x28x28")
    assert (status, err) == (0, "")
    assert out == f"{nn.summary(nn.mlp((1, 28, 28), 10), (1, 28, 28))}\n"
    assert "669,706 trainable" in out


def test_a_flat_shape(command):
    status, out, _ = command("summary", "mlp", "--input", "784")
    assert status == 0
    assert "669,706 trainable" in out


def test_a_run_knows_its_shape(command, trained):
    status, out, _ = command("summary", trained[1], "--batch-size", "2")
    assert status == 0
    assert "for an input of 2x3x16x16 float32" in out
    assert "parameters     2,307 (2,307 trainable, 0 not)" in out


def test_another_size_than_the_runs_says_which_layer_fails(trained, fails):
    line = fails("summary", trained[1], "--input", "3x8x8")
    assert "cannot be run on this: RuntimeError: mat1 and mat2" in line
    assert line.endswith("; in 1 (Linear), given 1x192 float32")


def test_several_inputs_of_differing_types(command, own):
    arguments = ["--input", "5", "--input", "3x8x8", "--dtype", "int64", "--dtype", "float32", "--json"]
    status, out, _ = command("summary", own, *arguments)
    assert status == 0
    made = json.loads(out)
    assert [(info["shape"], info["dtype"]) for info in made["inputs"]] == [([1, 5], "int64"), ([1, 3, 8, 8], "float32")]
    assert made["rows"][0]["outputs"] == [{"name": "sum", "shape": [1, 4], "dtype": "float32"}]
    assert made["totals"]["multiply_adds"] == 4 * 3 * 64


def test_depth_classes_and_the_classic_layout(command):
    status, out, _ = command(
        "summary", "cnn", "--input", "1x8x8", "--classes", "3", "--style", "torchsummary", "--depth", "0"
    )
    assert status == 0
    assert out.splitlines()[1].split() == ["Layer", "(type)", "Output", "Shape", "Param", "#"]
    assert f"Total params: {sum(each.numel() for each in nn.cnn((1, 8, 8), 3).parameters()):,}\n" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cnn"], "cnn is made for one size of images"),
        (["own_two:Two"], "what own_two:Two takes is not known: say it, such as --input 3x224x224"),
        (["cnn", "--input", "3x"], "a shape is whole numbers from 1 with an x between"),
        (["cnn", "--input", "3x8x8", "--depth", "-1"], "--depth"),
        (
            ["own_two:Two", "--input", "3", *["--dtype", "bool"] * 2],
            "--dtype is given once, or once for each",
        ),
        (["unet", "--input", "3x8x8"], "a network is one of"),
        (["own_two:Two", "--input", "3", "--classes", "3"], "--classes is for cnn, linear, mlp"),
        (["unet_32", "--input", "3x32x32", "--classes", "10"], "not unet_32"),
    ],
)
def test_misuse(own, fails, arguments, says):
    assert says in fails("summary", *arguments, status=2)


def test_a_network_that_no_memory_holds(fails):
    line = fails("summary", "mlp", "--input", "1x99999x99999")
    assert line.startswith("error: mlp cannot be built for 1x99999x99999 and 10 classes: ")
    assert "cannot be built" in fails("summary", "mlp", "--input", "9999999999x9999999999x9999999999")


@pytest.mark.parametrize("text", ["leaves:network", "leaves:Late"])
def test_a_module_that_ends_the_process(fails, tmp_path, monkeypatch, text):
    (tmp_path / "leaves.py").write_text(LEAVES)
    monkeypatch.chdir(tmp_path)
    assert "SystemExit: 5" in fails("summary", text, "--input", "3")


def test_the_command_of_the_page(command):
    page = (Path(__file__).parents[2] / "docs/summary.md").read_text(encoding="utf-8")
    status, out, _ = command(*re.search(r"`feedline (summary .*?)`", page).group(1).split())
    assert (status, out) == (0, re.search(r"^```text\n(.*?)^```$", page, re.DOTALL | re.MULTILINE).group(1))
