"""The system calls of a writer, made to fail by strace: those that C code makes too."""

import collections
import os
import re
import shutil
import signal
import subprocess

import pytest
import storejob

from feedline.store import StoreSource

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning"),
]
BASE, ALL = 6, 15
CALLS = ("openat", "write", "fsync", "rename", "unlink", "chmod", "close", "mmap", "fstat", "newfstatat", "flock")


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def traced(folder, log, *injected):
    """An append in a process that strace holds; whether it ended well."""
    child = storejob.Child(folder, BASE, ALL, append=True, before=stop)
    os.waitpid(child.process.pid, os.WUNTRACED)
    command = ["strace", "-f", "-p", str(child.process.pid), "-o", log, "-e", f"trace={','.join(CALLS)}", *injected]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    line = strace.stderr.readline()
    if "attached" not in line:
        child.kill()
        strace.communicate()
        pytest.skip(f"strace may not look at processes here: {line.strip()}")
    os.kill(child.process.pid, signal.SIGCONT)
    try:
        child.result()
        return True
    except storejob.EndedError:
        return False
    finally:
        strace.communicate()


@pytest.fixture
def base(tmp_path):
    storejob.write(tmp_path / "base.feed", 0, BASE)
    return tmp_path / "base.feed"


@pytest.mark.parametrize("how", ["error=EIO", "signal=KILL", "error=ENOSPC"])
def test_each_call_fails_once(base, tmp_path, how):
    folder, log = tmp_path / "x.feed", tmp_path / "log"
    shutil.copytree(base, folder)
    assert traced(folder, log)
    whole = storejob.content(folder)
    made = collections.Counter(re.findall(rf"^\d+ +({'|'.join(CALLS)})\(", log.read_text(), re.M))
    failed = 0
    for call, count in made.items():
        for place in range(1, count + 1):
            shutil.rmtree(folder)
            shutil.copytree(base, folder)
            failed += not traced(folder, log, "-e", f"inject={call}:{how}:when={place}")
            if (folder / ".journal").exists() or len(StoreSource(folder, "all")) == BASE:
                assert [StoreSource(folder, "all")[index].path for index in range(BASE)]
                storejob.write(folder, BASE, ALL, append=True)
            assert storejob.content(folder) == whole, (call, place, how)
    print(f"{how}: {failed} of {sum(made.values())} calls that were hit ended the job: {dict(made)}")
    assert failed >= 20
