"""Two optimisers and their rate, together."""

from copy import deepcopy

import pytest
import torch

from feedline.errors import CheckpointError
from feedline.train.translation import Objective, TranslationLearning, translator


def rates(learning, epochs):
    told = []
    for _ in range(epochs):
        told.append(learning.rate)
        learning.advance()
    return told


def groups(learning):
    return [*learning.optimizer.param_groups, *learning.adversary.optimizer.param_groups]


@pytest.mark.parametrize(
    ("epochs", "constant", "shares"),
    [
        (4, None, [1, 1, 2 / 3, 1 / 3, 0, 0]),
        (5, None, [1, 1, 1, 2 / 3, 1 / 3, 0]),
        (1, None, [1, 0]),
        (3, 0, [3 / 4, 2 / 4, 1 / 4, 0]),
        (3, 3, [1, 1, 1, 0]),
        (4, 1, [1, 3 / 4, 2 / 4, 1 / 4, 0]),
    ],
)
def test_the_rate_is_constant_and_then_falls_to_zero_behind_the_last_epoch(setting, epochs, constant, shares):
    learning = setting.learning(epochs=epochs, lr=0.1, constant=constant)
    assert rates(learning, len(shares)) == pytest.approx([0.1 * share for share in shares])


def test_both_optimisers_have_the_rate(setting):
    learning = setting.learning(epochs=4)
    for share in (1, 1, 2 / 3, 1 / 3):
        assert [group["lr"] for group in groups(learning)] == [pytest.approx(2e-4 * share)] * 2
        learning.advance()


def test_adam_as_the_paper_has_it(setting):
    assert [group["betas"] for group in groups(setting.learning())] == [(0.5, 0.999)] * 2
    assert [group["betas"] for group in groups(setting.learning(betas=(0.9, 0.99)))] == [(0.9, 0.99)] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "at least one epoch, not 0"),
        ({"constant": 5}, "from 0 to 4 epochs can have a constant rate, not 5"),
        ({"constant": -1}, "from 0 to 4 epochs can have a constant rate, not -1"),
    ],
)
def test_what_it_refuses(setting, options, message):
    with pytest.raises(ValueError, match=message):
        setting.learning(**options)


def taught(setting, learning, objective, first, last):
    """Epochs ``first`` to ``last``, each of which draws its dropout from its own seed, as a run does."""
    engine = translator(learning, objective, setting.device)
    for epoch in range(first, last):
        torch.manual_seed(epoch)
        engine.run(setting.batches(), max_epochs=1)
        learning.advance()
    return learning


@pytest.mark.parametrize("adversarial", [True, False])
def test_goes_on_to_the_same_bits(setting, adversarial, tmp_path):
    objective = Objective(gan=float(adversarial))
    whole = taught(setting, setting.learning(adversarial, dropout=0.5), objective, 0, 4)
    first = taught(setting, setting.learning(adversarial, dropout=0.5), objective, 0, 2)
    torch.save((first.progress(), first.generator.state_dict()), tmp_path / "c.pt")
    second = setting.learning(adversarial, seed=1, dropout=0.5)
    second.restore(*torch.load(tmp_path / "c.pt", weights_only=True))
    assert second.rate == first.rate
    taught(setting, second, objective, 2, 4)
    for one, other in zip(states(whole), states(second), strict=True):
        assert torch.equal(one, other)


def states(learning):
    """All weights and buffers, and all that the optimisers remember."""
    yield from learning.generator.state_dict().values()
    for each in learning.optimizer.state_dict()["state"].values():
        yield from each.values()
    if learning.adversary is not None:
        yield from learning.discriminator.state_dict().values()
        for each in learning.adversary.optimizer.state_dict()["state"].values():
            yield from each.values()


def test_progress_holds_the_discriminator(setting):
    learning = setting.learning()
    told = learning.progress()["discriminator"]
    assert told.keys() == learning.discriminator.state_dict().keys()
    assert setting.learning(adversarial=False).progress()["discriminator"] is None


@pytest.mark.parametrize("options", [{"epochs": 5}, {"constant": 1}, {"lr": 1e-3}, {"betas": (0.9, 0.999)}])
def test_refuses_another_plan(setting, options):
    learning = setting.learning()
    with pytest.raises(CheckpointError, match=r"cannot go on: the plan was .* and is now"):
        setting.learning(**options).restore(learning.progress(), learning.generator.state_dict())


def test_refuses_what_holds_no_progress(setting):
    learning = setting.learning()
    with pytest.raises(CheckpointError, match="cannot go on"):
        learning.restore({}, learning.generator.state_dict())


@pytest.mark.parametrize(("before", "had"), [(False, "none"), (True, "one")])
def test_refuses_to_go_on_with_a_discriminator_more_or_less(setting, before, had):
    learning = setting.learning(adversarial=before)
    with pytest.raises(CheckpointError, match=f"of discriminators the checkpoint has {had}"):
        setting.learning(adversarial=not before).restore(learning.progress(), learning.generator.state_dict())


def test_refuses_another_network(setting):
    learning = setting.learning()
    progress, weights = learning.progress(), learning.generator.state_dict()
    other = TranslationLearning(torch.nn.Conv2d(3, 1, 1), learning.discriminator, 4)
    with pytest.raises(CheckpointError, match="of another generator"):
        other.restore(progress, weights)
    other = TranslationLearning(deepcopy(learning.generator), torch.nn.Conv2d(4, 1, 1), 4)
    with pytest.raises(CheckpointError, match="of another discriminator"):
        other.restore(progress, weights)
