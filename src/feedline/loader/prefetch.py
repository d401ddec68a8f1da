"""Batches on the device before they are asked for."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence, Sized
from numbers import Real
from typing import Any, cast

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
    waits for the network. On the processor batches are passed on as they are. What is copied ahead is not yielded yet:
    ask the result for its ``state_dict``, and not the loader.

    Args:
        loader: gives batches: tensors, or lists, tuples, named tuples and dictionaries of them; the rest is left alone.
        device: where they go.
        mean, std: given, uint8 images become ``(image / 255 - mean) / std`` on the device, a quarter of the bytes
            having travelled: tensors of 4 dimensions, NxHxWxC or NxCxHxW by which of the two has as many channels as
            ``mean``, to NxCxHxW. A number stands for one channel. What has another number of them is left alone.
        dtype: of normalised images.

    Raises:
        ValueError: one of ``mean`` and ``std`` without the other, of different lengths, or a std of 0; later, a batch
            with uint8 images of which none has as many channels.
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

    def check(self, batch: Any) -> None:
        """Raises ValueError where no image of the batch has as many channels as there are means."""
        shapes: list[tuple[int, ...]] = []
        mapped(batch, lambda tensor: shapes.append(tuple(tensor.shape)) if _is_image(tensor) else None)
        channels = len(self._scale)
        if shapes and not any(channels in (shape[1], shape[3]) for shape in shapes):
            raise ValueError(f"images of shape {shapes[0]} have no {channels} channels, as mean has")

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """NxCxHxW of the dtype; what is no uint8 image of 4 dimensions and so many channels comes back as it is."""
        channels = len(self._scale)
        if not _is_image(tensor) or channels not in (tensor.shape[1], tensor.shape[3]):
            return tensor
        if tensor.shape[3] == channels:
            tensor = tensor.permute(0, 3, 1, 2)
        scale, shift = (
            torch.tensor(values, dtype=torch.float32, device=tensor.device).view(1, channels, 1, 1)
            for values in (self._scale, self._shift)
        )
        return tensor.float().mul_(scale).add_(shift).to(self._dtype)


class Prefetched(Sized):
    """A loader whose batches are on a device; each iteration is a pass over the loader."""

    def __init__(self, loader: Iterable[Any], device: torch.device, finish: Normalizer | None) -> None:
        self._loader = loader
        self._device = device
        self._finish = finish
        self._state: Any = None

    def state_dict(self) -> Any:
        """The loader's, behind the batches that were given and not those that are copied ahead.

        Raises:
            AttributeError: the loader has none.
        """
        return self._loader.state_dict() if self._state is None else self._state  # type: ignore[attr-defined]

    def load_state_dict(self, state_dict: Any) -> None:
        """The next pass goes on from there; raises what the loader raises."""
        self._loader.load_state_dict(state_dict)  # type: ignore[attr-defined]
        self._state = None

    def __len__(self) -> int:
        return len(self._loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        if self._device.type == "cuda":
            return self._beside()
        return iter(self._loader) if self._is_there() else map(self._moved, self._loader)

    def _is_there(self) -> bool:
        """Whether there is nothing to do."""
        return self._device.type == "cpu" and self._finish is None

    def _moved(self, batch: Any) -> Any:
        if self._finish is not None:
            self._finish.check(batch)
        return mapped(batch, self._one)

    def _one(self, tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.to(self._device, non_blocking=True)
        return tensor if self._finish is None else self._finish(tensor)

    def _beside(self) -> Iterator[Any]:
        """On a side stream; the network's stream waits for each batch when that is handed out."""
        side: Any = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        state_of = getattr(self._loader, "state_dict", lambda: None)
        self._state = state_of()
        last = None
        for batch in self._loader:
            state = state_of()
            with torch.cuda.stream(side):
                moved, there = self._moved(batch), side.record_event()
            if last is not None:
                self._state = last[2]
                yield self._handed_out(*last[:2])
            last = moved, there, state
        if last is not None:
            self._state = last[2]
            yield self._handed_out(*last[:2])
        self._state = None

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
    if isinstance(batch, MutableMapping):
        return _filled(batch, {key: mapped(value, one) for key, value in batch.items()})
    if isinstance(batch, Mapping):
        return {key: mapped(value, one) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(mapped(value, one) for value in batch))
    if isinstance(batch, list):
        return _filled(batch, [mapped(value, one) for value in batch])
    if isinstance(batch, tuple):
        values = [mapped(value, one) for value in batch]
        try:
            return type(batch)(values)
        except TypeError:  # a tuple of the caller's, made of other things
            return tuple(values)
    return batch


def _filled(container: Any, values: Any) -> Any:
    """A container of the same kind that holds these values."""
    if type(container) in (dict, list):
        return values
    twin = copy.copy(container)
    if isinstance(values, list):
        twin[:] = values
    else:
        twin.update(values)
    return twin


def _is_image(tensor: torch.Tensor) -> bool:
    return tensor.dtype is torch.uint8 and tensor.dim() == 4


def _numbers(values: float | Sequence[float]) -> list[float]:
    return [float(values)] if isinstance(values, Real) else [float(value) for value in cast(Sequence[float], values)]
