"""The environment of this folder is the one that its requirements file names, and feedline works in it."""

import importlib.metadata
import re
from pathlib import Path

import albumentations
import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from feedline.transforms import Resize

REQUIREMENTS = Path(__file__).parents[1] / "requirements-torchvision.txt"
PINNED = re.findall(r"^([\w-]+)==(\S+)$", REQUIREMENTS.read_text(), re.M)


@pytest.mark.parametrize(("package", "version"), PINNED)
def test_the_packages_are_those_of_the_requirements_file(package, version):
    assert importlib.metadata.version(package).partition("+")[0] == version


def test_feedline_makes_a_picture_beside_torchvision_and_albumentations():
    image = np.full((8, 6, 3), 200, np.uint8)
    ours = Resize((4, 3))(image)
    theirs = v2.Resize((4, 3))(torch.from_numpy(image).permute(2, 0, 1))
    others = albumentations.Resize(4, 3)(image=image)["image"]
    assert np.array_equal(ours, theirs.permute(1, 2, 0).numpy())
    assert np.array_equal(ours, others)
