"""Settings for the tests that run beside torchvision and albumentations, in an environment of their own."""

import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # read when it is imported: no test asks the network for a newer one

import pytest
import torch
from hypothesis import settings

settings.register_profile("feedline", deadline=None)
settings.load_profile("feedline")
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that feedline remembers in: never the user's own."""
    monkeypatch.setenv("FEEDLINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
