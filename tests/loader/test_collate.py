import pytest
import torch
from memory import picture
from torch.utils.data import default_collate

from feedline.loader.collate import collate


@pytest.mark.parametrize("make", [picture, lambda *size: torch.from_numpy(picture(*size)).permute(2, 0, 1) / 255])
def test_it_is_torchs_default_collate(make):
    samples = [(make(4, 5), 3), (make(4, 5), 1)]
    images, labels = collate(samples, [8, 9])
    expected = default_collate(samples)
    assert torch.equal(images, expected[0])
    assert torch.equal(labels, expected[1])


def test_images_of_different_shapes_are_named_with_what_to_do():
    samples = [(picture(4, 5), 0), (picture(4, 5), 0), (picture(6, 5), 0)]
    with pytest.raises(RuntimeError) as raised:
        collate(samples, [10, 11, 12])
    assert str(raised.value) == (
        "images of different shapes cannot form a batch: (4, 5, 3) at index 10, (6, 5, 3) at index 12; "
        "add a transform that ends in one size, such as Resize((height, width))"
    )


def test_images_of_foreign_transforms_need_no_shape():
    images, labels = collate([(1.5, 0), (2.5, 1)], [0, 1])
    assert images.tolist() == [1.5, 2.5]
    assert labels.tolist() == [0, 1]
