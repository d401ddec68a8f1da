"""Our CLAHE beside albumentations', which runs OpenCV's on L of Lab as ours does: they are equal."""

import numpy as np
import pytest
from drafted import as_kind, drafted

from feedline.transforms.histogram import clahe


@pytest.mark.parametrize("limit", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(64, 64), (61, 90)])
def test_bytes_are_equal(size, channels, limit, monkeypatch):
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations

    slope = np.linspace(0.3, 0.6, size[0])[:, None, None]
    image = as_kind(slope + 0.2 * np.random.default_rng(0).random((*size, channels)), "uint8")
    theirs = albumentations.CLAHE(clip_limit=(limit, limit), tile_grid_size=(8, 8), p=1.0)(image=image)["image"]
    np.testing.assert_array_equal(drafted(image, clahe, limit, (8, 8)), theirs.reshape(image.shape))
