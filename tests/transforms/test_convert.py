import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from memory import picture

from feedline.errors import TransformError
from feedline.transforms import Compose, Normalize, RandomApply, ToFloat, ToTensor
from feedline.types import Spec


def test_to_tensor_divides_by_255_and_puts_channels_first():
    image = picture(4, 5)
    tensor = ToTensor()(image)
    assert tensor.dtype == torch.float32
    torch.testing.assert_close(tensor, torch.from_numpy(image).permute(2, 0, 1) / 255, rtol=0, atol=1e-7)


def test_to_tensor_maps_black_and_white_exactly():
    assert ToTensor()(np.array([0, 255], np.uint8).reshape(1, 2, 1)).flatten().tolist() == [0.0, 1.0]


def test_to_tensor_keeps_memory_channels_last_and_of_its_own():
    image = picture(4, 5)
    tensor = ToTensor()(image)
    assert tensor.permute(1, 2, 0).is_contiguous()
    tensor.zero_()
    assert image.any()


def test_to_float_is_to_tensor():
    assert ToFloat is ToTensor


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((2, 2), np.uint8), "transforms take"),
        (torch.zeros(3, 2, 2), "ToTensor takes an HxWxC array, and a tensor comes"),
        (np.zeros((2, 2, 3), np.int64), "transforms take uint8, uint16, float32 images, not int64"),
    ],
)
def test_to_tensor_takes_pictures_that_are_arrays(image, words):
    with pytest.raises(TransformError, match=words):
        ToTensor()(image)


def test_to_tensor_takes_16_bits_and_keeps_floats():
    deep = np.array([0, 65535], np.uint16).reshape(1, 2, 1)
    assert ToTensor()(deep).flatten().tolist() == [0.0, 1.0]
    assert ToTensor()(np.array([[[-2.5]]], np.float32)).item() == -2.5


def test_normalize_by_channel():
    image = ToTensor()(picture(4, 5))
    out = Normalize((0.1, 0.2, 0.3), (1, 2, 4))(image)
    for channel, (mean, std) in enumerate([(0.1, 1), (0.2, 2), (0.3, 4)]):
        torch.testing.assert_close(out[channel], (image[channel] - mean) / std)


def test_normalize_by_one_number_for_all():
    image = ToTensor()(picture(4, 5))
    torch.testing.assert_close(Normalize(0.5, 0.25)(image), (image - 0.5) / 0.25)
    torch.testing.assert_close(Normalize(0.5, (1, 2, 4))(image)[2], (image[2] - 0.5) / 4)
    assert Normalize(0.5, 1) == Normalize((0.5,), [1.0])


def test_normalize_leaves_its_input_alone():
    image = ToTensor()(picture(4, 5))
    before = image.clone()
    Normalize(0.5, 0.5)(image)
    assert torch.equal(image, before)


@given(mean=st.floats(-2, 2), std=st.floats(0.1, 3), batch=st.booleans())
def test_inverse_undoes_it_for_an_image_and_a_batch(mean, std, batch):
    image = ToTensor()(picture(3, 3))
    step = Normalize((mean, 0.0, 1.0), (std, 1.0, 0.5))
    out = step(image)
    back = step.inverse(out[None] if batch else out)
    torch.testing.assert_close(back, image[None] if batch else image, rtol=1e-4, atol=1e-5)


def test_specs():
    spec = ToTensor().spec(Spec(4, None, 3))
    assert spec == Spec(4, None, 3, torch.float32, tensor=True)
    assert Normalize(0, 1).spec(spec) == spec
    assert Normalize((0, 0), 1).spec(Spec(4, 4, None)) == Spec(4, 4, None)


@pytest.mark.parametrize("image", [picture(2, 2), torch.zeros(3, 2, 2, dtype=torch.uint8)])
def test_normalize_takes_float_tensors(image):
    with pytest.raises(TransformError, match="behind ToTensor"):
        Normalize(0.5, 0.5)(image)


def test_normalize_needs_the_images_number_of_channels():
    with pytest.raises(TransformError, match="the image has 1 channels"):
        Normalize((0.1, 0.2, 0.3), 1)(torch.zeros(1, 2, 2))
    with pytest.raises(TransformError, match="the image has 4 channels"):
        Normalize(0, (1, 1, 1)).spec(Spec(2, 2, 4))


@pytest.mark.parametrize(
    ("mean", "std", "words"),
    [(0, 0, ["std", "above 0", "0.0"]), (0, (1, -1), ["std", "-1.0"]), ((0, 0), (1, 1, 1), ["one a channel", "0.0"])],
)
def test_a_bad_parameter_is_named_with_its_rule_and_value(mean, std, words):
    with pytest.raises(TransformError) as raised:
        Normalize(mean, std)
    assert all(word in str(raised.value) for word in ["Normalize", *words])


def test_normalize_as_torchvisions_weights_want_it():
    step = Normalize("imagenet")
    assert step == Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with pytest.raises(TransformError, match="the image has 1 channels"):
        step(torch.zeros(1, 2, 2))


def test_normalize_by_a_dataset_that_is_not_there():
    step = Normalize("dataset")
    assert not step.measured
    assert step.spec(Spec(2, 2, 3)) == Spec(2, 2, 3)
    for use in (step, step.inverse):
        with pytest.raises(TransformError, match='Normalize\\("dataset"\\) is not measured yet'):
            use(torch.zeros(3, 2, 2))


@pytest.mark.parametrize("given", [("cifar",), ("imagenet", 0.5), ("dataset", (1, 1, 1))])
def test_a_name_stands_for_both(given):
    with pytest.raises(TransformError, match='it takes mean and std, or "imagenet" or "dataset" alone; given'):
        Normalize(*given)


def test_a_mean_needs_a_std():
    with pytest.raises(TransformError, match="std must be numbers"):
        Normalize(0.5)


def test_a_measured_std_of_0_says_what_it_comes_of():
    with pytest.raises(
        TransformError, match="std must be above 0; one of 0 is measured of a channel in which all images"
    ):
        Normalize((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def test_a_dataset_within_a_choice_is_told_where_it_may_stand():
    step = RandomApply([Normalize("dataset")], p=1)
    with pytest.raises(TransformError, match=r"within RandomApply.*there write feedline\.measure's numbers"):
        step(torch.zeros(3, 2, 2))


@pytest.mark.parametrize("shape", [(1, 2, 2), (5, 4, 2, 2)])
def test_inverse_takes_no_other_number_of_channels(shape):
    with pytest.raises(TransformError, match=f"the image has {shape[-3]} channels"):
        Normalize((0.1, 0.2, 0.3), 1).inverse(torch.zeros(shape))


@pytest.mark.parametrize("image", [np.zeros((2, 2, 3), np.float32), torch.zeros(2, 2)])
def test_inverse_takes_tensors(image):
    with pytest.raises(TransformError, match=r"Normalize\.inverse takes a CxHxW or NxCxHxW tensor, not a \w+ of shape"):
        Normalize(0.5, 1).inverse(image)


@pytest.mark.parametrize("memory_format", ["contiguous_format", torch.contiguous_format])
def test_tensors_lie_channel_after_channel_where_that_is_asked_for(memory_format):
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    step = ToTensor(memory_format)
    plain, planar = ToTensor()(image), step(image)
    assert torch.equal(plain, planar)
    assert (plain.is_contiguous(), planar.is_contiguous()) == (False, True)
    spec = step.spec(Spec(2, 4, 3))
    assert (spec.planar, spec.empty(5).shape, spec.empty(5).is_contiguous()) == (True, (5, 3, 2, 4), True)
    assert step == ToTensor("contiguous_format") != ToTensor()
    assert "channels-last" not in str(Compose([step]).plan((2, 4)))
    with pytest.raises(
        TransformError, match=r"ToTensor: memory_format must be one of channels_last, contiguous_format"
    ):
        ToTensor("NCHW")
