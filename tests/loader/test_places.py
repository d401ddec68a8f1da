"""What the note of an error says of the place of a sample."""

from pathlib import Path

import pytest
import torch
from foreign import Failing, Stream
from torch.utils.data import ConcatDataset, Dataset, Subset

from feedline import DataLoader
from feedline.loader.places import batch_note, innermost, path_of, sample_note


class Files(Dataset):
    """As torchvision's folders are: a list of pairs of path and label; ``bad`` cannot be read."""

    def __init__(self, count=6, bad=(), name="samples", make=lambda path: (path, 0)):
        self.bad = bad
        setattr(self, name, [make(f"folder/{number}.jpg") for number in range(count)])

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index in self.bad:
            raise OSError("cannot be read")
        return torch.zeros(2)


class Together(Files):
    def __getitems__(self, indices):
        return [self[index] for index in indices]


@pytest.mark.parametrize("name", ["samples", "imgs", "paths", "files"])
@pytest.mark.parametrize("make", [str, Path, lambda path: (path, 3), lambda path: [Path(path)]])
def test_paths_by_the_names_that_programs_give_them(name, make):
    assert path_of(Files(name=name, make=make), 4) == "folder/4.jpg"


def test_paths_behind_torchs_wrappers():
    files = Files()
    assert path_of(Subset(files, [5, 3]), 1) == "folder/3.jpg"
    both = ConcatDataset([Subset(files, [5]), files])
    assert [path_of(both, index) for index in (0, 1, 6, -1)] == [f"folder/{n}.jpg" for n in (5, 0, 5, 5)]


class Evil:
    @property
    def paths(self):
        raise SystemError


@pytest.mark.parametrize("dataset", [[1, 2], Evil(), Files(0), Files(make=lambda _: 5), Files(make=lambda _: ())])
def test_no_path(dataset):
    assert path_of(dataset, 0) is None
    assert sample_note(dataset, 0) == f"at index 0 of {type(dataset).__name__}"


def test_a_batch_note_is_short():
    assert batch_note([], [1, 2]) == "in the batch of indices 1, 2 of list (2 samples)"
    assert batch_note([], range(50)).endswith("6, 7, ... of list (50 samples)")


def test_the_innermost_dataset():
    files = Files()
    nested = Subset(Subset(files, [5, 4, 3]), [2, 0])
    assert innermost(nested, [0, 1], batched=True) == (files, [3, 5])
    assert innermost(nested, (1,), batched=True) == (files, [5])
    assert innermost(nested, 0, batched=False) == (files, 3)
    assert innermost(files, 0, batched=False) == (files, 0)


def notes(dataset, batch_size=2, **options):
    """Of the first error, with 0 and 1 workers, which say the same but for who they are."""
    told = []
    for num_workers in (0, 1):
        with pytest.raises(Exception) as raised:
            list(DataLoader(dataset, batch_size, num_workers=num_workers, **options))
        *found, who = raised.value.__notes__
        assert who.startswith("in batch ")
        assert all(str(raised.value).count(note) == 0 for note in found)  # once is enough
        told.append(found)
    assert told[0] == told[1]
    return told[0]


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("wrap", [lambda files: files, lambda files: Subset(files, [0, 4, 1])])
def test_an_error_says_index_and_path(wrap, batch_size):
    assert notes(wrap(Files(bad=[4])), batch_size) == ["at index 4 of Files: folder/4.jpg"]


def test_an_error_behind_concatenated_parts():
    files = Files(bad=[4])
    assert notes(ConcatDataset([Subset(files, [0, 1]), files])) == ["at index 6 of ConcatDataset: folder/4.jpg"]


@pytest.mark.parametrize("wrap", [lambda files: files, lambda files: Subset(files, [0, 1, 4, 2])])
def test_an_error_of_samples_that_come_together(wrap):
    (note,) = notes(wrap(Together(bad=[4])))
    assert "indices 4, " in note
    assert "of Together (2 samples)" in note


def test_a_batch_that_is_no_list():
    assert batch_note([], slice(0, 2)) == "in the batch of slice(0, 2, None) of list"


class Frozen(Exception):  # noqa: N818
    def __setattr__(self, name, value):
        raise AttributeError("frozen")


@pytest.mark.parametrize("num_workers", [0, 1])
def test_an_exception_that_takes_no_note_is_raised_as_it_is(num_workers):
    with pytest.raises(Frozen, match="as it is"):
        list(DataLoader(Failing(4, {1: Frozen("as it is")}), num_workers=num_workers))


class Patched(Files):
    """Takes lists of indices, as a dataset that a batch sampler is given to as its sampler."""

    def __getitem__(self, index):
        return torch.tensor(index) * 10


@pytest.mark.parametrize("num_workers", [0, 1])
def test_whole_batches_of_a_subset(num_workers):
    part = Subset(Patched(), [5, 4, 3, 2])
    loader = DataLoader(part, batch_size=None, sampler=[[0, 1], [2, 3]], num_workers=num_workers)
    assert [batch.tolist() for batch in loader] == [[50, 40], [30, 20]]


def test_a_subset_with_a_method_of_its_own_is_not_seen_through():
    part = Subset(Patched(), [5, 4])
    part.__getitems__ = lambda indices: ["patched"] * len(indices)
    assert list(DataLoader(part, 2)) == [["patched", "patched"]]


def test_an_error_of_collating():
    assert notes([torch.zeros(1), torch.zeros(1), torch.zeros(1), torch.zeros(2)]) == [
        "in the batch of indices 2, 3 of list (2 samples)"
    ]


class Breaking(Stream):
    def __iter__(self):
        yield from range(3)
        raise OSError("the stream")


def test_an_error_of_a_stream_says_how_far_it_came():
    assert notes(Breaking()) == ["behind 3 samples of Breaking"]


def test_a_note_of_the_users_arrives_once():
    error = ValueError("bad")
    error.add_note("of the user")
    with pytest.raises(ValueError) as raised:
        list(DataLoader(Failing(4, {2: error}), num_workers=1))
    assert raised.value.__notes__ == ["of the user", "at index 2 of Failing", "in batch 2 of this pass, worker 0"]
    assert "of the user" not in str(raised.value)
