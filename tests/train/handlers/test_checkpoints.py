"""Which epoch is the best, and what is saved when."""

import os

import torch
from ignite.engine import Engine

from feedline.train.checkpoint import Checkpoint, load_checkpoint
from feedline.train.epochs import Feeding
from feedline.train.events import Judged, RunEvents, tell
from feedline.train.handlers.checkpoints import Checkpoints
from feedline.train.rows import Row
from feedline.train.runs import Run


def row(epoch, accuracy, loss):
    return Row(epoch, 1.0, loss, accuracy, 1.0, 0.0)


def test_best_when_it_is_best_and_last_always(tmp_path):
    run = Run.create(tmp_path / "run", "unused")
    rows = []

    def make(epoch, metrics):
        return Checkpoint("net", [1], ["a"], "L", [], {"w": torch.tensor(epoch)}, epoch, metrics)

    engine = Engine(lambda *_: None)
    engine.register_events(*RunEvents)
    Checkpoints(run, make, rows).attach(engine)
    engine.run([0], max_epochs=1)
    assert os.listdir(run.weights) == ["last.pt"]
    assert load_checkpoint(run.last).epoch == 0
    saved = []
    for judged in (row(1, 0.5, 1.0), row(2, 0.4, 0.5), row(3, 0.7, 2.0), row(4, 0.7, 2.0)):
        rows.append(judged)
        tell(engine, Judged(judged, Feeding()))
        saved.append((load_checkpoint(run.best).epoch, load_checkpoint(run.last).epoch))
    assert saved == [(1, 1), (1, 2), (3, 3), (3, 4)]
    assert load_checkpoint(run.best).metrics["val_accuracy"] == 0.7
    engine.run([0], max_epochs=2)
    assert load_checkpoint(run.last).epoch == 4  # a last.pt that is there is left alone at the start
