"""Settings and args.yaml."""

import pytest

from feedline.cli.settings import Settings
from feedline.errors import RunError

ARGS = {
    "data": "/x/letters.npz", "model": "cnn", "epochs": 3, "batch_size": 8, "lr": 0.1, "size": None, "mode": "L",
    "augment": "none", "val": 0.2, "workers": 0, "seed": 1, "device": "cpu", "on_error": "raise", "check": True,
}  # fmt: skip


def test_there_and_back():
    assert Settings.from_args({**ARGS, "unknown": 1}).as_dict() == ARGS


def test_a_setting_is_missing():
    args = {name: value for name, value in ARGS.items() if name not in ("lr", "seed")}
    with pytest.raises(RunError, match=r"args\.yaml lacks seed, lr"):
        Settings.from_args(args)


@pytest.mark.parametrize(
    ("data", "name"), [("/x/letters.npz", "letters"), ("/x/cats/", "cats"), ("glyphs", "glyphs"), ("/", "run")]
)
def test_name(data, name):
    assert Settings.from_args({**ARGS, "data": data}).name == name
