"""Sheets of a run."""

import os

import numpy as np
import torch
from ignite.engine import Engine

from feedline.train.handlers.pictures import Pictures
from feedline.train.preprocess import evaluation_transform
from feedline.train.runs import Run


class Images:
    """Grey images with labels; notes which were asked for."""

    def __init__(self, count):
        self.count, self.asked = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.asked.append(index)
        return torch.zeros(1, 8, 8), index % 2


def pictures(folder):
    return Pictures(Run(folder), ["a", "b"], evaluation_transform(8))


def test_the_first_batch_and_no_other(tmp_path):
    engine = Engine(lambda *_: None)
    pictures(tmp_path).attach(engine)
    batch = (torch.zeros(50, 1, 8, 8), torch.zeros(50, dtype=torch.int64))
    engine.run([batch, (None, None)], max_epochs=2)
    assert os.listdir(tmp_path) == ["train_batch.png"]


def first_sheet(folder, labels, classes=("a", "b", "c")):
    folder.mkdir()
    engine = Engine(lambda *_: None)
    Pictures(Run(folder), classes, evaluation_transform(8)).attach(engine)
    engine.run([(torch.zeros(len(labels), 1, 8, 8), labels)], max_epochs=1)
    return (folder / "train_batch.png").read_bytes()


def test_captions_of_mixed_labels_are_the_two_largest_shares(tmp_path):
    names = ["b 70% + c 20%", "a 100%"]
    soft = torch.tensor([[0.1, 0.7, 0.2], [1.0, 0.0, 0.0]])
    written = first_sheet(tmp_path / "by name", torch.tensor([0, 1]), names)
    assert first_sheet(tmp_path / "mixed", soft) == written
    assert first_sheet(tmp_path / "hard", soft.argmax(dim=1)) != written


def test_predictions_on_images_spread_evenly(tmp_path):
    for count, shown in ((100, 40), (3, 3), (1, 1)):
        images = Images(count)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
        pictures(tmp_path).predictions(model, images, torch.device("cpu"))
        assert len(images.asked) == shown
        assert (images.asked[0], images.asked[-1]) == (0, count - 1)
        assert np.ptp(np.diff(images.asked)) <= 1 if count > 2 else True
    assert os.listdir(tmp_path) == ["val_batch_pred.png"]


def test_confusion(tmp_path):
    pictures(tmp_path).confusion(torch.eye(2))
    assert os.listdir(tmp_path) == ["confusion_matrix.png"]
