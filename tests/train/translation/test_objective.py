"""What a generator is trained for."""

import math

import pytest
import torch

from feedline.train.translation import Objective, adversarial_loss

LOGITS = torch.tensor([[[[-2.0, 0.5], [3.0, 0.0]]]])


@pytest.mark.parametrize(("real", "sign"), [(True, 1), (False, -1)])
def test_cross_entropy_by_hand(real, sign):
    by_hand = sum(math.log(1 + math.exp(-sign * logit)) for logit in LOGITS.flatten().tolist()) / 4
    assert float(adversarial_loss(LOGITS, real)) == pytest.approx(by_hand)
    assert float(adversarial_loss(LOGITS, real, "bce")) == pytest.approx(by_hand)


@pytest.mark.parametrize(("real", "said"), [(True, 1), (False, 0)])
def test_least_squares_by_hand(real, said):
    by_hand = sum((logit - said) ** 2 for logit in LOGITS.flatten().tolist()) / 4
    assert float(adversarial_loss(LOGITS, real, "least_squares")) == pytest.approx(by_hand)


@pytest.mark.parametrize("loss", ["bce", "least_squares"])
@pytest.mark.parametrize(("real", "direction"), [(True, -1), (False, 1)])
def test_the_gradient_pulls_the_logits_towards_what_is_said(loss, real, direction):
    logits = torch.full((2, 1, 3, 3), 0.5, requires_grad=True)
    adversarial_loss(logits, real, loss).backward()
    assert (torch.sign(logits.grad) == direction).all()


def test_large_logits_have_finite_losses():
    assert adversarial_loss(torch.tensor([500.0]), False) == 500
    assert adversarial_loss(torch.tensor([-500.0]), True) == 500


def test_what_it_is_by_default():
    assert Objective() == Objective(l1=100.0, gan=1.0, loss="bce")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"l1": -1}, "the weight l1 is a number from 0 up, not -1"),
        ({"gan": -0.5}, "the weight gan is a number from 0 up, not -0.5"),
        ({"gan": math.nan}, "the weight gan is a number from 0 up, not nan"),
        ({"l1": math.inf}, "the weight l1 is a number from 0 up, not inf"),
        ({"l1": 0, "gan": 0}, "the weights l1 and gan are both 0"),
        ({"loss": "wasserstein"}, "loss is one of bce, least_squares, not 'wasserstein'"),
    ],
)
def test_what_it_refuses(weights, message):
    with pytest.raises(ValueError, match=message):
        Objective(**weights)
