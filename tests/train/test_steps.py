"""What the engines do with a batch whose labels are classes, or shares of them."""

import pytest
import torch
from ignite.engine import Engine
from torch.nn.functional import cross_entropy, one_hot

from feedline.train.evaluate import judge
from feedline.train.steps import judging_step, training_step

CPU = torch.device("cpu")
ENGINE = Engine(lambda *_: None)
IMAGES = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 2, 1, 0])
SHARES = 0.7 * one_hot(LABELS, 3) + 0.3 * one_hot(LABELS.roll(1), 3)


def network():
    torch.manual_seed(3)
    return torch.nn.Linear(4, 3)


def trained(labels):
    """The losses of one step, and the weights behind it."""
    model = network()
    step = training_step(model, torch.optim.SGD(model.parameters(), lr=0.5), CPU)
    return step(ENGINE, (IMAGES, labels)), model.weight.detach()


def test_classes_and_their_whole_shares_train_alike():
    (losses, weights), (soft_losses, soft_weights) = trained(LABELS), trained(one_hot(LABELS, 3).float())
    assert torch.allclose(losses, soft_losses)
    assert torch.allclose(weights, soft_weights)


def test_shares_are_what_is_learnt():
    losses, weights = trained(SHARES)
    logits = network()(IMAGES)
    one, other = (cross_entropy(logits, labels, reduction="none") for labels in (LABELS, LABELS.roll(1)))
    assert losses.shape == (6,)
    assert torch.allclose(losses, 0.7 * one + 0.3 * other)
    assert not torch.allclose(weights, trained(LABELS)[1])


def test_judging_gives_the_class_with_the_largest_share():
    logits, labels, losses = judging_step(network(), CPU)(ENGINE, (IMAGES, SHARES))
    assert torch.equal(labels, LABELS)
    assert torch.allclose(losses, cross_entropy(logits, SHARES, reduction="none"))
    assert torch.equal(judging_step(network(), CPU)(ENGINE, (IMAGES, LABELS))[1], LABELS)


def test_a_judgement_of_shares_counts_as_one_of_classes():
    hard, soft = (judge(network(), [(IMAGES, labels)], 3, CPU) for labels in (LABELS, SHARES))
    assert torch.equal(hard.confusion, soft.confusion)
    assert hard.accuracy == pytest.approx(soft.accuracy)
