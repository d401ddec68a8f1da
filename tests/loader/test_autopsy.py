"""A chunk is cut down to the sample that its workers die of."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from feedline.loader.workers.autopsy import Autopsy
from feedline.loader.workers.contract import Chunk

HOW = "killed"


def held(task, killers, restarts=2, most=10_000, batched=True):
    """The autopsy when it is over, and how many workers died."""
    autopsy, deaths = Autopsy(Chunk(0, 0, task), restarts, batched), 0
    for _ in range(most):
        if not autopsy.suspects or autopsy.hopeless:
            return autopsy, deaths
        part = autopsy.suspects[0]
        if any(index in list(killers) for index in (part if batched or part == () else [part])):
            autopsy.died(HOW)
            deaths += 1
        else:
            autopsy.passed()
    raise AssertionError("no end")


@given(st.lists(st.integers(0, 60), unique=True, max_size=40), st.sets(st.integers(0, 60)), st.integers(0, 3))
def test_just_those_that_kill_are_guilty(task, killers, restarts):
    autopsy, _ = held(task, killers, restarts)
    assert autopsy.guilty == {str(index): (index, HOW) for index in set(task) & killers}
    assert autopsy.hopeless is None


@pytest.mark.parametrize("index", [7, "name", (7,), [7, 8], {"a": 1}])
def test_a_sample_alone(index):
    assert held(index, [index], batched=False)[0].guilty == {repr(index): (index, HOW)}
    assert held(index, [], batched=False)[0].guilty == {}


@pytest.mark.parametrize("task", [torch.arange(9), np.arange(9), range(9), tuple(range(9))])
def test_a_batch_of_any_kind(task):
    assert [int(index) for index, _ in held(task, {4})[0].guilty.values()] == [4]


@pytest.mark.parametrize("restarts", [0, 1, 2])
def test_a_sample_may_kill_so_often(restarts):
    autopsy = Autopsy(Chunk(0, 0, [3]), restarts)
    autopsy.passed()
    for _ in range(restarts):
        autopsy.died(HOW)
    assert not autopsy.guilty
    autopsy.died(HOW)
    assert autopsy.guilty == {"3": (3, HOW)}
    assert not autopsy.suspects


def test_a_part_that_was_made_clears_the_count():
    autopsy = Autopsy(Chunk(0, 0, [1, 2]), restarts=1)
    autopsy.passed()
    autopsy.died(HOW)
    autopsy.passed()
    autopsy.died(HOW)
    assert not autopsy.guilty
    autopsy.died(HOW)
    assert autopsy.guilty == {"2": (2, HOW)}


def test_it_takes_few_trials():
    _, deaths = held(list(range(1024)), {700}, restarts=2)
    assert deaths <= 10 + 3


@pytest.mark.parametrize("restarts", [0, 2])
def test_workers_that_do_not_live_at_all(restarts):
    autopsy = Autopsy(Chunk(0, 0, [1, 2]), restarts)
    for _ in range(restarts):
        autopsy.died(HOW)
        assert autopsy.hopeless is None
    autopsy.died(HOW)
    assert autopsy.hopeless == "killed before it made anything: look at worker_init_fn, and at how the dataset begins"
