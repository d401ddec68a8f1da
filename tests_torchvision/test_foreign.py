"""torchvision's and albumentations' transforms among ours."""

import albumentations as A
import numpy as np
import pytest
import torch
from memory import Memory
from torchvision import transforms as v1
from torchvision.transforms import v2

from feedline import DataLoader
from feedline.dataset import ImageDataset
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, Resize, ToTensor

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def test_torchvision_between_ours_gives_arrays_back():
    made = Compose([Resize((20, 30)), v2.RandomHorizontalFlip(1.0), RandomCrop(8), ToTensor()])(IMAGE, Key(3))
    flipped = np.ascontiguousarray(Resize((20, 30))(IMAGE)[:, ::-1])
    torch.testing.assert_close(made, ToTensor()(RandomCrop(8)(flipped, Key(3), 2)))


@pytest.mark.parametrize(
    "steps",
    [
        [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.25] * 3)],
        [v1.ToTensor(), v1.Normalize([0.5] * 3, [0.25] * 3)],
        [v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]), Normalize(0.5, 0.25)],
        [ToTensor(), v2.Normalize([0.5] * 3, [0.25] * 3)],
    ],
    ids=["v2", "v1", "mixed", "behind ours"],
)
def test_torchvision_that_makes_floats_gives_tensors(steps):
    made = Compose([Resize((20, 30)), *steps])(IMAGE)
    assert type(made) is torch.Tensor
    torch.testing.assert_close(made, Compose([Resize((20, 30)), ToTensor(), Normalize(0.5, 0.25)])(IMAGE))


def test_geometry_behind_torchvision_knows_the_new_size():
    assert Compose([v2.Resize((33, 44)), RandomCrop((33, 10))])(IMAGE).shape == (33, 10, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_albumentations_among_ours(channels):
    steps = [Resize((20, 30)), A.HorizontalFlip(p=1.0), RandomHorizontalFlip(1.0), ToTensor()]
    image = np.ascontiguousarray(IMAGE[:, :, :channels])
    torch.testing.assert_close(Compose(steps)(image), Compose([Resize((20, 30)), ToTensor()])(image))


def test_albumentations_behind_a_tensor_and_making_one():
    made = Compose([ToTensor(), A.HorizontalFlip(p=1.0)])(IMAGE)
    torch.testing.assert_close(made, ToTensor()(np.ascontiguousarray(IMAGE[:, ::-1])))
    made = Compose([A.Resize(7, 9), A.pytorch.ToTensorV2()])(IMAGE)
    assert made.shape == (3, 7, 9)


@pytest.mark.parametrize("step", [A.RandomCrop(10, 10), A.Compose([A.RandomCrop(10, 10)])], ids=["one", "Compose"])
def test_albumentations_draws_from_the_key(step):
    compose = Compose([step])

    def draws(seed):
        return [compose(IMAGE, Key(seed, 0, index)).tobytes() for index in range(20)]

    assert draws(1) == draws(1) != draws(2)
    assert len(set(draws(1))) > 10


@pytest.mark.parametrize("step", [v2.RandomCrop(10), A.RandomCrop(10, 10)], ids=["torchvision", "albumentations"])
def test_foreign_steps_run_in_processes_and_give_the_same_batches(step):
    dataset = ImageDataset(Memory([IMAGE] * 12, list(range(12))), Compose([step, ToTensor()]))
    assert not dataset.thread_safe

    def batches(num_workers):
        loader = DataLoader(dataset, 4, num_workers=num_workers, seed=5, reseed="sample")
        return torch.cat([images for images, _ in loader])

    torch.testing.assert_close(batches(0), batches(2), rtol=0, atol=0)


def test_a_step_that_says_so_runs_in_threads():
    class Safe(v2.RandomHorizontalFlip):
        thread_safe = True

    assert Compose([Safe()]).thread_safe


@pytest.mark.parametrize(
    "step",
    [v2.Resize((20, 30)), v2.RandomHorizontalFlip(1.0), A.HorizontalFlip(p=1.0), v2.ToDtype(torch.float32, scale=True)],
)
def test_a_dataset_calls_them_as_a_compose_does(step):
    made = ImageDataset(Memory([IMAGE], [0]), Compose([step]))[0][0]
    expected = Compose([step])(IMAGE)
    assert type(made) is type(expected)
    np.testing.assert_array_equal(np.asarray(made), np.asarray(expected))
