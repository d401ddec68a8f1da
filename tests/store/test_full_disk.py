"""A disk that is full: an error that names the file, nothing lost, and the job goes on when there is room."""

import resource
import shutil
import subprocess

import pytest
import storejob

from feedline.store import StoreSource

pytestmark = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
BASE, ALL = 6, 60
WHOLE = {"shard_bytes": 2**30}


def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def refused(folder, before, *prepared, **how):
    """The file that the error names."""
    with pytest.raises(storejob.EndedError) as end:
        storejob.Child(folder, BASE, ALL, append=True, before=before, prepared=prepared, **how).result()
    kind, file, message, _ = end.value.told
    assert kind == "OSError"
    assert "too large" in message or "No space" in message
    return file


@pytest.mark.parametrize("size", [0, 100, 1_000, 5_000, 20_000, 50_000, 65_000])
def test_no_file_can_grow_further(tmp_path, size):
    whole, folder = tmp_path / "whole.feed", tmp_path / "x.feed"
    storejob.write(whole, 0, BASE)
    shutil.copytree(whole, folder)
    storejob.write(whole, BASE, ALL, append=True, **WHOLE)
    assert str(folder) in refused(folder, limit, size, **WHOLE)
    assert [StoreSource(folder, "all")[index].label for index in range(BASE)] == [0 + n % 4 - 1 for n in range(BASE)]
    read, _ = storejob.write(folder, BASE, ALL, append=True, **WHOLE)
    assert read < ALL - BASE or size < 12_000
    assert storejob.content(folder) == storejob.content(whole)


@pytest.fixture
def small_disk(tmp_path):
    """20 MB of their own, where mounting is allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", place], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("room", [0, 40_000, 150_000])
def test_a_disk_of_20_mb_that_fills_up(small_disk, tmp_path, room):
    whole, folder, stuffing = tmp_path / "whole.feed", small_disk / "x.feed", small_disk / "stuffing"
    storejob.write(whole, 0, BASE)
    shutil.copytree(whole, folder)
    storejob.write(whole, BASE, ALL, append=True)
    free = shutil.disk_usage(small_disk).free - room
    stuffing.write_bytes(b"x" * free)
    assert str(folder) in refused(folder, None)
    assert len(StoreSource(folder, "all")) == BASE
    stuffing.unlink()
    storejob.write(folder, BASE, ALL, append=True)
    assert storejob.content(folder) == storejob.content(whole)
