import os
import signal
import threading

import pytest
import storejob

from feedline.errors import DataError
from feedline.store import StoreSource
from feedline.store.folder import locked, naming

pytestmark = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")


def stop(folder):
    """Stops the process once it holds the lock, with batches written."""
    from feedline.store import part

    write = part.Part.write

    def and_stop(self, batch):
        written = write(self, batch)
        os.kill(os.getpid(), signal.SIGSTOP)
        return written

    part.Part.write = and_stop


def stopped(folder):
    child = storejob.Child(folder, before=stop, prepared=(folder,))
    os.waitpid(child.process.pid, os.WUNTRACED)
    return child


def test_the_second_writer_of_two_is_told_so(tmp_path):
    child = stopped(tmp_path / "x.feed")
    try:
        with pytest.raises(DataError, match="another process is writing into"):
            storejob.write(tmp_path / "x.feed")
    finally:
        child.kill()
    assert storejob.write(tmp_path / "x.feed")[0] == 24


def test_two_writers_of_one_process(tmp_path):
    with locked(tmp_path / "x.feed"), pytest.raises(DataError, match="another process is writing into"):
        storejob.write(tmp_path / "x.feed")
    assert storejob.write(tmp_path / "x.feed")[0] == 24


def test_eight_writers_at_once_are_one(tmp_path):
    outcomes = []

    def run():
        try:
            outcomes.append(storejob.write(tmp_path / "x.feed")[0])
        except DataError as error:
            assert "writing into" in str(error) or "is a store already" in str(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [24]
    assert len(StoreSource(tmp_path / "x.feed", "all")) == 24


def test_a_fork_that_outlives_the_writer_holds_no_lock(tmp_path):
    """The writer is killed as it holds the lock, and a fork of it lives on."""
    here, there = os.pipe()
    writer = os.fork()
    if writer == 0:
        with locked(tmp_path / "x.feed"):
            fork = os.fork()
            os.write(there, f"{fork}\n".encode() if fork else b"up\n")
            signal.pause()
    with open(here) as said:
        lines = {said.readline().strip(), said.readline().strip()}
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    os.close(there)
    try:
        assert storejob.write(tmp_path / "x.feed")[0] == 24
    finally:
        (fork,) = lines - {"up"}
        os.kill(int(fork), signal.SIGKILL)


def test_an_error_without_a_name_gets_one(tmp_path):
    with pytest.raises(OSError, match="no room") as end, naming(tmp_path / "x"):
        raise OSError(28, "no room")
    assert (end.value.errno, end.value.filename) == (28, str(tmp_path / "x"))
    with pytest.raises(OSError, match="no room") as end, naming(tmp_path / "x"):
        raise OSError(28, "no room", "other")
    assert end.value.filename == "other"
