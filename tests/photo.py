"""Pictures that are smooth as photographs are, with colours between and including black and white."""

import cv2
import numpy as np

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def photo(height, width, channels=3, dtype="uint8", seed=0):
    """Waves of four sizes, the smallest of about 16 pixels; most numbers lie within 40 and 220 of 255."""
    rng = np.random.default_rng(seed)
    waves = np.zeros((height, width, channels))
    for octave, strength in enumerate((1.0, 0.7, 0.5, 0.3)):
        length = 128 >> octave
        grid = rng.normal(size=(height // length + 3, width // length + 3, channels))
        waves += strength * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC).reshape(waves.shape)
    shares = np.clip(0.5 + 0.16 * waves, 0.0, 1.0)
    if dtype == "float32":
        return shares.astype(np.float32)
    return np.rint(shares * WHITE[dtype]).astype(dtype)
