import numpy as np
import pytest
import torch
from PIL import Image

import feedline
from feedline.errors import DecodeError
from feedline.native import counters
from feedline.native.chunk import AVAILABLE
from feedline.prepare import pack
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, ToTensor

STEPS = Compose([RandomResizedCrop((24, 32)), RandomHorizontalFlip(), ToTensor(), Normalize((0.5,) * 3, (0.25,) * 3)])
kernel = pytest.mark.skipif(not AVAILABLE, reason="the kernel was not built")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Thirty JPEGs of two classes."""
    root = tmp_path_factory.mktemp("segments") / "photos"
    rng = np.random.default_rng(0)
    for number in range(30):
        folder = root / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        small.resize((160, 120)).save(folder / f"{number:02}.jpg", quality=90)
    return root


def batches(data, **how):
    dataset = feedline.open(data, STEPS)
    loader = feedline.DataLoader(dataset, batch_size=8, shuffle=True, seed=3, **how)
    return [torch.cat([images.flatten(), labels.float()]) for images, labels in loader]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("how", [{}, {"restart_markers": AVAILABLE}, {"shard_bytes": 20_000}])
def test_batches_are_those_of_the_files(photos, tmp_path, how, workers):
    pack(photos, tmp_path / "x.feed", **how)
    ours, theirs = batches(tmp_path / "x.feed", num_workers=workers), batches(photos)
    assert len(ours) == len(theirs) == 4
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


@kernel
def test_the_kernel_makes_all_and_fewer_units_where_markers_are_known(photos, tmp_path):
    pack(photos, tmp_path / "x.feed")
    pack(photos, tmp_path / "y.feed", restart_markers=True)
    units = {}
    for name in ("x", "y"):
        dataset = feedline.open(tmp_path / f"{name}.feed", STEPS)
        out = torch.empty(30, 24, 32, 3).permute(0, 3, 1, 2)
        with counters.counting() as found:
            labels = dataset.fill(np.arange(30), Key(1, 2), out.numpy())
        assert list(labels) == dataset.targets.tolist()
        units[name] = found.mcus_read
    assert units["y"] < units["x"]


@kernel
def test_a_damaged_image_is_left_to_be_told_of(photos, tmp_path):
    pack(photos, tmp_path / "x.feed")
    shard = tmp_path / "x.feed" / "all-00000.arrow"
    data = bytearray(shard.read_bytes())
    place = data.index(feedline.open(photos).source[4].data)
    data[place + 700] ^= 1
    shard.write_bytes(data)
    dataset = feedline.open(tmp_path / "x.feed", STEPS)
    made = dataset.fill(np.arange(30), Key(), np.empty((30, 3, 24, 32), np.float32).transpose(0, 1, 2, 3))
    assert made is not None
    with pytest.raises(DecodeError, match=r"\(index 4\).*CRC-32C"):
        dataset.get(4, Key())
    loader = feedline.DataLoader(dataset, batch_size=10, on_error="skip", seed=0)
    assert sum(len(labels) for _, labels in loader) == 29
    assert [entry.index for entry in loader.ledger] == [4]


def test_behind_a_url_samples_are_made_one_by_one(photos, tmp_path):
    pack(photos, tmp_path / "x.feed")
    ours = batches(f"file://{tmp_path}/x.feed")
    assert all(torch.equal(one, other) for one, other in zip(ours, batches(photos), strict=True))


def test_a_store_of_raw_pixels_is_gathered(tmp_path):
    pack("glyphs", tmp_path / "x.feed", shard_bytes=500_000)
    stored, arrays = feedline.open(tmp_path / "x.feed"), feedline.open("glyphs")
    for images, labels in feedline.DataLoader(stored, batch_size=512, shuffle=True, seed=1):
        assert images.shape[1:] == (28, 28, 1)
        assert len(labels) == len(images)
    pairs = zip(
        feedline.DataLoader(stored, batch_size=512, shuffle=True, seed=1),
        feedline.DataLoader(arrays, batch_size=512, shuffle=True, seed=1),
        strict=True,
    )
    assert all(torch.equal(one[0], other[0]) and torch.equal(one[1], other[1]) for one, other in pairs)


def test_numbers_in_the_place_of_labels_and_halves_are_not_lost(tmp_path):
    rng = np.random.default_rng(1)
    (tmp_path / "p").mkdir()
    for number in range(4):
        Image.fromarray(rng.integers(0, 256, (24, 64, 3), dtype=np.uint8)).save(tmp_path / "p" / f"{number}.png")
    rows = "".join(f"p/{number}.png,{number / 2},{number}\n" for number in range(4))
    (tmp_path / "t.csv").write_text(f"path,x,y\n{rows}")
    table = feedline.open(tmp_path / "t.csv", targets=["x", "y"]).source
    pack(table, tmp_path / "x.feed")
    pack(feedline.open(tmp_path / "p", side_by_side="AtoB").source, tmp_path / "y.feed")
    steps = Compose([ToTensor()])
    (_, targets), *_ = feedline.DataLoader(feedline.open(tmp_path / "x.feed", steps), batch_size=4)
    assert targets.tolist() == [[0, 0], [0.5, 1], [1, 2], [1.5, 3]]
    (halves, _), *_ = feedline.DataLoader(feedline.open(tmp_path / "y.feed", steps), batch_size=4)
    assert halves.shape == (4, 3, 24, 32)
    stored = feedline.open(tmp_path / "y.feed").record(2)
    theirs = feedline.open(tmp_path / "p", side_by_side="AtoB").record(2)
    assert np.array_equal(stored.partner, theirs.partner)
