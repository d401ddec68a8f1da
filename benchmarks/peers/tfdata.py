"""tf.data: the crop alone is decoded, resized with antialiasing, in two parallel calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from peers.job import MEAN, RATIO, SCALE, SIDE, STD, WORKERS, Job

NEEDS = ["tensorflow"]
VARIANTS = {"2 calls": WORKERS, "autotuned": tf.data.AUTOTUNE}
CONVERTS = None


def loaded(path: Any, label: Any) -> Any:
    data = tf.io.read_file(path)
    begin, size, _box = tf.image.sample_distorted_bounding_box(
        tf.io.extract_jpeg_shape(data),
        tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        aspect_ratio_range=RATIO,
        area_range=SCALE,
        max_attempts=10,
        use_image_if_no_bounding_boxes=True,
    )
    window = tf.stack([begin[0], begin[1], size[0], size[1]])
    image = tf.io.decode_and_crop_jpeg(data, window, channels=3)
    image = tf.image.resize(image, (SIDE, SIDE), antialias=True)
    image = tf.image.random_flip_left_right(image)
    mean, std = (tf.constant([255 * number for number in numbers]) for numbers in (MEAN, STD))
    return (image - mean) / std, label


def stream(job: Job) -> Iterator[Any]:
    calls = VARIANTS[job.variant]
    paths = job.paths()
    options = tf.data.Options()
    options.threading.private_threadpool_size = WORKERS
    options.threading.max_intra_op_parallelism = 1
    options.deterministic = False
    data = tf.data.Dataset.from_tensor_slices((paths, job.labels())).shuffle(len(paths), seed=job.seed).repeat()
    data = data.map(loaded, num_parallel_calls=calls).batch(job.batch, drop_remainder=True)
    yield from data.prefetch(2).with_options(options)
