import pytest

from feedline.errors import DataError
from feedline.store import Columns, Part, Row, StoreSource, StoreWriter


def rows(begin, end):
    return [
        Row(Part(bytes([index % 251]) * (50 + index), f"{index}.png"), 2, 1, "png", index % 2)
        for index in range(begin, end)
    ]


def write(path, stop=None, *, step=16, total=160, **how):
    """A job of ``total`` samples in two splits, which ends after ``stop`` of them."""
    with StoreWriter(path, Columns(), ["A", "B"], job={"total": total}, shard_bytes=20_000, **how) as writer:
        begun = writer.done
        for begin in range(begun, total, step):
            if begin == stop:
                return begun, None
            writer.write(rows(begin, begin + step), "train" if begin < 128 else "val", begin + step)
        return begun, writer.commit()


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_written_is_read(tmp_path):
    _, manifest = write(tmp_path / "x.feed")
    assert (len(manifest), manifest.splits, manifest.counts().tolist()) == (160, ["train", "val"], [80, 80])
    source = StoreSource(tmp_path / "x.feed", "all")
    assert [(source[index].data, source[index].label) for index in range(160)] == [
        (row.image.data, row.label) for row in rows(0, 160)
    ]


@pytest.mark.parametrize("stop", range(0, 160, 16))
def test_a_job_that_was_interrupted_goes_on_and_ends_the_same(tmp_path, stop):
    write(tmp_path / "whole.feed")
    assert write(tmp_path / "x.feed", stop) == (0, None)
    with pytest.raises(DataError, match="was not finished"):
        StoreSource(tmp_path / "x.feed")
    begun, _ = write(tmp_path / "x.feed")
    assert begun == stop
    assert content(tmp_path / "x.feed") == content(tmp_path / "whole.feed")
