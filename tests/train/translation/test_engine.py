"""Whole runs on tiny pairs: what is written, that it repeats, that it can be interrupted and gone on with."""

import math
import os

import pytest
import torch
from interrupting import same
from tinypairs import Setting

from feedline.errors import CheckpointError
from feedline.train import load_checkpoint
from feedline.train.checkpoint import TranslationCheckpoint
from feedline.train.translation import Objective
from feedline.train.translation.rows import TranslationRow

FILES = {
    "args.yaml", "results.csv", "feeding.csv", "results.png", "train_batch.png", "val_pairs.png", "epochs",
    "report.html", "weights",
}  # fmt: skip


@pytest.fixture
def setting(tmp_path):
    return Setting(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """What came of a run that nothing interrupted."""
    setting = Setting(tmp_path_factory.mktemp("whole"))
    return setting.fit(setting.run("whole"))


def load(path):
    return load_checkpoint(path, TranslationCheckpoint)


def numbers(rows):
    return [row.formatted()[:-2] for row in rows]


def test_fills_the_run_folder(setting):
    run = setting.run("run")
    outcome = setting.fit(run)
    assert set(os.listdir(run.path)) == FILES
    assert set(os.listdir(run.weights)) == {"best.pt", "last.pt"}
    assert sorted(os.listdir(run.path / "epochs")) == ["0001.png", "0002.png", "0003.png"]
    assert [row.epoch for row in run.read_rows(TranslationRow)] == [1, 2, 3]
    assert numbers(run.read_rows(TranslationRow)) == numbers(outcome.rows)
    page = (run.path / "report.html").read_text()
    assert page.count("data:image/png") == 3
    assert "GAN losses do not tell quality" in page
    assert not outcome.interrupted


def test_the_outcome_is_of_the_best_weights(setting):
    run = setting.run("run")
    outcome = setting.fit(run)
    best = load(run.best)
    assert outcome.best.val_l1 == min(row.val_l1 for row in outcome.rows)
    assert best.epoch == outcome.best.epoch
    assert outcome.judgement.l1 == pytest.approx(outcome.best.val_l1, abs=1e-6)
    assert 0.5 < outcome.judgement.copy_l1 < 2
    assert best.progress == {}
    assert load(run.last).progress["discriminator"]


def test_the_rate_is_constant_and_then_falls(setting):
    outcome = setting.fit(setting.run("run"), epochs=4)
    assert [row.rate for row in outcome.rows] == pytest.approx([0.01, 0.01, 0.01 * 2 / 3, 0.01 / 3], abs=1e-6)


def test_the_same_for_every_number_of_workers_and_whatever_was_drawn_before(setting, whole):
    torch.manual_seed(12345)
    second = setting.fit(setting.run("second"), workers=2)
    assert numbers(second.rows) == numbers(whole.rows)
    assert same(load(second.run.last).weights, load(whole.run.last).weights)


@pytest.mark.parametrize("stop", [(1, 1), (2, 0), (3, 3)])
def test_interrupted_and_gone_on_with_is_as_if_nothing_had_been(setting, whole, stop):
    run = setting.run("run")
    stopped = setting.fit(run, stop=stop)
    assert stopped.interrupted
    assert run.interrupted.is_file()
    assert [row.epoch for row in stopped.rows] == list(range(1, stop[0]))
    outcome = setting.fit(run, resume=load(run.last))
    assert numbers(outcome.rows) == numbers(whole.rows)
    for name in ("last", "best"):
        one, other = (load(getattr(each.run, name)) for each in (outcome, whole))
        assert one.epoch == other.epoch
        assert same(one.weights, other.weights)
        assert same(one.progress, other.progress)
    assert not run.interrupted.exists()


def test_l1_alone_has_no_adversary(setting):
    outcome = setting.fit(setting.run("run"), objective=Objective(gan=0))
    assert all(math.isnan(row.generator_gan) and math.isnan(row.discriminator_real) for row in outcome.rows)
    assert outcome.rows[-1].generator_l1 < outcome.rows[0].generator_l1
    assert load(outcome.run.last).progress["discriminator"] is None
    assert "gan" not in outcome.rows[0].words


def test_gan_alone(setting):
    outcome = setting.fit(setting.run("run"), objective=Objective(l1=0, loss="least_squares"))
    assert all(math.isfinite(row.generator_gan) for row in outcome.rows)


def test_going_on_by_another_plan_is_refused(setting):
    run = setting.run("run")
    setting.fit(run, stop=(2, 0))
    with pytest.raises(CheckpointError, match="cannot go on: the plan was"):
        setting.fit(run, resume=load(run.last), epochs=5)
