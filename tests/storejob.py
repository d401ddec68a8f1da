"""A job that writes a store of real images with all that a row can have, here or in a process that ends badly."""

import functools
import io
import multiprocessing
import os
import signal
import traceback

import cv2
import numpy as np

from feedline.store import Columns, Part, Row, StoreWriter
from feedline.types import Objects

COLUMNS = Columns(mask=True, partner=True, objects=True, targets=2, extra=True, restarts=True, hash=True, stats=True)
CLASSES = ["cat", "dog", "élan"]
BATCH = 3
_CONTEXT = multiprocessing.get_context("fork")  # begins at once, and with all that is imported


@functools.cache
def encoded(index, kind):
    """A small picture whose bytes differ from those of every other index."""
    noise = np.random.default_rng(index).integers(0, 256, (6, 5, 3), np.uint8)
    return cv2.imencode(f".{kind}", noise)[1].tobytes()


def objects(index):
    count = index % 3
    rng = np.random.default_rng(index)
    boxes = np.sort(rng.random((count, 4), np.float32) * 5, 1)[:, [0, 1, 2, 3]]
    keypoints = rng.random((count, 2, 3), np.float32) if count else None
    polygons = tuple((rng.random((3, 2), np.float32),) * (place + 1) for place in range(count)) if count else None
    numbers = np.arange(count, dtype=np.int64)
    return Objects(boxes, numbers, numbers + 7, numbers % 2 == 1, keypoints, polygons)


def row(index):
    """Of every kind; each third lacks what can be lacking."""
    kind = "jpg" if index % 2 else "png"
    whole = index % 3 != 0
    return Row(
        Part(encoded(index, kind), f"a/{index}.{kind}"),
        5,
        6,
        "jpeg" if index % 2 else "png",
        index % 4 - 1,
        f"group {index // 4}" if whole else None,
        "test",
        Part(encoded(index + 1000, "png"), f"m/{index}.png") if whole else None,
        Part(encoded(index + 2000, "jpg"), f"p/{index}.jpg") if index % 2 else None,
        objects(index) if whole else None,
        [index / 3, -index],
        {"number": index, "näme": ["x"]} if whole else {},
        [1, index] if whole else None,
        2**63 + index,
        [0.1, 0.2, index],
        [0.5, 0.5, 0.5],
    )


def write(folder, begin=0, end=24, *, batch=BATCH, shard_bytes=12_000, tell=None, columns=COLUMNS, **how):
    """The samples ``begin`` to ``end``, in two splits; gives how many were read, and the manifest."""
    read = 0
    job = {"begin": begin, "end": end}
    how = {"recipe": {"steps": [1]}, "shard_bytes": shard_bytes, **how}
    with StoreWriter(folder, columns, CLASSES, job=job, **how) as writer:
        for first in range(begin + writer.done, end, batch):
            behind = min(end, first + batch)
            rows = [row(index) for index in range(first, behind)]
            read += len(rows)
            split = "train" if first < begin + (end - begin) * 2 // 3 else "val"
            writer.write(rows, split, behind - begin, [{"broken": first}])
            if tell is not None:
                tell(behind - begin)
        return read, writer.commit()


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class EndedError(Exception):
    """The process that the job was done in did not end well: ``told`` is the error, or None where it was killed."""

    def __init__(self, told):
        super().__init__(told)
        self.told = told


class Child:
    """The job in a process of its own.

    Args:
        before: called with ``prepared`` in the child before the job begins.
    """

    def __init__(self, *given, before=None, prepared=(), **how):
        self._here, there = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_run, args=(there, before, prepared, given, how))
        self.process.start()
        there.close()

    def wait_for(self, done):
        """Until the child says that so many inputs are behind it, or ends."""
        try:
            while (said := self._here.recv())[0] == "done":
                if said[1] >= done:
                    return
        except EOFError:
            pass

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self._here.close()

    def result(self):
        """(how many were read, the number of samples); raises EndedError."""
        said = (None, None)
        try:
            while (said := self._here.recv())[0] == "done":
                pass
        except EOFError:
            said = ("ended", None)
        self.process.join()
        self._here.close()
        if said[0] != "result":
            raise EndedError(said[1])
        return said[1]


def _run(pipe, before, prepared, given, how):
    try:
        if before is not None:
            before(*prepared)
        read, manifest = write(*given, tell=lambda done: pipe.send(("done", done)), **how)
        pipe.send(("result", (read, len(manifest))))
    except BaseException as error:
        text = "".join(traceback.format_exception(error))
        pipe.send(("error", (type(error).__name__, getattr(error, "filename", None), str(error), text)))


class Faults:
    """Makes one system call fail that writes, or the process end there: the ``place``-th from 1, real in all else.

    Args:
        place: which call; 0 for none.
        how: "error": it raises EIO and does nothing; "torn": a write writes half and raises EIO; "kill": the process
            is killed before it; "torn kill": after half of a write.
        log: a file that the calls are named in.
    """

    NAMES = ("open", "fsync", "rename", "replace", "unlink", "mkdir", "chmod")

    def __init__(self, place, how, log=None):
        self.place, self.how, self.count, self.log = place, how, 0, log
        for name in self.NAMES:
            setattr(os, name, self._wrapped(getattr(os, name), name))
        io.open = self._opened(io.open)
        import builtins

        builtins.open = io.open

    def hit(self, name, *given):
        """Whether this call is the one."""
        self.count += 1
        if self.log:
            files = list(given[:2])
            if name in ("fsync", "write"):
                files = [os.readlink(f"/proc/self/fd/{given[0]}")]
            line = "\t".join([name, *(os.fspath(file) for file in files if isinstance(file, str | os.PathLike))])
            descriptor = os.open.__wrapped__(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, f"{line}\n".encode())
            os.close(descriptor)
        return self.count == self.place

    def fail(self, *named):
        if self.how.endswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(5, "Input/output error", *[os.fspath(name) for name in named if not isinstance(name, int)][:1])

    def _wrapped(self, call, name):
        @functools.wraps(call)
        def wrapper(*given, **how):
            if self.hit(name, *given):
                self.fail(*given)  # as the system does: it names the files that it was given the names of
            return call(*given, **how)

        wrapper.__wrapped__ = call
        return wrapper

    def _opened(self, call):
        faults = self

        class Raw(io.FileIO):
            def write(self, data):
                if faults.hit("write", self.fileno()):
                    if faults.how.startswith("torn"):
                        super().write(memoryview(data).cast("B")[: memoryview(data).nbytes // 2])
                    faults.fail()
                return super().write(data)

        def wrapper(file, mode="r", *given, **how):
            if "b" not in mode or not set(mode) & set("wa"):
                return call(file, mode, *given, **how)
            if not isinstance(file, int) and self.hit(f"open {mode}", file):
                self.fail(file)
            return io.BufferedWriter(Raw(file, mode), 1 << 16)

        return wrapper
