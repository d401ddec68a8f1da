import numpy as np
import pytest

from feedline.errors import DataError
from feedline.store import Columns, Part, Row, StoreSource, StoreWriter
from feedline.types import Objects


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


def one(data=b"x", label=0):
    return [Row(Part(data, "x"), 1, 1, "png", label)]


def writer_of(path, classes=("A", "B"), **how):
    return StoreWriter(path, Columns(), classes, **{"job": {}, **how})


def test_of_no_rows_only_the_notes_are_kept(tmp_path):
    with writer_of(tmp_path / "x.feed") as writer:
        writer.write([], "a", 1, ["first"])
        writer.write(one(), "b", 2)
        writer.write([], "c", 3, ["last"])
    with writer_of(tmp_path / "x.feed") as writer:
        assert (writer.done, writer.notes) == (3, ["first", "last"])
        manifest = writer.commit()
    assert (manifest.splits, len(manifest), [len(shard.batches) for shard in manifest.shards]) == (["b"], 1, [1])


def test_without_a_sample_there_is_no_store(tmp_path):
    with writer_of(tmp_path / "x.feed") as writer:
        writer.write([], "a", 5, ["all broken"])
        with pytest.raises(DataError, match="there is no sample to write"):
            writer.commit()


@pytest.mark.parametrize(
    ("rows", "split", "match"),
    [
        (one(label=2), "a", "a label must be below 2"),
        (one(label=-2), "a", "a label must be below 2"),
        (one(), "../a", "a split must be called by"),
        (one(), "a-b", "a split must be called by"),
        (one(), "", "a split must be called by"),
    ],
)
def test_rows_that_cannot_be_a_batch_leave_the_writer_as_it_was(tmp_path, rows, split, match):
    with writer_of(tmp_path / "x.feed") as writer:
        with pytest.raises(ValueError, match=match):
            writer.write(rows, split, 1)
        writer.write(one(), "a", 1)
        assert len(writer.commit()) == 1


def test_a_row_of_another_kind_leaves_no_empty_shard(tmp_path):
    wrong = [Row(Part("no bytes", "x"), 1, 1, "png")]
    with writer_of(tmp_path / "x.feed") as writer:
        with pytest.raises(TypeError):
            writer.write(wrong, "a", 1)
        writer.write(one(), "b", 1)
        assert writer.commit().splits == ["b"]


def test_behind_a_commit_or_a_failure_nothing_is_written(tmp_path):
    with writer_of(tmp_path / "x.feed") as writer:
        writer.write(one(), "a", 1)
        first = writer.commit()
        assert writer.commit() == first
        with pytest.raises(ValueError, match="open another one"):
            writer.write(one(), "a", 2)
    with writer_of(tmp_path / "y.feed") as writer:
        writer.write(one(), "a", 1)
        (tmp_path / "y.feed").rename(tmp_path / "z.feed")
        with pytest.raises(FileNotFoundError):
            writer.write(one(), "b", 2)
        with pytest.raises(ValueError, match="open another one"):
            writer.commit()


def test_what_cannot_be_said_in_json_is_an_error_at_once(tmp_path):
    with pytest.raises(TypeError):
        writer_of(tmp_path / "x.feed", recipe={"x": object()})
    assert not (tmp_path / "x.feed").exists()


def test_where_there_is_no_store_nothing_is_appended_and_no_folder_made(tmp_path):
    with pytest.raises(DataError, match="there is no store at"), writer_of(tmp_path / "x.feed", append=True):
        pass
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.feed").mkdir()
    with pytest.raises(DataError, match="there is no store at"), writer_of(tmp_path / "x.feed", append=True):
        pass


def test_a_store_is_not_written_over(tmp_path):
    write(tmp_path / "x.feed")
    before = content(tmp_path / "x.feed")
    for restart in (False, True):
        with pytest.raises(DataError, match="is a store already"), writer_of(tmp_path / "x.feed", restart=restart):
            pass
    assert content(tmp_path / "x.feed") == before


@pytest.mark.parametrize("how", [{"classes": ("B", "A")}, {"classes": ("A",)}])
def test_other_classes_are_not_appended(tmp_path, how):
    write(tmp_path / "x.feed")
    with pytest.raises(DataError, match="they must begin with the same"):
        writer_of(tmp_path / "x.feed", append=True, **how).__enter__()


def test_arrow_files_of_somebody_else_are_not_taken_away(tmp_path):
    (tmp_path / "train-00000.arrow").write_bytes(b"somebody's")
    with pytest.raises(DataError, match=r"is no store and has train-00000\.arrow in it"):
        write(tmp_path)
    assert content(tmp_path) == {"train-00000.arrow": b"somebody's"}


def test_other_files_stay(tmp_path):
    write(tmp_path / "x.feed", 32)
    (tmp_path / "x.feed" / "README.md").write_text("mine")
    (tmp_path / "x.feed" / "train-00007.arrow").write_text("a job that was thrown away")
    (tmp_path / "x.feed" / ".manifest.json.abcd1234").write_text("half")
    write(tmp_path / "x.feed")
    names = set(content(tmp_path / "x.feed"))
    assert "README.md" in names
    assert not names & {"train-00007.arrow", ".manifest.json.abcd1234", ".journal"}


def test_keypoints_of_no_point_come_back(tmp_path):
    numbers = np.zeros(2, np.int64)
    kept = Objects(np.zeros((2, 4), np.float32), numbers, numbers, numbers > 0, np.zeros((2, 0, 3), np.float32))
    with StoreWriter(tmp_path / "x.feed", Columns(objects=True), [], job={}) as writer:
        writer.write([Row(Part(b"x", "x"), 1, 1, "png", objects=kept)], "all", 1)
        writer.commit()
    assert StoreSource(tmp_path / "x.feed")[0].objects.keypoints.shape == (2, 0, 3)


@pytest.mark.parametrize(
    ("there", "more", "says"),
    [
        (Columns(hash=True, stats=True), Columns(stats=True), "have hash (yes), and those to append have hash (no)"),
        (
            Columns((2, 3, 1), extra=True),
            Columns(targets=2, extra=True),
            "have shape (2x3x1), targets (no), and those to append have shape (no), targets (2)",
        ),
    ],
)
def test_columns_that_differ_are_named_and_no_others(tmp_path, there, more, says):
    with StoreWriter(tmp_path / "x.feed", there, [], job={}) as writer:
        writer.write([Row(Part(bytes(6), "x"), 3, 2, "raw" if there.shape else "png")], "all", 1)
        writer.commit()
    with pytest.raises(DataError) as end:
        StoreWriter(tmp_path / "x.feed", more, [], job={}, append=True).__enter__()
    assert str(end.value) == f"the rows of {tmp_path}/x.feed {says}: pack with the same options as before"
