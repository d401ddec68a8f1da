"""What is known of an epoch of a translator."""

from __future__ import annotations

import math
from dataclasses import dataclass

from feedline.train.rows import fed


@dataclass(frozen=True)
class TranslationRow:
    """One epoch: the best has the lowest validation L1. What there was none of is nan.

    L1 is the mean absolute difference on -1..1, PSNR is in dB, SSIM at most 1.
    """

    epoch: int
    rate: float
    generator_gan: float
    generator_l1: float
    discriminator_real: float
    discriminator_fake: float
    val_l1: float
    val_psnr: float
    val_ssim: float
    images_per_second: float
    data_wait_share: float

    @property
    def goodness(self) -> tuple[float, ...]:
        return -(math.inf if math.isnan(self.val_l1) else self.val_l1), -self.epoch

    @property
    def words(self) -> str:
        gan = "" if math.isnan(self.generator_gan) else f"gan {self.generator_gan:.3f}  "
        ssim = "" if math.isnan(self.val_ssim) else f"  ssim {self.val_ssim:.4f}"
        return f"{gan}l1 {self.generator_l1:.4f}  val_l1 {self.val_l1:.4f}  psnr {self.val_psnr:.2f} dB{ssim}"

    def formatted(self) -> list[str]:
        losses = [
            self.generator_gan,
            self.generator_l1,
            self.discriminator_real,
            self.discriminator_fake,
            self.val_l1,
            self.val_psnr,
            self.val_ssim,
        ]
        return [str(self.epoch), f"{self.rate:.8f}", *(f"{number:.6f}" for number in losses), *fed(self)]
