"""feedline.checking.check on real folders."""

import os

import numpy as np
import pytest

import feedline
from feedline.checking import check
from feedline.checking.memory import CheckMemory
from feedline.codecs.check import check_file


@pytest.fixture
def folder(tmp_path, make_folder):
    return make_folder(tmp_path / "data", count=4)


def garble(path):
    """Breaks the file without a trace in its size or time of change."""
    before = path.stat()
    path.write_bytes(b"?" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_good_files_give_no_problems(folder):
    assert check(feedline.open(folder), progress=False) == []


def test_names_exactly_the_broken_files_in_the_order_of_their_index(folder, spoil):
    broken = spoil(folder)
    dataset = feedline.open(folder)
    for _ in range(2):  # looked at, then remembered
        problems = check(dataset, progress=False)
        assert [(problem.path, problem.kind) for problem in problems] == [(path, kind) for path, kind, _ in broken]
        assert [dataset.paths[problem.index] for problem in problems] == [path for path, _, _ in broken]
        assert [problem.index for problem in problems] == sorted(problem.index for problem in problems)
        assert all(word in problem.cause for problem, (_, _, word) in zip(problems, broken, strict=True))
        assert problems[0].as_dict() == {"path": broken[0][0], "index": 4, "kind": "wrong type"} | {
            "cause": problems[0].cause
        }


def test_a_file_that_cannot_be_read_is_unreadable_and_asked_for_again(folder):
    (folder / "a" / "gone.png").symlink_to(folder / "nowhere")
    dataset = feedline.open(folder)
    (problem,) = check(dataset, progress=False)
    assert (problem.kind, problem.cause) == ("unreadable", "No such file or directory")
    (folder / "nowhere").write_bytes((folder / "a" / "000.png").read_bytes())
    assert check(dataset, progress=False) == []


def test_a_part_counts_by_itself(folder, spoil):
    spoil(folder)
    part = feedline.Subset(feedline.open(folder), [3, 4, 9])  # 4: the text, 9: the empty file
    assert [(problem.index, problem.kind) for problem in check(part, progress=False)] == [
        (1, "wrong type"),
        (2, "empty"),
    ]


def test_what_was_checked_is_not_decoded_again(folder):
    dataset = feedline.open(folder)
    check(dataset, progress=False)
    garble(folder / "b" / "001.png")
    assert check(dataset, progress=False) == []
    assert len(check(dataset, progress=False, remember=False)) == 1
    os.utime(folder / "b" / "001.png", ns=(0, 0))
    assert [problem.path for problem in check(dataset, progress=False)] == [str(folder / "b" / "001.png")]


def test_a_broken_file_is_remembered_too(folder, spoil):
    (path, _, _), *_ = spoil(folder)
    dataset = feedline.open(folder)
    assert len(check(dataset, progress=False)) == 3
    before = os.stat(path)
    os.truncate(path, 0)
    os.truncate(path, before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "this is" in check(dataset, progress=False)[0].cause
    assert "this is" not in check(dataset, progress=False, remember=False)[0].cause


def test_without_memory_nothing_is_written(folder, cache):
    check(feedline.open(folder), progress=False, remember=False)
    assert [name for name in os.listdir(cache) if name != "index"] == []


def test_more_files_than_are_handed_out_ahead(tmp_path, make_folder):
    folder = make_folder(tmp_path / "many", classes=("a", "b"), count=150, size=8)
    for place in (0, 149):
        (folder / "b" / f"{place:03}.png").write_bytes(b"")
    assert [problem.index for problem in check(feedline.open(folder), progress=False)] == [150, 299]


def test_arrays_have_no_problems(tmp_path):
    np.savez(tmp_path / "data.npz", images=np.zeros((4, 8, 8), np.uint8), labels=np.arange(4))
    assert check(feedline.open(tmp_path / "data.npz")) == []


def test_an_interrupted_check_keeps_what_it_has(folder):
    """Ctrl-C between two files: those before it are remembered, and are not decoded again."""
    dataset = feedline.open(folder)
    memory = CheckMemory(dataset.source.root, dataset.mode)

    def interrupted():
        with memory:
            for index in range(5):
                assert memory.recall(dataset.paths[index], index, check_file) is None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    garble(folder / "a" / "000.png")
    garble(folder / "c" / "000.png")
    assert [problem.path for problem in check(feedline.open(folder), progress=False)] == [str(folder / "c" / "000.png")]


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "a" / "pipe.png")
    dataset = feedline.open(folder)
    assert not any(path.endswith("pipe.png") for path in dataset.paths)
    problem = check_file(str(folder / "a" / "pipe.png"), 0)
    assert (problem.kind, problem.cause) == ("unreadable", "not a regular file")
