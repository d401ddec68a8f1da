"""How near a generator's outputs are to the targets of the pairs that a loader feeds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from ignite.engine import Engine
from ignite.metrics import PSNR, SSIM, MeanAbsoluteError
from torch import nn

from feedline.train.evaluate import run_once
from feedline.train.steps import Step

WINDOW = 11  # pixels a side of what SSIM looks at (Wang et al. 2004)

Images = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class TranslationJudgement:
    """Means over a set of pairs.

    Attributes:
        l1: of |output - target| over all numbers of all samples, which are from -1 to 1: 0 is best, 2 worst.
        psnr: of the samples' peak signal-to-noise ratios in dB, on numbers from 0 to 1; 100 where nothing differs.
        ssim: of the samples' structural similarities (Wang et al. 2004) on numbers from 0 to 1, under a Gaussian
            window of 11x11 pixels: 1 is best; None where an image is smaller than the window.
        copy_l1: the l1 that the inputs themselves would reach; None where they have other channels than the targets.
    """

    l1: float
    psnr: float
    ssim: float | None
    copy_l1: float | None


def judge_translation(generator: nn.Module, loader: Iterable[Any], device: torch.device) -> TranslationJudgement:
    """One pass over ``loader`` of (inputs NxCxHxW, targets NxKxHxW) without learning; the generator's mode is put back.

    Images may differ in size from batch to batch.
    """
    engine = Engine(_judging_step(generator, device))
    MeanAbsoluteError(_numbers, device=device).attach(engine, "l1")
    MeanAbsoluteError(_copied_numbers, device=device).attach(engine, "copy_l1")
    PSNR(1.0, _from_0_to_1, device=device).attach(engine, "psnr")
    SSIM(1.0, WINDOW, output_transform=_windowed, device=device).attach(engine, "ssim")
    metrics = run_once(engine, generator, loader)
    copy_l1, ssim = float(metrics["copy_l1"]), float(metrics["ssim"])
    return TranslationJudgement(
        float(metrics["l1"]),
        float(metrics["psnr"]),
        None if math.isnan(ssim) else ssim,
        None if math.isnan(copy_l1) else copy_l1,
    )


def _judging_step(generator: nn.Module, device: torch.device) -> Step:
    """Forward alone; gives inputs, outputs and targets."""

    def step(_: Engine, batch: Any) -> Images:
        inputs, targets = (images.to(device, non_blocking=True) for images in batch)
        with torch.inference_mode():
            return inputs, generator(inputs), targets

    return step


def _numbers(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """One after the other: a mean over samples would let a small image's numbers weigh more than a large one's."""
    _, outputs, targets = images
    return outputs.flatten(), targets.flatten()


def _copied_numbers(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """The inputs in place of the outputs; NaN, which no mean outlives, where they cannot take their place."""
    inputs, _, targets = images
    copied = inputs if inputs.shape == targets.shape else torch.full_like(targets, math.nan)
    return copied.flatten(), targets.flatten()


def _from_0_to_1(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    _, outputs, targets = images
    return (outputs + 1) / 2, (targets + 1) / 2


def _windowed(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """As from 0 to 1; NaN, which no mean outlives, where the window does not fit."""
    outputs, targets = _from_0_to_1(images)
    if min(targets.shape[-2:]) >= WINDOW:
        return outputs, targets
    nothing = targets.new_full((*targets.shape[:2], WINDOW, WINDOW), math.nan)
    return nothing, nothing
