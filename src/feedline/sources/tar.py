"""The members of a tar: ustar, GNU's long names and large sizes, pax; read header by header."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from feedline.errors import DataError
from feedline.sources.member import PLAIN, SPARSE, Member
from feedline.sources.reader import Readable

BLOCK = 512
_END = bytes(BLOCK)
_MOST_HEADER = 2**20
_REGULAR = frozenset({b"0", b"\0", b"7"})
_BARE = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
"""Links, devices, folders and pipes: nothing follows their header, whatever size it says."""
_RECORD = re.compile(rb"(\d{1,7}) ([^=]{1,200})=")


class DamageError(ValueError):
    """A header that is none."""


def is_tar(head: bytes) -> bool:
    """Whether the first 512 bytes are a member's header, or the end of a tar that has none."""
    try:
        _check(head)
    except DamageError:
        return head == _END
    return True


def scan(bytes_at: Readable, name: str, notes: list[str]) -> Iterator[Member]:
    """The members in the order of the archive, regular files and links; where it is cut or damaged goes to ``notes``.

    A member may reach behind the end of what is cut there: the caller knows the size.

    Raises:
        DataError: not a tar.
    """
    place = 0
    said: dict[str, bytes] = {}
    always: dict[str, bytes] = {}
    while True:
        header = bytes_at.read(place, BLOCK)
        if header == _END:
            return
        try:
            if len(header) < BLOCK:
                raise DamageError("it ends without the mark of an end: it is cut")
            member, place = _member(bytes_at, header, place, said, always)
        except DamageError as damage:
            if place == 0:
                raise DataError(f"{name} is no tar archive: {damage}") from None
            notes.append(f"{name}, at byte {place:,}: {damage}; what is whole before that is used")
            return
        if member is not None:
            yield member


def _member(
    bytes_at: Readable, header: bytes, place: int, said: dict[str, bytes], always: dict[str, bytes]
) -> tuple[Member | None, int]:
    """The member whose header this is, if it is one's, and the place of the next header."""
    _check(header)
    kind, size, start = header[156:157], _number(header[124:136]), place + BLOCK
    if kind in (b"L", b"K", b"x", b"X", b"g"):
        _take_words(kind, _words(bytes_at, start, size), always if kind == b"g" else said)
        return None, start + _padded(size)
    words = {**always, **said}
    said.clear()
    if "size" in words:
        size = _decimal(words["size"])
    if kind == b"S":
        start = _behind_map(bytes_at, header, start)
    link = ""
    if kind in _BARE:
        size = 0
        link = _link(kind, header, words)
    behind = start + _padded(size)
    name = _name(header, words)
    if not link and (kind not in _REGULAR | {b"S"} or name.endswith("/")):
        return None, behind
    sparse = kind == b"S" or any(word.startswith("GNU.sparse.") for word in words)
    return Member(name, start, size, size, SPARSE if sparse else PLAIN, link=link), behind


def _check(header: bytes) -> None:
    if len(header) < BLOCK:
        raise DamageError("it ends within a header")
    total = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    if _number(header[148:156]) != total:
        raise DamageError("no header of a tar's member (its checksum is wrong)")


def _number(field: bytes) -> int:
    """Octal digits, or with the highest bit set a binary number, which may not be negative."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip() or b"0"
    if not digits.isdigit():
        raise DamageError("a number in a header is none, or negative")
    try:
        return int(digits, 8)
    except ValueError:
        raise DamageError("a number in a header is none") from None


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise DamageError(f"a size is no number, or negative: {text[:20]!r}")
    return int(text)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _words(bytes_at: Readable, start: int, size: int) -> bytes:
    if size > _MOST_HEADER:
        raise DamageError(f"a header of {size:,} bytes, more than {_MOST_HEADER:,}")
    data = bytes_at.read(start, size)
    if len(data) < size:
        raise DamageError("it ends within a header")
    return data


def _take_words(kind: bytes, data: bytes, words: dict[str, bytes]) -> None:
    """What a header says about the member behind it."""
    if kind in (b"L", b"K"):
        words["path" if kind == b"L" else "linkpath"] = data.split(b"\0", 1)[0]
        return
    place = 0
    while place < len(data) and data[place]:
        found = _RECORD.match(data, place)
        end = place + int(found[1]) if found else 0
        if found is None or not found.end() < end <= len(data):
            raise DamageError("a pax header that is none")
        words[found[2].decode("utf-8", "replace")] = data[found.end() : end - 1]
        place = end


def _behind_map(bytes_at: Readable, header: bytes, start: int) -> int:
    """Where the bytes of GNU's sparse member begin: its map may go on in blocks of its own."""
    more = header[482]
    while more:
        block = bytes_at.read(start, BLOCK)
        if len(block) < BLOCK:
            raise DamageError("it ends within a header")
        more, start = block[504], start + BLOCK
    return start


def _name(header: bytes, words: dict[str, bytes]) -> str:
    name = words.get("GNU.sparse.name") or words.get("path")
    if name is None:
        name = header[:100].split(b"\0", 1)[0]
        prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
        name = prefix + b"/" + name if prefix else name
    return name.decode("utf-8", "surrogateescape")


def _link(kind: bytes, header: bytes, words: dict[str, bytes]) -> str:
    """The member's name that a link leads to, empty where it is no link: a symbolic one counts from its own folder."""
    if kind not in (b"1", b"2"):
        return ""
    target = words.get("linkpath", header[157:257].split(b"\0", 1)[0]).decode("utf-8", "surrogateescape")
    if kind == b"2":
        target = posixpath.join(posixpath.dirname(_name(header, words)), target)
    return posixpath.normpath(target)
