"""Samples from a table of segments are those of the same files and images given one by one, to the bit."""

import os
from itertools import pairwise

import cv2
import numpy as np
import pytest
from memory import Memory
from photo import photo

from feedline import ImageDataset
from feedline.native.checksum import crc32c
from feedline.native.choice import extension
from feedline.native.chunk import run
from feedline.native.segments import SEGMENT, Segments
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToTensor
from feedline.transforms.program import program
from feedline.types import UNMADE

needs_kernel = pytest.mark.skipif(
    extension is None and os.environ.get("FEEDLINE_NATIVE") == "0", reason="the twin was asked for"
)
SIDE = 20
FLOATS = [ToTensor(), Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))]
CHAINS = {
    "as they are": ([], SIDE),
    "to float": (FLOATS, SIDE),
    "to float, channel after channel": ([ToTensor("contiguous_format")], SIDE),
    "cropped": ([RandomCrop(16), RandomHorizontalFlip(), *FLOATS], 16),
    "cropped uint8": ([RandomCrop(16, padding=3, fill=9), RandomHorizontalFlip()], 16),
}


def segment(start, items, raw):
    """One row of a table, and the arrays that it holds the addresses of."""
    sums = np.array([crc32c(item) for item in items], np.uint32)
    row = np.zeros((), SEGMENT)
    row["start"], row["count"], row["checksums"] = start, len(items), sums.ctypes.data
    if raw:
        data, offsets = np.ascontiguousarray(items), None
        row["height"], row["width"], row["channels"] = data.shape[1:]
    else:
        data = np.frombuffer(b"".join(items), np.uint8).copy()
        offsets = np.cumsum([0, *map(len, items)], dtype=np.int32)
        row["offsets"] = offsets.ctypes.data
    row["data"], row["size"] = data.ctypes.data, data.nbytes
    return row, {"data": data, "offsets": offsets, "sums": sums}


def joined(*parts):
    return Segments(np.array([row for row, _ in parts], SEGMENT), [arrays for _, arrays in parts])


def pictures(count, channels=3, seed=0):
    return [photo(SIDE, SIDE, channels, seed=seed + number) for number in range(count)]


def files(count, seed=0):
    kinds = [".jpg", ".png"]
    return [cv2.imencode(kinds[number % 2], one)[1].tobytes() for number, one in enumerate(pictures(count, 3, seed))]


@pytest.fixture
def encoded():
    return segment(0, files(5), raw=False)


@pytest.fixture
def raw():
    return segment(0, pictures(5), raw=True)


def why(segments, indices):
    """Batch, and by place why samples were left alone."""
    table = segments.table if isinstance(segments, Segments) else segments
    batch = np.zeros((len(indices), SIDE, SIDE, 3), np.uint8)
    codes, reasons, *_ = extension.run(
        b"", 3, False, 0, 0, np.array(indices, np.int64), (table,), batch, False, None, None
    )
    assert {place for place, code in enumerate(codes) if code} == set(reasons)
    return batch, reasons


@needs_kernel
@pytest.mark.parametrize("chain", CHAINS)
def test_they_are_the_samples_given_one_by_one(chain):
    """Of segments of raw colour, of files, of raw grey, and of files again; some asked for twice."""
    steps, side = CHAINS[chain]
    kinds = [(pictures(6), True), (files(7, 20), False), (pictures(3, 1, 40), True), (files(1, 60), False)]
    parts, items = [], []
    for those, is_raw in kinds:
        parts.append(segment(len(items), those, is_raw))
        items += those
    planar = chain.endswith("channel after channel")
    made = program(Compose(steps), 3)
    kind = np.uint8 if made.levels is None else np.float32
    shape = (3, side, side) if planar else (side, side, 3)
    indices = np.array([*np.random.default_rng(3).permutation(len(items)), 2, 2, 16])
    found, expected = np.zeros((len(indices), *shape), kind), np.ones((len(indices), *shape), kind)
    given = [items[index] for index in indices]
    assert not any(run(made, Key(5, 1), indices, joined(*parts), found, planar))
    assert not any(run(made, Key(5, 1), indices, given, expected, planar))
    np.testing.assert_array_equal(found, expected)


@needs_kernel
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("strided", [False, True])
def test_raw_pixels_go_into_batches_of_any_strides(channels, strided):
    items = np.random.default_rng(1).integers(0, 256, (9, 5, 7, channels), np.uint8)
    wide = np.full((4, 5, 9, channels), 255, np.uint8)
    batch = wide[:, :, 1:-1] if strided else np.zeros((4, 5, 7, channels), np.uint8)
    indices = np.array([8, 0, 3, 3])
    assert not any(run(program(Compose([]), channels), Key(), indices, joined(segment(0, items, True)), batch, False))
    np.testing.assert_array_equal(batch, items[indices])
    assert (wide[:, :, [0, -1]] == 255).all()


@needs_kernel
@pytest.mark.parametrize(
    ("place", "offset", "left"),
    [(2, -1, {1, 2}), (2, 2**31 - 1, {1, 2}), (2, 0, {1, 2}), (0, -(2**31), {0}), (5, 2**31 - 1, {4}), (5, 1, {4})],
)
def test_offsets_that_lead_out_of_the_data_leave_a_sample_alone(encoded, place, offset, left):
    arrays = encoded[1]
    whole, _ = why(joined(encoded), range(5))
    arrays["offsets"][place] = offset
    batch, reasons = why(joined(encoded), range(5))
    assert set(reasons) == left
    assert any("does not lie within its record batch" in reason for reason in reasons.values())
    kept = [row for row in range(5) if row not in left]
    np.testing.assert_array_equal(batch[kept], whole[kept])


@needs_kernel
@pytest.mark.parametrize(
    ("name", "number", "left"),
    [
        ("size", 5 * SIDE * SIDE * 3 - 1, {4}),
        ("size", 0, {0, 1, 2, 3, 4}),
        ("height", 0, {0, 1, 2, 3, 4}),
        ("height", -SIDE, {0, 1, 2, 3, 4}),
        ("width", 2**31 - 1, {0, 1, 2, 3, 4}),
        ("channels", 5, {0, 1, 2, 3, 4}),
        ("channels", 0, {0, 1, 2, 3, 4}),
    ],
)
def test_raw_pixels_beyond_the_data_are_left_alone(raw, name, number, left):
    raw[0][name] = number
    _, reasons = why(joined(raw), range(5))
    assert set(reasons) == left
    assert set(reasons.values()) == {"a row that does not lie within its record batch"}


@needs_kernel
@pytest.mark.parametrize("kind", ["encoded", "raw"])
def test_a_flipped_bit_leaves_its_sample_alone(kind, request):
    row, arrays = request.getfixturevalue(kind)
    whole, _ = why(joined((row, arrays)), range(5))
    arrays["data"].reshape(-1)[-1] ^= 16
    arrays["sums"][1] ^= 1 << 31
    batch, reasons = why(joined((row, arrays)), range(5))
    assert set(reasons) == {1, 4}
    data, offsets = arrays["data"], arrays["offsets"]
    last = data[4] if offsets is None else data[offsets[4] :]
    assert reasons[4] == f"bytes whose CRC-32C is {crc32c(last):08x} and should be {arrays['sums'][4]:08x}"
    np.testing.assert_array_equal(batch[[0, 2, 3]], whole[[0, 2, 3]])


@needs_kernel
@pytest.mark.parametrize("name", ["data", "checksums"])
@pytest.mark.parametrize("kind", ["encoded", "raw"])
def test_samples_of_a_segment_that_is_not_open_are_left_alone(kind, name, request):
    row, arrays = request.getfixturevalue(kind)
    closed = row.copy()
    closed["start"], closed[name] = 5, 0
    _, reasons = why(joined((row, arrays), (closed, arrays)), [4, 5, 0, 9])
    assert reasons == {1: "a part of the store that is not open", 3: "a part of the store that is not open"}


@needs_kernel
def test_indices_that_no_segment_has_are_left_alone(raw):
    row, arrays = raw
    later, empty, negative = row.copy(), row.copy(), row.copy()
    later["start"], empty["count"], negative["count"] = 7, 0, -3
    outside = [-1, 5, 6, 12, 2**63 - 1, -(2**63)]
    _, reasons = why(joined((row, arrays), (later, arrays)), [*outside, 7, 11, 4])
    assert reasons == dict.fromkeys(range(len(outside)), "no such row")
    for table in ([], [empty], [negative]):
        _, reasons = why(Segments(np.array(table, SEGMENT), arrays), [0, -1, 3])
        assert set(reasons.values()) == {"no such row"}


@needs_kernel
def test_the_right_segment_of_many_is_found():
    items = np.random.default_rng(2).integers(0, 256, (60, SIDE, SIDE, 3), np.uint8)
    ends = [0, 1, 2, 7, 8, 20, 21, 59, 60]
    parts = [segment(start, items[start:end], True) for start, end in pairwise(ends)]
    for last in range(1, len(ends)):
        segments = joined(*parts[:last])
        batch, reasons = why(segments, range(ends[last]))
        assert not reasons
        np.testing.assert_array_equal(batch, items[: ends[last]])


@needs_kernel
def test_a_table_out_of_order_is_never_read_beyond(raw):
    row, arrays = raw
    rows = []
    for start in (9, 0, -(2**63), 2**63 - 3, 5):
        rows.append(row.copy())
        rows[-1]["start"] = start
    batch, reasons = why(Segments(np.array(rows, SEGMENT), arrays), range(-3, 15))
    for place, index in enumerate(range(-3, 15)):
        if place not in reasons:
            assert any((batch[place] == one).all() for one in arrays["data"]), index


@needs_kernel
@pytest.mark.parametrize(("first", "last"), [(0, -1), (4, 4 + SEGMENT.itemsize), (8, None)])
def test_bytes_that_are_no_table_are_refused(first, last):
    with pytest.raises(ValueError, match="a table of SEGMENT, in one piece and aligned"):
        why(np.zeros(2, SEGMENT).view(np.uint8)[first:last], [0])


def test_a_table_of_another_type_or_with_gaps_is_refused():
    for table in (np.zeros(3), np.zeros(6, SEGMENT)[::2], np.zeros((2, 2), SEGMENT)):
        with pytest.raises(ValueError, match=r"one row of SEGMENT in one piece, found .* of \("):
            Segments(table, None)


class Batches(Memory):
    """Raw pictures in two segments; the last sample is damaged."""

    __getitem__, path = Memory.__getitem__, Memory.path

    def __init__(self, images):
        super().__init__(images, np.arange(len(images)) % 2)
        parts = segment(0, images[:4], True), segment(4, images[4:], True)
        parts[1][1]["sums"][-1] ^= 1
        self.segments = joined(*parts)

    def bulk(self, indices):
        return self.segments, self.targets[indices]


@needs_kernel
@pytest.mark.parametrize("chain", CHAINS)
def test_a_source_may_give_its_samples_as_segments(chain):
    steps, _ = CHAINS[chain]
    dataset = ImageDataset(Batches(pictures(9)), Compose(steps))
    indices = np.array([8, 0, 5, 3])
    out = dataset.spec.empty(4)
    labels = dataset.fill(indices, Key(3), out.numpy())
    assert labels == [UNMADE, 0, 1, 1]
    for place in (1, 2, 3):
        np.testing.assert_array_equal(out[place].numpy(), np.asarray(dataset.get(indices[place], Key(3))[0]))


@needs_kernel
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_of_floats_that_is_larger_than_a_cache(channels):
    items = np.random.default_rng(4).integers(0, 256, (70, 101, 103, channels), np.uint8)
    made = program(Compose([ToTensor(), Normalize((0.5,) * channels, (0.2,) * channels)]), channels)
    batch = np.zeros(items.shape, np.float32)
    indices = np.arange(70)[::-1].copy()
    assert not any(run(made, Key(), indices, joined(segment(0, items, True)), batch, False))
    expected = np.stack([made.levels[channel][items[..., channel]] for channel in range(channels)], -1)
    np.testing.assert_array_equal(batch, expected[::-1])


@needs_kernel
@pytest.mark.parametrize(
    ("kind", "chain", "stages"),
    [
        ("raw", "as they are", {"read"}),
        ("raw", "cropped", {"read", "transform"}),
        ("encoded", "cropped", {"read", "decode", "transform"}),
    ],
)
def test_what_took_the_time_is_told(kind, chain, stages, request):
    steps, side = CHAINS[chain]
    row, _ = request.getfixturevalue(kind)
    made = program(Compose(steps), 3)
    batch = np.zeros((5, side, side, 3), np.float32 if made.levels is not None else np.uint8)
    _, _, *spent = extension.run(
        made.steps, 3, False, 0, 0, np.arange(5), (np.array([row]),), batch, False, made.levels, made.line
    )
    assert {name for name, each in zip(("read", "decode", "transform"), spent, strict=True) if each > 0} == stages
