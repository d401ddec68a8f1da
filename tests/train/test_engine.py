"""Whole runs on tiny data: what is written, that it repeats, that it can be interrupted and gone on with."""

import os

import pytest
import torch
from interrupting import same

from feedline.errors import CheckpointError
from feedline.train import Training, fit, load_checkpoint
from feedline.transforms.batches import BatchChoice
from feedline.transforms.mix import CutMix, MixUp

FILES = {
    "args.yaml", "results.csv", "feeding.csv", "results.png", "train_batch.png", "val_batch_pred.png",
    "confusion_matrix.png", "report.html", "weights",
}  # fmt: skip


def losses(rows):
    return [(row.epoch, row.train_loss, row.val_loss, row.val_accuracy) for row in rows]


def test_fills_the_run_folder(setting):
    run = setting.run("run")
    outcome = setting.fit(run)
    assert set(os.listdir(run.path)) == FILES
    assert set(os.listdir(run.weights)) == {"best.pt", "last.pt"}
    header, *lines = (run.path / "results.csv").read_text().splitlines()
    assert header == "epoch,train_loss,val_loss,val_accuracy,images_per_second,data_wait_share"
    assert [line.split(",")[0] for line in lines] == ["1", "2", "3"]
    assert [(row.images, row.batches) for row in run.read_feeding()] == [(27, 4)] * 3
    assert not outcome.interrupted
    assert (run.path / "report.html").read_text().count("data:image/png") == 4


def test_the_outcome_is_of_the_best_weights(setting):
    run = setting.run("run")
    outcome = setting.fit(run)
    best = load_checkpoint(run.best)
    assert outcome.best.epoch == best.epoch == best.metrics["epoch"]
    assert outcome.judgement.accuracy == pytest.approx(outcome.best.val_accuracy, abs=1e-6)
    assert outcome.judgement.loss == pytest.approx(outcome.best.val_loss, abs=1e-6)
    assert int(outcome.judgement.confusion.sum()) == 9
    assert load_checkpoint(run.last).epoch == 3
    assert best.classes == setting.about.classes


def test_batches_may_be_mixed(setting):
    plain = setting.fit(setting.run("plain"))
    mix = BatchChoice([CutMix(num_classes=3), MixUp(num_classes=3)])
    mixed = [setting.fit(setting.run(f"mixed {workers}"), workers=workers, mix=mix) for workers in (0, 2)]
    assert losses(mixed[0].rows) == losses(mixed[1].rows) != losses(plain.rows)
    assert mixed[0].judgement.confusion.sum() == plain.judgement.confusion.sum()


def test_the_same_for_every_number_of_workers_and_whatever_was_drawn_before(setting):
    first = setting.fit(setting.run("first"))
    torch.manual_seed(12345)
    second = setting.fit(setting.run("second"), workers=2)
    assert losses(first.rows) == losses(second.rows)
    assert same(load_checkpoint(first.run.last).weights, load_checkpoint(second.run.last).weights)


@pytest.mark.parametrize("stop", [(1, 0), (1, 2), (2, 0), (3, 3)])
def test_interrupted_and_gone_on_with_is_as_if_nothing_had_been(setting, whole, stop):
    run = setting.run("run")
    stopped = setting.fit(run, stop=stop)
    assert stopped.interrupted
    assert stopped.judgement is None
    assert [row.epoch for row in stopped.rows] == list(range(1, stop[0]))
    assert run.interrupted.is_file()
    assert (run.path / "report.html").is_file()
    outcome = setting.fit(run, resume=load_checkpoint(run.last))
    assert [row[0] for row in losses(outcome.rows)] == [1, 2, 3]
    for one, other in zip(losses(outcome.rows), losses(whole.rows), strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    for name in ("last", "best"):
        one, other = (load_checkpoint(getattr(each.run, name)) for each in (outcome, whole))
        assert one.epoch == other.epoch
        assert same(one.weights, other.weights)
        assert same(one.progress, other.progress)
    assert set(os.listdir(run.weights)) == {"best.pt", "last.pt"}
    assert [row.epoch for row in run.read_feeding()] == [1, 2, 3]


def test_interrupted_in_its_first_epoch_leaves_what_was_reached(setting):
    run = setting.run("run")
    setting.fit(run, stop=(1, 2))
    begun, reached = load_checkpoint(run.last), load_checkpoint(run.checkpoint())
    assert run.checkpoint() == run.interrupted
    assert begun.epoch == 0
    assert same(begun.weights, setting.network().state_dict())
    assert not same(begun.weights, reached.weights)
    setting.network().load_state_dict(reached.weights)


def test_a_run_that_is_complete_is_left_as_it_is(setting):
    run = setting.run("run")
    first = setting.fit(run)
    again = setting.fit(run, resume=load_checkpoint(run.last))
    assert [row.epoch for row in again.rows] == [1, 2, 3]
    assert again.judgement.accuracy == first.judgement.accuracy


def test_rows_behind_the_last_checkpoint_are_made_again(setting, whole):
    """Stopped between the table and the checkpoint of an epoch."""
    run = setting.run("run")
    setting.fit(run, stop=(2, 0))
    before = load_checkpoint(run.last)
    run.write_rows(whole.rows[:2])
    outcome = setting.fit(run, resume=before)
    assert [row.epoch for row in outcome.rows] == [1, 2, 3]


def test_a_row_is_the_same_in_memory_and_on_disk(setting):
    """Else an accuracy that the table rounds, such as 1/3, loses to an equal one after the run is gone on with."""
    run = setting.run("run")
    assert setting.fit(run).rows == run.read_rows()


def test_refuses_to_go_on_with_another_plan(setting):
    run = setting.run("run")
    setting.fit(run, stop=(2, 0))
    with pytest.raises(CheckpointError, match="cannot go on"):
        setting.fit(run, epochs=4, resume=load_checkpoint(run.last))


def test_an_error_of_the_data_reaches_the_caller(setting):
    class Broken(torch.utils.data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            raise ZeroDivisionError

    loader = torch.utils.data.DataLoader(Broken())
    with pytest.raises(ZeroDivisionError):
        fit(setting.network(), loader, loader, setting.run("run"), setting.about, Training(1, quiet=True))
