"""Two networks that learn in turn."""

from copy import deepcopy

import pytest
import torch
from ignite.engine import Events
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss

from feedline.train.translation import Objective, TranslationEvents, translation_step, translator

L1_ALONE, GAN_ALONE, BOTH = Objective(gan=0), Objective(l1=0), Objective()
NAMES = ["l1", "generator_gan", "discriminator_real", "discriminator_fake"]


def weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def buffers(model):
    return [buffer.clone() for buffer in model.buffers()]


def gradients(model):
    return [None if parameter.grad is None else parameter.grad.clone() for parameter in model.parameters()]


def equal(ones, others):
    return all(torch.equal(one, other) for one, other in zip(ones, others, strict=True))


def watched(learning, objective, setting, look):
    """What ``look`` saw at each event of one batch."""
    engine, seen = translator(learning, objective, setting.device), {}
    for event in TranslationEvents:
        engine.add_event_handler(event, lambda _, event: seen.update({event: look()}), event)
    engine.run(setting.batches(1), max_epochs=1)
    return seen


def outputs(learning, objective, setting, batches):
    """What the step gave for each batch of an epoch, and the means of the epoch."""
    engine, told = translator(learning, objective, setting.device), []
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: told.append(engine.state.output))
    return told, engine.run(batches, max_epochs=1).metrics


def by_hand(learning, batch, criterion, gan, l1):
    """The step once more, told plainly: every loss computed from scratch, each optimiser stepping its own network."""
    generator, discriminator = learning.generator, learning.discriminator
    inputs, targets = batch
    outputs = generator(inputs)
    real = discriminator(torch.cat([inputs, targets], 1))
    fake = discriminator(torch.cat([inputs, outputs.detach()], 1))
    real_loss, fake_loss = criterion(real, torch.ones_like(real)), criterion(fake, torch.zeros_like(fake))
    learning.adversary.optimizer.zero_grad()
    ((real_loss + fake_loss) / 2).backward()
    learning.adversary.optimizer.step()
    judged = discriminator(torch.cat([inputs, outputs], 1))
    gan_loss, difference = criterion(judged, torch.ones_like(judged)), l1_loss(outputs, targets)
    learning.optimizer.zero_grad()
    (gan * gan_loss + l1 * difference).backward()
    learning.optimizer.step()
    return [float(loss.detach()) for loss in (difference, gan_loss, real_loss, fake_loss)]


@pytest.mark.parametrize(
    ("objective", "criterion"),
    [
        (Objective(), binary_cross_entropy_with_logits),
        (Objective(l1=10, gan=2, loss="least_squares"), mse_loss),
        (GAN_ALONE, binary_cross_entropy_with_logits),
    ],
)
def test_a_step_equals_the_same_by_hand(setting, objective, criterion):
    one, other = setting.learning(), setting.learning()
    batches = setting.batches()
    for losses, batch in zip(outputs(one, objective, setting, batches)[0], batches, strict=True):
        told = by_hand(other, batch, criterion, objective.gan, objective.l1)
        assert [float(losses[name]) for name in NAMES] == pytest.approx(told, rel=1e-5)
        assert all(losses[name].shape == () and not losses[name].requires_grad for name in NAMES)
        assert losses["count"] == 2
    for mine, theirs in ((one.generator, other.generator), (one.discriminator, other.discriminator)):
        for left, right in zip(weights(mine), weights(theirs), strict=True):
            assert torch.allclose(left, right, atol=1e-6)


def test_each_network_changes_in_its_own_part_alone(setting):
    learning = setting.learning()
    seen = watched(learning, BOTH, setting, lambda: (weights(learning.generator), weights(learning.discriminator)))
    (generator, discriminator), (generator_then, discriminator_then) = (
        seen[TranslationEvents.DISCRIMINATOR_STARTED],
        seen[TranslationEvents.DISCRIMINATOR_COMPLETED],
    )
    assert equal(generator, generator_then)
    assert not equal(discriminator, discriminator_then)
    (generator, discriminator), (generator_then, discriminator_then) = (
        seen[TranslationEvents.GENERATOR_STARTED],
        seen[TranslationEvents.GENERATOR_COMPLETED],
    )
    assert not equal(generator, generator_then)
    assert equal(discriminator, discriminator_then)


def test_gradients_stay_with_whom_they_are_meant_for(setting):
    learning = setting.learning()
    seen = watched(learning, BOTH, setting, lambda: (gradients(learning.generator), gradients(learning.discriminator)))
    generator, discriminator = seen[TranslationEvents.GENERATOR_STARTED]
    assert generator == [None] * len(generator)
    _, discriminator_then = seen[TranslationEvents.GENERATOR_COMPLETED]
    assert any(each.any() for each in discriminator)
    assert equal(discriminator, discriminator_then)
    assert all(parameter.requires_grad for parameter in learning.discriminator.parameters())


def test_what_was_frozen_stays_frozen(setting):
    learning = setting.learning()
    first = next(iter(learning.discriminator.parameters()))
    first.requires_grad_(False)
    outputs(learning, BOTH, setting, setting.batches(1))
    assert not first.requires_grad
    assert sum(parameter.requires_grad for parameter in learning.discriminator.parameters()) > 0


@pytest.mark.parametrize(("objective", "skipped"), [(BOTH, 0), (GAN_ALONE, 0), (L1_ALONE, 2)])
def test_events_are_fired_in_order(setting, objective, skipped):
    assert list(watched(setting.learning(), objective, setting, lambda: None)) == list(TranslationEvents)[skipped:]


def test_l1_alone_leaves_the_discriminator_as_it_is(setting):
    learning = setting.learning()
    before, buffered = weights(learning.discriminator), buffers(learning.discriminator)
    engine = translator(learning, L1_ALONE, setting.device)
    engine.run(setting.batches(), max_epochs=2)
    assert equal(before, weights(learning.discriminator))
    assert equal(buffered, buffers(learning.discriminator))
    assert set(engine.state.output) == {"l1", "count"}
    assert set(engine.state.metrics) == {"l1"}


def test_l1_alone_is_the_same_without_any_discriminator(setting):
    one, other = setting.learning(adversarial=False), setting.learning()
    for learning in (one, other):
        translator(learning, L1_ALONE, setting.device).run(setting.batches(), max_epochs=1)
    assert equal(weights(one.generator), weights(other.generator))


def test_gan_alone_does_not_see_the_difference(setting):
    """The generator's step by the adversarial loss only: other targets, the discriminator held, and nothing changes."""
    learnt = []
    for sign in (1, -1):
        learning = setting.learning(lr=1e-3)
        for group in learning.adversary.optimizer.param_groups:
            group["lr"] = 0.0
        learning.discriminator.eval()
        inputs, targets = setting.batches(1)[0]
        outputs(learning, GAN_ALONE, setting, [(inputs, sign * targets)])
        learnt.append(weights(learning.generator))
    assert equal(*learnt)


def test_a_discriminator_must_be_there(setting):
    with pytest.raises(ValueError, match=r"an objective with gan=1\.0 needs a discriminator; give one, or"):
        translation_step(setting.learning(adversarial=False), BOTH, setting.device)


def test_outputs_and_targets_have_one_shape(setting):
    inputs, _ = setting.batches(1)[0]
    with pytest.raises(ValueError, match=r"the generator made \(2, 1, 8, 8\) and the targets are \(2, 3, 8, 8\)"):
        outputs(setting.learning(), BOTH, setting, [(inputs, inputs)])


def test_metrics_are_means_over_the_samples_of_the_epoch(setting):
    (inputs, targets), (more, more_targets) = setting.batches(2)
    told, means = outputs(setting.learning(), BOTH, setting, [(inputs, targets), (more[:1], more_targets[:1])])
    assert sorted(means) == sorted(NAMES)
    for name in NAMES:
        assert float(means[name]) == pytest.approx((2 * float(told[0][name]) + float(told[1][name])) / 3)


def test_the_batch_is_left_as_it_is(setting):
    batches = setting.batches(1)
    before = deepcopy(batches)
    outputs(setting.learning(), BOTH, setting, batches)
    assert equal(before[0], batches[0])


@pytest.mark.parametrize("objective", [BOTH, L1_ALONE, Objective(loss="least_squares")])
def test_it_learns(setting, objective):
    learning = setting.learning(lr=1e-2)
    engine = translator(learning, objective, setting.device)
    means = []
    engine.add_event_handler(Events.EPOCH_COMPLETED, lambda: means.append(float(engine.state.metrics["l1"])))
    engine.run(setting.batches(), max_epochs=20)
    assert means[-1] < means[0] / 2
