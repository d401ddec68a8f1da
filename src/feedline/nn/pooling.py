"""What pooling keeps of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Pooled:
    """A picture, CxHxW, after pooling with windows that touch and do not overlap.

    Attributes:
        kernel: side of a window, which is also the stride.
        maximum: the greatest of each window, C x (H // kernel) x (W // kernel).
        average: the mean of each window, likewise.
        global_maximum: C numbers, each the greatest of its channel.
        global_average: C numbers, each the mean of its channel.
    """

    kernel: int
    maximum: torch.Tensor
    average: torch.Tensor
    global_maximum: torch.Tensor
    global_average: torch.Tensor


def pooled(image: torch.Tensor, kernel: int) -> Pooled:
    """Max, average and global pooling of one picture, as torch's layers of ``kernel_size=kernel`` do it.

    Rows and columns at the lower and right edge that fill no window are not read, except by global pooling.

    Args:
        image: CxHxW; of whole numbers, it is made float32.
        kernel: 1 to the picture's shorter side.

    Raises:
        ValueError: no CxHxW tensor, or a kernel that does not fit into it.
    """
    if image.ndim != 3:
        raise ValueError(f"a picture to pool is CxHxW, and this one has shape {tuple(image.shape)}")
    height, width = image.shape[1:]
    if not 1 <= kernel <= min(height, width):
        raise ValueError(
            f"a kernel must fit into the picture of {height}x{width}: 1 to {min(height, width)}, not {kernel}"
        )
    numbers = image if image.is_floating_point() else image.float()
    maximum, average = functional.max_pool2d(numbers, kernel), functional.avg_pool2d(numbers, kernel)
    return Pooled(kernel, maximum, average, numbers.amax((1, 2)), numbers.mean((1, 2)))
