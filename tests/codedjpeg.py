"""JPEGs of every sampling, of something at every frequency."""

import cv2
import numpy as np
from photo import photo

SAMPLINGS = {"4:4:4": 0x111111, "4:2:2": 0x211111, "4:2:0": 0x221111, "4:4:0": 0x121111, "4:1:1": 0x411111}
KINDS = [*SAMPLINGS, "grey"]
UNIT = {"4:4:4": (8, 8), "4:2:2": (8, 16), "4:2:0": (16, 16), "4:4:0": (16, 8), "4:1:1": (8, 32), "grey": (8, 8)}
"""Height and width of a unit."""


def grainy(height, width, seed=0):
    """As a photograph: something at every frequency."""
    grain = np.random.default_rng(seed).integers(-30, 31, (height, width, 3))
    return np.clip(photo(height, width, seed=seed) + grain, 0, 255).astype(np.uint8)


def coded(height, width, kind="4:2:0", progressive=False, restart=0, quality=90, seed=0):
    image = grainy(height, width, seed)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    options += [cv2.IMWRITE_JPEG_RST_INTERVAL, restart]
    if kind == "grey":
        image = image[:, :, 0]
    else:
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[kind]]
    return cv2.imencode(".jpg", image, options)[1].tobytes()
