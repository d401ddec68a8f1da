from collections import OrderedDict, UserDict
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from memory import numbered
from pure import bits

import feedline
from feedline import DataLoader, prefetch_to_device
from feedline.transforms import Compose, Normalize, ToTensor


class Pair(NamedTuple):
    image: Any
    label: Any


BATCH = {"a": [torch.ones(2), "text", 5], "b": (torch.zeros(1), None), "c": Pair(torch.ones(3), "x")}


def test_on_the_processor_batches_are_passed_on():
    (batch,) = prefetch_to_device([BATCH], "cpu")
    assert batch["a"][0] is BATCH["a"][0]
    assert batch["c"].image is BATCH["c"].image
    assert (type(batch["b"]), type(batch["c"]), batch["a"][1:]) == (tuple, Pair, ["text", 5])


def test_each_iteration_is_a_pass_over_the_loader():
    loader = DataLoader(numbered(6), batch_size=4)
    ahead = prefetch_to_device(loader, "cpu")
    assert len(ahead) == 2
    for _ in range(2):
        assert [labels.tolist() for _, labels in ahead] == [labels.tolist() for _, labels in loader]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_uint8_images_are_normalised(layout, dtype):
    images = torch.arange(2 * 4 * 5 * 3, dtype=torch.uint8).reshape(2, 4, 5, 3)
    given = images if layout == "NHWC" else images.permute(0, 3, 1, 2).contiguous()
    mean, std = torch.tensor([0.1, 0.2, 0.3], dtype=dtype), torch.tensor([0.4, 0.5, 0.6], dtype=dtype)
    batch = [given, torch.tensor([1, 2])]
    ((found, labels),) = prefetch_to_device([batch], "cpu", mean=mean.tolist(), std=std.tolist(), dtype=dtype)
    expected = (images.permute(0, 3, 1, 2).to(dtype) / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    assert found.dtype == dtype
    torch.testing.assert_close(found, expected)
    assert labels.tolist() == [1, 2]


def test_what_is_no_image_stays():
    floats, flags = torch.ones(2, 3, 4, 4), torch.ones(7, dtype=torch.uint8)
    ((first, second),) = prefetch_to_device([[floats, flags]], "cpu", mean=[0.5] * 3, std=[0.5] * 3)
    assert first is floats
    assert second is flags


def test_the_letters_are_normalised_as_their_transforms_do():
    images, _ = next(iter(prefetch_to_device(DataLoader(feedline.open("glyphs"), 8), "cpu", mean=0.5, std=0.5)))
    steps = Compose([ToTensor(), Normalize(mean=0.5, std=0.5)])
    expected, _ = next(iter(DataLoader(feedline.open("glyphs", transform=steps), 8)))
    torch.testing.assert_close(images, expected)


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [(0.5, None, "mean and std go together"), ([0.5], [0.1, 0.2], "1 channels and std 2"), (0.5, 0, "must not be 0")],
)
def test_wrong_numbers(mean, std, text):
    with pytest.raises(ValueError, match=text):
        prefetch_to_device([], "cpu", mean=mean, std=std)


def test_images_of_other_channels():
    with pytest.raises(ValueError, match=r"\(1, 4, 4, 3\) have no 2 channels"):
        list(prefetch_to_device([torch.zeros(1, 4, 4, 3, dtype=torch.uint8)], "cpu", mean=[0, 0], std=[1, 1]))


def test_a_mask_beside_the_images_is_left_alone():
    mask = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    ((images, same),) = prefetch_to_device(
        [(torch.full((2, 4, 4, 3), 255).byte(), mask)], "cpu", mean=[0] * 3, std=[1] * 3
    )
    assert torch.equal(images, torch.ones(2, 3, 4, 4))
    assert same is mask


def test_a_number_of_numpy_and_a_short_type():
    batch = torch.arange(16, dtype=torch.uint8).reshape(1, 4, 4, 1)
    (found,) = prefetch_to_device([batch], "cpu", mean=np.float32(0.5), std=0.25, dtype=torch.bfloat16)
    assert torch.equal(found, ((batch.permute(0, 3, 1, 2) / 255 - 0.5) / 0.25).to(torch.bfloat16))


class Named(list):
    def __init__(self, name, items):
        super().__init__(items)
        self.name = name


class Couple(tuple):
    __slots__ = ()

    def __new__(cls, first, second):
        return super().__new__(cls, (first, second))


def test_containers_of_the_callers():
    tensor = torch.zeros(2, 4, 4, 1, dtype=torch.uint8)
    batches = [OrderedDict(a=tensor), UserDict(a=tensor), Named("x", [tensor]), Couple(tensor, 1)]
    assert all(found is batch for found, batch in zip(prefetch_to_device(batches, "cpu"), batches, strict=True))
    ordered, user, named, pair = prefetch_to_device(batches, "cpu", mean=0, std=1)
    assert (type(ordered), type(user), type(named), type(pair)) == (OrderedDict, UserDict, Named, tuple)
    assert named.name == "x"
    assert all(each.dtype is torch.float32 for each in (ordered["a"], user["a"], named[0], pair[0]))
    assert batches[0]["a"] is batches[2][0] is tensor


def test_it_has_the_loaders_state():
    loader = DataLoader(numbered(40), 4, seed=0)
    ahead = prefetch_to_device(loader, "cpu")
    batches = iter(ahead)
    next(batches)
    state = ahead.state_dict()
    rest = [bits(batch) for batch in batches]
    again = prefetch_to_device(DataLoader(numbered(40), 4, seed=0), "cpu")
    again.load_state_dict(state)
    assert [bits(batch) for batch in again] == rest


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_with_cuda_batches_come_from_a_side_stream():
    loader = DataLoader(numbered(40), batch_size=4, pin_memory=True)
    for (there, _), (here, _) in zip(prefetch_to_device(loader, "cuda"), loader, strict=True):
        assert there.is_cuda
        assert torch.equal(there.cpu(), here)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_with_cuda_its_state_is_behind_what_was_given():
    ahead = prefetch_to_device(DataLoader(numbered(40), 4, seed=0), "cuda")
    batches = iter(ahead)
    for number in range(3):
        assert ahead.state_dict()["batch"] == number
        next(batches)
