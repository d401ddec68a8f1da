"""The row of an epoch."""

import pytest
import torch
from ignite.engine import Engine

from feedline.train.epochs import Epochs
from feedline.train.evaluate import Judgement
from feedline.train.events import RunEvents, told
from feedline.train.handlers.judging import Judging, classified
from feedline.train.steps import mean_loss


def test_a_row_an_epoch():
    epochs = Epochs([(torch.tensor([1.0, 2.0]), None), (torch.tensor([6.0]), None)])
    engine = Engine(lambda engine, batch: batch[0] * engine.state.epoch)
    mean_loss(lambda losses: losses).attach(engine, "loss")
    epochs.attach(engine)
    Judging(classified(lambda: Judgement(0.5, 0.75, torch.eye(2))), epochs).attach(engine)
    heard = []
    engine.add_event_handler(RunEvents.EPOCH_JUDGED, lambda engine: heard.append(told(engine)))
    engine.run(epochs, max_epochs=2)
    assert [(judged.row.epoch, judged.row.train_loss) for judged in heard] == [(1, 3.0), (2, 6.0)]
    row, feeding = heard[1].row, heard[1].feeding
    assert (row.val_loss, row.val_accuracy) == (0.5, 0.75)
    assert (feeding.images, feeding.batches) == (3, 2)
    assert row.images_per_second == pytest.approx(3 / feeding.seconds, abs=0.06)
    assert row.data_wait_share == pytest.approx(feeding.wait_share, abs=6e-5)
