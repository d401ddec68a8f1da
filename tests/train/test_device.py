"""Where the network computes."""

import pytest
import torch

from feedline.errors import RunError
from feedline.train.device import pick_device


def test_auto_is_a_device_that_works():
    assert torch.ones(1, device=pick_device()).item() == 1
    assert pick_device("auto") == pick_device()


def test_cpu():
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["tpu", "", "CPU", "cpux", "cpu:x", "cpu:", "vulkan:0"])
def test_an_unknown_device(name):
    with pytest.raises(RunError, match=f"no device '{name}' on this machine; there is cpu"):
        pick_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there():
    with pytest.raises(RunError, match="no device 'cuda:0'"):
        pick_device("cuda:0")
