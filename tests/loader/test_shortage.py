"""Where shared memory is short: right batches, and one warning."""

import resource
import warnings

import pytest
import torch
from foreign import Squares

from feedline import DataLoader
from feedline.loader import shortage

SIZE = 300_000  # floats a sample


@pytest.fixture(autouse=True)
def _anew(monkeypatch):
    monkeypatch.setattr(shortage, "_told", set())


def allow_no_files(worker):
    """The limit of a file's size, which memory that is shared obeys too."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_batches_go_through_the_pipe_where_there_is_no_shared_memory():
    with pytest.warns(
        RuntimeWarning, match=r"no shared memory for a batch of 2\.3 MB .*File too large.*ulimit"
    ) as told:
        batches = list(DataLoader(Squares(20, SIZE), 2, num_workers=2, worker_init_fn=allow_no_files))
    assert len(told) == 1
    assert [labels.tolist() for _, labels in batches] == [[n, n + 1] for n in range(0, 20, 2)]
    assert all(torch.equal(batch, labels[:, None].expand(2, SIZE)) for batch, labels in batches)


class Growing(Squares):
    def __getitem__(self, index):
        if index == 6:
            allow_no_files(None)
        return torch.full((20_000 * (1 + index // 6),), index)


def test_memory_that_ends_in_the_middle():
    with pytest.warns(RuntimeWarning, match="no shared memory"):
        batches = list(DataLoader(Growing(12), num_workers=1))
    assert [(len(batch[0]), batch[0, -1].item()) for batch in batches] == [
        (20_000 * (1 + index // 6), index) for index in range(12)
    ]


def test_a_small_dev_shm_is_told_once(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shortage.tell_of_small_shm(1)
    with pytest.warns(RuntimeWarning, match=r"the batches under way take up to 1,0.*MB.*--shm-size=10{15}m"):
        shortage.tell_of_small_shm(10**15 * 2**20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shortage.tell_of_small_shm(10**15 * 2**20)


def test_where_warnings_are_errors_no_batch_is_lost(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shortage.tell_of_small_shm(10**15 * 2**20)
    assert "RuntimeWarning: /dev/shm has" in capsys.readouterr().err


def test_no_dev_shm_is_no_matter(monkeypatch):
    monkeypatch.setattr(shortage, "_SHM", "/nowhere")
    shortage.tell_of_small_shm(10**15)
