"""One page, by itself."""

import re

import pytest
import torch

from feedline.train.evaluate import Judgement
from feedline.train.plots import plot_results
from feedline.train.report import write_report
from feedline.train.rows import FeedingRow, Row
from feedline.train.runs import Run

ROWS = [Row(1, 2.0, 1.5, 0.25, 100.0, 0.1), Row(2, 1.0, 1.25, 0.75, 100.0, 0.1), Row(3, 0.5, 1.0, 0.5, 100.0, 0.1)]
CLASSES = ["<script>alert(1)</script>", "b & c"]
JUDGEMENT = Judgement(0.5, 0.75, torch.tensor([[3, 1], [0, 0]]))


def feeding(waited):
    return [FeedingRow(epoch, 1000, 4, 2.0, waited, 0.5, waited / 2.0) for epoch in (1, 2, 3)]


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    run.write_args({"data": "<i>data</i>", "epochs": 3})
    return run


def page(run, rows=ROWS, feeding=feeding(0.1), judgement=JUDGEMENT):
    write_report(run, rows, feeding, judgement, CLASSES)
    return (run.path / "report.html").read_text(encoding="utf-8")


def test_is_self_contained(run):
    run.write("results.png", plot_results(ROWS))
    text = page(run)
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert [source[:22] for source in sources] == ["data:image/png;base64,"]
    assert "http" not in re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]*", "", text)
    assert "<link" not in text
    assert "<script" not in text


def test_escapes_what_comes_from_outside(run):
    text = page(run)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "b &amp; c" in text
    assert "&lt;i&gt;data&lt;/i&gt;" in text
    assert "<i>" not in text


def test_tells_the_best_epoch_and_each_class(run):
    text = page(run)
    assert "75.00 % of the validation images right, at epoch 2." in text
    assert text.count('class="best"') == 1
    assert '<tr class="best"><td>2</td>' in text
    assert "<td>4</td><td>75.00 %</td>" in text
    assert "<td>0</td><td>-</td>" in text


@pytest.mark.parametrize(
    ("waited", "words"), [(0.1, "5.0 %) were spent waiting for data: the network"), (1.0, "more workers may help")]
)
def test_tells_what_limited_it(run, waited, words):
    assert words in page(run, feeding=feeding(waited))


def test_tells_of_time_that_was_none(run):
    assert "0.0 %" in page(run, feeding=[FeedingRow(1, 0, 0, 0.0, 0.0, 0.0, 0.0)])


def test_a_run_that_ended_in_its_first_epoch(run):
    text = page(run, [], [], None)
    assert "Ended before its first epoch was complete." in text
    assert "No epoch was completed." in text
    assert "<h2>Classes</h2>" not in text


def test_names_what_was_left_out(run):
    assert "Left out" not in page(run)
    run.write_left_out([{"path": "/x/<1>.png", "index": 4, "kind": "empty", "cause": "the file is empty"}])
    text = page(run)
    assert "1 files took no part" in text
    assert "<td>/x/&lt;1&gt;.png</td><td>empty</td><td>the file is empty</td>" in text


def test_names_a_file_whose_name_is_no_utf_8(run):
    run.write_left_out([{"path": "/x/caf\udce9.png", "index": 4, "kind": "empty", "cause": "the file is empty"}])
    assert "/x/caf" in page(run)
