"""The tables of epochs."""

import os

import pytest
from ignite.engine import Engine

from feedline.train.epochs import Feeding
from feedline.train.events import Judged, RunEvents, tell
from feedline.train.handlers.results import Results
from feedline.train.plots import plot_results
from feedline.train.rows import FeedingRow, Row
from feedline.train.runs import Run


def test_tables_are_on_disk_after_every_epoch(tmp_path):
    run = Run(tmp_path)
    engine = Engine(lambda *_: None)
    engine.register_events(*RunEvents)
    results = Results(run, [Row(1, 4.0, 3.0, 0.25, 10.0, 0.5)], [FeedingRow(1, 8, 2, 2.0, 1.0, 0.5, 0.5)], plot_results)
    results.attach(engine)
    for epoch in (2, 3):
        tell(engine, Judged(Row(epoch, 1.0, 1.0, 0.5, 10.0, 0.5), Feeding(8, 2, 4.0, 1.0, 0.5)))
        assert [row.epoch for row in run.read_rows()] == list(range(1, epoch + 1))
        assert run.read_feeding()[-1] == FeedingRow(epoch, 8, 2, 4.0, 1.0, 0.5, 0.25)
    results.draw()
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("rows", [[]])
def test_nothing_is_drawn_of_nothing(tmp_path, rows):
    Results(Run(tmp_path), rows, [], plot_results).draw()
    assert os.listdir(tmp_path) == []


def test_a_run_that_goes_on_has_what_it_had(tmp_path):
    run = Run(tmp_path)
    rows = [Row(epoch, 4.0, 3.0, 0.25, 10.0, 0.5) for epoch in (1, 2, 3)]
    run.write_rows(rows)
    run.write_feeding([FeedingRow(epoch, 8, 2, 2.0, 1.0, 0.5, 0.5) for epoch in (1, 2, 3)])
    results = Results.so_far(run, Row, 2, plot_results)
    assert results.rows == rows[:2]
    assert [row.epoch for row in results.feeding] == [1, 2]
