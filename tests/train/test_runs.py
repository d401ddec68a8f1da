"""The run folder."""

import pytest

from feedline.errors import RunError
from feedline.train.rows import FeedingRow, Row
from feedline.train.runs import Run

ROWS = [Row(1, 2.5, 1.5, 0.25, 1234.5, 0.125), Row(2, 1.25, 1.0, 0.5, 99.0, 0.0)]


def test_create_makes_the_folder(tmp_path):
    run = Run.create(tmp_path / "deep" / "run", "unused")
    assert run.path == tmp_path / "deep" / "run"
    assert run.weights.is_dir()


def test_create_takes_an_empty_folder(tmp_path):
    assert Run.create(tmp_path, "unused").path == tmp_path


def test_create_refuses_what_is_there(tmp_path):
    (tmp_path / "file").write_text("")
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(RunError, match=f"{taken} is there already"):
            Run.create(taken, "unused")


def test_create_numbers_the_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [str(Run.create(None, "name").path) for _ in range(3)] == ["runs/name", "runs/name-2", "runs/name-3"]


def test_checkpoint_prefers_the_best(tmp_path):
    run = Run.create(tmp_path / "run", "unused")
    with pytest.raises(RunError, match=r"no weights in .*: expected weights.best\.pt"):
        run.checkpoint()
    for path in (run.last, run.interrupted, run.best):
        path.write_bytes(b"")
        assert run.checkpoint() == path
    with pytest.raises(RunError, match="no such run folder"):
        Run(tmp_path / "other").checkpoint()


def test_args_come_back(tmp_path):
    args = {"data": "Ä/b", "lr": 1e-5, "size": None, "check": True}
    Run(tmp_path).write_args(args)
    assert Run(tmp_path).read_args() == args
    assert list(Run(tmp_path).read_args()) == list(args)


@pytest.mark.parametrize("content", [None, b"a: [", b"- 1", b"", b"\xff\xfe\x00"])
def test_args_that_cannot_be_read(tmp_path, content):
    if content is not None:
        (tmp_path / "args.yaml").write_bytes(content)
    with pytest.raises(RunError, match=r"args\.yaml"):
        Run(tmp_path).read_args()


def test_rows_come_back(tmp_path):
    run = Run(tmp_path)
    assert run.read_rows() == []
    run.write_rows(ROWS)
    assert run.read_rows() == ROWS
    assert (tmp_path / "results.csv").read_text() == (
        "epoch,train_loss,val_loss,val_accuracy,images_per_second,data_wait_share\n"
        "1,2.500000,1.500000,0.250000,1234.5,0.1250\n"
        "2,1.250000,1.000000,0.500000,99.0,0.0000\n"
    )


def test_feeding_comes_back(tmp_path):
    run = Run(tmp_path)
    assert run.read_feeding() == []
    rows = [FeedingRow(1, 36, 5, 0.5, 0.25, 0.125, 0.5)]
    run.write_feeding(rows)
    assert run.read_feeding() == rows
    assert (tmp_path / "feeding.csv").read_text() == (
        "epoch,images,batches,seconds,waited,first_batch,wait_share\n1,36,5,0.5000,0.2500,0.1250,0.5000\n"
    )


def test_left_out_comes_back(tmp_path):
    run = Run(tmp_path)
    assert run.read_left_out() == []
    problems = [{"path": "ä\udcff.png", "index": 3, "kind": "empty", "cause": "x"}, {"path": "b"}]
    run.write_left_out(problems)
    assert run.read_left_out() == problems
    assert len((tmp_path / "left_out.jsonl").read_text().splitlines()) == 2
