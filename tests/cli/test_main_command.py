"""The command itself: words, exit status, errors in one line."""

import re
import subprocess
import sys

import pytest
import typer

from feedline import __version__
from feedline.cli.main import app
from feedline.native import IMPLEMENTATION


@pytest.fixture
def extra():
    """Adds commands for the length of a test."""
    count = len(app.registered_commands)

    def add(name, action):
        app.command(name)(action)

    yield add
    del app.registered_commands[count:]


def divide():
    return 1 / 0


def interrupt():
    raise KeyboardInterrupt


def abort():
    raise typer.Abort


def end():
    raise EOFError("ended early")


def test_version_and_what_runs(command):
    status, out, err = command("--version")
    runs = "C kernel, (plain|sse2|avx2|neon)" if IMPLEMENTATION == "kernel" else "Python twin: .+"
    assert (status, err) == (0, "")
    assert re.fullmatch(rf"feedline {re.escape(__version__)} \({runs}\)\n", out)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--debug"]])
def test_help(command, arguments):
    status, out, err = command(*arguments)
    assert (status, err) == (0, "")
    assert all(name in out for name in ("train", "evaluate", "predict"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["--fly"],
        ["train", "--epochs", "0"],
        ["train", "--epochs", "x"],
        ["train", "--model", "big"],
        ["predict"],
    ],
)
def test_misuse(fails, arguments):
    assert "--help" in fails(*arguments, status=2)


def test_a_fault_is_one_line(fails, extra):
    extra("fault", divide)
    line = fails("fault", status=70)
    assert line.startswith("error: ZeroDivisionError: division by zero (a fault of feedline's own;")


@pytest.mark.parametrize("place", [0, 1])
def test_debug_shows_the_traceback(command, extra, place):
    extra("fault", divide)
    arguments = ["fault"]
    arguments.insert(place, "--debug")
    status, _, err = command(*arguments)
    assert status == 70
    assert err.startswith("Traceback (most recent call last):")
    assert "return 1 / 0" in err
    assert err.splitlines()[-1].startswith("error: ZeroDivisionError")


@pytest.mark.parametrize("action", [interrupt, abort])
def test_interrupted(command, extra, action):
    extra("stop", action)
    status, _, err = command("stop")
    assert (status, err.strip()) == (130, "error: interrupted")


def test_a_file_that_ends_is_no_interruption(command, extra):
    extra("end", end)
    status, _, err = command("end")
    assert status == 70
    assert err.strip().startswith("error: EOFError: ended early")


def test_an_error_of_the_system_names_the_file(fails, extra, tmp_path):
    extra("open", lambda: (tmp_path / "none").read_bytes())
    assert fails("open") == f"error: No such file or directory: {tmp_path / 'none'}"

    def bare():
        raise OSError("the disk is full")

    extra("bare", bare)
    assert fails("bare") == "error: the disk is full"


def test_warnings_are_one_line():
    code = (
        "import warnings\nfrom feedline.cli.main import app, main\n"
        "app.command('warn')(lambda: warnings.warn('mind the gap'))\nmain(['warn'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "warning: mind the gap\n"


def test_arguments_come_from_the_command_line(tmp_path):
    code = "from feedline.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "train", tmp_path / "none"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no such file or folder: ")
    assert done.stderr.count("\n") == 1
