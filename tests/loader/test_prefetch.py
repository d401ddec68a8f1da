from typing import Any, NamedTuple

import pytest
import torch
from memory import numbered

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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_with_cuda_batches_come_from_a_side_stream():
    loader = DataLoader(numbered(40), batch_size=4, pin_memory=True)
    for (there, _), (here, _) in zip(prefetch_to_device(loader, "cuda"), loader, strict=True):
        assert there.is_cuda
        assert torch.equal(there.cpu(), here)
