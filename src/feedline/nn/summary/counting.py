"""Multiply-adds of what runs: torch's own count, and the operations that it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from typing import Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry
from torch.utils.module_tracker import ModuleTracker

Sizes = tuple[int, ...]
_aten: Any = torch.ops.aten

_MOVES = """
_local_scalar_dense _pack_padded_sequence _record_function_enter_new _record_function_exit _to_copy
_unsafe_index _unsafe_index_put _unsafe_view all any arange as_strided as_strided_ bernoulli_ bitwise_and
bitwise_not cat clone constant_pad_nd contiguous copy copy_ detach embedding empty empty_like empty_strided eq
fill fill_ flip full full_like gather ge gt index index_put index_put_ index_select le lift_fresh
lift_fresh_copy logical_not lt masked_fill ne new_empty new_full new_ones new_zeros nonzero normal_ ones
ones_like rand rand_like randn randn_like repeat resize_ roll scalar_tensor scatter scatter_ sort stack tril
triu uniform_ where zero_ zeros zeros_like
"""
"""Neither arithmetic nor a view: they make, copy, join, look up, compare or name."""
_SILENT = frozenset(_MOVES.split())


def _mkldnn_rnn(numbers: Sizes, from_input: Sizes, from_state: Sizes, *_: Any, **__: Any) -> int:
    """One layer, one direction: each weight once a step and sample."""
    return 2 * prod(numbers[:-1]) * (prod(from_input) + prod(from_state))


def _cudnn_rnn(numbers: Sizes, weights: Iterable[Sizes], *_: Any, **__: Any) -> int:
    """All layers and directions; what has one dimension is a bias."""
    return 2 * prod(numbers[:-1]) * sum(prod(weight) for weight in weights if len(weight) == 2)


def _attention(query: Sizes, key: Sizes, value: Sizes, *_: Any, **__: Any) -> int:
    """Query times key, and its result times value; ... x length x features each."""
    return 2 * prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _bilinear(left: Sizes, weight: Sizes, *_: Any, **__: Any) -> int:
    """Each weight once a sample."""
    return 2 * left[0] * prod(weight)


def _inner(_: Sizes, vector: Sizes, *__: Any, out_shape: Sizes, **___: Any) -> int:
    return 2 * prod(out_shape) * vector[0]


def _inner_added(_: Sizes, __: Sizes, vector: Sizes, *___: Any, out_shape: Sizes, **____: Any) -> int:
    return 2 * prod(out_shape) * vector[0]


FORMULAS: dict[Any, Callable[..., int]] = {
    _aten.mkldnn_rnn_layer: _mkldnn_rnn,
    _aten._cudnn_rnn: _cudnn_rnn,
    _aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    _aten._trilinear: _bilinear,
    _aten.mv: _inner,
    _aten.dot: _inner,
    _aten.addmv: _inner_added,
}
"""Floating-point operations, two for a multiply-add, where torch's registry has no formula."""


class MultiplyAdds:
    """Counts while it is entered; ``total`` at any time.

    One multiplication and one addition are one; adding a bias is none. ``not_counted`` holds the names of operations
    that do arithmetic and have no formula (activations, pooling, normalisation, sums), in the order they came.
    """

    def __init__(self) -> None:
        self._counter: Any = FlopCounterMode(display=False, custom_mapping=FORMULAS)
        self._counter.mod_tracker = _OneModule()
        self._rest: Any = _Rest()

    @property
    def total(self) -> int:
        total: int = self._counter.get_total_flops()
        return total // 2

    @property
    def not_counted(self) -> tuple[str, ...]:
        return tuple(self._rest.names)

    def __enter__(self) -> MultiplyAdds:
        self._rest.__enter__()  # outside, where composed operations arrive as those that they are made of
        self._counter.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._counter.__exit__(*exception)
        self._rest.__exit__(*exception)


class _OneModule(ModuleTracker):
    """Instead of torch's tracker of modules, whose hooks fail on networks that differentiate in forward."""

    def __enter__(self) -> Self:
        """No hooks: calls are told apart by those who read the total."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to remove."""


class _Rest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: dict[str, None] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        packet = getattr(func, "_overloadpacket", func)
        name = str(packet).rpartition(".")[2]
        known = packet in flop_registry or packet in FORMULAS or name in _SILENT
        if not known and not getattr(func, "is_view", False):
            self.names.setdefault(name.strip("_"))
        return func(*args, **(kwargs or {}))
