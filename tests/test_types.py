"""types.py: what a Spec answers."""

import pytest
import torch

from feedline.types import Spec


def test_a_spec_is_fixed_when_all_three_sizes_are_known():
    assert Spec(2, 3, 1).fixed
    assert not any(spec.fixed for spec in (Spec(None, 3, 1), Spec(2, None, 1), Spec(2, 3, None)))


def test_resized_changes_the_sizes_alone():
    assert Spec(2, 3, 1, torch.float32, True).resized(5, None) == Spec(5, None, 1, torch.float32, True)


def test_empty_arrays_are_height_width_channels():
    batch = Spec(2, 3, 4).empty(5)
    assert batch.shape == (5, 2, 3, 4)
    assert batch.dtype == torch.uint8
    assert batch.is_contiguous()


def test_empty_tensors_are_channels_first_in_channels_last_memory():
    batch = Spec(2, 3, 4, torch.float32, tensor=True).empty(5)
    assert batch.shape == (5, 4, 2, 3)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("spec", [Spec(None, 3, 1), Spec(2, None, 1), Spec(2, 3, None)])
def test_empty_refuses_an_open_size(spec):
    with pytest.raises(ValueError, match="before every size is known"):
        spec.empty(1)
