"""Optimiser and schedule, together."""

from dataclasses import replace

import pytest
import torch

from feedline.errors import CheckpointError
from feedline.train import load_checkpoint, save_checkpoint
from feedline.train.checkpoint import Checkpoint
from feedline.train.learning import Learning


def learning(steps=10, inputs=4, seed=0):
    torch.manual_seed(seed)
    return Learning(torch.nn.Linear(inputs, 2), steps, lr=0.1, weight_decay=0.05)


def step(learning):
    torch.nn.functional.mse_loss(learning.model(torch.ones(1, 4)), torch.ones(1, 2)).backward()
    learning.optimizer.step()
    learning.optimizer.zero_grad()
    learning.advance()


def taken(learning):
    return Checkpoint("net", [1, 2, 2], [], "L", [], learning.model.state_dict(), 1, {}, learning.progress())


def rate(learning):
    return learning.optimizer.param_groups[0]["lr"]


def test_one_cycle_rises_and_falls_and_then_stays():
    it = learning(10)
    rates = []
    for _ in range(15):
        rates.append(rate(it))
        step(it)
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.1)
    assert 0 < top < 9
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert set(rates[9:]) == {rates[9]}


def test_a_single_step_is_enough():
    it = learning(1)
    step(it)
    step(it)


def test_goes_on_where_it_was(tmp_path):
    whole, first = learning(), learning()
    for _ in range(4):
        step(whole)
        step(first)
    save_checkpoint(tmp_path / "c.pt", taken(first))
    second = learning(seed=1)
    second.restore(load_checkpoint(tmp_path / "c.pt"))
    for _ in range(4):
        assert rate(whole) == rate(second)
        step(whole)
        step(second)
        assert torch.equal(whole.model.weight, second.model.weight)


def test_refuses_another_plan():
    for other in (taken(learning(11)), replace(taken(learning()), progress={})):
        with pytest.raises(CheckpointError, match="cannot go on"):
            learning(10).restore(other)


def test_refuses_another_network():
    with pytest.raises(CheckpointError):
        learning(10, inputs=4).restore(taken(learning(10, inputs=5)))
