"""sources/compressed.py on files that gzip, bzip2 and xz wrote."""

import bz2
import gzip
import lzma
import os
import pickle

import numpy as np
import pytest

from feedline.sources.compressed import CompressedReader, is_compressed

DATA = np.random.default_rng(0).integers(0, 8, 1_200_000, np.uint8).tobytes()
PACK = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
PACKED = {kind: pack(DATA) for kind, pack in PACK.items()}


@pytest.fixture(params=PACK)
def packed(request, tmp_path):
    file = tmp_path / "a"
    file.write_bytes(PACKED[request.param])
    return file


def test_reading_forth_and_back(packed):
    reader = CompressedReader(packed)
    for start, length in [(5, 10), (400_000, 1_000), (399_000, 500), (0, len(DATA) + 9), (1_199_995, 100)]:
        assert reader.read(start, length) == DATA[start : start + length]
    assert reader.read(1_300_000, 1) == b""
    assert reader.damage == ""


def test_the_size_is_that_of_what_it_unpacks_to(packed):
    reader = CompressedReader(packed)
    assert reader.size == len(DATA)
    assert pickle.loads(pickle.dumps(reader)).size == len(DATA)
    assert reader.read(7, 7) == DATA[7:14]


def test_several_packed_one_after_the_other_are_one(packed):
    packed.write_bytes(packed.read_bytes() * 2)
    reader = CompressedReader(packed)
    assert reader.size == 2 * len(DATA)
    assert reader.read(len(DATA) - 5, 10) == DATA[-5:] + DATA[:5]


def test_a_cut_file_gives_what_is_there(packed):
    packed.write_bytes(packed.read_bytes()[: os.path.getsize(packed) * 5 // 6])
    reader = CompressedReader(packed)
    found = reader.read(0, len(DATA))
    assert len(found) > len(DATA) // 2
    assert DATA.startswith(found)
    assert reader.size == len(found)
    assert reader.damage
    assert reader.read(10, 10) == DATA[10:20]


def test_damage_is_told_and_never_handed_out_twice(packed):
    data = bytearray(packed.read_bytes())
    data[-8:] = b"\0" * 8  # the checksum or the mark of the end
    packed.write_bytes(data)
    reader = CompressedReader(packed)
    found = reader.read(0, len(DATA) + 1)
    assert DATA.startswith(found)
    assert reader.damage


def test_a_changed_file_is_not_read(packed):
    reader = CompressedReader(packed)
    reader.read(0, 10)
    os.utime(packed, ns=(1, 1))
    with pytest.raises(OSError, match="changed or replaced"):
        reader.read(1_199_000, 10)
    with pytest.raises(OSError, match="changed or replaced"):
        pickle.loads(pickle.dumps(reader)).read(0, 10)


def test_a_file_that_was_replaced_is_not_read_anew(packed):
    os.utime(packed, ns=(1, 1))
    reader = CompressedReader(packed)
    first = reader.read(0, 10)
    (packed.parent / "new").write_bytes(packed.read_bytes())
    os.utime(packed.parent / "new", ns=(1, 1))
    os.replace(packed.parent / "new", packed)
    assert first + reader.read(10, 10) == DATA[:20]
    for _ in range(2):
        with pytest.raises(OSError, match="changed or replaced"):
            reader.read(0, 10)


def test_a_file_of_another_kind_is_an_os_error(packed):
    packed.write_bytes(b"words")
    reader = CompressedReader(packed)
    with pytest.raises(OSError, match="neither by gzip nor by bzip2 or xz"):
        reader.read(0, 1)


def test_what_is_compressed():
    assert all(is_compressed(data[:512]) for data in PACKED.values())
    assert not any(is_compressed(head) for head in (b"", b"words", bytes(512)))
