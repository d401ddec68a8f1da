"""What the engine of a translation does with one batch: the discriminator learns, then the generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from ignite.engine import Engine, EventEnum
from torch.nn.functional import l1_loss

from feedline.train.steps import Step, mean_loss
from feedline.train.translation.learning import Adversary, TranslationLearning
from feedline.train.translation.objective import Objective, adversarial_loss

Losses = dict[str, Any]


class TranslationEvents(EventEnum):
    """Fired for each batch, in this order; the first two only where a discriminator learns.

    The generator's output for the batch is made before all of them.
    """

    DISCRIMINATOR_STARTED = "discriminator_started"
    DISCRIMINATOR_COMPLETED = "discriminator_completed"
    GENERATOR_STARTED = "generator_started"
    GENERATOR_COMPLETED = "generator_completed"


def translator(learning: TranslationLearning, objective: Objective, device: torch.device) -> Engine:
    """An engine that takes :func:`translation_step` and knows its events.

    Its metrics are the mean of each loss over the samples of the epoch, each a tensor of one number, under the names
    of :func:`losses_of`.

    Raises:
        ValueError: the objective needs a discriminator that is not there.
    """
    engine = Engine(translation_step(learning, objective, device))
    engine.register_events(*TranslationEvents)
    for name in losses_of(objective):
        _mean_of(engine, name)
    return engine


def losses_of(objective: Objective) -> list[str]:
    """Names of the losses that a step gives: without a discriminator there is but one."""
    return ["l1", "generator_gan", "discriminator_real", "discriminator_fake"] if objective.gan else ["l1"]


def translation_step(learning: TranslationLearning, objective: Objective, device: torch.device) -> Step:
    """One update of the discriminator, then one of the generator, by a batch of (inputs, targets).

    The engine that takes the step must know :class:`TranslationEvents`, as that of :func:`translator` does.

    Inputs are NxCxHxW, targets NxKxHxW, float32 from -1 to 1. The discriminator judges inputs and targets, or inputs
    and outputs, joined by channels; its loss is half of the sum of both. It stands still where ``objective.gan`` is 0.

    A step gives a dictionary of scalar tensors on the device, without weights, halving and gradient: ``"l1"``, the
    mean absolute difference of output and target; with a discriminator also ``"generator_gan"``,
    ``"discriminator_real"`` and ``"discriminator_fake"``, the adversarial losses. ``"count"`` is N, an int.

    Raises:
        ValueError: the objective needs a discriminator that is not there; by the step: outputs and targets differ in
            shape.
    """
    adversary = _adversary(learning, objective)

    def step(engine: Engine, batch: Any) -> Losses:
        inputs, targets = (images.to(device, non_blocking=True) for images in batch)
        outputs = learning.generator(inputs)
        _check_shapes(outputs, targets)
        losses: Losses = {"count": len(inputs)}
        if adversary is not None:
            engine.fire_event(TranslationEvents.DISCRIMINATOR_STARTED)
            losses |= _teach_discriminator(adversary, objective, inputs, targets, outputs.detach())
            engine.fire_event(TranslationEvents.DISCRIMINATOR_COMPLETED)
        engine.fire_event(TranslationEvents.GENERATOR_STARTED)
        losses |= _teach_generator(learning, adversary, objective, inputs, targets, outputs)
        engine.fire_event(TranslationEvents.GENERATOR_COMPLETED)
        return losses

    return step


def _adversary(learning: TranslationLearning, objective: Objective) -> Adversary | None:
    if objective.gan and learning.adversary is None:
        raise ValueError(f"an objective with gan={objective.gan} needs a discriminator; give one, or set gan to 0")
    return learning.adversary if objective.gan else None


def _check_shapes(outputs: torch.Tensor, targets: torch.Tensor) -> None:
    """A difference of 1 channel from 3 could be taken without an error, and would mean nothing."""
    if outputs.shape != targets.shape:
        made, wanted = tuple(outputs.shape), tuple(targets.shape)
        raise ValueError(f"outputs and targets have one shape; the generator made {made} and the targets are {wanted}")


def _teach_discriminator(
    adversary: Adversary, objective: Objective, inputs: torch.Tensor, targets: torch.Tensor, outputs: torch.Tensor
) -> Losses:
    adversary.optimizer.zero_grad(set_to_none=True)
    real = adversarial_loss(adversary.model(torch.cat([inputs, targets], dim=1)), True, objective.loss)
    fake = adversarial_loss(adversary.model(torch.cat([inputs, outputs], dim=1)), False, objective.loss)
    (0.5 * (real + fake)).backward()  # type: ignore[no-untyped-call]
    adversary.optimizer.step()
    return {"discriminator_real": real.detach(), "discriminator_fake": fake.detach()}


def _teach_generator(
    learning: TranslationLearning,
    adversary: Adversary | None,
    objective: Objective,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    outputs: torch.Tensor,
) -> Losses:
    losses = {"l1": l1_loss(outputs, targets)}
    loss = objective.l1 * losses["l1"]
    learning.optimizer.zero_grad(set_to_none=True)
    with _fixed(adversary):
        if adversary is not None:
            logits = adversary.model(torch.cat([inputs, outputs], dim=1))
            losses["generator_gan"] = adversarial_loss(logits, True, objective.loss)
            loss = loss + objective.gan * losses["generator_gan"]
        loss.backward()  # type: ignore[no-untyped-call]
    learning.optimizer.step()
    return {name: each.detach() for name, each in losses.items()}


@contextmanager
def _fixed(adversary: Adversary | None) -> Iterator[None]:
    """Within the block the discriminator passes gradients on and gets none itself."""
    learnt = [] if adversary is None else [each for each in adversary.model.parameters() if each.requires_grad]
    for parameter in learnt:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learnt:
            parameter.requires_grad_(True)


def _mean_of(engine: Engine, name: str) -> None:
    mean_loss(lambda losses: losses[name].expand(losses["count"])).attach(engine, name)
