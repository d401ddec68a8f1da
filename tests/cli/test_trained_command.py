"""A run or a checkpoint, ready to use."""

from dataclasses import replace

import pytest
import torch

from feedline.cli.trained import load_trained
from feedline.errors import CheckpointError, RunError
from feedline.train import load_checkpoint, save_checkpoint


def test_from_a_run_folder_and_from_a_file(trained):
    _, run = trained
    for path in (run, run / "weights" / "best.pt"):
        it = load_trained(path, "cpu")
        assert it.path == run / "weights" / "best.pt"
        assert not it.model.training
        assert it.about.classes == ["a", "b", "c"]
        images = torch.zeros(2, 3, 16, 16)
        assert torch.equal(it.logits(images), it.model(images))
        assert not it.logits(images).requires_grad


def test_no_run(tmp_path, fails):
    with pytest.raises(RunError, match="no weights in"):
        load_trained(tmp_path, "cpu")
    assert "no such run folder" in fails("predict", tmp_path / "none", "x.png")


def test_a_checkpoint_of_another_program(tmp_path, fails, trained):
    torch.save({"state_dict": {}}, tmp_path / "other.pt")
    assert "is a checkpoint of another program" in fails("evaluate", tmp_path / "other.pt", trained[0])


@pytest.mark.parametrize("change", [{"model": "mlp"}, {"model": "unknown"}, {"classes": ["a"]}])
def test_weights_of_another_network(tmp_path, trained, change, fails):
    about = load_checkpoint(trained[1] / "weights" / "best.pt")
    save_checkpoint(tmp_path / "c.pt", replace(about, **change))
    with pytest.raises(CheckpointError, match="does not hold the weights of its"):
        load_trained(tmp_path / "c.pt", "cpu")
    fails("predict", tmp_path / "c.pt", "x.png")
