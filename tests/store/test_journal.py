"""What is left after a power loss: journals and parts that do not fit each other."""

import json
import shutil

import pytest
import storejob

from feedline.errors import DataError
from feedline.store import StoreSource, journal
from feedline.store.part import part_of

pytestmark = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
WHOLE = {"shard_bytes": 25_000}
STOP = 18


class StopError(Exception):
    pass


def begun(folder):
    """A job of 24 that ended behind 18 inputs: one shard is whole, one has two batches."""

    def tell(done):
        if done == STOP:
            raise StopError

    with pytest.raises(StopError):
        storejob.write(folder, tell=tell, **WHOLE)
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    begun(root / "begun.feed")
    storejob.write(root / "whole.feed", **WHOLE)
    return root


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept / "begun.feed", tmp_path / "x.feed")


def part(folder):
    (found,) = folder.glob(".*.part")
    return found


def lines(folder):
    return (folder / journal.NAME).read_bytes().splitlines(keepends=True)


def cut_journal(folder, behind):
    (folder / journal.NAME).write_bytes((folder / journal.NAME).read_bytes()[:-behind])


def goes_on(folder, kept):
    """How many inputs were read again."""
    read, _ = storejob.write(folder, **WHOLE)
    assert storejob.content(folder) == storejob.content(kept / "whole.feed")
    return read


def test_nothing_is_read_again_that_is_there(folder, kept):
    assert goes_on(folder, kept) == 24 - STOP


@pytest.mark.parametrize("behind", [1, 2, 30, 100])
def test_a_torn_last_line_is_dropped(folder, kept, behind):
    cut_journal(folder, behind)
    assert goes_on(folder, kept) == 24 - STOP + storejob.BATCH


@pytest.mark.parametrize("tail", [b"{", b"\0" * 100, b"\n\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_a_journal_with_a_torn_tail(folder, kept, tail):
    with open(folder / journal.NAME, "ab") as stream:
        stream.write(tail)
    assert goes_on(folder, kept) == 24 - STOP


def test_every_length_of_a_journal_goes_on(folder, kept, tmp_path):
    text = (folder / journal.NAME).read_bytes()
    first = len(lines(folder)[0])
    read = []
    for length in range(first, len(text), 131):
        copy = shutil.copytree(folder, tmp_path / str(length))
        (copy / journal.NAME).write_bytes(text[:length])
        read.append(goes_on(copy, kept))
    assert read == sorted(read, reverse=True)
    assert read[0] == 24


@pytest.mark.parametrize("change", [-1, -2_000, -1_000_000, +1, +5_000])
def test_a_part_that_is_shorter_or_longer_than_the_journal_says(folder, kept, change):
    """Cut, its last batches are done again; what is behind them is nobody's."""
    file = part(folder)
    content = file.read_bytes()
    file.write_bytes(content + b"\0" * change if change > 0 else content[:change])
    steps = len(journal.read(folder)[1].steps)
    lost = 0 if change > 0 else 1 if change > -5_000 else steps
    assert goes_on(folder, kept) == 24 - STOP + lost * storejob.BATCH


def test_pages_of_a_part_that_were_never_written(folder, kept):
    file = part(folder)
    content = bytearray(file.read_bytes())
    content[-500:] = b"\0" * 500
    file.write_bytes(content)
    assert goes_on(folder, kept) == 24 - STOP + storejob.BATCH


def test_a_part_that_is_gone(folder, kept):
    steps = len(journal.read(folder)[1].steps)
    part(folder).unlink()
    assert goes_on(folder, kept) == 24 - STOP + steps * storejob.BATCH


def test_a_shard_that_is_gone_or_cut_takes_what_is_behind_it(folder, kept, tmp_path):
    (shard,) = folder.glob("*.arrow")
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / shard.name).write_bytes(shard.read_bytes()[:-1])
    shard.unlink()
    assert goes_on(folder, kept) == 24
    assert goes_on(copy, kept) == 24


def test_a_shard_whose_name_did_not_last(folder, kept):
    (shard,) = folder.glob("*.arrow")
    shard.rename(part_of(shard))
    assert goes_on(folder, kept) == 24 - STOP


def test_a_journal_that_is_gone_leaves_nothing_in_the_way(folder, kept):
    (folder / journal.NAME).unlink()
    for path in folder.glob("*.arrow"):
        path.unlink()
    assert goes_on(folder, kept) == 24


def test_another_job_is_not_gone_on_with(folder, kept):
    with pytest.raises(DataError, match=r"differs in recipe: give that command again .* \(--restart\)"):
        storejob.write(folder, **WHOLE, recipe={"steps": [2]})
    read, manifest = storejob.write(folder, **WHOLE, recipe={"steps": [2]}, restart=True)
    assert (read, manifest.recipe) == (24, {"steps": [2]})
    assert sorted(path.name for path in folder.iterdir()) == sorted(p.name for p in (kept / "whole.feed").iterdir())


@pytest.mark.parametrize(
    "line",
    [
        {"batch": {"file": "../x-00000.arrow", "end": 1, "crc32c": 0, "done": 1, "labels": [0], "notes": []}},
        {"batch": {"file": "x-00000.arrow", "end": -1, "crc32c": 0, "done": 1, "labels": [0], "notes": []}},
        {"shard": {}},
        {},
        5,
    ],
)
def test_a_journal_that_is_none_is_an_error_until_it_is_thrown_away(folder, line):
    with open(folder / journal.NAME, "a") as stream:
        stream.write(json.dumps(line) + "\n")
    with pytest.raises(DataError, match="is no journal of feedline's"):
        storejob.write(folder, **WHOLE)
    assert storejob.write(folder, **WHOLE, restart=True)[0] == 24


@pytest.mark.parametrize("restart", [False, True])
def test_an_append_that_was_killed_before_its_journal_was_gone_is_not_done_twice(tmp_path, restart):
    folder = tmp_path / "x.feed"
    storejob.write(folder, 0, 9)
    kept = []
    storejob.write(folder, 9, 24, append=True, tell=lambda done: kept.append((folder / journal.NAME).read_bytes()))
    whole = storejob.content(folder)
    (folder / journal.NAME).write_bytes(complete(kept[-1], folder))
    assert storejob.write(folder, 9, 24, append=True, restart=restart)[0] == 0
    assert storejob.content(folder) == whole


def complete(text, folder):
    """The journal with the line of the last shard, which was written when nobody could look."""
    shard = StoreSource(folder, "all").manifest.shards[-1]
    return text + (json.dumps({"shard": journal.as_dict(shard)}) + "\n").encode()
