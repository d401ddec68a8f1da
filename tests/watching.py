"""Work that may crash, hang or eat all memory, done in a child process that is watched, case by case.

The child says on a pipe which case it begins. A case is found guilty where

- the work gives a text: what is wrong with it;
- it raises anything;
- the child dies in it;
- it takes more than ``seconds`` of its thread's own processor time (a busy machine finds nobody guilty), or gives no
  answer for ``silence`` seconds on the clock;
- the child's memory grows by more than ``memory`` bytes at any moment of it (where /proc tells).

After a death a new child goes on behind the guilty case. What libraries print goes to a file that each case begins
anew; its end is told of a death.
"""

import faulthandler
import os
import re
import resource
import select
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SPARE = 2**32
"""Address space beyond what is used at the beginning: more is refused, so that the machine itself is safe."""


@dataclass(frozen=True)
class Limits:
    seconds: float = 2.0
    memory: int = 2**29
    silence: float = 20.0


def watch(count, work, limits):
    """What is wrong with each guilty case of ``range(count)``: {case: words}; ``work(case)`` gives None or words."""
    guilty, position = {}, 0
    with tempfile.TemporaryFile() as noise:
        while position < count:
            reader, child = start(range(position, count), work, limits, noise)
            try:
                position = follow(reader, child, limits, guilty, position, noise) + 1
                if position < count and position - 1 not in guilty:
                    guilty[position - 1] = "crash: the child ended in it as if all were done"
            finally:
                os.close(reader)
    return guilty


def follow(reader, child, limits, guilty, position, noise):
    """Reads what the child says until it ends or is ended; the last case that it began."""
    rest, late = b"", False
    while not late:
        late = not select.select([reader], [], [], limits.silence)[0]
        if late:
            os.kill(child, signal.SIGKILL)
        elif heard := os.read(reader, 65536):
            *lines, rest = (rest + heard).split(b"\n")
            for line in lines:
                case, _, words = line.decode(errors="replace").partition("\t")
                position = int(case)
                if words:
                    guilty[position] = words
        else:
            break
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if late:
        guilty[position] = f"hangs: no answer in {limits.silence:g} s"
    elif status:
        noise.seek(0)
        guilty[position] = f"crash: the child ended with {status}; {noise.read()[-600:].decode(errors='replace')!r}"
    return position


def start(cases, work, limits, noise):
    """A forked child at work, and the end of the pipe that it speaks on."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return reader, child
    status = 70
    try:
        os.close(reader)
        toil(cases, work, limits, noise, writer)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def toil(cases, work, limits, noise, writer):
    os.dup2(noise.fileno(), 1)
    os.dup2(noise.fileno(), 2)
    faulthandler.enable(2)
    limit_address_space()
    for case in cases:
        os.ftruncate(noise.fileno(), 0)
        os.lseek(noise.fileno(), 0, os.SEEK_SET)
        os.write(writer, b"%d\n" % case)
        words = verdict(case, work, limits)
        if words:
            os.write(writer, f"{case}\t{' '.join(words.split())}\n".encode(errors="replace"))


def verdict(case, work, limits):
    before, began = resident(), time.thread_time()
    try:
        words = work(case)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        words = f"raises {type(error).__name__}: {str(error)[:300]} ({Path(where.filename).name}:{where.lineno})"
    seconds, grown = time.thread_time() - began, resident(peak=True) - before
    if not words and seconds > limits.seconds:
        words = f"slow: {seconds:.1f} s of processor time"
    if not words and grown > limits.memory:
        words = f"memory: {grown / 2**20:.0f} MiB more at its peak"
    return words


def resident(peak=False):
    """Bytes of memory in use, or since the last call the most; 0 where the system does not tell."""
    if not CLEAR.exists():
        return 0
    found = re.search(rb"VmHWM:\s*(\d+)" if peak else rb"VmRSS:\s*(\d+)", STATUS.read_bytes())
    if not peak:
        CLEAR.write_text("5")  # the peak begins anew
    return int(found[1]) * 1024


def limit_address_space():
    found = re.search(rb"VmSize:\s*(\d+)", STATUS.read_bytes()) if STATUS.exists() else None
    if found:
        resource.setrlimit(resource.RLIMIT_AS, (int(found[1]) * 1024 + SPARE,) * 2)
