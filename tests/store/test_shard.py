"""Shards whose checksums are right and whose content is not what a writer of ours writes."""

import json
import multiprocessing
import random
import shutil
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import storejob

from feedline.errors import DataError, DecodeError
from feedline.native.checksum import crc32c
from feedline.store import Columns, Manifest, Part, Row, StoreSource, StoreWriter, manifest, verify
from feedline.store.columns import schema_of
from feedline.store.gaps import described, sum_of
from feedline.store.manifest import gaps

NAME = "all-00000.arrow"
ROWS = 4
COLUMNS = Columns(objects=True, extra=True, mask=True)


def batch(**other):
    """A record batch of the right schema, with other values for some columns."""
    data = [bytes([65 + row]) * 10 for row in range(ROWS)]
    values = {
        "image": [{"bytes": part, "path": "x"} for part in data],
        "mask": [{"bytes": part, "path": "x"} for part in data],
        "label": [0, 1, 0, 1],
        "group": [None] * ROWS,
        "split": ["all"] * ROWS,
        "source": [""] * ROWS,
        "width": [1] * ROWS,
        "height": [1] * ROWS,
        "format": ["png"] * ROWS,
        "crc32c": [crc32c(part) for part in data],
        "mask_crc32c": [crc32c(part) for part in data],
        "objects": [None] * ROWS,
        "extra": [None] * ROWS,
        **other,
    }
    schema = schema_of(COLUMNS, ())
    return pa.record_batch([pa.array(values[field.name], field.type) for field in schema], schema=schema)


def store(folder, rows, **options):
    """A store of this batch whose every checksum is right."""
    folder.mkdir()
    stream = pa.BufferOutputStream()
    with pa.ipc.new_file(stream, rows.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(rows)
    content = stream.getvalue()
    batches, tail = described(content)
    shard = manifest.Shard(NAME, "all", content.size, (2, 2), batches, tail)
    (folder / NAME).write_bytes(content)
    (folder / manifest.NAME).write_text(Manifest(("a", "b"), COLUMNS, (shard,)).text())
    return folder


HOSTILE = [
    '{"a": {"$feedline": "no form"}}',
    '{"a": {"$feedline": "array", "dtype": "O", "shape": [1], "values": [1]}}',
    '{"a": {"$feedline": "array", "dtype": "|u1", "shape": [1], "values": [256]}}',
    '{"a": {"$feedline": "rle", "height": 2, "width": 3, "counts": [7]}}',
    '{"a": {"$feedline": "mapping", "items": [[[], 1]]}}',
    '{"$feedline": "tuple", "items": [1]}',
]


def objects(**other):
    one = {"box": [0, 0, 1, 1], "label": 0, "id": 1, "crowd": False, "keypoints": None, "polygons": None}
    return [[{**one, **other}, {**one, "keypoints": [[0, 0, 0]], "polygons": [[[0, 0]]]}]] + [[]] * (ROWS - 1)


def test_the_helper_writes_a_store(tmp_path):
    source = StoreSource(store(tmp_path / "x", batch()))
    assert [source[index].data for index in range(ROWS)] == [bytes([65 + row]) * 10 for row in range(ROWS)]


@pytest.mark.parametrize(
    ("other", "index"),
    [
        ({"label": [0, 1, 2, 1]}, 0),
        ({"label": [0, 1, None, 1]}, 0),
        ({"label": [0, 1, -2, 1]}, 0),
        ({"crc32c": [0, 1, None, 1]}, 0),
        ({"extra": ["[" * 100_000, None, None, None]}, 0),
        ({"extra": ["[1]", None, None, None]}, 0),
        ({"extra": ["{", None, None, None]}, 0),
        *(({"extra": [text, None, None, None]}, 0) for text in HOSTILE),
        ({"objects": objects(box=None)}, 0),
        ({"objects": objects(keypoints=[[0, 0, 0]] * 2)}, 0),
        ({"objects": [[None]] * ROWS}, 0),
        ({"mask_crc32c": [None] * ROWS}, 0),
        ({"image": [{"bytes": None, "path": None}] * ROWS}, 0),
    ],
    ids=str,
)
def test_what_no_writer_of_ours_writes_is_a_decode_error(tmp_path, other, index):
    source = StoreSource(store(tmp_path / "x", batch(**other)))
    with pytest.raises(DecodeError) as end:
        source[index]
    assert end.value.index == index


def test_another_schema_or_compressed_buffers_are_a_decode_error(tmp_path):
    with pytest.raises(DataError, match="is no manifest of a store"):
        StoreSource(store(tmp_path / "x", batch(), compression="zstd"))
    source = StoreSource(store(tmp_path / "y", batch().drop_columns(["extra"])))
    with pytest.raises(DecodeError, match="other columns or batches"):
        source[0]


def signed(folder, content):
    """The shard's bytes put into the folder, and the checksums of all gaps made right for them."""
    found = manifest.found(folder)
    shard = found.shards[0]
    sums = [sum_of(memoryview(content), parts) for parts, _ in gaps(shard)]
    batches = tuple(replace(one, crc32c=value) for one, value in zip(shard.batches, sums, strict=False))
    shard = replace(shard, batches=batches, tail=sums[-1])
    (folder / shard.file).write_bytes(content)
    (folder / manifest.NAME).write_text(replace(found, shards=(shard, *found.shards[1:])).text())


def read_all(folder):
    source = StoreSource(folder, "all")
    for index in range(len(source)):
        with suppress(DecodeError):
            source[index]
    verify(folder, progress=False)


def spoil(folder, kept, places, pipe):
    """Bytes between images become others, and the checksums are made right."""
    for place, value in places:
        pipe.send((place, value))
        content = bytearray(kept)
        content[place : place + len(value)] = value
        signed(folder, bytes(content))
        read_all(folder)
    pipe.send("done")


def spoiled(folder, seed, count):
    """In a process of its own, where a crash is seen; the last place where there was one."""
    shard = manifest.found(folder).shards[0]
    kept = (folder / shard.file).read_bytes()
    between = [place for parts, _ in gaps(shard) for begin, end in parts for place in range(begin, end - 8)]
    random_of = random.Random(seed)
    values = [b"\xff", b"\x80", b"\0" * 4, b"\xff\xff\xff\x7f", b"\xff" * 8, b"\0\0\0\0\1\0\0\0"]
    places = [(random_of.choice(between), random_of.choice(values)) for _ in range(count)]
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=spoil, args=(folder, kept, places, there))
    child.start()
    there.close()
    last = None
    with suppress(EOFError):
        while True:
            last = here.recv()
    child.join()
    here.close()
    return last


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_no_content_whose_checksums_are_right_crashes(tmp_path):
    storejob.write(tmp_path / "x.feed", 0, 9)
    assert spoiled(tmp_path / "x.feed", 0, 60) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_no_content_of_very_many_crashes(tmp_path, seed):
    storejob.write(tmp_path / "x.feed", 0, 9)
    assert spoiled(tmp_path / "x.feed", seed, 500) == "done"


def test_a_batch_without_image_bytes_is_covered_by_checksums(tmp_path):
    """It has no hole: what it says lies in the gap of the next batch that has one."""
    with StoreWriter(tmp_path / "x.feed", Columns(), ["a", "b"], job={}) as writer:
        for number, data in enumerate([b"first", b"", b"", b"last"]):
            writer.write([Row(Part(data, "x"), 1, 1, "png", number % 2)], "all", number + 1)
        writer.commit()
    source = StoreSource(tmp_path / "x.feed")
    assert [source[index].label for index in range(4)] == [0, 1, 0, 1]
    file = tmp_path / "x.feed" / NAME
    kept = file.read_bytes()
    whole = pa.ipc.open_file(pa.py_buffer(kept))
    for number, label in enumerate([0, 1, 0, 1]):
        place = whole.get_batch(number).column("label").buffers()[1].address - pa.py_buffer(kept).address
        assert kept[place] == label
        file.write_bytes(kept[:place] + bytes([1 - label]) + kept[place + 1 :])
        with pytest.raises(DecodeError, match="was damaged"):
            StoreSource(tmp_path / "x.feed")[number]


def test_manifests_of_no_class_count(tmp_path):
    with StoreWriter(tmp_path / "x.feed", Columns(), [], job={}) as writer:
        writer.write([Row(Part(b"x", "x"), 1, 1, "png", 7)], "all", 1)
        assert json.loads(writer.commit().text())["rows"] == 1
    with StoreWriter(tmp_path / "x.feed", Columns(), ["a"], job={}, append=True) as writer:
        writer.write([Row(Part(b"y", "x"), 1, 1, "png", 0)], "all", 1)
        assert np.array_equal(writer.commit().counts(), [1])


def test_a_shard_that_is_no_file(tmp_path):
    folder = store(tmp_path / "x", batch())
    (folder / NAME).unlink()
    shutil.copytree(tmp_path / "x", folder / NAME)
    with pytest.raises(DecodeError):
        StoreSource(folder)[0]
