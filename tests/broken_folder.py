"""A folder of real PNG and JPEG files, of which some are broken in different ways."""

import cv2
import numpy as np


def make(root, count=200, classes=("a", "b"), every=100):
    """One file in ``every`` is broken; the paths of those, from the root."""
    rng = np.random.default_rng(0)
    broken = []
    for number in range(count):
        label = number % len(classes)
        kind = "png" if number % 3 else "jpg"
        path = root / classes[label] / f"{number:04}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = cv2.imencode(f".{kind}", rng.integers(0, 256, (16, 16, 3), np.uint8))[1].tobytes()
        if number % every == every // 2:
            broken.append(str(path))
            data = data[: len(data) // 2] if len(broken) % 2 else b"no picture"
        path.write_bytes(data)
    return broken
