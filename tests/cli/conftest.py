"""The command in this process, and one trained run."""

import pytest

from feedline.cli.main import main

QUICK = ("--model", "linear", "--epochs", "1", "--device", "cpu", "--workers", "0")


@pytest.fixture
def command(capsys):
    """Runs the command; its exit status, and what it wrote to standard output and standard error."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return exit_info.value.code or 0, out, err

    return run


@pytest.fixture
def fails(command):
    """Runs a command that must end with one line of error; that line."""

    def run(*arguments, status=1):
        code, _, err = command(*arguments)
        assert err
        *before, line = err.splitlines()
        assert line.startswith("error: ")
        assert all(other.startswith(("broken: ", "left out: ")) for other in before)
        assert code == status
        return line

    return run


@pytest.fixture
def folder(tmp_path, make_folder):
    return make_folder(tmp_path / "data")


@pytest.fixture(scope="session")
def trained(tmp_path_factory, make_folder):
    """(data, run folder) of a run that is complete: colour images, 16x16, classes a, b, c."""
    root = tmp_path_factory.mktemp("trained")
    data = make_folder(root / "data")
    arguments = ["train", str(data), "--out", str(root / "run"), *QUICK, "--epochs", "8", "-q", "--no-check"]
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert not exit_info.value.code
    return data, root / "run"
