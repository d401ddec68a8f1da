"""What a loader says of itself: counts that are right, and the stage that is slow."""

import time

import numpy as np
import pytest
import torch
from foreign import Squares, Stream
from memory import Memory, numbered, picture

import feedline
from feedline import DataLoader, ImageDataset
from feedline.loader.stats import EpochStats, Stats, nbytes
from feedline.transforms.base import Transform

WORKERS = pytest.mark.parametrize(
    ("num_workers", "worker_type"), [(0, "auto"), (2, "thread"), (2, "process")], ids=["serial", "threads", "processes"]
)
PAUSE = 0.004
PASSES = 8
"""Of which one in peace is enough: what else the machine does may take longer than a pause in any of them."""


class SlowSource(Memory):
    def __getitem__(self, index):
        time.sleep(PAUSE)
        return super().__getitem__(index)


class SlowDecode(ImageDataset):
    keyed = True

    def fill(self, indices, key, out):
        """The kernel decodes without ``_image``."""

    def _image(self, record, index, ahead):
        time.sleep(PAUSE)
        return super()._image(record, index, ahead)


class SlowStep(Transform):
    def add(self, draft, key, operation):
        time.sleep(PAUSE)


def planted(stage):
    """Twelve-dozen images of which one stage takes its time."""
    kind = SlowSource if stage == "read" else Memory
    source = kind([picture(6, 6, seed=number) for number in range(96)], [0] * 96)
    dataset = (SlowDecode if stage == "decode" else ImageDataset)(source)
    return dataset.with_transform(lambda image: [time.sleep(PAUSE), image][1]) if stage == "transform" else dataset


@WORKERS
@pytest.mark.parametrize("stage", ["read", "decode", "transform"])
def test_the_slow_stage_is_the_one_that_it_shows(stage, num_workers, worker_type):
    keeps = {"persistent_workers": num_workers > 0}  # so that they start once, in the first pass
    loader = DataLoader(planted(stage), 16, num_workers=num_workers, worker_type=worker_type, **keeps)
    for _ in range(PASSES):
        for _ in loader:
            pass
        epoch = loader.stats[-1]
        assert epoch.stages[stage] >= 0.9 * 96 * PAUSE
        assert stage in str(loader.stats)
        if epoch.limit.startswith(f"limited by {stage}: "):
            break
    assert epoch.limit.startswith(f"limited by {stage}: "), "in none of the passes, however busy the machine is"
    assert max(epoch.stages, key=epoch.stages.get) == stage


@WORKERS
def test_a_slow_consumer_is_what_it_shows(num_workers, worker_type):
    loader = DataLoader(numbered(96), 16, num_workers=num_workers, worker_type=worker_type)
    batches = iter(loader)
    next(batches)  # the workers begin
    begun = loader.stats[0].waited
    for _ in batches:
        time.sleep(0.2)
    epoch = loader.stats[0]
    assert epoch.waited - begun < 0.1 * epoch.seconds
    assert epoch.seconds >= 0.8
    if num_workers:
        assert epoch.depth > 0.5


@WORKERS
def test_a_foreign_dataset_has_one_stage_and_what_follows(num_workers, worker_type):
    loader = DataLoader(Squares(64, 9000), 16, num_workers=num_workers, worker_type=worker_type)
    list(loader)
    handed = {"hand-over"} if worker_type == "process" else set()
    assert set(loader.stats[0].stages) == {"sampler", "fetch", "collate"} | handed


@WORKERS
def test_counts(num_workers, worker_type):
    loader = DataLoader(Squares(70, 9000), 16, num_workers=num_workers, worker_type=worker_type)
    for _ in range(3):
        list(loader)
    assert [epoch.epoch for epoch in loader.stats] == [0, 1, 2]
    assert [(epoch.batches, epoch.samples) for epoch in loader.stats] == [(5, 70)] * 3
    assert {epoch.nbytes for epoch in loader.stats} == {70 * (9000 * 4 + 8)}
    assert all(epoch.samples_per_second > 0 and epoch.batches_per_second > 0 for epoch in loader.stats)
    assert all(0 < epoch.waited <= epoch.seconds for epoch in loader.stats)


def test_skipped_samples_are_not_counted():
    class Some(Squares):
        def __getitem__(self, index):
            if index % 10 == 3:
                raise OSError("broken")
            return super().__getitem__(index)

    loader = DataLoader(Some(40), 8, on_error="skip")
    with pytest.warns(RuntimeWarning, match="cannot be made"):
        list(loader)
    assert loader.stats[0].samples == 36


def test_substitutes_and_short_batches_are_counted_as_they_are():
    class Some(Squares):
        def __getitem__(self, index):
            if index % 10 == 3:
                raise OSError("broken")
            return super().__getitem__(index)

    loader = DataLoader(Some(40), 8, on_error="substitute", seed=0)
    with pytest.warns(RuntimeWarning, match="cannot be made"):
        list(loader)
    assert loader.stats[0].samples == 40
    stream = DataLoader(Stream(10), 8)
    list(stream)
    assert stream.stats[0].samples == 10
    alone = DataLoader({(0, 1): 7, (2, 3): 8}, None, sampler=[(0, 1), (2, 3)])
    list(alone)
    assert alone.stats[0].samples == 2


def test_the_table():
    loader = DataLoader(feedline.open("glyphs"), 64, num_workers=2)
    assert str(loader.stats) == "no pass was begun yet"
    for _ in range(2):
        for _ in loader:
            pass
    head, first, second, note, limit = str(loader.stats).splitlines()
    assert head.split()[:3] == ["epoch", "batches", "samples/s"]
    assert len(head) == len(first) == len(second)
    assert [line.split()[:2] for line in (first, second)] == [["0", "63"], ["1", "63"]]
    assert note.endswith("2 threads")
    assert limit.startswith("epoch 1: ")


WAITS = "the consumer waited 40% of the time"


def test_what_limits_in_words():
    epoch = EpochStats(0)
    assert epoch.limit == "nothing was yielded yet"
    epoch.batches, epoch.seconds, epoch.waited = 5, 10.0, 0.2
    assert epoch.limit == "limited by the consumer: it waited 2% of the time"
    epoch.waited = 4.0
    assert epoch.limit == "limited by the consumer: it waited 40% of the time", "alone, loading takes the smaller part"
    epoch.makers = "2 threads"
    assert epoch.limit == "limited by what is in no stage: workers that wait for a turn, or the machine; " + WAITS
    epoch.add({"read": 1.0, "decode": 3.0})
    assert epoch.limit == "limited by decode: 75% of the work on samples; " + WAITS
    epoch.add({"sampler": 5.0})
    assert epoch.limit == "limited by sampler: 56% of the work on samples; " + WAITS
    epoch.first = 3.9
    assert epoch.limit == "limited by the consumer: it waited 40% of the time", "but for the start it did not wait"
    epoch.waited, epoch.first = 8.0, 7.5
    assert epoch.limit.startswith("limited by sampler: "), "there was more work than that"
    epoch.stages.clear()
    assert (
        epoch.limit
        == "limited by the start: 7.50 of 10.00 s until the first batch; the consumer waited 80% of the time"
    )


def test_passes_are_a_sequence():
    stats = Stats()
    first, second = stats.begin(0, "no workers"), stats.begin(1, "no workers")
    assert (len(stats), stats[0], stats[-1], stats[:1], list(stats)) == (2, first, second, [first], [first, second])


def test_bytes():
    batch = [torch.zeros(3), {"a": np.zeros(2, np.uint8), "b": (torch.zeros(2, dtype=torch.int64), "x")}, [1, 2], None]
    assert nbytes(batch) == 12 + 2 + 16
    assert nbytes((3, torch.zeros(4))) == 16
    assert nbytes(["a"] * 3) == nbytes([]) == 0
