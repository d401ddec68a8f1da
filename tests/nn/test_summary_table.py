"""A summary for the terminal, for notebooks and for programs."""

import json
import re
from html import escape
from html.parser import HTMLParser

import pytest
import torch
from torch import nn

from feedline.nn import cnn, mlp, summary


class Long(nn.Module):
    """Names, types and outputs that are wider than any terminal."""

    def __init__(self):
        super().__init__()
        self.a_layer_whose_name_tells_all_that_there_is_to_know = mlp((1, 4, 4), 3)

    def forward(self, images):
        logits = self.a_layer_whose_name_tells_all_that_there_is_to_know(images)
        return {f"an output called {number}": logits for number in range(9)}


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.cells, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def test_the_table():
    lines = str(summary(mlp((1, 28, 28), 10), (1, 28, 28))).splitlines()
    assert lines[0].split() == ["layer", "type", "output", "parameters", "multiply-adds"]
    assert lines[4].split() == ["1", "Linear", "1x512", "401,920", "401,408"]
    assert {len(line) for line in lines[:9]} == {56}
    assert "parameters     669,706 (669,706 trainable, 0 not)" in lines
    assert "multiply-adds  668,672 for an input of 1x1x28x28 float32" in lines
    assert "               weights 2,678,824 bytes (2.55 MiB), buffers 0 bytes (0.00 MiB)" in lines
    assert lines[-1] == "not counted as multiply-adds: relu"


def test_layers_inside_are_indented_and_repeated_ones_marked():
    layer = nn.Linear(4, 4)
    text = str(summary(nn.Sequential(nn.Sequential(layer, layer), nn.ModuleList([nn.ReLU()]))[:1], (4,)))
    assert re.search(r"^  0 +Sequential ", text, re.MULTILINE)
    assert re.search(r"^    0 +Linear +1x4 +20 +16$", text, re.MULTILINE)
    assert re.search(r"^    0 \(call 2\) +Linear +1x4 +\(20\) +16$", text, re.MULTILINE)
    assert text.endswith("(in parentheses: parameters that a row above has counted)")


def test_it_fits_100_columns():
    text = str(summary(nn.Sequential(Long(), Unused()), (1, 4, 4)))
    assert max(map(len, text.splitlines())) == 100
    assert "..." in text
    assert re.search(r"^      3 +Linear +1x512 +262,656 +262,144$", text, re.MULTILINE)


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 2)

    def forward(self, values):
        return values


def test_what_was_not_called_says_so():
    assert re.search(r"^  head +Linear +not called +6 +0$", str(summary(Unused(), (4,))), re.MULTILINE)


def test_the_classic_layout():
    made = summary(cnn((3, 8, 8), 5, widths=(4,)), (3, 8, 8), batch_size=2, style="torchsummary")
    assert str(made).splitlines() == [
        "----------------------------------------------------------------",
        "        Layer (type)               Output Shape         Param #",
        "================================================================",
        "            Conv2d-1              [-1, 4, 8, 8]             108",
        "       BatchNorm2d-2              [-1, 4, 8, 8]               8",
        "              ReLU-3              [-1, 4, 8, 8]               0",
        "            Conv2d-4              [-1, 4, 8, 8]             144",
        "       BatchNorm2d-5              [-1, 4, 8, 8]               8",
        "              ReLU-6              [-1, 4, 8, 8]               0",
        "         MaxPool2d-7              [-1, 4, 4, 4]               0",
        " AdaptiveAvgPool2d-8              [-1, 4, 1, 1]               0",
        "           Flatten-9                    [-1, 4]               0",
        "           Linear-10                    [-1, 5]              25",
        "================================================================",
        "Total params: 293",
        "Trainable params: 293",
        "Non-trainable params: 0",
        "----------------------------------------------------------------",
        "Input size (MB): 0.00",
        "Forward/backward pass size (MB): 0.02",
        "Params size (MB): 0.00",
        "Estimated Total Size (MB): 0.02",
        "----------------------------------------------------------------",
    ]


def test_the_classic_layout_ends_with_the_module_around():
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.shift, self.inner = nn.Parameter(torch.zeros(3)), nn.LSTM(4, 3, batch_first=True)

        def forward(self, steps):
            return self.inner(steps)[0] + self.shift

    text = str(summary(nn.Sequential(Around(), nn.Linear(3, 2)), (5, 4), style="torchsummary"))
    layers = [line.split() for line in text.splitlines() if re.match(r" +\w+-\d", line)]
    assert layers == [
        ["Parameter-1", "[3]", "3"],
        ["LSTM-2", "[[-1,", "5,", "3],", "[-1,", "1,", "3],", "[-1,", "1,", "3]]", "108"],
        ["Around-3", "[-1,", "5,", "3]", "0"],
        ["Linear-4", "[-1,", "5,", "2]", "8"],
    ]


@pytest.mark.parametrize("model", [nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4))])
def test_the_classic_layout_of_a_single_layer(model):
    lines = str(summary(model, (4,), style="torchsummary")).splitlines()
    assert lines[3].split() == ["Linear-1", "[-1,", "4]", "20"]
    assert len(lines) == 4 + 10


def test_html_is_escaped_and_whole():
    class Odd(nn.Module):
        def forward(self, numbers):
            return {"<script>alert(1)</script>": numbers * 2, "a&b": numbers}

    made = summary(Odd(), (4,))
    html = made._repr_html_()
    assert "<script>" not in html
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert reader.tags == {"table", "thead", "tbody", "tr", "th", "td", "pre"}
    assert "<script>alert(1)</script> 1x4, a&b 1x4" in reader.cells
    assert reader.cells[:5] == ["layer", "type", "output", "parameters", "multiply-adds"]
    assert "multiply-adds  0 for an input of 1x4 float32" in reader.cells[-1]


def test_the_classic_layout_in_a_notebook():
    made = summary(nn.Linear(4, 3), (4,), style="torchsummary")
    assert made._repr_html_() == f"<pre>{escape(str(made))}</pre>"


def test_data_for_programs():
    made = summary(mlp((1, 28, 28), 10), (1, 28, 28))
    data = json.loads(json.dumps(made.as_dict()))
    assert data["totals"]["parameters"] == 669_706
    assert data["totals"]["bytes"] == made.totals.bytes
    assert data["rows"][2]["outputs"] == [{"name": "", "shape": [1, 512], "dtype": "float32"}]
    assert data["rows"][2]["multiply_adds"] == 784 * 512
    assert data["inputs"] == [{"name": "0", "shape": [1, 1, 28, 28], "dtype": "float32"}]
    assert data["not_counted"] == ["relu"]


def test_a_long_foot_is_wrapped():
    class Much(nn.Module):
        def forward(self, numbers):
            for function in (torch.sin, torch.cos, torch.tan, torch.exp, torch.sqrt, torch.floor, torch.sigmoid):
                numbers = function(numbers).tanh().relu().erf().round().log1p().neg().ceil().softmax(0).rsqrt().square()
            return numbers.cumsum(0)

    *_, before, last = str(summary(Much(), (3,))).splitlines()
    assert before.startswith("not counted as multiply-adds: sin, tanh, ")
    assert 80 < len(before) <= 100
    assert last.endswith("cumsum")
