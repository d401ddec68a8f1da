"""Checkpoints: what goes in comes out, and nothing else is let in."""

import os
import pickle

import pytest
import torch

from feedline.errors import CheckpointError
from feedline.train.checkpoint import (
    Checkpoint,
    TranslationCheckpoint,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)


@pytest.fixture
def checkpoint():
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    return Checkpoint(
        "linear", [1, 2, 2], ["a", "b"], "L", [{"name": "ToTensor"}], model.state_dict(), 3, {"val_loss": 0.5},
        {"optimizer": optimizer.state_dict()},
    )  # fmt: skip


def content(checkpoint, **changes):
    return {"format": "feedline checkpoint", "version": 1, **vars(checkpoint), **changes}


def test_comes_back_as_it_was(tmp_path, checkpoint):
    save_checkpoint(tmp_path / "c.pt", checkpoint)
    back = load_checkpoint(tmp_path / "c.pt")
    assert vars(back).keys() == vars(checkpoint).keys()
    for name in ("model", "input_shape", "classes", "mode", "preprocessing", "epoch", "metrics"):
        assert getattr(back, name) == getattr(checkpoint, name)
    assert all(torch.equal(back.weights[name], value) for name, value in checkpoint.weights.items())
    assert back.progress["optimizer"]["state"][0]["step"] == 1


def test_loads_as_weights_alone(tmp_path, checkpoint):
    save_checkpoint(tmp_path / "c.pt", checkpoint)
    assert torch.load(tmp_path / "c.pt", weights_only=True)["format"] == "feedline checkpoint"


def test_no_such_file(tmp_path):
    with pytest.raises(CheckpointError, match=r"no such checkpoint: .*none\.pt"):
        load_checkpoint(tmp_path / "none.pt")
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        load_checkpoint(tmp_path)


BYTES = [
    b"",
    b"some words\n",
    b"0 is a number\n",
    b"K",
    b"MANY WORDS\n",
    b"a,b,c\n",
    b"J",
    b"X",
    b".",
    b"PK\x03\x04",
    b"{}",
]


@pytest.mark.parametrize("data", BYTES)
def test_another_file(tmp_path, data):
    (tmp_path / "c.pt").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"c\.pt is not a checkpoint of feedline's"):
        load_checkpoint(tmp_path / "c.pt")


def test_a_file_that_ends_early(tmp_path, checkpoint):
    save_checkpoint(tmp_path / "c.pt", checkpoint)
    os.truncate(tmp_path / "c.pt", 1000)
    with pytest.raises(CheckpointError, match="does not load"):
        load_checkpoint(tmp_path / "c.pt")


@pytest.mark.parametrize("other", [{"state_dict": {}}, [1, 2], {"format": "another"}])
def test_a_checkpoint_of_another_program(tmp_path, other):
    torch.save(other, tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match="another program"):
        load_checkpoint(tmp_path / "c.pt")


class Trap:
    """Makes a folder where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_nothing_in_the_file_is_executed(tmp_path, checkpoint):
    sprung = str(tmp_path / "sprung")
    torch.save(content(checkpoint, metrics=Trap(sprung)), tmp_path / "c.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Trap(sprung)))
    for name in ("c.pt", "plain.pt"):
        with pytest.raises(CheckpointError, match="does not load as weights alone"):
            load_checkpoint(tmp_path / name)
        assert not os.path.exists(sprung)
    torch.load(tmp_path / "c.pt", weights_only=False)
    assert os.path.exists(sprung)  # the trap is a real one


@pytest.mark.parametrize("version", [2, None])
def test_another_version(tmp_path, checkpoint, version):
    torch.save(content(checkpoint, version=version), tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match=f"is of version {version}; this feedline reads version 1"):
        load_checkpoint(tmp_path / "c.pt")


def test_missing_and_strange_fields(tmp_path, checkpoint):
    for change in ({"strange": 1}, {"classes": None}):
        changed = content(checkpoint, **change)
        if "classes" in change:
            del changed["classes"]
        torch.save(changed, tmp_path / "c.pt")
        with pytest.raises(CheckpointError, match=f"incomplete: .*'{next(iter(change))}'"):
            load_checkpoint(tmp_path / "c.pt")


def test_of_a_translator(tmp_path):
    side = {"channels": 3, "dtype": "uint8", "mode": "RGB", "high": 255.0}
    about = TranslationCheckpoint({"name": "unet_32"}, "BtoA", None, side, side, [{"ToTensor": {}}], {}, 2)
    save_checkpoint(tmp_path / "c.pt", about)
    assert load_checkpoint(tmp_path / "c.pt", TranslationCheckpoint) == about == read_checkpoint(tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match="trained to translate; this needs one trained to classify"):
        load_checkpoint(tmp_path / "c.pt")


def test_without_a_task_it_classifies(tmp_path, checkpoint):
    torch.save(content(checkpoint), tmp_path / "old.pt")
    assert isinstance(read_checkpoint(tmp_path / "old.pt"), Checkpoint)


def test_of_a_task_that_nobody_knows(tmp_path, checkpoint):
    torch.save(content(checkpoint, task="dream"), tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match="for the task 'dream'; this feedline knows classify, translate"):
        read_checkpoint(tmp_path / "c.pt")
