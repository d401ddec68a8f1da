"""How a translator's losses went, and its quality."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feedline.train.plots import as_png, over_epochs, plot_feeding
from feedline.train.translation.rows import TranslationRow

NOTE = (
    "GAN losses do not tell quality: generator and discriminator move against each other, and either may rise while "
    "the pictures get better. Look at the sheet, and at L1, PSNR and SSIM of the validation pairs."
)


def plot_translation(rows: Sequence[TranslationRow]) -> bytes:
    """Adversarial losses, L1, PSNR and SSIM, and feeding over the epochs, as PNG."""
    figure = Figure(figsize=(15, 4), layout="constrained")
    gan, l1, quality, feeding = figure.subplots(1, 4)
    epochs = [row.epoch for row in rows]
    _plot_gan(gan, epochs, rows)
    l1.plot(epochs, [row.generator_l1 for row in rows], ".-", label="training")
    l1.plot(epochs, [row.val_l1 for row in rows], ".-", label="validation")
    l1.set_ylim(bottom=0)
    l1.set_title(f"L1 on -1..1, best {min(row.val_l1 for row in rows):.4f}")
    l1.legend()
    _plot_quality(quality, epochs, rows)
    plot_feeding(feeding, epochs, rows)
    over_epochs(gan, l1, quality, feeding)
    figure.supxlabel(NOTE, fontsize=8, color="#666666")
    return as_png(figure)


def _plot_gan(axes: Axes, epochs: list[int], rows: Sequence[TranslationRow]) -> None:
    axes.plot(epochs, [row.generator_gan for row in rows], ".-", label="generator")
    axes.plot(epochs, [row.discriminator_real for row in rows], ".-", label="discriminator, real")
    axes.plot(epochs, [row.discriminator_fake for row in rows], ".-", label="discriminator, made")
    axes.set_title("adversarial losses: no measure of quality", fontsize="medium")
    axes.legend(fontsize="small")


def _plot_quality(axes: Axes, epochs: list[int], rows: Sequence[TranslationRow]) -> None:
    axes.plot(epochs, [row.val_psnr for row in rows], ".-", color="#1a7f37")
    axes.set_ylabel("PSNR (dB)", color="#1a7f37")
    axes.set_title("validation PSNR and SSIM")
    other = axes.twinx()
    other.plot(epochs, [row.val_ssim for row in rows], ".--", color="#c62828")
    other.set_ylabel("SSIM", color="#c62828")
