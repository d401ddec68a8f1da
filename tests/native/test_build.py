"""A build without what the kernel needs says so in one line, and goes without or fails, as it was asked for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHIVE = "there is no /nowhere/lib/libjpeg.a, which FEEDLINE_JPEG asks for"
HEADERS = (
    "there is no C compiler, or not all of Python.h, libjpeg-turbo and zlib with their headers "
    "(Debian: gcc, python3-dev, libjpeg62-turbo-dev, zlib1g-dev)"
)
LACKS = {
    "headers": ({"CFLAGS": "-nostdinc"}, HEADERS),
    "compiler": ({"CC": "/nowhere/cc"}, HEADERS),
    "static library": (
        {"FEEDLINE_JPEG": "/nowhere"},
        "there is no /nowhere/lib/libjpeg.a, which FEEDLINE_JPEG asks for",
    ),
}


def environment(**changed):
    """This one, without what says how feedline is built and run, and with what is given."""
    ours = {"FEEDLINE_NATIVE", "FEEDLINE_JPEG", "FEEDLINE_SANITIZE", "FEEDLINE_SIMD"}
    return {name: value for name, value in os.environ.items() if name not in ours} | changed


def ran(*command, **options):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=120, **options)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The sources without a kernel."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def built(folder, **changed):
    """Exit code, and what the build says that is none of the compiler's commands."""
    done = ran("setup.py", "--quiet", "build_ext", "--inplace", cwd=folder, env=environment(**changed))
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize("lack", LACKS)
def test_a_build_without_says_one_line_and_goes_without(bare, lack):
    changed, words = LACKS[lack]
    assert built(bare, **changed) == (0, [f"feedline: built without its C kernel, which is faster: {words}"])
    assert not [*bare.rglob("*.so")]


@pytest.mark.parametrize("lack", LACKS)
def test_a_build_that_must_have_it_fails_with_one_line(bare, lack):
    changed, words = LACKS[lack]
    said = [f"feedline: FEEDLINE_NATIVE=1 asks for the C kernel, and {words}"]
    assert built(bare, FEEDLINE_NATIVE="1", **changed) == (1, said)


def implementation(source, **changed):
    """What a process that imports feedline from there says which of the two it runs."""
    asks = "from feedline import native; print(native.IMPLEMENTATION)"
    return ran("-c", asks, env=environment(PYTHONPATH=str(source), **changed))


def test_without_a_kernel_the_twin_runs(bare):
    done = implementation(bare / "src")
    assert (done.stdout, done.stderr) == ("twin\n", "")


def test_who_asks_for_a_kernel_that_was_not_built_is_told_what_to_do(bare):
    done = implementation(bare / "src", FEEDLINE_NATIVE="1")
    assert done.returncode == 1
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("ImportError")]
    assert "FEEDLINE_NATIVE=1 asks for the C kernel, which cannot be loaded (" in said
    assert said.endswith(
        "): install feedline with a C compiler and the headers of libjpeg-turbo and zlib there, or unset it"
    )


def test_who_asks_for_the_twin_gets_it_though_the_kernel_is_there():
    done = implementation(ROOT / "src", FEEDLINE_NATIVE="0")
    assert (done.stdout, done.stderr) == ("twin\n", "")
