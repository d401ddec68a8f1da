import numpy as np
import pytest
import torch
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, Resize, ToTensor
from feedline.types import Spec


def test_steps_run_in_order():
    image = picture(9, 9)
    out = Compose([Resize((4, 5)), ToTensor(), Normalize(0.5, 0.5)])(image)
    torch.testing.assert_close(out, Normalize(0.5, 0.5)(ToTensor()(Resize((4, 5))(image))))


def test_nothing_to_do():
    image = picture(2, 2)
    assert Compose([])(image) is image


def test_a_compose_inside_is_taken_apart():
    flip, crop, tensor = RandomHorizontalFlip(), RandomCrop(3), ToTensor()
    nested = Compose([Compose([flip, Compose([crop])]), tensor])
    assert nested.transforms == (flip, crop, tensor)
    assert nested == Compose([flip, crop, tensor])
    assert hash(nested) == hash(Compose([flip, crop, tensor]))
    assert nested != Compose([flip, crop])
    assert nested != [flip, crop, tensor]


def test_place_is_the_operation_number():
    image, key = picture(20, 20), Key(5, 6, 7)
    expected = RandomCrop(4)(RandomCrop(10)(image, key, 0), key, 1)
    np.testing.assert_array_equal(Compose([RandomCrop(10), RandomCrop(4)])(image, key), expected)
    expected = RandomCrop(4)(RandomCrop(10)(image, key, 3), key, 4)
    np.testing.assert_array_equal(Compose([RandomCrop(10), RandomCrop(4)])(image, key, 3), expected)


def test_equal_steps_draw_differently():
    image = np.arange(64, dtype=np.uint8).reshape(1, 64, 1)
    both = Compose([RandomHorizontalFlip(), RandomHorizontalFlip()])
    outs = {both(image, Key(index=index)).tobytes() for index in range(40)}
    assert outs == {image.tobytes(), image[:, ::-1].tobytes()}


def test_a_foreign_callable_gets_the_image_alone():
    assert Compose([lambda image: image + 1, len])(np.zeros((3, 2, 1))) == 3


def test_thread_safe_where_every_step_is_ours():
    assert Compose([]).thread_safe
    assert Compose([Resize(3), ToTensor()]).thread_safe
    assert not Compose([Resize(3), lambda image: image]).thread_safe


def test_spec_goes_through_the_steps_and_ends_at_a_foreign_one():
    assert Compose([Resize((4, 5)), ToTensor()]).spec(Spec(None, None, 3)) == Spec(4, 5, 3, torch.float32, True)
    assert Compose([Resize((4, 5)), lambda image: image]).spec(Spec(9, 9, 3)) is None


def test_repr_names_the_steps():
    assert repr(Compose([RandomHorizontalFlip(), ToTensor()])) == "Compose([RandomHorizontalFlip(p=0.5), ToTensor()])"


def test_what_is_no_step():
    with pytest.raises(TransformError, match="Compose takes transforms or callables, not 'flip'"):
        Compose([ToTensor(), "flip"])
