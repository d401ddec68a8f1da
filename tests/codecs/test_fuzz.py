"""Damaged files of every format through probe and decode: an array or a DecodeError, in time, in bounded memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import FORMATS, case, samples

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the watched child is a fork")

TESTS = Path(__file__).parents[1]
SHORT, LONG = 150, 10_000

CULPRITS = """
import json, os, time
from watching import CLEAR, Limits, watch

def work(case):
    if case == 1:
        os.abort()
    if case == 3:
        os._exit(0)
    if case == 4:
        time.sleep(100)
    if case == 5:
        began = time.thread_time()
        while time.thread_time() < began + 0.3:
            pass
    if case == 6:
        raise ValueError("oh\\nno")
    if case == 7:
        return "not as it should be"
    if case == 8 and CLEAR.exists():
        bytearray(2**25)
    if case == 9:
        os.write(2, b"noise" * 1000)
        os.abort()

print(json.dumps(watch(11, work, Limits(seconds=0.2, memory=2**23, silence=6))))
"""


def test_the_watch_finds_each_kind_of_culprit_and_no_other():
    done = subprocess.run(
        [sys.executable, "-c", CULPRITS], cwd=TESTS, capture_output=True, text=True, timeout=60, check=True
    )
    guilty = json.loads(done.stdout)
    words = {
        "1": "crash: the child ended with -6",
        "3": "crash: the child ended in it as if all were done",
        "4": "hangs: no answer in 6 s",
        "5": "slow: ",
        "6": "raises ValueError: oh no",
        "7": "not as it should be",
        "8": "memory: ",
        "9": "crash: the child ended with -6",
    }
    if not Path("/proc/self/clear_refs").exists():
        del words["8"]
    assert guilty.keys() == words.keys()
    assert [case for case in words if not guilty[case].startswith(words[case])] == []
    assert done.stderr == ""


@pytest.mark.parametrize("form", FORMATS)
def test_damage_is_the_same_each_time_and_never_twice(form):
    assert [case(form, 5, number) for number in range(20)] == [case(form, 5, number) for number in range(20)]
    assert len({case(form, seed, number) for seed in range(2) for number in range(50)}) > 90
    assert sum(case(form, 0, number) in samples(form) for number in range(50)) < 10


def find(formats, count, folder, timeout):
    """The lines that tests/fuzzing.py prints, one a finding."""
    command = [sys.executable, str(TESTS / "fuzzing.py"), "--count", str(count), "--save", str(folder), *formats]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=timeout, check=True)
    return done.stdout.splitlines()


def test_damaged_files_of_all_formats_do_no_harm(tmp_path):
    assert find(FORMATS, SHORT, tmp_path, timeout=300) == [], f"the files are in {tmp_path}"


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_ten_thousand_damaged_files_do_no_harm(form, tmp_path):
    assert find([form], LONG, tmp_path, timeout=3600) == [], f"the files are in {tmp_path}"
