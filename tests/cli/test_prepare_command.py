import pytest
from glypharchive import write_archive

from feedline.cli.main import main
from feedline.store import StoreSource


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["prepare", *map(str, arguments)])
    return end.value.code


def test_a_recipe_is_told_step_by_step_and_at_its_end(tmp_path, capsys):
    broken = write_archive(tmp_path / "glyphs.tar.gz", 40)
    root = tmp_path / "data"
    assert not run("notmnist", "--archive", tmp_path / "glyphs.tar.gz", "--root", root)
    out = capsys.readouterr().out
    assert "archive: 410 of 410 images read now, 7 broken" in out
    assert all(f"broken: {name} " in out for name in broken)
    assert "were equal to another" in out
    assert len(StoreSource(root / "notmnist.feed", "all")) > 390
    assert not run("notmnist", "--archive", tmp_path / "glyphs.tar.gz", "--root", root, "--quiet")
    assert capsys.readouterr().out == ""


def test_errors_are_one_line(tmp_path, capsys):
    assert run("notmnists", "--root", tmp_path) == 1
    assert "no recipe 'notmnists'" in capsys.readouterr().err
    assert run("notmnist", "--archive", "nowhere.tar", "--root", tmp_path) == 1
    assert "no such file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
