"""A tiny training: 24 pairs of 8x8 pixels, a U-Net of depth 2 and a discriminator of one layer."""

import cv2
import numpy as np
import torch
from interrupting import Interrupting

import feedline
from feedline import nn
from feedline.train import Run
from feedline.train.checkpoint import TranslationCheckpoint
from feedline.train.translation import Objective, TranslationTraining, fit_translator, judged_pairs, learnt_pairs
from feedline.transforms import to_recipe

SIDE = {"channels": 1, "dtype": "uint8", "mode": "unchanged", "high": 255.0}


class Setting:
    """Data, networks and loaders, made anew for every run, so that nothing but the run folder passes between them."""

    def __init__(self, folder):
        self.folder = folder
        rng = np.random.default_rng(0)
        for number in range(24):
            image = rng.integers(0, 256, (4, 4), np.uint8)
            for name, picture in (("A", image), ("B", 255 - image)):
                (folder / "data" / name).mkdir(parents=True, exist_ok=True)
                large = cv2.resize(picture, (8, 8), interpolation=cv2.INTER_NEAREST)
                cv2.imwrite(str(folder / "data" / name / f"{number:02}.png"), large)

    @property
    def about(self):
        generator = {"name": "tiny", "in_channels": 1, "out_channels": 1}
        return TranslationCheckpoint(generator, "AtoB", None, SIDE, SIDE, to_recipe(judged_pairs(8)), {})

    def networks(self, gan=True):
        torch.manual_seed(7)
        generator = nn.unet(1, 1, depth=2, width=0.1)
        return generator, nn.patchgan(2, layers=1, width=0.1) if gan else None

    def loaders(self, workers=0, epoch=0):
        train, val = feedline.split(feedline.open_pairs(self.folder / "data"), 0.25, seed=1)
        loader = feedline.DataLoader(
            train.with_transform(learnt_pairs(8)), 4, shuffle=True, num_workers=workers, seed=3
        )
        loader.set_epoch(epoch)
        return loader, feedline.DataLoader(val.with_transform(judged_pairs(8)), 4, num_workers=workers)

    def run(self, name):
        run = Run.create(self.folder / name, name)
        run.write_args({"data": "data", "task": "translate"})
        return run

    def fit(self, run, workers=0, resume=None, stop=None, objective=Objective(), epochs=3):
        """``stop`` = (epoch from 1, batch): Ctrl-C in place of this batch of this epoch."""
        train_loader, val_loader = self.loaders(workers, 0 if resume is None else resume.epoch)
        if stop is not None:
            train_loader = Interrupting(train_loader, *stop)
        training = TranslationTraining(epochs, lr=0.01, objective=objective, seed=5, quiet=True)
        networks = self.networks(gan=objective.gan > 0)
        return fit_translator(*networks, train_loader, val_loader, run, self.about, training, resume=resume)
