"""feedline check, as a user runs it."""

import json
import tarfile

import pytest

from feedline.cli.main import main


@pytest.fixture
def folder(tmp_path, make_folder):
    return make_folder(tmp_path / "data", count=4)


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["check", *map(str, arguments)])
    return ended.value.code


def test_a_good_folder(folder, capfd):
    assert not run(folder, "--quiet")
    assert capfd.readouterr().out == "12 samples, 0 problems\n"


def test_what_is_broken_is_listed(folder, spoil, capfd):
    broken = spoil(folder)
    assert run(folder, "--quiet") == 1
    told = capfd.readouterr().out
    assert "wrong type" in told
    assert told.endswith(f"samples, {len(broken)} problems\n")


def test_as_json_from_within_an_archive(folder, spoil, tmp_path, capfd):
    broken = spoil(folder)
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        tar.add(folder, arcname="data")
    assert run(tmp_path / "set.tar", "--json", "--quiet") == 1
    found = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(each["path"].split("data/")[1], each["kind"]) for each in found] == [
        (path.split("data/")[1], kind) for path, kind, _ in broken
    ]


def test_nothing_there(tmp_path, capfd):
    assert run(tmp_path / "none") == 1
    assert "no such file or folder" in capfd.readouterr().err


def test_names_and_contents_are_no_markup_and_are_not_cut(tmp_path, capfd):
    long = tmp_path / ("deep" * 40) / "a"
    long.mkdir(parents=True)
    (long / "[bold]x.jpg").write_text("[/a]section]")
    assert run(tmp_path / ("deep" * 40), "--quiet") == 1
    told = "".join(capfd.readouterr().out.replace("│", "").split())
    assert "[bold]x.jpg" in told
    assert "[/a]sec" in told


@pytest.mark.filterwarnings("ignore:.*cut:UserWarning")
@pytest.mark.parametrize("left", [0.6, 0.99])
def test_a_cut_archive_is_a_problem_of_its_own(folder, tmp_path, capfd, left):
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        tar.add(folder, arcname="data")
    data = (tmp_path / "set.tar").read_bytes().rstrip(b"\0")
    (tmp_path / "set.tar").write_bytes(data[: int(len(data) * left)])
    assert run(tmp_path / "set.tar", "--json", "--quiet") == 1
    found = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {(each["kind"], each["index"]) for each in found} == {("truncated", -1)}
    assert all("cut" in each["cause"] for each in found)
