"""feedline shapes."""

import json
import re
from pathlib import Path

import pytest

from feedline.nn import shapes

NETWORK = "conv 32 3x3 s2 p1, relu, pool 2, flatten, linear 10"
PATCHGAN = (
    "conv 64 4x4 s2 p1, leakyrelu 0.2, conv 128 4x4 s2 p1 nobias, batchnorm, leakyrelu 0.2, "
    "conv 256 4x4 s2 p1 nobias, batchnorm, leakyrelu 0.2, conv 512 4x4 p1 nobias, batchnorm, leakyrelu 0.2, "
    "conv 1 4x4 p1"
)
PAGE = (Path(__file__).parents[2] / "docs/shapes.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def says(command):
    """Runs the command, which must succeed; its lines."""

    def run(*arguments, status=0):
        code, out, err = command("shapes", *arguments)
        assert (code, err) == (status, "")
        return [" ".join(line.split()) for line in out.splitlines() if line.strip()]

    return run


def test_the_table(says):
    lines = says(NETWORK, "--input", "3x224x224")
    assert lines[0] == "layer output field jump parameters multiply-adds"
    assert lines[2:9] == [
        "input 3x224x224",
        "1 conv 32 3x3 s2 p1 32x112x112 3 2 896 10,838,016",
        "2 relu 32x112x112 3 2",
        "3 pool 2 32x56x56 5 4",
        "4 flatten 100352 5 4",
        "5 linear 10 10 224 1,003,530 1,003,520",
        "total 1,004,426 11,841,536",
    ]
    assert lines[9].startswith("1,004,426 parameters, 11,841,536 multiply-adds an image")
    assert len(lines) == 10


def test_the_patchgan_fits_80_columns(command):
    _, out, _ = command("shapes", PATCHGAN, "--input", "6x256x256")
    table = out.split("2,768,705 parameters")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert re.search(r"12 +conv 1 4x4 p1 +1x30x30 +70 +8 +8,193 +7,372,800", table)
    assert re.search(r"total +2,768,705 +3,197,140,992", table)
    assert out.count("warning: ") == 2
    assert "warning: layers 1, 3 and 6: a 4x4 kernel is even: it has no centre pixel, which at stride 2" in out
    assert "warning: layers 9 and 12: a 4x4 kernel is even: it has no centre pixel, and its output lies half" in out


@pytest.mark.parametrize("columns", ["30", "60"])
def test_a_narrow_terminal_leaves_the_table_whole(says, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    lines = says(PATCHGAN, "--input", "6x256x256")
    assert "1 conv 64 4x4 s2 p1 64x128x128 4 2 6,208 100,663,296" in lines
    assert lines[lines.index("nobias") - 1].startswith("3 conv 128 4x4 s2 p1 128x64x64 10 4 131,072")


def test_warnings_stand_under_the_table(says):
    lines = says("pool 2, conv 8 3x3 s2", "--input", "3x9x9")
    assert lines[-2] == (
        "warning: layer 1 (pool 2): stride 2 leaves 1 row at the bottom and 1 column at the right of 9x9 unread"
    )
    assert lines[-1].startswith("warning: layer 2 (conv 8 3x3 s2): stride 2 leaves")


def test_explained(says):
    lines = says(NETWORK, "--explain")
    place = lines.index("1 conv 32 3x3 s2 p1: 3x224x224 -> 32x112x112")
    assert lines[place + 1 : place + 6] == [
        "height = width: floor((224 + 2*1 - 1*(3-1) - 1) / 2) + 1 = 112",
        "parameters: 32*3*3*3 + 32 = 896",
        "multiply-adds: 112*112*32*3*3*3 = 10,838,016",
        "receptive field: 1 + 1*(3-1)*1 = 3",
        "jump: 1*2 = 2",
    ]


def test_json_is_the_trace(command):
    _, out, _ = command("shapes", PATCHGAN, "--input", "6x256x256", "--json")
    assert json.loads(out) == shapes.trace(PATCHGAN, (6, 256, 256)).as_dict()


def test_a_flat_input(says):
    assert "1 linear 10 10 7,850 7,840" in says("linear 10", "--input", "784")


@pytest.mark.parametrize(
    ("arguments", "first", "answers"),
    [
        (["conv 32 5x5 p? d2"], "which padding makes 224x224 of 224x224? 1 answer", ["conv 32 5x5 p4 d2"]),
        (
            ["conv 32 3x3 p1 s?", "--output", "112"],
            "which stride makes 112x112 of 224x224? 1 answer",
            ["conv 32 3x3 s2 p1"],
        ),
        (
            ["conv 32 3x3 p1 s?", "--output", "32x112x224"],
            "which stride makes 112x224 of 224x224? 1 answer",
            ["conv 32 3x3 s2x1 p1"],
        ),
        (
            ["conv ? ?", "--parameters", "896"],
            "which conv on 3x224x224 has 896 parameters? 2 answers",
            ["conv 224 1x1", "conv 32 3x3"],
        ),
    ],
)
def test_questions(says, arguments, first, answers):
    lines = says(*arguments)
    assert lines[: len(answers) + 1] == [first, *answers]
    assert any(line.startswith("layer output") for line in lines) == (len(answers) == 1)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ["conv 32 4x4 p?"],
            [
                "which padding makes 224x224 of 224x224? none",
                "3 pixels are to be added in all, which is odd: unequal padding (1 before and 2 behind: same, or a pad "
                "layer before it) would do",
            ],
        ),
        (
            ["conv ? 3x3 nobias", "--parameters", "1000"],
            [
                "which conv on 3x224x224 has 1,000 parameters? none",
                "1,000 is no multiple of 27 numbers a filter without bias: 37 filters have 999 and "
                "38 filters have 1,026",
            ],
        ),
    ],
)
def test_questions_without_an_answer_end_with_1(says, arguments, lines):
    assert says(*arguments, status=1) == lines


def test_answers_as_json(command):
    status, out, _ = command("shapes", "relu, conv ? ?", "--parameters", "896", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["answers"] == ["conv 224 1x1", "conv 32 3x3"]
    assert found["networks"] == ["relu, conv 224 1x1", "relu, conv 32 3x3"]
    status, out, _ = command("shapes", "conv 32 4x4 p?", "--json")
    assert (status, json.loads(out)["answers"]) == (1, [])


def test_a_wrong_network_is_one_line(fails):
    assert (
        fails("shapes", "relu, convv 3") == "error: layer 2, 'convv 3': no layer is called 'convv'; did you mean conv?"
    )
    line = fails("shapes", "pool 2, conv 8 7x7", "--input", "3x8x8")
    assert line.endswith("has 4; inputs of 3x14x14 or more would do")
    assert "a shape is CxHxW" in fails("shapes", "relu", "--input", "28x28")
    assert "which stride gives which size? Say what is to come out" in fails("shapes", "conv 8 3x3 s?")
    assert "at least one layer" in fails("shapes", "")
    assert fails("shapes", "conv 8 3x3 s?", "--output", "0").endswith("the output must be at least 1, not 0")


@pytest.mark.parametrize(
    "arguments", [["--output", "3"], ["--parameters", "3"], ["--parameters", "0"], [], ["relu", "--sideways"]]
)
def test_misuse(fails, arguments):
    network = [] if not arguments or arguments[0] == "relu" else ["relu"]
    assert "--help" in fails("shapes", *network, *arguments, status=2)


@pytest.mark.parametrize("output", ["axb", "3x", "", "1.5"])
def test_an_output_that_is_none(fails, output):
    assert "--output is HxW" in fails("shapes", "conv 8 3x3 s?", "--output", output, status=2)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_page_run(command):
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) >= 6
    for line in lines:
        words = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]
        assert words[:2] == ["feedline", "shapes"]
        status, out, err = command(*words[1:])
        assert (status, err) == (0, ""), line
        assert out


def test_the_python_of_the_page_prints_what_it_says(capsys):
    (block,) = blocks("python")
    exec(block, {})
    said = re.findall(r"# (.*)$", block, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == said
    assert len(said) >= 4


def test_the_page_names_every_layer():
    assert [name for name in shapes.NAMES if not re.search(rf"\b{name}\b", PAGE)] == []
