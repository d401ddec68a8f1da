import warnings

import pytest
import torch
from memory import numbered

from feedline import DataLoader
from feedline.loader.device import pinned, wants_pinning

accelerated = pytest.mark.skipif(not torch.accelerator.is_available(), reason="no accelerator")
bare = pytest.mark.skipif(torch.accelerator.is_available(), reason="an accelerator")


def test_nothing_is_pinned_unless_asked():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not wants_pinning(DataLoader(numbered(2)))


@bare
def test_without_an_accelerator_it_warns_the_caller_and_goes_on():
    loader = DataLoader(numbered(4), batch_size=2, pin_memory=True)
    with pytest.warns(UserWarning, match="no accelerator is found") as warned:
        batches = list(loader) + list(loader)
    assert len(batches) == 4
    assert not batches[0][0].is_pinned()
    assert [warning.filename for warning in warned] == [__file__]


@accelerated
def test_with_an_accelerator_batches_are_pinned():
    loader = DataLoader(numbered(4), batch_size=2, pin_memory=True)
    assert all(images.is_pinned() and labels.is_pinned() for images, labels in loader)
    assert len(iter(loader)) == 2


def test_pinned_passes_batches_on_in_their_containers():
    assert list(pinned(iter([["a", {"b": "c"}], 5]))) == [["a", {"b": "c"}], 5]
