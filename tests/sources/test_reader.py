"""sources/reader.py on real files."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedline.sources.reader import FileReader, Window

DATA = bytes(range(256)) * 40


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a.bin").write_bytes(DATA)
    return tmp_path / "a.bin"


@pytest.mark.parametrize(
    ("start", "length"), [(0, 10), (300, 0), (10_000, 1000), (0, 2**62), (20_000, 5), (2**70, 5), (-5, 10)]
)
def test_reading_by_place_ends_where_the_file_ends(file, start, length):
    assert FileReader(file).read(start, length) == (DATA[start : start + length] if start >= 0 else b"")


def test_threads_have_no_place_in_common(file):
    reader = FileReader(file)
    starts = [start * 7 % len(DATA) for start in range(3000)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda start: reader.read(start, 9), starts)) == [DATA[at : at + 9] for at in starts]


def test_the_state_is_of_the_file_as_it_was_when_the_reader_was_made(file):
    reader = FileReader(file)
    assert reader.size == len(DATA)
    before = reader.state()
    os.utime(file, ns=(1, 1))
    assert reader.state() == before
    assert FileReader(file).state() != before
    with pytest.raises(OSError, match="changed or replaced after it was opened") as caught:
        reader.read(0, 1)
    assert caught.value.filename == str(file)


def test_a_pickled_reader_knows_the_state(file):
    reader = FileReader(file)
    reader.read(0, 1)
    twin = pickle.loads(pickle.dumps(reader))
    assert twin.read(5, 5) == DATA[5:10]
    late = pickle.loads(pickle.dumps(reader))
    file.write_bytes(DATA + b"more")
    with pytest.raises(OSError, match="changed or replaced"):
        late.read(0, 1)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        FileReader(tmp_path / "missing")


def test_what_is_closed_is_opened_again(file):
    reader = FileReader(file)
    assert reader.read(0, 2) == DATA[:2]
    reader.close()
    assert reader.read(1, 2) == DATA[1:3]


class Counting:
    """A reader that remembers what it was asked for."""

    name, block, size, damage = "counting", 100, len(DATA), ""

    def __init__(self):
        self.asked = []

    def read(self, start, length):
        self.asked.append((start, length))
        return DATA[start : start + length]

    def state(self):
        return ""


def test_a_window_reads_on_in_growing_blocks_and_never_back():
    reader = Counting()
    window = Window(reader)
    for start in range(0, 5000, 25):
        assert window.read(start, 5) == DATA[start : start + 5]
    starts, lengths = zip(*reader.asked, strict=True)
    ends = [start + length for start, length in reader.asked]
    assert all(start >= end for start, end in zip(starts[1:], ends, strict=False))
    assert lengths[0] < lengths[1] < lengths[-1] == 100


def test_a_window_reads_little_where_one_skips_much():
    reader = Counting()
    window = Window(reader)
    for start in range(0, 5000, 250):
        assert window.read(start, 5) == DATA[start : start + 5]
    assert all(length < 20 for _, length in reader.asked)


def test_a_window_gives_much_and_the_end():
    window = Window(Counting())
    assert window.read(50, 1000) == DATA[50:1050]
    assert window.read(len(DATA) - 3, 10) == DATA[-3:]
    assert window.read(len(DATA) + 5, 10) == b""
    assert window.read(5, 5) == DATA[5:10]
