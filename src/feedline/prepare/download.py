"""What lies behind a URL, to a file; continued where it broke off."""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from feedline._atomic import write_whole
from feedline._version import __version__
from feedline.errors import DataError

_STEP = 2**18
_SILENCE = 30.0
"""Seconds that a server may say nothing."""
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of servers that may be other ones a moment later."""
_CUT = (http.client.HTTPException, ConnectionError, TimeoutError, urllib.error.URLError)
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class Offline(Exception):  # noqa: N818 (it is a state, and the caller makes the error of it)
    """The server cannot be reached, or broke off again and again."""


class _Passing(Exception):  # noqa: N818
    """What may go better with the next try."""


def download(
    url: str, part: Path, size: int | None, proven: bool, *, progress: bool, tries: int = 4, wait: float = 1.0
) -> None:
    """Writes the file behind the URL to ``part``, going on from what is there already.

    Args:
        url: http or https.
        part: the file; beside it PART.tag remembers which state of the server's file it is a part of.
        size: of the whole in bytes, where it is known.
        proven: whether a digest will tell if a part of another state was continued.
        progress: shows a bar where standard error is a terminal.
        tries: how often in a row it may fail without a byte more.
        wait: seconds before the second try, doubled before each further one.

    Raises:
        Offline: the server cannot be reached, or broke off so often.
        DataError: the server has no such file, or one of another size, or the disk is full.
    """
    tag = part.with_name(f"{part.name}.tag")
    failed, longest = 0, _length(part)
    while size is None or _length(part) != size:
        try:
            _go_on(url, part, tag, size, proven, progress)
            break
        except _Passing as error:
            failed, longest = (0, _length(part)) if _length(part) > longest else (failed + 1, longest)
            if failed >= tries:
                raise Offline(str(error)) from error
            time.sleep(wait * 2 ** max(failed - 1, 0))
    _sync(part)
    tag.unlink(missing_ok=True)


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _go_on(url: str, part: Path, tag: Path, size: int | None, proven: bool, progress: bool) -> None:
    """One answer of the server, appended or put in the place of what was there."""
    start, known = _length(part), tag.read_text("latin-1") if tag.exists() else ""
    if (not known and not proven) or (size is not None and start > size):
        start = 0
    with _answer(url, start, known) as answer:
        begin, total = _span(answer, url, start, part)
        if size is not None and total is not None and total != size:
            raise DataError(f"{url} must have {size:,} bytes, and the server offers {total:,}: nothing was fetched")
        total = size if total is None else total
        if begin and begin == total:  # all was there, and the server says so
            return
        with _opened(part, begin) as out:
            write_whole(tag, _state(answer).encode("latin-1", "replace"))
            with _bar(part, begin, total, progress) as bar:
                for piece in _pieces(answer, part):
                    _written(out, piece)
                    bar.update(len(piece))
    if total is not None and _length(part) < total:
        raise _Passing(f"it broke off after {_length(part):,} of {total:,} bytes")


def _answer(url: str, start: int, known: str) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": f"feedline/{__version__}"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        if known:
            request.add_header("If-Range", known)
    try:
        return urllib.request.urlopen(request, timeout=_SILENCE)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        error.close()
        if error.code in _PASSING:
            raise _Passing(f"the server says {error.code} {error.reason}") from error
        raise DataError(f"cannot fetch {url}: the server says {error.code} {error.reason}") from error
    except _CUT as error:
        raise _Passing(str(getattr(error, "reason", error)) or type(error).__name__) from error


def _span(answer: Any, url: str, start: int, part: Path) -> tuple[int, int | None]:
    """Where the bytes of the answer begin, and how many the whole has, where that is said."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    said = None if found is None or found[2] == "*" else int(found[2])
    if answer.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        if said == start:
            return start, said
        part.unlink()
        raise _Passing(f"the server cannot go on at byte {start:,}")
    if answer.status == http.client.PARTIAL_CONTENT:
        if found is None or found[1] is None or int(found[1]) != start:
            raise DataError(f"{url}: asked for what begins at byte {start:,}, the server gives {found and found[0]}")
        return start, said
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _state(answer: Any) -> str:
    """What a server is asked by whether its file is still the same: a strong ETag, or the date of change."""
    etag = str(answer.headers.get("ETag", ""))
    return etag if etag.startswith('"') else str(answer.headers.get("Last-Modified", ""))


def _opened(part: Path, begin: int) -> BinaryIO:
    """The part, to be written on from ``begin``."""
    out = open(part, "r+b" if part.exists() else "w+b", buffering=0)  # noqa: SIM115 (whoever asks closes it)
    out.truncate(begin)
    out.seek(begin)
    return out


def _pieces(answer: Any, part: Path) -> Iterator[bytes]:
    while True:
        try:
            piece: bytes = answer.read(_STEP)
        except (*_CUT, OSError) as error:
            raise _Passing(f"it broke off after {_length(part):,} bytes: {error}") from error
        if not piece:
            return
        yield piece


def _written(out: BinaryIO, piece: bytes) -> None:
    view = memoryview(piece)
    try:
        while len(view):
            view = view[out.write(view) :]
    except OSError as error:
        raise DataError(f"cannot write {out.name}: {error.strerror}; what is there is continued next time") from error


def _bar(part: Path, begin: int, total: int | None, progress: bool) -> Any:
    about = f"fetching {part.name.removesuffix('.part')}"
    off = None if progress else True
    return tqdm(total=total, initial=begin, desc=about, unit="B", unit_scale=True, disable=off)


def _sync(part: Path) -> None:
    """On the disk before it gets its name: else a power cut might leave the name without the bytes."""
    with open(part, "ab") as stream:
        os.fsync(stream.fileno())
