"""What a wheel is tried with: a JPEG made in memory is decoded by the kernel, and a part equals that of the whole."""

import io

import numpy as np
from PIL import Image

import feedline
from feedline import native


def main() -> None:
    if native.IMPLEMENTATION != "kernel":
        raise SystemExit("the wheel has no C kernel")
    rows, columns = np.mgrid[:120, :160]
    file = io.BytesIO()
    Image.fromarray(np.stack([rows, columns, rows + columns], 2).astype(np.uint8)).save(file, "jpeg", quality=90)
    with feedline.counting() as counts:
        part = feedline.decode(file.getvalue(), region=(40, 50, 32, 48))
    if not 0 < counts.mcus_decoded < 80:
        raise SystemExit(f"the kernel decoded {counts.mcus_decoded} of 80 units of a JPEG for a part of it")
    if not np.array_equal(part, feedline.decode(file.getvalue())[40:72, 50:98]):
        raise SystemExit("a part of a JPEG is not that part of the whole")
    print(f"the kernel decoded {counts.mcus_decoded} of 80 units of a JPEG")


if __name__ == "__main__":
    main()
