"""Damaged files do the kernel no harm: some thousands of them here, a million where slow tests run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from native.mutants import mutant

if os.environ.get("FEEDLINE_NATIVE") == "0" or not hasattr(os, "fork"):
    pytest.skip("the twin is asked for, or the watched child cannot be a fork", allow_module_level=True)

TESTS = Path(__file__).parents[1]
FUZZ = TESTS / "native" / "fuzz.py"
SHORT, SANITIZED, LONG = 5000, 2000, 1_000_000

CULPRITS = """
import os, sys
from native import fuzz

def decoded(number, data):
    if number == 77:
        os.abort()
    if number == 130:
        return "not as it should be"

fuzz.decoded = decoded
sys.argv[1:] = ["--count", "160", "--save", sys.argv[1]]
sys.exit(fuzz.main())
"""


def fuzzed(*command, timeout):
    """What the run prints, and its exit code."""
    done = subprocess.run([*map(str, command)], cwd=TESTS, capture_output=True, text=True, timeout=timeout)
    return done.stdout + done.stderr * (done.returncode != 0), done.returncode


def test_damage_is_the_same_each_time_and_hardly_ever_twice():
    files = [mutant(5, number) for number in range(300)]
    assert [mutant(5, number) for number in range(300)] == files
    assert len({*files, *(mutant(6, number) for number in range(300))}) > 570


def test_a_run_finds_each_culprit_by_its_number(tmp_path):
    said, code = fuzzed(sys.executable, "-c", CULPRITS, tmp_path, timeout=120)
    assert code == 1
    assert "seed 0 number 77: crash: the child ended with -6" in said
    assert "seed 0 number 130: number 130: not as it should be" in said
    assert "160 files, 2 findings" in said
    assert {path.name for path in tmp_path.iterdir()} == {"0-77.bin", "0-130.bin"}
    assert (tmp_path / "0-77.bin").read_bytes() == mutant(0, 77)


def test_damaged_files_do_no_harm(tmp_path):
    found = fuzzed(sys.executable, FUZZ, "--count", SHORT, "--save", tmp_path, timeout=300)
    assert found == (f"{SHORT} files, 0 findings\n", 0), f"the files are in {tmp_path}"


def has_sanitizers():
    """Whether gcc is here, and brings AddressSanitizer with it."""
    try:
        done = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        return False
    return "/" in done.stdout


@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="what runs is sanitized already")
@pytest.mark.skipif(not has_sanitizers(), reason="gcc has no libasan")
def test_damaged_files_do_no_harm_under_sanitizers(tmp_path):
    script = TESTS.parent / "scripts" / "sanitize.sh"
    environment = {**os.environ, "PYTHON": sys.executable, "CC": "gcc"}
    run = [script, tmp_path / "built", sys.executable, FUZZ, "--count", SANITIZED, "--seed", 2]
    done = subprocess.run([*map(str, run)], env=environment, capture_output=True, text=True, timeout=600)
    assert (done.stdout, done.returncode) == (f"{SANITIZED} files, 0 findings\n", 0), done.stderr
    (built,) = (tmp_path / "built").glob("src/feedline/native/_kernel.*.so")
    assert b"__asan_report_load" in built.read_bytes()
    assert b"__ubsan_handle" in built.read_bytes()


@pytest.mark.slow
def test_a_million_damaged_files_do_no_harm(tmp_path):
    run = [sys.executable, FUZZ, "--count", LONG, "--workers", os.cpu_count() or 1, "--save", tmp_path]
    assert fuzzed(*run, timeout=7200) == (f"{LONG} files, 0 findings\n", 0), f"the files are in {tmp_path}"
