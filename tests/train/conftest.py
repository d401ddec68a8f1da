"""A tiny training: 36 images of 8x8 pixels, three classes, a network with dropout."""

import numpy as np
import pytest
import torch
from interrupting import Interrupting

import feedline
from feedline.train import Checkpoint, Run, Training, fit
from feedline.train.preprocess import evaluation_transform, training_transform
from feedline.transforms import to_recipe

CLASSES = ["a", "<b>", "c"]


class Setting:
    """Data, network and loaders, made anew for every run, so that nothing but the run folder passes between them."""

    def __init__(self, folder):
        self.folder = folder
        rng = np.random.default_rng(0)
        labels = np.repeat(np.arange(3), 12)
        images = (rng.integers(0, 90, (36, 8, 8)) + 60 * labels[:, None, None]).astype(np.uint8)
        np.savez(folder / "data.npz", images=images, labels=labels, classes=CLASSES)

    @property
    def about(self):
        return Checkpoint("net", [1, 8, 8], CLASSES, "L", to_recipe(evaluation_transform(8)), {})

    def network(self):
        torch.manual_seed(7)
        return torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(64, 16), torch.nn.Dropout(0.5), torch.nn.Linear(16, 3)
        )

    def loaders(self, workers=0, epoch=0, mix=None):
        train, val = feedline.split(feedline.open(self.folder / "data.npz"), 0.25, seed=1)
        train_loader = feedline.DataLoader(
            train.with_transform(training_transform(8)),
            8,
            shuffle=True,
            num_workers=workers,
            seed=3,
            batch_transform=mix,
        )
        train_loader.set_epoch(epoch)
        return train_loader, feedline.DataLoader(val.with_transform(evaluation_transform(8)), 8, num_workers=workers)

    def run(self, name):
        run = Run.create(self.folder / name, name)
        run.write_args({"data": "data.npz", "epochs": 3})
        return run

    def fit(self, run, epochs=3, workers=0, resume=None, stop=None, mix=None):
        """``stop`` = (epoch from 1, batch): Ctrl-C in place of this batch of this epoch."""
        train_loader, val_loader = self.loaders(workers, 0 if resume is None else resume.epoch, mix)
        if stop is not None:
            train_loader = Interrupting(train_loader, *stop)
        training = Training(epochs, lr=0.01, seed=5, quiet=True)
        return fit(self.network(), train_loader, val_loader, run, self.about, training, resume=resume)


@pytest.fixture
def setting(tmp_path):
    return Setting(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """What came of a run that nothing interrupted."""
    setting = Setting(tmp_path_factory.mktemp("whole"))
    return setting.fit(setting.run("whole"))
