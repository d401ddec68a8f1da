"""Batches on the device before they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

import torch


def prefetch_to_device(
    loader: Iterable[Any],
    device: torch.device | str,
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Prefetched:
    """The loader's batches on ``device``, the next one copied while this one is used.

    With CUDA the copy runs on a stream of its own, beside the network; give the loader ``pin_memory=True``, or the copy
    waits for the network. On the processor batches are passed on as they are.

    Args:
        loader: gives batches: tensors, or lists, tuples, named tuples and dictionaries of them; the rest is left alone.
        device: where they go.
        mean, std: given, uint8 images become ``(image / 255 - mean) / std`` on the device, a quarter of the bytes
            having travelled: tensors of 4 dimensions, NxHxWxC or NxCxHxW by which of the two has as many channels as
            ``mean``, to NxCxHxW. A number stands for one channel.
        dtype: of normalised images.

    Raises:
        ValueError: one of ``mean`` and ``std`` without the other, of different lengths, or a std of 0.
    """
    if (mean is None) != (std is None):
        raise ValueError(f"mean and std go together: mean={mean}, std={std}")
    finish = None if mean is None or std is None else Normalizer(_numbers(mean), _numbers(std), dtype)
    return Prefetched(loader, torch.device(device), finish)


class Normalizer:
    """Normalises the uint8 images of a batch, on the device that they are on."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], dtype: torch.dtype) -> None:
        if len(mean) != len(std):
            raise ValueError(f"mean has {len(mean)} channels and std {len(std)}: give both the same number")
        if 0 in std:
            raise ValueError(f"std must not be 0: {list(std)}")
        self._scale = [1 / (255 * each) for each in std]
        self._shift = [-centre / spread for centre, spread in zip(mean, std, strict=True)]
        self._dtype = dtype

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """NxCxHxW of the dtype; what is no uint8 image of 4 dimensions comes back as it is.

        Raises:
            ValueError: an image whose channels are not as many as the means.
        """
        if tensor.dtype is not torch.uint8 or tensor.dim() != 4:
            return tensor
        channels = len(self._scale)
        if tensor.shape[3] == channels:
            tensor = tensor.permute(0, 3, 1, 2)
        elif tensor.shape[1] != channels:
            raise ValueError(f"images of shape {tuple(tensor.shape)} have no {channels} channels, as mean has")
        scale, shift = (
            torch.tensor(values, dtype=self._dtype, device=tensor.device).view(1, channels, 1, 1)
            for values in (self._scale, self._shift)
        )
        return tensor.to(self._dtype).mul_(scale).add_(shift)


class Prefetched(Sized):
    """A loader whose batches are on a device; each iteration is a pass over the loader."""

    def __init__(self, loader: Iterable[Any], device: torch.device, finish: Normalizer | None) -> None:
        self._loader = loader
        self._device = device
        self._finish = finish

    def __len__(self) -> int:
        return len(self._loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        return self._beside() if self._device.type == "cuda" else map(self._moved, self._loader)

    def _moved(self, batch: Any) -> Any:
        return mapped(batch, self._one)

    def _one(self, tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.to(self._device, non_blocking=True)
        return tensor if self._finish is None else self._finish(tensor)

    def _beside(self) -> Iterator[Any]:
        """On a side stream; the network's stream waits for each batch when that is handed out."""
        side: Any = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        last = None
        for batch in self._loader:
            with torch.cuda.stream(side):
                moved, there = self._moved(batch), side.record_event()
            if last is not None:
                yield self._handed_out(*last)
            last = moved, there
        if last is not None:
            yield self._handed_out(*last)

    def _handed_out(self, batch: Any, there: torch.cuda.Event) -> Any:
        stream = torch.cuda.current_stream(self._device)
        stream.wait_event(there)

        def used(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.is_cuda:
                tensor.record_stream(stream)
            return tensor

        return mapped(batch, used)


def mapped(batch: Any, one: Any) -> Any:
    """The batch with ``one`` applied to each of its tensors, in the containers that torch's collate makes."""
    if isinstance(batch, torch.Tensor):
        return one(batch)
    if isinstance(batch, Mapping):
        return {key: mapped(value, one) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(mapped(value, one) for value in batch))
    if isinstance(batch, list | tuple):
        return type(batch)(mapped(value, one) for value in batch)
    return batch


def _numbers(values: float | Sequence[float]) -> list[float]:
    return [float(values)] if isinstance(values, int | float) else [float(value) for value in values]
