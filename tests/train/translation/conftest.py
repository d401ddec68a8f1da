"""A tiny translation: two networks, and pairs of 8x8 pixels whose targets are the inputs turned dark to bright."""

import pytest
import torch

from feedline.nn import patchgan, unet
from feedline.train.translation import TranslationLearning


class Setting:
    """Networks and data, made anew for every run and always the same."""

    device = torch.device("cpu")

    def learning(self, adversarial=True, epochs=4, seed=0, dropout=0.0, **options):
        torch.manual_seed(seed)
        generator = unet(3, 1, depth=5, width=0.05, dropout=dropout)
        discriminator = patchgan(4, layers=1, width=0.05) if adversarial else None
        return TranslationLearning(generator, discriminator, epochs, **options)

    def batches(self, count=3, samples=2):
        numbers = torch.Generator().manual_seed(5)
        inputs = torch.rand(count, samples, 3, 8, 8, generator=numbers) * 2 - 1
        return [(each, -each[:, :1]) for each in inputs]


@pytest.fixture
def setting():
    return Setting()
