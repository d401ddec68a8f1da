import json

import pytest
import storejob

from feedline.cli.main import main
from feedline.store import StoreSource


@pytest.fixture
def store(tmp_path):
    storejob.write(tmp_path / "x.feed", 0, 9)
    return tmp_path / "x.feed"


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["verify", *map(str, arguments)])
    return end.value.code


def damaged(store):
    data = StoreSource(store, "all")[4].data
    file = next(path for path in store.glob("*.arrow") if data in path.read_bytes())
    file.write_bytes(file.read_bytes().replace(data, data[:-1] + b"?"))


def test_a_whole_store_is_one_line_and_status_0(store, capsys):
    assert run(store) == 0
    assert capsys.readouterr().out == "9 samples in 2 shards, no damage\n"


def test_damage_is_a_table_and_status_1(store, capsys):
    damaged(store)
    assert run(store, "--quiet") == 1
    out = capsys.readouterr().out
    assert "train-00000.arrow" in out
    assert "1 damaged" in out


def test_damage_as_json(store, capsys):
    damaged(store)
    assert run(store, "--json") == 1
    (damage,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert damage["index"] == 4
    assert damage["path"] == "a/4.png"
    assert sorted(damage) == ["cause", "file", "index", "path", "what"]


def test_an_unfinished_job_is_named_and_no_damage(store, capsys):
    (store / ".train-00009.arrow.part").write_bytes(b"half")
    assert run(store) == 0
    assert "an unfinished job left .train-00009.arrow.part" in capsys.readouterr().out


def test_no_store_is_an_error(tmp_path, capsys):
    assert run(tmp_path) == 1
    assert "no store is at" in capsys.readouterr().err
