"""The plot of a translator's run."""

import io
import math

import numpy as np
from PIL import Image

from feedline.train.translation.plots import plot_translation
from feedline.train.translation.rows import TranslationRow


def plotted(gan):
    rows = [
        TranslationRow(epoch, 0.0002, gan * epoch, 0.5 / epoch, gan, gan / 2, 0.4 / epoch, 20.0, 0.5, 10.0, 0.1)
        for epoch in range(1, 6)
    ]
    return np.asarray(Image.open(io.BytesIO(plot_translation(rows))).convert("RGB"))


def test_four_charts_with_their_lines():
    image = plotted(0.5)
    assert image.shape[1] > 3 * image.shape[0]
    first = image[:, : image.shape[1] // 4].reshape(-1, 3).astype(int)
    for colour in ((31, 119, 180), (255, 127, 14), (44, 160, 44)):
        assert (np.abs(first - colour).sum(1) < 30).any()


def test_without_an_adversary_too():
    assert plotted(math.nan).shape == plotted(0.5).shape
