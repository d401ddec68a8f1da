from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import CenterCrop, Compose, Pad, RandomCrop, RandomHorizontalFlip, Resize, ToDtype, ToTensor
from feedline.transforms.base import Choice, Transform
from feedline.transforms.choose import OneOf, RandomApply, RandomChoice, RandomOrder
from feedline.types import Spec

KEYS = [Key(seed=11, index=index) for index in range(600)]
FLIP, CROP, PAD = RandomHorizontalFlip(), CenterCrop(4), Pad(1)


class Views(Transform):
    views = 5

    def add(self, draft, key, operation):
        pass


def shares(choice, keys=KEYS):
    """How often each row of steps is chosen."""
    found = Counter(tuple(step for step, _ in choice.chosen(key, 0)) for key in keys)
    return {steps: count / len(keys) for steps, count in found.items()}


def test_random_apply_does_all_or_nothing_at_its_rate():
    found = shares(RandomApply([CROP, PAD], p=0.3))
    assert set(found) == {(), (CROP, PAD)}
    assert 0.24 < found[CROP, PAD] < 0.36
    assert set(shares(RandomApply([CROP], p=0))) == {()}
    assert set(shares(RandomApply([CROP], p=1))) == {(CROP,)}


def test_random_apply_takes_rows_apart():
    nested = RandomApply([Compose([CROP, FLIP]), [PAD, [FLIP]]])
    assert nested == RandomApply([CROP, FLIP, PAD, FLIP]) == RandomApply(Compose([CROP, FLIP, PAD, FLIP]))
    assert nested.transforms == nested.steps == (CROP, FLIP, PAD, FLIP)
    assert nested.operations == 5


def test_random_choice_does_exactly_one_by_weight():
    assert all(0.27 < share < 0.40 for share in shares(RandomChoice([CROP, PAD, FLIP])).values())
    found = shares(RandomChoice([CROP, PAD, FLIP], p=[3, 0, 1]))
    assert set(found) == {(CROP,), (FLIP,)}
    assert 0.70 < found[CROP,] < 0.80


def test_a_list_or_compose_within_a_choice_is_one_alternative():
    choice = RandomChoice([[CROP, PAD], Compose([PAD, FLIP]), FLIP])
    assert set(shares(choice)) == {(CROP, PAD), (PAD, FLIP), (FLIP,)}
    assert choice.steps == (CROP, PAD, PAD, FLIP, FLIP)


def test_random_order_does_all_in_every_order_alike():
    found = shares(RandomOrder([CROP, PAD, FLIP]))
    assert len(found) == 6
    assert all(0.12 < share < 0.22 for share in found.values())
    assert set(shares(RandomOrder([[CROP, PAD], FLIP]))) == {(CROP, PAD, FLIP), (FLIP, CROP, PAD)}


def test_one_of_takes_the_steps_own_p_as_weight_and_does_the_chosen_one_for_certain():
    rare, often = RandomHorizontalFlip(0.2), RandomApply([CROP], p=0.6)
    found = shares(OneOf([rare, often], p=1))
    assert set(found) == {(RandomHorizontalFlip(1.0),), (CROP,)}
    assert 0.69 < found[CROP,] < 0.81
    found = shares(OneOf([CROP, PAD], p=0.4))
    assert 0.54 < found[()] < 0.66
    assert 0.14 < found[CROP,] < 0.26


def test_one_of_never_takes_a_step_whose_p_is_0():
    assert set(shares(OneOf([RandomHorizontalFlip(0), CROP], p=1))) == {(CROP,)}


def test_weights_of_a_random_choice_are_no_probability_of_it():
    inner = RandomChoice([CROP, PAD], p=[1, 1])
    assert OneOf([inner, FLIP]).weights == (1.0, 0.5)


def test_equal_steps_within_draw_differently():
    image = np.arange(64, dtype=np.uint8).reshape(1, 64, 1)
    outs = Counter(RandomApply([FLIP, FLIP], p=1)(image, key)[0, 0, 0] for key in KEYS)
    assert 0.42 < outs[0] / len(KEYS) < 0.58


def test_a_step_keeps_its_number_wherever_the_order_puts_it():
    first, second = RandomHorizontalFlip(0.4), RandomHorizontalFlip(0.6)
    placed = [dict(RandomOrder([first, second]).chosen(key, 7)) for key in KEYS]
    assert all(each == {first: 8, second: 9} for each in placed)


rows = st.recursive(
    st.sampled_from([FLIP, CROP, PAD, RandomCrop(2)]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(RandomApply),
        st.lists(inner, min_size=1, max_size=3).map(RandomChoice),
        st.lists(inner, min_size=1, max_size=3).map(RandomOrder),
        st.lists(inner, min_size=1, max_size=3).map(OneOf),
        st.lists(inner, min_size=1, max_size=3).map(Compose),
    ),
    max_leaves=8,
)


def numbers(step, operation):
    """All that a step may draw by: each number with what draws by it, and the number behind the last."""
    if not isinstance(step, Choice):
        return [operation], operation + 1
    found, behind = [operation], operation + 1
    for each in step.steps:
        more, behind = numbers(each, behind)
        found += more
    return found, behind


@given(row=rows, operation=st.integers(0, 1000), index=st.integers(0, 50))
def test_no_two_steps_share_a_number_and_none_leaves_its_choice(row, operation, index):
    choice = RandomApply([row], p=1)
    found, behind = numbers(choice, operation)
    assert found == list(range(operation, behind))
    assert choice.operations == behind - operation
    placed = [number for _, number in choice.chosen(Key(index=index), operation)]
    assert len(set(placed)) == len(placed)
    assert all(operation < number < behind for number in placed)


def test_what_follows_a_choice_draws_the_same_whatever_was_chosen():
    image, key = picture(20, 20), Key(3)
    for p in (0, 1):
        steps = Compose([RandomApply([RandomApply([FLIP])], p=p), RandomCrop(5)])
        placed = steps.placed(key)
        assert placed[-1] == (RandomCrop(5), 3)
    np.testing.assert_array_equal(
        Compose([RandomApply([FLIP], p=0), RandomCrop(5)])(image, key), RandomCrop(5)(image, key, 2)
    )


def test_equal_keys_choose_equally_and_other_operations_differently():
    choice = RandomOrder([OneOf([FLIP, CROP]), RandomChoice([PAD, FLIP]), RandomApply([CROP])])

    def chosen(operation):
        return [[step for step, _ in choice.chosen(key, operation)] for key in KEYS[:50]]

    assert chosen(3) == chosen(3)
    assert chosen(3) != chosen(4)


def test_foreign_callables_may_stand_within():
    def darker(image):
        return image // 2

    image = picture(6, 6)
    np.testing.assert_array_equal(RandomApply([darker, CROP], p=1)(image), CROP(image // 2))
    assert not Compose([RandomChoice([darker, CROP])]).thread_safe
    assert Compose([RandomChoice([PAD, CROP])]).thread_safe
    assert RandomChoice([darker]).spec(Spec(6, 6, 3)) is None
    assert OneOf([darker, FLIP]).weights == (1.0, 0.5)


def test_spec_is_what_all_alternatives_agree_on():
    spec = Spec(8, 9, 3)
    assert RandomApply([FLIP]).spec(spec) == spec
    assert RandomApply([Resize((4, 9))]).spec(spec) == Spec(None, 9, 3)
    assert RandomApply([Resize((4, 9))], p=1).spec(spec) == Spec(4, 9, 3)
    assert RandomApply([Resize((4, 9))], p=0).spec(spec) == spec
    assert RandomApply([ToTensor()]).spec(spec) is None
    assert RandomChoice([ToTensor(), [ToDtype("float32"), FLIP]]).spec(spec) is None
    assert RandomChoice([CenterCrop(5), Resize((5, 5)), Resize(2)], p=[1, 2, 0]).spec(spec) == Spec(5, 5, 3)
    assert OneOf([CenterCrop(5), Resize((5, 7))], p=1).spec(spec) == Spec(5, None, 3)
    assert OneOf([CenterCrop((8, 9))]).spec(spec) == spec


def test_spec_of_an_order():
    spec = Spec(8, 9, 3)
    assert RandomOrder([FLIP] * 9).spec(spec) == spec
    assert RandomOrder([Pad(1), FLIP]).spec(spec) == Spec(10, 11, 3)
    assert RandomOrder([Pad(1), CenterCrop(4)]).spec(spec) == Spec(None, None, 3)
    assert RandomOrder([ToTensor(), FLIP]).spec(spec) == Spec(8, 9, 3, torch.float32, True)
    assert RandomOrder([Pad(1)] * 6).spec(spec) is None


@given(row=rows, index=st.integers(0, 99))
def test_spec_is_true(row, index):
    choice = RandomChoice([row, FLIP])
    said = choice.spec(Spec(9, 7, 3))
    out = choice(picture(9, 7), Key(index=index))
    assert all(claim in (None, found) for claim, found in zip((said.height, said.width), out.shape, strict=False))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RandomApply([FLIP], p=1.5), ["RandomApply", "0..1", "1.5"]),
        (lambda: RandomApply([]), ["RandomApply", "at least one"]),
        (lambda: RandomApply(FLIP), ["RandomApply", "sequence", "RandomHorizontalFlip"]),
        (lambda: RandomChoice("flip"), ["RandomChoice", "sequence", "'flip'"]),
        (lambda: RandomChoice([FLIP, "crop"]), ["RandomChoice", "callable", "'crop'"]),
        (lambda: RandomChoice([FLIP, []]), ["RandomChoice", "at least one"]),
        (lambda: RandomChoice([FLIP, CROP], p=[1]), ["RandomChoice", "2 weights", "[1]"]),
        (lambda: RandomChoice([FLIP, CROP], p=[1, -1]), ["RandomChoice", "negative", "-1"]),
        (lambda: RandomChoice([FLIP, CROP], p=[0, 0]), ["RandomChoice", "all 0", "[0, 0]"]),
        (lambda: RandomOrder([Views()]), ["RandomOrder", "Views makes 5 pictures"]),
        (lambda: RandomOrder([[FLIP, OneOf([FLIP])], Compose([Views()])]), ["RandomOrder", "Views makes 5 pictures"]),
        (lambda: OneOf([FLIP], p="often"), ["OneOf", "0..1", "often"]),
        (lambda: OneOf([RandomHorizontalFlip(0)]), ["OneOf", "p above 0", "p=0.0"]),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)
    assert "\n" not in str(raised.value)
